/** The claims of a subject as they stand, each with why. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { ClaimJson, SubjectJson } from '../../../../appraisal/json.ts';
import { formatTime } from '../../../../bytes/time.ts';
import { dueOf, spanOf } from '../../../../words/plain.ts';
import type { Boot } from '../../../shared/boot.ts';
import { ClassMark, VerdictMark } from '../../draw/marks.ts';
import { html } from '../../html.ts';
import type { Session } from '../../state/session.ts';
import { Why } from './why.ts';

export interface ClaimsProps {
  readonly boot: Boot;
  readonly session: Session;
  readonly status: SubjectJson;
  readonly at: string | undefined;
}

export function Claims(props: ClaimsProps): VNode {
  const { claims } = props.status;
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
    ${claims.map((claim) => html`<${ClaimRows} key=${claim.claim} ...${props} claim=${claim} />`)}
  </table>`;
}

function ClaimRows({ claim, ...props }: ClaimsProps & { readonly claim: ClaimJson }): VNode {
  const [isOpen, setOpen] = useState(false);
  const { verdict, hidden, evidence, age, due, severity, explain, title, waived_by, waived_until } = claim;
  const now = Math.floor(Date.now() / 1000);
  const more = [
    explain,
    waived_by === null ? null : `${waived_by} answers for it until ${formatTime(waived_until ?? 0)}`,
    claim.signature_stands ? 'the signature of the target stands' : null,
    ...claim.observed.slice(0, 2).map((each) => `observed ${each}`),
  ].filter((each) => each !== null);
  return html`<tbody>
    <tr>
      <th scope="row">
        ${claim.claim}${title === null ? null : html`<span class="quiet title">${title}</span>`}
      </th>
      <td data-label="Verdict"><${VerdictMark} verdict=${verdict} hidden=${hidden} verified=${true} /></td>
      <td data-label="Evidence">${evidence === null ? '–' : html`<${ClassMark} evidence=${evidence} />`}</td>
      <td data-label="Looked">${age === null ? '–' : `${spanOf(age)} ago`}</td>
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
