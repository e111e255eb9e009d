/** What logged entries promise of runtime proofs to come: a chain its next one, a commitment those of its claims. */
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import { parseStatement, type ParsedStatement } from '../statement/parse.ts';
import { isWithdrawal, type Claim } from '../statement/commitment.ts';
import { periodOf } from '../appraisal/due.ts';
import type { EntryShown } from './checks.ts';

/** Seconds that a proof may have been logged before the end that it says: clocks differ. */
const CLOCK_TOLERANCE = 300;

/** What a due time rests on. */
interface PromiseShown {
  readonly proves: string;
  readonly reports: readonly string[];
}

/** What is said to have been due. */
interface DueSaid {
  readonly subject: string;
  readonly due: string;
  readonly claim?: string;
}

/** The newest proof of a chain says when the next one is due. Refuses `proof-failed`. */
export function promiseOfChain(last: EntryShown, { subject, due }: DueSaid): PromiseShown {
  const parsed = about(last, subject);
  if (parsed.kind !== 'proof') throw refuse('proof-failed', 'the last proof is no runtime proof');
  if (parsed.proof.nextDue !== secondsOf(due))
    throw refuse('proof-failed', 'the proof promises the next one for another time');
  return { proves: `entry ${last.index} is a runtime proof that promises the next for ${due}`, reports: [] };
}

/**
 * A commitment wants each claim proven within a period after the last proof, and sooner after a deployment (appraisal/due.ts).
 * Before the first proof the time runs from when the commitment began to count, which only the watcher saw. Refuses
 * `proof-failed`.
 */
export function promiseOfClaim(
  last: EntryShown,
  commitment: EntryShown | undefined,
  { subject, due, claim }: DueSaid,
): PromiseShown {
  if (commitment === undefined || claim === undefined)
    throw refuse('proof-failed', 'a claim goes with its commitment');
  const terms = claimOf(commitment, subject, claim);
  const { cadence } = terms;
  const wants = `entry ${commitment.index} wants the claim ${printable(claim)} proven every ${cadence} s`;
  if (last.id === commitment.id) return { proves: wants, reports: ['when the time began to run'] };
  const parsed = about(last, subject);
  if (parsed.kind !== 'proof' || formatHex(parsed.proof.commitment) !== commitment.id)
    throw refuse('proof-failed', 'the last proof is no runtime proof of that commitment');
  const result = parsed.proof.results.find((each) => each.claim === claim);
  if (result === undefined) throw refuse('proof-failed', 'the last proof has no result for the claim');
  const latest = parsed.proof.window.end + periodOf(terms);
  const sooner = latest - secondsOf(due);
  const most = terms.deadline === undefined && result.evidence !== 'E3' ? CLOCK_TOLERANCE : periodOf(terms);
  if (!(sooner >= 0 && sooner <= most))
    throw refuse('proof-failed', 'the next proof of the claim was due at another time');
  return {
    proves: `${wants}, and entry ${last.index} is a proof of it, so that the next was due at ${formatTime(latest)} at the latest`,
    reports:
      sooner === 0
        ? []
        : [`that it was due ${sooner} s sooner: after a deployment, or since the proof was logged late`],
  };
}

function claimOf(commitment: EntryShown, subject: string, id: string): Claim {
  const parsed = about(commitment, subject);
  const claims =
    parsed.kind === 'commitment' && !isWithdrawal(parsed.commitment) ? parsed.commitment.claims : [];
  const found = claims.find((each) => each.id === id);
  if (found === undefined) throw refuse('proof-failed', 'the commitment has no such claim');
  return found;
}

function about(entry: EntryShown, subject: string): ParsedStatement {
  const parsed = parseStatement(entry.bytes);
  if (parsed.subject !== subject) throw refuse('proof-failed', 'the statement is about another subject');
  return parsed;
}

/** POSIX seconds of a time; a fraction of a second matches none. */
function secondsOf(time: string): number {
  return Date.parse(time) / 1000;
}
