/**
 * The program as its users meet it: real processes, started through the `tallystick` command, on real
 * directories. First use, offline verification, tampering, kill and restart under load, backup under load,
 * a second process, a witness policy.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash, createPrivateKey } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { digest, treeSize } from '../../src/bytes/brand.ts';
import { encodeUtf8, parseHex } from '../../src/bytes/text.ts';
import { decodeReceipt, verifyReceipt } from '../../src/cose/receipt.ts';
import { decodeKeySet } from '../../src/cose/key.ts';
import { signStatement } from '../../src/cose/statement.ts';
import { nodeSigner } from '../../src/keys/native.ts';
import { parseAddCheckpoint } from '../../src/note/addcheckpoint.ts';
import { cosign, openCheckpoint, parseCheckpoint, signCheckpoint } from '../../src/note/checkpoint.ts';
import { formatVkey, parseVkey } from '../../src/note/key.ts';
import { formatSignatures, parseNote } from '../../src/note/note.ts';
import { verifyConsistency } from '../../src/tree/verify.ts';
import { people } from '../support/world.ts';
import { storedBytes } from '../support/stored-parts.ts';

t.setTimeout(240_000);

const BIN = new URL('../../src/cli/bin.cjs', import.meta.url).pathname;

/** Heads seen are remembered in the test's own directory, not in the user's. */
const envOf = (cwd: string): NodeJS.ProcessEnv => ({ ...process.env, XDG_STATE_HOME: join(cwd, 'state') });

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command to its end in `cwd`. */
function run(cwd: string, ...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    cwd,
    encoding: 'utf8',
    env: envOf(cwd),
  });
  return { code: status, out: stdout, err: stderr };
}

/** The same while this process goes on, which may be what the command waits for. */
async function runBeside(cwd: string, ...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env: envOf(cwd) });
  const code = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [out, err] = await Promise.all([child.stdout, child.stderr].map((stream) => textOf(stream)));
  return { code: await code, out: out ?? '', err: err ?? '' };
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stream)).toString();
}

interface Log {
  readonly url: string;
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
}

/** Starts `tallystick serve` on a free port and waits for its banner. */
async function serve(t: Test, cwd: string, ...args: string[]): Promise<Log> {
  const child = spawn(process.execPath, [BIN, 'serve', '--port', '0', '--log-level', 'error', ...args], {
    cwd,
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  t.teardown(() => void child.kill('SIGKILL'));
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = / URL +(http:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    void ended.then((code) => reject(new Error(`serve ended with ${code}: ${said}`)));
  });
  return { url, child, ended };
}

/** Statements signed with a key that `init` made. */
async function signed(dir: string, role: string, text: string): Promise<Uint8Array> {
  const key = createPrivateKey(readFileSync(join(dir, 'tallystick-data', 'keys', `${role}.pem`)));
  const headers = { issuer: 'https://e2e.example', subject: 'e2e', contentType: 'text/plain' };
  return signStatement(headers, encodeUtf8(text), nodeSigner(key));
}

const post = (url: string, body: Uint8Array): Promise<Response> =>
  fetch(`${url}/entries`, {
    method: 'POST',
    headers: { 'content-type': 'application/cose' },
    body: Buffer.from(body),
  });

t.test('first use: commit, verify offline, change a byte', async (t) => {
  const dir = t.testdir({ 'app.conf': 'tls = 1.3\n', other: { a: 'a', b: 'b' } });
  const log = await serve(t, dir);
  const first = run(dir, 'commit', 'app.conf', '--log', log.url, '--json');
  t.equal(first.code, 0, first.err);
  const made = JSON.parse(first.out);
  t.match(made, { schema: 'tallystick.commit.v1', index: 1, already_logged: false, exit_code: 0 });
  t.match(JSON.parse(run(dir, 'commit', 'app.conf', '--log', log.url, '--json').out), {
    entry: made.entry,
    index: 1,
    already_logged: true,
  });
  t.equal(run(dir, 'commit', 'other', '--log', log.url).code, 0, 'a directory');
  t.match(run(dir, 'get', made.entry, '--log', log.url, '--json').out, made.entry);
  t.equal(run(dir, 'status', '--log', log.url).code, 0);

  log.child.kill('SIGTERM');
  t.equal(await log.ended, 0, 'SIGTERM ends it with 0');
  t.equal(run(dir, 'verify', 'app.conf').code, 0, 'the log is gone, the proof holds');
  const vkey =
    readFileSync(join(dir, 'tallystick-data', 'trust.policy'), 'utf8')
      .split(/\s/)
      .find((word) => word.includes('+')) ?? '';
  t.equal(run(dir, 'verify', made.folder, '--vkey', vkey).code, 0, 'from the files and a vkey alone');
  t.equal(
    run(
      dir,
      'verify',
      'app.conf',
      '--vkey',
      vkey.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')),
    ).code === 0,
    false,
    'another key',
  );
  const explained = run(dir, 'verify', 'app.conf', '--explain');
  t.match(explained.out, /SHA256\(0x01/, 'every hash step is shown');
  writeFileSync(join(dir, 'app.conf'), 'tls = 1.2\n');
  t.equal(run(dir, 'verify', 'app.conf').code, 3, 'a changed file');
  writeFileSync(join(dir, 'app.conf'), 'tls = 1.3\n');
  t.equal(run(dir, 'fsck').code, 0);
});

t.test('two processes, a busy port, TLS files that are none, an address open to others', async (t) => {
  const dir = t.testdir();
  const log = await serve(t, dir);
  const second = run(dir, 'serve', '--port', '0');
  t.equal(second.code, 78);
  t.match(second.err, /locked/);
  const policy = ['--policy', join(dir, 'tallystick-data', 'trust.policy')];
  for (const busy of [
    ['serve', '--data-dir', 'other'],
    ['witness', '--name', 'witness.example'],
    ['monitor', log.url, ...policy],
    ['mirror', log.url, 'copy', ...policy],
  ]) {
    const ran = await runBeside(dir, ...busy, '--port', new URL(log.url).port);
    t.match(ran, { code: 78, err: /^error: config-invalid: cannot listen on .*EADDRINUSE/m }, busy.join(' '));
  }
  writeFileSync(join(dir, 'empty.pem'), 'nothing\n');
  for (const name of ['nope.pem', 'empty.pem']) {
    const ran = run(dir, 'serve', '--data-dir', 'other', '--tls-cert', name, '--tls-key', name);
    t.match(ran, { code: 78, err: /^error: config-invalid: cannot serve TLS with / }, name);
  }
  const full = spawnSync(process.execPath, [BIN, 'status', '--log', log.url], {
    cwd: dir,
    env: envOf(dir),
    encoding: 'utf8',
    stdio: ['ignore', existsSync('/dev/full') ? openSync('/dev/full', 'w') : 'pipe', 'pipe'],
  });
  if (existsSync('/dev/full'))
    t.match(full, { status: 2, stderr: /^error: store-failed: the answer could not be written: .*ENOSPC/ });
  t.match(run(dir, 'serve', '--host', '0.0.0.0', '--port', '0', '--data-dir', join(dir, 'third')), {
    code: 78,
    err: /insecure-bind/,
  });
});

t.test('store and guard both lost, or the guard alone: no second history begins', async (t) => {
  const dir = t.testdir();
  const log = await serve(t, dir);
  await post(log.url, await signed(dir, 'submitter', 'once'));
  log.child.kill('SIGTERM');
  t.equal(await log.ended, 0);
  const data = join(dir, 'tallystick-data');
  t.notOk(existsSync(join(data, 'log.db-wal')), 'a clean stop leaves one file');
  renameSync(join(data, 'guard'), join(data, 'guard.away'));
  t.match(run(dir, 'serve', '--port', '0'), { code: 78, err: /behind-signed-head/ }, 'the guard alone');
  renameSync(join(data, 'log.db'), join(data, 'log.away'));
  t.match(run(dir, 'serve', '--port', '0'), { code: 78, err: /behind-signed-head/ }, 'both');
  writeFileSync(join(data, 'log.db'), 'no database at all');
  renameSync(join(data, 'guard.away'), join(data, 'guard'));
  t.match(run(dir, 'serve', '--port', '0'), { code: 3, err: /corrupt-store/ }, 'garbage');
});

t.test('a rotated receipt key: old entries keep their proofs and get new ones', async (t) => {
  const dir = t.testdir({ 'app.conf': 'a' });
  const data = join(dir, 'tallystick-data');
  const log = await serve(t, dir);
  const made = JSON.parse(run(dir, 'commit', 'app.conf', '--log', log.url, '--json').out);
  t.equal(run(dir, 'keygen', '--out', 'new.pem').code, 0);
  const added = run(dir, 'policy', 'add-log-key', 'new.pem', '--use', 'receipt', '--log', log.url);
  t.equal(added.code, 0, added.err);
  const keySet = async (url: string): Promise<number> =>
    decodeKeySet(new Uint8Array(await (await fetch(`${url}/.well-known/scitt-keys`)).arrayBuffer())).length;
  t.equal(await keySet(log.url), 2, 'served at once');
  log.child.kill('SIGTERM');
  await log.ended;
  renameSync(join(dir, 'new.pem'), join(data, 'keys', 'receipt-ed25519.pem'));

  const again = await serve(t, dir);
  t.equal(run(dir, 'verify', 'app.conf').code, 0, 'the proof of before');
  const got = run(dir, 'get', made.entry, '--log', again.url);
  t.equal(got.code, 0, got.err);
  t.match(JSON.parse(run(dir, 'commit', 'app.conf', '--log', again.url, '--json').out), {
    already_logged: true,
  });
  const verified = run(dir, 'verify', 'app.conf');
  t.equal(verified.code, 0, verified.out);
  t.match(verified.out, /keys +entry 2/, 'the new proof says where its receipt key is from');
  again.child.kill('SIGTERM');
  await again.ended;
});

t.test('killed under load, restarted: nothing acknowledged is lost, the tree only grew', async (t) => {
  const dir = t.testdir();
  const acked = new Map<string, Uint8Array>();
  let heads: Uint8Array[] = [];
  for (let round = 0; round < 3; round++) {
    const log = await serve(t, dir);
    heads = [...heads, new Uint8Array(await (await fetch(`${log.url}/checkpoint`)).arrayBuffer())];
    const statements = await Promise.all(
      Array.from({ length: 120 }, (_, i) => signed(dir, 'submitter', `${round}/${i}`)),
    );
    let answered = 0;
    const posts = statements.map(async (statement) => {
      const reply = await post(log.url, statement).catch(() => undefined);
      if (reply?.status !== 201) return;
      acked.set(createHash('sha256').update(statement).digest('hex'), statement);
      if (++answered === 40) log.child.kill('SIGKILL');
    });
    await Promise.all(posts);
    log.child.kill('SIGKILL');
    await log.ended;
  }
  const log = await serve(t, dir);
  t.ok(acked.size >= 120, `${acked.size} acknowledged`);
  const { origin } = (await (await fetch(`${log.url}/v1/log`)).json()) as { origin: string };
  const keys = decodeKeySet(
    new Uint8Array(await (await fetch(`${log.url}/.well-known/scitt-keys`)).arrayBuffer()),
  );
  for (const [id, statement] of acked) {
    const reply = await fetch(`${log.url}/entries/${id}`);
    if (reply.status !== 200) t.fail(`${id} was acknowledged and is ${reply.status}`);
    const key = keys[0]?.key;
    if (key !== undefined)
      verifyReceipt(decodeReceipt(new Uint8Array(await reply.arrayBuffer())), statement, {
        log: origin,
        key,
      });
  }
  const info = (await (await fetch(`${log.url}/v1/log`)).json()) as { vkeys: string[] };
  heads.push(new Uint8Array(await (await fetch(`${log.url}/checkpoint`)).arrayBuffer()));
  const opened = heads.map((note) => openCheckpoint(note, { logKeys: info.vkeys.map(parseVkey) }).checkpoint);
  for (const [i, newer] of opened.entries()) {
    const older = opened[i - 1];
    if (older === undefined) continue;
    const reply = await fetch(`${log.url}/v1/consistency?from=${older.size}&to=${newer.size}`);
    const { path } = (await reply.json()) as { path: string[] };
    const proof = path.map((hash) => digest(parseHex(hash)));
    verifyConsistency(older.size, newer.size, proof, older.root, newer.root);
  }
  log.child.kill('SIGTERM');
  await log.ended;
  t.equal(run(dir, 'fsck').code, 0);
});

t.test('backup under load, restore, an old backup, a flipped byte', async (t) => {
  const dir = t.testdir();
  const log = await serve(t, dir);
  const statements = await Promise.all(
    Array.from({ length: 200 }, (_, i) => signed(dir, 'submitter', `b${i}`)),
  );
  const half = statements.slice(0, 100).map((statement) => post(log.url, statement));
  const backup = spawn(process.execPath, [BIN, 'backup', 'copy'], { cwd: dir });
  const done = new Promise((resolve) => backup.on('exit', resolve));
  await Promise.all(half);
  t.equal(await done, 0, 'a backup while statements arrive');
  await Promise.all(statements.slice(100).map((statement) => post(log.url, statement)));
  log.child.kill('SIGTERM');
  await log.ended;
  t.equal(run(dir, 'backup', 'copy').code, 1, 'never overwrites');
  mkdirSync(join(dir, 'newest.partial'));
  writeFileSync(join(dir, 'newest.partial', 'diary'), 'mine');
  t.match(run(dir, 'backup', 'newest'), { code: 1, err: /newest\.partial exists and no backup made it/ });
  renameSync(join(dir, 'newest.partial', 'diary'), join(dir, 'newest.partial', 'log.db'));
  writeFileSync(join(dir, 'newest.partial', 'log.db-wal'), 'which the copy has until it is made one file');
  t.equal(run(dir, 'backup', 'newest').code, 0, 'over what was cut off');
  for (const impossible of ['newest/log.db/x', '/proc/tallystick', '/dev/null/x'])
    t.match(run(dir, 'backup', impossible), {
      code: 2,
      err: /^error: store-failed: cannot make the directory /,
    });
  // What SQLite keeps beside a store cannot be made, as on a medium that is read-only.
  rmSync(join(dir, 'tallystick-data', 'log.db-shm'), { force: true });
  symlinkSync('nowhere', join(dir, 'tallystick-data', 'log.db-shm'));
  for (const verb of ['fsck', 'backup other'])
    t.match(run(dir, ...verb.split(' ')), {
      code: 2,
      err: /^error: store-failed: .*says nothing of what is in it/,
    });
  rmSync(join(dir, 'tallystick-data', 'log.db-shm'));

  t.match(run(dir, 'restore', 'newest', '--data-dir', 'elsewhere'), {
    code: 0,
    err: /there was no guard in .*the new one takes this backup.*A lost guard/,
  });
  t.equal(run(dir, 'fsck', '--data-dir', 'elsewhere').code, 0);
  t.equal(run(dir, 'restore', 'newest').code, 1, 'not over a store that is there');

  const data = join(dir, 'tallystick-data');
  const store = join(data, 'log.db');
  for (const end of ['', '-wal', '-shm'])
    if (existsSync(store + end)) spawnSync('mv', [store + end, `${store}.away${end}`]);
  const old = run(dir, 'restore', 'copy');
  t.equal(old.code, 78, 'an old backup');
  t.match(old.err, /behind-signed-head/);
  copyFileSync(join(dir, 'copy', 'log.db'), store);
  t.match(
    run(dir, 'fsck'),
    { code: 3, out: /✗ tree: the store has .* but a head of 201 was signed/ },
    'put back by hand',
  );
  rmSync(store);
  t.equal(run(dir, 'restore', 'newest').code, 0);
  t.match(JSON.parse(run(dir, 'fsck', '--json').out), { verified: true, guard: 'checked' });
  const again = await serve(t, dir);
  t.match(
    run(dir, 'fsck'),
    { code: 0, out: /– the guard was not checked: the running log holds/ },
    'nor does it take the lock',
  );
  again.child.kill('SIGTERM');
  await again.ended;

  const db = new Database(store);
  const { bytes, replace } = storedBytes(db, 7);
  bytes[bytes.length - 70]! ^= 1;
  replace(bytes);
  db.close();
  const damaged = run(dir, 'fsck', 'tallystick-data');
  t.equal(damaged.code, 3);
  t.match(damaged.out, /entry 7/, 'fsck names it');
  new Database(store).exec('DELETE FROM tile WHERE place = (SELECT min(place) FROM tile)').close();
  t.match(
    run(dir, 'fsck'),
    { code: 3, err: /^error: corrupt-store: tile 0\/0 of width 201 is missing\n$/ },
    'a tile that is gone is no stack',
  );
  copyFileSync(join(dir, 'newest', 'manifest.json'), join(dir, 'copy', 'manifest.json'));
  t.match(
    run(dir, 'restore', 'copy', '--data-dir', 'x').err,
    /corrupt-store/,
    'a copy that is not what its manifest says',
  );
});

t.test(
  'a witness policy: 202 and 204 until the quorum cosigned, then 200 with its cosignatures',
  async (t) => {
    const dir = t.testdir();
    const witness = { name: 'witness.example/w1', type: 4, signer: people.monitor } as const;
    let willing = false;
    let asked = 0;
    const server = createServer(async (request, response) => {
      asked++;
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const { text } = parseNote(parseAddCheckpoint(body).checkpoint);
      const line = await cosign(parseCheckpoint(text), witness, 1_800_000_000);
      if (willing) response.end(formatSignatures([line]));
      else response.writeHead(500).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const vkey = formatVkey(witness.name, 4, witness.signer.publicKey);
    writeFileSync(join(dir, 'witnesses'), `witness W ${vkey} http://127.0.0.1:${port}\nquorum W\n`);

    const log = await serve(t, dir, '--witness-policy', 'witnesses');
    const statement = await signed(dir, 'submitter', 'witnessed');
    const reply = await post(log.url, statement);
    t.equal(reply.status, 202);
    const location = new URL(reply.headers.get('location') ?? '', log.url);
    t.equal(location.pathname, `/entries/${createHash('sha256').update(statement).digest('hex')}`);
    const at = `${log.url}${location.pathname}`;
    t.equal((await fetch(at)).status, 204, 'still running');
    t.equal((await fetch(`${log.url}/checkpoint`)).status, 503, 'nothing is published: fail closed');
    t.equal((await fetch(`${log.url}/metrics`)).status, 200, 'metrics are there all the same');
    const ready = await fetch(`${log.url}/readyz`);
    t.equal(ready.status, 503);
    t.match(await ready.text(), /quorum/, 'and says why');

    willing = true;
    const before = asked;
    while (asked === before || (await fetch(at)).status === 204) await new Promise(setImmediate);
    t.equal((await fetch(at)).status, 200);
    const proof = await (await fetch(`${at}/proof`)).text();
    t.match(proof, witness.name, 'the .tlog-proof carries the cosignature');
    t.equal((await post(log.url, statement)).status, 201, 'posted again: its receipt is there now');
    t.equal((await fetch(`${log.url}/readyz`)).status, 200);
    log.child.kill('SIGTERM');
    t.equal(await log.ended, 0);
  },
);

/** A witness on a port of its own, which answers as it is told. */
async function startWitness(t: Test) {
  const signer = { name: 'witness.example/w2', type: 4, signer: people.approver } as const;
  const witness = {
    mood: 'honest' as 'honest' | 'silent' | 'ahead',
    /** What it shows at its monitoring prefix. */
    shows: new Uint8Array(),
    size: 0,
    asked: 0,
    line: '',
  };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (request.method === 'GET') return void response.end(witness.shows);
    witness.asked++;
    const stands = (size: number): void =>
      void response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end(`${size}\n`);
    if (witness.mood === 'silent') return;
    if (witness.mood === 'ahead') return stands(1000);
    const { old, checkpoint } = parseAddCheckpoint(body);
    if (old !== witness.size) return stands(witness.size);
    const parsed = parseCheckpoint(parseNote(checkpoint).text);
    witness.size = parsed.size;
    response.end(formatSignatures([await cosign(parsed, signer, Math.floor(Date.now() / 1000))]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  witness.line = `witness W ${formatVkey(signer.name, 4, signer.signer.publicKey)} http://127.0.0.1:${port}\n`;
  return witness;
}

t.test('witnesses come and go: waiting, a restart without them, and proof of a rollback', async (t) => {
  const dir = t.testdir({ 'app.conf': 'a' });
  const data = join(dir, 'tallystick-data');
  const witness = await startWitness(t);
  t.equal(run(dir, 'init').code, 0);
  const own = readFileSync(join(data, 'trust.policy'), 'utf8');
  const dead = `witness D ${formatVkey('dead.example', 4, people.stranger.publicKey)} http://127.0.0.1:1\n`;
  const mute = `witness N ${formatVkey('mute.example', 4, people.agent.publicKey)}\n`;
  const policy = (lines: string, quorum: string): void =>
    writeFileSync(join(dir, 'w'), `${lines}${witness.line}${dead}${mute}quorum ${quorum}\n`);
  const args = ['--witness-policy', 'w'];
  policy(`log ${formatVkey('other.example', 1, people.admin.publicKey)}\n`, 'W');
  t.match(run(dir, 'serve', '--port', '0', ...args), {
    code: 78,
    err: /do not name this log: add "log <vkey>"/,
  });
  policy('', 'N');
  t.match(run(dir, 'serve', '--port', '0', ...args), {
    code: 78,
    err: /cannot be met: there is no URL for N/,
  });

  policy(own.replace(/^(?!log ).*\n/gm, ''), 'W');
  const log = await serve(t, dir, ...args);
  const held = { 'content-type': 'application/cose', prefer: 'wait=20' };
  const statement = Buffer.from(await signed(dir, 'submitter', 'first'));
  const first = await fetch(`${log.url}/entries`, { method: 'POST', headers: held, body: statement });
  t.equal(first.status, 201, 'held until the quorum was met');
  t.equal(first.headers.get('preference-applied'), 'wait=20');
  const committed = await runBeside(dir, 'commit', 'app.conf', '--log', log.url, '--wait', '20', '--json');
  t.equal(committed.code, 0, committed.err);
  t.match(
    (await runBeside(dir, 'status', '--log', log.url)).out,
    /quorum +W, met\n +W: cosigned \d+ s ago\n +D: no cosignature/,
  );
  t.match(await (await fetch(`${log.url}/metrics`)).text(), /^tallystick_witness_quorum_met 1$/m);
  t.equal((await fetch(`${log.url}/readyz`)).status, 200, 'a dead witness that is not needed is no reason');
  const cosigned = await (await fetch(`${log.url}/checkpoint`)).text();
  t.match(cosigned, /— witness\.example\/w2 /);
  t.match(cosigned, /\n3\n/, 'three entries');

  // The witness falls silent, the log is killed: what was published is there at once, the rest goes on.
  witness.mood = 'silent';
  log.child.kill('SIGKILL');
  await log.ended;
  const again = await serve(t, dir, ...args);
  t.equal(await (await fetch(`${again.url}/checkpoint`)).text(), cosigned, 'the same bytes');
  const id = createHash('sha256').update(statement).digest('hex');
  t.equal((await fetch(`${again.url}/entries/${id}`)).status, 200, 'with receipts for what it covers');
  const more = await Promise.all(Array.from({ length: 30 }, (_, i) => signed(dir, 'submitter', `more ${i}`)));
  const answers = await Promise.all(more.map((each) => post(again.url, each)));
  t.ok(
    answers.every(({ status }) => status === 202),
    'integrated while the witness says nothing',
  );
  const facts = (await (await fetch(`${again.url}/v1/log`)).json()) as { size: number };
  t.equal(facts.size, 33);
  t.equal(await (await fetch(`${again.url}/checkpoint`)).text(), cosigned, 'and not published');
  const receipt = decodeReceipt(
    new Uint8Array(await (await fetch(`${again.url}/entries/${id}`)).arrayBuffer()),
  );
  t.equal(receipt.inclusion[0]?.size, 3, 'receipts are under the published head alone');
  t.match(await (await fetch(`${again.url}/entries/${id}/proof`)).text(), /— witness\.example\/w2 /);
  const newest = createHash('sha256').update(more[0]!).digest('hex');
  t.equal((await fetch(`${again.url}/entries/${newest}`, { headers: { prefer: 'wait=0' } })).status, 204);
  witness.mood = 'honest';
  const late = await fetch(`${again.url}/entries/${newest}`, { headers: { prefer: 'wait=30' } });
  t.equal(late.status, 200, 'until it speaks again');

  // It shows what this log's own key signed and its tree does not contain.
  const key = createPrivateKey(readFileSync(join(data, 'keys', 'checkpoint-ed25519.pem')));
  const { origin } = parseCheckpoint(parseNote(cosigned).text);
  const forked = { origin, size: treeSize(1000), root: digest(new Uint8Array(32)), extensions: [] };
  witness.shows = await signCheckpoint(forked, [{ name: origin, type: 1, signer: nodeSigner(key) }], 0);
  witness.mood = 'ahead';
  const status = async (): Promise<number> =>
    (await post(again.url, await signed(dir, 'submitter', `${Math.random()}`))).status;
  while ((await status()) !== 503) await new Promise(setImmediate);
  const ready = await fetch(`${again.url}/readyz`);
  t.equal(ready.status, 503);
  t.match(await ready.text(), /went back or forked: witness W shows a checkpoint of size 1000/);
  t.match(await runBeside(dir, 'status', '--log', again.url), { code: 2, out: /not met/ });
  t.equal((await fetch(`${again.url}/checkpoint`)).status, 200, 'what was published stays readable');
  while (!existsSync(join(data, 'conflict.checkpoint'))) await new Promise(setImmediate);
  again.child.kill('SIGTERM');
  t.equal(await again.ended, 0);
  t.match(
    run(dir, 'serve', '--port', '0', ...args),
    { code: 78, err: /behind-signed-head.*1000/ },
    'not again',
  );
  t.match(run(dir, 'serve', '--port', '0'), { code: 78 }, 'nor without the witnesses');

  t.equal(run(dir, 'fsck').code, 0);
  t.equal(run(dir, 'backup', 'copy').code, 0);
  t.equal(run(dir, 'restore', 'copy', '--data-dir', 'elsewhere').code, 0);
  t.notOk(existsSync(join(dir, 'elsewhere', 'published.checkpoint')), 'it is made again from witnesses');
  renameSync(join(data, 'conflict.checkpoint'), join(dir, 'evidence'));
  writeFileSync(join(data, 'published.checkpoint'), 'x');
  witness.mood = 'honest';
  const third = await serve(t, dir, ...args);
  while ((await fetch(`${third.url}/checkpoint`)).status !== 200) await new Promise(setImmediate);
  third.child.kill('SIGTERM');
  t.equal(await third.ended, 0, 'a damaged file is made anew');
  t.match(readFileSync(join(data, 'published.checkpoint'), 'utf8'), /^tallystick\/published\/v1\n/);
});
