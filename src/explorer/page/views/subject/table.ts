/** The same as the timeline, as tables: for screen readers, without colour, and to read off. */
import type { ComponentChildren, VNode } from 'preact';
import { useState } from 'preact/hooks';
import { formatTime } from '../../../../bytes/time.ts';
import { spanOf } from '../../../../words/plain.ts';
import type { Boot } from '../../../shared/boot.ts';
import type { LookJson, SpanJson } from '../../draw/clusters.ts';
import { ClassMark, VerdictMark } from '../../draw/marks.ts';
import { html } from '../../html.ts';
import { linkTo } from '../../links.ts';
import type { MarkShown } from '../../worker/protocol.ts';
import type { Known } from './known.ts';
import { spanText, whoseWord } from './timeline.ts';

/** Rows of one part of a table: more would make the page slow. */
const ROWS = 100;

function Paged<T>({
  rows,
  head,
  row,
  caption,
}: {
  readonly rows: readonly T[];
  readonly head: readonly string[];
  readonly row: (each: T) => ComponentChildren;
  readonly caption: string;
}): VNode {
  const [at, setAt] = useState(0);
  const from = Math.min(at, Math.max(0, rows.length - 1));
  const to = Math.min(rows.length, from + ROWS);
  return html`<table class="cards">
      <caption>
        ${caption}:${' '}
        ${rows.length === 0 ? 'none' : `${from + 1} to ${to} of ${rows.length.toLocaleString('en')}`}
      </caption>
      <thead>
        <tr>
          ${head.map((each) => html`<th key=${each} scope="col">${each}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.slice(from, to).map(row)}
      </tbody>
    </table>
    ${
      rows.length <= ROWS
        ? null
        : html`<p class="pager">
            <button type="button" disabled=${from === 0} onClick=${() => setAt(Math.max(0, from - ROWS))}>
              Before
            </button>
            <button type="button" disabled=${to === rows.length} onClick=${() => setAt(from + ROWS)}>
              Next
            </button>
          </p>`
    }`;
}

export function LooksTable({
  boot,
  claim,
  known,
}: {
  readonly boot: Boot;
  readonly claim: string;
  readonly known: Known;
}): VNode {
  const looks = known.looksOf(claim).toReversed();
  const row = (look: LookJson): VNode => {
    const { index, verdict, stated, evidence, window, name, explain } = look;
    const standing = known.standingOf(claim, index);
    return html`<tr key=${index}>
      <td data-label="Looked"><time>${formatTime(window.end)}</time></td>
      <td data-label="Verdict">
        <${VerdictMark} verdict=${verdict} verified=${standing === 'filled'} />${
          standing === 'wrong' ? html` <b class="violated">the entry is not what the server says</b>` : null
        }${stated === verdict ? null : ` (it says ${stated})`}
      </td>
      <td data-label="Evidence">${evidence === null ? '–' : html`<${ClassMark} evidence=${evidence} />`}</td>
      <td data-label="Agent">${name}</td>
      <td data-label="Entry"><a href=${linkTo(boot, { kind: 'entry', index })}>${index}</a></td>
      <td data-label="Said">${explain ?? ''}</td>
    </tr>`;
  };
  return html`<${Paged}
    rows=${looks}
    head=${['Looked', 'Verdict', 'Evidence', 'Agent', 'Entry', 'Said']}
    row=${row}
    caption=${`Looks at ${claim}, newest first`}
  />`;
}

export function SpansTable({
  claim,
  spans,
  computed,
  listed,
}: {
  readonly claim: string;
  readonly spans: readonly SpanJson[];
  readonly computed: boolean;
  /** That which is covered only if the server left nothing newer out. */
  readonly listed: SpanJson | undefined;
}): VNode {
  const row = (span: SpanJson): VNode =>
    html`<tr key=${span.from}>
      <td data-label="From"><time>${formatTime(span.from)}</time></td>
      <td data-label="For">${spanOf(span.to - span.from)}</td>
      <td data-label="Known">${spanText(span) + whoseWord(span, computed, listed)}</td>
    </tr>`;
  return html`<${Paged}
    rows=${spans.toReversed()}
    head=${['From', 'For', 'Known']}
    row=${row}
    caption=${`What is known of ${claim}, newest first`}
  />`;
}

export function MarksTable({
  boot,
  marks,
}: {
  readonly boot: Boot;
  readonly marks: readonly MarkShown[];
}): VNode {
  const row = (mark: MarkShown): VNode =>
    html`<tr key=${mark.index}>
      <td data-label="Logged"><time>${formatTime(mark.time)}</time></td>
      <td data-label="What">${mark.kind}${mark.until === null ? '' : ` until ${formatTime(mark.until)}`}</td>
      <td data-label="By">${mark.by}</td>
      <td data-label="Entry">
        <a href=${linkTo(boot, { kind: 'entry', index: mark.index })}>${mark.index}</a>
      </td>
      <td data-label="Said">
        ${[mark.claims.join(', '), mark.text].filter((each) => each !== '').join(': ')}
      </td>
    </tr>`;
  return html`<${Paged}
    rows=${marks.toReversed()}
    head=${['Logged', 'What', 'By', 'Entry', 'Said']}
    row=${row}
    caption="Declared, newest first"
  />`;
}
