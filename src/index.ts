/**
 * The library: everything needed to check what a transparency log says, in Node and in browsers. It reads
 * and verifies; it does no I/O, knows no clock and no randomness, and imports no `node:` module.
 *
 * `examine` makes every check that some evidence allows, as `tallystick verify` does, and says what came of each:
 *
 *     import { examine, parseVkey, policyOfLogs } from 'tallystick';
 *
 *     const policy = policyOfLogs([parseVkey('log.example.com/2026+…')]); // the log's verifier keys, from a place you trust
 *     const evidence = { entry, receipts: [receipt], proof: undefined, policy: undefined };
 *     const { verified, checks } = examine(evidence, { policy, everyAlgorithm: true, receiptKeys: [key] });
 *     for (const { name, outcome, detail } of checks) console.log(outcome, name, detail);
 *
 * Signatures are checked by @noble unless another `VerifySignature` is passed, such as a native one. What asks a log is in
 * `tallystick/client`; where claims stand, in `tallystick/appraisal`.
 */

// Refusals: what every function here throws for input that is not what it should be.
export { natureOf } from './bytes/nature.ts';
export { Refusal, type Nature, type RefusalCode } from './bytes/refusal.ts';

// Values with a checked form.
export {
  digest,
  entryId,
  isEntryId,
  leafIndex,
  treeSize,
  type Digest,
  type EntryId,
  type LeafIndex,
  type TreeSize,
} from './bytes/brand.ts';

// Strict text forms of bytes, on platforms that have none of their own too.
export { formatBase64, formatHex, parseBase64, parseHex } from './bytes/text.ts';

// Deterministic CBOR (RFC 8949 §4.2.1), as statements and receipts are written.
export { decodeCbor, encodeCbor, type CborMap, type CborValue } from './bytes/cbor.ts';

// Keys and signatures.
export {
  assertStrongKey,
  verifyWithNoble,
  type Algorithm,
  type PublicKey,
  type VerifySignature,
} from './sign/algorithm.ts';
export type { Signer } from './sign/signer.ts';

// The Merkle tree (RFC 9162 §2.1) and its tiles (C2SP tlog-tiles).
export { EMPTY_ROOT, hashLeaf, hashNode } from './tree/hash.ts';
export { rootFromInclusion, verifyConsistency, verifyInclusion, verifySubtree } from './tree/verify.ts';
export { decodeBundle } from './tree/bundle.ts';
export { bundlePath, parseTilePath, tilePath, TILE_WIDTH, type TilePath } from './tree/tile.ts';

// Signed notes, checkpoints, cosignatures and their trust (C2SP signed-note, tlog-checkpoint, tlog-cosignature,
// tlog-proof, tlog-policy).
export { openNote, type OpenedNote } from './note/note.ts';
export { formatVkey, parseVkey, type NoteVerifier } from './note/key.ts';
export {
  openCheckpoint,
  parseCheckpoint,
  type Checkpoint,
  type CheckpointKeys,
  type OpenedCheckpoint,
} from './note/checkpoint.ts';
export { parseTlogProof, verifyTlogProof, type TlogProof } from './note/tlogproof.ts';
export { openTrusted, parseTrustPolicy, policyOfLogs, quorumMet, type TrustPolicy } from './note/trust.ts';

// Statements, receipts and transparent statements (RFC 9052, RFC 9942, RFC 9943).
export { decodeCoseKey, decodeKeySet, encodeCoseKey, keyThumbprint } from './cose/key.ts';
export {
  decodeStatement,
  entryBytes,
  signStatement,
  verifyStatement,
  type SignedStatement,
} from './cose/statement.ts';
export {
  decodeReceipt,
  verifyConsistencyReceipt,
  verifyReceipt,
  type Receipt,
  type ReceiptSigner,
} from './cose/receipt.ts';
export { attachReceipts, detachReceipts } from './cose/transparent.ts';

// Evidence that an entry is in a log: all of it, check by check.
export { examine, type Examination } from './client/examine.ts';
export type { Evidence as EntryEvidence, PolicyEvidence, Trust } from './client/evidence.ts';
export type { Check } from './bytes/checklist.ts';

// What statements of this log mean.
export { admit, assertSigned, needs, signerKey } from './registration/admit.ts';
export { PolicyHistory } from './registration/history.ts';
export type { InForce, Rules } from './registration/rules.ts';
export { parseStatement, type ParsedStatement } from './statement/parse.ts';
export { CONTENT_TYPES, kindOf, type StatementKind } from './statement/kinds.ts';
export { parsePayload, type Payload } from './statement/payload.ts';
export type { Policy, PolicyDocument, Role } from './statement/policy.ts';

// Incidents: what watchers saw a log do, and what of it is proven (spec/incidents.md).
export {
  formatIncident,
  makeIncident,
  type Evidence,
  type Incident,
  type IncidentKind,
  type LoggedEvidence,
} from './incident/incident.ts';
export { parseIncident } from './incident/parse.ts';
export { verifyIncident, type IncidentVerdict } from './incident/verify.ts';
