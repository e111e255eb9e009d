/** What `ansible` reads is what PyYAML, `ast` and `shlex` of Python read, over generated texts: the same value, or refused. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { Refusal } from '#src/bytes/refusal.ts';
import { parseInventory } from '#src/declare/sources/ansible/inventory.ts';
import { literalValue } from '#src/declare/sources/ansible/literal.ts';
import { readAnsible } from '#src/declare/sources/ansible/ansible.ts';
import type { PyTree } from '#src/declare/sources/ansible/pyyaml.ts';
import { askPython, told, type Told } from '../support/py-told.ts';

const has = spawnSync('/usr/bin/python3', ['-c', 'import yaml; print(yaml.__version__)'], {
  encoding: 'utf8',
});
const skip = has.status === 0 ? false : 'no python3 with PyYAML (python3-yaml)';

const readYaml = (text: string): PyTree => readAnsible('a.yml', text);

/** Ours; null where it is refused. */
function ours(read: () => PyTree | undefined): Told | null {
  try {
    const tree = read();
    return tree === undefined ? null : told(tree);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return null;
  }
}

/** Compares where we read anything. `least`: how many of the texts must be read. */
function compared(
  t: Test,
  kind: string,
  texts: readonly string[],
  read: (text: string) => PyTree | undefined,
  least: number,
): void {
  const theirs = askPython(texts.map((text) => [kind, text]));
  let same = 0;
  const wrong: unknown[] = [];
  for (const [i, text] of texts.entries()) {
    const mine = ours(() => read(text));
    if (mine === null) continue;
    if (JSON.stringify(mine) === JSON.stringify(theirs[i])) same += 1;
    else wrong.push({ text, mine: JSON.stringify(mine), theirs: JSON.stringify(theirs[i]) });
  }
  t.strictSame(wrong.slice(0, 5), [], `${kind}: ${wrong.length} of ${texts.length} are read otherwise`);
  t.ok(same >= texts.length * least, `${same} of ${texts.length} are the same`);
}
type Test = Pick<typeof t, 'strictSame' | 'ok'>;

const SCALARS = [
  'yes',
  'Yes',
  'yEs',
  'y',
  'n',
  'no',
  'on',
  'off',
  'Off',
  'true',
  'TRUE',
  'tRUE',
  'null',
  'Null',
  '~',
  '',
  '0',
  '00',
  '07',
  '08',
  '0o7',
  '0x1F',
  '0x',
  '0b101',
  '0b2',
  '1_000',
  '_1',
  '1__0',
  '-1',
  '+1',
  '-0',
  '+0x1',
  '1.',
  '.5',
  '._5',
  '1.5',
  '-1.50',
  '+1.',
  '1e3',
  '1.e3',
  '1.0e3',
  '1.0e+3',
  '1.5E-10',
  '1e+3',
  '22:22',
  '1:60',
  '1:59:59',
  '1:2.5',
  '0:1',
  '09:30',
  '.inf',
  '-.INF',
  '+.inf',
  '.nan',
  '.NaN',
  '.Nan',
  'inf',
  '2024-01-02',
  '2024-1-2',
  '2024-02-30',
  '2024-01-02T03:04:05Z',
  '2024-01-02 03:04:05.123456789 +05:30',
  '2024-01-02t3:04:05 -0',
  '2024-01-02 03:04:05-7',
  '12345678901234567890',
  '0123456789',
  '1.10',
  '123456789.123456789',
  '1e400',
  '9.9e+400',
  '=',
  '<<',
  'a: b',
  '0_',
  '0.0',
  '-0.0',
  '1_0.5_0',
  '190:20:30.15',
  '10000000000000000.0',
  '0.00001',
  '0.0001',
  '1.0e+16',
  '1.5e+22',
  '4:20:00',
  "'yes'",
  '"yes"',
  '!!str yes',
  '0xDEADBEEF',
  '0777',
  '1.2.3',
  '10.0.0.1',
  '1,000',
  '@a',
  '%a',
  '`a',
] as const;

t.test('scalars, as values and as names', { skip }, (t) => {
  const digits = fc.stringMatching(/^[-+]?[0-9._:eExobaf]{1,8}$/);
  const all = [...new Set([...SCALARS, ...fc.sample(digits, { numRuns: 1500, seed: 7 })])];
  compared(
    t,
    'yaml',
    all.map((each) => `a: ${each}\n`),
    readYaml,
    0.9,
  );
  compared(
    t,
    'yaml',
    all.filter((each) => each !== '').map((each) => `${each}: a\n`),
    readYaml,
    0.5,
  );
  compared(
    t,
    'yaml',
    all.map((each) => `[${each}, "${each.replaceAll('"', '')}"]\n`),
    readYaml,
    0.5,
  );
  t.end();
});

t.test('documents', { skip }, (t) => {
  const word = fc.constantFrom(
    ...SCALARS.slice(0, 60),
    'a b',
    'x',
    '{{ a }}',
    'é',
    "it's",
    '#x',
    'x # y',
    '- a',
  );
  const quoted = fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text));
  const name = fc.constantFrom('a', 'b', 'c', 'yes', '1', '"1"', '~', '0x1', '2024-01-02');
  const { node } = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      word,
      quoted,
      fc.array(tie('node'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
      fc
        .array(fc.tuple(name, tie('node')), { maxLength: 3 })
        .map((pairs) => `{${pairs.map(([a, b]) => `${a}: ${b}`).join(', ')}}`),
    ),
  }));
  const block = fc
    .array(
      fc.tuple(name, node, fc.constantFrom('', '&x ', '*x ', '|\n    ', '>-\n    ', '!unsafe ', '\n    ')),
      { minLength: 1, maxLength: 5 },
    )
    .map((rows) =>
      rows
        .map(([key, value, before]) => `${key}: ${before.startsWith('*') ? before : before + value}\n`)
        .join(''),
    );
  const merges = fc
    .array(fc.tuple(name, fc.constantFrom('*x', '*y', '[*x, *y]', '[*y, *x]', '{c: 1, <<: *x}'), node), {
      minLength: 1,
      maxLength: 3,
    })
    .map(
      (rows) =>
        `x: &x {a: 1, b: 2}\ny: &y {b: 3, <<: *x, c: 4}\n${rows
          .map(([key, from, value]) => `- {${key}: ${value}, <<: ${from}}`)
          .map((row, i) => `z${i}: ${row.slice(2)}\n`)
          .join('')}`,
    );
  const texts = [
    ...fc.sample(block, { numRuns: 1500, seed: 11 }),
    ...fc.sample(merges, { numRuns: 500, seed: 12 }),
  ];
  compared(t, 'yaml', texts, readYaml, 0.3);
  t.end();
});

t.test('values of INI inventories', { skip }, (t) => {
  const fixed = [
    'True',
    'true',
    'False',
    'None',
    'none',
    '1',
    '01',
    '1_000',
    '0x1F',
    '1.50',
    '1e3',
    '.5',
    '5.',
    '-5',
    '- 5',
    '+5',
    '1.2.3',
    '10.0.0.1',
    '2024-01-02',
    '2024-1-2',
    "'a'",
    '"a\\n"',
    "'a' # b",
    '5 # b',
    'a # b',
    '[1, 2]',
    "['a', 1,]",
    '[a, b]',
    '{"a": 1}',
    "{'a': [1, {'b': None}]}",
    '{}',
    '[]',
    '{{ a }}',
    '[',
    "['a'",
    '1 2',
    '80,443',
    'a,b',
    "'a' 'b'",
    "b'a'",
    '(1)',
    '()',
    '1j',
    '...',
    'set()',
    '-True',
    "'it\\'s'",
    "'\\x41\\u00e9'",
    "'\\q'",
    '0b11',
    '0o17',
    '017',
    '00',
    '1__0',
    '1_',
    '',
    '  5',
    "u'a'",
    '5m',
    '1 if 2 else 3',
    '"a" b',
    "{'a'}",
    "{'a': 1, 'a': 2}",
    '"\\x4"',
    '0777',
    '-0',
    '1e400',
    '--5',
    '1+2j',
    '"/a b/"',
    'http://a:80/',
    '~',
    '1.5e-7',
    'not a',
    "['{{ a }}']",
  ];
  const made = fc.stringMatching(/^[-+0-9._eExj'"[\]{},: #aTrue]{1,10}$/);
  const texts = [...fixed, ...fc.sample(made, { numRuns: 3000, seed: 13 })];
  compared(t, 'literal', texts, literalValue, 0.7);
  t.end();
});

t.test('words of hosts', { skip }, (t) => {
  const fixed = [
    "a b='c d'",
    'a b="c \\" \\n d"',
    'a b=c#d',
    'a#b',
    "a b='c'd",
    'a b=c\\ d',
    "a b='",
    'a b=c\\',
    "a ''",
    'a   b=1 # c',
    'a "b=#"',
  ];
  const made = fc.stringMatching(/^a[ b='"\\#\t]{1,12}$/);
  const texts = [...fixed, ...fc.sample(made, { numRuns: 1500, seed: 14 })];
  const theirs = askPython(texts.map((text) => ['words', text.trim()]));
  const wrong = texts.filter((text, i) => {
    // The host and its variables as a list of words again, each variable with its text.
    const answer = theirs[i];
    const mine = ours(() => parseInventory(`${text}\n`));
    if (mine === null || answer === null || answer === undefined) return mine !== null;
    const [, words] = answer;
    return (
      !Array.isArray(words) ||
      words.length === 0 ||
      words.slice(1).some((each) => !String(each[1]).includes('='))
    );
  });
  t.strictSame(wrong.slice(0, 5), []);
  t.end();
});
