/**
 * Files of evidence by what they hold, not by their names: a statement, a receipt, a `.tlog-proof`. Evidence may be put together
 * of files of one proof, in any order, or be a proof directory (client/proof-store.ts).
 */
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import type { Evidence } from '../client/evidence.ts';
import { takeApart } from '../client/proof-store.ts';
import { decodeReceipt } from '../cose/receipt.ts';
import { decodeSign1 } from '../cose/sign1.ts';
import { TRANSPARENT_LIMITS } from '../cose/transparent.ts';
import { TLOG_PROOF_VERSION } from '../note/tlogproof.ts';

/** One file of evidence. */
export type Part =
  | { readonly kind: 'statement'; readonly entry: Uint8Array; readonly receipts: readonly Uint8Array[] }
  | { readonly kind: 'receipt'; readonly bytes: Uint8Array }
  | { readonly kind: 'proof'; readonly bytes: Uint8Array };

/** What a file is. Refuses `usage` for one that is no evidence, and as `decodeSign1` and `decodeReceipt` do. */
export function partOf(bytes: Uint8Array, name: string): Part {
  if (new TextDecoder().decode(bytes.subarray(0, TLOG_PROOF_VERSION.length)) === TLOG_PROOF_VERSION)
    return { kind: 'proof', bytes };
  // 0xd2: CBOR tag 18, which every COSE_Sign1 begins with (RFC 9052 §2).
  if (bytes[0] !== 0xd2)
    throw refuse(
      'usage',
      `${name} is neither a statement, a receipt nor a .tlog-proof, and no proof of it was found; if it was committed as a source, as ` +
        'by `commit nginx FILE`, name the folder of its proof: tallystick-proofs/SUBJECT',
    );
  const { payload } = decodeSign1(bytes, TRANSPARENT_LIMITS);
  if (payload !== null) return { kind: 'statement', ...takeApart(bytes) };
  decodeReceipt(bytes);
  return { kind: 'receipt', bytes };
}

/**
 * The evidence that files of one proof make; those of the directory in which they lie, if they lie in one, fill what they lack.
 * Refuses `usage` without a statement, and for two files of one kind.
 */
export function evidenceOf(parts: readonly Part[], name: string, beside?: Evidence): Evidence {
  assertOne(parts, name);
  const statement = parts.find((part) => part.kind === 'statement') ?? beside;
  if (statement === undefined)
    throw refuse('usage', `there is no statement in ${name}, nor beside it; name the statement file too`);
  const { entry, receipts } = statement;
  const loose = parts.filter((part) => part.kind === 'receipt').map(({ bytes }) => bytes);
  const own = beside !== undefined && equalBytes(beside.entry, entry) ? beside : undefined;
  return {
    entry,
    receipts,
    loose: loose.length > 0 ? loose : (own?.loose ?? []),
    proof: parts.find((part) => part.kind === 'proof')?.bytes ?? own?.proof,
    policy: beside?.policy,
    keys: beside?.keys,
  };
}

/** Only one of two files would be checked, and the other would seem to be verified. */
function assertOne(parts: readonly Part[], name: string): void {
  for (const kind of ['statement', 'proof'] as const) {
    if (parts.filter((part) => part.kind === kind).length < 2) continue;
    const what = kind === 'statement' ? 'statements' : '.tlog-proof files';
    throw refuse('usage', `there are several ${what} in ${name}; verify the files of one proof at a time`);
  }
}
