/** `commit --pin` and `--repin`: who must sign is looked up once, stays, and is changed on purpose (spec/claims.md). */
import { createServer, type TlsOptions } from 'node:tls';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseStatement } from '#src/statement/parse.ts';
import { isWithdrawal, type Declaration } from '#src/statement/commitment.ts';
import { makeCertificate, type Made } from '../support/certificates.ts';
import { folder, listen, program, sshHostKey, sshServer } from '../support/e3-targets.ts';
import { claim, SUBJECT } from '../support/see-world.ts';
import { SeeWorld } from './support/see-world.ts';
import { user, type User } from './support/user.ts';

const now = Date.now();
const HOST = 'shop.example.org';
const seconds = (days: number): number => Math.floor(now / 1000) + days * 86_400;
const root = await makeCertificate({ name: 'Root', ca: true, usage: 4, to: seconds(3650) });
const issuer = await makeCertificate({ name: 'Issuer', ca: true, usage: 4, by: root });
const fresh = () => makeCertificate({ name: HOST, hosts: [HOST], by: issuer });

/** A server on one port, whose certificate can be changed. */
async function shop(t: Test, ...chain: readonly Made[]) {
  const optionsOf = (each: readonly Made[]): TlsOptions => ({
    key: each[0]?.keyPem ?? '',
    cert: each.map(({ certPem }) => certPem).join(''),
  });
  const server = createServer(optionsOf(chain));
  const target = await listen(server);
  t.teardown(() => target.stop());
  return { port: target.port, show: (...next: readonly Made[]) => server.setSecureContext(optionsOf(next)) };
}

async function someone(t: Test, claims: string): Promise<User> {
  const me = await user(t, { 'a.conf': 'a', 'claims.yaml': claims });
  me.around = { now: () => now };
  return me;
}

const packed = (port: number): string =>
  `target: { locators: ['127.0.0.1:${port}'] }\nclaims: [{ pack: https-tls, params: { servername: ${HOST} } }]\n`;

function declared({ log }: Pick<User, 'log'>): Declaration {
  const parsed = parseStatement(log.entries.at(-1) ?? new Uint8Array());
  if (parsed.kind !== 'commitment' || isWithdrawal(parsed.commitment))
    throw new Error('a declaration is newest');
  return parsed.commitment;
}

const COMMIT = ['commit', 'a.conf', '--subject', 'web'] as const;
const CLAIMED = [...COMMIT, '--claims', 'claims.yaml'] as const;
const REPIN = ['commit', '--repin', '--subject', 'web'] as const;

t.test('a pack that asks for E3 is refused without an identity, and pinned with one flag', async (t) => {
  const server = await shop(t, await fresh(), issuer);
  const me = await someone(t, packed(server.port));
  const refused = await me.run(...CLAIMED);
  t.match(refused, {
    code: 1,
    err: /pack https-tls asks for what the target itself signs .*: pin it, which looks once at 127[^]*\(--pin\)/,
  });
  t.equal(me.log.entries.length, 1);
  writeFileSync(join(me.dir, 'ca.pem'), root.certPem);
  const pinned = await me.run(...CLAIMED, '--pin', '--ca', 'ca.pem');
  t.match(pinned, {
    code: 0,
    out: /pinned {4}127\.0\.0\.1:\d+: CA Root for shop\.example\.org, until 2036-/,
  });
  t.match(declared(me).target, {
    locators: [{ at: `127.0.0.1:${server.port}`, identity: [{ ca: 0, host: HOST }] }],
    authorities: [root.der],
  });
  // The same again, without a flag and whatever the server shows now, changes nothing.
  server.show(await makeCertificate({ name: HOST, hosts: [HOST] }));
  t.match((await me.run(...CLAIMED, '--json')).json, { already_logged: true });
  t.match((await me.run(...CLAIMED, '--pin', '--json')).json, { already_logged: true, pinned: [] });
  writeFileSync(join(me.dir, 'a.conf'), 'b');
  const next = await me.run(...CLAIMED);
  t.match(next, { code: 0, err: /the identity of 127\.0\.0\.1:\d+ stays as entry 1 has it/ });
  t.same(declared(me).target?.authorities, [root.der]);
});

t.test('what is pinned without a CA at hand, and with the issuer alone', async (t) => {
  const server = await shop(t, await fresh(), issuer);
  const me = await someone(t, packed(server.port));
  t.match(await me.run(...CLAIMED, '--pin'), {
    code: 0,
    out: /CA Issuer for shop[^]*when the server gets another issuer/,
  });
  server.show(await fresh());
  const other = ['commit', 'a.conf', '--subject', 'other', '--claims', 'claims.yaml', '--pin'] as const;
  t.match(await me.run(...other), {
    code: 0,
    out: /: key [0-9a-f]{64}, until [^]*name one, .*\(--ca, --repin\)/,
  });
  const own = await makeCertificate({ name: HOST, hosts: [HOST] });
  server.show(own);
  const third = ['commit', 'a.conf', '--subject', 'third', '--claims', 'claims.yaml', '--pin'] as const;
  t.match(await me.run(...third), {
    code: 0,
    out: /: key [0-9a-f]{64}[^]*gets a new key, pin it again \(--repin\)/,
  });
  const wrong = await makeCertificate({ name: 'x', hosts: ['other.example'], by: root });
  server.show(wrong, root);
  const fourth = ['commit', 'a.conf', '--subject', 'fourth', '--claims', 'claims.yaml', '--pin'] as const;
  t.match(await me.run(...fourth), { code: 0, out: /: key / }, 'a CA that certifies another name is none');
});

t.test('--repin changes the identity alone', async (t) => {
  const server = await shop(t, await makeCertificate({ name: HOST, hosts: [HOST] }));
  const me = await someone(t, `${packed(server.port)}approvals: 0\n`);
  t.match(await me.run(...CLAIMED, '--pin'), { code: 0 });
  const before = declared(me);
  t.match((await me.run(...REPIN, '--json')).json, { already_logged: true, pinned: [] }, 'it still holds');
  server.show(await makeCertificate({ name: HOST, hosts: [HOST] }));
  const opening = readFileSync(join(me.dir, 'tallystick-proofs/web/opening.json'), 'utf8');
  const again = await me.run(...REPIN);
  t.match(again, { code: 0, out: /logged[^]*replaces [^]*pinned {4}127.0.0.1:\d+: key [0-9a-f]{64}/ });
  const { target, supersedes, ...rest } = declared(me);
  const { target: was, supersedes: _, ...kept } = before;
  t.same(rest, kept, 'claims and contents are untouched');
  t.notSame(target, was);
  t.ok(supersedes);
  t.equal(
    readFileSync(join(me.dir, 'tallystick-proofs/web/opening.json'), 'utf8'),
    opening,
    'its leaves stay at hand',
  );
  t.match(await me.run('verify', 'tallystick-proofs/web', '--vkey', 'log.vkey'), { code: 0 });
});

t.test('--repin and approvals, and what it is not given beside', async (t) => {
  const w = await SeeWorld.start(t);
  const own = ['commit', '--repin', '--subject', SUBJECT, '--key', 'keys/author.pem'];
  t.match(await w.tally(...own), { code: 2, err: /no commitment about/ });
  const server = await shop(t, await makeCertificate({ name: HOST, hosts: [HOST] }));
  const pinned = { ...claim, params: new Map([['servername', HOST]]) };
  const target = { locators: [{ at: `127.0.0.1:${server.port}` }] };
  const first = await w.commit({ claims: [pinned], approvals: 1, target });
  t.match(await w.tally(...own), { code: 1, err: /entry 1 about .* still lacks approvals/ });
  await w.approve(first);
  t.match(await w.tally(...own), { code: 0, out: /pinned {4}127/ });
  const { approvals, claims } = declared(w);
  t.match({ approvals, claims }, { approvals: 1, claims: [pinned] }, 'under the same approvals');
  t.match(
    (await w.tally('status', SUBJECT)).out,
    /entry 1[^]*newer commitment, entry 3, lacks/,
    'the one before stays in force',
  );
  const me = await someone(t, packed(server.port));
  for (const more of [
    ['a.conf'],
    ['--claims', 'claims.yaml'],
    ['--pin'],
    ['--drop-claims'],
    ['--tier', 'change'],
  ])
    t.match(await me.run(...REPIN, ...more), {
      code: 1,
      err: /--repin changes the identities of the targets alone/,
    });
  t.match(await me.run('commit', '--repin'), { code: 1, err: /give --subject/ });
  t.match(await me.run('commit'), { code: 1, err: /name what to declare/ });
  t.match(await me.run(...CLAIMED, '--ca', 'a.conf', '--pin'), { code: 1, err: /has no certificate/ });
});

t.test('what cannot be looked at is not pinned', async (t) => {
  const dark = await listen(createServer());
  const me = await someone(t, packed(dark.port));
  await dark.stop();
  t.match(await me.run(...CLAIMED, '--pin'), { code: 2, err: /127\.0\.0\.1:\d+ cannot be looked at/ });
  const aimed = 'claims: [{ pack: https-tls, params: { target: "127.0.0.1:1" } }]\n';
  writeFileSync(join(me.dir, 'claims.yaml'), aimed);
  t.match(await me.run(...CLAIMED, '--pin'), { code: 1, err: /none of target\.locators; add it there/ });
  t.match(await me.run(...CLAIMED), { code: 1, err: /\(--pin\)/ });
  t.equal(me.log.entries.length, 1);
  // A claim that is written out may wait for its identity.
  const written = '{ id: new, probe: tls@1, expr: "o.tls.accepted[\'TLSv1.3\']", minEvidence: E3 }';
  writeFileSync(join(me.dir, 'claims.yaml'), `target: { locators: ['127.0.0.1:1'] }\nclaims: [${written}]\n`);
  t.match(await me.run(...CLAIMED), {
    code: 0,
    err: /stay UNKNOWN while nothing says who must sign: new; [^]*\(--pin\)/,
  });
});

t.test('identities that are written out', async (t) => {
  const [leaf] = [await fresh()];
  const spki = 'a'.repeat(64);
  const indented = root.certPem.replaceAll('\n', '\n            ');
  const me = await someone(
    t,
    `target:
  locators:
    - at: 127.0.0.1:1
      identity:
        - spki: '${spki}'
        - { ssh: 'SHA256:${'A'.repeat(43)}' }
        - ca: |
            ${indented}
          host: ${HOST}
    - 127.0.0.1:2
claims: [{ pack: https-tls, params: { target: '127.0.0.1:1' } }]
`,
  );
  t.match(await me.run(...CLAIMED), { code: 0 });
  t.match(declared(me).target, {
    locators: [{ identity: { length: 3 } }, { at: '127.0.0.1:2' }],
    authorities: [root.der],
  });
  for (const [from, to, err] of [
    [spki, 'abc', /target\.locators\[0\]\.identity\[0\]: takes 64 hexadecimal digits/],
    ['SHA256:', 'MD5:', /identity\[1\]: takes 64/],
    [`host: ${HOST}`, `hosts: ${HOST}`, /identity\[2\]\.hosts: is nothing that can be said here/],
    [`          host: ${HOST}\n`, '', /identity\[2\]: is one of spki, ssh, and ca with its host/],
    ['BEGIN CERTIFICATE', 'BEGIN KEY', /takes as ca one certificate in PEM/],
    ['    - 127.0.0.1:2', '    - 127.0.0.1:1', /locators\[1\].* occurs twice/],
  ] as const) {
    const text = readFileSync(join(me.dir, 'claims.yaml'), 'utf8');
    writeFileSync(join(me.dir, 'wrong.yaml'), text.replace(from, to));
    t.match(await me.run(...COMMIT, '--claims', 'wrong.yaml'), { code: 1, err }, String(err));
  }
  t.ok(leaf);
});

t.test('SSH: all host keys at once', { skip: program('sshd') === undefined && 'needs sshd' }, async (t) => {
  const dir = folder();
  const server = await sshServer(dir, [
    sshHostKey(dir, 'ed25519'),
    sshHostKey(dir, 'ecdsa', 256),
    sshHostKey(dir, 'rsa', 3072),
  ]);
  if (server === undefined) return t.comment('sshd does not start here');
  t.teardown(() => server.stop());
  const claim = "{ id: kex, probe: ssh@1, expr: 'o.ssh.kex.size() > 0', minEvidence: E3 }";
  const me = await someone(t, `target: { locators: ['127.0.0.1:${server.port}'] }\nclaims: [${claim}]\n`);
  const { code, out } = await me.run(...CLAIMED, '--pin');
  t.equal(code, 0);
  t.equal(out.match(/host key SHA256:/g)?.length, 3);
  t.match(declared(me).target?.locators, [{ identity: { length: 3 } }]);
});
