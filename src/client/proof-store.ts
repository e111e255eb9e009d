/**
 * Evidence as files: what shows that one statement is logged, stored for somebody who checks it offline (examine.ts).
 * The store is a port; it may be a directory (node/proof-folder.ts), memory, or storage of a browser.
 */
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { HEADER } from '../cose/labels.ts';
import { decodeSign1 } from '../cose/sign1.ts';
import { entryBytes } from '../cose/statement.ts';
import { attachReceipts, detachReceipts, TRANSPARENT_LIMITS } from '../cose/transparent.ts';
import type { Evidence } from './evidence.ts';

/** Names of the files. declare/node/proofs.ts describes the content of each. */
export const EVIDENCE_FILES = {
  statement: 'statement.cose',
  receipt: 'receipt.cbor',
  proof: 'entry.tlog-proof',
  policy: 'policy.cose',
  policyProof: 'policy.tlog-proof',
  keys: 'keys.cose',
  keysProof: 'keys.tlog-proof',
} as const;

/** A store for the evidence of one statement: small files by name. Each is complete or absent. */
export interface ProofStore {
  /** Undefined where there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Writes a file, or replaces it. Refuses `store-failed`. */
  write(name: string, bytes: Uint8Array): Promise<void>;
}

/** A store in memory. `files`: what it holds, by name. */
export class ProofsInMemory implements ProofStore {
  readonly files = new Map<string, Uint8Array>();

  async read(name: string): Promise<Uint8Array | undefined> {
    return this.files.get(name);
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    this.files.set(name, bytes);
  }
}

/**
 * Writes evidence, replacing what is there; resolves with the names of the files. The statement is written last, so
 * that the evidence is complete if it is present.
 */
export async function saveEvidence(
  store: ProofStore,
  { entry, receipts, proof, policy, keys }: Evidence,
): Promise<readonly string[]> {
  const files: readonly (readonly [name: string, bytes: Uint8Array | undefined])[] = [
    [EVIDENCE_FILES.policy, policy?.entry],
    [EVIDENCE_FILES.policyProof, policy?.proof],
    [EVIDENCE_FILES.keys, keys?.entry],
    [EVIDENCE_FILES.keysProof, keys?.proof],
    [EVIDENCE_FILES.receipt, receipts[0]],
    [EVIDENCE_FILES.proof, proof],
    [EVIDENCE_FILES.statement, receipts.length === 0 ? entry : attachReceipts(entry, receipts)],
  ];
  const written: string[] = [];
  for (const [name, bytes] of files) {
    if (bytes === undefined) continue;
    await store.write(name, bytes);
    written.push(name);
  }
  return written;
}

/** Reads evidence as `saveEvidence` leaves it. Refuses `not-found` without a statement, and as `decodeSign1` does. */
export async function loadEvidence(store: ProofStore): Promise<Evidence> {
  const statement = await store.read(EVIDENCE_FILES.statement);
  if (statement === undefined) throw refuse('not-found', `there is no ${EVIDENCE_FILES.statement}`);
  const { entry, receipts } = takeApart(statement);
  const alone = await store.read(EVIDENCE_FILES.receipt);
  return {
    entry,
    receipts,
    // Usually it is the receipt that the statement carries, too.
    loose: alone === undefined || receipts.some((each) => equalBytes(each, alone)) ? [] : [alone],
    proof: await store.read(EVIDENCE_FILES.proof),
    policy: await provenPolicy(store, EVIDENCE_FILES.policy, EVIDENCE_FILES.policyProof),
    keys: await provenPolicy(store, EVIDENCE_FILES.keys, EVIDENCE_FILES.keysProof),
  };
}

async function provenPolicy(store: ProofStore, name: string, proofName: string): Promise<Evidence['policy']> {
  const [entry, proof] = [await store.read(name), await store.read(proofName)];
  return entry && proof && { entry, proof };
}

/**
 * Splits a statement into the entry as it was logged, and the receipts that it carries. Refuses as `decodeSign1` does.
 */
export function takeApart(statement: Uint8Array): Pick<Evidence, 'entry' | 'receipts'> {
  const sign1 = decodeSign1(statement, TRANSPARENT_LIMITS);
  if (!sign1.unprotected.has(HEADER.receipts)) return { entry: entryBytes(sign1), receipts: [] };
  const { statement: entry, receipts } = detachReceipts(statement);
  return { entry, receipts };
}
