/** The `string` of the SSH protocols (RFC 4251 §5): a uint32 length and the bytes. Keys, agents and transcripts have it. */
import { concatBytes } from './compare.ts';
import { bigEndian, type Cursor } from './cursor.ts';

/** Encodes a `string`. */
export function sshString(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes(bigEndian(bytes.length, 4), bytes);
}

/** Reads a `string` (a view). Refuses as the cursor does. */
export function readSshString(cursor: Cursor): Uint8Array {
  return cursor.take(cursor.u32());
}
