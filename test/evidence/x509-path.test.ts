/** Paths from a server's certificate to the CA that a commitment names: every rule broken once (RFC 5280 §6, RFC 9525 §6.3). */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { addressBytes } from '#src/evidence/address.ts';
import { findPath } from '#src/evidence/x509-path.ts';
import { isFor } from '#src/evidence/x509-names.ts';
import {
  CLIENT_AUTH,
  makeCertificate,
  newKeys,
  SERVER_AUTH,
  type Made,
  type Wish,
} from '../support/certificates.ts';

const HOST = 'shop.example.org';
const ROOT: Wish = { name: 'Test Root', ca: true, usage: 0x04 };
const MIDDLE: Wish = { name: 'Test Issuer', ca: true, usage: 0x04 };
const LEAF: Wish = { name: 'server', hosts: [HOST], usage: 0x80, purposes: [SERVER_AUTH] };

interface Chain {
  readonly root: Made;
  readonly middle: Made;
  readonly leaf: Made;
}

async function chainOf(root: Partial<Wish>, middle: Partial<Wish>, leaf: Partial<Wish>): Promise<Chain> {
  const top = await makeCertificate({ ...ROOT, ...root });
  const issuer = await makeCertificate({ ...MIDDLE, by: top, ...middle });
  return { root: top, middle: issuer, leaf: await makeCertificate({ ...LEAF, by: issuer, ...leaf }) };
}

const judge = ({ root, middle, leaf }: Chain, host = HOST) =>
  findPath([leaf.der, middle.der], root.der, host);
const hour = Math.floor(Date.now() / 1000);

interface Case {
  readonly what: string;
  readonly root?: Partial<Wish>;
  readonly middle?: Partial<Wish>;
  readonly leaf?: Partial<Wish>;
  readonly host?: string;
  /** Undefined: valid. */
  readonly why?: RegExp;
}

const CASES: readonly Case[] = [
  { what: 'a plain path' },
  { what: 'a wildcard name', leaf: { hosts: ['*.example.org'] } },
  { what: 'a wildcard of two labels', leaf: { hosts: ['*.org'] }, why: /not made out/ },
  {
    what: 'a wildcard one label up',
    leaf: { hosts: ['*.example.org'] },
    host: 'a.b.example.org',
    why: /not made out/,
  },
  {
    what: 'a wildcard and the bare name',
    leaf: { hosts: ['*.example.org'] },
    host: 'example.org',
    why: /not made out/,
  },
  { what: 'a partial wildcard', leaf: { hosts: ['sh*.example.org'] }, why: /not made out/ },
  { what: 'an IPv4 name', leaf: { hosts: ['192.0.2.7'] }, host: '192.0.2.7' },
  { what: 'an IPv6 name', leaf: { hosts: ['2001:db8::7'] }, host: '2001:0db8:0:0::7' },
  { what: 'another IP address', leaf: { hosts: ['192.0.2.7'] }, host: '192.0.2.8', why: /not made out/ },
  { what: 'an address written as a DNS name', leaf: { hosts: [] }, host: '192.0.2.7', why: /not made out/ },
  { what: 'a common name alone', leaf: { name: HOST, hosts: [] }, why: /not made out/ },
  {
    what: 'a name in capitals, with a dot',
    leaf: { hosts: ['SHOP.Example.org'] },
    host: 'shop.example.org.',
  },
  { what: 'a root without basicConstraints', root: { ca: undefined as never }, why: /basicConstraints/ },
  { what: 'an issuer without basicConstraints', middle: { ca: undefined as never }, why: /basicConstraints/ },
  { what: 'an issuer that says it is no CA', middle: { ca: false }, why: /basicConstraints/ },
  { what: 'a root that does not certify', root: { usage: 0x80 }, why: /key usage/ },
  { what: 'an issuer that does not certify', middle: { usage: 0x80 }, why: /key usage/ },
  { what: 'a server key that does not sign', leaf: { usage: 0x20 }, why: /key usage/ },
  { what: 'a certificate for clients', leaf: { purposes: [CLIENT_AUTH] }, why: /extended key usage/ },
  { what: 'an issuer for clients', middle: { purposes: [CLIENT_AUTH] }, why: /extended key usage/ },
  { what: 'an issuer for servers', middle: { purposes: [SERVER_AUTH, CLIENT_AUTH] } },
  { what: 'no extended key usage', leaf: { purposes: undefined as never } },
  { what: 'a path length of the root', root: { pathLength: 0 }, why: /no path as long/ },
  { what: 'path lengths that suffice', root: { pathLength: 1 }, middle: { pathLength: 0 } },
  { what: 'a critical extension of nobody', leaf: { critical: '1.3.6.1.4.1.99999.1' }, why: /critical/ },
  { what: 'the same in the root', root: { critical: '1.3.6.1.4.1.99999.1' }, why: /critical/ },
  { what: 'a signature with SHA-1', leaf: { hash: 'SHA-1' }, why: /no path/ },
  { what: 'names permitted by the root', root: { permitted: ['example.org'] } },
  { what: 'names not permitted by the root', root: { permitted: ['example.net'] }, why: /name constraints/ },
  {
    what: 'names not permitted by the issuer',
    middle: { permitted: ['example.net'] },
    why: /name constraints/,
  },
  {
    what: 'two CAs that permit different names permit neither',
    root: { permitted: ['example.net'] },
    middle: { permitted: ['example.org'] },
    why: /name constraints/,
  },
  { what: 'a name that ends alike', root: { permitted: ['ple.org'] }, why: /name constraints/ },
  { what: 'an excluded name', root: { excluded: ['shop.example.org'] }, why: /name constraints/ },
  {
    what: 'a star over an excluded name',
    leaf: { hosts: ['*.example.org'] },
    root: { excluded: ['secret.example.org'] },
    why: /name constraints/,
  },
  { what: 'another name is excluded', root: { excluded: ['other.example.org'] } },
  {
    what: 'a second name beyond the constraints',
    leaf: { hosts: [HOST, 'evil.example.net'] },
    root: { permitted: ['example.org'] },
    why: /name constraints/,
  },
  {
    what: 'an address in the permitted range',
    leaf: { hosts: ['192.0.2.7'] },
    host: '192.0.2.7',
    root: { permitted: ['192.0.2.0/24'] },
  },
  {
    what: 'an address beyond it',
    leaf: { hosts: ['192.0.3.7'] },
    host: '192.0.3.7',
    root: { permitted: ['192.0.2.0/24'] },
    why: /name constraints/,
  },
  {
    what: 'certificates that are never valid together',
    root: { to: hour - 1000 },
    leaf: { from: hour - 900 },
    why: /never valid together/,
  },
];

t.test('every rule of a path, broken once', async (t) => {
  for (const { what, root = {}, middle = {}, leaf = {}, host, why } of CASES) {
    const found = await judge(await chainOf(root, middle, leaf), host);
    if (why === undefined)
      t.equal(found.kind, 'valid', `${what}: ${found.kind === 'valid' ? '' : found.why}`);
    else t.match(found, { kind: 'none', why }, what);
  }
});

t.test('when all of a path is valid', async (t) => {
  const chain = await chainOf({ from: 1000, to: 9000 }, { from: 2000, to: 8000 }, { from: 500, to: 7000 });
  t.match(await judge(chain), { kind: 'valid', from: 2000, to: 7000, nothingElse: true });
  const two = await chainOf({}, {}, { hosts: [HOST, 'www.example.org'] });
  t.match(await judge(two), { kind: 'valid', nothingElse: false }, 'two names share the key');
  t.match(await judge(await chainOf({}, {}, { hosts: ['*.example.org'] })), {
    kind: 'valid',
    nothingElse: false,
  });
});

t.test('renewals, strangers and detours', async (t) => {
  const { root, middle, leaf } = await chainOf({}, {}, {});
  const renewed = await makeCertificate({ ...LEAF, by: middle });
  t.match(
    await findPath([renewed.der, middle.der], root.der, HOST),
    { kind: 'valid' },
    'a new key, the same issuer',
  );
  const other = await makeCertificate({ ...MIDDLE, name: 'Next Issuer', by: root });
  const moved = await makeCertificate({ ...LEAF, by: other });
  t.match(await findPath([moved.der, other.der], root.der, HOST), { kind: 'valid' }, 'a new issuer');
  t.match(
    await findPath([leaf.der, root.der, other.der, middle.der], root.der, HOST),
    { kind: 'valid' },
    'in any order',
  );
  t.match(
    await findPath([leaf.der, middle.der], middle.der, HOST),
    { kind: 'valid' },
    'the issuer itself is the CA',
  );
  t.match(
    await findPath([leaf.der], root.der, HOST),
    { kind: 'none', why: /no path/ },
    'the issuer is not shown',
  );
  const evil = await makeCertificate(ROOT);
  t.match(await findPath([leaf.der, middle.der], evil.der, HOST), { kind: 'none' }, 'a CA of the same name');
  const forged = await makeCertificate({ ...LEAF, by: { ...middle, keys: await newKeys() } });
  t.match(
    await findPath([forged.der, middle.der], root.der, HOST),
    { kind: 'none' },
    'signed with another key',
  );
  const alone = await makeCertificate({ ...LEAF, name: 'self', ca: true });
  t.match(await findPath([alone.der], alone.der, HOST), { kind: 'none' }, 'a certificate is not its own CA');
  const under = await makeCertificate({ ...LEAF, by: leaf });
  t.match(
    await findPath([under.der, leaf.der, middle.der], root.der, HOST),
    { kind: 'none', why: /basicConstraints/ },
    'a server is no CA',
  );
});

t.test('many certificates of one name and key are no work without end', async (t) => {
  const keys = await newKeys();
  const root = await makeCertificate(ROOT);
  const same: Wish = { ...MIDDLE, name: 'Loop', keys };
  const first = await makeCertificate(same);
  const loop = await Promise.all(Array.from({ length: 14 }, () => makeCertificate({ ...same, by: first })));
  const leaf = await makeCertificate({ ...LEAF, by: first });
  const started = performance.now();
  const found = await findPath([leaf.der, ...loop.map(({ der }) => der)], root.der, HOST);
  t.match(found, { kind: 'none' });
  t.ok(performance.now() - started < 10_000, 'bounded by signatures, not by paths');
});

t.test('what is not read says neither yes nor no', async (t) => {
  const { root, middle, leaf } = await chainOf({}, {}, {});
  t.match(await findPath([leaf.der, middle.der], Uint8Array.of(0x30, 0), HOST), { kind: 'unchecked' });
  t.match(await findPath([Uint8Array.of(1, 2, 3)], root.der, HOST), { kind: 'unchecked' });
  t.match(
    await findPath([leaf.der, Uint8Array.of(5), middle.der], root.der, HOST),
    { kind: 'valid' },
    'noise between',
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(leaf.der.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const bytes = Uint8Array.from(leaf.der);
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      const found = await findPath([bytes, middle.der], root.der, HOST);
      return found.kind !== 'valid';
    }),
    { numRuns: 150 },
  );
});

t.test('what nobody signs of a certificate has one spelling', async (t) => {
  const { root, middle, leaf } = await chainOf({}, {}, {});
  const begin = leaf.der.length - 90;
  for (let at = begin; at < begin + 25; at++)
    for (const flip of [1, 2, 3, 4, 6, 8, 14]) {
      const bytes = Uint8Array.from(leaf.der);
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      const found = await findPath([bytes, middle.der], root.der, HOST);
      if (found.kind === 'valid') t.fail(`byte ${at}, ${flip}`);
    }
  t.end();
});

t.test('addresses in text', (t) => {
  t.strictSame(addressBytes('1.2.3.4'), Uint8Array.of(1, 2, 3, 4));
  t.strictSame(addressBytes('::ffff:1.2.3.4')?.subarray(10), Uint8Array.of(0xff, 0xff, 1, 2, 3, 4));
  for (const text of ['1.2.3.256', '1.2.3', 'a', '', '[::1]', '::1%eth0', ':::', '1::2::3', '::1]/x'])
    t.equal(addressBytes(text), undefined, text);
  fc.assert(
    fc.property(fc.ipV6(), (text) => addressBytes(text)?.length === 16),
    { numRuns: 200 },
  );
  t.ok(isFor({ dnsNames: [], addresses: [new Uint8Array(16)] }, '::'));
  t.end();
});

/** Keys that WebCrypto alone does not sign for the helper: made by OpenSSL. */
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
t.test('schemes of certificates', { skip: hasOpenssl ? false : 'needs openssl' }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'identity-'));
  const run = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const KINDS: readonly (readonly [
    name: string,
    key: readonly string[],
    kind: string,
    sign?: readonly string[],
  ])[] = [
    ['rsa', ['-newkey', 'rsa:2048'], 'valid'],
    [
      'pss',
      ['-newkey', 'rsa:2048'],
      'valid',
      ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32'],
    ],
    ['p384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha384'], 'valid'],
    ['p521', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521', '-sha512'], 'valid'],
    ['ed25519', ['-newkey', 'ed25519'], 'valid'],
    ['ed448', ['-newkey', 'ed448'], 'valid'],
    ['brainpool', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:brainpoolP256r1'], 'valid'],
    ['secp256k1', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], 'unchecked'],
  ];
  writeFileSync(join(dir, 'ext'), `subjectAltName=DNS:${HOST}\n`);
  for (const [name, key, kind, sign = []] of KINDS) {
    run(
      'req',
      '-x509',
      ...key,
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '9',
      '-subj',
      '/CN=ca',
    );
    run(
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'k',
      '-out',
      'r',
      '-subj',
      '/CN=s',
    );
    run(
      'x509',
      '-req',
      '-in',
      'r',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-days',
      '5',
      '-extfile',
      'ext',
      '-out',
      's.pem',
      ...sign,
    );
    const [leaf, ca] = ['s.pem', 'ca.pem'].map((file) => run('x509', '-in', file, '-outform', 'DER'));
    const found = await findPath([new Uint8Array(leaf as Buffer)], new Uint8Array(ca as Buffer), HOST);
    t.equal(found.kind, kind, `${name} ${found.kind === 'valid' ? '' : found.why}`);
  }
});
