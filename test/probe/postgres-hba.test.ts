/**
 * What rules of pg_hba.conf come to, on a real server: who is let in without TLS from elsewhere, and who proves nothing; and
 * that what needs no log-in is answered without one.
 */
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { postgresProbe } from '#src/probe/postgres/probe.ts';
import { certificate, folder, tcp } from '../support/e3-targets.ts';
import { database, judgePack, look } from '../support/probe-targets.ts';

const dir = folder();
const pair = certificate(dir, 'p256');

/** `tls`: no rule without TLS; `proof`: no rule that asks for nothing. */
const CASES: readonly (readonly [what: string, rules: readonly string[], tls: string, proof: string])[] = [
  ['none but TLS', [], 'PROVEN', 'PROVEN'],
  ['a network, without TLS or a password', ['hostnossl all all 10.0.0.0/8 trust'], 'VIOLATED', 'VIOLATED'],
  ['without TLS, with SCRAM', ['hostnossl all all 10.0.0.0/8 scram-sha-256'], 'VIOLATED', 'PROVEN'],
  ['either, with md5', ['host all all 0.0.0.0/0 md5'], 'VIOLATED', 'PROVEN'],
  ['a password in clear', ['host all all all password'], 'VIOLATED', 'PROVEN'],
  ['one machine', ['host db app 192.0.2.7/32 md5'], 'VIOLATED', 'PROVEN'],
  ['the same network', ['host all all samenet scram-sha-256'], 'VIOLATED', 'PROVEN'],
  ['a name', ['host all all .example.test scram-sha-256'], 'VIOLATED', 'PROVEN'],
  ['IPv6', ['host all all 2001:db8::/32 scram-sha-256'], 'VIOLATED', 'PROVEN'],
  ['a netmask', ['host all all 10.0.0.0 255.0.0.0 scram-sha-256'], 'VIOLATED', 'PROVEN'],
  ['replication', ['hostnossl replication all 10.0.0.0/8 scram-sha-256'], 'VIOLATED', 'PROVEN'],
  ['without GSS encryption', ['hostnogssenc all all 10.0.0.0/8 md5'], 'VIOLATED', 'PROVEN'],
  ['a certificate, which is TLS', ['hostssl all all all cert'], 'PROVEN', 'PROVEN'],
  ['md5 inside TLS', ['hostssl all all all md5'], 'PROVEN', 'PROVEN'],
  ['trust inside TLS', ['hostssl all all all trust'], 'PROVEN', 'VIOLATED'],
  [
    'trust with a client certificate',
    ['hostssl all all all trust clientcert=verify-full'],
    'PROVEN',
    'PROVEN',
  ],
  [
    'the machine itself',
    ['host all all 127.0.0.1/32 scram-sha-256', 'host all all ::1/128 md5'],
    'PROVEN',
    'PROVEN',
  ],
  [
    'all of 127',
    ['host all all 127.0.0.0/8 scram-sha-256', 'host all all samehost scram-sha-256'],
    'PROVEN',
    'PROVEN',
  ],
  ['more than 127', ['host all all 126.0.0.0/7 scram-sha-256'], 'VIOLATED', 'PROVEN'],
  ['trust on the machine', ['host all all 127.0.0.1/32 trust'], 'PROVEN', 'VIOLATED'],
  ['trust on the socket', ['local all all trust'], 'PROVEN', 'VIOLATED'],
  ['peer on the socket', ['local all all peer'], 'PROVEN', 'PROVEN'],
  ['ident of another machine', ['hostssl all all 10.0.0.0/8 ident'], 'PROVEN', 'VIOLATED'],
  ['everything without TLS is rejected', ['hostnossl all all all reject'], 'PROVEN', 'PROVEN'],
  [
    'rejected before',
    [
      'hostnossl all all all reject',
      'hostnossl replication all all reject',
      'host all,replication all all md5',
    ],
    'PROVEN',
    'PROVEN',
  ],
  [
    'rejected before, by both families',
    [
      'hostnossl all all 0.0.0.0/0 reject',
      'hostnossl all all ::/0 reject',
      'host all all all md5',
      'host all all db.example.test md5',
    ],
    'PROVEN',
    'PROVEN',
  ],
  ['rejected after', ['host all all 10.0.0.0/8 md5', 'hostnossl all all all reject'], 'VIOLATED', 'PROVEN'],
  [
    'rejected, one family of two',
    ['hostnossl all all 0.0.0.0/0 reject', 'host all all all md5'],
    'VIOLATED',
    'PROVEN',
  ],
  [
    'rejected, a part of it',
    ['hostnossl all all 10.0.0.0/9 reject', 'host all all 10.0.0.0/8 md5'],
    'VIOLATED',
    'PROVEN',
  ],
  ['rejected, one user', ['hostnossl all bob all reject', 'host all all all md5'], 'VIOLATED', 'PROVEN'],
  ['rejected, one database', ['hostnossl db all all reject', 'host all all all md5'], 'VIOLATED', 'PROVEN'],
  [
    'rejected, but for replication',
    ['hostnossl all all all reject', 'host replication all 10.0.0.0/8 md5'],
    'VIOLATED',
    'PROVEN',
  ],
  [
    'rejected with TLS only',
    ['hostssl all all all reject', 'host all all all trust'],
    'VIOLATED',
    'VIOLATED',
  ],
  ['trust that an earlier rule takes', ['local all all peer', 'local all all trust'], 'PROVEN', 'PROVEN'],
  ['a line that is wrong', ['host all all nonsense'], 'UNKNOWN', 'UNKNOWN'],
  [
    'a line that is wrong, and one that is bad',
    ['host all', 'hostnossl all all 10.0.0.0/8 trust'],
    'VIOLATED',
    'VIOLATED',
  ],
];

t.test('what rules come to', async (t) => {
  const db = await database(folder(), pair);
  if (db === undefined) return t.comment('PostgreSQL is not installed: this part was not tested');
  t.teardown(() => db.stop());
  await db.sql(
    "CREATE ROLE reader LOGIN PASSWORD 'r-pw'",
    'GRANT SELECT ON pg_hba_file_rules TO reader',
    'GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO reader',
  );
  // As it is on disk; what was loaded at the start lets the tests in.
  for (const [what, rules, tls, proof] of CASES) {
    const own = 'hostssl all all 127.0.0.1/32 scram-sha-256';
    writeFileSync(db.hba, `${rules.join('\n')}\n${own}\n`);
    const seen = await look(
      postgresProbe,
      `127.0.0.1:${db.port}`,
      { plaintext: false, wire: false },
      { secrets: { dsn: `postgresql://reader:r-pw@127.0.0.1:${db.port}/postgres` } },
    );
    const verdicts = judgePack('postgres-settings', {}, seen);
    t.match(verdicts['postgres-hba-tls'], new RegExp(`^${tls} `), `${what}: TLS`);
    t.match(verdicts['postgres-hba-proof'], new RegExp(`^${proof} `), `${what}: proof`);
    if (what !== 'a line that is wrong') continue;
    const withheld = seen.withheld?.find(({ path }) => path === '/lets/whole');
    t.match(withheld?.reason, /a line of pg_hba.conf is wrong/, 'and says so');
  }
});

t.test('what needs no log-in', async (t) => {
  const db = await database(folder(), pair);
  if (db === undefined) return t.comment('PostgreSQL is not installed: this part was not tested');
  t.teardown(() => db.stop());
  await db.sql("CREATE ROLE reader LOGIN PASSWORD 'r-pw'");
  const admin = `hostssl all ${db.admin} 127.0.0.1/32 trust\n`;
  const verdicts = async (dsn: string | undefined): Promise<Readonly<Record<string, string>>> =>
    judgePack(
      'postgres-settings',
      {},
      await look(postgresProbe, `127.0.0.1:${db.port}`, {}, dsn === undefined ? {} : { secrets: { dsn } }),
    );
  const right = `postgresql://reader:r-pw@127.0.0.1:${db.port}/postgres`;
  for (const [what, dsn] of [
    ['without a connection string', undefined],
    ['with a wrong password', right.replace('r-pw', 'wrong')],
    ['as nobody', right.replace('reader', 'nobody')],
  ] as const)
    t.match(
      await verdicts(dsn),
      {
        'postgres-tls-on': 'UNKNOWN E0',
        'postgres-old-tls-refused': 'PROVEN E1',
        'postgres-plaintext-refused': 'PROVEN E1',
        'postgres-hba-tls': 'UNKNOWN E0',
        'postgres-unaltered': 'UNKNOWN E0',
      },
      what,
    );
  const rule = async (...rules: readonly string[]): Promise<string | undefined> => {
    writeFileSync(db.hba, `${admin}${rules.join('\n')}\n`);
    await db.reload();
    return (await verdicts(undefined))['postgres-plaintext-refused'];
  };
  t.equal(await rule('host all all 127.0.0.1/32 scram-sha-256'), 'VIOLATED E1');
  t.equal(await rule('host all all 127.0.0.1/32 trust'), 'VIOLATED E1', 'nobody is asked for anything');
  t.equal(
    await rule('hostnossl replication all 127.0.0.1/32 trust', 'hostssl all all 127.0.0.1/32 md5'),
    'VIOLATED E1',
    'for replication alone',
  );
  t.equal(
    await rule('hostssl all somebody 127.0.0.1/32 md5'),
    'UNKNOWN E0',
    'with TLS it is not let in either',
  );
  t.equal(await rule('hostnossl all all all reject', 'hostssl all all all scram-sha-256'), 'PROVEN E1');
  const gone = await tcp((socket) => void socket.destroy());
  await t.rejects(look(postgresProbe, `127.0.0.1:${gone.port}`), { code: 'unavailable' }, 'nobody is there');
  await gone.stop();
});
