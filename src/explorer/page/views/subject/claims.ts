/** The claims of a subject as they stand, each with why. */
import type { VNode } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ClaimJson, SubjectJson } from '../../../../appraisal/json.ts';
import { formatTime } from '../../../../bytes/time.ts';
import { dueOf, spanOf } from '../../../../words/plain.ts';
import type { Boot } from '../../../shared/boot.ts';
import { ClassMark, Lapsed, VerdictMark } from '../../draw/marks.ts';
import { html } from '../../html.ts';
import type { Session } from '../../state/session.ts';
import { hasLapsed, type Clock } from './lapse.ts';
import { restsOnList } from './listed.ts';
import { Why } from './why.ts';

export interface ClaimsProps {
  readonly boot: Boot;
  readonly session: Session;
  readonly status: SubjectJson;
  readonly at: string | undefined;
  /** Every entry from this index on was read here. */
  readonly readFrom: number;
}

export function Claims(props: ClaimsProps): VNode {
  const { status } = props;
  const { claims } = status;
  const clock = useClock(status);
  if (claims.length === 0) return html`<p>It declares no claim: nothing is to be proven.</p>`;
  return html`<table class="cards claims">
    <thead>
      <tr>
        <th scope="col">Claim</th>
        <th scope="col">Verdict</th>
        <th scope="col">Evidence</th>
        <th scope="col">Looked</th>
        <th scope="col">Next due</th>
        <th scope="col">Severity</th>
      </tr>
    </thead>
    ${claims.map((claim) => html`<${ClaimRows} key=${claim.claim} ...${props} clock=${clock} claim=${claim} />`)}
  </table>`;
}

const MOST_TIMER_MS = 2_147_483_647;
const seconds = (): number => Math.floor(Date.now() / 1000);

/** Draws again when the next proof is due: a page that is left open does not stay green. */
function useClock(status: SubjectJson): Clock {
  const read = useMemo(seconds, [status]);
  const [seen, setSeen] = useState(read);
  const now = Math.max(read, seen);
  const next = status.claims.reduce((least, { due }) => (due > now ? Math.min(least, due) : least), Infinity);
  useEffect(() => {
    if (next === Infinity) return undefined;
    const timer = setTimeout(
      () => setSeen(seconds()),
      Math.min((next + 1 - seconds()) * 1_000, MOST_TIMER_MS),
    );
    return () => clearTimeout(timer);
  }, [next]);
  return { read, now };
}

interface RowsProps extends ClaimsProps {
  readonly claim: ClaimJson;
  readonly clock: Clock;
}

function ClaimRows({ claim, clock, ...props }: RowsProps): VNode {
  const [isOpen, setOpen] = useState(false);
  const { verdict, hidden, evidence, age, due, severity, explain, title } = claim;
  const { read, now } = clock;
  const lapsed = props.at === undefined && hasLapsed(claim, clock);
  const more = [
    explain,
    claim.signature_stands ? 'the signature of the target stands' : null,
    ...claim.observed.slice(0, 2).map((each) => `observed ${each}`),
  ].filter((each) => each !== null);
  return html`<tbody>
    <tr>
      <th scope="row">
        ${claim.claim}${title === null ? null : html`<span class="quiet title">${title}</span>`}
      </th>
      <td data-label="Verdict">
        ${lapsed ? html`<${Lapsed} />` : html`<${VerdictMark} verdict=${verdict} hidden=${hidden} verified=${true} listed=${restsOnList(claim, props.readFrom)} />`}
      </td>
      <td data-label="Evidence">${evidence === null ? '–' : html`<${ClassMark} evidence=${evidence} />`}</td>
      <td data-label="Looked">${age === null ? '–' : `${spanOf(age + now - read)} ago`}</td>
      <td data-label="Next due">${props.at === undefined ? dueOf(due, now) : formatTime(due)}</td>
      <td data-label="Severity">
        ${severity}
        <button class="small" type="button" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
          Why<span class="hidden"> is ${claim.claim} ${verdict}</span>?
        </button>
      </td>
    </tr>
    ${
      more.length === 0
        ? null
        : html`<tr class="more">
            <td colspan="6">${more.join('; ')}</td>
          </tr>`
    }
    ${
      isOpen
        ? html`<tr class="more">
            <td colspan="6"><${Why} ...${props} subject=${props.status.subject} claim=${claim.claim} /></td>
          </tr>`
        : null
    }
  </tbody>`;
}
