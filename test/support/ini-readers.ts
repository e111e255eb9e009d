/** What Python's configparser, git, php and MySQL make of a file of sections: those of them that are here. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { decodeCbor } from '#src/bytes/cbor.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { declareIni } from '#src/declare/sources/ini.ts';
import { unescaped } from '#src/claim/value.ts';

/** Section → name → value. */
export type Read = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What is declared of a text, or why it is refused. */
export function declared(text: string): Read | string {
  try {
    const all: Record<string, Record<string, string>> = {};
    for (const { path, value } of declareIni(text).leaves) {
      const [, section = '', name] = path.split('/').map(unescaped);
      const found = (all[section] ??= {});
      if (name !== undefined) {
        const content = decodeCbor(value);
        if (typeof content === 'string') found[name] = content;
      }
    }
    return all;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

const PYTHON = `
import configparser, json, sys
out = []
for text in json.load(sys.stdin):
    try:
        c = configparser.ConfigParser()
        c.read_string(text)
        out.append({s: dict(c.items(s)) for s in c.sections()})
    except Exception as e:
        out.append(None)
json.dump(out, sys.stdout)
`;
const PHP = `$out = [];
foreach (json_decode(stream_get_contents(STDIN)) as $text) {
  $read = @parse_ini_string($text, true);
  $out[] = $read === false ? null : ['read' => $read];
}
echo json_encode($out);`;

/** By each reader that is here: what it makes of each text, null where it refuses. */
export function readersOf(texts: readonly string[]): Readonly<Record<string, readonly (Read | null)[]>> {
  const input = JSON.stringify(texts);
  const by: Record<string, readonly (Read | null)[]> = {};
  const python = spawnSync('/usr/bin/python3', ['-c', PYTHON], { input, encoding: 'utf8', maxBuffer: 64e6 });
  if (python.status === 0) by['python'] = JSON.parse(python.stdout) as (Read | null)[];
  const php = spawnSync('php', ['-n', '-r', PHP], { input, encoding: 'utf8', maxBuffer: 64e6 });
  if (php.status === 0)
    by['php'] = (JSON.parse(php.stdout) as ({ read: Read } | null)[]).map((each) => each?.read ?? null);
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-ini-'));
  const file = join(dir, 'a.ini');
  const each = (read: (text: string) => Read | null): (Read | null)[] =>
    texts.map((text) => {
      writeFileSync(file, text);
      return read(text);
    });
  if (spawnSync('git', ['--version']).status === 0) by['git'] = each(() => byGit(file));
  if (spawnSync('my_print_defaults', ['--version']).status === 0)
    by['mysql'] = each((text) => byMysql(file, text));
  rmSync(dir, { recursive: true });
  return by;
}

function byGit(file: string): Read | null {
  const { status, stdout } = spawnSync('git', ['config', '--file', file, '--list', '-z'], {
    encoding: 'utf8',
  });
  if (status !== 0) return null;
  const all: Record<string, Record<string, string>> = {};
  for (const entry of stdout.split('\0').filter(Boolean)) {
    const [full = '', value = ''] = entry.split('\n');
    const at = full.lastIndexOf('.');
    (all[full.slice(0, at)] ??= {})[full.slice(at + 1)] = value;
  }
  return all;
}

function byMysql(file: string, text: string): Read | null {
  const all: Record<string, Record<string, string>> = {};
  for (const [, section = ''] of text.matchAll(/^\[([^\]\n]*)\]/gm)) {
    const { status, stdout } = spawnSync('my_print_defaults', [`--defaults-file=${file}`, section], {
      encoding: 'utf8',
    });
    if (status !== 0) return null;
    const found = (all[section] ??= {});
    for (const line of stdout.split('\n').filter(Boolean)) {
      const [, name = '', value = ''] = /^--([^=]*)=?(.*)$/.exec(line) ?? [];
      found[name] = value;
    }
  }
  return all;
}

/** What php makes of words, and what is read as text by others: one setting in two spellings. */
const BY_PHP: Readonly<Record<string, string>> = {
  on: '1',
  yes: '1',
  true: '1',
  off: '',
  no: '',
  false: '',
  none: '',
  null: '',
};

/** Where a reader takes another value than is declared; nothing where it refuses the file. */
export function disagreements(here: Read, reader: string, there: Read | null): readonly string[] {
  if (there === null) return [];
  const fold = (name: string): string => (reader === 'php' || reader === 'mysql' ? name : name.toLowerCase());
  const sections = new Map(Object.entries(there).map(([name, settings]) => [fold(name), settings]));
  return Object.entries(here).flatMap(([section, settings]) => {
    // Python leaves names of sections as they are; git lists no empty section.
    const found = sections.get(fold(section)) ?? {};
    const names = new Map(Object.entries(found).map(([name, value]) => [fold(name), value]));
    const extra = names.size > Object.keys(settings).length ? [`${reader} has more in ${section}`] : [];
    return [
      ...extra,
      ...Object.entries(settings).flatMap(([name, value]) => {
        const got = names.get(fold(name));
        const word = reader === 'php' ? BY_PHP[value.toLowerCase()] : undefined;
        if (got === value || got === word) return [];
        // A constant of php by its name.
        if (reader === 'php' && /^[A-Z][A-Z_]+$/.test(value)) return [];
        return [`${reader}: ${section}/${name} is ${JSON.stringify(got)}, declared ${JSON.stringify(value)}`];
      }),
    ];
  });
}

const piece = fc.constantFrom(
  ...'a b 1 . - _ / : , @ + * < > ? é x = ; # " \' \\ % $ on No | ! ( [ ] ~ { &'.split(' '),
  ' ',
  '  ',
  '\t',
  '\u00a0',
);
const plain = fc.constantFrom(
  'a',
  'b c',
  '10',
  '/var/lib/x',
  'http://h:80/p',
  'on',
  'yes',
  'a,b',
  '1.5',
  'x-y',
  'a:b',
  '<a@b.example>',
  'a=b',
  '*',
  '',
);
const value = fc.oneof(
  { weight: 4, arbitrary: plain },
  fc.array(piece, { maxLength: 5 }).map((all) => all.join('')),
);
const name = fc.oneof(
  {
    weight: 15,
    arbitrary: fc.constantFrom(
      'name',
      'path',
      'a-b',
      'x.y',
      'Key',
      'n1',
      'port',
      'size',
      'user',
      'mode',
      'a_c',
    ),
  },
  fc.constantFrom('on', 'a b', 'a_b', 'key', '1a', 'a[]'),
);
const between = fc.constantFrom('=', ' = ', ' =', '= ', ' = ', '\t=\t', ':', ' : ');
const setting = fc
  .tuple(
    fc.constantFrom(...Array<string>(16).fill(''), ' ', '\t'),
    name,
    fc.oneof({ weight: 30, arbitrary: fc.constantFrom('=', ' = ', ' =', '= ') }, between),
    value,
    fc.constantFrom('', '', '', ' ', '\t'),
  )
  .map((all) => all.join(''));
const line = fc.oneof(
  { weight: 16, arbitrary: setting },
  fc.constantFrom('', '; c', '# c', '  # c', 'flag', '!include x', '; a \\'),
);
const section = fc.constantFrom(
  '[a]',
  '[b]',
  '[a.b]',
  '[A]',
  '[mysqld]',
  '[x y]',
  '[DEFAULT]',
  '[s "t"]',
  '[x-1]',
  '[c] ; d',
  '[a:b]',
);

/** Files to try: most are read, many are not. */
export const iniTexts = fc
  .array(
    fc.tuple(section, fc.uniqueArray(line, { maxLength: 4, selector: (text) => text.split(/[=:]/)[0] })),
    { minLength: 1, maxLength: 3 },
  )
  .chain((blocks) =>
    fc
      .constantFrom('\n', '\n', '\r\n')
      .map((end) => blocks.map(([head, lines]) => [head, ...lines].join(end) + end).join('')),
  );
