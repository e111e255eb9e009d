/**
 * When two clients commit about one subject at once, the log takes one and refuses the other as `superseded-meanwhile`. The
 * other reads the new commitment, and submits again only if nothing in it would be lost.
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { ProvenEntry } from '../client/view.ts';
import { isWithdrawal, type Declaration } from '../statement/commitment.ts';
import { parseStatement } from '../statement/parse.ts';
import { changesOf, factsOf } from '../declare/facts.ts';
import { printable } from '../bytes/printable.ts';

/** How often a commit is tried again after another client was faster. */
export const MOST_RACES = 8;

/** Whether the log says that another commitment about the subject came first. */
export function isOvertaken(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'superseded-meanwhile';
}

/** Refuses `superseded-meanwhile` when the other commitment has claims, approvals, attestors or a target that `mine` lacks. */
export function assertKept(subject: string, mine: Declaration, { index, bytes }: ProvenEntry): void {
  const parsed = parseStatement(bytes);
  if (parsed.kind !== 'commitment' || isWithdrawal(parsed.commitment)) return;
  const lost = changesOf(factsOf(parsed.commitment), factsOf(mine))
    .filter(
      ({ name, before }) =>
        before !== undefined && /^(?:claims|approvals|target|attestors)(?:[.]|$)/.test(name),
    )
    .map(({ name }) => printable(name, 100));
  if (lost.length === 0) return;
  const more = lost.length > 4 ? `, and ${lost.length - 4} more` : '';
  throw refuse(
    'superseded-meanwhile',
    `entry ${index} about ${printable(subject, 300)} was logged while this was made, and nothing is logged now: this would replace it ` +
      `without its ${lost.slice(0, 4).join(', ')}${more}; look at it (tallystick registry show ${printable(subject, 300)}), and then ` +
      'commit again what is to hold',
  );
}
