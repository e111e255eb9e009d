/** A directory in the layout of tlog-tiles, as a mirror makes it, as an audit source (log/audit.ts). */
import { refuse } from '../bytes/refusal.ts';
import { auditSource, type AuditSource } from '../log/audit.ts';
import { openTrusted, type TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { CHECKPOINT, readerOf } from './folder.ts';
import { LocalTiles } from './local.ts';

/**
 * Its checkpoint must be signed as the trust policy asks; the policy is requested only if there is a checkpoint.
 * Refuses `no-such-log` if there is none, and what `openTrusted` refuses.
 */
export async function folderToAudit(
  folder: string,
  policy: () => Promise<TrustPolicy>,
  { verify, hasher }: { readonly verify: VerifySignature; readonly hasher: BatchHasher },
): Promise<AuditSource> {
  const read = readerOf(folder);
  const note = await read(CHECKPOINT);
  if (note === undefined)
    throw refuse(
      'no-such-log',
      `there is neither a log nor a checkpoint in ${folder}: name a data directory, a mirror's directory or a URL`,
    );
  const { checkpoint } = openTrusted(note, await policy(), verify);
  return auditSource(checkpoint, new LocalTiles(read, () => checkpoint.size, hasher));
}
