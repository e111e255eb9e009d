/**
 * `tls@1` against a table of TLS servers: what each accepts and refuses, and by which class of evidence. The other side is
 * never ours: Go, OpenSSL, GnuTLS, Java, haproxy, stunnel, Apache, nginx, Node. One that is not installed is skipped.
 */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { gradeOf, judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { escaped, type ValueMap } from '#src/claim/value.ts';
import { packOf } from '#src/declare/packs.ts';
import { REFUSAL_TYPE, verifyRefusal } from '#src/evidence/tls-refusal-record.ts';
import { verifyTranscript } from '#src/evidence/verify.ts';
import { tlsProbe } from '#src/probe/tls/probe.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import {
  certificate,
  folder,
  hashOf,
  nginx,
  nodeTls,
  opensslServer,
  probeAt,
  program,
  type Target,
} from '../support/e3-targets.ts';
import {
  apache,
  buildGo,
  gnutls,
  gnutlsPasswords,
  goServer,
  haproxy,
  javaServers,
  stunnel,
} from '../support/tls-servers.ts';

// The first build of Go's server takes half a minute on a busy machine.
t.setTimeout(180_000);

if (program('openssl') === undefined) {
  t.plan(0, 'openssl is not installed: there are no certificates, nothing here was tested');
  process.exit(0);
}

const dir = folder();
const challenge = hashOf('a challenge');
const rsa = certificate(dir, 'rsa');
const p256 = certificate(dir, 'p256');

/** What of TLS 1.3, 1.2, 1.1 and 1.0 is to be seen: accepted with its class of evidence, refused, or not clear. */
type Seen = 'E3' | 'E1' | 'no' | '?';
const VERSIONS = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'] as const;

interface Row {
  readonly name: string;
  readonly start: () => Promise<Target | undefined>;
  readonly want: string;
  readonly host?: string;
  readonly params?: Readonly<Record<string, Parameter>>;
}

function seenOf(observed: Observed): readonly Seen[] {
  const accepted = observed.value['accepted'] as ValueMap;
  return VERSIONS.map((version): Seen => {
    const said = accepted[version];
    if (said === null) return '?';
    if (said === false) return 'no';
    return gradeOf(observed, [{ path: `/accepted/${escaped(version)}`, kind: 'whole' }]).evidence === 'E3'
      ? 'E3'
      : 'E1';
  });
}

/** Verdicts of the pack, as what is seen makes them: nothing but a clear refusal is a pass. */
function verdictsOf(seen: readonly Seen[]) {
  const [v13, v12, v11, v10] = seen;
  const yes = (each: Seen | undefined): boolean => each === 'E3' || each === 'E1';
  const old = yes(v11) || yes(v10) ? 'VIOLATED' : v11 === '?' || v10 === '?' ? 'UNKNOWN' : 'PROVEN';
  return {
    'tls13-accepted': v13 === 'E3' ? 'PROVEN' : v13 === 'no' ? 'VIOLATED' : 'UNKNOWN',
    'tls12-refused': yes(v12) ? 'VIOLATED' : v12 === '?' ? 'UNKNOWN' : 'PROVEN',
    'old-tls-refused': old,
  };
}

async function check(t: Test, { name, start, want, host, params = {} }: Row): Promise<void> {
  const target = await start();
  if (target === undefined) return t.comment(`${name}: not installed, not tested`);
  try {
    if (want === '')
      return void (await t.rejects(
        probeAt(tlsProbe, target.port, params, { challenge }),
        { code: 'unavailable' },
        name,
      ));
    const observed = await probeAt(tlsProbe, target.port, params, { challenge, host: host ?? 'localhost' });
    const seen = seenOf(observed);
    t.equal(seen.join(' '), want, `${name}: ${JSON.stringify(observed.value['why'])}`);
    for (const { mediaType, data } of observed.attachments)
      await t.resolves(
        async () =>
          mediaType === REFUSAL_TYPE ? verifyRefusal(data, challenge) : verifyTranscript(data, challenge),
        name,
      );
    if (params['versions'] !== undefined) return;
    const claims = packOf('https-tls', new Map()).filter(({ id }) => id !== 'certificate-lasts');
    const verdicts = Object.fromEntries(
      claims.map((claim) => [claim.id, judgeClaim(claim, observed).verdict]),
    );
    t.same(verdicts, verdictsOf(seen), name);
  } finally {
    await target.stop();
  }
}

const table = (name: string, rows: readonly Row[]): void =>
  void t.test(name, { timeout: 120_000 }, async (t) => {
    for (const row of rows) await check(t, row);
  });

const openssl = (name: string, want: string, ...args: string[]): Row => ({
  name,
  want,
  start: () => opensslServer(rsa, ...args),
});
/** Where no version is named, OpenSSL 3 has the old ones enabled and answers them with internal_error: no refusal. */
const WEAK = '@SECLEVEL=0';

table('OpenSSL: suites and groups that few clients offer', [
  openssl('CAMELLIA, static RSA', 'no E1 no no', '-tls1_2', '-cipher', `CAMELLIA256-SHA256:${WEAK}`),
  openssl('CAMELLIA, signed', 'E3 E3 no no', '-cipher', `ECDHE-RSA-CAMELLIA256-SHA384:${WEAK}`),
  openssl('ARIA', 'E3 E3 no no', '-cipher', `ECDHE-ARIA128-GCM-SHA256:${WEAK}`),
  openssl('CCM with a short tag', 'E3 E1 no no', '-cipher', `AES128-CCM8:${WEAK}`),
  openssl('NULL', 'E3 E1 no no', '-cipher', `NULL-SHA256:${WEAK}`),
  openssl('NULL, signed', 'E3 E3 E1 E1', '-cipher', `ECDHE-RSA-NULL-SHA:${WEAK}`),
  openssl('anonymous', 'E3 E1 no no', '-cipher', `ADH-AES128-SHA256:${WEAK}`),
  openssl('anonymous, old versions too', 'E3 E1 E1 E1', '-cipher', `AECDH-AES256-SHA:${WEAK}`),
  openssl('PSK', 'E3 E1 E1 E1', '-psk', '1234', '-cipher', `PSK-AES128-CBC-SHA256:${WEAK}`),
  openssl('ECDHE with PSK', 'E3 E1 no no', '-psk', '12', '-cipher', `ECDHE-PSK-CHACHA20-POLY1305:${WEAK}`),
  openssl(
    'TLS 1.1 with PSK alone',
    'no no E1 no',
    '-tls1_1',
    '-psk',
    '12',
    '-cipher',
    `PSK-AES128-CBC-SHA:${WEAK}`,
  ),
  openssl(
    'signatures with SHA-1',
    'no E1 no no',
    '-tls1_2',
    '-sigalgs',
    'RSA+SHA1',
    '-cipher',
    `ALL:${WEAK}`,
  ),
  openssl('DHE alone', 'no E3 no no', '-tls1_2', '-cipher', 'DHE-RSA-AES128-GCM-SHA256'),
  openssl('a curve of 1.2 alone', 'no E3 no no', '-tls1_2', '-cipher', 'ECDHE', '-groups', 'X448'),
  openssl('Brainpool', 'no E3 no no', '-tls1_2', '-cipher', 'ECDHE', '-groups', 'brainpoolP512r1'),
  openssl(
    'a curve not read here',
    'no E1 no no',
    '-tls1_2',
    '-cipher',
    `ECDHE:${WEAK}`,
    '-groups',
    'sect283r1',
  ),
  openssl('X448 alone', 'E3 no no no', '-tls1_3', '-groups', 'X448'),
  openssl('ffdhe2048 alone', 'E3 no no no', '-tls1_3', '-groups', 'ffdhe2048'),
  openssl('ffdhe4096 alone', 'E3 no no no', '-tls1_3', '-groups', 'ffdhe4096'),
  openssl('AES-CCM alone', 'E3 no no no', '-tls1_3', '-ciphersuites', 'TLS_AES_128_CCM_SHA256'),
  openssl('AES-CCM-8 alone', 'E3 no no no', '-tls1_3', '-ciphersuites', 'TLS_AES_128_CCM_8_SHA256'),
  openssl('clients must have a certificate', 'E3 E3 ? ?', '-Verify', '1'),
  openssl(
    'clients must have one, 1.3, with a retry',
    'E3 no no no',
    '-tls1_3',
    '-Verify',
    '1',
    '-groups',
    'P-384',
  ),
  openssl('early data and tickets', 'E3 no no no', '-tls1_3', '-early_data', '-num_tickets', '8'),
  openssl('ALPN', 'E3 E3 ? ?', '-alpn', 'h2'),
  openssl('small records', 'E3 E3 ? ?', '-max_send_frag', '512', '-split_send_frag', '512'),
  openssl('no TLS 1.3 key but PSK', '? no no no', '-tls1_3', '-nocert', '-psk', '1234'),
]);

table('OpenSSL: a certificate on a Brainpool curve', [
  {
    name: 'TLS 1.2',
    want: 'no E3 no no',
    start: () => opensslServer(certificate(dir, 'brainpool'), '-tls1_2'),
  },
  { name: 'Node, 1.3 and 1.2', want: 'E3 E3 no no', start: () => nodeTls(certificate(dir, 'brainpool')) },
]);

/** A chain of some kilobytes: copies of a certificate of about 1 kB each. */
function chainFile(certificates: number): string {
  const path = join(dir, `chain-${certificates}.pem`);
  writeFileSync(path, rsa.cert.repeat(certificates));
  return path;
}

table('long chains, over several records', [
  {
    name: '12 certificates',
    want: 'E3 E3 ? ?',
    start: () => opensslServer(rsa, '-cert_chain', chainFile(11)),
  },
  {
    name: '40 certificates',
    want: 'E1 E1 no no',
    start: () => nodeTls({ key: rsa.key, cert: rsa.cert.repeat(40) }),
  },
  {
    name: '99 certificates',
    want: 'E1 E1 no no',
    start: () => nodeTls({ key: rsa.key, cert: rsa.cert.repeat(99) }),
  },
]);

table('IPv6, and names', [
  { name: '::1', want: 'E3 E3 no no', host: '[::1]', start: () => nodeTls(p256, '::1') },
  { name: '127.0.0.1', want: 'E3 E3 no no', host: '127.0.0.1', start: () => nodeTls(p256) },
  {
    name: 'a dot at the end',
    want: 'E3 E3 no no',
    start: () => nodeTls(p256),
    params: { servername: 'p256.test.' },
  },
]);

t.test('Go asks for another group, and answers the second hello', { timeout: 240_000 }, async (t) => {
  const built = buildGo(dir);
  if (built === undefined) return t.comment('there is no go: not tested');
  for (const [name, want, options] of [
    ['as it is', 'E3 E3 no no', {}],
    ['1.3 alone', 'E3 no no no', { min: 'TLSv1.3' }],
    ['1.3 with P-384 alone', 'E3 no no no', { min: 'TLSv1.3', curves: '0x18' }],
    ['1.3 with X25519MLKEM768 alone', 'E3 no no no', { min: 'TLSv1.3', curves: '0x11ec' }],
    ['1.3 with SecP256r1MLKEM768 alone', 'E3 no no no', { min: 'TLSv1.3', curves: '0x11eb' }],
    ['1.3 with SecP384r1MLKEM1024 alone', 'E3 no no no', { min: 'TLSv1.3', curves: '0x11ed' }],
    ['clients must have a certificate', 'E3 E3 no no', { clients: true }],
    ['from 1.0 to 1.2', 'no E3 E1 E1', { min: 'TLSv1', max: 'TLSv1.2' }],
  ] as const)
    await check(t, { name: `Go, ${name}`, want, start: () => goServer(built, p256, options) });
});

const only = (version: string, more = ''): string => `NORMAL:-VERS-ALL:+VERS-${version}${more}`;
const passwords = gnutlsPasswords(dir);

/** GnuTLS with one user's passwords; without the tools for them, it counts as not installed. */
const withPasswords = async (priority: string, kind: 'psk' | 'srp'): Promise<Target | undefined> =>
  passwords &&
  (await gnutls(rsa, priority, ...(kind === 'psk' ? ['--pskpasswd', passwords.psk] : passwords.srp)));

table('GnuTLS', [
  { name: 'as it is', want: 'E3 E3 E1 E1', start: () => gnutls(rsa, 'NORMAL') },
  { name: '1.3 alone, which answers 40', want: 'E3 no no no', start: () => gnutls(rsa, only('TLS1.3')) },
  {
    name: '1.3 with X448 alone',
    want: 'E3 no no no',
    start: () => gnutls(rsa, only('TLS1.3', ':-GROUP-ALL:+GROUP-X448')),
  },
  {
    name: '1.3 with ffdhe3072 alone',
    want: 'E3 no no no',
    start: () => gnutls(rsa, only('TLS1.3', ':-GROUP-ALL:+GROUP-FFDHE3072')),
  },
  {
    name: '1.2 with ffdhe2048 alone',
    want: 'no E3 no no',
    start: () => gnutls(rsa, only('TLS1.2', ':-GROUP-ALL:+GROUP-FFDHE2048:-KX-ALL:+DHE-RSA')),
  },
  {
    name: 'CAMELLIA alone, static RSA',
    want: 'no E1 no no',
    start: () => gnutls(rsa, only('TLS1.2', ':-CIPHER-ALL:+CAMELLIA-256-CBC:-KX-ALL:+RSA')),
  },
  {
    name: 'CAMELLIA alone, signed',
    want: 'no E3 no no',
    start: () => gnutls(rsa, only('TLS1.2', ':-CIPHER-ALL:+CAMELLIA-128-GCM')),
  },
  {
    name: 'anonymous, 1.2',
    want: 'no E1 no no',
    start: () => gnutls(rsa, only('TLS1.2', ':-KX-ALL:+ANON-ECDH')),
  },
  {
    name: 'encrypt-then-MAC forced',
    want: 'no E3 no no',
    start: () => gnutls(rsa, only('TLS1.2', ':-CIPHER-ALL:+AES-256-CBC:%FORCE_ETM')),
  },
  {
    name: '1.3 without compatibility, with a client certificate',
    want: 'E3 no no no',
    start: () => gnutls(rsa, only('TLS1.3', ':%DISABLE_TLS13_COMPAT_MODE'), '-r'),
  },
  {
    name: 'PSK, 1.2',
    want: 'no E1 no no',
    start: () => withPasswords(only('TLS1.2', ':-KX-ALL:+PSK'), 'psk'),
  },
  {
    name: 'DHE with PSK, 1.2',
    want: 'no E1 no no',
    start: () => withPasswords(only('TLS1.2', ':-KX-ALL:+DHE-PSK'), 'psk'),
  },
  {
    name: 'SRP, 1.2',
    want: 'no E1 no no',
    start: () => withPasswords(only('TLS1.2', ':-KX-ALL:+SRP'), 'srp'),
  },
]);

table('GnuTLS with a raw public key', [
  {
    name: '1.2',
    want: 'no E1 no no',
    start: async () => {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const [key, raw] = [join(dir, 'raw.key'), join(dir, 'raw.pub')];
      writeFileSync(key, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
      writeFileSync(raw, publicKey.export({ format: 'pem', type: 'spki' }));
      return await gnutls(
        undefined,
        only('TLS1.2', ':+CTYPE-SRV-RAWPK:-CTYPE-SRV-X509'),
        '--rawpkkeyfile',
        key,
        '--rawpkfile',
        raw,
      );
    },
  },
]);

t.test('Java', { timeout: 120_000 }, async (t) => {
  const wants = [
    ['TLSv1.3,TLSv1.2::', 'E3 E3 no no'],
    ['TLSv1.3::', 'E3 no no no'],
    ['TLSv1.3::clients', 'E3 no no no'],
    ['TLSv1.2::clients', 'no E3 no no'],
    ['TLSv1.2:TLS_RSA_WITH_AES_128_CBC_SHA:', 'no E1 no no'],
    ['TLSv1.2:TLS_DH_anon_WITH_AES_128_GCM_SHA256:', 'no E1 no no'],
    ['TLSv1.2:TLS_ECDHE_RSA_WITH_NULL_SHA:', 'no E3 no no'],
    ['TLSv1.2:SSL_DH_anon_EXPORT_WITH_RC4_40_MD5,TLS_DH_anon_WITH_AES_256_CBC_SHA:', 'no E1 no no'],
    ['TLSv1.3,TLSv1.1:TLS_AES_128_GCM_SHA256,SSL_RSA_WITH_NULL_MD5:', 'E3 no E1 no'],
    ['TLSv1.2,TLSv1.1,TLSv1:TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA:', 'no E3 E1 E1'],
  ] as const;
  const java = await javaServers(
    dir,
    rsa,
    wants.map(([asked]) => asked),
  );
  if (java === undefined) return t.comment('there is no JDK: not tested');
  t.teardown(() => java.stop());
  for (const [i, [asked, want]] of wants.entries())
    await check(t, {
      name: `Java ${asked}`,
      want,
      start: () => Promise.resolve({ port: java.ports[i] ?? 0, stop: () => Promise.resolve() }),
    });
});

table('haproxy, stunnel, Apache, nginx', [
  { name: 'haproxy, 1.3 alone', want: 'E3 no no no', start: () => haproxy(dir, rsa, 'ssl-min-ver TLSv1.3') },
  {
    name: 'haproxy, 1.2 with static RSA',
    want: 'no E1 no no',
    start: () => haproxy(dir, rsa, 'ssl-max-ver TLSv1.2', 'ciphers AES256-GCM-SHA384'),
  },
  {
    name: 'haproxy, names that it does not know: no version is clear',
    want: '',
    params: { servername: 'other.test' },
    start: () => haproxy(dir, rsa, 'strict-sni'),
  },
  { name: 'haproxy, strict names', want: 'E3 E3 no no', start: () => haproxy(dir, rsa, 'strict-sni') },
  {
    name: 'stunnel, 1.3 alone',
    want: 'E3 no no no',
    start: () => stunnel(dir, rsa, 'sslVersionMin = TLSv1.3'),
  },
  {
    name: 'stunnel, clients must have a certificate',
    want: 'E3 E3 ? ?',
    start: () => stunnel(dir, p256, 'verifyChain = yes', `CAfile = ${p256.certFile}`),
  },
  { name: 'Apache, 1.3 alone', want: 'E3 no no no', start: () => apache(dir, rsa, 'SSLProtocol TLSv1.3') },
  {
    name: 'Apache, clients must have a certificate',
    want: 'E3 E3 ? ?',
    start: () => apache(dir, p256, 'SSLVerifyClient require', `SSLCACertificateFile ${p256.certFile}`),
  },
  {
    name: 'nginx, clients must have a certificate',
    want: 'E3 E3 no no',
    start: () =>
      nginx(
        folder(),
        p256,
        `ssl_protocols TLSv1.2 TLSv1.3; ssl_verify_client on; ssl_client_certificate ${p256.certFile};`,
      ),
  },
]);
