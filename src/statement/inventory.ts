/**
 * The hash of an inventory: one value for all entry ids of a subject in the order of the log (spec/statements.md §6).
 *
 *     h(0) = SHA-256("tallystick/inventory/v1\n" ‖ origin ‖ "\n" ‖ subject ‖ "\n")
 *     h(i) = SHA-256(0x01 ‖ h(i−1) ‖ id(i))              id: the 32 bytes of the i-th entry id
 *
 * An origin has no white space and a subject no control characters, so the first input reads in one way. It starts with
 * 0x74, so no h(0) is an h(i). A chain, and not one hash of all: a monitor keeps 32 bytes a subject, and a reader who
 * has the entries up to N follows the same chain to every earlier inventory.
 *
 *     let hash = startInventory(origin, subject);
 *     for (const { id } of entriesOfSubject) hash = addToInventory(hash, id);
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { digest, type Digest, type EntryId } from '../bytes/brand.ts';
import { concatBytes } from '../bytes/compare.ts';
import { encodeUtf8, parseHex } from '../bytes/text.ts';

const LABEL = 'tallystick/inventory/v1';

/** The hash of no entries. */
export function startInventory(origin: string, subject: string): Digest {
  return digest(sha256(encodeUtf8(`${LABEL}\n${origin}\n${subject}\n`)));
}

/** The hash with one entry more. */
export function addToInventory(hash: Digest, id: EntryId): Digest {
  return digest(sha256(concatBytes(Uint8Array.of(1), hash, parseHex(id))));
}

/** The hash of entries in the order of the log. */
export function inventoryHash(origin: string, subject: string, ids: Iterable<EntryId>): Digest {
  let hash = startInventory(origin, subject);
  for (const id of ids) hash = addToInventory(hash, id);
  return hash;
}
