/** Commitments to sources: what is declared, what is never shown, what is shown to an auditor: `commit`, `disclose`, `verify`. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import t from 'tap';
import { parseClaims } from '../../src/declare/claims.ts';
import { parseStatement } from '../../src/statement/parse.ts';
import { CLAIMS } from '../support/claims-file.ts';
import { user, type User } from './support/user.ts';

const PLAN = JSON.stringify({
  format_version: '1.2',
  terraform_version: '1.11.4',
  timestamp: '2026-11-23T00:00:00Z',
  resource_changes: [
    {
      address: 'db.pay',
      mode: 'managed',
      change: {
        actions: ['create'],
        after: { engine: 'postgres', password: 'hunter2-hunter2', size: 3 },
        after_unknown: { id: true },
        after_sensitive: { password: true },
      },
    },
  ],
});

const lastOf = (me: User): ReturnType<typeof parseStatement> =>
  parseStatement(me.log.entries.at(-1) ?? new Uint8Array());

t.test('a source is committed leaf by leaf, and opened leaf by leaf', async (t) => {
  const me = await user(t, { 'plan.json': PLAN });
  const first = await me.run('commit', 'terraform', 'plan.json', '--subject', 'tf/pay', '--json');
  t.match(first.json, { exit_code: 0, leaves: 4, already_logged: false });
  t.match(lastOf(me), {
    subject: 'tf/pay',
    commitment: {
      source: { kind: 'terraform-plan', tool: 'terraform', toolVersion: '1.11.4' },
      canon: { profile: 'terraform@1', excluded: [{ path: '/timestamp' }] },
    },
  });
  const folder = String(first.json.folder);
  t.equal(statSync(join(folder, 'leaves.json')).mode % 0o1000, 0o600);
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name));
    t.notOk(bytes.includes('hunter2'), `no secret in ${name}`);
    t.notOk(bytes.includes(Buffer.from('hunter2').toString('hex')), `nor in hex in ${name}`);
  }
  writeFileSync(join(me.dir, 'plan.json'), PLAN.replace('2026-11-23', '2027-01-01'));
  t.match((await me.run('commit', 'terraform', 'plan.json', '--subject', 'tf/pay', '--json')).json, {
    already_logged: true,
  });
  writeFileSync(join(me.dir, 'plan.json'), PLAN.replace('hunter2-hunter2', 'other-secret'));
  t.match(
    (await me.run('commit', 'terraform', 'plan.json', '--subject', 'tf/pay', '--json')).json,
    { already_logged: false },
    'another secret is another declaration',
  );

  t.equal((await me.run('verify', folder)).code, 0);
  // What was replaced may still be in force: its leaves are kept, and can be verified, shown and compared.
  const earlier = join(folder, 'earlier', String(first.json.entry));
  t.strictSame(readdirSync(join(folder, 'earlier')), [first.json.entry]);
  t.equal(statSync(join(earlier, 'leaves.json')).mode % 0o1000, 0o600);
  t.equal((await me.run('verify', earlier)).code, 0);
  t.match((await me.run('disclose', relative(me.dir, earlier), '--list')).out, /db\.pay\/engine/);
  t.match(await me.run('disclose', 'tf/pay'), { code: 1, err: /--list/ });
  t.match(await me.run('disclose', 'tf/pay', '/db.pay/none'), { code: 2 });
  t.match(await me.run('disclose', 'tf/none', '/a'), { code: 2, err: /not-found/ });
  t.match((await me.run('disclose', 'tf/pay', '--list')).out, /db\.pay\/engine {2}"postgres"/);
  const shown = await me.run(
    'disclose',
    'tf/pay',
    '/db.pay/engine',
    '/db.pay/password',
    '--out',
    'audit',
    '--json',
  );
  t.match(shown.json, { of: 4, leaves: [{ path: '/db.pay/engine' }, { path: '/db.pay/password' }] });
  const audit = join(me.dir, 'audit');
  t.notOk(
    readdirSync(audit).some((name) => /leaves|opening/.test(name)),
    'salts of other leaves stay at home',
  );
  t.match(await me.run('verify', audit), { code: 0, out: /2 of 4 leaves are shown/ });
  const file = join(audit, 'disclosure.json');
  const honest = readFileSync(file, 'utf8');
  const lie = honest.replace(
    Buffer.from('postgres').toString('hex'),
    Buffer.from('oracle!!').toString('hex'),
  );
  t.not(lie, honest);
  writeFileSync(file, lie);
  t.match(await me.run('verify', audit), { code: 3, out: /does not lead to the root/ });
  writeFileSync(file, honest.replace('tf/pay', 'tf/other'));
  t.match(await me.run('verify', audit), { code: 3, out: /another subject/ });
  writeFileSync(file, '{}');
  t.match(await me.run('verify', audit), { code: 3, err: /malformed-payload/ });
});

t.test('files are leaves like those of any other source', async (t) => {
  const me = await user(t, { few: { a: 'one', b: 'two', d: { c: 'three' } } });
  const listed = await me.run('commit', 'files', 'few', '--list');
  t.match(listed, {
    code: 0,
    out: /^few\/a {2}file 0644, 3 bytes, SHA-256 [0-9a-f]{64}\nfew\/b .*\nfew\/d\/c /,
  });
  t.match((await me.run('commit', 'files', 'few', '--list', '--json')).json, {
    profile: 'files@1',
    leaves: [{ path: 'few/a', sensitive: false }, {}, {}],
  });
  t.equal(me.log.entries.length, 1, 'nothing is logged');
  t.equal((await me.run('commit', 'files', 'few', '--subject', 'x')).code, 0);
  t.equal((await me.run('disclose', 'x', '--list')).out, listed.out);
  t.match((await me.run('disclose', 'x', '--all', '--out', 'all', '--json')).json, {
    of: 3,
    leaves: [{ path: 'few/a' }, { path: 'few/b' }, { path: 'few/d/c' }],
  });
  t.equal((await me.run('disclose', 'x', 'few/d', '--all')).code, 1);
  t.match(await me.run('disclose', 'x', 'few/d', '--out', 'audit', '--json'), {
    json: { of: 3, leaves: [{ path: 'few/d/c' }] },
  });
  t.notOk(readdirSync(join(me.dir, 'audit')).includes('opening.json'), 'the others stay at home');
  t.match(await me.run('verify', 'audit'), { code: 0, out: /1 of 3 leaves are shown/ });
});

t.test('a file name that is no UTF-8', async (t) => {
  const me = await user(t, { few: { a: 'one' } });
  writeFileSync(Buffer.concat([Buffer.from(`${me.dir}/few/`), Buffer.from([0xff])]), '');
  t.match(await me.run('commit', 'files', 'few'), { code: 1, err: /few\/\ufffd is not UTF-8/ });
});

t.test('what cannot be committed to', async (t) => {
  const me = await user(t, {
    'secret.json': '{"db":{"password":"correct-horse"},"a":1}',
    'secrets.json': '{"db":{"password":"hunter2-hunter2"},"host":"a","token":"hunter2-hunter2"}',
    'twice.json': '{"a":1,"a":2}',
    'mode.yaml': 'mode: 0644\n',
    'app.env': 'A="x"\n',
    'web.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {x: "y"}\n',
    json: 'a file of this name',
  });
  const commit = (...args: string[]) => me.run('commit', ...args);
  t.match(await commit('json', 'secret.json'), {
    code: 1,
    err: /\/db\/password looks like .*--sensitive \/db\/password,/,
  });
  const listed = await commit('json', 'secrets.json', '--list');
  t.match(listed, {
    code: 1,
    out: /^\/db\/password {2}\(a secret\? [^]*^\/host {2}"a"$[^]*^\/token {2}\(a secret\? /m,
    err: /2 of 3 leaves look like secrets: mark each with --sensitive PATH/,
  });
  t.notMatch(listed.out, 'hunter2-hunter2');
  const marks = ['--sensitive', '/db', '--not-secret', '/token'];
  t.match((await commit('json', 'secrets.json', '--list', '--json', ...marks)).json, {
    exit_code: 0,
    leaves: [{ sensitive: true, looks_like: null }, {}, {}],
  });
  t.match(await commit('kubernets', 'web.yaml'), {
    code: 2,
    err: /no file kubernets; did you mean kubernetes\?/,
  });
  t.match(await commit('json', 'secret.json', '--not-secret', '/db/password'), { code: 0 });
  t.match(await commit('json', 'secret.json', '--sensitive', '/db'), { code: 0 });
  t.match(await commit('json', 'secret.json', '--sensitive', '/nothing'), {
    code: 1,
    err: /no leaf \/nothing/,
  });
  t.match(await commit('json', 'twice.json'), { code: 1, err: /given twice/ });
  t.match(await commit('yaml', 'mode.yaml'), { code: 1, err: /quote it: "0644"/ });
  t.match(await commit('env', 'app.env'), { code: 1, err: /--literal/ });
  t.match(await commit('env', 'app.env', '--literal'), { code: 0 });
  t.match(await commit('json', 'secret.json', 'twice.json'), { code: 1, err: /one json source/ });
  t.match(await commit('json', 'gone.json'), { code: 2 });
  t.match(await commit('./json'), { code: 0 }, 'a file whose name is that of a kind');
  t.match(await commit('kubernetes', 'web.yaml', '--ignore', '/spec=owned by another'), { code: 0 });
  t.match(lastOf(me), {
    commitment: {
      canon: {
        excluded: [{}, {}, {}, {}, {}, {}, {}, {}, {}, { path: '/spec', reason: 'owned by another' }],
      },
    },
  });
  t.match(await commit('kubernetes', 'web.yaml', '--ignore', '/spec'), {
    code: 1,
    err: /a path and a reason/,
  });
  t.match(await commit('web.yaml', '--list'), {
    code: 0,
    out: /^web\.yaml {2}file 0644, 66 bytes, SHA-256 [0-9a-f]{64}\n$/,
  });
  t.match((await commit('kubernetes', 'web.yaml', '--list')).out, /\/v1\/Service\/\/web\/spec\/x {2}"y"/);
});

t.test('a command that is to be copied quotes what strangers named', async (t) => {
  const me = await user(t, { 'a.json': `{"'; evil '":{"password":"hunter2!"}}` });
  const path = String.raw`'/'\''; evil '\''/password'`;
  const { err } = await me.run('commit', 'json', 'a.json', '--subject', 's');
  t.ok(err.includes(`(--sensitive ${path}, --not-secret ${path}, --list)`), err);
});

t.test('commitments with claims', async (t) => {
  const me = await user(t, { 'a.conf': 'a', 'claims.yaml': CLAIMS });
  const first = await me.run('commit', 'a.conf', '--claims', 'claims.yaml', '--json');
  t.match(first.json, { exit_code: 0 });
  const logged = lastOf(me);
  t.notMatch(first.err, /warning/);
  // A target may yet be said: it is a warning.
  writeFileSync(join(me.dir, 'aimless.yaml'), CLAIMS.replace(/, locators: .*\]/, ''));
  t.match(await me.run('commit', 'a.conf', '--claims', 'aimless.yaml', '--subject', 'aimless'), {
    code: 0,
    err: /warning: claims .* stay UNKNOWN: tls13-accepted, .*pinned; say target: /,
  });
  // What no agent could look for is not signed.
  const before = me.log.entries.length;
  for (const [from, to, err] of [
    [
      'probe: tls@1',
      'probe: nope@1',
      /typo\.yaml: claim pinned: there is no probe nope@1; there are tls@1, ssh@1/,
    ],
    ['probe: tls@1', 'probe: tls@9', /there is no probe tls@9/],
    ['spki: "00"', 'spkki: "00"', /claim pinned: tls@1 has no parameter spkki; it has .*spki/],
    ['versions: [TLSv1.3]', 'versions: TLSv1.3', /the parameter versions of tls@1 is texts, not text/],
    ['days: 30', 'bogus: 30', /claim tls13-accepted: tls@1 has no parameter bogus/],
    ['o.tls.certificate.spki ==', 'o.ssh.kex ==', /claim pinned: o\.ssh is nothing that tls@1 observes/],
    ['o.tls.certificate.spki ==', 'o["ssh"].kex ==', /o\.ssh is nothing/],
    ['== p.spki', '== p.nodef', /claim pinned: p\.nodef is not among its params/],
    ['== p.spki', '== p.spki && [1].all(x, x == p.nodef)', /p\.nodef/],
    ['pack: https-tls', 'pack: https', /there is no pack https/],
    ['grace: 2', 'graze: 2', /typo\.yaml: claims\[1\]\.graze: .* these are: pack, .*grace/],
  ] as const) {
    writeFileSync(join(me.dir, 'typo.yaml'), CLAIMS.replace(from, to));
    t.match(await me.run('commit', 'a.conf', '--claims', 'typo.yaml'), { code: 1, err }, to);
  }
  t.equal(me.log.entries.length, before);
  for (const [i, expr] of [
    'has(p.nodef) || o.tls.port > 0',
    '[[1]].all(p, p[0] > 0 && o.tls.port > 0)',
  ].entries()) {
    writeFileSync(join(me.dir, 'fine.yaml'), CLAIMS.replace('o.tls.certificate.spki == p.spki', `"${expr}"`));
    t.match(
      await me.run('commit', 'a.conf', '--claims', 'fine.yaml', '--subject', `fine${i}`),
      { code: 0 },
      expr,
    );
  }
  writeFileSync(join(me.dir, 'typo.yaml'), CLAIMS.replace('probe: tls@1', 'probe: nope@1'));
  const own = ['--subject', 'own', '--other-probe', 'nope@1'];
  t.match(await me.run('commit', 'a.conf', '--claims', 'typo.yaml', ...own), { code: 0 });
  t.match(logged, {
    commitment: {
      tier: 'critical-path',
      approvals: 1,
      claims: { length: parseClaims(CLAIMS).claims.length },
    },
  });
  t.match((await me.run('commit', 'a.conf', '--claims', 'claims.yaml', '--json')).json, {
    already_logged: true,
  });
  await me.run(
    'commit',
    'a.conf',
    '--claims',
    'claims.yaml',
    '--tier',
    'background',
    '--approvals',
    '0',
    '--json',
  );
  t.match(
    lastOf(me),
    { commitment: { tier: 'background', approvals: undefined } },
    'flags count for more than the file',
  );
});
