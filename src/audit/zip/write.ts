/** Writes a container: the same names and contents always give the same bytes. */
import { refuse } from '../../bytes/refusal.ts';
import { assertNames } from './names.ts';
import {
  CENTRAL_LENGTH,
  centralRecord,
  crc32,
  END_LENGTH,
  endRecord,
  LOCAL_LENGTH,
  localRecord,
  MOST_BYTES,
  MOST_FILES,
} from './records.ts';

/** Contents by name. */
export type Files = ReadonlyMap<string, Uint8Array>;

/**
 * The container of some files, whatever their order. Refuses `too-large` for more files or bytes than one container takes,
 * and `malformed-bundle` for names that no container has.
 */
export function writeContainer(files: Files): Uint8Array<ArrayBuffer> {
  const sorted = inOrder(files);
  const out = new Uint8Array(lengthOf(sorted));
  let at = 0;
  for (const part of partsOf(sorted)) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Name and content. */
export type Named = readonly [name: string, content: Uint8Array];

function inOrder(files: Files): readonly Named[] {
  const sorted = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1));
  assertNames(sorted.map(([name]) => name));
  return sorted;
}

function lengthOf(files: readonly Named[]): number {
  const most = `a bundle takes ${MOST_FILES} files and ${MOST_BYTES} bytes`;
  const advice = 'make several bundles of it, with fewer subjects each or for shorter periods';
  if (files.length > MOST_FILES) throw refuse('too-large', `${files.length} files: ${most}; ${advice}`);
  const length = files.reduce(
    (sum, [name, { length: size }]) => sum + LOCAL_LENGTH + CENTRAL_LENGTH + 2 * name.length + size,
    END_LENGTH,
  );
  if (length > MOST_BYTES) throw refuse('too-large', `${length} bytes: ${most}; ${advice}`);
  return length;
}

/** The parts of a container one after another; a content is a part of its own. */
export function* partsOf(files: readonly Named[]): Generator<Uint8Array, void, undefined> {
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, content] of files) {
    const described = { name, size: content.length, crc: crc32(content) };
    directory.push(centralRecord(described, at));
    const local = localRecord(described);
    yield local;
    yield content;
    at += local.length + content.length;
  }
  yield* directory;
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  yield endRecord({ count: files.length, size, at });
}
