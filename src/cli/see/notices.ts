/** Notices of a watch: that a claim went stale, said in the log itself by a key in the role monitor. */
import { digest } from '../../bytes/brand.ts';
import { parseHex } from '../../bytes/text.ts';
import type { ClaimStatus } from '../../appraisal/appraise.ts';
import type { Signer } from '../../sign/signer.ts';
import { encodeNotice } from '../../statement/payload.ts';
import { signFor } from '../../client/sign-for.ts';
import type { LogClient } from '../../client/client.ts';
import { commitmentOf } from '../../appraisal/subject.ts';
import type { Seen } from './seen.ts';

/** Logs that a claim is STALE, and verifies the receipt. Resolves with the index. Refuses what the log refuses. */
export async function logStale(
  client: LogClient,
  signer: Signer,
  seen: Seen,
  { claim, due, proof, explain }: ClaimStatus,
): Promise<number> {
  const { look, subject } = seen;
  const { origin, size, root } = look.view.opened.checkpoint;
  const about = commitmentOf(seen);
  const payload = encodeNotice({
    topic: 'stale',
    since: Math.min(due, look.now),
    checkpoint: { origin, size, root },
    reason: `${claim.id}: ${explain ?? 'no proof came in time'}`,
    verdict: 'STALE',
    claim: claim.id,
    due,
    ...(about !== undefined && { about: digest(parseHex(about.entry.id)) }),
    ...(proof !== undefined && {
      agent: digest(parseHex(proof.parsed.kid)),
      last: { seq: proof.parsed.proof.seq, id: digest(parseHex(proof.id)) },
    }),
  });
  const statement = await signFor(look, { kind: 'notice', subject, payload, signer });
  return (await client.logStatement(statement)).index;
}
