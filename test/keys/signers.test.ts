/** The exec signer: programs that sign well in every form, and programs that hang, lie, flood or fail (src/keys/exec.ts). */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { execSigner } from '#src/keys/exec.ts';
import { generateKey, loadSigner } from '#src/keys/load.ts';
import { ALGORITHMS, verifyWithNoble, type Algorithm } from '#src/sign/algorithm.ts';

const MESSAGE = encodeUtf8('a message \n with \u0000 in it');
const KEY_FILE = { code: 'key-file' };

/** Writes a program; `body` is JavaScript that sees `word`, `input`, `key`, `out`, `crypto`, `fs`. */
function program(dir: string, name: string, body: string, keyFile = join(dir, 'key.pem')): string {
  const path = join(dir, name);
  const lines = [
    `#!${process.execPath}`,
    `const crypto = require('node:crypto'); const fs = require('node:fs');`,
    `const word = process.argv[2], out = (bytes) => process.stdout.write(bytes);`,
    `const key = () => crypto.createPrivateKey(fs.readFileSync(${JSON.stringify(keyFile)}));`,
    `const pem = () => crypto.createPublicKey(key()).export({ type: 'spki', format: 'pem' });`,
    `const input = () => fs.readFileSync(0);`,
    `const hash = () => (key().asymmetricKeyType === 'ec' ? 'sha256' : null);`,
    body,
  ];
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o755 });
  // The folder lies in this repository, whose files are modules; a program without an ending shall be none.
  writeFileSync(join(dir, 'package.json'), '{ "type": "commonjs" }\n');
  return path;
}

const HONEST = `word === 'public' ? out(pem()) : out(crypto.sign(hash(), input(), key()));`;

async function folder(t: Test, algorithm: Algorithm = 'ed25519'): Promise<string> {
  const dir = t.testdir();
  await generateKey(join(dir, 'key.pem'), algorithm);
  return dir;
}

t.test('every algorithm, every form of an answer', async (t) => {
  for (const algorithm of ALGORITHMS) {
    const dir = join(t.testdir({}), algorithm);
    mkdirSync(dir);
    const publicKey = await generateKey(join(dir, 'key.pem'), algorithm);
    const sign = 'crypto.sign(hash(), input(), key())';
    const forms: Record<string, string> = {
      'bytes, of ECDSA as DER': `out(${sign})`,
      base64: `out(${sign}.toString('base64') + '\\n')`,
      'base64 in lines': `out(${sign}.toString('base64').replace(/.{16}/g, '$&\\r\\n'))`,
      'base64url without padding': `out(${sign}.toString('base64url'))`,
      'of ECDSA as r and s': `out(crypto.sign(hash(), input(), { key: key(), dsaEncoding: 'ieee-p1363' }))`,
    };
    for (const [form, body] of Object.entries(forms)) {
      const path = program(
        dir,
        `form-${Object.keys(forms).indexOf(form)}`,
        `word === 'public' ? out(pem()) : ${body};`,
      );
      const signer = await loadSigner(`exec:${path}`);
      t.strictSame(signer.publicKey, publicKey, `${algorithm}: the key is read`);
      // ECDSA numbers are now and then a byte shorter: more than one signature.
      for (let i = 0; i < (algorithm === 'ecdsa-p256' ? 3 : 1); i++) {
        const signature = await signer.sign(MESSAGE);
        t.ok(verifyWithNoble(publicKey, MESSAGE, signature), `${algorithm}: ${form}`);
      }
    }
  }
});

t.test('DER numbers that are short, or lead with zeros', async (t) => {
  const dir = await folder(t, 'ecdsa-p256');
  const body = `
    if (word === 'public') return out(pem());
    const message = input();
    for (;;) {
      const der = crypto.sign('sha256', message, key());
      const raw = der[3] < 32 || der[4 + der[3] + 1] < 32;
      if (raw) return out(der);
    }`;
  const signer = await execSigner(program(dir, 'short', `(() => {${body}})();`));
  t.equal((await signer.sign(MESSAGE)).length, 64, 'a number of 31 bytes is padded');
});

t.test('the key may be named', async (t) => {
  const dir = await folder(t);
  const path = program(dir, 'honest', HONEST);
  const { publicKey } = await loadSigner(`exec:${path}`);
  const kid = keyThumbprint(publicKey).toHex();
  await (await loadSigner(`exec:${path}#${kid}`)).sign(MESSAGE);
  await t.rejects(loadSigner(`exec:${path}#${'0'.repeat(64)}`), {
    ...KEY_FILE,
    message: /has the key [0-9a-f]{64}, not the one that was named/,
  });
  for (const bad of ['#', '#abc', `#${kid}#${kid}`, `#${kid.toUpperCase()}`])
    await t.rejects(loadSigner(`exec:${path}${bad}`), { ...KEY_FILE, message: /absolute path/ }, bad);
});

t.test('what is no program to run', async (t) => {
  const dir = await folder(t);
  for (const name of ['', 'signer', './signer', '../signer', 'sh -c id'])
    await t.rejects(loadSigner(`exec:${name}`), { ...KEY_FILE, message: /absolute path/ }, name);
  await t.rejects(loadSigner(`exec:${dir}/missing`), { ...KEY_FILE, message: /is not there/ });
  await t.rejects(loadSigner(`exec:${dir}`), { ...KEY_FILE, message: /not a program/ });
  await t.rejects(loadSigner(`exec:${dir}/a\u0000b`), KEY_FILE);
  const path = program(dir, 'honest', HONEST);
  await t.rejects(loadSigner(`exec:${path} public`), { ...KEY_FILE, message: /is not there/ }, 'no shell');
  for (const mode of [0o775, 0o757, 0o777]) {
    chmodSync(path, mode);
    await t.rejects(loadSigner(`exec:${path}`), { ...KEY_FILE, message: /run: chmod go-w/ });
  }
  chmodSync(path, 0o644);
  await t.rejects(loadSigner(`exec:${path}`), { ...KEY_FILE, message: /run: chmod u\+x/ });
  writeFileSync(join(dir, 'text'), 'no program\n', { mode: 0o755 });
  await t.rejects(loadSigner(`exec:${dir}/text`), KEY_FILE, 'a file that the system cannot run');
  if (process.getuid?.() !== 0) return t.comment('not root: cannot give a file away');
  chmodSync(path, 0o755);
  spawnSync('chown', ['65534', path]);
  await t.rejects(loadSigner(`exec:${path}`), { ...KEY_FILE, message: /another user \(uid 65534\)/ });
});

t.test('programs that answer badly when asked for their key', async (t) => {
  const dir = await folder(t);
  await generateKey(join(dir, 'p256.pem'), 'ecdsa-p256');
  const cases: Record<string, readonly [body: string, refusal: { code: string; message?: RegExp }]> = {
    nothing: ['', { ...KEY_FILE, message: /asked for its public key/ }],
    garbage: [`out(Buffer.alloc(900, 0xff))`, KEY_FILE],
    'the private key': [`out(fs.readFileSync(${JSON.stringify(join(dir, 'key.pem'))}))`, KEY_FILE],
    flood: [
      `for (let i = 0; i < 1000; i++) out('x'.repeat(65536))`,
      { ...KEY_FILE, message: /more than 8192 bytes/ },
    ],
    failure: [
      `process.stderr.write('AccessDenied\\x1b[31m: no\\n'); process.exitCode = 7`,
      { ...KEY_FILE, message: /exit code 7\): AccessDenied\?\[31m: no$/ },
    ],
    'killed by a signal': [
      `process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 1000)`,
      { ...KEY_FILE, message: /SIGTERM/ },
    ],
    'an RSA key': [
      `out(crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }))`,
      { code: 'unsupported-algorithm' },
    ],
    'a P-384 key': [
      `out(crypto.generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'pem' }))`,
      { code: 'unsupported-algorithm' },
    ],
    'a key of small order': [
      `out(Buffer.from('302a300506032b6570032100' + '01'.padEnd(64, '0'), 'hex').toString('base64').replace(/^/, '-----BEGIN PUBLIC KEY-----\\n') + '\\n-----END PUBLIC KEY-----\\n')`,
      { code: 'weak-key' },
    ],
  };
  for (const [name, [body, refusal]] of Object.entries(cases))
    await t.rejects(
      loadSigner(`exec:${program(dir, `bad-${Object.keys(cases).indexOf(name)}`, body)}`),
      refusal,
      name,
    );
});

t.test('programs that answer badly when asked to sign', async (t) => {
  const dir = await folder(t);
  await generateKey(join(dir, 'other.pem'), 'ed25519');
  const other = `crypto.createPrivateKey(fs.readFileSync(${JSON.stringify(join(dir, 'other.pem'))}))`;
  const cases: Record<string, readonly [body: string, code: string]> = {
    'another key': [`out(crypto.sign(null, input(), ${other}))`, 'bad-signature'],
    'another message': [
      `out(crypto.sign(null, Buffer.concat([input(), Buffer.from('x')]), key()))`,
      'bad-signature',
    ],
    'a digest, hashed twice': [
      `out(crypto.sign(null, crypto.createHash('sha512').update(input()).digest(), key()))`,
      'bad-signature',
    ],
    'a bit flipped': [`const s = crypto.sign(null, input(), key()); s[9] ^= 1; out(s)`, 'bad-signature'],
    nothing: ['', 'bad-signature'],
    'garbage of the right length': ['out(Buffer.alloc(64, 0xff))', 'bad-signature'],
    'more than a signature': [
      `out(Buffer.concat([crypto.sign(null, input(), key()), Buffer.from([0])]))`,
      'bad-signature',
    ],
    flood: [`for (let i = 0; i < 1000; i++) out('x'.repeat(65536))`, 'key-file'],
    failure: ['process.exitCode = 1', 'key-file'],
    'a signature, and a failure': [
      `out(crypto.sign(null, input(), key())); process.exitCode = 1`,
      'key-file',
    ],
  };
  for (const [name, [body, code]] of Object.entries(cases)) {
    const path = program(
      dir,
      `bad-${Object.keys(cases).indexOf(name)}`,
      `if (word === 'public') out(pem()); else {${body}}`,
    );
    const signer = await loadSigner(`exec:${path}`);
    await t.rejects(signer.sign(MESSAGE), { code }, name);
  }
  const deaf = program(dir, 'deaf', `if (word === 'public') out(pem()); else out(Buffer.alloc(64))`);
  const signer = await loadSigner(`exec:${deaf}`);
  await t.rejects(
    signer.sign(new Uint8Array(4_000_000)),
    { code: 'bad-signature' },
    'one that does not read its input',
  );
});

t.test('a program that hangs is ended, with all it started', async (t) => {
  const dir = await folder(t);
  const path = join(dir, 'hang');
  writeFileSync(path, `#!/bin/sh\nsleep 600 &\necho $! > ${dir}/child\nwait\n`, { mode: 0o755 });
  // Long enough for a shell to have started its child on a busy machine.
  await t.rejects(execSigner(path, { timeoutMs: 1500 }), { ...KEY_FILE, message: /not done within 1500 ms/ });
  const child = Number(readFileSync(join(dir, 'child'), 'utf8'));
  const isAlive = (): boolean => {
    const stat = existsSync(`/proc/${child}/stat`) ? readFileSync(`/proc/${child}/stat`, 'utf8') : '';
    return stat !== '' && !/\) Z /.test(stat);
  };
  for (let i = 0; i < 200 && isAlive(); i++) await new Promise((resolve) => void setTimeout(resolve, 10));
  t.notOk(isAlive(), 'what it started has ended');
});

t.test('the script of spec/signers.md, with openssl in the place of the KMS', async (t) => {
  if (spawnSync('openssl', ['version']).error !== undefined)
    return t.comment('openssl is not installed: this part was not tested');
  const spec = readFileSync(new URL('../../spec/signers.md', import.meta.url), 'utf8');
  const scripts = [...spec.matchAll(/```sh\n(#!\/bin\/sh\n[\s\S]*?)```/g)].map(([, text]) => text ?? '');
  const [openssl = '', ...others] = scripts;
  t.match(openssl, /openssl/);
  for (const [i, text] of others.entries()) {
    const path = join(t.testdir({}), `script-${i}`);
    writeFileSync(path, text);
    t.equal(spawnSync('sh', ['-n', path]).status, 0, `script ${i} is a shell script`);
  }
  for (const [algorithm, made] of [
    ['ed25519', ['-algorithm', 'ED25519']],
    ['ecdsa-p256', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']],
  ] as const) {
    const dir = t.testdir({ 'signer.sh': openssl });
    const script = join(dir, 'signer.sh');
    chmodSync(script, 0o755);
    const key = join(dir, 'signer.pem');
    t.equal(spawnSync('openssl', ['genpkey', ...made, '-out', key]).status, 0);
    process.env['SIGNER_KEY'] = key;
    t.teardown(() => delete process.env['SIGNER_KEY']);
    const signer = await loadSigner(`exec:${script}`);
    t.equal(signer.publicKey.algorithm, algorithm);
    for (const message of [MESSAGE, new Uint8Array(60_000)])
      t.ok(verifyWithNoble(signer.publicKey, message, await signer.sign(message)), algorithm);
  }
});
