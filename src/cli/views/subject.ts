/** Subjects and their claims as `status`, `gate`, `wait`, `watch` and the registry show them. */
import { approverFault } from '../../appraisal/approvers.ts';
import { commitmentOf, approvalsLacking, type Committed, type History } from '../../appraisal/history.ts';
import type { ClaimStatus } from '../../appraisal/appraise.ts';
import { classOf } from '../../words/results.ts';
import { worstClaim } from '../../appraisal/gate.ts';
import { disclosedFor, undeclaredIn } from '../../appraisal/json.ts';
import { verdictText, type SubjectStatus } from '../../appraisal/subject.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import type { Unreadable } from '../../client/statuses.ts';
import type { JsonValue, Output } from '../frame/output.ts';
import { dueOf, line, spanOf } from '../../words/plain.ts';
import { overText } from '../../words/why.ts';
import { paintVerdict, table } from './words.ts';
import { messageOf } from '../frame/remedy.ts';

/** A heading, and a table of claims with an explanation under each that has one. */
export function subjectLines(output: Output, look: Snapshot, status: SubjectStatus): readonly string[] {
  const declared = commitmentOf(status);
  const { subject, claims, history } = status;
  const name = output.paint('bold', line(subject));
  if (declared === undefined) return [`${name}  nothing is declared: the last commitment was withdrawn`];
  const few = approverFault(history, look.policies.inForce, subject);
  const waiting = [...pendingLines(history), ...(few === undefined ? [] : [`  warning: ${few}`])];
  const { environment, tier } = declared.declaration;
  const where = `commitment ${declared.entry.id.slice(0, 16)}…, entry ${declared.entry.index}`;
  const heading = `${name}  ${environment}, ${tier}  ${where}`;
  if (claims.length === 0) return [heading, '  it declares no claims: nothing is to be proven', ...waiting];
  const rows = [
    ['claim', 'verdict', 'class', 'age', 'next due', 'severity'],
    ...claims.map((each) => rowOf(each, look.now)),
  ];
  const drawn = table(rows, (cell, column, row) => {
    if (row === 0) return output.paint('dim', cell);
    const claim = claims[row - 1];
    return column === 1 && claim !== undefined ? paintVerdict(output, claim, cell.length) : cell;
  });
  const lines = drawn.flatMap((drawnRow, i) => {
    const standing = claims[i - 1];
    const explain =
      standing && (standing.explain ?? (standing.over && overText(standing.over)) ?? shownLeaf(standing));
    return explain === undefined ? [`  ${drawnRow}`] : [`  ${drawnRow}`, `      ${line(explain)}`];
  });
  return [heading, ...lines, ...closedWorld(status), ...waiting];
}

/** A commitment or withdrawal that lacks approvals. */
function pendingLines({ inForce, pending, withdrawing }: History): readonly string[] {
  if (withdrawing !== undefined)
    return [`  its withdrawal, entry ${withdrawing.entry.index}, ${lackText(withdrawing)}`];
  if (pending === undefined) return [];
  const what = inForce === undefined ? 'it' : `a newer commitment, entry ${pending.entry.index},`;
  return [`  ${what} ${lackText(pending)}`];
}

/** `lacks 1 of 2 approvals`. */
export function lackText(committed: Committed): string {
  return `lacks ${approvalsLacking(committed)} of ${committed.needed} approvals`;
}

/**
 * For a declaration with a closed world: how many undeclared items the newest proof found, or that no proof searched for
 * any. Verdicts come from claims alone; a closed world without a claim that searches has no effect.
 */
function closedWorld(status: SubjectStatus): readonly string[] {
  if (commitmentOf(status)?.declaration.scope.world !== 'closed') return [];
  const found = undeclaredIn(status);
  if (found === undefined) return ['  closed world: no proof has searched for undeclared items'];
  return [`  closed world: ${found} undeclared in the newest search`];
}

/** A disclosed leaf that shows why a claim does not hold; undefined if there is none. */
function shownLeaf({ claim, verdict, proof }: ClaimStatus): string | undefined {
  if (verdict === 'PROVEN' || proof === undefined) return undefined;
  const [first, ...more] = disclosedFor(proof, claim.id);
  const others = more.length === 0 ? '' : `, and ${more.length} more`;
  return first === undefined ? undefined : `observed ${first}${others}`;
}

function rowOf(standing: ClaimStatus, now: number): readonly string[] {
  const { claim, age, due } = standing;
  const seenAgo = age === undefined ? '–' : spanOf(age);
  const known = classOf(standing) ?? '–';
  return [claim.id, verdictText(standing), known, seenAgo, dueOf(due, now), claim.severity];
}

/** `3 PROVEN, 1 WAIVED (VIOLATED)`. */
export function countsOf(claims: readonly Pick<ClaimStatus, 'verdict' | 'hidden'>[]): string {
  const counts = new Map<string, number>();
  for (const each of claims.map(verdictText)) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].map(([verdict, n]) => `${n} ${verdict}`).join(', ');
}

/** For a subject without a claim. */
const NOTHING = { verdict: 'UNKNOWN', hidden: undefined } as const;

/** A row for each subject that has claims: its worst verdict, the count of each verdict, its environment. */
export function summaryLines(output: Output, claiming: readonly SubjectStatus[]): readonly string[] {
  const worst = claiming.map(({ claims }) => worstClaim(claims) ?? NOTHING);
  const cells = claiming.map((each, i) => [
    line(each.subject, 60),
    verdictText(worst[i] ?? NOTHING),
    countsOf(each.claims),
    commitmentOf(each)?.declaration.environment ?? '',
  ]);
  return table(cells, (cell, column, row) =>
    column === 1 ? paintVerdict(output, worst[row] ?? NOTHING, cell.length) : cell,
  );
}

/** Warns of each subject that could not be read, with the reason. */
export function warnUnreadable(output: Output, unreadable: readonly Unreadable[]): void {
  for (const { subject, refusal } of unreadable)
    output.warn(`${line(subject)} cannot be read (${refusal.code}): ${messageOf(refusal)}`);
}

export function unreadableJson(unreadable: readonly Unreadable[]): JsonValue {
  return unreadable.map(({ subject, refusal }) => ({
    subject,
    code: refusal.code,
    message: messageOf(refusal),
  }));
}
