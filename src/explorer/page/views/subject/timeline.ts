/** One claim over time: what is known above, each look below. What is declared has a line of its own above all claims. */
import type { VNode } from 'preact';
import { formatTime } from '../../../../bytes/time.ts';
import { WHY } from '../../../../words/history.ts';
import { spanOf } from '../../../../words/plain.ts';
import { barsOf, clustersOf, type Bar, type Cluster, type SpanJson } from '../../draw/clusters.ts';
import { CLASS_PATHS } from '../../draw/marks.ts';
import { ticksOf, type Scale } from '../../draw/scale.ts';
import { html } from '../../html.ts';
import type { MarkShown } from '../../worker/protocol.ts';
import type { Known } from './known.ts';

/** Called with the entries of a mark that was chosen. */
export type OnPick = (indices: readonly number[]) => void;

const AXIS = 22;
const DECLARED = 46;
const CLAIM = 52;
/** Pixels of the longest time that is written. */
const LABEL = 48;

/** The times below the declarations: what was declared stands above this line, what was observed below it. */
export function DeclaredLine({
  marks,
  scale,
  onPick,
}: {
  readonly marks: readonly MarkShown[];
  readonly scale: Scale;
  readonly onPick: OnPick;
}): VNode {
  const { width, x, period } = scale;
  const shown = marks.filter(
    ({ time, until }) =>
      time < period.until && (until ?? time) >= period.since && (until !== null || time >= period.since),
  );
  return html`<svg
    class="line declared"
    viewBox=${`0 0 ${width} ${DECLARED + AXIS}`}
    width=${width}
    height=${DECLARED + AXIS}
    role="img"
    aria-label=${`Declared: ${shown.length} statements; the table below names them`}
  >
    ${shown.map((mark) => html`<${Declared} key=${mark.index} mark=${mark} x=${x} onPick=${onPick} />`)}
    <line class="axis" x1="0" x2=${width} y1=${DECLARED} y2=${DECLARED} />
    ${ticksOf(scale).map(
      (tick) =>
        html`<g key=${tick.text + tick.x}
          ><line class="tick" x1=${tick.x} x2=${tick.x} y1=${DECLARED} y2=${DECLARED + 5} /><text
            class="time"
            x=${tick.x + (tick.x > width - LABEL ? -2 : 2)}
            y=${DECLARED + 17}
            text-anchor=${tick.x > width - LABEL ? 'end' : 'start'}
            >${tick.text}</text
          ></g
        >`,
    )}
  </svg>`;
}

const DECLARED_PATHS: Readonly<Record<MarkShown['kind'], string>> = {
  commitment: 'M0-6v14M0-6h10l-3 3.5l3 3.5h-10',
  withdrawal: 'M-5-5l10 10M5-5l-10 10',
  approval: 'M-5 0l3.5 4l6.5-8',
  waiver: 'M0-6l6 11h-12z',
  deployment: 'M0 7l-6-8h3.5v-6h5v6h3.5z',
};

function Declared({
  mark,
  x,
  onPick,
}: {
  readonly mark: MarkShown;
  readonly x: Scale['x'];
  readonly onPick: OnPick;
}): VNode {
  const { kind, index, time, until, by, text, claims, deadlines } = mark;
  const at = x(time);
  const y = kind === 'waiver' ? 36 : 14;
  const about = `${kind}, entry ${index}, ${formatTime(time)}, by ${by}${text === '' ? '' : `: ${text}`}${
    until === null ? '' : `; ${claims.join(', ')} until ${formatTime(until)}`
  }`;
  return html`<g class=${`declaration ${kind}`} onClick=${() => onPick([index])}>
    <title>${about}</title>
    ${until === null ? null : html`<rect class="reach" x=${at} y=${y - 3} width=${Math.max(1, x(until) - at)} height="6" />`}
    ${deadlines.map(
      (each) =>
        html`<line
          key=${each.claim}
          class="deadline"
          x1=${x(each.at)}
          x2=${x(each.at)}
          y1="22"
          y2=${DECLARED}
        >
          <title>${`${each.claim} is to be proven by ${formatTime(each.at)}`}</title>
        </line>`,
    )}
    <rect class="target" x=${at - 7} y=${y - 9} width="18" height="20" />
    <path transform=${`translate(${at} ${y})`} d=${DECLARED_PATHS[kind]} />
  </g>`;
}

/** Spans as a bar, looks below it. */
export function ClaimLine({
  claim,
  spans,
  listed,
  known,
  scale,
  summary,
  onPick,
}: {
  readonly claim: string;
  readonly spans: readonly SpanJson[];
  /** That which is covered only if the server left nothing newer out. */
  readonly listed: SpanJson | undefined;
  readonly known: Known;
  readonly scale: Scale;
  /** In words, for those who do not see it. */
  readonly summary: string;
  readonly onPick: OnPick;
}): VNode {
  const { width } = scale;
  const computed = known.done !== undefined;
  const clusters = clustersOf(known.looksOf(claim), scale, (index) => known.standingOf(claim, index));
  return html`<svg
    class="line observed"
    viewBox=${`0 0 ${width} ${CLAIM}`}
    width=${width}
    height=${CLAIM}
    role="img"
    aria-label=${summary}
  >
    ${barsOf(spans, scale).map((bar) => html`<${SpanBar} key=${bar.x} bar=${bar} whose=${whoseWord(bar.span, computed, listed)} />`)}
    <line class="axis" x1="0" x2=${width} y1="20" y2="20" />
    ${clusters.map((each) => html`<${LookMark} key=${each.x} cluster=${each} onPick=${onPick} />`)}
  </svg>`;
}

/** On whose word a span is as it is drawn; empty if this browser computed it. */
export function whoseWord(span: SpanJson, computed: boolean, listed: SpanJson | undefined): string {
  if (!computed) return ' (says the server)';
  return span === listed ? ' (if the server left nothing newer out)' : '';
}

function SpanBar({ bar, whose }: { readonly bar: Bar; readonly whose: string }): VNode {
  const { x, width, span } = bar;
  const { hides } = span;
  const kind = span.why === 'unclaimed' ? 'unclaimed' : span.kind;
  return html`<g class=${`span ${kind} ${whose === '' ? 'computed' : 'told'}`}>
    <title>${spanText(span) + whose}</title>
    <rect x=${x} y="4" width=${width} height="14" />
    ${hides === null ? null : html`<rect class=${`hides ${hides}`} x=${x} y="14" width=${width} height="4" />`}
  </g>`;
}

export function spanText({
  from,
  to,
  kind,
  hides,
  why,
  verdict,
  evidence,
  waived_by,
  waived_until,
}: SpanJson): string {
  const when = `${formatTime(from)} to ${formatTime(to)} (${spanOf(to - from)})`;
  const what = [
    kind,
    evidence,
    kind === 'covered' ? null : verdict,
    hides === null ? null : `hides ${hides}`,
    waived_by === null ? null : `${waived_by} answers for it until ${formatTime(waived_until ?? to)}`,
    why === null ? null : `${why}: ${WHY[why]}`,
  ];
  return `${what.filter((each) => each !== null).join(', ')}; ${when}`;
}

const STANDING_WORDS = {
  hollow: 'says the server',
  entry: 'the entry is in the log and signed; its verdict is not computed yet',
  filled: 'verified',
  wrong: 'THE ENTRY IS NOT WHAT THE SERVER SAYS',
} as const;

function LookMark({ cluster, onPick }: { readonly cluster: Cluster; readonly onPick: OnPick }): VNode {
  const { x, indices, verdict, evidence, standing, look } = cluster;
  const bad = verdict !== 'PROVEN';
  const y = bad ? 42 : 30;
  const many =
    indices.length === 1
      ? `entry ${look.index}`
      : `${indices.length} looks, the worst is entry ${look.index}`;
  const colour = standing === 'filled' ? verdict.toLowerCase() : standing;
  return html`<g class=${`look ${colour} ${bad ? 'bad' : ''}`} onClick=${() => onPick(indices)}>
    <title>
      ${`${verdict}${evidence === null ? '' : ` ${evidence}`}, ${many}, ${formatTime(look.window.end)}, by ${look.name}; ${STANDING_WORDS[standing]}${
        look.explain === null ? '' : `; ${look.explain}`
      }`}
    </title>
    <rect class="target" x=${x - 5} y="21" width="10" height="31" />
    <path transform=${`translate(${x} ${y})`} d=${CLASS_PATHS[evidence ?? 'E1']} />
    ${standing === 'entry' ? html`<circle class="dot" cx=${x} cy=${y} r="1.5" />` : null}
    ${bad ? html`<line class="stem" x1=${x} x2=${x} y1="20" y2="36" />` : null}
  </g>`;
}
