/** Who said it, and that the log answers for it: statement signature, enrolment, receipts. */
import { entryId } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { keyThumbprint } from '../cose/key.ts';
import { decodeReceipt, verifyReceipt } from '../cose/receipt.ts';
import { verifyStatement } from '../cose/statement.ts';
import { admit, assertSigned, signerKey, type Facts } from '../registration/admit.ts';
import { policyFor, type Rules } from '../registration/rules.ts';
import { type ParsedStatement } from '../statement/parse.ts';
import type { PublicKey } from '../sign/algorithm.ts';
import { ROLE_FOR, type Policy } from '../statement/policy.ts';
import { hashLeaf } from '../tree/hash.ts';
import type { Checklist } from './checklist.ts';
import { SPOKEN, type Evidence, type Place, type Trust } from './evidence.ts';

/** Statement signature, and what the policy says of its signer. */
export function examineSigner(list: Checklist, statement: ParsedStatement, rules: Rules | undefined): void {
  const key = statement.statement.confirmation;
  if (rules === undefined) {
    if (key === undefined)
      return list.skip('signature', 'the statement does not carry its key, and no policy is at hand');
    list.run('signature', () => {
      if (formatHex(keyThumbprint(key)) !== statement.kid)
        throw refuse('unknown-key', 'the statement carries another key than its kid says');
      verifyStatement(statement.statement, key);
      return [undefined, `${SPOKEN[key.algorithm]}, by the key it carries, ${statement.kid}`];
    });
    return;
  }
  list.run('signature', () => {
    assertSigned(rules, statement);
    const { algorithm } = signerKey(policyFor(rules, statement), statement);
    return [undefined, `${SPOKEN[algorithm]}, by key ${statement.kid}`];
  });
  list.run('enrolment', () => {
    const enrolled = policyFor(rules, statement).keys.get(statement.kid)?.enrolled;
    // The log judged the dates of the key when it admitted the statement; no time here is proven.
    admit(rules, statement, asClaimed(statement), enrolled?.notBefore ?? 0);
    const what = `a ${statement.kind} about this subject (role ${ROLE_FOR[statement.kind]})`;
    const who = enrolled === undefined ? 'the log is open: anyone' : `"${enrolled.name}"`;
    return [undefined, `${who} may write ${what}`];
  });
}

/** What the log looked up when it admitted a statement cannot be looked up here: taken as the statement has it. */
function asClaimed(statement: ParsedStatement): Facts {
  const { subject } = statement;
  const commitment = { kind: 'commitment', kid: '', subject } as const;
  const link =
    statement.kind === 'proof' && statement.proof.prev !== undefined
      ? { seq: statement.proof.seq - 1, id: entryId(formatHex(statement.proof.prev)) }
      : undefined;
  return { commitments: { get: () => commitment }, chains: { get: () => link } };
}

/** Receipts by keys we know: all that were handed over by themselves, and at least one of those carried. */
export function examineReceipts(
  list: Checklist,
  { entry, receipts, loose = [] }: Evidence,
  trust: Trust,
  policies: readonly (Policy | undefined)[],
  place: Place | undefined,
): Place | undefined {
  if (receipts.length + loose.length === 0) {
    list.skip('receipt', 'no receipt was given');
    return undefined;
  }
  const named = policies.flatMap((policy) => policy?.document.log.receiptKeys ?? []);
  const keys = [...trust.receiptKeys, ...named];
  if (keys.length === 0) {
    list.skip('receipt', 'the key of the receipt is not known; give the policy entry or --receipt-key');
    return undefined;
  }
  return list.run('receipt', () => {
    const apart = loose.map((bytes) => judgeReceipt(bytes, entry, keys, place));
    const [first] = receipts.length === 0 ? apart : [findReceipt(receipts, entry, keys, place)];
    if (first === undefined) throw new Error('there is a receipt');
    return first;
  });
}

/** The first of several that holds. */
function findReceipt(
  receipts: readonly Uint8Array[],
  entry: Uint8Array,
  keys: readonly PublicKey[],
  place: Place | undefined,
): readonly [Place, string] {
  let problem: Refusal | undefined;
  for (const bytes of receipts) {
    try {
      return judgeReceipt(bytes, entry, keys, place);
    } catch (error) {
      // A receipt of another log may be of a kind that we do not read.
      if (!(error instanceof Refusal) || error.code === 'inconsistent') throw error;
      if (problem === undefined || error.code !== 'unknown-signer') problem = error;
    }
  }
  throw problem ?? new Error('there is a receipt');
}

function judgeReceipt(
  bytes: Uint8Array,
  entry: Uint8Array,
  keys: readonly PublicKey[],
  place: Place | undefined,
): readonly [Place, string] {
  const shown = openReceipt(bytes, entry, keys);
  if (shown === undefined) throw refuse('unknown-signer', 'no receipt is signed with a key of this log');
  return [shown.place, agree(shown, place)];
}

/** A receipt whose proof leads to a root that a known key signed. */
interface ShownReceipt {
  readonly place: Place;
  readonly issuer: string;
  readonly key: PublicKey;
}

/** Verifies one receipt; undefined when its key is not ours to judge. */
function openReceipt(
  bytes: Uint8Array,
  entry: Uint8Array,
  keys: readonly PublicKey[],
): ShownReceipt | undefined {
  const receipt = decodeReceipt(bytes);
  const key = keys.find((each) => equalBytes(keyThumbprint(each), receipt.kid));
  if (key === undefined) return undefined;
  const verified = verifyReceipt(receipt, entry, key);
  const path = receipt.inclusion[0]?.path ?? [];
  return { place: { ...verified, leaf: hashLeaf(entry), path }, issuer: receipt.issuer, key };
}

/**
 * Holds the receipt against the checkpoint: `inconsistent` when the log signed two roots for one size,
 * `proof-failed` when the numbers differ that a receipt does not sign (index, and the size of one root).
 */
function agree({ place: { index, size, root }, issuer, key }: ShownReceipt, seen: Place | undefined): string {
  const same = seen !== undefined && equalBytes(seen.root, root);
  if (seen?.size === size && !same) {
    throw refuse('inconsistent', `the receipt and the checkpoint name two roots for ${size} entries`);
  }
  if (seen !== undefined && (seen.index !== index || (same && seen.size !== size))) {
    const what = `entry ${index} of ${size}, and the .tlog-proof entry ${seen.index} of ${seen.size}`;
    throw refuse('proof-failed', `the receipt says ${what}; its numbers were changed`);
  }
  const kid = formatHex(keyThumbprint(key)).slice(0, 16);
  return `${issuer} signed, with ${SPOKEN[key.algorithm]} key ${kid}…, a tree that holds the entry`;
}
