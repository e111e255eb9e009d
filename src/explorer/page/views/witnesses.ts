/** The page /witnesses: who cosigned the head that this browser verified and when, and policy lines to paste. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { formatTime } from '../../../bytes/time.ts';
import { spanOf } from '../../../words/plain.ts';
import { TITLES } from '../../shared/place.ts';
import { html } from '../html.ts';
import { useSession } from '../state/session.ts';
import type { ViewProps } from '../view.ts';
import type { HeadShown, TrustShown } from '../worker/protocol.ts';
import { Copied } from './copied.ts';

export function Witnesses({ place, boot }: ViewProps<'witnesses'>): VNode {
  const session = useSession(boot);
  const { trust, head } = session?.state ?? { trust: undefined, head: undefined };
  const policy = boot.site?.policy ?? '';
  return html`<h1>${TITLES[place.kind]}</h1>
    ${trust && html`<${Cosigned} trust=${trust} head=${head} />`}
    <h2>A policy to paste</h2>
    <p class="unverified">
      The server's own word on whom to trust. A server that lies names its own keys: compare them with what
      the operators gave you otherwise.
    </p>
    <${Copied} text=${policy} file="trust.policy" label="The trust policy that the server names" />
    ${
      head?.note &&
      html`<h2>The signed head</h2>
        <${Copied} text=${head.note} file="checkpoint.txt" label="The signed head" />`
    }`;
}

interface CosignedProps {
  readonly trust: TrustShown;
  readonly head: HeadShown | undefined;
}

/** Each witness of the policy in use, and its line on the verified head. */
function Cosigned({ trust, head }: CosignedProps): VNode {
  const now = useNow();
  const by = trust.whose === 'reader' ? 'your policy' : 'the policy that this server names';
  if (trust.witnesses.length === 0)
    return html`<p class="note">
      No witness stands in ${by}: that this head is everybody's is the word of the log alone.
    </p>`;
  const verified = head?.verified === true;
  const lines = new Map(head?.cosigned.map(({ witness, time }) => [witness, time]));
  return html`<p>
      Of ${by}, quorum “${trust.quorum}”.${' '}
      ${verified ? `${lines.size} of ${trust.witnesses.length} signed this head.` : 'The head is not verified yet.'}
    </p>
    <table class="cards">
      <caption class="unseen">
        Witnesses and their signatures
      </caption>
      <thead>
        <tr>
          <th scope="col">Witness</th>
          <th scope="col">Cosigned</th>
          <th scope="col">Age</th>
          <th scope="col">Size</th>
          <th scope="col">Where</th>
        </tr>
      </thead>
      <tbody>
        ${trust.witnesses.map(({ name, url }) => {
          const time = verified ? lines.get(name) : undefined;
          return html`<tr key=${name}>
            <td data-label="Witness">${name}</td>
            <td data-label="Cosigned">${stateOf(verified, time)}</td>
            <td data-label="Age">${time === undefined ? '' : spanOf(Math.max(0, now - time))}</td>
            <td data-label="Size">${time === undefined ? '' : head?.size}</td>
            <td data-label="Where">${url ?? ''}</td>
          </tr>`;
        })}
      </tbody>
    </table>`;
}

function stateOf(verified: boolean, time: number | undefined): VNode {
  if (!verified) return html`<span class="hollow">not verified</span>`;
  return time === undefined
    ? html`<span class="unknown">– not on this head</span>`
    : html`<span class="proven">✓ ${formatTime(time)}</span>`;
}

/** POSIX seconds, told again every ten. */
function useNow(): number {
  const [now, set] = useState(() => Math.floor(Date.now() / 1000));
  useEffect(() => {
    const timer = setInterval(() => set(Math.floor(Date.now() / 1000)), 10_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
