/**
 * The head of each page, below the line that says where it came from and what it can prove (shell.ts): whose keys it goes by,
 * which head it verified, and how much of what it shows. "Verified by this browser" stands here or nowhere.
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { formatTime } from '../../../bytes/time.ts';
import type { Boot } from '../../shared/boot.ts';
import { html } from '../html.ts';
import { MOST_TRUST_CHARACTERS } from '../state/reader-trust.ts';
import { useSession, type Session } from '../state/session.ts';
import { forgetHead } from '../state/stores.ts';
import type { Fault, HeadShown, TrustShown } from '../worker/protocol.ts';
import { blameOf } from '../worker/faults.ts';
import { VerifierFault } from '../worker/remote.ts';
import { Checks, FaultNote } from './checks.ts';
import { Download } from './download.ts';

/** `look`: whether the head is verified at once; a view whose own question verifies it says no. */
export function TrustLine({
  boot,
  look = true,
}: {
  readonly boot: Boot;
  readonly look?: boolean;
}): VNode | null {
  const session = useSession(boot);
  const trust = session?.state.trust;
  // Again when it goes by other keys.
  useEffect(() => {
    if (look && trust !== undefined) void session?.look();
  }, [session, look, trust]);
  if (session === undefined) return null;
  const { head, fault, whose, isSilent } = session.state;
  return html`<section class="trust" aria-label="What this page was checked by">
    ${trust && html`<${Whose} trust=${trust} session=${session} />`}
    ${head && html`<${Head} head=${head} origin=${session.site.origin} />`}
    ${fault && html`<${FaultNote} fault=${fault} />`}
    ${isSilent || fault?.nature === 'bug' ? html`<${Ended} session=${session} isSilent=${isSilent} />` : null}
    ${fault && fault.nature !== 'bug' && trust === undefined && html`<${Unread} session=${session} whose=${whose} />`}
    <${Counts} session=${session} />
  </section>`;
}

function Whose({ trust, session }: { readonly trust: TrustShown; readonly session: Session }): VNode {
  const own = trust.whose === 'reader';
  return html`<details class="whose">
    <summary>
      ${
        own
          ? html`It goes by <b>your trust policy</b>: ${quorumText(trust)}.`
          : html`It goes by <b>the keys that this server names</b>, since you named none. They prove nothing
              against it.`
      }
    </summary>
    ${own ? html`<${Own} trust=${trust} session=${session} />` : null}
    ${own && session.state.isPassing ? html`<p class="note">This browser did not keep it: it holds for this page alone.</p>` : null}
    <${Paste} session=${session} />
  </details>`;
}

/** Keys that cannot be read: the way out of it. */
function Unread({
  session,
  whose,
}: {
  readonly session: Session;
  readonly whose: TrustShown['whose'];
}): VNode {
  return html`<p>
      ${
        whose === 'reader'
          ? html`The trust policy that this browser kept cannot be used, so nothing is verified.${' '}
              <button type="button" onClick=${() => again(session.forgetTrust())}>
                Remove it from this browser
              </button>`
          : 'The keys that this server names cannot be used, so nothing is verified.'
      }
    </p>
    <${Paste} session=${session} />`;
}

/** A verifier that has failed, or may have ended without a word: the way out of it. */
function Ended({ session, isSilent }: { readonly session: Session; readonly isSilent: boolean }): VNode {
  return html`<div class="note" role="alert">
    ${isSilent ? html`<p><b>The verifier of this page has said nothing for a while.</b> It works on something long, or this browser ended it. What is hollow was not verified.</p>` : null}
    <p><button type="button" onClick=${() => again(session.restart())}>Start the verifier again</button></p>
  </div>`;
}

/** What goes wrong then is told by the session. */
function again(opening: Promise<unknown>): void {
  opening.catch((error: unknown) => {
    if (!(error instanceof VerifierFault)) throw error;
  });
}

function quorumText({ quorum, witnesses }: TrustShown): string {
  if (quorum === 'none') return 'it asks for no witness';
  return `it asks for the quorum “${quorum}” of ${witnesses.length} ${witnesses.length === 1 ? 'witness' : 'witnesses'}`;
}

function Own({ trust, session }: { readonly trust: TrustShown; readonly session: Session }): VNode {
  return html`<p>Fingerprint, to compare with whoever gave it to you: <code>${trust.fingerprint}</code></p>
    <pre tabindex="0" aria-label="Your trust policy">${trust.text}</pre>
    <p><button onClick=${() => again(session.forgetTrust())}>Remove it from this browser</button></p>`;
}

/** Where a policy is pasted or dropped. */
function Paste({ session }: { readonly session: Session }): VNode {
  const [text, setText] = useState('');
  const [fault, setFault] = useState<VerifierFault | undefined>(undefined);
  const use = (given: string): void => {
    setFault(undefined);
    session.trust(given).catch((error: unknown) => {
      if (!(error instanceof VerifierFault)) throw error;
      setFault(error);
    });
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file === undefined) return;
    if (file.size <= MOST_TRUST_CHARACTERS) void file.text().then(use);
    else setFault(new VerifierFault(tooLong(file.size)));
  };
  return html`<form
    class="paste"
    onSubmit=${(event: SubmitEvent) => {
      event.preventDefault();
      use(text);
    }}
    onDragOver=${(event: DragEvent) => event.preventDefault()}
    onDrop=${drop}
  >
    <label>
      Your trust policy (tlog-policy), or verifier keys, one a line: paste it, or drop the file here. It stays
      in this browser.
      <textarea
        rows="4"
        spellcheck=${false}
        value=${text}
        maxlength=${MOST_TRUST_CHARACTERS}
        onInput=${(event: InputEvent & { readonly currentTarget: HTMLTextAreaElement }) => setText(event.currentTarget.value)}
      ></textarea>
    </label>
    <button class="main" type="submit" disabled=${text.trim() === ''}>Go by this policy</button>
    ${fault && html`<${FaultNote} fault=${fault.fault} />`}
  </form>`;
}

function tooLong(bytes: number): Fault {
  const text = `a trust policy has at most ${MOST_TRUST_CHARACTERS} bytes, and this file has ${bytes}`;
  return { code: 'malformed-trust-policy', nature: 'input', text };
}

const SEEN = {
  first: ['first visit', 'nothing to compare with'],
  same: ['the head that this browser saw before', ''],
  newer: ['one history with the head that this browser saw before', ''],
  older: [
    'OLDER',
    'than what this browser saw before, and the beginning of it: a copy that is behind, or a cache',
  ],
  back: ['OLDER', 'than what this browser saw before, and the rest is no longer served'],
  fork: ['FORK', 'the log signed two histories'],
} as const;

const NOT_KEPT = ['not compared', 'no head that was seen before is kept here'] as const;
const FORGETS =
  'This browser forgets the heads that it saw: it keeps nothing for this page (a private window, or its settings). So no visit can be compared with the one before, and a log that changed in between is not found out.';

function Head({ head, origin }: { readonly head: HeadShown; readonly origin: string }): VNode {
  const { checks, size, time, cosigned, seen, before, lasts, incident, fault, verified } = head;
  const signed = time === null ? '' : `, signed ${formatTime(time)}`;
  const by = cosigned.length === 0 ? '' : `, cosigned by ${cosigned.map(({ name }) => name).join(', ')}`;
  const isForgotten = seen === 'first' && !lasts;
  const [word = '', more = ''] = seen === null ? [] : isForgotten ? NOT_KEPT : SEEN[seen];
  const what = size === null ? 'No head was accepted' : `Head of ${countText(size)} entries${signed}${by}`;
  const alarm = !verified && (fault === null || !['away', 'absent'].includes(blameOf(fault)));
  return html`<details class=${alarm ? 'head alarm' : 'head'} open=${alarm}>
      <summary role=${alarm ? 'alert' : undefined}>
        ${what}${seen === null ? '' : html`; <b class=${seenClass(seen)}>${word}</b>${more === '' ? '' : `: ${more}`}`}${
          before === null || seen === 'first' ? '' : ` (${countText(before)} entries)`
        }.
      </summary>
      <${Checks} checks=${checks} />
      ${
        incident &&
        html`<p>
          <${Download} name=${incident.name} type="application/json" text=${incident.text}
            >Save the incident file<//
          >: it shows anybody who has the log's key what happened. Check it with${' '}
          <code>tallystick verify-incident</code>.
        </p>`
      }
    </details>
    ${lasts ? null : html`<p class="note">${FORGETS}</p>`} ${fault && html`<${FaultNote} fault=${fault} />`}
    ${fault?.code === 'config-invalid' ? html`<${Forget} origin=${origin} />` : null}`;
}

/** A way out where the remembered head is of another log of that name, or damaged. Not for a fork: that is the log's doing. */
function Forget({ origin }: { readonly origin: string }): VNode {
  const forget = (): void => void forgetHead(origin).finally(() => location.reload());
  return html`<p>
    If you know why (the log was set up again, or its keys changed):${' '}
    <button type="button" onClick=${forget}>Forget the head that this browser saw before</button>
  </p>`;
}

function seenClass(seen: keyof typeof SEEN): string {
  return seen === 'fork' || seen === 'back' ? 'violated' : seen === 'older' ? 'stale' : '';
}

function Counts({ session }: { readonly session: Session }): VNode | null {
  const { verified, wrong, rows } = session.state;
  if (rows === 0) return null;
  return html`<p class="counts" role="status">
    <b>${countText(verified)} of ${countText(rows)}</b> verified by this
    browser${wrong === 0 ? '' : html`, <b class="violated">${countText(wrong)} do not hold</b>`}.
    <progress max=${rows} value=${verified + wrong} aria-label="Verified"></progress>
  </p>`;
}

/** `10,000`. */
function countText(value: number): string {
  return value.toLocaleString('en');
}
