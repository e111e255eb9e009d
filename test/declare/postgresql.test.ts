/** The source `postgresql`: one leaf a setting and a rule, in one spelling; what the server reads otherwise than a person is refused. */
import t from 'tap';
import { decodeCbor } from '#src/bytes/cbor.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { saltingBy } from '#src/declare/node/salts.ts';
import { readSource } from '#src/declare/read.ts';
import { POSTGRESQL_SOURCE } from '#src/declare/sources/postgresql/postgresql.ts';
import type { SourceText } from '#src/declare/sources/source.ts';

type Files = Readonly<Record<string, string>>;

function declared(files: Files, whole: readonly string[] = []) {
  const texts: SourceText[] = Object.entries(files).map(([name, text]) => ({ name, text }));
  return POSTGRESQL_SOURCE.declare(texts, { literal: false, ignore: [], whole });
}

/** Leaves by path. */
function leaves(files: Files, whole?: readonly string[]): Readonly<Record<string, unknown>> {
  const plain = (value: unknown): unknown => (value instanceof Map ? Object.fromEntries(value) : value);
  return Object.fromEntries(
    declared(files, whole).leaves.map(({ path, value }) => [path, plain(decodeCbor(value))]),
  );
}

function refusal(files: Files, whole?: readonly string[]): string {
  try {
    declared(files, whole);
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
  return '';
}

t.test('two spellings of one setting are one leaf', async (t) => {
  for (const [name, value, ...others] of [
    ['ssl', 'on', 'on', "'ON'", 'true', 'yes', '1', 't', 'tru', 'Y'],
    ['fsync', 'off', 'of', 'OFF', 'false', 'n', '0'],
    ['work_mem', '64MB', '64MB', "'64 MB'", '65536', '65536kB', "'0.0625GB'", '0x10000', '67108864B'],
    ['shared_buffers', '128MB', '128MB', '131072kB', "'0.125GB'"],
    ['shared_buffers', '16384', '16384', '0x4000', "'16384'"],
    ['checkpoint_timeout', '5min', '300', '300s', '5min', "'300000ms'"],
    ['log_min_duration_statement', '-1', '-1', "'-1'"],
    ['random_page_cost', '1.1', '1.1', '1.10', "'11e-1'"],
    ['log_file_mode', '0600', '0600', '384', "'0x180'"],
    ['ssl_min_protocol_version', 'TLSv1.3', "'TLSv1.3'", "'tlsv1.3'"],
    ['wal_level', 'replica', 'replica', 'REPLICA', "'Replica'"],
    ['synchronous_commit', 'on', 'on', 'true', "'YES'", '1'],
    ['cluster_name', '64 kB', "'64 kB'", String.raw`'\064\064 kB'`.replace(String.raw`\064\064`, '6\\064')],
    ['archive_command', "cp 'a' b", "'cp ''a'' b'", String.raw`'cp \'a\' b'`, String.raw`'cp \047a\047 b'`],
    ['auto_explain.log_min_duration', '250ms', "'250ms'", '250ms'],
  ] as const)
    for (const text of others)
      for (const line of [`${name} = ${text}`, `${name.toUpperCase()} ${text} # why`, `\t${name}=${text}\r`])
        t.same(leaves({ 'postgresql.conf': line }), { [`/${name}`]: value }, line);
});

t.test('what means two things has two leaves', async (t) => {
  const roots = (lines: readonly string[]): number =>
    new Set(lines.map((text) => JSON.stringify(leaves({ 'pg_hba.conf': text })))).size;
  for (const lines of [
    ['local all all trust', 'local "all" all trust', 'local all "all" trust'],
    ['local all +a trust', 'local all "+a" trust', 'local all a trust'],
    ['local sameuser all trust', 'local "sameuser" all trust'],
    ['host all all all trust', 'host all all "all" trust', 'host all all samehost trust'],
    ['local a,b all trust', 'local "a,b" all trust', 'local a all trust'],
    ['host all all 10.0.0.0/8 trust', 'host all all 10.0.0.0/9 trust', 'hostssl all all 10.0.0.0/8 trust'],
    [
      'local all all trust\nlocal all all reject',
      'local all all reject\nlocal all all trust',
      'local all all trust',
    ],
    ['host all all 10.0.0.0 255.0.0.255 trust', 'host all all 10.0.0.0 255.0.0.0 trust'],
  ])
    t.equal(roots(lines), lines.length, lines.join(' | '));
});

t.test('two spellings of one rule are one', async (t) => {
  for (const [one, ...others] of [
    [
      'host a,b all 10.0.0.0/8 md5',
      'host b,a all 10.0.0.0 255.0.0.0 md5',
      'host "a", b all 10.1.2.3/8 "md5" # x',
      'host\ta,b\\\n all 10.0.0.0/8 md5',
    ],
    ['host all all 2001:db8::/32 md5', 'host all all 2001:0DB8:0:0::1/32 md5'],
    ['host all all db.example md5', 'host all all DB.example md5'],
    ['local all +"my group" peer', 'local all +"my group" ident'],
    [
      'hostssl all all all cert map=m clientcert=verify-full',
      'hostssl all all all cert clientcert=verify-full "map=m"',
    ],
    ['local samerole all trust', 'local samegroup all trust'],
  ])
    for (const other of others)
      t.same(leaves({ 'pg_hba.conf': other }), leaves({ 'pg_hba.conf': one ?? '' }), other);
  t.same(
    leaves({
      'pg_hba.conf':
        'hostssl db,app +"my group" 10.1.2.3/8 ldap ldapserver=h ldapprefix="cn="\nlocal all all peer',
    }),
    {
      '/hba': { list: 2 },
      '/hba/0/type': 'hostssl',
      '/hba/0/database': 'app,db',
      '/hba/0/user': '+"my group"',
      '/hba/0/address': '10.0.0.0/8',
      '/hba/0/method': 'ldap',
      '/hba/0/options/ldapserver': 'h',
      '/hba/0/options/ldapprefix': 'cn=',
      '/hba/1/type': 'local',
      '/hba/1/database': 'all',
      '/hba/1/user': 'all',
      '/hba/1/method': 'peer',
    },
  );
  t.same(leaves({ 'pg_ident.conf': 'm "/^(.*)@x$" \\1\n' }), {
    '/ident': { list: 1 },
    '/ident/0/map': 'm',
    '/ident/0/system': '/^(.*)@x$',
    '/ident/0/user': '\\1',
  });
});

t.test('the last line of a setting counts, and the reader is told', async (t) => {
  const files = {
    'postgresql.conf': "work_mem = 1MB\ninclude_dir 'conf.d'\nsort_mem = 3MB\nport = 1\nport = 0x1\n",
    'conf.d/a.conf': 'work_mem = 2MB\nfsync = off\n',
    'conf.d/b.conf': 'fsync = on\n',
    'conf.d/.c.conf': 'fsync = off\n',
    'conf.d/d.txt': 'not read',
    'postgresql.auto.conf': 'port = 5433\n',
  };
  t.same(leaves(files, ['conf.d']), { '/work_mem': '3MB', '/fsync': 'on', '/port': '5433' });
  const { remarks = [] } = declared(files, ['conf.d']);
  t.match(
    remarks.join('\n'),
    /work_mem in a\.conf line 1 does not count: postgresql\.conf line 3 overrides it/,
  );
  t.match(remarks.join('\n'), /port in postgresql\.conf line 5 .*postgresql\.auto\.conf line 1 overrides it/);
  const reversed = Object.fromEntries(Object.entries(files).toReversed());
  t.same(leaves(reversed, ['conf.d']), leaves(files, ['conf.d']), 'the order of the files does not count');
});

t.test('files of a folder, and what they include', async (t) => {
  const files = {
    '/e/postgresql.conf': "include 'more.conf'\ninclude_if_exists 'none.conf'\ninclude_dir '/e/conf.d/'\n",
    '/e/more.conf': 'port = 1\n',
    '/e/start.conf': 'auto\n',
    '/e/server.key': 'never read',
    '/e/pg_hba.conf': 'local @dbs all trust\ninclude hba.d/x.conf\n',
    '/e/dbs': '# ours\nb, "a b"\nc\n',
    '/e/hba.d/x.conf': 'host all all all reject\n',
  };
  const found = leaves(files, ['/e']);
  t.equal(found['/port'], '1');
  t.equal(found['/hba/0/database'], '"a b",b,c');
  t.equal(found['/hba/1/method'], 'reject');
  t.match(
    refusal({ 'postgresql.conf': "include_dir 'conf.d'" }),
    /line 1 includes the folder conf\.d, which was not given: name it too/,
  );
  t.match(
    refusal({ 'postgresql.conf': "\ninclude 'a.conf'" }),
    /postgresql\.conf line 2 includes the file a\.conf/,
  );
  t.match(refusal({ '/e/postgresql.conf': "include 'a.conf'" }, ['/e']), /a file that is not there/);
  t.match(refusal({ 'postgresql.conf': "include 'postgresql.conf'" }), /includes itself/);
  t.match(refusal({ 'postgresql.conf': '', 'x.conf': '' }), /nothing includes x\.conf/);
});

t.test('kinds of files are told by their names, and pg_hba.conf by its first line too', async (t) => {
  t.equal(leaves({ '-': '# x\n\nhostssl all all all reject\n' })['/hba/0/type'], 'hostssl');
  t.equal(leaves({ '-': 'port = 1\n' })['/port'], '1');
  for (const name of ['my-hba.txt', 'PG_HBA.CONF', 'pghba.conf', '/a/hba'])
    t.same(leaves({ [name]: '' })['/hba'], [], name);
  t.equal(leaves({ 'mythbackend.conf': 'port = 1' })['/port'], '1');
});

t.test('what is wrong is refused with its file, its line, and what to write', async (t) => {
  for (const [text, want] of [
    ['a b c', /postgresql\.conf line 1: something follows the value of a; write it as name = 'value'/],
    ['\nlisten_addresses = 127.0.0.1', /line 2: something follows the value of listen_addresses/],
    ["cluster_name = 'a", /line 1: the value of cluster_name is no value/],
    ['work_mem = 64mb', /line 1: work_mem is no number with a unit of PostgreSQL; .*TB, GB, MB, kB, B/],
    ['ssl = maybe', /line 1: ssl is neither on nor off/],
    ['max_connections = 10kB', /max_connections is no number; write it in decimal, without a unit/],
    ["cluster_name = 'a\\0b'", /zero byte/],
    ["cluster_name = '\\377'", /not UTF-8/],
    ['hba = 1', /hba is none of a setting/],
  ] as const)
    t.match(refusal({ 'postgresql.conf': text }), want, text);
  for (const [text, want] of [
    ['host all all', /pg_hba\.conf line 1: the rule ends before its address/],
    ['Host all all all trust', /a rule begins with local, host/],
    ['host all all 10/8 trust', /read in several ways/],
    ['host all all 10.0.0.0/33 trust', /no prefix length from 0 to 32/],
    ['host all all db.example/8 trust', /a name with a prefix length/],
    ['host all ,b all trust', /a comma follows a blank/],
    ['local all all peer map', /not written as name=value/],
    ['local all all peer map=a map=b', /stands twice/],
    ['local all all peer ldapserver=x', /ldapserver is for ldap alone/],
    ['host all all all cert', /does not take the method cert/],
    ['local all "all trust', /a quote is not closed/],
    [
      '# a comment \\\nlocal all all trust',
      /line 1: a comment that ends in a backslash swallows the next line/,
    ],
  ] as const)
    t.match(refusal({ 'pg_hba.conf': text }), want, text);
});

t.test('secrets', async (t) => {
  const read = (files: Files) =>
    readSource(
      Object.entries(files).map(([name, text]) => ({ name, text })),
      {
        source: POSTGRESQL_SOURCE,
        literal: false,
        ignore: [],
        sensitive: new Set<string>(),
        notSecret: new Set<string>(),
        salting: saltingBy(new Uint8Array(32)),
      },
    );
  const { leaves, unmarked } = read({
    'postgresql.conf': "primary_conninfo = 'host=a user=r password=Tr0ub4dor'\n",
    'pg_hba.conf': 'host all all all ldap ldapserver=h ldapbasedn=x ldapbindpasswd=hunter2-swordfish\n',
  });
  t.same(
    unmarked.map(({ path }) => path),
    ['/primary_conninfo'],
  );
  t.equal(leaves.find(({ path }) => path.endsWith('ldapbindpasswd'))?.sensitive, true);
  for (const text of ["a 'hunter2-swordfish", 'hunter2-swordfish', 'local all all trust hunter2-swordfish'])
    t.notMatch(
      refusal({ 'postgresql.conf': text }) + refusal({ 'pg_hba.conf': text }),
      /hunter2/,
      'no value is in a message',
    );
});

t.test('hostile files end with an answer', async (t) => {
  const long = (text: string): string => text.repeat(Math.ceil(200_000 / text.length));
  for (const [name, text, want] of [
    ['postgresql.conf', `a.b = '${long('x')}'`, /line 1: more than 65536 characters/],
    ['postgresql.conf', long('a'), /more than 65536 characters/],
    ['postgresql.conf', long('x.y=1\n'), undefined],
    ['postgresql.conf', 'x.y=1\n'.repeat(1_000_000), /more than 4194304 characters of configuration/],
    ['postgresql.conf', long("' "), /more than 65536 characters/],
    ['pg_hba.conf', long('\\\n'), undefined],
    ['pg_hba.conf', long('"#"\\\n'), /a rule of more than 65536 characters/],
    ['pg_hba.conf', long('a,b\\\n'), /a rule of more than 65536 characters/],
  ] as const)
    if (want === undefined) t.ok(leaves({ [name]: text }));
    else t.match(refusal({ [name]: text }), want, text.slice(0, 20));
  const fan = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [`${i}.conf`, `include '${i + 1}.conf'\n`.repeat(9)]),
  );
  t.match(refusal({ ...fan, '9.conf': 'port = 1' }), /more than 1000 files are included/);
  const many = { 'postgresql.conf': "include 'a.conf'", 'a.conf': long('x.y=1\n') };
  t.same(leaves(many), { '/x.y': '1' });
});
