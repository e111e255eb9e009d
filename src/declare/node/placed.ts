/**
 * Files of a program whose main file includes others. Each has the name that it has for the program: a folder that is named
 * stands for the directory of the program (`/etc/ssh`), or for `/` if the main file lies in it as it does on a machine
 * (`etc/ssh/sshd_config`). What is not included is never read: keys lie beside the configuration. A link that leads out of
 * what was named is refused.
 */
import { statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { within } from '../../bytes/within.ts';
import { isFolder, readNamedFileSync } from '../../platform/files.ts';
import { decodeSource } from '../encoding.ts';
import type { Source, SourceText } from '../sources/source.ts';
import { STDIN } from './files.ts';
import { assertInside, walk } from './walk.ts';

/** Most files of the folders that are named. */
const MAX_FILES = 20_000;

/** Texts, the main one first, and the directories all of whose files are among them. */
export interface PlacedTexts {
  readonly texts: readonly SourceText[];
  readonly whole: readonly string[];
  /** Files that were not read, and are named as left out. */
  readonly besides?: readonly string[];
}

interface Placing {
  readonly kind: string;
  readonly mains: NonNullable<Source['mains']>;
  readonly named: readonly string[];
  readonly cwd: string;
  /** Standard input. */
  readonly piped: () => Promise<string>;
  /** Most bytes of one file. */
  readonly most: number;
}

/** Refuses `not-found` for a folder without a main file, `too-large`, and `usage` for operands that do not fit. */
export async function placedTexts(placing: Placing): Promise<PlacedTexts> {
  const { kind, mains, named, cwd } = placing;
  const isPiped = (named[0] ?? STDIN) === STDIN;
  if (named.slice(1).includes(STDIN))
    throw refuse('usage', `standard input is the main file of ${kind}: name it first, and once`);
  const roots = named.filter((each) => each !== STDIN).map((each) => resolve(cwd, each));
  const home = homeOf(kind, mains, isPiped ? undefined : roots[0]);
  const place = placeIn(home);
  const given = new Map<string, SourceText>();
  if (isPiped) given.set(STDIN, { name: STDIN, text: await placing.piped() });
  const whole: string[] = [];
  for (const root of isPiped ? roots : [home.main, ...roots]) {
    const isWhole = isFolder(root);
    if (isWhole) whole.push(place(root));
    for (const path of isWhole ? filesIn(root) : [root])
      if (!given.has(path)) given.set(path, new FileText(path, place(path), roots, placing.most));
  }
  return { texts: [...given.values()], whole };
}

/** The main file, the folder that it is found from, and the directory that this folder stands for. */
interface Home {
  readonly main: string;
  readonly base: string | undefined;
  readonly stands: string;
}

function homeOf(kind: string, mains: Placing['mains'], path: string | undefined): Home {
  const [[name, stands] = ['', '/']] = [...mains];
  if (path === undefined) return { main: '', base: undefined, stands };
  if (!isFolder(path)) return { main: path, base: stands === '' ? undefined : dirname(path), stands };
  const isFile = (each: string): boolean =>
    statSync(join(path, each), { throwIfNoEntry: false })?.isFile() === true;
  const found = [...mains].find(([each]) => isFile(each));
  if (found !== undefined)
    return { main: join(path, found[0]), base: found[1] === '' ? undefined : path, stands: found[1] };
  throw refuse(
    'not-found',
    `there is no ${[...mains.keys()].join(' and no ')} in ${printable(path)}; name the main file of ${kind} first, such as ` +
      `${name}, and then what it includes`,
  );
}

/** Where a file stands for the program: below the base in its directory, else where it is. */
function placeIn({ base, stands }: Home): (path: string) => string {
  return (path) => {
    const at = base === undefined ? '..' : relative(base, path);
    const isOutside = at === '..' || at.startsWith(`..${sep}`);
    const full = isOutside ? path : join(stands, at);
    return full
      .split(sep)
      .join('/')
      .replace(/(?<=.)\/$/, '');
  };
}

/** Files and links in a folder and those below it. */
function filesIn(folder: string): readonly string[] {
  const found: string[] = [];
  for (const { path, kind } of walk(folder, { recursive: true, follow: true })) {
    if (kind === 'other') continue;
    found.push(join(folder, path));
    if (found.length > MAX_FILES)
      throw refuse(
        'too-large',
        `more than ${MAX_FILES} files in ${printable(folder)}; name a smaller folder`,
      );
  }
  return found.toSorted();
}

/** A file that is read when its text is asked for. */
class FileText implements SourceText {
  readonly name: string;
  readonly #path: string;
  readonly #roots: readonly string[];
  readonly #most: number;
  #text: string | undefined;

  constructor(path: string, name: string, roots: readonly string[], most: number) {
    [this.#path, this.name, this.#roots, this.#most] = [path, name, roots, most];
  }

  get text(): string {
    this.#text ??= within('same', printable(this.name), () => {
      const bytes = readNamedFileSync(this.#path, this.#most);
      assertInside(this.#path, this.#roots);
      return decodeSource(bytes);
    });
    return this.#text;
  }
}
