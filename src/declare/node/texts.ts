/** The texts of a source: files that operands name, and standard input. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { shellWord } from '../../bytes/shellword.ts';
import { within } from '../../bytes/within.ts';
import { readNamedFile, readPiped } from '../../platform/files.ts';
import { decodeSource } from '../encoding.ts';
import type { Source, SourceText } from '../sources/source.ts';
import { STDIN } from './files.ts';
import { placedTexts, type PlacedTexts } from './placed.ts';
import { assertInside, walk } from './walk.ts';

/** Largest source that is taken. */
const MAX_BYTES = 67_108_864;

/** What operands name, to be read as one source. */
export interface Operands {
  readonly source: Source;
  readonly named: readonly string[];
  readonly cwd: string;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Folders of manifests with all that is below them. */
  readonly recursive: boolean;
}

/**
 * The texts that operands name; standard input when they name nothing, or `-`. Manifests may be several files, and folders
 * of them as `kubectl -f` takes them. Of a kind with `mains` all files of a folder are given (placed.ts).
 */
export async function readTexts(operands: Operands): Promise<PlacedTexts> {
  const { source, named, cwd, stdin, recursive } = operands;
  const { kind, together, mains } = source;
  const piped = async (): Promise<string> =>
    textOf(source, 'standard input', await readPiped(stdin, MAX_BYTES));
  if (mains !== undefined) return placedTexts({ kind, mains, named, cwd, piped, most: MAX_BYTES });
  if (named.length > 1 && together === undefined)
    throw refuse('usage', `a declaration is one ${kind} source; commit each by itself`);
  const texts: SourceText[] = [];
  const besides: string[] = [];
  const roots = named.filter((each) => each !== STDIN).map((each) => resolve(cwd, each));
  for (const operand of named.length === 0 ? [STDIN] : named) {
    if (operand === STDIN) {
      texts.push({ name: STDIN, text: await piped() });
      continue;
    }
    const path = resolve(cwd, operand);
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    if (isFolder && together === undefined)
      throw refuse(
        'usage',
        `${printable(operand)} is a folder; name one file of it, or commit all of it with \`tallystick commit files ${shellWord(operand)}\``,
      );
    const files =
      together !== undefined && isFolder
        ? filesIn(
            path,
            source,
            recursive || source.recursive === true,
            (each) => void besides.push(join(operand, each)),
          ).map((each) => join(operand, each))
        : [operand];
    for (const name of files) {
      const bytes = await readNamedFile(resolve(cwd, name), MAX_BYTES);
      within('same', printable(name), () => assertInside(resolve(cwd, name), roots));
      texts.push({ name, text: textOf(source, name, bytes) });
    }
  }
  return { texts, whole: [], ...(besides.length > 0 && { besides: besides.toSorted() }) };
}

/** The files of a source in a folder, in the order of their paths. Refuses `not-found` where there are none. */
function filesIn(
  folder: string,
  { together, besides, ...source }: Source,
  recursive: boolean,
  leaveOut: (name: string) => void,
): readonly string[] {
  const names: string[] = [];
  for (const { path, leads } of walk(folder, { recursive, follow: true })) {
    if (leads === 'folder') continue;
    if (together?.test(path) !== true) {
      if (besides?.test(path) === true) leaveOut(path);
      continue;
    }
    if (leads === undefined)
      throw refuse(
        'not-found',
        `${printable(join(folder, path))} is a link that leads nowhere; mend it, or take it out`,
      );
    names.push(path);
  }
  if (names.length > 0) return names.toSorted();
  if (source.recursive === true)
    throw refuse('not-found', `there is no file of the kind ${source.kind} in ${printable(folder)}`);
  throw refuse(
    'not-found',
    `there is no manifest in ${printable(folder)}: files that end in .json, .yaml or .yml` +
      (recursive ? '' : '; those in the folders below it are not read'),
    recursive ? {} : { remedy: { recursive: true } },
  );
}

/** One file's text. Refuses `too-large`, and `malformed-text` with the name of the file. */
function textOf({ keepsMark }: Source, name: string, bytes: Uint8Array): string {
  if (bytes.length > MAX_BYTES)
    throw refuse('too-large', `${printable(name)} has more than ${MAX_BYTES} bytes`);
  return within('same', printable(name), () => decodeSource(bytes, keepsMark));
}
