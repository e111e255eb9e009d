/** A certificate that is renewed with its old key has the same `spki`: to a claim about rotation it is the same key. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readCertificate } from '#src/evidence/certificate.ts';

const dir = mkdtempSync(join(tmpdir(), 'tallystick-renewed-'));
t.teardown(() => rmSync(dir, { recursive: true }));
const openssl = (...args: readonly string[]): Buffer =>
  execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });

const KEYS = [
  ['RSA', 'rsa_keygen_bits:2048'],
  ['EC', 'ec_paramgen_curve:P-256'],
  ['ED25519', undefined],
] as const;

for (const [kind, option] of KEYS)
  t.test(kind, (t) => {
    openssl(
      'genpkey',
      '-algorithm',
      kind,
      ...(option === undefined ? [] : ['-pkeyopt', option]),
      '-out',
      'key.pem',
    );
    const renewed = (name: string, days: string): string =>
      readCertificate(
        openssl('req', '-x509', '-key', 'key.pem', '-subj', `/CN=${name}`, '-days', days, '-outform', 'DER'),
      ).facts.spki;
    t.equal(renewed('shop.example', '30'), renewed('www.shop.example', '90'));
    t.end();
  });
