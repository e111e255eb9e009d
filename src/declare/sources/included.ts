/**
 * Files that a configuration includes, found among the files that were given, by their names for the program. Nothing is
 * read that was not given: a text that names a file never makes anybody open it.
 */
import { compareUtf8 } from '../../bytes/compare.ts';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { isWithin, normal } from './paths.ts';
import type { SourceText } from './source.ts';

const MAX_PATTERN = 1_024;
/** Most files that are included, characters of them, and names that are compared with patterns. What is included twice counts twice. */
const MAX_INCLUDED = 10_000;
const MAX_CHARACTERS = 67_108_864;
const MAX_COMPARED = 10_000_000;

/** Files by name, and the directories all of whose files are among them. */
export class GivenFiles {
  readonly #files: ReadonlyMap<string, SourceText>;
  readonly #whole: readonly string[];
  #included = 0;
  #characters = 0;
  #compared = 0;

  constructor(texts: readonly SourceText[], whole: readonly string[] = []) {
    this.#files = new Map(texts.map((each) => [normal(each.name), each]));
    this.#whole = whole.map(normal);
  }

  /**
   * The files that a name or a pattern of glob(3) means, in the order of their bytes. Refuses `malformed-text`, with `where`
   * before it, if a named file was not given, or none for a pattern whose directory was not given whole; `too-large`.
   */
  matching(pattern: string, where: string): readonly SourceText[] {
    if (!isPattern(pattern)) {
      const file = this.#files.get(normal(pattern));
      if (file !== undefined) return this.#counted([file], where);
      throw missing(pattern, where);
    }
    if ((this.#compared += this.#files.size) > MAX_COMPARED)
      throw refuse(
        'too-large',
        `${where}: too many patterns for so many files; include the files by their names`,
      );
    const matches = matcher(normal(pattern), where);
    const names = [...this.#files.keys()].filter(matches).toSorted(compareUtf8);
    if (names.length === 0 && !this.#isWhole(pattern)) throw missing(pattern, where);
    return this.#counted(
      names.flatMap((name) => this.#files.get(name) ?? []),
      where,
    );
  }

  #counted(found: readonly SourceText[], where: string): readonly SourceText[] {
    this.#included += found.length;
    if (this.#included > MAX_INCLUDED)
      throw refuse('too-large', `${where}: more than ${MAX_INCLUDED} files are included`);
    for (const { text } of found)
      if ((this.#characters += text.length) > MAX_CHARACTERS)
        throw refuse('too-large', `${where}: more than ${MAX_CHARACTERS} characters are included`);
    return found;
  }

  /** Whether all files that a pattern can match are among those that were given. */
  #isWhole(pattern: string): boolean {
    const folder = normal(pattern.slice(0, pattern.lastIndexOf('/', pattern.search(META)) + 1));
    return isWithin(folder, this.#whole);
  }
}

const META = /[*?[\\]/;

function isPattern(text: string): boolean {
  return META.test(text);
}

/** Whether names match a pattern of glob(3): no wildcard matches `/`, and none a dot that begins a name. */
function matcher(pattern: string, where: string): (name: string) => boolean {
  if (pattern.length > MAX_PATTERN || /[\\[]/.test(pattern))
    throw refuse(
      'malformed-text',
      `${where}: a pattern with \\ or [, or of more than ${MAX_PATTERN} characters, is not read: ${printable(pattern, 100)}; ` +
        'include the files by their names',
    );
  const parts = pattern.split('/');
  return (name) => {
    const steps = name.split('/');
    return steps.length === parts.length && steps.every((step, i) => isMatch(step, parts[i] ?? ''));
  };
}

/** One step of a path. Goes back to the last star alone, so its time is the product of both lengths at most. */
function isMatch(step: string, part: string): boolean {
  if (step.startsWith('.') && !part.startsWith('.')) return false;
  let [at, of, star, from] = [0, 0, -1, 0];
  while (at < step.length) {
    if (part[of] === '*') [star, from] = [of++, at];
    else if (of < part.length && (part[of] === '?' || part[of] === step[at])) {
      at++;
      of++;
    } else if (star >= 0) [of, at] = [star + 1, ++from];
    else return false;
  }
  while (part[of] === '*') of++;
  return of === part.length;
}

function missing(pattern: string, where: string): Error {
  const what = isPattern(pattern) ? 'no file was given that it matches' : 'that file was not given';
  return refuse(
    'malformed-text',
    `${where}: it includes ${printable(pattern)}, and ${what}; name it, or its folder, after the main file, or name the ` +
      'folder of the whole configuration',
  );
}
