/**
 * The kind of source `postgresql`: postgresql.conf, pg_hba.conf, pg_ident.conf and what they include, as one declaration. A
 * setting is a leaf at its name; a rule of pg_hba.conf stands below `/hba`, a mapping of pg_ident.conf below `/ident`, by its place.
 */
import { printable } from '../../../bytes/printable.ts';
import { refuse, type Refusal } from '../../../bytes/refusal.ts';
import { Leaves, type Declarable, type TreeMap } from '../../leaf.ts';
import type { Source, SourceOptions, SourceText } from '../source.ts';
import { normal } from '../paths.ts';
import { isAuto, readConf, type ConfLine } from './conf.ts';
import { remarksOnFiles, type OwnFiles } from './elsewhere.ts';
import { fault, GivenFiles, lastOf } from './given.ts';
import { ruleOf, type Rule } from './hba.ts';
import { TYPES } from './hba-methods.ts';
import { mappingOf } from './ident.ts';
import { readLines } from './tokens.ts';
import { spelled } from './values.ts';

export const POSTGRESQL_SOURCE: Source = {
  kind: 'postgresql',
  // Each stands where it is: its includes are relative to its folder.
  mains: new Map([
    ['postgresql.conf', ''],
    ['pg_hba.conf', ''],
    ['pg_ident.conf', ''],
  ]),
  declare: declarePostgresql,
};

/** What a main file is. */
type Part = 'conf' | 'auto' | 'hba' | 'ident';

const PARTS: readonly (readonly [Part, RegExp])[] = [
  ['hba', /(?:^|[^a-z]|pg)hba(?:[^a-z]|$)/i],
  ['ident', /(?:^|[^a-z]|pg)ident(?:[^a-z]|$)/i],
];
/** The names of main files that are taken from a folder that is named. */
const IN_FOLDERS = new Set(['postgresql.conf', 'postgresql.auto.conf', 'pg_hba.conf', 'pg_ident.conf']);

/** Characters in which the first rule of a pg_hba.conf stands that does not say so in its name. */
const MAX_HEAD = 65_536;

/** By its name; a file of another name is a pg_hba.conf if its first line begins as a rule does. */
function partOf(file: SourceText): Part {
  if (isAuto(file)) return 'auto';
  const { name, text } = file;
  const found = PARTS.find(([, pattern]) => pattern.test(lastOf(name)));
  if (found !== undefined) return found[0];
  const lines = text.slice(0, MAX_HEAD).split('\n');
  const [word = ''] =
    lines
      .find((line) => /^[ \t]*[^\s#]/.test(line))
      ?.trim()
      .split(/\s/, 1) ?? [];
  return TYPES.includes(word) ? 'hba' : 'conf';
}

interface Read {
  readonly lines: readonly ConfLine[];
  readonly hba: readonly Rule[] | undefined;
  readonly ident: readonly TreeMap[] | undefined;
  readonly own: OwnFiles;
}

function declarePostgresql(texts: readonly SourceText[], { whole = [] }: SourceOptions): Declarable {
  const { lines, hba, ident, own } = readAll(texts, whole);
  const leaves = new Leaves();
  const { last, remarks } = lastOfEach(lines);
  for (const { name, text, ...at } of last) {
    const value = RESERVED.has(name) ? { fault: 'is none of a setting' } : spelled(name, text);
    if (typeof value !== 'string') throw fault(at, `${printable(name)} ${value.fault}`);
    leaves.add(`/${name}`, value, () => name === 'ssl_passphrase_command' && SAYS.test(value));
  }
  const secrets = new Set(
    (hba ?? []).flatMap((rule, i) => rule.secrets.map((name) => `/hba/${i}/options/${name}`)),
  );
  const trees = hba?.map(({ tree }) => tree);
  if (trees !== undefined) leaves.add('/hba', trees, (path) => secrets.has(path));
  if (ident !== undefined) leaves.add('/ident', ident);
  return {
    profile: 'postgresql@1',
    leaves: leaves.all(),
    excluded: [],
    source: { kind: 'postgresql' },
    remarks: [...remarks, ...remarksOnFiles(last, own)],
  };
}

/** A command that prints what stands in it: here a passphrase. */
const SAYS = /\b(?:echo|printf)\b/;

/** Steps at the top that are no settings. The server has none with these names. */
const RESERVED: ReadonlySet<string> = new Set(['hba', 'ident']);

/** The line of each setting that counts, and what a reader of the files must know about those that do not. */
function lastOfEach(lines: readonly ConfLine[]): {
  readonly last: readonly ConfLine[];
  readonly remarks: readonly string[];
} {
  const last = new Map<string, ConfLine>();
  const overridden = new Map<string, ConfLine>();
  for (const line of lines) {
    const before = last.get(line.name);
    if (before !== undefined && before.text !== line.text) overridden.set(line.name, before);
    last.set(line.name, line);
  }
  const remarks = Array.from(overridden, ([name, { file, line }]) => {
    const now = last.get(name);
    const where = now === undefined ? '' : `${printable(lastOf(now.file))} line ${now.line}`;
    return `${printable(name)} in ${printable(lastOf(file))} line ${line} does not count: ${where} overrides it, as it does for the server`;
  });
  return { last: [...last.values()], remarks };
}

/** Reads the files that nothing includes, one of each part. Of a folder those with the server's own names. */
function readAll(texts: readonly SourceText[], whole: readonly string[]): Read {
  const given = new GivenFiles(texts, whole);
  const mains = new Map<Part, SourceText>();
  const conf = new Map<Part, readonly ConfLine[]>();
  let hba: readonly Rule[] | undefined;
  let ident: readonly TreeMap[] | undefined;
  for (const text of candidatesOf(texts, whole)) {
    if (given.included.has(normal(text.name))) continue;
    const part = partOf(text);
    const other = mains.get(part);
    if (other !== undefined) throw twice(other, text);
    mains.set(part, text);
    if (part === 'hba') hba = readLines(text, given).map(ruleOf);
    else if (part === 'ident') ident = readLines(text, given).map(mappingOf);
    else conf.set(part, readConf(text, given));
  }
  const nameOf = (part: Part): string | undefined => mains.get(part)?.name;
  return {
    lines: [...(conf.get('conf') ?? []), ...(conf.get('auto') ?? [])],
    hba,
    ident,
    own: { hba: nameOf('hba'), ident: nameOf('ident'), auto: nameOf('auto') },
  };
}

/** Files that may be main files: those with the server's own names first, then in the order in which they were named. */
function candidatesOf(texts: readonly SourceText[], whole: readonly string[]): readonly SourceText[] {
  const folders = whole.map(normal);
  const isMain = ({ name }: SourceText): boolean => {
    const path = normal(name);
    if (!folders.some((each) => path.startsWith(`${each}/`))) return true;
    return IN_FOLDERS.has(lastOf(path)) && folders.some((each) => path === `${each}/${lastOf(path)}`);
  };
  return texts.filter(isMain).toSorted((a, b) => rank(a) - rank(b));
}

function rank({ name }: SourceText): number {
  return IN_FOLDERS.has(lastOf(name)) ? 0 : 1;
}

function twice(one: SourceText, other: SourceText): Refusal {
  return refuse(
    'usage',
    `nothing includes ${printable(other.name)}, and the server reads one such file; ${printable(one.name)} was read as it. Name ` +
      'the file that includes the other first, or commit them one by one',
  );
}
