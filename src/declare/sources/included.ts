/**
 * Files that a configuration includes, found among the files that were given, by their names for the program. Nothing is
 * read that was not given: a text that names a file never makes anybody open it.
 */
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import type { SourceText } from './source.ts';

/** Most stars in a pattern: more would make matching slow. */
const MAX_STARS = 8;
const MAX_PATTERN = 1_024;

/** Files by name, and the directories all of whose files are among them. */
export class GivenFiles {
  readonly #files: ReadonlyMap<string, SourceText>;
  readonly #whole: readonly string[];

  constructor(texts: readonly SourceText[], whole: readonly string[] = []) {
    this.#files = new Map(texts.map((each) => [each.name, each]));
    this.#whole = whole;
  }

  /**
   * The files that a name or a pattern of glob(3) means, in the order of their bytes. Refuses `malformed-text`, with `where`
   * before it, if a named file was not given, or none for a pattern whose directory was not given whole.
   */
  matching(pattern: string, where: string): readonly SourceText[] {
    if (!isPattern(pattern)) {
      const file = this.#files.get(normal(pattern));
      if (file !== undefined) return [file];
      throw missing(pattern, where);
    }
    const matches = matcher(normal(pattern), where);
    const names = [...this.#files.keys()].filter((name) => matches.test(name)).toSorted();
    if (names.length === 0 && !this.#isWhole(pattern)) throw missing(pattern, where);
    return names.flatMap((name) => this.#files.get(name) ?? []);
  }

  /** Whether all files that a pattern can match are among those that were given. */
  #isWhole(pattern: string): boolean {
    const folder = normal(pattern.slice(0, pattern.lastIndexOf('/', pattern.search(META)) + 1));
    return this.#whole.some((each) => folder === each || folder.startsWith(each === '/' ? '/' : `${each}/`));
  }
}

const META = /[*?[\\]/;

function isPattern(text: string): boolean {
  return META.test(text);
}

/** A path without `.`, `..` and empty steps. */
function normal(path: string): string {
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return `/${steps.join('/')}`;
}

/** A pattern of glob(3) as a regular expression: no wildcard matches `/`, and none a dot that begins a name. */
function matcher(pattern: string, where: string): RegExp {
  const stars = pattern.match(/\*+/g)?.length ?? 0;
  const refused = refuse(
    'malformed-text',
    `${where}: a pattern with more than ${MAX_STARS} stars, with \\, or with [ is not read: ${printable(pattern)}; include the ` +
      'files by their names',
  );
  if (stars > MAX_STARS || pattern.length > MAX_PATTERN || /[\\[]/.test(pattern)) throw refused;
  const body = pattern.replaceAll(/\*+|[^]/gu, (part, at: number) => {
    const hidden = pattern[at - 1] === '/' ? '(?!\\.)' : '';
    if (part.startsWith('*')) return `${hidden}[^/]*`;
    if (part === '?') return `${hidden}[^/]`;
    return part.replaceAll(/[\^$.+()\]{}|/]/g, '\\$&');
  });
  return new RegExp(`^${body}$`, 'u');
}

function missing(pattern: string, where: string): Error {
  const what = isPattern(pattern) ? 'no file was given that it matches' : 'that file was not given';
  return refuse(
    'malformed-text',
    `${where}: it includes ${printable(pattern)}, and ${what}; name it, or its folder, after the main file, or name the ` +
      'folder of the whole configuration',
  );
}
