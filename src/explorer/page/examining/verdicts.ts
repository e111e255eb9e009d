/** Verdicts on files, each with its checks, which open. */
import type { VNode } from 'preact';
import { html } from '../html.ts';
import type { CheckShown, PlaceShown } from '../worker/protocol.ts';
import type { FileVerdict, Tone } from './protocol.ts';

const CLASSES = { good: 'proven', bad: 'violated', unsure: 'stale', plain: '' } as const satisfies Record<
  Tone | 'plain',
  string
>;
const SIGNS = { ok: '✓', failed: '✗', skipped: '–' } as const;
const SAYS = { ok: 'holds', failed: 'FAILS', skipped: 'not checked' } as const;
const SHAPES = { good: '●', bad: '■', unsure: '○' } as const satisfies Record<Tone, string>;

/** Checks whose evidence is the way to the root. */
const OF_PLACE: ReadonlySet<string> = new Set(['inclusion', 'receipt']);

export function Verdicts({ verdicts }: { readonly verdicts: readonly FileVerdict[] }): VNode {
  return html`<section aria-label="Results" class="results">
    ${verdicts.map((verdict, i) => html`<${Shown} key=${i} verdict=${verdict} />`)}
  </section>`;
}

function Shown({ verdict }: { readonly verdict: FileVerdict }): VNode {
  const { name, what, tone, word, lines, checks, sections, rows, place } = verdict;
  const skipped = checks.filter(({ outcome }) => outcome === 'skipped').length;
  return html`<article class=${`result ${tone}`}>
    <h2>${name}</h2>
    <p class=${`word ${CLASSES[tone]}`}><span aria-hidden="true">${SHAPES[tone]}</span> ${word}</p>
    <p class="quiet">${what}</p>
    ${lines.map((text) => html`<p>${text}</p>`)}
    ${
      rows.length > 0 &&
      html`<dl class="facts">
        ${rows.map(
          ([title, text]) =>
            html`<dt>${title}</dt>
              <dd>${text}</dd>`,
        )}
      </dl>`
    }
    ${
      checks.length > 0 &&
      html`<h3>Checks${skipped === 0 ? '' : `, ${skipped} of ${checks.length} not made`}</h3>
        <ul class="folds">
          ${checks.map((check) => html`<${Fold} check=${check} place=${OF_PLACE.has(check.name) ? place : null} />`)}
        </ul>`
    }
    ${sections.map(
      (section) =>
        html`<h3>${section.title}</h3>
          <ul class="said-lines">
            ${section.lines.map((line) => html`<li class=${CLASSES[line.tone]}>${line.text}</li>`)}
          </ul>`,
    )}
  </article>`;
}

function Fold({ check, place }: { readonly check: CheckShown; readonly place: PlaceShown | null }): VNode {
  const { name, outcome, detail, code } = check;
  return html`<li class=${outcome}>
    <details open=${outcome !== 'ok'}>
      <summary>
        <span class="sign" aria-hidden="true">${SIGNS[outcome]}</span> <b>${name}</b>
        <span class="quiet"> ${SAYS[outcome]}</span>
      </summary>
      <p class="detail">${detail}${code === null ? '' : html` <span class="quiet">(${code})</span>`}</p>
      ${outcome === 'ok' && place !== null ? html`<${Steps} place=${place} />` : null}
    </details>
  </li>`;
}

/** The hashes from the entry to the root. */
function Steps({ place }: { readonly place: PlaceShown }): VNode {
  return html`<ol class="steps" start="0">
    <li>leaf ${place.index}: SHA-256(0x00 ‖ entry) = <code>${place.leaf}</code></li>
    ${place.steps.map(
      ({ sibling, parent }) =>
        html`<li>
          with leaves ${sibling.start} to ${sibling.end - 1}, <code>${sibling.hash}</code>: leaves${' '}
          ${parent.start} to ${parent.end - 1} = <code>${parent.hash}</code>
        </li>`,
    )}
    <li>root of ${place.size} entries that ${place.log} signed: <code>${place.root}</code></li>
  </ol>`;
}
