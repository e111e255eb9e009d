/** A folder of PostgreSQL's files, as `commit` reads it from disk, beside `postgres -C` in that folder. */
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { decodeCbor } from '#src/bytes/cbor.ts';
import { readTexts } from '#src/declare/node/texts.ts';
import { POSTGRESQL_SOURCE } from '#src/declare/sources/postgresql/postgresql.ts';
import { isSame } from '#src/probe/postgres/same.ts';
import { program } from '../support/e3-targets.ts';

const FILES = {
  'postgresql.conf': [
    "include_dir = 'conf.d'",
    'WORK_MEM = 1MB',
    "include_if_exists 'absent.conf'",
    "include 'more/last.conf'",
    'ssl_min_protocol_version = tlsv1.3',
    "cluster_name = 'it''s \\x' # not this",
    'port = 1111',
  ].join('\n'),
  'conf.d': {
    '10.conf': 'work_mem = 2MB\nfsync = of\n',
    '20.conf': 'fsync = ON\n',
    'off.txt': 'fsync = off',
  },
  more: {
    'last.conf': "work_mem '0.0625GB'\ninclude 'beside.conf'\n",
    'beside.conf': 'random_page_cost = 1.10',
  },
  'postgresql.auto.conf': '# Do not edit\nport = 0x15ad\n',
  'pg_hba.conf': 'local all all peer\n',
  'pg_ctl.conf': "pg_ctl_options = ''\n",
};

/** Names, their types and units. */
const ASKED: readonly (readonly [name: string, type: string, unit: string, want: string])[] = [
  ['work_mem', 'integer', 'kB', '64MB'],
  ['fsync', 'bool', '', 'on'],
  ['port', 'integer', '', '5549'],
  ['random_page_cost', 'real', '', '1.1'],
  ['cluster_name', 'string', '', "it's x"],
  ['ssl_min_protocol_version', 'enum', '', 'TLSv1.3'],
];

t.test('a folder, and postgres -C', async (t) => {
  const cwd = t.testdir({ pg: FILES });
  const { texts, whole } = await readTexts({
    source: POSTGRESQL_SOURCE,
    named: ['pg'],
    cwd,
    stdin: (async function* () {})(),
    recursive: false,
  });
  const { leaves, remarks = [] } = POSTGRESQL_SOURCE.declare(texts, { literal: false, ignore: [], whole });
  const found = new Map(leaves.map(({ path, value }) => [path, decodeCbor(value)]));
  t.equal(found.get('/hba/0/method'), 'peer');
  t.match(
    remarks.join('\n'),
    /work_mem in postgresql\.conf line 2 does not count: last\.conf line 1 overrides it/,
  );
  const postgres = program('postgres');
  if (postgres === undefined) t.comment('PostgreSQL is not installed: this part was not tested');
  for (const [name, type, unit, want] of ASKED) {
    t.equal(found.get(`/${name}`), want, name);
    if (postgres === undefined) continue;
    const raw = execFileSync(postgres, ['-C', name, '-D', `${cwd}/pg`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trimEnd();
    t.ok(isSame(name, want, { raw, type, unit, source: 'configuration file', words: [] }), `${name}: ${raw}`);
  }
});
