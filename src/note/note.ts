/**
 * Signed notes (C2SP signed-note): text, a blank line, signature lines.
 *
 *     This is an example message.
 *
 *     — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
 *
 * The text ends in a newline and may hold blank lines: the last blank line separates it from the
 * signatures. A signature line is U+2014, space, key name, space, base64(4-byte key id ‖ blob). Valid UTF-8,
 * no control byte but newline. Use no text that `openNote` or `openCheckpoint` has not returned.
 */
import { concatBytes } from '../bytes/compare.ts';
import { bigEndian, Cursor } from '../bytes/cursor.ts';
import { refuse } from '../bytes/refusal.ts';
import { encodeUtf8, formatBase64 } from '../bytes/text.ts';
import { verifyWithNoble, type VerifySignature } from '../sign/algorithm.ts';
import { hasControl, readBase64, readLines, readText } from './fields.ts';
import { formatKeyId, isKeyName, sameVerifier, type NoteVerifier } from './key.ts';

/** Most signature lines a note may have (the C2SP minimum is 16; x/mod's note.Open stops at 100 too). */
export const MAX_SIGNATURES = 100;

const DASH = '— ';

/** One signature line. `blob` is what follows the key id: its form depends on the key's type. */
export interface SignatureLine {
  readonly name: string;
  /** uint32 */
  readonly id: number;
  readonly blob: Uint8Array;
}

/** A note whose signatures nobody has checked. `text` includes its final newline. */
export interface Note {
  readonly text: string;
  readonly lines: readonly SignatureLine[];
}

/** A line that verified; `time` (POSIX seconds) when the signature is timestamped. */
export interface NoteSignature {
  readonly verifier: NoteVerifier;
  readonly line: SignatureLine;
  readonly time: number | undefined;
}

/** A note with at least one verified signature. `unknown`: lines of other keys, first of each key only. */
export interface OpenedNote {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
  readonly unknown: readonly SignatureLine[];
}

/** What a blob holds under one key: the bytes signed and the bare signature. */
interface Unsealed {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly time: number | undefined;
}

/** Takes a blob apart; undefined when it has not the form of the key's type. */
export type Unseal = (verifier: NoteVerifier, blob: Uint8Array) => Unsealed | undefined;

/** Reads signature lines alone: a witness's reply (C2SP tlog-witness). Refuses `malformed-note`. */
export function parseSignatures(input: Uint8Array | string): SignatureLine[] {
  const lines = readLines(readText(input, 'malformed-note'), 'malformed-note');
  if (lines.length > MAX_SIGNATURES) {
    throw refuse('malformed-note', `the note has more than ${MAX_SIGNATURES} signature lines`);
  }
  return lines.map(parseSignature);
}

function parseSignature(line: string): SignatureLine {
  const space = line.indexOf(' ', DASH.length);
  const name = line.slice(DASH.length, space);
  if (!line.startsWith(DASH) || space < 0 || !isKeyName(name)) {
    throw refuse('malformed-note', 'a signature line is not "— <key name> <base64>"');
  }
  const cursor = new Cursor(
    readBase64(line.slice(space + 1), 'malformed-note', 'signature'),
    'malformed-note',
  );
  const id = cursor.u32();
  if (cursor.remaining === 0)
    throw refuse('malformed-note', 'a signature line holds a key id and no signature');
  return { name, id, blob: cursor.take(cursor.remaining) };
}

/** Reads a note without checking any signature. Refuses `malformed-note`, `too-large`. */
export function parseNote(note: Uint8Array | string): Note {
  const whole = readText(note, 'malformed-note');
  const blank = whole.lastIndexOf('\n\n');
  if (blank < 0) throw refuse('malformed-note', 'no blank line separates the text from the signatures');
  return { text: whole.slice(0, blank + 1), lines: parseSignatures(whole.slice(blank + 2)) };
}

/** Signature lines as text. A line that could not be read again is a bug of the caller: RangeError. */
export function formatSignatures(lines: readonly SignatureLine[]): string {
  return lines.map(formatSignature).join('');
}

function formatSignature({ name, id, blob }: SignatureLine): string {
  if (!isKeyName(name) || blob.length === 0) throw new RangeError(`not a signature line of "${name}"`);
  return `${DASH}${name} ${formatBase64(concatBytes(bigEndian(id, 4), blob))}\n`;
}

/** A note's bytes: the inverse of `parseNote`. A note that could not be read again: RangeError. */
export function formatNote(text: string, lines: readonly SignatureLine[]): Uint8Array<ArrayBuffer> {
  if (!text.endsWith('\n') || hasControl(text)) throw new RangeError('not the text of a note');
  if (lines.length === 0 || lines.length > MAX_SIGNATURES)
    throw new RangeError(`${lines.length} signature lines`);
  return encodeUtf8(`${text}\n${formatSignatures(lines)}`);
}

/**
 * The note with lines added at its end. A line by a (name, id) that signed already is left out: readers
 * ignore it anyway, and so a stranger's reply can never take the place of a signature the note has.
 * Refuses `malformed-note`, also when more than 100 lines would result.
 */
export function appendSignatures(
  note: Uint8Array | string,
  lines: readonly SignatureLine[],
): Uint8Array<ArrayBuffer> {
  const { text, lines: present } = parseNote(note);
  const all = firstOfEach([...present, ...lines]);
  if (all.length > MAX_SIGNATURES)
    throw refuse('malformed-note', `more than ${MAX_SIGNATURES} signature lines`);
  return formatNote(text, all);
}

/**
 * Opens a plain note: its text and the lines of known type 01 keys. Refuses `malformed-note`, `too-large`,
 * and `unknown-signer` when no line is by a known key or a known key's line fails. Keys of types 04 and 06 are a
 * bug of the caller: RangeError; they sign checkpoints only (`openCheckpoint`).
 */
export function openNote(
  note: Uint8Array | string,
  verifiers: readonly NoteVerifier[],
  verify: VerifySignature = verifyWithNoble,
): OpenedNote {
  if (verifiers.some(({ type }) => type !== 1))
    throw new RangeError('cosigners open checkpoints, not plain notes');
  const parsed = parseNote(note);
  const message = encodeUtf8(parsed.text);
  return verifyNote(parsed, verifiers, verify, (_, signature) => ({ message, signature, time: undefined }));
}

/** Checks a parsed note's lines; `unseal` gives the message that each one signs. Refuses `unknown-signer`. */
export function verifyNote(
  note: Note,
  verifiers: readonly NoteVerifier[],
  verify: VerifySignature,
  unseal: Unseal,
): OpenedNote {
  const known = byHandle(verifiers);
  const signatures: NoteSignature[] = [];
  const unknown: SignatureLine[] = [];
  for (const line of firstOfEach(note.lines)) {
    const verifier = known.get(handleOf(line));
    if (verifier === undefined) {
      unknown.push(line);
      continue;
    }
    const parts = unseal(verifier, line.blob);
    if (parts === undefined || !verify(verifier.key, parts.message, parts.signature)) {
      throw refuse(
        'unknown-signer',
        `the signature by ${handleOf(line)} does not verify; the note is not to be trusted`,
      );
    }
    signatures.push({ verifier, line, time: parts.time });
  }
  if (signatures.length === 0) {
    throw refuse(
      'unknown-signer',
      'no signature is by a known key; check that the right verifier keys are configured',
    );
  }
  return { text: note.text, signatures, unknown };
}

/** Name and key id: what a signature line is found by. A name has no `+`, so this is unambiguous. */
function handleOf({ name, id }: { readonly name: string; readonly id: number }): string {
  return `${name}+${formatKeyId(id)}`;
}

function firstOfEach(lines: readonly SignatureLine[]): SignatureLine[] {
  const first = new Map<string, SignatureLine>();
  for (const line of lines) {
    const handle = handleOf(line);
    if (!first.has(handle)) first.set(handle, line);
  }
  return [...first.values()];
}

function byHandle(verifiers: readonly NoteVerifier[]): Map<string, NoteVerifier> {
  const known = new Map<string, NoteVerifier>();
  for (const verifier of verifiers) {
    const handle = handleOf(verifier);
    const other = known.get(handle);
    if (other !== undefined && !sameVerifier(other, verifier)) {
      throw refuse('malformed-key', `two different keys are both ${handle}; rename one of them`);
    }
    known.set(handle, verifier);
  }
  return known;
}
