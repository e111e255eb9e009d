/**
 * The twin of an entry: the same statement with the other spelling of its ECDSA signature (sign/malleable.ts).
 * Anybody can write it, and it verifies. So an entry and its twin are one entry, and whoever looks an id up looks
 * both up: else a stranger logs an old statement again and puts what it says back in force (spec/trust.md).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { entryId, type EntryId } from '../bytes/brand.ts';
import { formatHex } from '../bytes/text.ts';
import { twinSignature } from '../sign/malleable.ts';
import { algorithmOf } from './algorithm.ts';
import { encodeSign1, NO_HEADERS } from './sign1.ts';
import type { SignedStatement } from './statement.ts';

/** The other spelling of an entry, and its id. */
export interface Twin {
  readonly id: EntryId;
  readonly entry: Uint8Array;
}

/** The twin of a statement's entry; undefined for an algorithm whose signatures have one spelling. */
export function twinOf({ alg, sign1 }: Pick<SignedStatement, 'alg' | 'sign1'>): Twin | undefined {
  const algorithm = algorithmOf(alg);
  const signature = algorithm && twinSignature(algorithm, sign1.signature);
  if (signature === undefined) return undefined;
  const entry = encodeSign1({ ...sign1, signature, unprotected: NO_HEADERS });
  return { id: entryId(formatHex(sha256(entry))), entry };
}
