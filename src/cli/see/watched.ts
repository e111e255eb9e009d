/** Which subjects a watch looks at when none is named: all that claim something. */
import { refuse } from '../../bytes/refusal.ts';
import { declaresAlone } from '../../appraisal/history.ts';
import type { Listed } from '../../client/search.ts';
import { isWithdrawal } from '../../statement/commitment.ts';
import type { ParsedStatement } from '../../statement/parse.ts';
import type { Look } from './reading.ts';
import { commitmentOf, historyFrom } from './seen.ts';
import { line } from './words.ts';

/** Subjects with claims that are watched at most: a look at each takes the log a few answers. */
const MOST_SUBJECTS = 10_000;

/** What is watched, and how many subjects with claims are not. */
export interface Watched {
  readonly subjects: readonly string[];
  readonly leftOut: number;
}

/**
 * Those that were watched before, then the others from the oldest on: so whoever may log something can push nobody out
 * of the watch. What claims nothing takes no place. Refuses `proof-failed` when one of the former is not named any more.
 */
export async function watchedSubjects(
  look: Look,
  remembered: ReadonlySet<string>,
  most = MOST_SUBJECTS,
): Promise<Watched> {
  const commitments = Map.groupBy(await look.list({ kind: 'commitment' }), ({ subject }) => subject);
  const approvals = Map.groupBy(await look.list({ kind: 'approval' }), ({ subject }) => subject);
  for (const subject of remembered)
    if (!commitments.has(subject))
      throw refuse(
        'proof-failed',
        `the log's search names no commitment about ${line(subject)} any more, and it did: it hides something`,
      );
  const found = [...remembered];
  for (const [subject, rows] of commitments)
    if (!remembered.has(subject) && (await isClaiming(look, rows, approvals.get(subject) ?? [])))
      found.push(subject);
  return { subjects: found.slice(0, most), leftOut: Math.max(0, found.length - most) };
}

/** Where the newest commitment claims nothing and does not decide alone, all are read. */
async function isClaiming(
  look: Look,
  rows: readonly Listed[],
  approvals: readonly Listed[],
): Promise<boolean> {
  const [newest] = await look.read(rows.slice(-1), 'commitment');
  const alone = declaresAlone(newest?.parsed, (kid) => look.policies.revokedSince(kid) !== undefined);
  if (alone !== undefined) return alone.claims.length > 0;
  if (claimsOf(newest?.parsed) > 0) return true;
  const entries = [...(await look.read(rows, 'commitment')), ...(await look.read(approvals, 'approval'))];
  const history = historyFrom(
    look,
    entries.toSorted((a, b) => a.index - b.index),
  );
  return (commitmentOf({ history })?.declaration.claims.length ?? 0) > 0;
}

/** Whether it counts or waits: a subject with claims is watched. */
function claimsOf(parsed: ParsedStatement | undefined): number {
  return parsed?.kind === 'commitment' && !isWithdrawal(parsed.commitment)
    ? parsed.commitment.claims.length
    : 0;
}
