/** Names of SSH algorithms, judged whole: weak ones are a violation, unknown ones neither pass nor violation. */
import t from 'tap';
import { judgeClaim } from '../../src/claim/judge.ts';
import type { Observed } from '../../src/claim/observed.ts';
import { packOf } from '../../src/declare/packs.ts';

const pack = packOf('ssh-hardening', new Map([['fingerprint', 'SHA256:x']]));

const MODERN = {
  kex: ['curve25519-sha256', 'mlkem768x25519-sha256'],
  ciphers: ['chacha20-poly1305@openssh.com'],
  macs: ['hmac-sha2-256-etm@openssh.com'],
  hostKeys: ['ssh-ed25519'],
};
const LIST: Readonly<Record<string, keyof typeof MODERN>> = {
  'ssh-kex': 'kex',
  'ssh-ciphers': 'ciphers',
  'ssh-macs': 'macs',
  'ssh-signatures': 'hostKeys',
};

function judge(id: string, ...names: readonly string[]): ReturnType<typeof judgeClaim> {
  const claim = pack.find((each) => each.id === id);
  const list = LIST[id] ?? 'kex';
  const observed: Observed = {
    value: { ...MODERN, [list]: [...MODERN[list], ...names], hostKey: { fingerprint: 'SHA256:x' } },
    grades: [{ path: '', evidence: 'E3' }],
    attachments: [],
    contradictions: [],
    population: { source: 'x', total: 1, sampled: 1, method: 'all' },
    bytes: 0,
  };
  if (claim === undefined) throw new Error(id);
  return judgeClaim(claim, observed);
}

const KRB5 = 'toWM5Slw5Ew8Mqkay+al2g==';
const TABLE: readonly (readonly [id: string, verdict: string, names: string])[] = [
  [
    'ssh-kex',
    'PROVEN',
    'ext-info-s ext-info-c kex-strict-s-v00@openssh.com kex-strict-s kexguess2@matt.ucc.asn.au',
  ],
  ['ssh-kex', 'PROVEN', 'sntrup761x25519-sha512 sntrup761x25519-sha512@openssh.com mlkem1024nistp384-sha384'],
  [
    'ssh-kex',
    'PROVEN',
    'curve25519-sha256@libssh.org curve448-sha512 ecdh-sha2-nistp521 ecdh-sha2-1.3.132.0.10',
  ],
  [
    'ssh-kex',
    'PROVEN',
    'diffie-hellman-group14-sha256 diffie-hellman-group18-sha512 diffie-hellman-group-exchange-sha256',
  ],
  [
    'ssh-kex',
    'PROVEN',
    `gss-group14-sha256-${KRB5} gss-nistp256-sha256-${KRB5} gss-curve25519-sha256-${KRB5}`,
  ],
  [
    'ssh-kex',
    'VIOLATED',
    `gss-group14-sha1-${KRB5} gss-gex-sha1-${KRB5} gss-group1-sha1-vz8J1E9PzLr8b1K+0remTg==`,
  ],
  ['ssh-kex', 'VIOLATED', 'gss-gex-sha1-1.2.840.113554.1.2.2 rsa1024-sha1 diffie-hellman-group1-sha1'],
  [
    'ssh-kex',
    'VIOLATED',
    'diffie-hellman-group14-sha1 diffie-hellman-group-exchange-sha1 ecdh-sha2-1.3.132.0.1',
  ],
  [
    'ssh-kex',
    'UNKNOWN',
    'frodo-sha3@example.com curve25519-sha256-x Xcurve25519-sha256 gss-group14-sha256-short',
  ],
  [
    'ssh-ciphers',
    'PROVEN',
    'aes128-ctr aes192-ctr aes256-ctr aes128-gcm@openssh.com aes256-gcm AEAD_AES_256_GCM chacha20-poly1305',
  ],
  ['ssh-ciphers', 'PROVEN', 'twofish256-ctr serpent128-ctr camellia256-ctr'],
  [
    'ssh-ciphers',
    'VIOLATED',
    'none 3des-cbc 3des-ctr arcfour arcfour256 arcfour128 des-cbc blowfish-ctr cast128-cbc idea-cbc',
  ],
  [
    'ssh-ciphers',
    'VIOLATED',
    'aes128-cbc rijndael-cbc@lysator.liu.se twofish-cbc serpent256-cbc des-cbc@ssh.com',
  ],
  ['ssh-ciphers', 'UNKNOWN', 'aes512-ctr none@example.com aes256-ctr@example.com'],
  [
    'ssh-macs',
    'PROVEN',
    'hmac-sha2-512 hmac-sha2-512-etm@openssh.com umac-128@openssh.com umac-128-etm@openssh.com',
  ],
  ['ssh-macs', 'PROVEN', 'AEAD_AES_128_GCM hmac-sha256@ssh.com'],
  [
    'ssh-macs',
    'VIOLATED',
    'none hmac-md5 hmac-md5-96-etm@openssh.com hmac-sha1 hmac-sha1-96 hmac-sha1-etm@openssh.com',
  ],
  [
    'ssh-macs',
    'VIOLATED',
    'umac-32@openssh.com umac-64@openssh.com umac-64-etm@openssh.com umac-96@openssh.com',
  ],
  [
    'ssh-macs',
    'VIOLATED',
    'hmac-ripemd160 hmac-ripemd160@openssh.com hmac-ripemd160-etm@openssh.com hmac-sha2-256-96',
  ],
  ['ssh-macs', 'UNKNOWN', 'hmac-sha9 md5-like@example.com'],
  [
    'ssh-signatures',
    'PROVEN',
    'rsa-sha2-256 rsa-sha2-512 ecdsa-sha2-nistp384 rsa-sha2-512-cert-v01@openssh.com',
  ],
  ['ssh-signatures', 'PROVEN', 'ssh-ed25519-cert-v01@openssh.com sk-ssh-ed25519@openssh.com ssh-ed448'],
  [
    'ssh-signatures',
    'PROVEN',
    'sk-ecdsa-sha2-nistp256@openssh.com sk-ecdsa-sha2-nistp256-cert-v01@openssh.com',
  ],
  [
    'ssh-signatures',
    'VIOLATED',
    'ssh-rsa ssh-dss ssh-rsa-cert-v01@openssh.com ssh-dss-cert-v01@openssh.com x509v3-sign-rsa',
  ],
  ['ssh-signatures', 'UNKNOWN', 'new-key@example.com'],
];

for (const [id, verdict, names] of TABLE)
  t.test(`${id}: ${verdict} of ${names}`, (t) => {
    for (const name of names.split(' ')) t.equal(judge(id, name).verdict, verdict, name);
    t.end();
  });

t.test('an unknown name is named, with the date; beside it a weak one is a violation', (t) => {
  t.match(judge('ssh-macs', 'hmac-new').explain, /hmac-new is not in the table of 20\d\d-\d\d-\d\d/);
  t.equal(judge('ssh-macs', 'hmac-new', 'hmac-md5').verdict, 'VIOLATED');
  t.equal(judge('ssh-macs', 'hmac-md5', 'hmac-new').verdict, 'VIOLATED');
  t.end();
});

t.test('within the budget of an expression, and of a claim', (t) => {
  for (const { id, expr } of pack) t.ok(expr.length <= 4_096, `${id}: ${expr.length}`);
  for (const id of Object.keys(LIST)) {
    const many = Array.from({ length: 40 }, () => MODERN[LIST[id] ?? 'kex'][0] ?? '');
    t.equal(judge(id, ...many).verdict, 'PROVEN', id);
  }
  t.end();
});
