/** Stores the proof of a commitment: first the owner's secret file that opens the declaration, then the evidence. */
import { join } from 'node:path';
import type { Evidence } from '../client/evidence.ts';
import { ProofFolder } from '../client/node/proof-folder.ts';
import { saveEvidence } from '../client/proof-store.ts';
import type { OwnedFile } from '../declare/node/owned.ts';
import { replaceFile } from '../platform/files.ts';

/** Writes a proof directory (declare/node/proofs.ts) over an older one; resolves with the names of its files. */
export async function saveProofs(
  folder: string,
  evidence: Evidence,
  owned: OwnedFile | undefined,
): Promise<readonly string[]> {
  if (owned !== undefined) await replaceFile(join(folder, owned.name), owned.text, 0o600);
  const written = await saveEvidence(new ProofFolder(folder), evidence);
  return owned === undefined ? written : [owned.name, ...written];
}
