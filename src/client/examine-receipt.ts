/** Examines an entry's receipts (RFC 9942): signed by a known key, of a known log. */
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { keyThumbprint } from '../cose/key.ts';
import { decodeReceipt, verifyReceipt, type Receipt } from '../cose/receipt.ts';
import type { PublicKey, VerifySignature } from '../sign/algorithm.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import { hashLeaf } from '../tree/hash.ts';
import type { Checklist } from '../bytes/checklist.ts';
import { SPOKEN, type Evidence, type Examiner, type Place, type Trust } from './evidence.ts';

/** Examines receipts by known keys. All separate receipts must hold, and at least one of those in the statement. */
export function examineReceipts(
  list: Checklist,
  { entry, receipts, loose = [] }: Evidence,
  trust: Examiner,
  policies: readonly (Policy | undefined)[],
  place: Place | undefined,
  about: Named,
): Place | undefined {
  if (receipts.length + loose.length === 0) {
    list.skip('receipt', 'no receipt was given');
    return undefined;
  }
  const named = policies.flatMap((policy) => policy?.document.log.receiptKeys ?? []);
  const keys = [...trust.receiptKeys, ...named];
  if (keys.length === 0) {
    list.skip('receipt', 'the key of the receipt is not known; give the policy entry or the receipt key');
    return undefined;
  }
  const known = { keys, verify: trust.verify, logOf: (receipt: Receipt) => logOf(receipt, about, trust) };
  return list.run('receipt', () => {
    const apart = loose.map((bytes) => judgeReceipt(bytes, entry, known, place));
    const [first] = receipts.length === 0 ? apart : [findReceipt(receipts, entry, known, place)];
    if (first === undefined) throw new Error('there is a receipt');
    return first;
  });
}

/** The log's name from the rest of the evidence, and the logs that the statement names as its audience. */
export interface Named {
  readonly log: string | undefined;
  readonly audience: readonly string[] | undefined;
}

/** The keys that may sign receipts, and the log that a receipt must come from. */
interface Known {
  readonly keys: readonly PublicKey[];
  readonly logOf: (receipt: Receipt) => string;
  readonly verify: VerifySignature | undefined;
}

/**
 * The log that a receipt must come from: the one that checkpoint and policy name; without them, a trusted log, or the
 * statement's audience. If nothing but a receipt key is known, the receipt's own statement is used, since the examiner
 * trusts that key for every log.
 */
function logOf({ subject }: Receipt, { log, audience }: Named, trust: Trust): string {
  if (log !== undefined) return log;
  const trusted = trust.policy.logs.map(({ verifier: { name } }) => name);
  const allowed = trusted.length > 0 ? trusted : (audience ?? [subject]);
  return allowed.includes(subject) ? subject : allowed.join(' or ');
}

/** Checks that the statement is meant for the log that contains it, if it names an audience. */
export function examineAudience(
  list: Checklist,
  { audience }: ParsedStatement,
  place: Place | undefined,
): void {
  if (audience === undefined || place === undefined) return;
  list.run('audience', () => {
    if (!audience.includes(place.log))
      throw refuse(
        'wrong-audience',
        `the statement is for ${audience.join(', ')}, and this log is ${place.log}; it should not be in it`,
      );
    return [undefined, `for the log ${place.log}`];
  });
}

/** The first of several receipts that holds. */
function findReceipt(
  receipts: readonly Uint8Array[],
  entry: Uint8Array,
  known: Known,
  place: Place | undefined,
): readonly [Place, string] {
  let problem: Refusal | undefined;
  for (const bytes of receipts) {
    try {
      return judgeReceipt(bytes, entry, known, place);
    } catch (error) {
      // A receipt of another log may be of a kind that this program does not read.
      if (!(error instanceof Refusal)) throw error;
      if (problem === undefined || error.code !== 'unknown-signer') problem = error;
    }
  }
  throw problem ?? new Error('there is a receipt');
}

function judgeReceipt(
  bytes: Uint8Array,
  entry: Uint8Array,
  known: Known,
  place: Place | undefined,
): readonly [Place, string] {
  const shown = openReceipt(bytes, entry, known);
  if (shown === undefined) throw refuse('unknown-signer', 'no receipt is signed with a key of this log');
  return [shown.place, agree(shown, place)];
}

/** A receipt whose proof leads to a root that a known key signed. */
interface ShownReceipt {
  readonly place: Place;
  readonly issuer: string;
  readonly key: PublicKey;
}

/** Verifies one receipt; undefined if no known key signed it. */
function openReceipt(
  bytes: Uint8Array,
  entry: Uint8Array,
  { keys, logOf: nameOf, verify }: Known,
): ShownReceipt | undefined {
  const receipt = decodeReceipt(bytes);
  const key = keys.find((each) => equalBytes(keyThumbprint(each), receipt.kid));
  if (key === undefined) return undefined;
  const log = nameOf(receipt);
  const verified = verifyReceipt(receipt, entry, { log, key }, verify);
  const path = receipt.inclusion[0]?.path ?? [];
  return { place: { log, ...verified, leaf: hashLeaf(entry), path }, issuer: receipt.issuer, key };
}

/**
 * Compares the receipt with the checkpoint. A receipt signs a root, but neither index nor size, so its path also fits
 * trees of other sizes. If receipt and checkpoint state one size and have two roots, either somebody changed a number
 * or the log signed two histories; the evidence does not show which. Refuses `proof-failed`.
 */
function agree({ place: { index, size, root }, issuer, key }: ShownReceipt, seen: Place | undefined): string {
  const same = seen !== undefined && equalBytes(seen.root, root);
  if (seen?.size === size && !same) {
    const next =
      'its size was changed, or the log signed two histories: compare two checkpoints of it to know';
    throw refuse(
      'proof-failed',
      `the receipt and the checkpoint name two roots for ${size} entries; ${next}`,
    );
  }
  if (seen !== undefined && (seen.index !== index || (same && seen.size !== size))) {
    const what = `entry ${index} of ${size}, and the .tlog-proof entry ${seen.index} of ${seen.size}`;
    throw refuse('proof-failed', `the receipt says ${what}; its numbers were changed`);
  }
  const kid = formatHex(keyThumbprint(key)).slice(0, 16);
  return `${issuer} signed, with ${SPOKEN[key.algorithm]} key ${kid}…, a tree that holds the entry`;
}
