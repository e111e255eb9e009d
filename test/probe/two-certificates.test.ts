/** A server with a certificate of RSA and one of elliptic curves: both have to last. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import type { ValueMap } from '#src/claim/value.ts';
import { packOf } from '#src/declare/packs.ts';
import { tlsProbe } from '#src/probe/tls/probe.ts';
import {
  certificate,
  folder,
  hashOf,
  nginx,
  opensslServer,
  probeAt,
  program,
  type Target,
} from '../support/e3-targets.ts';
import { buildGo, gnutls, goServer } from '../support/tls-servers.ts';

t.setTimeout(180_000);

if (program('openssl') === undefined) {
  t.plan(0, 'openssl is not installed: nothing here was tested');
  process.exit(0);
}

const dir = folder();
const challenge = hashOf('a challenge');
const [rsa, p256, ed25519] = [certificate(dir, 'rsa'), certificate(dir, 'p256'), certificate(dir, 'ed25519')];

/** A certificate of RSA that ends tomorrow. */
function ending() {
  const [keyFile, certFile] = [join(dir, 'ending.key'), join(dir, 'ending.crt')];
  const files = ['-keyout', keyFile, '-out', certFile, '-days', '1', '-nodes', '-subj', '/CN=localhost'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...files], { stdio: 'pipe' });
  return { keyFile, certFile, key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
}

const lasts = packOf('https-tls', new Map()).find(({ id }) => id === 'certificate-lasts');

function verdictOf(observed: Observed): string {
  if (lasts === undefined) throw new Error('the pack has the claim');
  return judgeClaim(lasts, observed).verdict;
}

async function look(target: Target): Promise<Observed> {
  try {
    return await probeAt(tlsProbe, target.port, {}, { challenge, host: 'localhost' });
  } finally {
    await target.stop();
  }
}

t.test('servers of one certificate: it is the only one', async (t) => {
  const go = buildGo(dir);
  const servers: Record<string, () => Promise<Target | undefined>> = {
    'OpenSSL, RSA': () => opensslServer(rsa),
    'OpenSSL, P-256': () => opensslServer(p256),
    'OpenSSL, Ed25519': () => opensslServer(ed25519),
    'OpenSSL, TLS 1.2 alone': () => opensslServer(rsa, '-tls1_2'),
    'OpenSSL, TLS 1.2 alone, P-256': () => opensslServer(p256, '-tls1_2'),
    nginx: () => nginx(dir, p256, 'ssl_protocols TLSv1.2 TLSv1.3;'),
    Go: async () => (go === undefined ? undefined : await goServer(go, p256, {})),
    'Go, RSA': async () => (go === undefined ? undefined : await goServer(go, rsa, {})),
    'GnuTLS, RSA': async () => await gnutls(rsa, 'NORMAL'),
    'GnuTLS, P-256': async () => await gnutls(p256, 'NORMAL'),
  };
  for (const [name, start] of Object.entries(servers)) {
    const target = await start();
    if (target === undefined) {
      t.comment(`${name}: not installed, not tested`);
      continue;
    }
    const observed = await look(target);
    t.match(observed.value['certificates'], { length: 1 }, name);
    t.strictSame(observed.withheld ?? [], [], name);
    t.equal(verdictOf(observed), 'PROVEN', name);
  }
});

t.test('a second certificate that ends is not overlooked, whichever is shown first', async (t) => {
  const old = ending();
  const both = await look(await opensslServer(p256, '-dcert', old.certFile, '-dkey', old.keyFile));
  const kinds = (both.value['certificates'] as readonly ValueMap[]).map(({ keyType }) => keyType);
  t.strictSame(new Set(kinds), new Set(['ec', 'rsa']));
  t.equal(verdictOf(both), 'VIOLATED');
  const other = await look(await opensslServer(old, '-dcert', p256.certFile, '-dkey', p256.keyFile));
  t.equal(verdictOf(other), 'VIOLATED');
  const good = await look(await opensslServer(p256, '-dcert', rsa.certFile, '-dkey', rsa.keyFile));
  t.match(good.value['certificates'], { length: 2 });
  t.equal(verdictOf(good), 'PROVEN');
});
