/** The verbs that need no log, in this process: keygen, init, status, and the files they write. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { sqliteFault } from '../../src/platform/fault.ts';
import { faultOf } from '../../src/platform/fault.ts';
import { createFile, readNamedFile, replaceFile } from '../../src/platform/files.ts';
import { layoutOf, roleKeyPath } from '../../src/service/layout.ts';
import { loadKeyFile } from '../../src/keys/load.ts';
import { parsePublicKey, readPublicKey } from '../../src/keys/public.ts';
import { parseVkey } from '../../src/note/key.ts';
import { parseTrustPolicy } from '../../src/note/trust.ts';
import { admit, assertSigned, NO_FACTS } from '../../src/registration/admit.ts';
import { parseStatement } from '../../src/statement/parse.ts';
import { ROLES } from '../../src/statement/policy.ts';
import { NOW, settled, tallystick } from './support/run-cli.ts';

t.test('keygen', async (t) => {
  const cwd = t.testdir();
  for (const [algorithm, named] of [
    ['ed25519', 'ed25519'],
    ['p256', 'ecdsa-p256'],
    ['ml-dsa-44', 'ml-dsa-44'],
  ]) {
    const { json } = await tallystick(`keygen --algorithm ${algorithm} --out ${algorithm}.pem --json`, {
      cwd,
    });
    t.match(json, { path: `${algorithm}.pem`, algorithm: named, kid: /^[0-9a-f]{64}$/ });
    t.equal(statSync(join(cwd, `${algorithm}.pem`)).mode % 0o1000, 0o600);
    t.equal((await loadKeyFile(join(cwd, `${algorithm}.pem`))).publicKey.algorithm, named);
  }
  const before = readFileSync(join(cwd, 'p256.pem'), 'utf8');
  t.match(await tallystick('keygen --out p256.pem', { cwd }), { code: EXIT.usage, err: /exists-already/ });
  t.equal(readFileSync(join(cwd, 'p256.pem'), 'utf8'), before, 'a key is never overwritten');
  const b = await tallystick('keygen --out b.pem', { cwd });
  t.match(b.out, /^key +b\.pem\npub +b\.pub\nkid +[0-9a-f]{64}\n$/);
  const [, line = ''] = /^tallystick policy enrol '([^']+)' --name b --role author$/m.exec(b.err) ?? [];
  t.same(
    parsePublicKey(line, 'the line'),
    (await loadKeyFile(join(cwd, 'b.pem'))).publicKey,
    'the line holds the key',
  );
  for (const role of ROLES) t.match(b.err, role);
  for (const name of ['ed25519', 'p256', 'ml-dsa-44', 'b']) {
    const pub = readFileSync(join(cwd, `${name}.pub`));
    t.same(
      readPublicKey(pub, name),
      (await loadKeyFile(join(cwd, `${name}.pem`))).publicKey,
      'the public half',
    );
    t.notMatch(pub.toString(), /PRIVATE/);
  }
  writeFileSync(join(cwd, 'c.pub'), 'mine');
  t.match(await tallystick('keygen --out c.pem', { cwd }), {
    code: EXIT.usage,
    err: /c\.pub exists and is never overwritten/,
  });
  t.notOk(existsSync(join(cwd, 'c.pem')), 'and no key is made without it');
  t.equal(readFileSync(join(cwd, 'c.pub'), 'utf8'), 'mine');
  t.match(await tallystick('keygen --out keys.d', { cwd }), { code: EXIT.ok, out: /^pub +keys\.d\.pub$/m });

  const pair = await tallystick('keygen --origin log.example/1 --out keys', { cwd });
  const vkeys = pair.out
    .split('\n')
    .filter((line) => line.startsWith('vkey'))
    .map((line) => parseVkey(line.slice(6)));
  t.match(vkeys, [
    { name: 'log.example/1', type: 1 },
    { name: 'log.example/1', type: 6 },
  ]);
  t.equal(statSync(join(cwd, 'keys')).mode % 0o1000, 0o700);
  t.match(await tallystick('keygen', { cwd }), { code: EXIT.usage, err: /--out/ });
  t.match(await tallystick('keygen --origin a+b', { cwd }), { code: EXIT.usage, err: /origin/ });
  t.match(await tallystick('keygen --origin a --algorithm p256', { cwd }), { code: EXIT.usage });
  t.match(await tallystick('keygen --algorithm rsa --out x', { cwd }), {
    code: EXIT.usage,
    err: /ed25519, p256, ml-dsa-44/,
  });
});

/** A new log has a key for each role, but none that delegates: only clusters need one. */
const FIRST_ROLES = ROLES.filter((role) => role !== 'delegator');

t.test('init', async (t) => {
  const cwd = t.testdir();
  const layout = layoutOf({ dataDir: join(cwd, 'tallystick-data'), guardDir: undefined });
  const first = await tallystick('init --json --port 7001', { cwd });
  t.equal(first.code, EXIT.ok, first.err);
  const { origin, vkeys, created } = first.json as unknown as {
    origin: string;
    vkeys: string[];
    created: string[];
  };
  t.match(origin, /^localhost\/[0-9a-f]{16}$/);
  t.equal(created.length, 13);
  for (const path of [
    layout.ed25519,
    layout.mldsa44,
    layout.receipt,
    layout.notary,
    ...FIRST_ROLES.map((role) => roleKeyPath(layout, role)),
  ]) {
    t.equal(statSync(path).mode % 0o1000, 0o600, path.slice(cwd.length));
  }
  t.equal(statSync(layout.keys).mode % 0o1000, 0o700);

  const parsed = parseStatement(readFileSync(layout.genesis));
  const rules = { origin, inForce: undefined };
  assertSigned(rules, parsed);
  const { policy } = admit(rules, parsed, NO_FACTS, NOW);
  if (policy === undefined) throw new Error('entry 0 brings no policy');
  t.strictSame(policy.document.log.vkeys, vkeys);
  t.strictSame(
    policy.document.keys.map(({ roles, subjects }) => [roles, subjects]),
    [...FIRST_ROLES.map((role) => [[role], ['**']]), [['monitor'], [origin]]],
    'each role has a key of its own, and the log one for notices about itself',
  );
  t.equal(policy.keys.size, FIRST_ROLES.length + 1);
  const trust = parseTrustPolicy(readFileSync(layout.trustPolicy));
  t.match(trust, {
    quorum: 'none',
    logs: [{ url: 'http://127.0.0.1:7001' }, { url: 'http://127.0.0.1:7001' }],
  });

  const config = await settled('', { cwd });
  t.strictSame(config['origin'], { value: origin, source: 'file' });
  t.strictSame(config['port'], { value: 7001, source: 'file' }, 'what a flag said is kept');
  t.equal(config['key']?.value, roleKeyPath(layout, 'author'));
  t.equal(config['policy']?.value, layout.trustPolicy);

  const again = await tallystick('init --json', { cwd });
  t.match(again.json, { origin, created: [] });
  rmSync(layout.config);
  rmSync(layout.trustPolicy);
  rmSync(roleKeyPath(layout, 'admin'));
  const mended = await tallystick('init', { cwd });
  t.match(
    mended.err,
    /^made tallystick-data\/tallystick\.yaml\nmade tallystick-data\/trust\.policy\n$/,
    'what is missing is finished',
  );
  t.notOk(existsSync(roleKeyPath(layout, 'admin')), 'a key that was put away is not replaced');
  t.match(mended.out, `origin   ${origin}`);

  t.match(await tallystick('init --origin other', { cwd }), { code: EXIT.config, err: /foreign-log/ });
  for (const verb of ['init', 'serve'])
    t.match(
      await tallystick(`${verb} --admit-any`, { cwd }),
      {
        code: EXIT.config,
        err: /config-invalid: only a new log is opened to anybody.*tallystick policy set/,
      },
      'it is closed, and would stay so',
    );
  rmSync(layout.receipt);
  t.match(await tallystick('init', { cwd }), { code: EXIT.config, err: /key-file: .*receipt.* is gone/ });
  t.match(await tallystick('init --host 0.0.0.0', { cwd }), { code: EXIT.config, err: /reachable/ });
});

t.test('init after a cut-off run, and in words of its own', async (t) => {
  const cwd = t.testdir({
    'c.yaml': 'origin: log.example/2026\nurl: https://log.example\nadmitAny: true\ndataDir: d\n',
  });
  mkdirSync(join(cwd, 'd/keys'), { recursive: true });
  const layout = layoutOf({ dataDir: join(cwd, 'd'), guardDir: undefined });
  await tallystick('keygen --out d/keys/checkpoint-ed25519.pem', { cwd });
  const before = readFileSync(layout.ed25519, 'utf8');
  const made = await tallystick('--config c.yaml init', { cwd });
  t.match(made, { code: EXIT.ok, out: /origin +log\.example\/2026\n/, err: /open log/ });
  t.equal(readFileSync(layout.ed25519, 'utf8'), before, 'a key that was there is used');
  t.notOk(existsSync(layout.config), 'a named configuration file needs no second one');
  t.match(readFileSync(layout.trustPolicy, 'utf8'), 'https://log.example\n');
  const opened = parseStatement(readFileSync(layout.genesis));
  t.ok(opened.kind === 'policy' && opened.policy.document.open);
  writeFileSync(layout.genesis, 'x');
  t.equal((await tallystick('--config c.yaml init', { cwd })).code, EXIT.verification);
});

t.test('a directory that cannot be made is refused', async (t) => {
  const cwd = t.testdir({ file: '' });
  symlinkSync('loop', join(cwd, 'loop'));
  const refused = { code: EXIT.config, err: /^error: config-invalid: cannot make the directory / };
  for (const dir of ['file/data', 'loop', 'loop/data', '/proc/tallystick/data'])
    for (const verb of ['init', 'serve'])
      t.match(await tallystick(`${verb} --data-dir ${dir}`, { cwd }), refused, `${verb} ${dir}`);
  for (const line of ['witness --name w.example --witness-dir /proc/w', 'keygen --origin a --out /proc/k'])
    t.match(await tallystick(line, { cwd }), {
      code: EXIT.notFound,
      err: /^error: store-failed: cannot make /,
    });
});

t.test('what the machine did wrong is no bug', (t) => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  t.match(faultOf(full), { code: 'store-failed', message: /did not allow it: ENOSPC: no space/ });
  // Where a file cannot be used, nothing is known of what is in it.
  for (const code of 'FULL IOERR_SHMSIZE READONLY_DIRECTORY CANTOPEN BUSY BUSY_SNAPSHOT IOERR_WRITE'.split(
    ' ',
  ))
    t.equal(sqliteFault(`SQLITE_${code}`), 'store-failed', code);
  for (const code of ['CORRUPT', 'CORRUPT_INDEX', 'NOTADB'])
    t.equal(sqliteFault(`SQLITE_${code}`), 'corrupt-store', code);
  for (const code of ['ERROR', 'CONSTRAINT', 'MISUSE'])
    t.equal(sqliteFault(`SQLITE_${code}`), undefined, code);
  const sqlite = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  const denied = Object.assign(new Error('Access to this API has been restricted.'), {
    code: 'ERR_ACCESS_DENIED',
    permission: 'FileSystemRead',
    resource: '/srv/shop',
  });
  t.match(faultOf(denied), {
    code: 'config-invalid',
    message: /not allow FileSystemRead of \/srv\/shop; start/,
  });
  t.match(faultOf(sqlite), { message: /SQLITE_FULL: database or disk is full/ });
  for (const bug of [new TypeError('x'), Object.assign(new Error('x'), { code: 'ENOENT' }), 'EROFS'])
    t.equal(faultOf(bug), undefined);
  t.end();
});

t.test('small files are whole or absent', async (t) => {
  const path = join(t.testdir(), 'deep/file');
  t.equal(await createFile(path, 'one'), true);
  t.equal(await createFile(path, 'two'), false);
  t.equal(String(Buffer.from(await readNamedFile(path))), 'one');
  await replaceFile(path, 'three', 0o600);
  t.equal(readFileSync(path, 'utf8'), 'three');
  t.equal(statSync(path).mode % 0o1000, 0o600);
  await t.rejects(readNamedFile(`${path}.none`), { code: 'not-found' });
  await t.rejects(createFile(join(path, 'below'), ''), { code: 'store-failed' });
});

/** A log that answers GET /v1/log and GET /readyz. */
const served =
  (facts: unknown, ready: unknown, status = 200): typeof fetch =>
  async (input) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    return pathname === '/v1/log' ? Response.json(facts) : Response.json(ready, { status });
  };

t.test('status', async (t) => {
  const cwd = t.testdir();
  const log = {
    version: '1.2.3',
    origin: 'log.example',
    size: 5,
    root: 'ab',
    time: NOW - 3,
    vkeys: ['v'],
    open: true,
  };
  const line = 'status --log http://log.example/';
  const fine = await tallystick(line, { cwd, fetch: served(log, { ready: true, reasons: [] }) });
  t.match(fine, { code: EXIT.ok, out: /entries +5\n[^]*\(3 s ago\)\nchecked +no: .*\nready +yes/ });
  t.match(fine.out, /open: evaluation only/);
  const unready = served(
    { ...log, origin: 'a\u001b[2Jb', open: false },
    { ready: false, reasons: ['x'] },
    503,
  );
  const not = await tallystick(line, { cwd, fetch: unready });
  t.match(not, { code: EXIT.notFound, out: /ready +no: x/ });
  t.notMatch(not.out, '\u001b', "a stranger's text cannot move the cursor");
  const witnesses = [
    { name: 'W1', vkey: 'v', cosigned: NOW - 9, behind: 0, alarm: null },
    { name: 'W\u001b2', vkey: 'v', cosigned: null, behind: 4, alarm: 'it says' },
  ];
  const witnessing = { quorum: 'both', met: true, witnesses };
  const alarmed = served({ ...log, witnessing }, { ready: true, reasons: ['witness W2: it says'] });
  const cosigned = await tallystick(line, { cwd, fetch: alarmed });
  t.match(cosigned, { code: EXIT.ok, err: /witness W2: it says/ }, 'an alarm alone is not unready');
  t.match(
    cosigned.out,
    /quorum +both, met\n +W1: cosigned 9 s ago\n +W\?2: no cosignature, 4 entries behind — ALARM\n/,
  );
  t.match((await tallystick(`${line} --json`, { cwd, fetch: alarmed })).json, { witnessing });
  const asJson = await tallystick(`${line} --json`, { cwd, fetch: unready });
  t.match(asJson.json, {
    schema: 'tallystick.status.v1',
    log: 'http://log.example',
    ready: false,
    exit_code: EXIT.notFound,
  });
  t.match(await tallystick(line, { cwd, fetch: served({ size: 'x' }, {}) }), {
    code: EXIT.notFound,
    err: /not answer as a Tallystick log/,
  });
  t.match(await tallystick(line, { cwd, fetch: async () => new Response('<html>') }), {
    code: EXIT.notFound,
    err: /check the URL/,
  });
  t.match(await tallystick(line, { cwd, fetch: async () => new Response('', { status: 404 }) }), {
    code: EXIT.notFound,
  });
});
