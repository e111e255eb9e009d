/**
 * Reads a container. Names, sizes and places are judged before any content is looked at; then the container is made again
 * from what was read, and each byte is compared. So there is one container for one set of files, and nothing hides
 * between, before or after them.
 */
import { equalBytes } from '../../bytes/compare.ts';
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import { assertNames } from './names.ts';
import {
  CENTRAL_LENGTH,
  END_LENGTH,
  endRecord,
  LOCAL_LENGTH,
  MOST_BYTES,
  MOST_FILES,
  type End,
} from './records.ts';
import { partsOf, type Files, type Named } from './write.ts';

/**
 * The files of a container, as views of its bytes, in the order of their names. Refuses `malformed-bundle` for whatever
 * `writeContainer` would not write, and `too-large`.
 */
export function readContainer(bytes: Uint8Array): Files {
  const end = assertEnd(bytes.subarray(-END_LENGTH), bytes.length);
  const listed = readDirectory(bytes, end);
  assertNames(listed.map(([name]) => name));
  let at = 0;
  for (const part of partsOf(listed)) {
    if (!equalBytes(part, bytes.subarray(at, at + part.length)))
      throw bad(`the bytes from ${at} on are not what a container of these files has there`);
    at += part.length;
  }
  return new Map(listed);
}

/**
 * The record at the end. It must be the last bytes: a container has no comment, behind which another end could stand. `last`: the
 * last `END_LENGTH` bytes of a file of `length` bytes. So a large file that is no bundle need not be read.
 * Refuses `malformed-bundle` and `too-large`.
 */
export function assertEnd(last: Uint8Array, length: number): End {
  if (length > MOST_BYTES) throw refuse('too-large', `${length} bytes are more than a bundle has`);
  const at = length - END_LENGTH;
  if (at < 0 || last.length !== END_LENGTH) throw bad('it is too short');
  const view = viewOf(last, 0, END_LENGTH);
  const end = {
    count: view.getUint16(10, true),
    size: view.getUint32(12, true),
    at: view.getUint32(16, true),
  };
  if (!equalBytes(endRecord(end), last)) throw bad('it does not end as a container does');
  if (end.count > MOST_FILES) throw bad('it has a second directory');
  if (end.at + end.size !== at) throw bad('its directory does not lie before its end');
  return end;
}

/** Names and contents by the directory: each file must begin where the one before it ends. */
function readDirectory(bytes: Uint8Array, { count, size, at: start }: End): readonly Named[] {
  const files: Named[] = [];
  let entry = start;
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (entry + CENTRAL_LENGTH > start + size) throw bad('its directory is cut short');
    const view = viewOf(bytes, entry, CENTRAL_LENGTH);
    const length = view.getUint16(28, true);
    entry += CENTRAL_LENGTH + length;
    if (entry > start + size) throw bad('its directory is cut short');
    const name = asciiOf(bytes.subarray(entry - length, entry));
    const content = at + LOCAL_LENGTH + length;
    const end = content + view.getUint32(24, true);
    if (view.getUint32(42, true) !== at) throw bad(`file ${i} does not begin where the one before it ends`);
    if (end > start) throw bad(`file ${i} is larger than what is there`);
    files.push([name, bytes.subarray(content, end)]);
    at = end;
  }
  if (entry !== start + size) throw bad('its directory is longer than its files');
  if (at !== start) throw bad('something lies between its files and its directory');
  return files;
}

function viewOf(bytes: Uint8Array, at: number, length: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + at, length);
}

/** A byte above 126 becomes a character that no name has (names.ts). */
function asciiOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 1024));
}

function bad(what: string): Refusal {
  return refuse(
    'malformed-bundle',
    `this is no bundle: ${what}; it was damaged or made by another program: ask for it again`,
  );
}
