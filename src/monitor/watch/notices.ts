/** Notices of a watch: it logs that a claim went stale, with a key in the role monitor. */
import { digest } from '../../bytes/brand.ts';
import { parseHex } from '../../bytes/text.ts';
import type { ClaimStatus } from '../../appraisal/appraise.ts';
import type { Signer } from '../../sign/signer.ts';
import { encodeNotice } from '../../statement/payload.ts';
import { signFor } from '../../client/sign-for.ts';
import type { LogClient } from '../../client/client.ts';
import { commitmentOf } from '../../appraisal/history.ts';
import type { SubjectStatus } from '../../appraisal/subject.ts';
import type { Snapshot } from '../../client/snapshot.ts';

/** Logs that a claim is STALE, and verifies the receipt. Resolves with the index. Refuses what the log refuses. */
export async function logStale(
  client: Pick<LogClient, 'logStatement'>,
  signer: Signer,
  snapshot: Snapshot,
  status: SubjectStatus,
  { claim, due, proof, explain }: ClaimStatus,
): Promise<number> {
  const { subject } = status;
  const { view, now } = snapshot;
  const { origin, size, root } = view.opened.checkpoint;
  const about = commitmentOf(status);
  if (about === undefined) throw new Error('a claim is stale and nothing is committed');
  const payload = encodeNotice({
    topic: 'stale',
    since: Math.min(due, now),
    checkpoint: { origin, size, root },
    reason: `${claim.id}: ${explain ?? 'no proof came in time'}`,
    claim: claim.id,
    due,
    about: digest(parseHex(about.entry.id)),
    ...(proof !== undefined && {
      agent: digest(parseHex(proof.parsed.kid)),
      last: { seq: proof.parsed.proof.seq, id: digest(parseHex(proof.id)) },
    }),
  });
  const statement = await signFor(snapshot, { kind: 'notice', subject, payload, signer });
  return (await client.logStatement(statement)).index;
}
