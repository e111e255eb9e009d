/** The page /s/SUBJECT: how its claims stand, and its past: declared above the line, observed below. */
import type { VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { shellWord } from '../../../bytes/shellword.ts';
import { formatTime } from '../../../bytes/time.ts';
import { GRADE_WORDS, shareOf } from '../../../words/history.ts';
import { spanOf } from '../../../words/plain.ts';
import type { Boot } from '../../shared/boot.ts';
import type { ClaimJson } from '../draw/clusters.ts';
import { scaleOf, type Scale } from '../draw/scale.ts';
import { html } from '../html.ts';
import { logUrl } from '../links.ts';
import { useSession, type Session } from '../state/session.ts';
import type { ViewProps } from '../view.ts';
import type { Period } from '../worker/protocol.ts';
import { FaultNote } from './checks.ts';
import { Command, Download } from './download.ts';
import { EntryShow } from './entry/shown.ts';
import { AsItStood } from './subject/as-it-stood.ts';
import { Claims } from './subject/claims.ts';
import { Controls } from './subject/controls.ts';
import { usePast } from './subject/data.ts';
import type { Known } from './subject/known.ts';
import { LooksTable, MarksTable, SpansTable } from './subject/table.ts';
import { ClaimLine, DeclaredLine, type OnPick } from './subject/timeline.ts';
import type { View } from './subject/period.ts';
import { useView } from './subject/window.ts';

export function Subject({ place, boot }: ViewProps<'subject'>): VNode {
  const session = useSession(boot);
  const [view, change] = useView();
  const { known, stop } = usePast(session, place.subject, view);
  const [picked, setPicked] = useState<readonly number[]>([]);
  if (session === undefined) return html`<h1>${place.subject}</h1>`;
  const { status, done, fault } = known;
  return html`<h1>${place.subject}</h1>
    ${fault && html`<${FaultNote} fault=${fault} />`}
    <${AsItStood} at=${view.at} />
    ${status && html`<${Standing} status=${status} known=${known} />`}
    ${status && html`<${Claims} boot=${boot} session=${session} status=${status} at=${view.at} />`}
    <h2>Its past</h2>
    <${Controls} view=${view} change=${change} known=${known} stop=${stop} />
    <${Differs} known=${known} />
    <${Past} known=${known} view=${view} boot=${boot} onPick=${setPicked} />
    ${picked.length === 0 ? null : html`<${Picked} boot=${boot} session=${session} indices=${picked} close=${() => setPicked([])} />`}
    <${Legend} />
    <p class="actions">
      ${done && html`<${Download} name=${`${fileName(place.subject)}.csv`} type="text/csv" text=${done.csv}>Save as CSV<//>`}
      ${done && html`<span class="quiet">${done.checked}</span>`}
    </p>
    <h3>The same on the command line</h3>
    <${Command} text=${commandOf(place.subject, view, boot)} />`;
}

function Standing({
  status,
  known,
}: {
  readonly status: NonNullable<Known['status']>;
  readonly known: Known;
}): VNode {
  const { environment, tier, index, in_force, pending, withdrawing, approvals_lacking, world, undeclared } =
    status;
  const parts = [
    environment,
    tier === null ? null : `tier ${tier}`,
    index === null
      ? 'nothing is declared: the last commitment was withdrawn'
      : `commitment in entry ${index}`,
    in_force || index === null ? null : 'NOT in force yet',
    pending !== null && approvals_lacking > 0 ? `a commitment lacks ${approvals_lacking} approvals` : null,
    withdrawing !== null ? 'a withdrawal lacks approvals' : null,
    world === 'closed'
      ? `closed world: ${undeclared === null ? 'nobody looked for undeclared items' : `${undeclared} undeclared`}`
      : null,
  ];
  return html`<p>
    ${parts.filter((each) => each !== null).join('; ')}
    ${known.remarks.map((each, i) => html`<span key=${i} class="note">${each}</span>`)}
  </p>`;
}

/** What the server said otherwise than this browser computed, and entries that are not what it says. */
function Differs({ known }: { readonly known: Known }): VNode | null {
  const said = known.differs;
  const wrong = [...known.wrong].map(([index, fault]) => `entry ${index}: ${fault.text}`);
  if (said.length + wrong.length === 0) return null;
  return html`<div class="alarm" role="alert">
    <p>
      <b>The server says something else than its own log:</b> what is drawn is what this browser computed.
    </p>
    <ul>
      ${[...wrong, ...said.map(({ claim, text }) => `${claim}: ${text}`)].slice(0, 50).map((each, i) => html`<li key=${i}>${each}</li>`)}
    </ul>
  </div>`;
}

interface PastProps {
  readonly known: Known;
  readonly view: View;
  readonly boot: Boot;
  readonly onPick: OnPick;
}

function Past({ known, view, boot, onPick }: PastProps): VNode {
  const [box, width] = useWidth();
  const { past, done } = known;
  const scale = scaleOf(shownOf(view.period, past), width);
  return html`<div class="past" ref=${box}>
    ${known.marks.length > 0 || past !== undefined ? html`<${DeclaredLine} marks=${known.marks} scale=${scale} onPick=${onPick} />` : null}
    ${past?.claims.map((claim) => html`<${ClaimPast} key=${claim.claim} claim=${claim} scale=${scale} known=${known} boot=${boot} onPick=${onPick} />`)}
    ${past !== undefined && past.claims.length === 0 ? html`<p>Nothing was claimed in this time.</p>` : null}
    ${
      done &&
      html`<details>
        <summary>What was declared, as a table</summary>
        <${MarksTable} boot=${boot} marks=${known.marks} />
      </details>`
    }
  </div>`;
}

/** The period from shortly before the first declaration on: before it there is nothing to draw. */
function shownOf({ since, until: end }: Period, past: Known['past']): Period {
  // As of a moment of the past, there is nothing after it.
  const until = Math.min(end, past?.until ?? end);
  const first = (past?.declared ?? []).reduce((least, { time }) => Math.min(least, time), until);
  const begin = Math.floor(first - Math.max(60, (until - first) / 40));
  return { since: first < until ? Math.max(since, begin) : since, until };
}

function ClaimPast({
  claim,
  scale,
  known,
  boot,
  onPick,
}: {
  readonly claim: ClaimJson;
  readonly scale: Scale;
  readonly known: Known;
  readonly boot: Boot;
  readonly onPick: OnPick;
}): VNode {
  const computed = known.done !== undefined;
  const summary = figuresText(claim);
  return html`<section class="claim-past">
    <h3>${claim.claim}</h3>
    <p class=${computed ? 'figures' : 'figures hollow'}>
      ${summary}${computed ? null : ' (says the server)'}
    </p>
    <${ClaimLine}
      claim=${claim.claim}
      spans=${claim.spans}
      known=${known}
      scale=${scale}
      summary=${`${claim.claim}: ${summary}`}
      onPick=${onPick}
    />
    <details>
      <summary>As tables<span class="hidden">: ${claim.claim}</span></summary>
      <p>${GRADE_WORDS[claim.figures.grade_looks]}</p>
      <${SpansTable} claim=${claim.claim} spans=${claim.spans} computed=${computed} />
      <${LooksTable} boot=${boot} claim=${claim.claim} known=${known} />
    </details>
  </section>`;
}

function figuresText({ figures, spans }: ClaimJson): string {
  const { seconds, looks, expected, proven, failed, missed } = figures;
  // Before its first declaration, and after its last, nobody promised anything.
  const idle = spans
    .filter(({ why }) => why === 'unclaimed')
    .reduce((sum, { from, to }) => sum + to - from, 0);
  const uncovered = Math.max(0, seconds.uncovered - idle);
  const total = seconds.covered + seconds.failed + uncovered + seconds.waived;
  const parts = [
    `covered ${shareOf(seconds.covered, total)}`,
    seconds.failed > 0 ? `failed ${spanOf(seconds.failed)}` : '',
    uncovered > 0 ? `uncovered ${spanOf(uncovered)}` : '',
    idle > 0 ? `not claimed ${spanOf(idle)}` : '',
    seconds.waived > 0 ? `waived ${spanOf(seconds.waived)}` : '',
    `${looks} looks of ${expected} expected: ${proven} PROVEN, ${failed} failed, ${missed} missed`,
    `grade ${figures.grade_looks}`,
  ];
  return parts.filter((each) => each !== '').join('; ');
}

function Picked({
  boot,
  session,
  indices,
  close,
}: {
  readonly boot: Boot;
  readonly session: Session;
  readonly indices: readonly number[];
  readonly close: () => void;
}): VNode {
  const [at, setAt] = useState(0);
  const index = indices[Math.min(at, indices.length - 1)] ?? 0;
  return html`<section class="picked" aria-label=${`Entry ${index}`}>
    <p class="pager">
      <b>Entry ${index}</b>
      ${indices.length > 1 ? html`<span>${Math.min(at, indices.length - 1) + 1} of ${indices.length} looks of this mark</span>` : null}
      ${indices.length > 1 ? html`<button type="button" onClick=${() => setAt((at + 1) % indices.length)}>Next</button>` : null}
      <button type="button" onClick=${close}>Close</button>
    </p>
    <${EntryShow} boot=${boot} session=${session} name=${String(index)} brief=${true} />
  </section>`;
}

function Legend(): VNode {
  return html`<details class="legend">
    <summary>How to read it</summary>
    <p>
      Above the line: what was declared. Below it: each look of an agent. A mark is hollow while it is the
      server's word, has a dot once its entry is verified, and is filled once this browser computed its
      verdict. Its shape is the class of the evidence: a dash for E0 (an API said so), a circle for E1 (an
      agent saw it), two circles for E2 (agents agree), a shield for E3 (the target signed), a star for E4 (a
      third party signed). Marks that hang lower are not PROVEN. A dashed hole in the bar is a time of which
      nothing is known; hatching is a waiver, and the strip below it what the waiver hides.
    </p>
  </details>`;
}

/** The width that is there for drawing, and the element that has it. */
function useWidth(): readonly [{ current: HTMLDivElement | null }, number] {
  const box = useRef<HTMLDivElement | null>(null);
  const [width, setWidth] = useState(800);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const watch = new ResizeObserver(() => setWidth(Math.max(240, Math.floor(element.clientWidth))));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return [box, width];
}

function commandOf(subject: string, { period, at, end, whole }: View, boot: Boot): string {
  const log = `--log ${shellWord(logUrl(boot))}`;
  if (at !== undefined) return `tallystick status ${shellWord(subject)} --at ${shellWord(at)} ${log}`;
  const until = end === undefined ? '' : ` --until ${formatTime(period.until)}`;
  return `tallystick history ${shellWord(subject)} --since ${formatTime(period.since)}${until} ${log}${whole ? ' --full' : ''}`;
}

/** A subject as the name of a file: what no file system minds. */
function fileName(subject: string): string {
  return subject.replaceAll(/[^a-zA-Z0-9._-]+/g, '-').slice(0, 80);
}
