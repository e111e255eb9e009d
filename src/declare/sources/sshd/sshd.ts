/**
 * Configuration of OpenSSH's server: sshd_config(5) with what it includes, and the listing of `sshd -T`. Both give the same
 * leaf for a setting: `/PermitRootLogin`, `/Subsystem/sftp`, `/Match/User alice/X11Forwarding` (spec/claims.md). The first
 * value of a keyword counts, as for sshd; some keywords add up. Nothing is read but what was given (included.ts).
 */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { didYouMean } from '../../../bytes/suggest.ts';
import { below, Leaves, type Declarable, type Exclusion, type Tree } from '../../leaf.ts';
import { GivenFiles } from '../included.ts';
import type { Source, SourceText } from '../source.ts';
import { criteriaOf, criteriaText, type Criterion } from './criteria.ts';
import { ALIASES, IGNORED, KEYWORDS, type Keyword } from './keywords.ts';
import { isUnlisted } from './listing.ts';
import { fault, joined, linesOf, type Line } from './words.ts';

/** How deep files include each other (servconf.c: SERVCONF_MAX_DEPTH), and most lines in all. */
const MAX_DEPTH = 16;
const MAX_LINES = 200_000;

/** Where relative names of Include lie. */
const FOLDER = '/etc/ssh';

/** The kind of source `sshd`. */
export const SSHD_SOURCE: Source = {
  kind: 'sshd',
  mains: new Map([
    ['sshd_config', FOLDER],
    ['etc/ssh/sshd_config', '/'],
  ]),
  isUnlisted,
  declare: (texts, { whole }) => declareSshd(texts, whole),
};

/** Leaves of a configuration, the main file first; `sshd@1`. Refuses `malformed-text`, with the file and the line. */
export function declareSshd(texts: readonly SourceText[], whole: readonly string[] = []): Declarable {
  const [main] = texts;
  const reader = new Reader(new GivenFiles(texts, whole), isListing(main?.text ?? ''));
  if (main !== undefined) reader.read(main, '', [], 0);
  const leaves = new Leaves();
  reader.addTo(leaves);
  return { profile: 'sshd@1', leaves: leaves.all(), excluded: reader.ignored(), source: { kind: 'sshd' } };
}

/** Settings of one block: by the steps below it. */
type Settings = Map<string, string>;

class Reader {
  readonly #files: GivenFiles;
  readonly #global: Settings = new Map();
  /** Match blocks by their criteria, in the order in which sshd asks them. */
  readonly #blocks = new Map<string, Settings>();
  readonly #ignored = new Set<string>();
  readonly #isListing: boolean;
  #lines = 0;

  constructor(files: GivenFiles, listing: boolean) {
    [this.#files, this.#isListing] = [files, listing];
  }

  /** Reads a file. `within`: criteria that hold where it is included; a file ends the Match blocks that begin in it. */
  read(file: SourceText, name: string, within: readonly Criterion[] | undefined, depth: number): void {
    if (depth > MAX_DEPTH)
      throw refuse(
        'malformed-text',
        `${printable(name)}: files include each other more than ${MAX_DEPTH} deep`,
      );
    let at = depth === 0 ? undefined : within;
    for (const line of linesOf(file.text, printable(name))) {
      if (++this.#lines > MAX_LINES)
        throw refuse('too-large', `more than ${MAX_LINES} lines of configuration`);
      const keyword = line.keyword.toLowerCase();
      if (keyword === 'match') {
        at = [...(within ?? []), ...criteriaOf(line.rest, line.where)];
        this.#block(at);
      } else if (keyword === 'include') this.#include(line, at, depth);
      else this.#set(line, keyword, at);
    }
  }

  #include({ words, where }: Line, at: readonly Criterion[] | undefined, depth: number): void {
    for (const word of words) {
      if (word === '' || word.startsWith('~'))
        throw fault(where, 'Include takes names of files; ~ is whoever starts sshd, so write the path');
      const path = word.startsWith('/') ? word : `${FOLDER}/${word}`;
      for (const file of this.#files.matching(path, where)) this.read(file, file.name, at, depth + 1);
    }
  }

  #block(criteria: readonly Criterion[]): Settings {
    const name = criteriaText(criteria);
    const block = this.#blocks.get(name) ?? new Map<string, string>();
    this.#blocks.set(name, block);
    return block;
  }

  #set(line: Line, asked: string, at: readonly Criterion[] | undefined): void {
    const ignored = IGNORED.get(asked);
    if (ignored !== undefined) return void this.#ignored.add(ignored);
    const name = ALIASES.get(asked) ?? asked;
    const isSubsystem = name === 'subsystem';
    const known = isSubsystem ? SUBSYSTEM : KEYWORDS.get(name);
    if (known === undefined) throw fault(line.where, unknown(line.keyword));
    if (at !== undefined && !known.inMatch)
      throw fault(line.where, `${known.name} cannot stand in a Match block; move it before the first Match`);
    const settings = at === undefined ? this.#global : this.#block(at);
    const path = isSubsystem ? below(below('', known.name), line.words[0] ?? '') : below('', known.name);
    const value = known.valueOf(line);
    if (at !== undefined) this.#assertInOrder(settings, path, line);
    const again = known.again === 'listed' && this.#isListing ? 'more' : known.again;
    const [before, added] = [settings.get(path), again === 'more' ? shown(known, value) : value];
    if (before === undefined) settings.set(path, added);
    else if (again === 'more') settings.set(path, `${before} ${added}`);
    else if (again !== 'first' && before !== value)
      throw fault(
        line.where,
        `${known.name} has another value before, and sshd takes the first, the last or a part of each; write one line`,
      );
  }

  /**
   * sshd goes by the first matching block that has a keyword. Two blocks with the same criteria are one block here, which stands where the
   * first of them does. Refuses `malformed-text` if one between has the keyword, since the order would count then.
   */
  #assertInOrder(settings: Settings, path: string, { where, keyword }: Line): void {
    let isLater = false;
    for (const block of this.#blocks.values()) {
      if (isLater && block.has(path))
        throw fault(
          where,
          `a Match block with these criteria stands further up, and one between sets ${keyword}, too; join the two blocks`,
        );
      isLater ||= block === settings;
    }
  }

  addTo(leaves: Leaves): void {
    for (const [path, value] of this.#global) leaves.add(path, value);
    if (this.#blocks.size > 0) leaves.addList('/Match', [...this.#blocks.keys()]);
    for (const [criteria, settings] of this.#blocks) {
      const at = below('/Match', criteria);
      if (settings.size === 0) leaves.add(at, new Map<string, Tree>());
      for (const [path, value] of settings) leaves.add(at + path, value);
    }
  }

  /** What sshd takes and ignores. */
  ignored(): readonly Exclusion[] {
    return [...this.#ignored]
      .toSorted()
      .map((name) => ({ path: below('', name), reason: 'sshd ignores it' }));
  }
}

/** Keywords that every listing of `sshd -T` has (servconf.c, `dump_config`). */
const LISTED =
  'port addressfamily logingracetime x11displayoffset maxauthtries permitrootlogin strictmodes ciphers macs kexalgorithms loglevel ' +
  'maxstartups rekeylimit permitopen permitlisten pubkeyauthoptions';

/** Whether a text is the listing of `sshd -T`, and no file. */
function isListing(text: string): boolean {
  const names = new Set(Array.from(text.matchAll(/^[^ \n]+/gm), ([name]) => name.toLowerCase()));
  return LISTED.split(' ').every((name) => names.has(name)) && !names.has('match') && !names.has('include');
}

/** A single argument among others: in quotes if it has blanks. */
function shown({ name }: Keyword, value: string): string {
  return ONE_EACH.has(name) ? joined([value]) : value;
}

/** Keywords that add up and take one argument a line. */
const ONE_EACH: ReadonlySet<string> = new Set(['HostKey', 'HostCertificate']);

/** `Subsystem NAME COMMAND…`: a leaf for each name. Older versions refuse a name twice. */
const SUBSYSTEM: Keyword = {
  name: 'Subsystem',
  inMatch: true,
  again: 'refused',
  valueOf: ({ words: [name = '', program = '', ...more], where }) => {
    if (name === '' || program === '') throw fault(where, 'Subsystem takes a name and a command');
    return joined([program, ...more]);
  },
};

function unknown(keyword: string): string {
  const names = [...KEYWORDS.values()].map(({ name }) => name);
  return (
    `${printable(keyword, 60)} is no keyword of sshd_config(5)${didYouMean(keyword, [...names, 'Subsystem', 'Match', 'Include'])}; ` +
    'if a patched sshd has it, commit the file whole: `tallystick commit files FILE`'
  );
}
