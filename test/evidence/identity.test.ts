/**
 * Class E3 is bound to the target: who signed is compared with the identity that the commitment names, by one function,
 * for TLS 1.3 and 1.2 and SSH (spec/claims.md, "Who signed").
 */
import { createServer } from 'node:tls';
import fc from 'fast-check';
import t from 'tap';
import { digest } from '#src/bytes/brand.ts';
import { parseBase64, parseHex } from '#src/bytes/text.ts';
import { aimOf, signerOf, type Aim, type Between, type Signer } from '#src/evidence/identity.ts';
import { isTranscript } from '#src/evidence/transcript.ts';
import { verifyTranscript, type Verified } from '#src/evidence/verify.ts';
import { sshProbe } from '#src/probe/ssh/probe.ts';
import { tlsProbe } from '#src/probe/tls/probe.ts';
import type { Claim, Declaration } from '#src/statement/commitment.ts';
import { withIdentities, type ResolvedIdentity } from '#src/statement/target.ts';
import { makeCertificate, newKeys, type Made } from '../support/certificates.ts';
import { folder, hashOf, listen, probeAt, program, sshHostKey, sshServer } from '../support/e3-targets.ts';

const NOW = Math.floor(Date.now() / 1000);
const ANY: Between = { from: NOW, to: NOW };
const HOST = 'shop.example.org';
const AT = `${HOST}:443`;

type Version = 'TLSv1.3' | 'TLSv1.2';

/** What a server with this chain signs for a client that asks for a name. */
async function signed(chain: readonly Made[], version: Version, name: string = HOST): Promise<Verified> {
  const [leaf] = chain;
  const cert = chain.map(({ certPem }) => certPem).join('');
  const options = { key: leaf?.keyPem ?? '', cert, minVersion: version, maxVersion: version } as const;
  const server = await listen(createServer(options, (socket) => socket.end()));
  try {
    const seen = await probeAt(tlsProbe, server.port, { servername: name, versions: [version] });
    const [found] = seen.attachments.filter(({ mediaType }) => isTranscript(mediaType));
    return await verifyTranscript(found?.data ?? new Uint8Array(), hashOf('a challenge'));
  } finally {
    await server.stop();
  }
}

const keyOf = (verified: Verified): ResolvedIdentity =>
  verified.protocol === 'tls'
    ? { spki: digest(parseHex(verified.certificate.spki)) }
    : { ssh: digest(parseBase64(`${verified.fingerprint.slice(7)}=`)) };

const CLAIM: Claim = {
  id: 'c',
  expr: 'true',
  probe: 'tls@1',
  minEvidence: 'E3',
  cadence: 60,
  severity: 'high',
};

/** Where a claim points, when locators have these identities. */
function aimAt(
  identities: Readonly<Record<string, readonly ResolvedIdentity[]>>,
  claim: Partial<Claim> = {},
  others: readonly Partial<Claim>[] = [],
): Aim {
  const target = withIdentities(
    { locators: Object.keys(identities).map((at) => ({ at })) },
    new Map(Object.entries(identities)),
  );
  const asked = { ...CLAIM, ...claim };
  const claims = [asked, ...others.map((each, i) => ({ ...CLAIM, id: `o${i}`, ...each }))];
  return aimOf(asked, { target, claims } as unknown as Declaration, 'prod/web');
}

const at = (target: string): Partial<Claim> => ({ params: new Map([['target', target]]) });
const is = (kind: Signer['kind'], why?: RegExp) => (why === undefined ? { kind } : { kind, why });

const root = await makeCertificate({ name: 'Root', ca: true, usage: 4 });
const issuer = await makeCertificate({ name: 'Issuer', ca: true, usage: 4, by: root });
const shop = await makeCertificate({ name: HOST, hosts: [HOST], by: issuer });
const CA: ResolvedIdentity = { ca: root.der, host: HOST };

t.test('a key, and another', async (t) => {
  for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
    const own = await signed([shop, issuer], version);
    const stranger = await signed([await makeCertificate({ name: HOST, hosts: [HOST] })], version);
    t.match(await signerOf(own, aimAt({ [AT]: [keyOf(own)] }), ANY), is('target'), version);
    t.match(
      await signerOf(stranger, aimAt({ [AT]: [keyOf(own)] }), ANY),
      is('other', /is none that the commitment names for shop\.example\.org:443/),
      `${version}: a server of the agent`,
    );
    t.match(
      await signerOf(own, aimAt({ [AT]: [keyOf(stranger), keyOf(own)] }), ANY),
      is('target'),
      `${version}: two servers of one name`,
    );
    t.match(
      await signerOf(own, aimAt({ [AT]: [] }), ANY),
      is('unchecked', /names no key or CA for .*: tallystick commit --repin --subject prod\/web$/),
      `${version}: without an identity, with the command that mends it`,
    );
    t.match(
      await signerOf(own, aimAt({ [AT]: [{ ssh: digest(hashOf('x')) }] }), ANY),
      is('unchecked'),
      `${version}: an SSH key says nothing of TLS`,
    );
    t.match(
      await signerOf(own, aimAt({ [AT]: [keyOf(own)] }, at('elsewhere.example:1')), ANY),
      is('unchecked', /names no key/),
      `${version}: a target that is no locator`,
    );
  }
});

t.test('a CA: renewals, new issuers, two servers', async (t) => {
  const renewed = await makeCertificate({ name: HOST, hosts: [HOST], by: issuer });
  const next = await makeCertificate({ name: 'Next', ca: true, by: root });
  const moved = await makeCertificate({ name: HOST, hosts: [HOST], by: next });
  const www = await makeCertificate({ name: 'www', hosts: ['www.example.org'], by: issuer });
  const alien = await makeCertificate({ name: 'Root', ca: true, usage: 4 });
  const forged = await makeCertificate({ name: HOST, hosts: [HOST], by: alien });
  const aim = aimAt({ [AT]: [CA] });
  for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
    for (const chain of [
      [shop, issuer],
      [renewed, issuer],
      [moved, next],
    ])
      t.match(await signerOf(await signed(chain, version), aim, ANY), is('target'), version);
    t.match(
      await signerOf(await signed([forged], version), aim, ANY),
      is('other', /no path leads to the CA Root/),
    );
    t.match(
      await signerOf(await signed([www, issuer], version), aim, ANY),
      is('other', /not made out to shop/),
    );
    t.match(
      await signerOf(await signed([shop], version), aim, ANY),
      is('other', /no path/),
      'no issuer shown',
    );
  }
});

t.test('validity, at the time that challenge and entry bound', async (t) => {
  const [day, hour] = [86_400, 3_600];
  const short = await makeCertificate({
    name: HOST,
    hosts: [HOST],
    by: issuer,
    from: NOW - hour,
    to: NOW + hour,
  });
  const verified = await signed([short, issuer], 'TLSv1.3');
  const aim = aimAt({ [AT]: [CA] });
  const judge = (from: number | undefined, to: number) => signerOf(verified, aim, { from, to });
  t.match(await judge(NOW, NOW), is('target'));
  t.match(await judge(NOW + 2 * hour, NOW + 3 * hour), is('other', /were valid until .* only/));
  t.match(await judge(NOW - day, NOW - 2 * hour), is('other', /are valid from .* only/));
  t.match(await judge(NOW - day, NOW + day), is('target'), 'it was valid at some time between');
  t.match(await judge(undefined, NOW + day), is('target'), 'nobody says since when');
  for (const wish of [
    { from: NOW - 2 * day, to: NOW - day },
    { from: NOW + day, to: NOW + 2 * day },
  ]) {
    const ca = await makeCertificate({ name: 'Timed', ca: true, ...wish });
    const leaf = await makeCertificate({ name: HOST, hosts: [HOST], by: ca, from: NOW - 9 * day });
    const seen = await signed([leaf], 'TLSv1.3');
    t.match(
      await signerOf(seen, aimAt({ [AT]: [{ ca: ca.der, host: HOST }] }), ANY),
      is('other', /valid (from|until)/),
    );
  }
});

t.test('the server name: signed in TLS 1.3, and by nobody in 1.2', async (t) => {
  const keys = await newKeys();
  const other = 'admin.example.org';
  const [a, b] = [
    await makeCertificate({ name: HOST, hosts: [HOST], keys }),
    await makeCertificate({ name: other, hosts: [other], keys }),
  ];
  const both = await makeCertificate({ name: 'both', hosts: [HOST, other], keys });
  const wild = await makeCertificate({ name: 'wild', hosts: ['*.example.org'], by: issuer });
  const two = (verified: Verified) => ({ [AT]: [keyOf(verified)], [`${other}:443`]: [keyOf(verified)] });
  const new13 = await signed([a], 'TLSv1.3');
  t.match(await signerOf(new13, aimAt(two(new13), at(AT)), ANY), is('target'), '1.3: one key for two names');
  const swapped = await signed([b], 'TLSv1.3', other);
  t.match(
    await signerOf(swapped, aimAt(two(swapped), at(AT)), ANY),
    is('other', /asked for the name admin\.example\.org, and .* is shop\.example\.org/),
    '1.3: shown for the other name',
  );
  const old = await signed([a], 'TLSv1.2');
  t.match(
    await signerOf(old, aimAt(two(old), at(AT)), ANY),
    is('unchecked', /nobody signs in TLSv1\.2 which server was asked for/),
    '1.2: a key that two locators share',
  );
  t.match(await signerOf(old, aimAt({ [AT]: [keyOf(old)] }), ANY), is('target'), '1.2: of one alone');
  t.match(
    await signerOf(
      old,
      aimAt({ [AT]: [keyOf(old)] }, {}, [{ params: new Map([['servername', other]]) }]),
      ANY,
    ),
    is('unchecked'),
    '1.2: claims of two names at one locator',
  );
  const shared = await signed([both], 'TLSv1.2');
  t.match(
    await signerOf(shared, aimAt({ [AT]: [keyOf(shared)] }), ANY),
    is('unchecked'),
    '1.2: two names in it',
  );
  const star = { [AT]: [CA] };
  t.match(
    await signerOf(await signed([wild, issuer], 'TLSv1.3'), aimAt(star), ANY),
    is('target'),
    '1.3: a wildcard',
  );
  t.match(
    await signerOf(await signed([wild, issuer], 'TLSv1.2'), aimAt(star), ANY),
    is('unchecked'),
    '1.2: the same',
  );
  const named = aimAt({ [AT]: [{ ca: root.der, host: other }] });
  t.match(
    await signerOf(new13, named, ANY),
    is('other', /the CA is named for admin/),
    'a CA for another host',
  );
});

t.test('addresses in the place of names', async (t) => {
  const ip = await makeCertificate({ name: 'ip', hosts: ['127.0.0.1'], by: root });
  const server = await listen(createServer({ key: ip.keyPem, cert: ip.certPem }));
  t.teardown(() => server.stop());
  const seen = await probeAt(tlsProbe, server.port, { versions: ['TLSv1.3'] }, { host: '127.0.0.1' });
  const verified = await verifyTranscript(
    seen.attachments[0]?.data ?? new Uint8Array(),
    hashOf('a challenge'),
  );
  const locator = `127.0.0.1:${server.port}`;
  const certified = { ca: root.der, host: '127.0.0.1' };
  t.match(await signerOf(verified, aimAt({ [locator]: [certified] }), ANY), is('target'));
  t.match(
    await signerOf(verified, aimAt({ [`https://127.0.0.1:${server.port}/x`]: [certified] }), ANY),
    is('target'),
  );
  t.match(await signerOf(verified, aimAt({ [AT]: [certified] }), ANY), is('other', /asked for no name/));
  const exec = aimAt({ '/usr/bin/collect a b': [keyOf(verified)] }, { probe: 'exec@1' });
  t.match(await signerOf(verified, exec, ANY), is('target'), 'a collector, by the key alone');
});

t.test(
  'SSH: three host keys, and no name',
  { skip: program('sshd') === undefined && 'needs sshd' },
  async (t) => {
    const dir = folder();
    const keys = [sshHostKey(dir, 'ed25519'), sshHostKey(dir, 'ecdsa', 256), sshHostKey(dir, 'rsa', 3072)];
    const server = await sshServer(dir, keys);
    if (server === undefined) return t.comment('sshd does not start here');
    t.teardown(() => server.stop());
    const all: Verified[] = [];
    for (const hostkeys of [['ssh-ed25519'], ['ecdsa-sha2-nistp256'], ['rsa-sha2-512']]) {
      const { attachments } = await probeAt(sshProbe, server.port, { hostkeys });
      all.push(await verifyTranscript(attachments[0]?.data ?? new Uint8Array(), hashOf('a challenge')));
    }
    const claim = { probe: 'ssh@1' };
    const where = `localhost:${server.port}`;
    const pinned = all.map(keyOf);
    for (const each of all)
      t.match(await signerOf(each, aimAt({ [where]: pinned }, claim), ANY), is('target'), each.protocol);
    const [first, second] = all;
    if (first === undefined || second === undefined) throw new Error('there are three');
    t.match(
      await signerOf(second, aimAt({ [where]: [keyOf(first)] }, claim), ANY),
      is('other', /host key SHA256:/),
    );
    const twice = { [where]: pinned, 'other.example:22': pinned };
    t.match(
      await signerOf(first, aimAt(twice, { ...claim, ...at(where) }), ANY),
      is('unchecked', /SSH signs no name/),
      'a key that two locators share',
    );
    t.match(await signerOf(first, aimAt({ [where]: [CA] }, claim), ANY), is('unchecked', /names no SSH key/));
  },
);

t.test('locators that are no address crash nobody', async () => {
  const verified = await signed([shop, issuer], 'TLSv1.3');
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 1, maxLength: 60 }), async (text) => {
      const { kind } = await signerOf(verified, aimAt({ [text]: [{ spki: digest(hashOf('no')) }] }), ANY);
      return kind === 'other';
    }),
    { numRuns: 300 },
  );
});
