/**
 * A proof directory: everything about one logged statement that a verifier needs who has nothing but the
 * log's verifier key. Each file is put there whole or not at all.
 *
 *     statement.cose      the statement with its receipt attached (RFC 9943 §7)
 *     receipt.cbor        the receipt alone (RFC 9942)
 *     entry.tlog-proof    the entry's place under a signed checkpoint (C2SP tlog-proof)
 *     policy.cose         the registration policy entry in force
 *     policy.tlog-proof   that entry's place
 *     keys.cose           a later policy entry, when only that one names the receipt's key
 *     keys.tlog-proof     that entry's place
 *     opening.json        salts and leaves of declared files: for their owner alone, mode 0600
 *     leaves.json         the same of a declaration that was read from a source
 *     disclosure.json     some of its leaves, shown to whoever gets this directory
 *     earlier/<entry id>/ the same of each commitment that was replaced (earlier.ts)
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { attachReceipts } from '../../cose/transparent.ts';
import { DISCLOSURE_FILE, LEAVES_FILE } from '../leafopening.ts';
import type { OwnedFile } from './owned.ts';
import { OPENING_FILE } from '../opening.ts';
import { replaceFile } from '../../platform/files.ts';

export const PROOF_FILES = {
  statement: 'statement.cose',
  receipt: 'receipt.cbor',
  proof: 'entry.tlog-proof',
  policy: 'policy.cose',
  policyProof: 'policy.tlog-proof',
  keys: 'keys.cose',
  keysProof: 'keys.tlog-proof',
  opening: OPENING_FILE,
  leaves: LEAVES_FILE,
  disclosure: DISCLOSURE_FILE,
} as const;

/** Folder of all proof directories, in the working directory, where none is configured. */
export const PROOFS_FOLDER = 'tallystick-proofs';

/** Longest name made from a subject. */
const MAX_SLUG = 80;

/** A directory name for a subject: itself when it can be one, else a readable part and eight digits of its hash. */
export function slugOf(subject: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(subject) && subject.length <= MAX_SLUG) return subject;
  const words = subject
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, MAX_SLUG);
  const hash = createHash('sha256').update(subject).digest('hex').slice(0, 8);
  return words === '' ? hash : `${words}-${hash}`;
}

/** What shows a statement to be logged (client/evidence.ts). */
export interface ProofOfEntry {
  readonly entry: Uint8Array;
  readonly receipts: readonly Uint8Array[];
  readonly proof?: Uint8Array | undefined;
  readonly policy?: ProvenPolicy | undefined;
  readonly keys?: ProvenPolicy | undefined;
}

interface ProvenPolicy {
  readonly entry: Uint8Array;
  readonly proof?: Uint8Array | undefined;
}

/** Writes a proof directory over an older one; returns the files' names. */
export async function saveProofs(
  folder: string,
  { entry, receipts, proof, policy, keys }: ProofOfEntry,
  owned: OwnedFile | undefined,
): Promise<readonly string[]> {
  const [receipt] = receipts;
  const files: readonly (readonly [name: string, bytes: Uint8Array | string | undefined, mode?: number])[] = [
    [owned?.name ?? '', owned?.text, 0o600],
    [PROOF_FILES.policy, policy?.entry],
    [PROOF_FILES.policyProof, policy?.proof],
    [PROOF_FILES.keys, keys?.entry],
    [PROOF_FILES.keysProof, keys?.proof],
    [PROOF_FILES.receipt, receipt],
    [PROOF_FILES.proof, proof],
    // Last: a directory with a statement is complete.
    [PROOF_FILES.statement, receipts.length === 0 ? entry : attachReceipts(entry, receipts)],
  ];
  const written: string[] = [];
  for (const [name, bytes, mode] of files) {
    if (bytes === undefined) continue;
    await replaceFile(join(folder, name), bytes, mode);
    written.push(name);
  }
  return written;
}
