/**
 * Replays admission over the entries of one subject. It finds a commitment, or a link of a proof chain, that the server
 * left out, and an entry that the log should have refused. Pure.
 */
import { formatHex } from '../bytes/text.ts';
import { entryId, type EntryId } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { admit, chainKey, record, type ChainLink, type LoggedEntry } from '../registration/admit.ts';
import type { PolicyHistory } from '../registration/history.ts';
import { assertOnce } from '../statement/once.ts';
import type { SubjectEntry } from './history.ts';

/**
 * Refuses `proof-failed` if an entry does not follow from those before it. `entries`: in log order. `whole`: true if
 * the entries include the first proof of each chain. If false, the first proof that is given of each chain is accepted
 * without its predecessor.
 */
export function assertFollows(
  policies: PolicyHistory,
  entries: readonly SubjectEntry[],
  whole: boolean,
): void {
  assertOnce(entries);
  const chains = new Map<string, ChainLink>();
  const facts = { commitments: new Map<EntryId, LoggedEntry>(), chains };
  for (const { index, id, parsed } of entries) {
    if (parsed.kind === 'proof') {
      const { seq, prev } = parsed.proof;
      const key = chainKey(parsed.kid, parsed.subject);
      // The chain may have begun before the first entry that was read.
      if (!whole && !chains.has(key) && prev !== undefined)
        chains.set(key, { seq: seq - 1, id: entryId(formatHex(prev)) });
    }
    try {
      const admission = admit(policies.rulesAt(index), parsed, facts, undefined);
      record(facts, id, parsed, admission);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw refuse(
        'proof-failed',
        `entry ${index} does not follow from those that the log's search names (${error.code}): something was left ` +
          'out, or the log admitted what it must not; read every entry, or ask a monitor',
        { cause: error, remedy: { full: true, monitor: true } },
      );
    }
  }
}
