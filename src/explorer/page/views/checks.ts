/** Checks as a list: the names of the command, each with what it found. */
import type { VNode } from 'preact';
import type { CheckShown, Fault } from '../worker/protocol.ts';
import { blameOf } from '../worker/faults.ts';
import { html } from '../html.ts';

const SIGNS = { ok: '✓', failed: '✗', skipped: '–' } as const;
const SAYS = { ok: 'holds', failed: 'FAILS', skipped: 'not checked' } as const;

export function Checks({ checks }: { readonly checks: readonly CheckShown[] }): VNode {
  return html`<ul class="checks">
    ${checks.map(
      ({ name, outcome, detail }) =>
        html`<li class=${outcome}>
          <span class="sign" aria-hidden="true">${SIGNS[outcome]}</span>
          <span><b>${name}</b> <span class="quiet">${SAYS[outcome]}</span></span>
          <span class="detail">${detail}</span>
        </li>`,
    )}
  </ul>`;
}

/** Why there is no result. That nobody answered is told as such: it is no lie. */
export function FaultNote({ fault }: { readonly fault: Fault }): VNode {
  const blame = blameOf(fault);
  if (blame === 'stopped') return html`<p class="note" role="status">Stopped: the rest was not verified.</p>`;
  const [kind, what] = WORDS[blame];
  return html`<div class=${kind} role=${kind === 'alarm' ? 'alert' : 'status'}>
    <p><b>${what}</b></p>
    <p class="fault">${fault.text} <span class="quiet">(${fault.code})</span></p>
  </div>`;
}

const WORDS = {
  own: ['note', 'That cannot be used.'],
  away: ['note', 'Nobody answered, so nothing is verified. That is no lie.'],
  quorum: ['alarm', 'The witnesses that the policy asks for did not sign this head.'],
  memory: ['alarm', 'What this browser remembers does not fit what the server gave.'],
  absent: ['note', 'It is not there.'],
  bug: ['alarm', 'The verifier of this page is at fault.'],
  lie: ['alarm', 'What the server gave does not hold.'],
} as const;
