/** Verifies the receipts in a log's answers with the keys that its registration policy names. */
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { keyThumbprint } from '../cose/key.ts';
import { decodeReceipt, verifyReceipt, type ReceiptSigner } from '../cose/receipt.ts';
import { decodeSign1, encodeSign1 } from '../cose/sign1.ts';
import { attachReceipts, TRANSPARENT_LIMITS } from '../cose/transparent.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { Policy } from '../statement/policy.ts';
import { submitBatch, type BatchResult } from './batch.ts';
import type { Trust } from './evidence.ts';
import { submitStatement, type Registration } from './scrapi.ts';
import type { Transport } from './transport.ts';

/** A statement that the log has, by its receipt. */
export interface Acknowledged extends Registration {
  readonly index: number;
}

/** The result for one statement of several. A receipt that does not verify counts as a failure. */
export type Submission = { readonly statement: Uint8Array } & (
  | { readonly kind: 'logged'; readonly acknowledged: Acknowledged }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
);

/** The keys that may sign receipts of a log: those that are trusted explicitly, and those that its policy names. */
export function receiptSigners(
  { receiptKeys }: Trust,
  origin: string,
  policy: Policy | undefined,
): readonly ReceiptSigner[] {
  const keys = [...receiptKeys, ...(policy?.document.log.receiptKeys ?? [])];
  return keys.map((key) => ({ log: origin, key }));
}

/**
 * Verifies the receipt of a registration. Refuses `unknown-signer` for a receipt by another key, and what
 * `verifyReceipt` refuses.
 */
export function acknowledge(
  registration: Registration,
  signers: readonly ReceiptSigner[],
  verify?: VerifySignature,
): Acknowledged {
  const { entry, receipt: bytes } = registration;
  const receipt = decodeReceipt(bytes);
  const signer = signers.find(({ key }) => equalBytes(keyThumbprint(key), receipt.kid));
  if (signer === undefined)
    throw refuse('unknown-signer', 'the receipt is signed with a key that the policy does not name');
  const { index } = verifyReceipt(receipt, entry, signer, verify);
  return { ...registration, index };
}

/**
 * Submits statements together. A single statement is submitted as every SCITT log accepts it. Refuses as `submitBatch`
 * does.
 */
export async function postAll(
  transport: Transport,
  log: string,
  statements: readonly Uint8Array[],
): Promise<readonly BatchResult[]> {
  const [only] = statements;
  if (only === undefined || statements.length > 1) return submitBatch(transport, log, statements);
  try {
    return [{ kind: 'logged', registration: await submitStatement(transport, log, only) }];
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === 'unavailable') throw error;
    return [{ kind: 'refused', refusal: error }];
  }
}

/** The result for each statement; `answers` are the log's, in the same order. */
export function acknowledgeAll(
  statements: readonly Uint8Array[],
  answers: readonly BatchResult[],
  signers: readonly ReceiptSigner[],
  verify?: VerifySignature,
): readonly Submission[] {
  return answers.map((answer, i) => {
    const statement = statements[i] ?? new Uint8Array();
    if (answer.kind === 'refused') return { ...answer, statement };
    try {
      const acknowledged = acknowledge(answer.registration, signers, verify);
      return { kind: 'logged', acknowledged, statement };
    } catch (error) {
      if (error instanceof Refusal) return { kind: 'refused', refusal: error, statement };
      throw error;
    }
  });
}

/**
 * A submitted statement with its receipt added (RFC 9943 §6, a transparent statement). Other header values stay. The
 * statement gets the spelling that was logged, since the receipt covers that one.
 */
export function transparentStatement(statement: Uint8Array, { entry, receipt }: Registration): Uint8Array {
  const { signature } = decodeSign1(entry);
  const spelled = encodeSign1({ ...decodeSign1(statement, TRANSPARENT_LIMITS), signature });
  return attachReceipts(spelled, [receipt]);
}
