/** Alarms about entries that the log should have refused, with the policy they break and what they contradict. */
import type { EntryId } from '../bytes/brand.ts';
import type { LoggedEvidence } from '../incident/incident.ts';
import type { Alarm, SeenEntry } from './alarm.ts';
import type { EvidenceMaker } from './evidence.ts';
import type { Fault } from '../registration/replay.ts';

/** An entry that was decided but is not in the copy yet. */
export interface Pending {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Finds an entry among those that are not in the copy yet. */
export type FindPending = (id: EntryId) => Pending | undefined;

/** The alarm of one faulty entry. Fails as `VerifiedTiles` does when a proof needs tiles that do not come. */
export async function faultAlarm(
  { index, bytes }: Pick<SeenEntry, 'index' | 'bytes'>,
  { code, message, policy, before }: Fault,
  evidence: EvidenceMaker,
  pending: FindPending,
): Promise<Alarm> {
  const contradicted = before === undefined ? undefined : await evidenceOf(before, evidence, pending);
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
