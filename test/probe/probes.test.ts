/**
 * The probes postgres, http, files, terraform and exec against real targets and hostile ones: what they observe, of
 * which class, what a claim of it comes to, and that no target crashes or holds them.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { encodeCbor } from '#src/bytes/cbor.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import type { Observed } from '#src/claim/observed.ts';
import { isList, isMap, type Value } from '#src/claim/value.ts';
import { declareTerraform } from '#src/declare/sources/terraform/terraform.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { programCost } from '#src/probe/child.ts';
import { execProbe } from '#src/probe/exec/probe.ts';
import { filesProbe } from '#src/probe/files/probe.ts';
import { httpProbe } from '#src/probe/http/probe.ts';
import { postgresProbe } from '#src/probe/postgres/probe.ts';
import { Frames } from '#src/probe/postgres/frames.ts';
import { findProbe, RUNNABLE } from '#src/probe/runners.ts';
import { terraformProbe } from '#src/probe/terraform/probe.ts';
import { tlsProbe } from '#src/probe/tls/probe.ts';
import { readFacts } from '#src/declare/node/files.ts';
import { treeOf } from '#src/declare/opening.ts';
import { macOf, portableHmac } from '#src/declare/salting.ts';
import fc from 'fast-check';
import { certificate, folder, hashOf, listen, program, tcp, type Target } from '../support/e3-targets.ts';
import { database, judge, judgePack, limitedNginx, look, type Database } from '../support/probe-targets.ts';

const dir = folder();
const pair = certificate(dir, 'p256');
let folders = 0;
/** A new folder below the one of this file. */
const fresh = (): string => {
  const path = join(dir, `f${folders++}`);
  mkdirSync(path);
  return path;
};

/** The value at a JSON Pointer of what was seen. */
function at(seen: Observed, path: string): Value | undefined {
  let value: Value | undefined = seen.value;
  for (const step of path.split('/').slice(1))
    value =
      value === undefined
        ? undefined
        : isList(value)
          ? value[Number(step)]
          : isMap(value)
            ? value[step]
            : undefined;
  return value;
}

/** The code of a refusal; anything else that is thrown is a failure of the test. */
async function refusal(run: Promise<unknown>): Promise<string> {
  try {
    await run;
    return 'observed';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

async function started(
  t: Test,
  target: Promise<Target | undefined>,
  name: string,
): Promise<Target | undefined> {
  const found = await target;
  if (found === undefined) t.comment(`${name} is not installed: this part was not tested`);
  else t.teardown(() => found.stop());
  return found;
}

t.test('every probe is in the registry, under its name', async (t) => {
  for (const name of RUNNABLE) t.equal((await findProbe(name))?.name, name);
  t.equal(await findProbe('none@1'), undefined);
});

t.test('http: two configurations that read alike get opposite verdicts', async (t) => {
  const params = { rate: 10, burst: 5, verify: false };
  const all = { ...params, requests: 100 };
  const limits = await started(t, limitedNginx(dir, pair, `root ${dir}/html;`), 'nginx');
  if (limits === undefined) return;
  const good = await look(httpProbe, `https://127.0.0.1:${limits.port}`, all);
  t.same(judgePack('rate-limit', params, good), { 'rate-limited': 'PROVEN E1' });
  t.equal(at(good, '/burst/sent'), 100);
  t.ok(Number(at(good, '/burst/limited')) >= 20, 'most of them were limited');
  const other = fresh();
  const bypassed = await started(t, limitedNginx(other, pair, 'return 200 "ok";'), 'nginx');
  if (bypassed === undefined) return;
  const bad = await look(httpProbe, `https://127.0.0.1:${bypassed.port}`, all);
  t.same(judgePack('rate-limit', params, bad), { 'rate-limited': 'VIOLATED E1' });
  t.equal(at(bad, '/burst/accepted'), 100);
  const few = await look(httpProbe, `https://127.0.0.1:${limits.port}`, { ...params, requests: 5 });
  t.match(judge(httpProbe, few, 'o.http.burst.enforced'), { verdict: 'UNKNOWN', explain: /send more/ });
  t.match(at(few, '/burst/why'), /send more/);
});

/** A web server of the tests, and the requests it got. */
async function web(
  t: Test,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  const target = await listen(server);
  t.teardown(() => target.stop());
  return { url: `http://127.0.0.1:${target.port}`, requests };
}

t.test('http: what is answered is told, redirects are not followed, cookies are not kept', async (t) => {
  const { url, requests } = await web(t, (_request, response) => {
    response.writeHead(302, {
      location: '/elsewhere',
      'strict-transport-security': 'max-age=1',
      'x-own': '1',
      'set-cookie': ['session=s3cret; Secure; HttpOnly; SameSite=Lax', 'theme=dark'],
    });
    response.end('moved');
  });
  const seen = await look(httpProbe, `${url}/a?token=s3cret`);
  t.match(seen.value, {
    status: 302,
    path: '/a',
    encrypted: false,
    headers: { 'strict-transport-security': 'max-age=1' },
    redirect: { scheme: 'http', host: '127.0.0.1', samePath: false },
    cookies: [
      { name: 'session', secure: true, httpOnly: true, sameSite: 'lax' },
      { name: 'theme', secure: false, httpOnly: false, sameSite: '' },
    ],
    body: { bytes: 5, whole: true },
  });
  t.notMatch(JSON.stringify(seen.value), /s3cret|x-own/);
  t.equal(requests.length, 1);
  t.equal(requests[0]?.headers['user-agent'], 'tallystick-probe/1');
  t.equal(requests[0]?.url, '/a?token=s3cret');
  const own = await look(httpProbe, url, { headers: ['x-own'], tell: ['x-own'], method: 'HEAD', path: '/b' });
  t.same(own.value['headers'], { 'x-own': '1' });
  t.ok(own.bytes > 100);
});

t.test('http: whether anybody is let in', async (t) => {
  const token = 'the-right-one';
  const strict = await web(t, ({ headers }, response) => {
    response.writeHead(headers.authorization === `Bearer ${token}` ? 200 : 401).end();
  });
  const seen = await look(httpProbe, strict.url, { auth: true }, { secrets: { token: `${token}\n` } });
  t.same(judgePack('auth-required', {}, seen), { 'auth-required': 'PROVEN E1' });
  t.match(seen.value['auth'], { anonymous: 401, wrong: 401, right: 200, admits: true });
  t.notMatch(JSON.stringify(seen.value), new RegExp(token));
  const careless = await web(t, ({ headers }, response) => {
    response.writeHead(headers.authorization === undefined ? 401 : 200).end();
  });
  const open = await look(httpProbe, careless.url, { auth: true });
  t.same(judgePack('auth-required', {}, open), { 'auth-required': 'VIOLATED E1' }, 'any credentials will do');
  t.equal(
    await refusal(look(httpProbe, strict.url, { auth: true }, { secrets: { token: 'a\r\nb: c' } })),
    'config-invalid',
  );
});

t.test('http: nothing is said to a server that is another', async (t) => {
  let asked = 0;
  const server = createHttpsServer({ key: pair.key, cert: pair.cert }, (_request, response) => {
    asked += 1;
    response.end('ok');
  });
  server.on('tlsClientError', () => undefined);
  const target = await listen(server);
  t.teardown(() => target.stop());
  const url = `https://127.0.0.1:${target.port}`;
  t.equal(await refusal(look(httpProbe, url)), 'unavailable', 'a certificate nobody vouches for');
  t.equal(await refusal(look(httpProbe, url, { spki: '0'.repeat(64) })), 'unavailable', 'another key');
  t.equal(asked, 0);
  const verified = await look(httpProbe, url, {}, { secrets: { ca: pair.cert } });
  t.match(verified.value, { status: 200, encrypted: true, tls: { verified: true, version: 'TLSv1.3' } });
  const spki = JSON.stringify(at(verified, '/tls/spki')).slice(1, -1);
  t.match((await look(httpProbe, url, { spki })).value, { tls: { verified: true, spki } });
  t.match((await look(httpProbe, `127.0.0.1:${target.port}`, { verify: false })).value, {
    tls: { verified: false },
  });
});

t.test('http: hostile servers', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\n';
  for (const [name, talk] of Object.entries({
    garbage: '\0\x01\x02nonsense\r\n\r\n',
    'an endless header': `${head}a: ${'x'.repeat(40_000)}`,
    'two lengths': `${head}content-length: 1\r\ncontent-length: 2\r\n\r\nab`,
    'no answer at all': '',
    'another protocol': 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
    'a status of no kind': 'HTTP/1.1 9999 Q\r\n\r\n',
    'a short body': `${head}content-length: 10\r\n\r\nabc`,
  })) {
    const target = await tcp((socket) => void socket.end(talk));
    t.equal(await refusal(look(httpProbe, `http://127.0.0.1:${target.port}`)), 'unavailable', name);
    await target.stop();
  }
  const endless = await tcp((socket) => {
    socket.write(`${head}\r\n`);
    const more = (): void => void (!socket.destroyed && socket.write('x'.repeat(65_536), more));
    more();
  });
  const seen = await look(httpProbe, `http://127.0.0.1:${endless.port}`);
  t.same(at(seen, '/body/whole'), false, 'an endless body is cut');
  await endless.stop();
  const silent = await tcp(() => undefined);
  const stop = new AbortController();
  const run = refusal(look(httpProbe, `http://127.0.0.1:${silent.port}`, {}, { signal: stop.signal }));
  stop.abort();
  t.equal(await run, 'unavailable', 'stopped');
  await silent.stop();
  for (const target of ['ftp://a.test/', 'http://user:pw@a.test/', 'a b'])
    t.equal(await refusal(look(httpProbe, target)), 'config-invalid', target);
  for (const params of [{ requests: 201, rate: 1 }, { requests: 10 }, { path: 'no-slash' }, { spki: 'x' }])
    t.equal(await refusal(look(httpProbe, 'http://127.0.0.1:1', params)), 'config-invalid');
});

t.test('http: a server in trouble is left alone', async (t) => {
  const { url, requests } = await web(t, (_request, response) => void response.writeHead(500).end());
  const seen = await look(httpProbe, url, { requests: 100, rate: 1, connections: 1 });
  t.ok(requests.length < 10, `${requests.length} requests`);
  t.match(judge(httpProbe, seen, 'o.http.burst.enforced'), { verdict: 'UNKNOWN' });
});

t.test('postgres', async (t) => {
  const home = folder();
  const db = await database(home, pair);
  if (db === undefined) return t.comment('PostgreSQL is not installed: this part was not tested');
  t.teardown(() => db.stop());
  await db.sql(
    "CREATE ROLE reader LOGIN PASSWORD 'r3ader-pw' IN ROLE pg_read_all_settings",
    'CREATE TABLE public.accounts (id int PRIMARY KEY, balance int)',
    'GRANT SELECT ON public.accounts TO reader',
    'GRANT SELECT ON pg_file_settings, pg_hba_file_rules TO reader',
    'GRANT EXECUTE ON FUNCTION pg_show_all_file_settings(), pg_hba_file_rules() TO reader',
    "CREATE ROLE writer LOGIN PASSWORD 'wr1ter-pw'",
    'CREATE TABLE public."Odd ""name""" (a int)',
    'GRANT SELECT ON ALL TABLES IN SCHEMA public TO writer',
    'GRANT UPDATE (balance) ON public.accounts TO writer',
    'GRANT CREATE ON SCHEMA public TO writer',
  );
  const target = `127.0.0.1:${db.port}`;
  const dsn = (user: string, password: string, rest = ''): string =>
    `postgresql://${user}:${password}@127.0.0.1:${db.port}/postgres${rest}`;
  const reader = dsn('reader', 'r3ader-pw');
  const lookAs = (secret: string, params = {}, rest = {}): Promise<Observed> =>
    look(postgresProbe, target, params, { secrets: { dsn: secret }, ...rest });
  await t.test('as its files say', (t) => asDeclared(t, lookAs, reader));
  await t.test('a role that reads, and one that writes', (t) =>
    roles(t, lookAs, reader, dsn('writer', 'wr1ter-pw')),
  );
  await t.test('ALTER SYSTEM is a contradiction', (t) => altered(t, db, lookAs, reader));
  await t.test('a session in clear', (t) => clear(t, db, lookAs, reader));
  await t.test('what is refused', async (t) => {
    const other = dsn('reader', 'wrong');
    // What needs no log-in is looked at all the same.
    const lookIn = (secret: string, params = {}): Promise<Observed> =>
      lookAs(secret, { plaintext: false, wire: false, ...params });
    t.equal(await refusal(lookIn(other)), 'unavailable', 'a wrong password');
    t.equal(await refusal(lookAs('')), 'config-invalid');
    t.equal(await refusal(lookAs('postgresql://reader:x@elsewhere.test/postgres')), 'config-invalid');
    t.equal(await refusal(lookAs(`${reader}?sslmode=prefer`)), 'config-invalid');
    t.equal(await refusal(lookIn(`${reader}?sslmode=disable`)), 'unavailable', 'the server wants TLS');
    t.equal(await refusal(lookIn(reader, { verify: true })), 'unavailable', 'nobody vouches for it');
    t.equal(await refusal(lookIn(reader, { spki: 'f'.repeat(64) })), 'unavailable', 'another key');
    const verified = await lookAs(
      `${reader}?sslmode=verify-full`,
      { wire: false },
      { secrets: { dsn: reader, ca: pair.cert } },
    );
    t.equal(at(verified, '/encrypted'), true);
    for (const params of [{ tables: ['no-dot'] }, { settings: ['Bad Name'] }, { spki: 'x' }])
      t.equal(await refusal(lookAs(reader, params)), 'config-invalid');
    for (const secret of [other, reader]) {
      const error: unknown = await lookIn(secret, { spki: 'f'.repeat(64) }).catch((each: unknown) => each);
      t.notMatch(String(error), /r3ader|wrong/, 'no message has the password');
    }
  });
});

type LookAs = (secret: string, params?: object, rest?: object) => Promise<Observed>;

async function asDeclared(t: Test, lookAs: LookAs, reader: string): Promise<void> {
  const seen = await lookAs(reader);
  t.notMatch(JSON.stringify(seen.value), /r3ader-pw/);
  t.same(seen.contradictions, []);
  t.same(judgePack('postgres-settings', {}, seen), {
    'postgres-tls-on': 'PROVEN E0',
    'postgres-old-tls-refused': 'PROVEN E1',
    'postgres-plaintext-refused': 'PROVEN E1',
    'postgres-hba-tls': 'PROVEN E0',
    // The tests' own way in.
    'postgres-hba-proof': 'VIOLATED E0',
    'postgres-passwords': 'PROVEN E0',
    'postgres-unaltered': 'PROVEN E0',
  });
  t.match(at(seen, '/settings/ssl_min_protocol_version'), {
    setting: 'TLSv1.3',
    source: 'configuration file',
    line: 2,
    pendingRestart: false,
  });
  t.match(at(seen, '/plaintext/why'), /no rule of pg_hba\.conf lets this session in without TLS/);
  t.match(at(seen, '/hba/0'), { line: 1, type: 'hostssl', method: 'trust' });
  t.match(judge(postgresProbe, seen, "o.postgres.wire.accepted['TLSv1.3']", 'E3'), {
    verdict: 'PROVEN',
    evidence: 'E3',
  });
  t.ok(seen.attachments.length > 0);
  t.same(at(seen, '/grants/tables'), { 'public.accounts': ['SELECT'] });
  const units = await lookAs(reader, { settings: ['work_mem', 'log_connections', 'no_such_setting'] });
  t.match(units.value['settings'], {
    work_mem: { setting: '8192', unit: 'kB' },
    log_connections: { setting: 'on' },
  });
  t.same(units.contradictions, [], '8MB is 8192 kB, yes is on');
  t.equal(units.population.sampled, 2);
  const declared = new Map<string, Value>([['/postgresql/work_mem', '16MB']]);
  const drift = await lookAs(reader, { settings: ['work_mem'] }, { secrets: { dsn: reader }, declared });
  t.same(at(drift, '/declared'), { work_mem: '16MB' });
}

async function roles(t: Test, lookAs: LookAs, reader: string, writer: string): Promise<void> {
  const odd = 'public.Odd "name"';
  const params = { tables: ['public.accounts', odd], schemas: ['public'], wire: false, plaintext: false };
  const seen = await lookAs(reader, params);
  t.same(
    judgePack(
      'postgres-read-only',
      { tables: ['public.accounts'] },
      await lookAs(reader, { tables: ['public.accounts'] }),
    ),
    {
      'role-writes-refused': 'PROVEN E1',
      'role-grants': 'PROVEN E0',
    },
  );
  t.match(seen.value['writes'], { 'public.accounts': { insert: false, update: false, delete: false } });
  t.match(at(seen, `/writes/${odd}`), { insert: false }, 'names are quoted');
  t.same(seen.value['creates'], { public: { create: false } });
  const bad = await lookAs(writer, params);
  t.same(judgePack('postgres-read-only', { tables: ['public.accounts'] }, bad), {
    'role-writes-refused': 'VIOLATED E1',
    'role-grants': 'VIOLATED E0',
  });
  t.match(
    at(bad, '/writes/public.accounts'),
    { insert: false, update: true, delete: false },
    'one column is enough',
  );
  t.same(bad.value['creates'], { public: { create: true } });
  t.equal(at(bad, '/files'), undefined, 'it may not read pg_file_settings');
  t.match(judge(postgresProbe, bad, 'size(o.postgres.altered) == 0'), { verdict: 'UNKNOWN' });
  const none = await lookAs(reader, { ...params, tables: ['public.none'], role: 'nobody' });
  t.match(at(none, '/writes/public.none'), { why: 'there is no such table' });
  t.equal(at(none, '/grants'), undefined);
}

async function altered(t: Test, db: Database, lookAs: LookAs, reader: string): Promise<void> {
  await db.sql("ALTER SYSTEM SET ssl_min_protocol_version = 'TLSv1.2'");
  await db.reload();
  const seen = await lookAs(reader);
  const verdicts = judgePack('postgres-settings', {}, seen);
  t.match(verdicts, {
    'postgres-tls-on': 'CONTRADICTED E0',
    'postgres-old-tls-refused': 'CONTRADICTED E3',
    'postgres-unaltered': 'VIOLATED E0',
  });
  const wire = judge(postgresProbe, seen, "!o.postgres.wire.accepted['TLSv1.2']", 'E1');
  t.match(wire, { verdict: 'CONTRADICTED', evidence: 'E3' }, 'the server itself signed that it accepts 1.2');
  t.match(
    wire.explain,
    /postgresql\.conf line 2 says ssl_min_protocol_version = TLSv1\.3, and TLSv1\.2 was accepted; .* TLSv1\.2, set in postgresql\.auto\.conf line \d+/,
  );
  t.same(seen.contradictions[0]?.paths, [
    '/wire/accepted/TLSv1.2',
    '/settings/ssl_min_protocol_version',
    '/files/ssl_min_protocol_version',
  ]);
  for (const path of seen.contradictions.flatMap(({ paths }) => paths))
    t.not(at(seen, path), undefined, path);
  // Without the right to read the files, the declaration takes their place.
  const declared = new Map<string, Value>([['/ssl_min_protocol_version', 'TLSv1.3']]);
  await db.sql('REVOKE SELECT ON pg_file_settings FROM reader');
  const half = await lookAs(reader, { wire: false });
  t.equal(at(half, '/files'), undefined);
  t.match(at(half, '/altered/ssl_min_protocol_version'), {
    setting: 'TLSv1.2',
    file: /postgresql\.auto\.conf$/,
  });
  t.match(judgePack('postgres-settings', {}, half), { 'postgres-tls-on': 'CONTRADICTED E0' });
  const min = 'o.postgres.settings.ssl_min_protocol_version.setting';
  t.match(judge(postgresProbe, half, `${min} == 'TLSv1.3'`, 'E0'), {
    verdict: 'CONTRADICTED',
    explain:
      /ALTER SYSTEM put ssl_min_protocol_version = TLSv1\.2 over .*auto\.conf line \d+.*GRANT SELECT ON pg_file_settings/,
  });
  t.equal(
    judge(postgresProbe, half, `${min} == 'TLSv1.2'`, 'E0').verdict,
    'PROVEN',
    'what holds is left alone',
  );
  t.match(at(half, '/hint'), /may not read/);
  await db.sql('REVOKE pg_read_all_settings FROM reader');
  const blind = await lookAs(reader, {}, { secrets: { dsn: reader }, declared });
  t.match(judge(postgresProbe, blind, "!o.postgres.wire.accepted['TLSv1.2']"), {
    verdict: 'CONTRADICTED',
    explain: /the declaration says .* TLSv1\.3, and TLSv1\.2 was accepted/,
  });
  await db.sql(
    'GRANT pg_read_all_settings TO reader',
    'GRANT SELECT ON pg_file_settings TO reader',
    'ALTER SYSTEM RESET ssl_min_protocol_version',
  );
  await db.reload();
  t.same((await lookAs(reader)).contradictions, []);
  // Edited, and not reloaded: the file says what does not run.
  writeFileSync(db.conf, 'ssl_min_protocol_version = TLSv1.2\n');
  t.match((await lookAs(reader, { wire: false })).contradictions, [
    {
      explain:
        /postgresql\.conf line 1 says ssl_min_protocol_version = TLSv1\.2, and the server runs with TLSv1\.3/,
    },
  ]);
}

async function clear(t: Test, db: Database, lookAs: LookAs, reader: string): Promise<void> {
  const tls = `hostssl all all 127.0.0.1/32 scram-sha-256\n`;
  writeFileSync(
    db.hba,
    `hostssl all ${db.admin} 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n`,
  );
  await db.reload();
  const open = await lookAs(reader, { wire: false });
  t.match(judge(postgresProbe, open, '!o.postgres.plaintext.accepted', 'E1'), {
    verdict: 'VIOLATED',
    evidence: 'E1',
  });
  t.match(at(open, '/plaintext/why'), /asks|ask for a password, in clear/);
  const bare = await lookAs(`${reader}?sslmode=disable`, { wire: false });
  t.equal(at(bare, '/encrypted'), false);
  // On disk it is closed again, but nobody reloaded.
  writeFileSync(db.hba, `hostssl all ${db.admin} 127.0.0.1/32 trust\n${tls}`);
  const stale = await lookAs(reader, { wire: false });
  t.match(judge(postgresProbe, stale, '!o.postgres.plaintext.accepted', 'E1'), {
    verdict: 'CONTRADICTED',
    explain: /was it reloaded/,
  });
  // The first rule that matches counts, so their order is what they mean; and a part of them means nothing.
  const many = (count: number): string =>
    `hostssl all ${db.admin} 127.0.0.1/32 trust\n`.repeat(count - 1) + 'host all all 127.0.0.1/32 trust\n';
  const ordered = "o.postgres.hba.all(r, r.type == 'hostssl' || r.line == 12) && o.postgres.hba[1].line == 2";
  writeFileSync(db.hba, many(12));
  const twelve = await lookAs(reader, { wire: false });
  t.match(judge(postgresProbe, twelve, ordered, 'E0'), { verdict: 'PROVEN' });
  writeFileSync(db.hba, many(2_001));
  const cut = await lookAs(reader, { wire: false });
  t.match(judge(postgresProbe, cut, "o.postgres.hba.all(r, r.method != 'trust')", 'E0'), {
    verdict: 'UNKNOWN',
    explain: /more than 2000 rules/,
  });
  t.same(cut.contradictions, [], 'what was not read contradicts nothing');
  writeFileSync(db.hba, `hostssl all ${db.admin} 127.0.0.1/32 trust\n${tls}`);
  await db.reload();
}

t.test('postgres: hostile servers', async (t) => {
  const text = (type: string, body: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length + 4);
    return Buffer.concat([Buffer.from(type), length, Buffer.from(body, 'latin1')]);
  };
  const ok = text('R', '\0\0\0\0');
  const ready = text('Z', 'I');
  const report = (code: string): Buffer => text('E', `SFATAL\0C${code}\0Mno\0\0`);
  for (const [name, talk] of Object.entries({
    garbage: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    'an error that does not end': text('E', 'SFATAL'),
    'an error of half a field': text('E', 'Mx\0'),
    'a message of 2 GiB': Buffer.from([0x45, 0x7f, 0xff, 0xff, 0xff]),
    'a message of no length': Buffer.from([0x45, 0, 0, 0, 0]),
    'an unknown way of authentication': text('R', '\0\0\0\x63'),
    'mechanisms that do not end': text('R', '\0\0\0\x0aSCRAM-SHA-256\0'),
    'a mechanism that is unknown': text('R', '\0\0\0\x0aX\0\0'),
    'a password in clear': text('R', '\0\0\0\x03'),
    'rows nobody asked for': Buffer.concat([ok, ready, text('D', '\0\x01\0\0\0\x01x')]),
    'a row that does not fit': Buffer.concat([ok, ready, text('D', '\0\x09')]),
    'a description of nothing': Buffer.concat([ok, ready, text('T', '\xff\xff')]),
    'a copy': Buffer.concat([ok, ready, text('G', '\0\0\0')]),
    'a refusal': report('28000'),
    'a greeting without end': Buffer.concat([
      ok,
      ...Array.from({ length: 200_000 }, () => text('S', 'a\0b\0')),
    ]),
    nothing: Buffer.alloc(0),
  })) {
    const target = await tcp((socket) => {
      socket.once('data', () => socket.write(talk));
      socket.setTimeout(500, () => socket.destroy());
    });
    const dsn = `postgresql://a:secret-pw@127.0.0.1:${target.port}/b?sslmode=disable`;
    const error: unknown = await look(
      postgresProbe,
      `127.0.0.1:${target.port}`,
      { wire: false, plaintext: false },
      { secrets: { dsn } },
    ).catch((each: unknown) => each);
    t.ok(
      error instanceof Refusal && ['unavailable', 'too-large'].includes(error.code),
      `${name}: ${String(error)}`,
    );
    await target.stop();
  }
  let said = '';
  const listener = await tcp((socket) => {
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
      socket.write(text('R', '\0\0\0\x03'));
    });
  });
  const dsn = `postgresql://a:secret-pw@127.0.0.1:${listener.port}/b?sslmode=disable`;
  t.equal(
    await refusal(
      look(
        postgresProbe,
        `127.0.0.1:${listener.port}`,
        { wire: false, plaintext: false },
        { secrets: { dsn } },
      ),
    ),
    'unavailable',
  );
  t.notMatch(said, /secret-pw/, 'nobody unknown is told the password');
  await listener.stop();
  const silent = await tcp(() => undefined);
  const stop = new AbortController();
  const held = refusal(
    look(
      postgresProbe,
      `127.0.0.1:${silent.port}`,
      {},
      { secrets: { dsn: dsn.replace(/:\d+\//, `:${silent.port}/`) }, signal: stop.signal },
    ),
  );
  stop.abort();
  t.equal(await held, 'unavailable', 'stopped');
  await silent.stop();
});

t.test('postgres: no bytes get past the frames that are not whole messages', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), (chunks) => {
      const frames = new Frames(() => undefined);
      let taken = 0;
      try {
        for (const chunk of chunks) for (const message of frames.take(chunk)) taken += message.length;
      } catch (error) {
        return error instanceof Error && error.name === 'BadMessage';
      }
      return taken <= chunks.reduce((sum, each) => sum + each.length, 0);
    }),
  );
  const row = Uint8Array.of(0x44, 0, 0, 0, 11, 0, 1, 0, 0, 0, 1, 0x78);
  for (let cut = 0; cut <= row.length; cut++) {
    const frames = new Frames(() => undefined);
    const found = [...frames.take(row.subarray(0, cut)), ...frames.take(row.subarray(cut))];
    t.same(found, [row], `cut at ${cut}`);
  }
});

/** A folder and what `commit files` would declare of it. */
async function declaredFolder(more = 0): Promise<{
  readonly root: string;
  readonly declared: ReadonlyMap<string, Value>;
}> {
  const root = join(fresh(), 'tree');
  mkdirSync(join(root, 'conf/d'), { recursive: true });
  for (const [name, text, mode] of [
    ['conf/a', 'first', 0o644],
    ['conf/d/b', 'second', 0o600],
    ['run', '#!/bin/sh', 0o755],
  ] as const) {
    writeFileSync(join(root, name), text);
    chmodSync(join(root, name), mode);
  }
  symlinkSync('a', join(root, 'conf/link'));
  for (let i = 0; i < more; i++) writeFileSync(join(root, `conf/${i}`), String(i));
  const stdin = (async function* () {})();
  const { facts } = await readFacts([root], { base: root, omit: new Map(), stdin });
  const tree = treeOf(facts.map((fact) => ({ ...fact, salt: new Uint8Array(16) })));
  const declared = tree.leaves.map(({ path, value }): [string, Value] => [
    path,
    declaredValue(value as Uint8Array),
  ]);
  return { root, declared: new Map(declared) };
}

t.test('files: the committed tree, and what is done to it', async (t) => {
  const { root, declared } = await declaredFolder();
  const same = await look(filesProbe, root, {}, { declared });
  const verdicts = (seen: Observed) => judgePack('file-integrity', {}, seen);
  const proven = { 'files-unchanged': 'PROVEN E1', 'files-closed': 'PROVEN E1', 'files-inside': 'PROVEN E1' };
  t.same(verdicts(same), proven);
  t.same(same.compared, { declared: 4, compared: 4, excluded: 0 });
  t.match(same.value, { same: 4, whole: true, differing: [], undeclared: [] });

  writeFileSync(join(root, 'conf/a'), 'First');
  chmodSync(join(root, 'run'), 0o4755);
  unlinkSync(join(root, 'conf/d/b'));
  writeFileSync(join(root, 'conf/extra'), '');
  mkdirSync(join(root, 'new/er'), { recursive: true });
  spawnSync('mkfifo', [join(root, 'new/pipe')]);
  symlinkSync('/etc/passwd', join(root, 'conf/out'));
  unlinkSync(join(root, 'conf/link'));
  symlinkSync('nowhere', join(root, 'conf/link'));
  const seen = await look(filesProbe, root, {}, { declared });
  t.same(verdicts(seen), {
    'files-unchanged': 'VIOLATED E1',
    'files-closed': 'VIOLATED E1',
    'files-inside': 'VIOLATED E1',
  });
  t.match(seen.value['differing'], [
    { path: 'conf/a', what: ['sha256'] },
    { path: 'conf/link', what: ['sha256', 'size'] },
    { path: 'run', what: ['mode'], mode: '4755', declaredMode: '0755' },
  ]);
  t.same(seen.value['missing'], ['conf/d/b']);
  t.same(seen.value['undeclared'], [
    { path: 'conf/extra', type: 'file' },
    { path: 'conf/out', type: 'symlink' },
    { path: 'new', type: 'folder' },
    { path: 'new/er', type: 'folder' },
    { path: 'new/pipe', type: 'fifo' },
  ]);
  t.same(seen.value['escaping'], ['conf/out']);
  t.same(seen.undeclared, seen.value['undeclared']);
  const lenient = await look(
    filesProbe,
    root,
    { closed: false, modes: false, ignore: ['conf/a', 'conf/link', 'conf/d'] },
    { declared },
  );
  t.match(lenient.value, { same: 1, compared: 1, differing: [] });
  t.same(lenient.compared, { declared: 4, compared: 1, excluded: 3 });
  t.equal(lenient.value['undeclared'], undefined, 'an open world has nothing undeclared');
});

t.test('files: a folder whose own name is in the declared paths', async (t) => {
  const { root, declared } = await declaredFolder();
  const below = new Map(Array.from(declared, ([path, value]) => [`tree/${path}`, value]));
  const run = look(filesProbe, root, {}, { declared: below });
  await t.rejects(run, { code: 'config-invalid', message: /begin with tree\/.*prefix: tree$/ });
  const told = await look(filesProbe, root, { prefix: 'tree' }, { declared: below });
  t.match(told.value, { same: 4, missing: [] });
  // Files that are gone are missing, whatever they are called.
  const empty = join(fresh(), 'tree');
  mkdirSync(empty);
  t.match((await look(filesProbe, empty, {}, { declared: below })).value, { missing: { length: 4 } });
  // A name that is no UTF-8 is undeclared, not invisible.
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x61])]), '');
  const odd = await look(filesProbe, root, {}, { declared });
  t.match(odd.value['undeclared'], [{ path: '\ufffda', type: 'other' }]);
});

t.test('files: what stands in for a declared file is not read', async (t) => {
  const { root, declared } = await declaredFolder();
  unlinkSync(join(root, 'run'));
  spawnSync('mkfifo', [join(root, 'run')]);
  const elsewhere = join(fresh(), 'conf');
  renameSync(join(root, 'conf'), elsewhere);
  symlinkSync(elsewhere, join(root, 'conf'));
  const seen = await look(filesProbe, root, {}, { declared });
  t.match(seen.value['differing'], [{ path: 'run', what: ['type'], type: 'fifo' }]);
  t.same(seen.value['missing'], ['conf/a', 'conf/d/b', 'conf/link'], 'nothing is declared behind a link');
  t.same(seen.value['undeclared'], [{ path: 'conf', type: 'symlink' }]);
  t.same(seen.value['escaping'], ['conf']);
});

t.test('files: owners, prefixes, and what cannot be read', async (t) => {
  const { root, declared } = await declaredFolder();
  const uid = process.getuid?.() ?? 0;
  const own = await look(filesProbe, root, { uid }, { declared });
  t.same(own.value['owners'], []);
  const others = await look(filesProbe, root, { uid: uid + 1 }, { declared });
  t.equal(at(others, '/counts/owners'), 4);
  const below = new Map(Array.from(declared, ([path, value]) => [`deploy/tree/${path}`, value]));
  below.set('other', declared.get('run') ?? null);
  const seen = await look(filesProbe, root, { prefix: 'deploy/tree' }, { declared: below });
  t.match(seen.value, { declared: 5, compared: 4, same: 4 });
  if (uid !== 0) {
    chmodSync(join(root, 'run'), 0o000);
    const blind = await look(filesProbe, root, { modes: false }, { declared });
    t.same(blind.value['unreadable'], ['run']);
    t.match(judge(filesProbe, blind, 'size(o.files.differing) == 0 && o.files.whole'), {
      verdict: 'UNKNOWN',
    });
  } else t.comment('root reads everything: files that cannot be read were not tested');
  const stop = new AbortController();
  stop.abort(new Refusal('unavailable', 'stopped'));
  t.equal(await refusal(look(filesProbe, root, {}, { declared, signal: stop.signal })), 'unavailable');
  for (const [target, params, leaves, code] of [
    ['relative', {}, declared, 'config-invalid'],
    [join(root, 'none'), {}, declared, 'unavailable'],
    [root, { prefix: '../x' }, declared, 'config-invalid'],
    [root, { prefix: 'none' }, declared, 'config-invalid'],
    [root, {}, new Map<string, Value>([['a', 'text']]), 'config-invalid'],
    [root, {}, new Map<string, Value>([['../../etc/passwd', declared.get('run') ?? null]]), 'config-invalid'],
    [root, {}, undefined, 'config-invalid'],
  ] as const)
    t.equal(
      await refusal(look(filesProbe, target, params, leaves === undefined ? {} : { declared: leaves })),
      code,
    );
});

/** `terraform show -json` of a plan and of the state after it, by the attributes of one resource. */
const resource = (address: string, values: object, sensitive: object = {}) => ({
  address,
  mode: 'managed',
  type: 'terraform_data',
  values,
  sensitive_values: sensitive,
});
const planOf = (after: object, unknown: object, sensitive: object = {}): string =>
  JSON.stringify({
    format_version: '1.2',
    terraform_version: '1.11.4',
    planned_values: { root_module: {}, outputs: { url: { sensitive: false } } },
    resource_changes: [
      {
        address: 'terraform_data.db',
        mode: 'managed',
        change: { actions: ['create'], after, after_unknown: unknown, after_sensitive: sensitive },
      },
    ],
  });
const stateOf = (...resources: object[]): string =>
  JSON.stringify({
    format_version: '1.0',
    terraform_version: '1.11.4',
    values: { outputs: { url: { sensitive: false, value: 'https://a.test' } }, root_module: { resources } },
  });

/** Leaves as an agent has them: sensitive ones as `commit` keeps them. */
function planned(text: string, salt: string): ReadonlyMap<string, Value> {
  const leaves = declareTerraform(text).leaves.map(({ path, value, sensitive }): [string, Value] => {
    const kept = encodeCbor(
      new Map([
        [
          'sensitive',
          macOf({ secret: Buffer.from(salt, 'hex'), hmac: portableHmac }, 'sensitive', path, value),
        ],
      ]),
    );
    return [path, declaredValue(sensitive ? kept : value)];
  });
  return new Map(leaves);
}

t.test('terraform: a state against its plan', async (t) => {
  const salt = 'ab'.repeat(32);
  const known = { input: { engine: 'postgres', password: 's3cr3t-pw', days: 90, ratio: 1.5 } };
  const hidden = { input: { password: true } };
  const declared = planned(planOf(known, { id: true, output: true }, hidden), salt);
  const file = join(fresh(), 'state.json');
  const lookAt = (state: string, secrets: Record<string, string> = { salt }): Promise<Observed> => {
    writeFileSync(file, state);
    return look(terraformProbe, file, {}, { declared, secrets });
  };
  const applied = { ...known, id: 'a-1', output: { engine: 'postgres' } };
  const same = await lookAt(stateOf(resource('terraform_data.db', applied, hidden)));
  t.same(judgePack('terraform-applied', {}, same), {
    'terraform-as-planned': 'PROVEN E0',
    'terraform-closed': 'PROVEN E0',
  });
  t.match(same.value, { same: 4, later: 3, sensitive: 0, whole: true, terraform: '1.11.4' });
  t.same(same.compared, { declared: 7, compared: 7, excluded: 0 });
  const keyless = await lookAt(stateOf(resource('terraform_data.db', applied, hidden)), {});
  t.same(keyless.compared, { declared: 7, compared: 6, excluded: 1 });
  t.match(judge(terraformProbe, keyless, 'o.terraform.whole'), {
    verdict: 'UNKNOWN',
    explain: /^1 sensitive attributes cannot be compared without the secret "salt"/,
  });

  const changed = {
    ...applied,
    input: { ...known.input, engine: 'mysql', password: 'other-s3cret' },
    added: 1,
  };
  const drifted = await lookAt(
    stateOf(resource('terraform_data.db', changed, hidden), resource('terraform_data.shadow', { a: 1 })),
  );
  t.same(judgePack('terraform-applied', {}, drifted), {
    'terraform-as-planned': 'VIOLATED E0',
    'terraform-closed': 'VIOLATED E0',
  });
  t.same(drifted.value['differing'], [
    { path: '/terraform_data.db/input/engine', withheld: true },
    { path: '/terraform_data.db/input/password', secret: true },
  ]);
  t.same(drifted.value['undeclared'], ['/terraform_data.shadow']);
  t.same(drifted.value['extra'], ['/terraform_data.db/added']);
  t.notMatch(JSON.stringify(drifted.value), /s3cr/);
  // What stands beside a value names it, on either side.
  const listed = (...names: string[]) => ({
    env: names.map((name) => ({ name, value: name === 'DB_PASSWORD' ? 'hunter2' : 'verbose' })),
  });
  writeFileSync(file, stateOf(resource('terraform_data.db', listed('DB_PASSWORD', 'LEVEL'))));
  const shifted = await look(
    terraformProbe,
    file,
    {},
    { declared: planned(planOf(listed('LEVEL', 'MODE'), {}), salt) },
  );
  t.same(shifted.value['differing'], [
    { path: '/terraform_data.db/env/0/name', withheld: true },
    { path: '/terraform_data.db/env/0/value', secret: true },
    { path: '/terraform_data.db/env/1/name', withheld: true },
  ]);
  const gone = await lookAt(stateOf());
  t.same(gone.value['deleted'], ['/terraform_data.db']);
  t.match(judgePack('terraform-applied', {}, gone), { 'terraform-as-planned': 'VIOLATED E0' });

  t.equal(await refusal(lookAt(planOf(known, {}))), 'config-invalid', 'a plan is no state');
  t.equal(await refusal(lookAt('{"a":1')), 'unavailable');
  t.equal(await refusal(lookAt(stateOf(), { salt: 'short' })), 'config-invalid');
  const rest = { declared };
  t.equal(await refusal(look(terraformProbe, join(file, 'none'), {}, rest)), 'unavailable');
  t.equal(await refusal(look(terraformProbe, 'state.json', {}, rest)), 'config-invalid');
  const pipe = join(fresh(), 'pipe');
  spawnSync('mkfifo', [pipe]);
  t.equal(await refusal(look(terraformProbe, pipe, {}, rest)), 'config-invalid', 'a pipe is not waited for');
});

t.test('terraform: a real one', async (t) => {
  const terraform = program('terraform');
  if (terraform === undefined) return t.comment('terraform is not installed: this part was not tested');
  const cwd = fresh();
  const env = { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' };
  const run = (...args: string[]): string =>
    execFileSync(terraform, args, { cwd, env, encoding: 'utf8', stdio: 'pipe' });
  const input =
    'resource "terraform_data" "db" {\n  input = { engine = "postgres", big = 12345678901234567890 }\n}\n';
  writeFileSync(join(cwd, 'main.tf'), input);
  run('init', '-input=false');
  run('plan', '-input=false', '-out=tf.plan');
  const declared = planned(run('show', '-json', 'tf.plan'), 'ab'.repeat(32));
  run('apply', '-input=false', 'tf.plan');
  const seen = await look(terraformProbe, cwd, { run: true }, { declared });
  t.same(judgePack('terraform-applied', {}, seen), {
    'terraform-as-planned': 'PROVEN E0',
    'terraform-closed': 'PROVEN E0',
  });
  writeFileSync(join(cwd, 'main.tf'), input.replace('postgres', 'mysql').replace('890 }', '891 }'));
  run('apply', '-input=false', '-auto-approve');
  const drifted = await look(terraformProbe, cwd, { run: true }, { declared });
  t.same(drifted.value['differing'], [
    {
      path: '/terraform_data.db/input/big',
      declared: { number: '12345678901234567890' },
      live: { number: '12345678901234567891' },
    },
    { path: '/terraform_data.db/input/engine', withheld: true },
  ]);
  t.equal(
    await refusal(look(terraformProbe, fresh(), { run: true }, { declared })),
    'unavailable',
    'no state',
  );
});

/** A collector that runs this shell script. */
function collector(script: string): string {
  const path = join(fresh(), 'collect');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

const collected = (rest: object = {}): string =>
  JSON.stringify({ schema: 'tallystick.collected.v1', value: { encrypted: true, days: 3 }, ...rest });

t.test('exec: what a collector prints', async (t) => {
  const grades = [{ path: '/days', evidence: 'E0' }];
  const population = { source: 'instances', total: 3, sampled: 2, method: 'random' };
  const target = collector(`cat <<'END'\n${collected({ grades, population })}\nEND`);
  const seen = await look(execProbe, target);
  t.same(seen.value, { encrypted: true, days: 3 });
  t.same(seen.population, population);
  t.match(judge(execProbe, seen, 'o.exec.encrypted', 'E1'), { verdict: 'PROVEN', evidence: 'E1' });
  t.match(judge(execProbe, seen, 'o.exec.days < 5', 'E1'), { verdict: 'UNKNOWN', evidence: 'E0' });
  const echo = collector(
    'read -r line; printf \'{"schema":"tallystick.collected.v1","value":{"line":"%s","args":"%s","env":"%s","home":"%s","cwd":"%s"}}\' ' +
      '"$(printf %s "$line" | tr -d \'"\\\\\')" "$*" "$OWN" "$HOME" "$PWD"',
  );
  const told = await look(
    execProbe,
    `${echo} one  $(two)`,
    { input: ['rds;id'] },
    { secrets: { env: '# ours\nOWN=1\n' } },
  );
  const line = `{schema:tallystick.collect.v1,challenge:${hashOf('a challenge').toString('hex')},input:[rds;id]}`;
  t.same(told.value, { line, args: 'one $(two)', env: '1', home: '', cwd: '/' }, 'no shell, no environment');
  const spaced = await look(execProbe, JSON.stringify([echo, 'a b']));
  t.equal(told.bytes > 0 && at(spaced, '/args'), 'a b');
});

t.test('exec: the facts of a transcript are E3, and nothing else is', async (t) => {
  const server = createHttpsServer({ key: pair.key, cert: pair.cert });
  server.on('tlsClientError', () => undefined);
  const target = await listen(server);
  t.teardown(() => target.stop());
  const real = await look(tlsProbe, `127.0.0.1:${target.port}`, { versions: ['TLSv1.3'] });
  const transcripts = [Buffer.from(real.attachments[0]?.data ?? []).toString('base64')];
  const path = collector(`cat <<'END'\n${collected({ transcripts })}\nEND`);
  const seen = await look(execProbe, path);
  t.match(judge(execProbe, seen, "o.exec.transcripts[0].version == 'TLSv1.3'", 'E3'), {
    verdict: 'PROVEN',
    evidence: 'E3',
    attachments: [0],
  });
  t.match(judge(execProbe, seen, 'o.exec.encrypted', 'E3'), { verdict: 'UNKNOWN', evidence: 'E1' });
  t.equal(at(seen, '/transcripts/0/spki'), at(real, '/certificate/spki'));
  const replayed = look(execProbe, path, {}, { challenge: hashOf('another challenge') });
  t.equal(await refusal(replayed), 'unavailable', 'of another challenge');
});

t.test('exec: hostile collectors', async (t) => {
  const print = (text: string): string => collector(`cat <<'END'\n${text}\nEND`);
  for (const [name, path, code] of [
    ['no JSON', print('ok'), 'unavailable'],
    ['a name twice', print('{"schema":"tallystick.collected.v1","value":{"a":1,"a":2}}'), 'unavailable'],
    ['a fraction', print(collected({ value: { a: 0.5 } })), 'unavailable'],
    ['another schema', print(collected({ schema: 'x' })), 'unavailable'],
    ['no value', print(collected({ value: undefined })), 'unavailable'],
    ['an unknown field', print(collected({ verdict: 'PROVEN' })), 'unavailable'],
    ['E3 for the asking', print(collected({ grades: [{ path: '/days', evidence: 'E3' }] })), 'unavailable'],
    [
      'facts of no transcript',
      print(collected({ value: { transcripts: [{ version: 'TLSv1.3' }] } })),
      'unavailable',
    ],
    ['a transcript of nothing', print(collected({ transcripts: ['AAAA'] })), 'unavailable'],
    [
      'a population that is too small',
      print(collected({ population: { source: 'a', total: 1, sampled: 2 } })),
      'unavailable',
    ],
    [
      'a population that nothing stands for',
      print(collected({ population: { source: 'a', total: 50, sampled: 50 } })),
      'unavailable',
    ],
    [
      'a part that is said to be all',
      print(collected({ population: { source: 'a', total: 3, sampled: 2 } })),
      'unavailable',
    ],
    [
      'a value too deep',
      print(collected({ value: { a: JSON.parse(`${'['.repeat(20)}${']'.repeat(20)}`) } })),
      'too-large',
    ],
    ['bytes that are no text', collector("printf '\\377'"), 'unavailable'],
    ['endless output', collector('exec yes'), 'too-large'],
    ['a failure', collector(`printf '%s' '${collected()}'; exit 3`), 'unavailable'],
    ['a signal', collector('kill -9 $$'), 'unavailable'],
    ['no program', '/none/such', 'unavailable'],
    ['a folder', '/', 'unavailable'],
    ['a relative path', 'collect', 'config-invalid'],
    ['a list of no texts', '[1]', 'config-invalid'],
  ] as const)
    t.equal(await refusal(look(execProbe, path)), code, name);
  const costs: number[] = [];
  const spent = (cpuUs: number): void => void costs.push(cpuUs);
  const busy = '(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done)';
  await look(execProbe, collector(`${busy}; printf '%s' '${collected()}'`), {}, { spent });
  t.equal(
    await refusal(look(execProbe, collector('exec sleep 60'), { seconds: 1 }, { spent })),
    'unavailable',
  );
  t.ok((costs[0] ?? 0) > 0, 'what it used counts, and what its children used');
  t.ok((costs[1] ?? 0) >= 900_000, 'of one that was stopped, the time it ran');
  t.equal(programCost([undefined, undefined], 7, false), 7, 'where the system does not tell, too');
  t.equal(programCost([10, 30], 7, true), 20, 'many threads use more than the time they run');
  const marker = join(fresh(), 'alive');
  // What it starts holds its output open; both end with it.
  const hanging = collector(`(sleep 60; touch ${marker}) & sleep 60`);
  t.equal(await refusal(look(execProbe, hanging, { seconds: 1 })), 'unavailable', 'it hangs');
  const stop = new AbortController();
  const held = refusal(look(execProbe, hanging, {}, { signal: stop.signal }));
  stop.abort();
  t.equal(await held, 'unavailable', 'stopped');
  const isLeft = (): boolean => spawnSync('pgrep', ['-f', marker]).status === 0;
  for (let tries = 0; tries < 100 && isLeft(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  t.notOk(isLeft(), 'nothing of it is left');
  t.equal(await refusal(look(execProbe, hanging, {}, { secrets: { env: 'not a line' } })), 'config-invalid');
});

t.test('what every probe says fits a proof', async (t) => {
  for (const name of RUNNABLE) {
    const probe = await findProbe(name);
    t.ok(
      probe !== undefined &&
        probe.evidence.length > 10 &&
        probe.blastRadius.length > 10 &&
        probe.timeoutMs >= 1_000,
      name,
    );
  }
  // Every ready pack is logged at its defaults and at a real size: a refused proof would be silence.
  const statuses = await web(t, (_request, response) => void response.writeHead(200).end());
  const open = await look(httpProbe, statuses.url, { rate: 10, burst: 5, requests: 40 });
  t.same(judgePack('rate-limit', { rate: 10, burst: 5 }, open), { 'rate-limited': 'VIOLATED E1' });
  t.same(at(open, '/burst/statuses'), Array<number>(40).fill(200));
  for (const count of [60, 1_001]) {
    const { root, declared } = await declaredFolder(count);
    const files = await look(filesProbe, root, {}, { declared });
    t.match(judgePack('file-integrity', {}, files), { 'files-unchanged': 'PROVEN E1' }, `${count} files`);
    t.equal(files.population.total, count === 60 ? 64 : 1, 'each file is told, or all as one');
    unlinkSync(join(root, 'conf/a'));
    mkdirSync(join(root, 'conf/a'));
    const odd = await look(filesProbe, root, {}, { declared });
    t.match(judgePack('file-integrity', {}, odd), { 'files-unchanged': 'VIOLATED E1' });
  }
  const input = Object.fromEntries(Array.from({ length: 300 }, (_each, i) => [`a${i}`, i]));
  const values = { input: { ...input, password: 's3cr3t-pw' } };
  const hidden = { input: { password: true } };
  const declared = planned(planOf(values, { id: true }, hidden), 'ab'.repeat(32));
  const file = join(fresh(), 'state.json');
  writeFileSync(file, stateOf(resource('terraform_data.db', { ...values, id: 'x' }, hidden)));
  const applied = await look(terraformProbe, file, {}, { declared });
  t.same(applied.population, {
    source: 'declared attributes',
    total: 303,
    sampled: 302,
    method: 'readable',
  });
  t.match(judgePack('terraform-applied', {}, applied), { 'terraform-as-planned': 'UNKNOWN E0' });
  const down = await web(t, (_request, response) => void response.writeHead(500).end());
  const stopped = await look(httpProbe, down.url, { rate: 1, requests: 40, connections: 1 });
  t.match(stopped.population, { total: 40, sampled: 0, method: 'until-failure' });
  t.match(judgePack('rate-limit', { rate: 1 }, stopped), { 'rate-limited': 'UNKNOWN E0' });
});
