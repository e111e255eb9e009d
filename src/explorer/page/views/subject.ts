/** The page /s/SUBJECT: how its claims stand, and its past: declared above the line, observed below. */
import type { VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { shellWord } from '../../../bytes/shellword.ts';
import { formatTime } from '../../../bytes/time.ts';
import { GRADE_WORDS } from '../../../words/history.ts';
import type { Boot } from '../../shared/boot.ts';
import type { ClaimJson } from '../draw/clusters.ts';
import { scaleOf, type Scale } from '../draw/scale.ts';
import { html } from '../html.ts';
import { logUrl } from '../links.ts';
import { useSession, type Session } from '../state/session.ts';
import type { ViewProps } from '../view.ts';
import type { Period } from '../worker/protocol.ts';
import { FaultNote } from './checks.ts';
import { Command } from './copied.ts';
import { Download } from './download.ts';
import { EntryShow } from './entry/shown.ts';
import { Fold } from './fold.ts';
import { AsItStood } from './subject/as-it-stood.ts';
import { Claims } from './subject/claims.ts';
import { Controls } from './subject/controls.ts';
import { Undeclared } from './subject/undeclared.ts';
import { usePast } from './subject/data.ts';
import { figuresText } from './subject/figures.ts';
import type { Known } from './subject/known.ts';
import { listedSpan } from './subject/listed.ts';
import { LooksTable, MarksTable, SpansTable } from './subject/table.ts';
import { ClaimLine, DeclaredLine, type OnPick } from './subject/timeline.ts';
import { drawnOf, type View } from './subject/period.ts';
import { useView } from './subject/window.ts';

export function Subject({ place, boot }: ViewProps<'subject'>): VNode {
  const session = useSession(boot);
  const [view, change] = useView();
  const { known, stop } = usePast(session, place.subject, view);
  const [picked, setPicked] = useState<readonly number[]>([]);
  if (session === undefined) return html`<h1>${place.subject}</h1>`;
  const { status, done, fault } = known;
  if (fault?.code === 'not-found' && view.at === undefined)
    return html`<${Undeclared} boot=${boot} session=${session} subject=${place.subject} />`;
  const drawn = drawnOf(view, known.past);
  return html`<h1>${place.subject}</h1>
    ${fault && html`<${FaultNote} fault=${fault} />`}
    <${AsItStood} at=${view.at} />
    ${status && html`<${Standing} status=${status} known=${known} />`}
    ${status && html`<${Claims} boot=${boot} session=${session} status=${status} at=${view.at} readFrom=${known.readFrom} />`}
    <h2>Its past</h2>
    <${Controls} view=${view} drawn=${drawn} change=${change} known=${known} stop=${stop} />
    <${Differs} known=${known} />
    <${Past} known=${known} drawn=${drawn} boot=${boot} onPick=${setPicked} />
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
  if (known.toldWrong !== undefined) wrong.push(`its history: ${known.toldWrong}`);
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
  readonly drawn: Period;
  readonly boot: Boot;
  readonly onPick: OnPick;
}

function Past({ known, drawn, boot, onPick }: PastProps): VNode {
  const [box, width] = useWidth();
  const { past, done } = known;
  const scale = scaleOf(drawn, width);
  return html`<div class="past" ref=${box}>
    ${known.marks.length > 0 || past !== undefined ? html`<${DeclaredLine} marks=${known.marks} scale=${scale} onPick=${onPick} />` : null}
    ${past?.claims.map((claim) => html`<${ClaimPast} key=${claim.claim} claim=${claim} scale=${scale} known=${known} boot=${boot} onPick=${onPick} />`)}
    ${past !== undefined && past.claims.length === 0 ? html`<p>Nothing was claimed in this time.</p>` : null}
    ${
      done &&
      html`<${Fold}
        summary="What was declared, as a table"
        content=${() => html`<${MarksTable} boot=${boot} marks=${known.marks} />`}
      />`
    }
  </div>`;
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
  const listed = listedSpan(claim, known.readFrom);
  const summary = figuresText(claim, scale.period, listed);
  // A server tells less than a year.
  const told =
    known.past === undefined || known.past.since <= scale.period.since
      ? 'says the server'
      : `says the server, since ${formatTime(known.past.since)}`;
  return html`<section class="claim-past">
    <h3>${claim.claim}</h3>
    <p class=${computed ? 'figures' : 'figures hollow'}>${summary}${computed ? null : ` (${told})`}</p>
    <${ClaimLine}
      claim=${claim.claim}
      spans=${claim.spans}
      listed=${listed}
      known=${known}
      scale=${scale}
      summary=${`${claim.claim}: ${summary}`}
      onPick=${onPick}
    />
    <${Fold}
      summary=${html`As tables<span class="hidden">: ${claim.claim}</span>`}
      content=${() =>
        html`<p>${GRADE_WORDS[claim.figures.grade_looks]}</p>
          <${SpansTable} claim=${claim.claim} spans=${claim.spans} computed=${computed} listed=${listed} />
          <${LooksTable} boot=${boot} claim=${claim.claim} known=${known} />`}
    />
  </section>`;
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
