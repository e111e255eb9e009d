/** Keys at rest and in the agent: every form round-trips, every unsafe or damaged file is refused. */
import { spawn, spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { concatBytes } from '#src/bytes/compare.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { agentSigner, sshFingerprint } from '#src/keys/agent.ts';
import { createSecretFile, readSecretFile } from '#src/keys/file.ts';
import { generateKey, loadKeyFile, loadSigner } from '#src/keys/load.ts';
import { publicKeyOf } from '#src/keys/native.ts';
import { SSH_ED25519 } from '#src/keys/sshwire.ts';
import { ALGORITHMS, verifyWithNoble } from '#src/sign/algorithm.ts';
import type { Signer } from '#src/sign/signer.ts';
import { sshString } from '#src/bytes/ssh-string.ts';
import { seedSigner } from '../support/seed-signer.ts';

const MESSAGE = encodeUtf8('a message');

const u32 = (n: number): Uint8Array => new Uint8Array(new Uint32Array([n]).buffer).toReversed();
const signature = (bytes: Uint8Array, type: Uint8Array = SSH_ED25519): Uint8Array =>
  concatBytes(Uint8Array.of(14), sshString(concatBytes(sshString(type), sshString(bytes))));

/** Whether a program can be run here; says so when it cannot. */
function present(t: Test, command: string, ...args: string[]): boolean {
  const found = spawnSync(command, args).error === undefined;
  if (!found) t.comment(`${command} is not installed: this part was not tested`);
  return found;
}

async function signs(t: Test, signer: Signer, what: string): Promise<void> {
  const signature = await signer.sign(MESSAGE);
  t.ok(verifyWithNoble(signer.publicKey, MESSAGE, signature), `${what}: its signature verifies`);
}

t.test('generated keys: every algorithm, mode 0600, never overwritten', async (t) => {
  const dir = t.testdir();
  for (const algorithm of ALGORITHMS) {
    const path = join(dir, algorithm);
    const publicKey = await generateKey(path, algorithm);
    t.equal(statSync(path).mode % 0o1000, 0o600);
    const signer = await loadKeyFile(path);
    t.strictSame(signer.publicKey, publicKey);
    await signs(t, signer, algorithm);
    t.ok(verifyWithNoble(publicKey, MESSAGE, signer.signNow(MESSAGE)));
    const before = readFileSync(path);
    await t.rejects(generateKey(path, algorithm), { code: 'exists-already' });
    t.same(readFileSync(path), before);
  }
  symlinkSync(join(dir, 'nowhere'), join(dir, 'dangling'));
  await t.rejects(generateKey(join(dir, 'dangling'), 'ed25519'), { code: 'exists-already' });
  await t.rejects(generateKey(join(dir, 'no', 'such', 'folder'), 'ed25519'), { code: 'key-file' });
});

t.test('secrets that others can reach, or that are no files, are refused', async (t) => {
  const dir = t.testdir({ folder: {} });
  const path = join(dir, 'key');
  await generateKey(path, 'ed25519');
  for (const mode of [0o640, 0o604, 0o660, 0o602, 0o610, 0o777]) {
    chmodSync(path, mode);
    await t.rejects(loadSigner(path), { code: 'key-file', message: `run: chmod 600 ${path}` });
  }
  writeFileSync(`${path}.pub`, 'ssh-ed25519 AAAA somebody\n', { mode: 0o644 });
  await t.rejects(loadSigner(`${path}.pub`), {
    code: 'key-file',
    message: /is a public key, which cannot sign/,
  });
  chmodSync(path, 0o400);
  await signs(t, await loadSigner(path), 'a read-only key file');
  symlinkSync(path, join(dir, 'link'));
  await signs(t, await loadSigner(join(dir, 'link')), 'a link to a safe file');
  await t.rejects(loadSigner(join(dir, 'folder')), { code: 'key-file', message: /is a folder/ });
  await t.rejects(loadSigner(join(dir, 'missing')), { code: 'key-file', message: /tallystick keygen/ });
  await t.rejects(loadSigner('/dev/zero'), { code: 'key-file', message: /not a regular file/ });
  if (present(t, 'mkfifo', '--version')) {
    spawnSync('mkfifo', ['-m', '600', join(dir, 'pipe')]);
    await t.rejects(loadSigner(join(dir, 'pipe')), { code: 'key-file', message: /not a regular file/ });
  }
  await createSecretFile(join(dir, 'huge'), new Uint8Array(70_000));
  await t.rejects(loadSigner(join(dir, 'huge')), { code: 'key-file', message: /too large/ });
  await createSecretFile(join(dir, 'secret'), Uint8Array.of(1, 2, 3));
  t.same(await readSecretFile(join(dir, 'secret')), Uint8Array.of(1, 2, 3));
});

t.test('a file of another user is refused with the command that takes it', async (t) => {
  if (process.getuid?.() !== 0) return t.comment('not root: cannot give a file away');
  const path = join(t.testdir(), 'key');
  await generateKey(path, 'ed25519');
  spawnSync('chown', ['65534', path]);
  await t.rejects(loadSigner(path), {
    code: 'key-file',
    message: /another user \(uid 65534\); run: chown 0 /,
  });
});

t.test('PEM text: one key and nothing else', async (t) => {
  const dir = t.testdir();
  const good = join(dir, 'good');
  await generateKey(good, 'ed25519');
  const pem = readFileSync(good, 'utf8');
  let n = 0;
  const attempt = (text: string): Promise<Signer> => {
    const path = join(dir, `case-${n++}`);
    writeFileSync(path, text, { mode: 0o600 });
    return loadSigner(path);
  };
  await signs(t, await attempt(pem.replaceAll('\n', '\r\n')), 'a file with Windows line ends');
  const refused = [
    '',
    `${pem}${pem}`,
    ` ${pem}`,
    pem.replace('MC4C', 'MC4D'),
    pem.replace(/.\n-----END/, '\n-----END'),
    pem.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'),
    pem.replaceAll('PRIVATE KEY', 'RSA PRIVATE KEY'),
    pem.replace('END PRIVATE', 'END PUBLIC'),
    pem.replaceAll('PRIVATE KEY', 'OPENSSH PRIVATE KEY'),
    '\u00ff\ud7ff',
  ];
  for (const text of refused)
    await t.rejects(attempt(text), { code: 'key-file' }, JSON.stringify(text.slice(0, 40)));
  if (!present(t, 'openssl', 'version')) return;
  const openssl = (...args: string[]): boolean =>
    t.equal(spawnSync('openssl', args, { cwd: dir }).status, 0, args.join(' '));
  for (const [name, args] of [
    ['ed', ['-algorithm', 'ED25519']],
    ['p256', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']],
  ] as const) {
    openssl('genpkey', ...args, '-out', name);
    chmodSync(join(dir, name), 0o600);
    await signs(t, await loadSigner(join(dir, name)), `openssl's ${name}`);
  }
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384', '-out', 'p384');
  openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', 'rsa');
  for (const name of ['p384', 'rsa']) {
    chmodSync(join(dir, name), 0o600);
    await t.rejects(loadSigner(join(dir, name)), { code: 'unsupported-algorithm' });
  }
  for (const algorithm of ['ed25519', 'ecdsa-p256'] as const) {
    const ours = join(dir, `ours-${algorithm}`);
    const { bytes } = await generateKey(ours, algorithm);
    const read = spawnSync('openssl', ['pkey', '-in', ours, '-pubout', '-outform', 'DER']);
    t.same(new Uint8Array(read.stdout.subarray(-bytes.length)), bytes, `openssl reads our ${algorithm}`);
  }
});

t.test('OpenSSH key files', async (t) => {
  if (!present(t, 'ssh-keygen', '-?')) return;
  const dir = t.testdir();
  const make = (name: string, ...args: string[]): string => {
    const path = join(dir, name);
    t.equal(spawnSync('ssh-keygen', ['-q', '-f', path, ...args]).status, 0);
    return path;
  };
  // Comments of every length exercise every length of padding.
  for (let length = 0; length < 8; length++) {
    const path = make(`comment-${length}`, '-t', 'ed25519', '-N', '', '-C', 'x'.repeat(length));
    await signs(t, await loadSigner(path), `a comment of ${length}`);
  }
  const path = make('good', '-t', 'ed25519', '-N', '', '-C', 'good');
  const signer = await loadSigner(path);
  const blob = readFileSync(`${path}.pub`, 'utf8').split(' ')[1] ?? '';
  t.same(signer.publicKey.bytes, Uint8Array.fromBase64(blob).subarray(-32));
  await t.rejects(loadSigner(make('locked', '-t', 'ed25519', '-N', 'secret')), {
    code: 'key-file',
    message: /passphrase; run ssh-add .* name the key as ssh-agent:/,
  });
  await t.rejects(loadSigner(make('ecdsa', '-t', 'ecdsa', '-N', '')), { message: /ssh-keygen -t ed25519/ });

  const text = readFileSync(path, 'utf8');
  const body = Uint8Array.fromBase64(text.split('\n').slice(1, -2).join(''));
  const comment = Buffer.from(body).lastIndexOf('good');
  const broken = join(dir, 'broken');
  writeFileSync(broken, '', { mode: 0o600 });
  const attempt = (bytes: Uint8Array): Promise<Signer> => {
    const lines = bytes.toBase64().replaceAll(/.{70}/g, '$&\n').trim();
    writeFileSync(broken, text.replace(/(?<=KEY-----\n)[^-]+/, `${lines}\n`));
    return loadSigner(broken);
  };
  await signs(t, await attempt(body), 'the file written again');
  for (let i = 0; i < body.length; i++) {
    // The comment, padding taken into it included, is the one thing that may change: it is not used.
    if (i >= comment - 1 && i < comment + 'good'.length) continue;
    await t.rejects(attempt(body.with(i, (body[i] ?? 0) + 1)), { code: 'key-file' }, `byte ${i} changed`);
  }
  for (let length = 0; length < body.length; length += 7) {
    await t.rejects(attempt(body.subarray(0, length)), { code: 'key-file' }, `cut at ${length}`);
  }
  await t.rejects(attempt(concatBytes(body, Uint8Array.of(0))), { code: 'key-file' });
});

t.test('a real ssh-agent signs for us', async (t) => {
  if (!present(t, 'ssh-agent', '-?') || !present(t, 'ssh-add', '-?')) return;
  const dir = t.testdir();
  const socket = join(dir, 'agent');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => agent.kill());
  await new Promise((resolve) => agent.stdout.once('data', resolve));
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  await t.rejects(loadSigner('ssh-agent:', { socket }), { message: /holds no Ed25519 key; .*ssh-add/ });
  const add = (name: string, type: string): string => {
    const path = join(dir, name);
    spawnSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', `${name} key`, '-f', path]);
    t.equal(spawnSync('ssh-add', ['-q', path], { env }).status, 0);
    return path;
  };
  add('other', 'ecdsa');
  const first = await loadSigner(add('first', 'ed25519'));
  const held = await loadSigner('ssh-agent:', { socket });
  t.same(held.publicKey, first.publicKey, 'the only Ed25519 key needs no name');
  t.same(await held.sign(MESSAGE), await first.sign(MESSAGE), 'the very signature of the key file');
  add('second', 'ed25519');
  await t.rejects(loadSigner('ssh-agent:', { socket }), { message: /several such keys.*SHA256:/ });
  await signs(t, await loadSigner('ssh-agent:second key', { socket }), 'named by its comment');
  const listed = spawnSync('ssh-add', ['-l'], { env }).stdout.toString();
  const fingerprint = /SHA256:\S+(?= first key)/.exec(listed)?.[0];
  t.same((await loadSigner(`ssh-agent:${fingerprint}`, { socket })).publicKey, first.publicKey);
  await t.rejects(loadSigner('ssh-agent:third', { socket }), { message: /no Ed25519 key "third"/ });
  spawnSync('ssh-add', ['-q', '-D'], { env });
  await t.rejects(held.sign(MESSAGE), { code: 'key-file', message: /refused to sign/ });
});

t.test('an agent is not trusted', async (t) => {
  const dir = t.testdir();
  const seed = seedSigner('ed25519', new Uint8Array(32).fill(7));
  const blob = concatBytes(sshString(SSH_ED25519), sshString(seed.publicKey.bytes));
  t.match(sshFingerprint(blob), /^SHA256:[A-Za-z0-9+/]{43}$/);
  const identities = (comment: string): Uint8Array =>
    concatBytes(Uint8Array.of(12), u32(1), sshString(blob), sshString(encodeUtf8(comment)));

  let n = 0;
  /** An agent that answers the nth request of its life with the nth of these bytes, then is silent. */
  const agent = async (
    ...answers: (Uint8Array | 'end')[]
  ): Promise<{ socket: string; timeoutMs: number }> => {
    const socket = join(dir, `agent-${n++}`);
    const server: Server = createServer((peer: Socket) => {
      peer.on('error', () => undefined);
      peer.once('data', () => {
        const answer = answers.shift();
        if (answer === 'end') peer.end();
        else if (answer !== undefined) for (const byte of answer) peer.write(Uint8Array.of(byte));
      });
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    t.teardown(() => server.close());
    return { socket, timeoutMs: 200 };
  };
  const listing = sshString(identities('a key'));

  const good = await agent(listing, sshString(signature(await seed.sign(MESSAGE))));
  await signs(t, await agentSigner('a key', good), 'an agent whose bytes come one by one');

  const bad = await seed.sign(encodeUtf8('another message'));
  for (const answer of [
    signature(bad),
    signature(bad.subarray(1)),
    signature(await seed.sign(MESSAGE), encodeUtf8('ssh-rsa')),
  ]) {
    const signer = await agentSigner('', await agent(listing, sshString(answer)));
    await t.rejects(signer.sign(MESSAGE), { code: 'bad-signature' });
  }
  const hostile: (Uint8Array | 'end')[] = [
    'end',
    u32(0xffffffff),
    u32(262_145),
    u32(0),
    sshString(Uint8Array.of(5)),
    sshString(concatBytes(Uint8Array.of(12), u32(0xffffffff))),
    sshString(concatBytes(identities('a key'), Uint8Array.of(0))),
    concatBytes(listing, listing),
    listing.subarray(0, -1),
    sshString(concatBytes(Uint8Array.of(12), u32(1), sshString(blob.subarray(0, -1)), sshString(blob))),
  ];
  for (const [i, answer] of hostile.entries()) {
    await t.rejects(agentSigner('', await agent(answer)), { code: 'key-file' }, `hostile answer ${i}`);
  }
  const sneaky = await agent(sshString(identities('\u001b[2Jkey\u202e')));
  await t.rejects(
    agentSigner('x', sneaky),
    { message: /\(\?\[2Jkey\?\)/ },
    'a comment cannot move the cursor',
  );
  await t.rejects(agentSigner('', { socket: join(dir, 'nobody') }), {
    code: 'key-file',
    message: /cannot be reached/,
  });
  await t.rejects(agentSigner('', { socket: '' }), { code: 'key-file', message: /SSH_AUTH_SOCK is not set/ });
});

t.test('keys of no use are refused when wrapped', async (t) => {
  const key = createPrivateKey({
    key: Buffer.alloc(32, 9),
    format: 'raw-private',
    asymmetricKeyType: 'x25519',
  });
  t.throws(() => publicKeyOf(key), { code: 'unsupported-algorithm' });
});
