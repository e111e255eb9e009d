/** Files of Ansible: inventories, variables, vaults, and what is not looked at. PyYAML has a test of its own (ansible-python.test.ts). */
import t from 'tap';
import { declaredValue } from '#src/probe/declared.ts';
import { ANSIBLE_SOURCE, declareAnsible } from '#src/declare/sources/ansible/ansible.ts';
import { unmarkedSecrets } from '#src/declare/secret.ts';

const declared = (texts: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    declareAnsible(Object.entries(texts).map(([name, text]) => ({ name, text }))).leaves.map(
      ({ path, value, sensitive }) => [path, sensitive ? 'sensitive' : declaredValue(value)],
    ),
  );
const vars = (text: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(declared({ 'group_vars/a.yml': text })).map(([path, value]) => [
      path.slice('/group_vars/a.yml'.length),
      value,
    ]),
  );

t.test('variables as PyYAML reads them, in one spelling each', async (t) => {
  t.same(
    vars(
      'a: yes\nb: 010\nc: 22:22\nd: 1e3\ne: 1.10\nf: 0x1F\ng: 1_000\nh: "yes"\ni: ~\nj:\nk: Off\nl: 0o7\nm: 09\n',
    ),
    {
      '/a': true,
      '/b': 8,
      '/c': 1342,
      '/d': '1e3',
      '/e': { number: '1.1' },
      '/f': 31,
      '/g': 1000,
      '/h': 'yes',
      '/i': null,
      '/j': null,
      '/k': false,
      '/l': '0o7',
      '/m': '09',
    },
  );
  t.same(vars('a: on\n'), vars('a: True\n'));
  t.same(vars('a: 0b11\n'), vars('a: 3\n'));
  t.same(vars('a: 2024-01-02\nb: 2024-1-2 3:04:05.5 -7\nc: "2024-01-02"\n'), {
    '/a': { timestamp: '2024-01-02' },
    '/b': { timestamp: '2024-01-02T03:04:05.500000-07:00' },
    '/c': '2024-01-02',
  });
  t.same(vars('200: a\nyes: b\n"3": c\n'), {
    '': { names: ['200', 'true'] },
    '/200': 'a',
    '/true': 'b',
    '/3': 'c',
  });
});

t.test('merge keys', async (t) => {
  const text =
    'x: &x { a: 1, b: 1 }\ny: &y { b: 2, c: 2 }\nz: { <<: [*x, *y], c: 3 }\nw: { b: 9, <<: *x }\n"<<": 4\n';
  t.match(vars(text), { '/z/a': 1, '/z/b': 1, '/z/c': 3, '/w/a': 1, '/w/b': 9, '/<<': 4 });
  for (const bad of ['a: { <<: 1 }\n', 'a: { <<: [1] }\n', 'a: { <<: }\n'])
    t.throws(() => vars(bad), { message: /merge key/ });
});

t.test('what is encrypted is sealed, and what is unsafe is text', async (t) => {
  const vault = '$ANSIBLE_VAULT;1.1;AES256\n6162\n';
  t.same(
    vars(
      `a: !vault |\n  ${vault.replaceAll('\n', '\n  ').trimEnd()}\nb: !unsafe "{{ x }}"\nc: !unsafe [1, yes]\n`,
    ),
    {
      '/a': 'sensitive',
      '/b': '{{ x }}',
      '/c': { list: 2 },
      '/c/0': 1,
      '/c/1': true,
    },
  );
  t.same(declared({ 'group_vars/all/vault': vault }), { '/group_vars/all/vault': 'sensitive' });
  const [one, other] = [vault, vault.replace('6162', '6163')].map(
    (text) => declareAnsible([{ name: 'host_vars/a', text }]).leaves[0]?.value,
  );
  t.not(Buffer.from(one ?? []).toString('hex'), Buffer.from(other ?? []).toString('hex'));
  t.throws(() => vars('a: !vault hello\n'), { message: /begins with \$ANSIBLE_VAULT/ });
  t.throws(() => vars('a: !unsafe 5\n'), { message: /ansible-core 2\.19/ });
  t.match(
    unmarkedSecrets(
      declareAnsible([{ name: 'group_vars/a', text: 'db_password: hunter2-hunter2\n' }]).leaves,
      new Set(),
    ),
    [{ path: '/group_vars/a/db_password' }],
  );
});

t.test('inventories in INI have the leaves of those in YAML', async (t) => {
  const ini = `
mail.example.com  ansible_user=root
[web]   # those in front
web[01:03]:2222 weight=3 note="a b" # of them
[2001:db8::1]:22
[db:vars]
port = 5432
empty=
list=['a', 1]
ratio=1.50
mode=0644
on=True
[db:children]
web
[db]
`;
  const yaml = `
ungrouped: { hosts: { mail.example.com: { ansible_user: root } } }
web:
  hosts:
    web01: &w { ansible_port: 2222, weight: 3, note: a b }
    web02: *w
    web03: *w
    2001:db8::1: { ansible_port: 22 }
db:
  vars: { port: 5432, empty: "", list: [a, 1], ratio: 1.5, mode: "0644", "on": true }
  children: { web: {} }
  hosts: {}
`;
  const below = (texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(declared(texts)).map(([path, value]) => [path.replace(/^\/[^/]+/, ''), value]),
    );
  t.same(below({ hosts: ini }), below({ 'hosts.yml': yaml }));
});

t.test('inventories that are refused', async (t) => {
  const table: readonly (readonly [text: string, message: RegExp])[] = [
    ['[web]\na x\n', /line 2: expected NAME=VALUE/],
    ['[web:things]\n', /line 1: .* none of hosts, vars and children/],
    ['[we b]\n', /line 1: a section/],
    ['[web:vars]\nx\n', /line 2: expected NAME=VALUE/],
    ['[web:vars]\nx=1\n', /line 1: the group web is declared nowhere/],
    ['[web:children]\ndb\n', /line 2: the group db is declared nowhere/],
    ['[web]\na x=1 x=2\n', /line 2: the variable x is set twice/],
    ['[web]\na x=80,443\n', /line 2: Python takes the value of x for what no YAML has/],
    ['[web]\na x="b\n', /line 2: a quote is not closed/],
    ['[web]\na[1:b]\n', /line 2: a range is of numbers or of letters/],
    ['[web]\na[01:100]\n', /line 2: .*same length/],
    ['[web]\na[1:99999999]\n', /more than 50000 hosts/],
    ['---\nall:\n', /line 1: .*is YAML/],
    ['#!/usr/bin/env python\n', /it is a program/],
  ];
  for (const [text, message] of table) t.throws(() => declared({ hosts: text }), { message }, text);
});

t.test('YAML that is refused, with its line', async (t) => {
  const table: readonly (readonly [text: string, message: RegExp])[] = [
    ['a: 1\na: 2\n', /line 2: the name a is given twice/],
    ['1: a\n"1": b\n', /line 2: the name 1 is a text and a number/],
    ['a: 1\n---\nb: 1\n', /one YAML document/],
    ['a: !!python/object:os.system x\n', /commit the file whole/],
    ['a: !env X\n', /commit the file whole/],
    ['a: =\n', /line 1: PyYAML makes nothing of =/],
    ['a: 2024-13-45\n', /line 1: PyYAML makes nothing of/],
    ['? [a]\n: b\n', /a name must be a text/],
    ['a: "\x07"\n', /line 1: a character/],
    [`a: ${'['.repeat(300)}\n`, /nested deeper/],
    [
      `a: &a [${'x,'.repeat(9)}]\n${Array.from({ length: 9 }, (_, i) => `${'b'.repeat(i + 1)}: &${'b'.repeat(i + 1)} [${`*${i === 0 ? 'a' : 'b'.repeat(i)},`.repeat(9)}]\n`).join('')}`,
      /more than 500000 nodes/,
    ],
  ];
  for (const [text, message] of table) t.throws(() => vars(text), { message }, text.slice(0, 40));
});

t.test('JSON is read as Python reads it, before YAML', async (t) => {
  t.same(vars('{"a": 1e3, "b": [1.0, 12345678901234567890]}'), {
    '/a': { number: '1000.0' },
    '/b': { list: 2 },
    '/b/0': { number: '1.0' },
    '/b/1': { number: '12345678901234567890' },
  });
  t.throws(() => vars('{"a": NaN}'), { message: /NaN/ });
  t.throws(() => vars('{"a": {"__ansible_vault": "x"}}'), { message: /__ansible_vault/ });
});

t.test('which files of a folder are read, and what is said', async (t) => {
  const reads = (name: string): boolean => ANSIBLE_SOURCE.together?.test(name) === true;
  for (const name of [
    'hosts',
    'inventory',
    'hosts.ini',
    'inventories/prod/hosts',
    'group_vars/all',
    'group_vars/all/vault.yml',
    'host_vars/web1.example.com',
    'host_vars/a.json',
    'requirements.yml',
    'roles/x/defaults/main.yaml',
    'site.yml',
  ])
    t.ok(reads(name), name);
  for (const name of [
    'README.md',
    '.git/config',
    '.hidden.yml',
    'group_vars/all~',
    'group_vars/all.bak',
    'roles/x/templates/a.j2',
    'ansible.cfg',
    'group_vars/.x.yml',
    'a/.git/b.yml',
  ])
    t.notOk(reads(name), name);
  t.match(declareAnsible([{ name: 'hosts', text: 'a\n' }]).remarks, [
    /precedence, Jinja and facts, which are not looked at/,
  ]);
  t.throws(() => declared({ '../hosts': 'a\n' }), { message: /outside of this folder/ });
  t.throws(() => declared({ 'ansible.cfg': '[defaults]\n' }), { message: /no inventory/ });
});
