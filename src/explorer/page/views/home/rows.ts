/** The subjects, the worst first: hollow in the server's words, filled once this browser has computed them. */
import type { VNode } from 'preact';
import { worstClaim } from '../../../../appraisal/gate.ts';
import { formatTime } from '../../../../bytes/time.ts';
import type { EvidenceClass } from '../../../../statement/vocabulary.ts';
import { dueOf, spanOf } from '../../../../words/plain.ts';
import type { Boot } from '../../../shared/boot.ts';
import type { OverviewRow } from '../../../shared/overview.ts';
import { useMemo } from 'preact/hooks';
import { ClassMark, Lapsed, VerdictMark } from '../../draw/marks.ts';
import { html } from '../../html.ts';
import { linkTo } from '../../links.ts';
import type { ClaimJson } from '../../../../appraisal/json.ts';
import { hasLapsed } from '../subject/lapse.ts';
import { anyRestsOnList } from '../subject/listed.ts';
import type { Fault } from '../../worker/protocol.ts';
import { blameOf } from '../../worker/faults.ts';
import type { Own } from './verified.ts';

/**
 * How a row stands to what this browser computed. `differs`: the server said otherwise of the same head. `lie`: the entries do not
 * hold, or there is no such subject. `open`: it could not be computed here, which is nobody's lie.
 */
export type Standing = 'told' | 'verified' | 'differs' | 'newer' | 'lie' | 'open';

/** `size`: of the head that the server went by; `head`: of the one that this browser verified. */
export function standingOf(
  row: OverviewRow,
  own: Own | undefined,
  size: number,
  head: number | null | undefined,
): Standing {
  if (own === undefined) return 'told';
  const { status, same, fault } = own.part;
  if (status === undefined) return row.fault === null && fault !== undefined && isLie(fault) ? 'lie' : 'open';
  if (same !== false) return 'verified';
  return (head ?? 0) > size ? 'newer' : 'differs';
}

/** A subject that has a row and is not in the log is a lie, too. More than a reader takes is none. */
function isLie(fault: Fault): boolean {
  return fault.code === 'not-found' || (blameOf(fault) === 'lie' && fault.code !== 'too-large');
}

/** Whether the server is at fault. */
export function isWrong(standing: Standing): boolean {
  return standing === 'differs' || standing === 'lie';
}

/** The worst claim as this browser computed it. */
export function ownWorst(own: Own | undefined): ClaimJson | undefined {
  return worstClaim(own?.part.status?.claims ?? []);
}

export interface RowsProps {
  readonly boot: Boot;
  readonly rows: readonly OverviewRow[];
  readonly own: ReadonlyMap<string, Own>;
  readonly size: number;
  readonly head: number | null | undefined;
  /** POSIX seconds. */
  readonly now: number;
}

const HEADS = ['Verdict', 'Subject', 'Claim', 'Since', 'Owner', 'Evidence', 'Next proof', 'To know'] as const;

export function Rows({ rows, own, size, head, now, boot }: RowsProps): VNode {
  return html`<table class="cards overview" onKeyDown=${moveFocus}>
    <caption>
      Subjects by their worst claim, the worst first. A verdict is filled, with its claim and evidence, once
      this browser has computed it; since when, whose and what to know are the server's words.
    </caption>
    <thead>
      <tr>
        ${HEADS.map((each) => html`<th scope="col" key=${each}>${each}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map((row) => {
        const mine = own.get(row.subject);
        const standing = standingOf(row, mine, size, head);
        return html`<${Row}
          key=${row.subject}
          boot=${boot}
          row=${row}
          own=${mine}
          standing=${standing}
          now=${now}
        />`;
      })}
    </tbody>
  </table>`;
}

interface RowProps {
  readonly boot: Boot;
  readonly row: OverviewRow;
  readonly own: Own | undefined;
  readonly standing: Standing;
  readonly now: number;
}

/** A row is drawn again when something of it changed: while others are verified, the table is drawn again and again. */
function Row(props: RowProps): VNode {
  const { boot, row, own, standing, now } = props;
  return useMemo(() => html`<${Cells} ...${props} />`, [boot, row, own, standing, now]);
}

function Cells({ boot, row, own, standing, now }: RowProps): VNode {
  const worst = ownWorst(own);
  const shown = worst ?? row;
  const same = worst === undefined || worst.claim === row.claim;
  const dues = own?.part.status?.claims.map((each) => each.due) ?? [];
  const due = dues.length === 0 || row.due === null ? row.due : Math.min(...dues);
  // The clock when this browser computed it: the page may be left open until the next proof is due.
  const read = useMemo(() => now, [own]);
  const lapsed =
    own?.part.status?.claims.some((each) => hasLapsed(each, { read, now })) === true &&
    shown.verdict === 'PROVEN';
  return html`<tr class=${isWrong(standing) ? 'wrong' : undefined}>
    <td data-label="Verdict">
      ${lapsed ? html`<${Lapsed} />` : html`<${VerdictMark} verdict=${shown.verdict} hidden=${shown.hidden} verified=${worst !== undefined} listed=${shown.verdict === 'PROVEN' && anyRestsOnList(own?.part)} />`}
      <${Said} row=${row} own=${own} standing=${standing} />
    </td>
    <th scope="row" data-label="Subject">
      <a href=${linkTo(boot, { kind: 'subject', subject: row.subject })}><bdi>${row.subject}</bdi></a>
    </th>
    <td data-label="Claim">
      ${shown.claim ?? '–'}${row.severity !== null && same && html` <span class="quiet">${row.severity}</span>`}
    </td>
    <td data-label="Since">${same ? html`<${Since} row=${row} now=${now} />` : '–'}</td>
    <td data-label="Owner"><bdi>${row.owner ?? '–'}</bdi></td>
    <td data-label="Evidence"><${Evidence} evidence=${shown.evidence} /></td>
    <td data-label="Next proof">${due === null ? '–' : dueOf(due, now)}</td>
    <td data-label="To know"><${Notes} row=${row} /></td>
  </tr>`;
}

/** What the server said, where it is not what this browser computed. */
function Said({ row, own, standing }: Pick<RowProps, 'row' | 'own' | 'standing'>): VNode | null {
  if (standing === 'lie') return html`<p class="violated">DOES NOT HOLD: ${own?.part.fault?.text}</p>`;
  if (standing === 'open') return html`<p class="quiet">not verified: ${own?.part.fault?.text}</p>`;
  if (standing === 'differs')
    return html`<p class="violated">
      The server says ${row.verdict}${row.hidden === null ? '' : ` (${row.hidden})`}
    </p>`;
  if (standing === 'newer') return html`<p class="quiet">by a newer head; the server said ${row.verdict}</p>`;
  if (standing === 'told' && row.outdated) return html`<p class="quiet">the server computes it again</p>`;
  return null;
}

function Since({ row: { since, or_longer: orLonger }, now }: Pick<RowProps, 'row' | 'now'>): VNode {
  if (since === null) return html`<span class="quiet">–</span>`;
  const text = formatTime(since);
  return html`<time datetime=${text} title=${text}
      >${orLonger ? 'at least ' : ''}${spanOf(Math.max(0, now - since))}</time
    >
    <span class="quiet stamp">${text.slice(0, 16).replace('T', ' ')}</span>`;
}

function Evidence({ evidence }: { readonly evidence: EvidenceClass | null }): VNode {
  return evidence === null
    ? html`<span class="quiet">none</span>`
    : html`<${ClassMark} evidence=${evidence} />`;
}

function Notes({ row }: { readonly row: OverviewRow }): VNode {
  const {
    fault,
    waived_by: by,
    waived_until: until,
    approvals_lacking: lacking,
    deployments_open: open,
    missed,
  } = row;
  const notes = [
    fault,
    by === null || until === null ? null : `waived by ${by} until ${formatTime(until)}`,
    lacking === 0 ? null : `${lacking} ${lacking === 1 ? 'approval is' : 'approvals are'} missing`,
    open === 0 ? null : `${open} ${open === 1 ? 'deployment waits' : 'deployments wait'} for a proof`,
    missed === 0 ? null : `${missed} ${missed === 1 ? 'claim' : 'claims'} without a proof in time`,
    row.verdict === 'PROVEN' || row.verdict === 'WAIVED' || fault !== null ? null : row.explain,
  ].filter((each) => each !== null);
  return notes.length === 0
    ? html`<span class="quiet">–</span>`
    : html`<bdi class="notes">${notes.join('; ')}</bdi>`;
}

/** Arrow keys go from subject to subject. */
function moveFocus(event: KeyboardEvent): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  const { currentTarget: table, target } = event;
  if (step === 0 || !(table instanceof HTMLElement) || !(target instanceof HTMLAnchorElement)) return;
  const links = [...table.querySelectorAll('th a')];
  const next = links[links.indexOf(target) + step];
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}
