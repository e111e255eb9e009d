/**
 * Keys of signed notes (C2SP signed-note §Verifier keys, tlog-cosignature §Format):
 *
 *     vkey  = name "+" hex8(key id) "+" base64(type ‖ public key)
 *     key id = SHA-256(name ‖ 0x0A ‖ type ‖ public key)[0..4], big-endian
 *
 * Types: 01 Ed25519 over the note text, 04 timestamped Ed25519 cosignature, 06 timestamped ML-DSA-44
 * (sub)tree cosignature. The same key under two types has two ids.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes } from '../bytes/compare.ts';
import { Cursor } from '../bytes/cursor.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { encodeUtf8, formatBase64, parseBase64 } from '../bytes/text.ts';
import { assertStrongKey, PUBLIC_KEY_LENGTH, type Algorithm, type PublicKey } from '../sign/algorithm.ts';
import type { Signer } from '../sign/signer.ts';
import { hasControl } from './fields.ts';

/** Signature types this program signs and verifies. */
export type NoteType = 1 | 4 | 6;

/** A key that signature lines are checked against: `name` and `id` find it, `key` decides. */
export interface NoteVerifier {
  readonly name: string;
  /** uint32; printed as 8 hex digits. */
  readonly id: number;
  readonly type: NoteType;
  readonly key: PublicKey;
}

/** A named key that signs notes. */
export interface NoteSigner {
  readonly name: string;
  readonly type: NoteType;
  readonly signer: Signer;
}

/** Longest name of a type 06 key in bytes: its message counts it in one byte (C2SP tlog-cosignature). */
const MAX_COSIGNER_NAME = 255;

const ALGORITHM = { 1: 'ed25519', 4: 'ed25519', 6: 'ml-dsa-44' } as const satisfies Record<
  NoteType,
  Algorithm
>;

/** Whether a name can stand in a signature line: not empty, no white space, no `+`, no control byte. */
export function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !/[+\p{White_Space}]/u.test(name) && !hasControl(name);
}

/** Key id of a name, type and encoded public key: uint32. */
export function keyId(name: string, type: NoteType, key: Uint8Array): number {
  return checksum(name, concatBytes(Uint8Array.of(type), key));
}

function checksum(name: string, typed: Uint8Array): number {
  const hash = sha256(concatBytes(encodeUtf8(name), Uint8Array.of(0x0a), typed));
  return new Cursor(hash, 'malformed-key').u32();
}

/** Refuses `malformed-key` for a name that no line, or no message of the type, can carry. */
function assertName(name: string, type: NoteType): void {
  if (!isKeyName(name)) {
    throw refuse('malformed-key', 'a key name is not empty and has no white space, "+" or control byte');
  }
  if (type === 6 && encodeUtf8(name).length > MAX_COSIGNER_NAME) {
    throw refuse('malformed-key', `the name of a type 06 key has at most ${MAX_COSIGNER_NAME} bytes`);
  }
}

/**
 * A verifier of a name, type and public key. Refuses `malformed-key` for a name no line can carry and for a
 * key of another algorithm than the type's, `weak-key` for a key on which verifiers may disagree.
 */
export function noteVerifier(name: string, type: NoteType, key: PublicKey): NoteVerifier {
  assertName(name, type);
  const algorithm = ALGORITHM[type];
  const length = PUBLIC_KEY_LENGTH[algorithm];
  if (key.algorithm !== algorithm || key.bytes.length !== length) {
    throw refuse('malformed-key', `a key of type 0${type} is ${length} bytes of ${algorithm}`);
  }
  assertStrongKey(key);
  return { name, id: keyId(name, type, key.bytes), type, key };
}

/** The verifier of what a signer signs. Refuses as `noteVerifier` does. */
export function verifierOf({ name, type, signer }: NoteSigner): NoteVerifier {
  return noteVerifier(name, type, signer.publicKey);
}

/** Key id of a signer's lines. A key of another algorithm than the type's is a bug of the caller: RangeError. */
export function signerId({ name, type, signer }: NoteSigner): number {
  if (signer.publicKey.algorithm !== ALGORITHM[type]) {
    throw new RangeError(`a ${signer.publicKey.algorithm} key cannot sign as type 0${type}`);
  }
  return keyId(name, type, signer.publicKey.bytes);
}

/** Eight lower-case hex digits. */
export function formatKeyId(id: number): string {
  return id.toString(16).padStart(8, '0');
}

/** vkey text of a key. Refuses `malformed-key` for a name no line can carry. */
export function formatVkey(name: string, type: NoteType, key: PublicKey): string {
  assertName(name, type);
  const id = formatKeyId(keyId(name, type, key.bytes));
  return `${name}+${id}+${formatBase64(concatBytes(Uint8Array.of(type), key.bytes))}`;
}

/** vkey text of a verifier. */
export function vkeyOf({ name, type, key }: Pick<NoteVerifier, 'name' | 'type' | 'key'>): string {
  return formatVkey(name, type, key);
}

/**
 * Reads a vkey of type 01, 04 or 06. Refuses `malformed-key` (also when the id is not the key's),
 * `unsupported-algorithm` for another type, `weak-key`.
 */
export function parseVkey(text: string): NoteVerifier {
  const parts = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/su.exec(text);
  const [, name, id, encoded] = parts ?? [];
  if (name === undefined || id === undefined || encoded === undefined) {
    throw refuse(
      'malformed-key',
      'a verifier key is <name>+<8 lower-case hex digits>+<base64>, in one piece, as key generation printed it',
    );
  }
  const bytes = writtenAs(name, id, encoded);
  const type = bytes[0];
  if (type !== 1 && type !== 4 && type !== 6) {
    throw refuse('unsupported-algorithm', 'this program verifies keys of type 01, 04 and 06 only');
  }
  return noteVerifier(name, type, { algorithm: ALGORITHM[type], bytes: bytes.subarray(1) });
}

/** Type and public key of a vkey. The id is a checksum over name, type and key: refuses `malformed-key` where it does not fit. */
function writtenAs(name: string, id: string, encoded: string): Uint8Array {
  assertName(name, 1);
  const mistyped = `the verifier key of ${printable(name, 100)} is mistyped, or was cut: `;
  const again = '; copy it again, whole';
  let bytes: Uint8Array;
  try {
    bytes = parseBase64(encoded);
  } catch (cause) {
    throw refuse('malformed-key', `${mistyped}what stands after the second "+" is not base64${again}`, {
      cause,
    });
  }
  const fitting = formatKeyId(checksum(name, bytes));
  if (fitting === id) return bytes;
  throw refuse(
    'malformed-key',
    `${mistyped}its checksum ${id} does not fit name and key, which have ${fitting}${again}`,
  );
}

/**
 * The cosigner (type 04) of an Ed25519 key published as type 01, as some witnesses do; a type 04 or 06 key
 * is returned as it is. The same key signs other bytes under another id: convert only a key known to cosign.
 */
export function asCosigner(verifier: NoteVerifier): NoteVerifier {
  return verifier.type === 1 ? noteVerifier(verifier.name, 4, verifier.key) : verifier;
}

/** Whether two verifiers wrap the same public key, whatever their names and types. */
export function sameKey(a: NoteVerifier, b: NoteVerifier): boolean {
  return a.key.algorithm === b.key.algorithm && equalBytes(a.key.bytes, b.key.bytes);
}

/** Whether two verifiers check the same lines: same name, type and public key. */
export function sameVerifier(a: NoteVerifier, b: NoteVerifier): boolean {
  return a.name === b.name && a.type === b.type && sameKey(a, b);
}

/** Whether two lines or keys have the same name and key id, which is all that a signature line shows. */
export function sameHandle(a: Handle, b: Handle): boolean {
  return a.name === b.name && a.id === b.id;
}

type Handle = { readonly name: string; readonly id: number };
