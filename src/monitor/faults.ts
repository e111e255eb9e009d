/**
 * Makes the alarms about entries that the log should have refused, with the policy that they break and the entries that
 * they contradict.
 */
import type { EntryId } from '../bytes/brand.ts';
import type { LoggedEvidence } from '../incident/incident.ts';
import type { Alarm, SeenEntry } from './alarm.ts';
import type { EvidenceMaker } from './evidence.ts';
import { followed, isOrdered, newestWanted } from '../registration/order.ts';
import type { Fault } from '../registration/replay.ts';
import { parseStatement } from '../statement/parse.ts';

/** An entry that was decided and is not in the copy yet. */
export interface Pending {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Finds an entry that was decided and is not in the copy yet. */
type FindPending = (id: EntryId) => Pending | undefined;

/** The alarm for one faulty entry. Fails as `VerifiedTiles` does if a proof needs tiles that are not served. */
export async function faultAlarm(
  { index, bytes }: Pick<SeenEntry, 'index' | 'bytes'>,
  { code, message, policy, before }: Fault,
  evidence: EvidenceMaker,
  pending: FindPending,
): Promise<Alarm> {
  const shown =
    code === 'superseded-meanwhile' && before !== undefined
      ? await rivalOf(bytes, before, async (id) => pending(id) ?? evidence.find(id))
      : before;
  const contradicted = shown === undefined ? undefined : await evidenceOf(shown, evidence, pending);
  const inForce = policy === undefined ? undefined : await evidence.of(policy.index, policy.entry);
  return {
    evidence: {
      kind: code === 'chain-broken' ? 'chain-broken' : 'entry-rejected',
      entry: evidence.ofNew(index, bytes),
      code,
      ...(inForce !== undefined && { policy: inForce }),
      ...(contradicted !== undefined && { before: contradicted }),
    },
    about: `entry ${index}`,
    what: `the log holds entry ${index}, which it should have refused (${code}): ${message}`,
  };
}

async function evidenceOf(
  id: EntryId,
  evidence: EvidenceMaker,
  pending: FindPending,
): Promise<LoggedEvidence | undefined> {
  const waiting = pending(id);
  return waiting === undefined ? evidence.byId(id) : evidence.of(waiting.index, waiting.bytes);
}

/** Most statements of a subject that are searched for the earlier one. */
const MOST_STEPS = 1_000;

/**
 * The evidence that a commitment statement came too late: the earlier statement that follows the same one, searched
 * from the newest back; the newest statement if the search does not find it.
 */
async function rivalOf(
  bytes: Uint8Array,
  newest: EntryId,
  find: (id: EntryId) => Promise<Pick<Pending, 'bytes'> | undefined>,
): Promise<EntryId> {
  const late = parseStatement(bytes);
  if (!isOrdered(late)) return newest;
  const wanted = newestWanted(late);
  let at: EntryId | undefined = newest;
  for (let steps = 0; at !== undefined && steps < MOST_STEPS; steps++) {
    const entry = await find(at);
    const parsed = entry && parseStatement(entry.bytes);
    if (parsed?.kind !== 'commitment') break;
    const before: EntryId | undefined = followed(parsed.commitment);
    if (before === wanted) return at;
    at = before;
  }
  return newest;
}
