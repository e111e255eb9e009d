/**
 * The twin of an entry: the same statement with the other spelling of its ECDSA signature (sign/malleable.ts). Anybody
 * can compute it, and it verifies. Therefore an entry and its twin count as one entry, and whoever looks up an id looks
 * up both. Otherwise a stranger could log an old statement again, and so put it back in force (spec/trust.md).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { entryId, type EntryId } from '../bytes/brand.ts';
import { formatHex } from '../bytes/text.ts';
import { twinSignature } from '../sign/malleable.ts';
import { algorithmOf } from './algorithm.ts';
import { HEADER } from './labels.ts';
import { encodeSign1, NO_HEADERS, type Sign1 } from './sign1.ts';

/** An entry as logged, and its id: lower-case hex SHA-256 of it. */
export interface Spelling {
  readonly id: EntryId;
  readonly entry: Uint8Array;
}

/** The twin of a statement's entry; undefined for an algorithm whose signatures have one spelling. */
export function twinOf(statement: Sign1): Spelling | undefined {
  const alg = statement.headers.get(HEADER.alg);
  const algorithm = typeof alg === 'number' ? algorithmOf(alg) : undefined;
  const signature = algorithm && twinSignature(algorithm, statement.signature);
  if (signature === undefined) return undefined;
  return spelled(encodeSign1({ ...statement, signature, unprotected: NO_HEADERS }));
}

/** An entry with its id. */
export function spelled(entry: Uint8Array): Spelling {
  return { id: entryId(formatHex(sha256(entry))), entry };
}
