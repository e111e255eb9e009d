/**
 * The files that a source of PostgreSQL was given, found as the server finds them: an absolute path, or one relative to the
 * folder of the file that names it. Nothing else is ever read.
 */
import { compareUtf8 } from '../../../bytes/compare.ts';
import { printable } from '../../../bytes/printable.ts';
import { refuse, type Refusal } from '../../../bytes/refusal.ts';
import { isWithin, normal } from '../paths.ts';
import type { SourceText } from '../source.ts';

/** A place in a file, for messages. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** Most files that include one another (the server's own limit). */
const MAX_DEPTH = 10;
/** Most files that are included, and most characters of all files and of one line. A file that is included twice counts twice. */
const MAX_FILES = 1_000;
const MAX_TEXT = 4_194_304;
const MAX_LINE = 65_536;

export class GivenFiles {
  readonly #texts: ReadonlyMap<string, SourceText>;
  readonly #whole: readonly string[];
  /** Names of the files that another one includes. */
  readonly included = new Set<string>();
  #count = 0;
  #read = 0;

  constructor(texts: readonly SourceText[], whole: readonly string[]) {
    this.#texts = new Map(texts.map((text) => [normal(text.name), text]));
    this.#whole = whole.map(normal);
  }

  /** The file that another one names; undefined if it is known not to be there. Refuses `not-found` if it was not given. */
  find(path: string, at: Place): SourceText | undefined {
    const name = resolved(path, at.file);
    const found = this.#texts.get(name);
    if (found !== undefined) return this.#take(found, at);
    if (this.#isWhole(folderOf(name))) return undefined;
    throw notGiven(path, at, 'file');
  }

  /** The files of a folder that end in `.conf`, in the server's order. Refuses `not-found` if the folder was not given. */
  folder(path: string, at: Place): readonly SourceText[] {
    const folder = resolved(path, at.file);
    if (!this.#isWhole(folder)) throw notGiven(path, at, 'folder');
    return Array.from(this.#texts.values())
      .filter(({ name }) => folderOf(normal(name)) === folder && /^[^.].*\.conf$/s.test(lastOf(normal(name))))
      .toSorted((a, b) => compareUtf8(normal(a.name), normal(b.name)))
      .map((text) => this.#take(text, at));
  }

  /** The lines of a file, without their line feeds. Refuses `too-large`. */
  linesOf({ name, text }: SourceText): readonly string[] {
    this.#read += text.length;
    if (this.#read > MAX_TEXT)
      throw refuse(
        'too-large',
        `${printable(name)}: more than ${MAX_TEXT} characters of configuration; ${WHOLE}`,
      );
    const lines = text.split('\n');
    const long = lines.findIndex((each) => each.length > MAX_LINE);
    if (long >= 0)
      throw refuse(
        'too-large',
        `${printable(name)} line ${long + 1}: more than ${MAX_LINE} characters; ${WHOLE}`,
      );
    return lines;
  }

  #take(text: SourceText, at: Place): SourceText {
    this.included.add(normal(text.name));
    this.#count += 1;
    if (this.#count > MAX_FILES) throw fault(at, `more than ${MAX_FILES} files are included`);
    return text;
  }

  #isWhole(folder: string): boolean {
    return isWithin(folder, this.#whole);
  }
}

/** Reads a file that others include. Refuses files that include themselves, or go deeper than the server follows them. */
export function descend<T>(
  stack: readonly string[],
  text: SourceText,
  at: Place,
  read: (stack: readonly string[]) => T,
): T {
  const name = normal(text.name);
  if (stack.includes(name)) throw fault(at, `${printable(text.name)} includes itself`);
  if (stack.length > MAX_DEPTH)
    throw fault(at, `files include one another more than ${MAX_DEPTH} deep, which the server refuses`);
  return read([...stack, name]);
}

const WHOLE = 'commit the file whole: `tallystick commit files FILE`';

/** A refusal that names the file and the line. Text of the file is never in it, but for names. */
export function fault({ file, line }: Place, what: string): Refusal {
  return refuse('malformed-text', `${printable(file)} line ${line}: ${what}`);
}

function notGiven(path: string, { file, line }: Place, what: 'file' | 'folder'): Refusal {
  return refuse(
    'not-found',
    `${printable(file)} line ${line} includes the ${what} ${printable(path)}, which was not given: name it too, or name the ` +
      'folder that all of them are in',
  );
}

/** The folder of a path; empty for a name alone. */
export function folderOf(name: string): string {
  const at = name.lastIndexOf('/');
  return at < 0 ? '' : at === 0 ? '/' : name.slice(0, at);
}

/** The last step of a path. */
export function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function resolved(path: string, from: string): string {
  const folder = folderOf(normal(from));
  return normal(path.startsWith('/') || folder === '' ? path : `${folder}/${path}`);
}
