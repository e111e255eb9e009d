/** commit, verify, get and submit, in this process, against a log in memory that can be made to lie. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeUtf8, parseHex } from '../../src/bytes/text.ts';
import { declareFiles } from '../../src/declare/node/declarefiles.ts';
import { parseOpening } from '../../src/declare/opening.ts';
import { drawPath, explainSteps } from '../../src/words/tree-path.ts';
import { slugOf } from '../../src/declare/node/proofs.ts';
import { attachReceipts } from '../../src/cose/transparent.ts';
import { formatVkey } from '../../src/note/key.ts';
import { parseStatement } from '../../src/statement/parse.ts';
import { digest, leafIndex, treeSize } from '../../src/bytes/brand.ts';
import { emptyEdge, grow } from '../../src/tree/grow.ts';
import { hashLeaf, nobleHasher } from '../../src/tree/hash.ts';
import { proveInclusion } from '../../src/tree/prove.ts';
import { BASE, forkOf } from '../support/served-log.ts';
import { user, type Told } from './support/user.ts';
import {
  commitmentStatement,
  headKeys,
  logSigner,
  otherStatement,
  people,
  policyStatement,
  vkeys,
} from '../support/world.ts';
import { encodeKeySet } from '../support/key-set.ts';
import { seedSigner } from '../support/seed-signer.ts';

async function* pipe(): AsyncIterable<Uint8Array> {
  yield encodeUtf8('piped ');
  yield encodeUtf8('in');
}

t.test('commit: the same files are the same entry, other files supersede', async (t) => {
  const me = await user(t, { 'app.conf': 'a' });
  const commit = async (): Promise<Record<string, unknown>> =>
    (await me.run('commit', 'app.conf', '--json')).json;
  const first = await commit();
  t.match(first, {
    schema: 'tallystick.commit.v1',
    index: 1,
    already_logged: false,
    supersedes: null,
    subject: 'app.conf',
    leaves: 1,
    exit_code: 0,
  });
  t.equal(first['location'], `${BASE}/entries/${String(first['entry'])}`);
  t.strictSame(await commit(), { ...first, already_logged: true });
  t.equal(me.log.entries.length, 2, 'nothing was added');
  writeFileSync(join(me.dir, 'app.conf'), 'b');
  const second = await commit();
  t.match(second, { index: 2, already_logged: false, supersedes: first['entry'] });
  writeFileSync(join(me.dir, 'app.conf'), 'a');
  const third = await commit();
  t.match(
    third,
    { index: 3, already_logged: false, supersedes: second['entry'] },
    'back to the first content is news',
  );
  t.match(await commit(), { index: 3, already_logged: true });
  chmodSync(join(me.dir, 'app.conf'), 0o600);
  t.match(await commit(), { index: 4, already_logged: false }, 'a mode is declared too');
  t.match(
    (await me.run('commit', 'app.conf', '--environment', 'prod', '--tier', 'critical-path', '--json')).json,
    { index: 5 },
  );

  const folder = join(me.dir, 'tallystick-proofs', 'app.conf');
  t.strictSame(readdirSync(folder).toSorted(), [
    'earlier',
    'entry.tlog-proof',
    'opening.json',
    'policy.cose',
    'policy.tlog-proof',
    'receipt.cbor',
    'statement.cose',
  ]);
  t.equal(statSync(join(folder, 'opening.json')).mode % 0o1000, 0o600);
  t.equal(statSync(join(me.dir, 'state', 'tallystick', 'salt.key')).mode % 0o1000, 0o600);
  const logged = parseStatement(me.log.entries[5] ?? new Uint8Array());
  t.match(logged, {
    kind: 'commitment',
    subject: 'app.conf',
    commitment: { environment: 'prod', tier: 'critical-path', source: { kind: 'files', tool: 'tallystick' } },
  });
  const leaked = Buffer.from(me.log.entries[1] ?? '').includes(sha256(encodeUtf8('a')));
  t.notOk(leaked, 'the digest of a file is not in the log');
  const spoken = await me.run('commit', 'app.conf', '--environment', 'prod', '--tier', 'critical-path');
  t.match(spoken.out, /^already logged\nentry {5}[0-9a-f]{64}\nindex {5}5\n/);
  t.match(spoken.err, /tallystick verify app\.conf/);
});

t.test('commit: what can be named', async (t) => {
  const me = await user(t, {
    tree: { 'b.conf': 'b', sub: { 'a.conf': 'a' }, '.git': { HEAD: 'x' } },
    one: '1',
    two: '2',
  });
  symlinkSync('b.conf', join(me.dir, 'tree', 'link'));
  const { json } = await me.run('commit', 'tree', '--json');
  t.match(json, { subject: 'tree', leaves: 3 });
  const folder = join(me.dir, 'tallystick-proofs', 'tree');
  const opening = parseOpening(readFileSync(join(folder, 'opening.json')), '');
  t.strictSame(
    opening.facts.map(({ path, type }) => [path, type]),
    [
      ['tree/b.conf', 'file'],
      ['tree/link', 'symlink'],
      ['tree/sub/a.conf', 'file'],
    ],
  );
  const parsed = parseStatement(me.log.entries[1] ?? new Uint8Array());
  t.match(parsed, { commitment: { canon: { profile: 'files@1', excluded: [{ path: 'tree/.git' }] } } });
  t.match((await me.run('commit', 'one', 'two', '--json')).code, 1, 'two files have no name in common');
  t.match((await me.run('commit', 'one', 'two', '--subject', 'both/of them', '--json')).json, {
    leaves: 2,
    folder: /both-of-them-[0-9a-f]{8}$/,
  });
  t.match((await me.run('commit', '.', '--subject', 'all', '--json')).json, { exit_code: 0 });
  const all = parseStatement(me.log.entries.at(-1) ?? new Uint8Array());
  t.match(all, {
    commitment: { canon: { excluded: [{ path: /tallystick-proofs$/ }, { path: /tree\/\.git$/ }] } },
  });
  t.equal((await me.run('verify', 'two')).code, 0, 'each finds the proof they share');
  t.equal((await me.run('verify', join('tree', 'sub'))).code, 0, 'a folder within a committed folder');
  t.match(await me.run('commit', 'nothing'), { code: 2, err: /not-found/ });
  t.match(await me.run('commit', 'one', '--key', 'nokey.pem'), { code: 78, err: /key-file/ });
  chmodSync(join(me.dir, 'author.pem'), 0o644);
  t.match(await me.run('commit', 'one'), { code: 78, err: /chmod 600/ });
  chmodSync(join(me.dir, 'author.pem'), 0o600);
  t.match(await me.run('commit', 'one', '--tier', 'wrong'), { code: 1, err: /usage/ });
  t.match(await me.run('commit', '-'), { code: 1, err: /--subject/ });
  const wish = { cwd: me.dir, omit: new Map<string, string>(), saltSecret: new Uint8Array(32) };
  const piped = await declareFiles({ ...wish, operands: ['-'], stdin: pipe(), subject: 's' });
  const { text = '' } = piped.owned(me.dir) ?? {};
  t.match(parseOpening(Buffer.from(text), 'o').facts, [
    { path: '-', type: 'stream', size: 8, mode: undefined },
  ]);
  t.not(slugOf('a/b'), slugOf('a-b'));
  for (const subject of ['..', '.hidden', '/', 'ü', 'x'.repeat(300)])
    t.match(slugOf(subject), /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/);
});

t.test('commit: where the proof cannot be kept', async (t) => {
  const me = await user(t, { 'app.conf': 'a', file: '', 'a.cose': '' });
  writeFileSync(join(me.dir, 'a.cose'), await otherStatement('a'));
  for (const dir of ['/proc/tallystick', 'file/proofs'])
    for (const line of [`commit app.conf --proofs-dir ${dir}`, `submit a.cose --out ${dir}`])
      t.match(await me.run(...line.split(' ')), { code: 2, err: /^error: store-failed: cannot make / }, line);
  t.equal(me.log.entries.length, 1, 'nothing was logged');
  const folder = join(me.dir, 'tallystick-proofs', 'app.conf');
  mkdirSync(join(folder, 'entry.tlog-proof'), { recursive: true });
  const { code, err } = await me.run('commit', 'app.conf');
  t.equal(code, 2);
  t.match(err, /store-failed: the log took it as entry [0-9a-f]{64}, and then: .*The same command again/);
  rmSync(join(folder, 'entry.tlog-proof'), { recursive: true });
  t.match((await me.run('commit', 'app.conf', '--json')).json, { index: 1, already_logged: true });
  t.equal((await me.run('verify', 'app.conf')).code, 0);
  writeFileSync(join(me.dir, 'app.conf'), 'b');
  let taken = false;
  me.log.meddle = (path, method) => {
    if (method === 'POST') taken = true;
    return taken && path === '/checkpoint' ? new Response(null, { status: 404 }) : undefined;
  };
  t.match(await me.run('commit', 'app.conf'), { code: 2, err: /the log took it as entry/ }, 'nor in time');
});

t.test('commit: what git says of the files', async (t) => {
  if (spawnSync('git', ['--version']).error !== undefined)
    return t.comment('git is not installed: this part was not tested');
  const me = await user(t, { repo: { sub: { 'a.conf': 'a' }, other: 'x' } });
  const repo = join(me.dir, 'repo');
  const git = (...args: string[]): string =>
    spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: repo,
      encoding: 'utf8',
    }).stdout.trim();
  git('init', '-q');
  const facts = async () => {
    await me.run('commit', join('repo', 'sub', 'a.conf'));
    const parsed = parseStatement(me.log.entries.at(-1) ?? new Uint8Array());
    if (parsed.kind !== 'commitment' || !('source' in parsed.commitment)) throw new Error('no commitment');
    return { subject: parsed.subject, git: parsed.commitment.source.git };
  };
  t.strictSame(await facts(), { subject: 'sub/a.conf', git: undefined }, 'no commit yet');
  git('add', 'sub');
  git('commit', '-qm', 'one');
  const commit = git('rev-parse', 'HEAD');
  t.strictSame(await facts(), { subject: 'sub/a.conf', git: { commit, dirty: false } });
  git('add', '.');
  git('commit', '-qm', 'two');
  t.strictSame((await facts()).git, { commit, dirty: false }, 'other files moved on, this one did not');
  writeFileSync(join(repo, 'sub', 'a.conf'), 'changed');
  t.strictSame((await facts()).git, { commit, dirty: true });
});

t.test('commit: what cannot be said is refused here, by its name', async (t) => {
  const me = await user(t, { 'app.conf': 'a', tree: {} });
  const asked = me.log.asked.length;
  for (const subject of ['x'.repeat(9000), 'a\nb'])
    t.match(await me.run('commit', 'app.conf', '--subject', subject), {
      code: 1,
      err: /--subject must be 1 to 1024 bytes/,
    });
  if (process.platform === 'linux') {
    writeFileSync(Buffer.from(`${me.dir}/tree/\xff.conf`, 'latin1'), 'x');
    t.match(await me.run('commit', 'tree'), { code: 1, err: /the name .* is not UTF-8.*rename it/ });
  }
  t.equal(me.log.asked.length, asked, 'the log was not asked');
});

t.test('verify: from the files and a vkey alone', async (t) => {
  const me = await user(t, { 'app.conf': 'a' });
  await me.run('commit', 'app.conf');
  const folder = join('tallystick-proofs', 'app.conf');
  const verify = (...argv: string[]): Promise<Told> => me.run('verify', ...argv, '--json');
  const before = me.log.asked.length;
  for (const path of ['app.conf', folder, join(folder, 'statement.cose'), join(folder, 'entry.tlog-proof')]) {
    const { code, json } = await verify(path);
    t.match([code, json], [0, { schema: 'tallystick.verify.v1', verified: true, exit_code: 0 }], path);
    const outcomes = new Map(
      json.checks.map((check: { name: string; outcome: string }) => [check.name, check.outcome]),
    );
    for (const name of [
      'statement',
      'checkpoint',
      'inclusion',
      'policy',
      'signature',
      'enrolment',
      'receipt',
      'declaration',
      'files',
    ]) {
      t.equal(outcomes.get(name), 'ok', `${name} of ${path}`);
    }
  }
  t.equal(me.log.asked.length, before, 'the log was not asked');

  // Apart from each other and from their directory.
  for (const name of ['statement.cose', 'receipt.cbor', 'entry.tlog-proof'])
    cpSync(join(me.dir, folder, name), join(me.dir, `x-${name}`));
  const entry = me.log.entries[1] ?? new Uint8Array();
  writeFileSync(join(me.dir, 'x-entry'), entry);
  writeFileSync(join(me.dir, 'x-keys'), encodeKeySet([headKeys.receipt.publicKey]));
  t.match(await verify('x-statement.cose', 'x-entry.tlog-proof'), { code: 0, json: { verified: true } });
  t.match(await verify('x-entry', 'x-entry.tlog-proof'), { code: 0 });
  t.match(
    await verify('x-statement.cose'),
    { code: 3, json: { verified: false } },
    'nothing shows that it is logged',
  );
  t.match(await verify('x-statement.cose', '--receipt-key', 'x-keys'), { code: 0 });
  t.match(await verify('x-entry', 'x-receipt.cbor', '--receipt-key', 'x-keys'), { code: 0 });
  t.match(await verify('x-receipt.cbor'), { code: 1, err: /name the statement file too/ });
  const outcome = async (...argv: string[]): Promise<string> =>
    (await verify(...argv)).json.checks.map((check: { outcome: string }) => check.outcome).join(' ');
  const all = await outcome(folder);
  for (const paths of [
    ['x-entry.tlog-proof', join(folder, 'statement.cose')],
    [join(folder, 'statement.cose'), 'x-receipt.cbor'],
    ['x-statement.cose', join(folder, 'entry.tlog-proof')],
  ]) {
    t.match(await verify(...paths), { code: 0, json: { results: { length: 1 } } }, 'files of one proof');
    t.equal(await outcome(...paths), all, 'with the policy that lies beside one of them');
  }
  writeFileSync(join(me.dir, 'x-bad.cbor'), 'x');
  writeFileSync(join(me.dir, 'x-bad.tlog-proof'), 'c2sp.org/tlog-proof@v1\n');
  t.match(
    await verify(join(folder, 'statement.cose'), 'x-bad.tlog-proof'),
    { code: 3 },
    'what was named counts',
  );
  t.match(await verify('x-statement.cose', join(folder, 'statement.cose')), {
    code: 1,
    err: /one proof at a time/,
  });
  t.match(await verify('author.pem'), { code: 1, err: /neither a statement/ });
  t.match(await verify('nowhere'), { code: 2 });

  const explained = await me.run('verify', 'app.conf', '--explain');
  t.match(explained.out, /SHA256\(0x00 ‖ entry\) = [0-9a-f]{64}/);
  t.match(explained.out, /SHA256\(0x01 ‖ [0-9a-f]{64}\n +‖ [0-9a-f]{64}\)\n +\s= [0-9a-f]{64}/);
  t.match(explained.out, /● leaves 0–1 .*root.*\n├─○ leaf 0 .*from the proof\n└─● leaf 1 .*this entry/);
  t.match(explained.out, /VERIFIED/);

  // The owner's files.
  writeFileSync(join(me.dir, 'app.conf'), 'b');
  t.match(await verify('app.conf'), { code: 3, json: { verified: false } });
  t.match((await me.run('verify', 'app.conf')).out, /✗ file app\.conf its content changed/);
  writeFileSync(join(me.dir, 'app.conf'), 'a');
  chmodSync(join(me.dir, 'app.conf'), 0o4755);
  t.match((await me.run('verify', 'app.conf')).out, /0644 was declared, it is now 4755/);
  chmodSync(join(me.dir, 'app.conf'), 0o644);
  rmSync(join(me.dir, 'app.conf'));
  t.match(await me.run('verify', folder), { code: 3, out: /declared, and not there/ });
  rmSync(join(me.dir, folder, 'opening.json'));
  t.match(await verify(folder), { code: 0 }, 'an auditor has no opening');
});

t.test('verify: a file with several proofs', async (t) => {
  const me = await user(t, { 'app.conf': 'v1' });
  t.match((await me.run('commit', 'app.conf')).err, /tallystick verify app\.conf\n/);
  writeFileSync(join(me.dir, 'app.conf'), 'v2');
  const { out, err } = await me.run('commit', 'app.conf', '--subject', 'a/app');
  const [, folder = ''] = /^saved in +(\S+)\/$/m.exec(out) ?? [];
  t.match(err, `tallystick verify ${folder}\n`, 'the name alone could mean either');
  t.equal((await me.run('verify', folder)).code, 0);
  const older = join('tallystick-proofs', 'app.conf');
  utimesSync(join(me.dir, older, 'statement.cose'), 1000, 1000);
  const newest = await me.run('verify', 'app.conf');
  t.match(newest, { code: 0, out: `app.conf\n  the newest of its 2 proofs: ${folder}\n` });
  t.match((await me.run('verify', 'app.conf', '--json')).json, { results: [{ proof: folder }] });
  utimesSync(join(me.dir, folder, 'statement.cose'), 100, 100);
  t.match(
    await me.run('verify', 'app.conf'),
    { code: 3, out: `its 2 proofs: ${older}\n` },
    'by time, not by name',
  );
  t.match((await me.run('verify', folder, '--json')).json, { results: [{ proof: null }] });
});

t.test('verify: a receipt that lies in its directory is checked', async (t) => {
  const me = await user(t, { 'app.conf': 'a' });
  await me.run('commit', 'app.conf');
  const folder = join('tallystick-proofs', 'app.conf');
  const receipt = join(me.dir, folder, 'receipt.cbor');
  me.log.entries.push(await otherStatement('later'));
  const fresh = await me.log.receiptOf(1);
  const foreign = await me.log.receiptOf(2);
  for (const [bytes, code] of [
    [encodeUtf8('x\n'), 3],
    [foreign, 3],
    [fresh, 0],
  ] as const) {
    writeFileSync(receipt, bytes);
    for (const path of [receipt, folder, 'app.conf'])
      t.match(await me.run('verify', path), { code, out: code === 0 ? /✓ receipt/ : /✗ receipt/ });
  }
});

t.test('verify --strict: what could not be checked fails', async (t) => {
  const me = await user(t, { 'app.conf': 'a' });
  await me.run('commit', 'app.conf');
  t.match(
    await me.run('verify', 'app.conf', '--strict'),
    { code: 0, out: /– quorum/ },
    'nobody asks for one',
  );
  for (const name of ['policy.cose', 'policy.tlog-proof'])
    rmSync(join(me.dir, 'tallystick-proofs', 'app.conf', name));
  t.match(await me.run('verify', 'app.conf'), { code: 0, out: /– policy .*\n(.*\n)*VERIFIED\n/ });
  const strict = await me.run('verify', 'app.conf', '--strict');
  t.match(strict, { code: 3, out: /– policy .*\n(.*\n)*NOT VERIFIED: not checked: policy, receipt\n/ });
  t.match((await me.run('verify', 'app.conf', '--strict', '--json')).json, { verified: false, exit_code: 3 });
});

t.test('verify: no changed byte of a proof goes unnoticed', async (t) => {
  const me = await user(t, { 'app.conf': 'a' });
  me.log.entries.push(await otherStatement('first'));
  await me.run('commit', 'app.conf');
  const folder = join(me.dir, 'tallystick-proofs', 'app.conf');
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const good = readFileSync(path);
    const step = Math.max(1, Math.floor(good.length / 16));
    for (let at = 0; at < good.length; at += step) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      writeFileSync(path, bad);
      const { code } = await me.run('verify', folder);
      if (code === 0) t.fail(`${name} with byte ${at} changed was believed`);
    }
    writeFileSync(path, good.subarray(0, -1));
    // JSON does without its last newline.
    if (name !== 'opening.json') t.not((await me.run('verify', folder)).code, 0, `${name} cut short`);
    writeFileSync(path, good);
  }
  t.equal((await me.run('verify', folder)).code, 0, 'all good again');

  // A proof of one entry shows nothing of another, and a policy of another log is no policy.
  const swap = async (name: string, bytes: Uint8Array): Promise<Told> => {
    const good = readFileSync(join(folder, name));
    writeFileSync(join(folder, name), bytes);
    const told = await me.run('verify', folder);
    writeFileSync(join(folder, name), good);
    return told;
  };
  const other = attachReceipts(me.log.entries[1] ?? new Uint8Array(), [await me.log.receiptOf(1)]);
  t.match(await swap('statement.cose', other), { code: 3, out: /✗ inclusion/ });
  t.match(await swap('policy.cose', await policyStatement({ open: true })), { code: 3, out: /✗ policy/ });
  t.match(await swap('policy.cose', me.log.entries[2] ?? new Uint8Array()), { code: 3, out: /✗ policy/ });
});

t.test('verify: who is trusted, and how much', async (t) => {
  const me = await user(t, { 'app.conf': 'a' });
  await me.run('commit', 'app.conf');
  const folder = join('tallystick-proofs', 'app.conf');
  const [ed25519 = '', mldsa = ''] = vkeys;
  const verify = (...argv: string[]): Promise<Told> => me.run('verify', folder, ...argv);
  t.match(await verify('--vkey', ed25519), { code: 0, out: /signed with Ed25519 [0-9a-f]{8}\n/ });
  t.match(await verify('--vkey', mldsa), { code: 0, out: /signed with ML-DSA-44/ });
  t.match(await verify('--vkey', ed25519, '--vkey', mldsa), {
    code: 0,
    out: /Ed25519 [0-9a-f]{8} and ML-DSA-44/,
  });
  const stranger = formatVkey(headKeys.origin, 1, people.stranger.publicKey);
  t.match(await verify('--vkey', stranger), { code: 3, out: /✗ checkpoint/ });
  t.match(
    await verify('--vkey', stranger, '--vkey', ed25519),
    { code: 0 },
    'an older key of the same kind may stand beside',
  );
  t.match(await verify('--vkey', 'nonsense'), { code: 2 });
  t.match(await verify('--vkey', vkeys[0]?.replace('+', '+0') ?? ''), { code: 2, err: /not-found/ });

  // The post-quantum line cut off.
  for (const name of ['entry.tlog-proof', 'policy.tlog-proof']) {
    const path = join(me.dir, folder, name);
    writeFileSync(
      path,
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.length < 1000)
        .join('\n'),
    );
  }
  t.match(await verify('--vkey', ed25519, '--vkey', mldsa), {
    code: 3,
    out: /✗ checkpoint .*ML-DSA-44 .*did not sign/,
  });
  const policy = (...lines: string[]): string => {
    const path = join(me.dir, 'policy');
    writeFileSync(path, [...vkeys.map((vkey) => `log ${vkey}`), ...lines, ''].join('\n'));
    return path;
  };
  t.match(await verify('--policy', policy('quorum none')), { code: 0, out: /\(but not with ML-DSA-44/ });
  const witness = formatVkey('w.example', 4, seedSigner('ed25519', new Uint8Array(32).fill(9)).publicKey);
  t.match(await verify('--policy', policy(`witness w ${witness}`, 'quorum w')), { code: 5, out: /✗ quorum/ });
  t.match(await verify('--policy', policy('quorum w')), { code: 78, err: /malformed-trust-policy/ });
  t.match(await verify('--policy', policy('quorum none'), '--vkey', ed25519), {
    code: 1,
    err: /either --vkey or --policy/,
  });
});

t.test('the log is held to the last head seen', async (t) => {
  const me = await user(t, { 'app.conf': 'a' });
  const honest = me.log;
  for (let n = 0; n < 5; n++) honest.entries.push(await otherStatement(`entry ${n}`));
  t.equal((await me.run('get', '3')).code, 0);
  const evidence = join(me.dir, 'state', 'tallystick', 'evidence');

  me.log = forkOf(honest, 4, [
    await otherStatement('x'),
    await otherStatement('y'),
    await otherStatement('z'),
  ]);
  const split = await me.run('get', '3');
  t.match(split, { code: 4, err: /inconsistent: the log signed two histories/ });
  const [file = ''] = readdirSync(evidence);
  const written = JSON.parse(readFileSync(join(evidence, file), 'utf8'));
  t.match(written, {
    schema: 'tallystick.incident.v1',
    origin: headKeys.origin,
    evidence: { kind: 'split-view', heads: [/\n6\n/, /\n7\n/], prefix: { proof: [/=$/] } },
  });
  t.match(await me.run('verify-incident', join(evidence, file)), { code: 0, out: /PROVEN: .*two histories/ });
  t.match(await me.run('commit', 'app.conf'), { code: 4 }, 'nothing is posted to such a log');

  me.log = forkOf(honest, 5, [await otherStatement('same size')]);
  t.match(await me.run('get', '3'), { code: 4, err: /another tree of that size/ });
  me.log = forkOf(honest, 3, []);
  t.match(await me.run('get', '1'), { code: 4, err: /went back from 6 entries to 3/ });
  me.log = honest;
  honest.entries.push(await otherStatement('more'));
  t.equal((await me.run('get', '3')).code, 0, 'the honest log goes on');
  t.equal(readdirSync(evidence).length, 3);

  // A cache may serve an older checkpoint; the tree it belongs to is still there.
  honest.meddle = async (path) => {
    if (path !== '/checkpoint') return undefined;
    return new Response(Buffer.from(await logSigner.checkpoint(honest.head(4))));
  };
  t.equal((await me.run('get', '2', '--json')).json?.index, 2);
  honest.meddle = () => undefined;
  // So may something in between that cuts the post-quantum line off.
  honest.meddle = async (path) => {
    if (path !== '/checkpoint') return undefined;
    const note = new TextDecoder().decode(await logSigner.checkpoint(honest.head()));
    return new Response(
      note
        .split('\n')
        .filter((line) => line.length < 1000)
        .join('\n'),
    );
  };
  t.match(await me.run('get', '2'), { code: 3, err: /ML-DSA-44 .*did not sign/ });
  honest.meddle = () => undefined;
  const [head = ''] = readdirSync(join(me.dir, 'state', 'tallystick', 'heads'));
  const remembered = join(me.dir, 'state', 'tallystick', 'heads', head);
  t.match(readFileSync(remembered, 'utf8'), /\n7\n/, 'the newest is kept');
  writeFileSync(remembered, 'damaged');
  t.match(await me.run('get', '2'), { code: 78, err: /delete it/ });
});

t.test('get: verified before it is printed', async (t) => {
  const me = await user(t);
  for (let n = 0; n < 3; n++) me.log.entries.push(await otherStatement(`entry ${n}`));
  const byIndex = await me.run('get', '2', '--json');
  t.match(byIndex.json, {
    schema: 'tallystick.get.v1',
    index: 2,
    kind: 'other',
    subject: 'entry 1',
    verified: true,
  });
  const { entry } = byIndex.json;
  t.strictSame((await me.run('get', entry, '--json')).json, byIndex.json);
  t.strictSame((await me.run('get', `${BASE}/entries/${entry}`, '--json')).json, byIndex.json);
  t.match(await me.run('get', '2', '--print', 'payload'), { code: 0, out: /^101,110|^entry 1/ });
  t.match(await me.run('get', '0', '--out', 'zero'), { code: 0, out: /^entry {4}0, a policy about/ });
  t.equal((await me.run('verify', 'zero')).code, 0, 'what it kept is checked offline');
  t.match(await me.run('get', '4'), { code: 2, err: /beyond-head/ });
  t.match(await me.run('get', 'ab'.repeat(32)), { code: 2, err: /not-found/ });
  t.match(await me.run('get', 'what'), { code: 1, err: /bad-locator/ });

  const { log } = me;
  const answer = (match: string, body: () => Promise<Uint8Array>): void => {
    log.meddle = async (path) =>
      path.startsWith(match) ? new Response(Buffer.from(await body())) : undefined;
  };
  answer('/entries/', () => log.receiptOf(1));
  t.match(await me.run('get', entry), { code: 3, err: /that is another entry/ });
  answer('/entries/', async () => Uint8Array.of(1, 2));
  t.match(await me.run('get', entry), { code: 2, err: /unavailable: .*something else than a receipt/ });
  log.meddle = async (path) =>
    path.startsWith('/v1/') ? Response.json({ entries: [{ index: 1, id: entry }], next: null }) : undefined;
  t.match(await me.run('get', entry), { code: 3, err: /wrong id/ });
  log.meddle = async (path) => (path.startsWith('/v1/') ? new Response(null, { status: 404 }) : undefined);
  t.equal((await me.run('get', entry)).code, 0, 'a log of other software has no search');
  log.meddle = () => Promise.reject(new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }));
  t.match(await me.run('get', entry), { code: 2, err: /cannot be reached: nothing listens at/ });
});

t.test('get and status of a host that serves tiles alone', async (t) => {
  const me = await user(t);
  for (let n = 0; n < 3; n++) me.log.entries.push(await otherStatement(`entry ${n}`));
  const whole = (await me.run('get', '2', '--json')).json;
  me.log.meddle = (path) =>
    /^\/(checkpoint$|tile\/)/.test(path) ? undefined : new Response(null, { status: 404 });
  const { entry, bytes, proof } = whole;
  t.match((await me.run('get', '2', '--json')).json, {
    entry,
    index: 2,
    bytes,
    proof,
    receipt: null,
    verified: true,
    revoked_since: null,
    revocation_known: false,
  });
  t.equal(whole.revocation_known, true);
  t.match((await me.run('get', '2')).out, /^revoked +not known: /m);
  const told = await me.run('get', '2', '--out', 'two');
  t.match(told, { code: 0, out: /^checked {2}place in the log\n/m });
  t.match(told.err, /not checked: signature, enrolment, receipt/);
  t.equal((await me.run('verify', 'two')).code, 0, 'what it kept is checked offline');
  t.equal((await me.run('get', '2', '--print', 'proof')).code, 0);
  t.match(await me.run('get', '2', '--print', 'receipt'), {
    code: 2,
    err: /not-found: this host has no receipt/,
  });
  t.match(await me.run('get', entry), { code: 2, err: /not-found: .*finds entries by index/ });
  t.match(await me.run('get', '9'), { code: 2, err: /beyond-head/ });

  const status = await me.run('status');
  t.match(status, { code: 0, err: '', out: /serves tiles alone.*\norigin .*\nentries +4\n/ });
  t.match(
    status.out,
    /\nhead +2027-.*Z \(\d+ s ago\), by the log's own clock\nkey .*\nkey .*\nchecked +signed by those keys/,
  );
  t.match((await me.run('status', '--json')).json, { size: 4, verified: 4, ready: null, vkeys, peers: [] });
  me.log.meddle = (path) => {
    if (path === '/checkpoint' || path.startsWith('/v1/')) return new Response(null, { status: 404 });
    return undefined;
  };
  t.match(await me.run('status'), { code: 2, err: /not-found/ });
  me.log = forkOf(me.log, 2, [await otherStatement('another'), await otherStatement('one')]);
  me.log.meddle = (path) => (path.startsWith('/v1/') ? new Response(null, { status: 404 }) : undefined);
  t.match(await me.run('status'), { code: 4, err: /inconsistent/ }, 'held to the last head seen');
  me.around = { env: { TALLYSTICK_LOG: BASE } };
  t.match(await me.run('status'), { code: 2, err: /give --vkey to see the checkpoint of a mirror/ });
});

t.test('submit: one, many, refused, forged', async (t) => {
  const me = await user(t);
  const statements = [await otherStatement('a'), await otherStatement('b'), await commitmentStatement('c')];
  const [a = new Uint8Array()] = statements;
  writeFileSync(join(me.dir, 'a.cose'), a);
  writeFileSync(join(me.dir, 'all.seq'), Buffer.concat(statements));
  t.match((await me.run('submit', 'a.cose', '--json')).json, {
    schema: 'tallystick.submit.v1',
    submitted: 1,
    logged: 1,
    results: [{ index: 1 }],
  });
  const many = await me.run('submit', 'all.seq', '--out', 'receipts', '--json');
  t.match(many.json, {
    submitted: 3,
    logged: 3,
    results: [{ index: 1 }, { index: 2 }, { index: 3 }],
    exit_code: 0,
  });
  t.equal(readdirSync(join(me.dir, 'receipts')).length, 3);
  t.match(await me.run('submit', 'log.vkey'), { code: 3, err: /log\.vkey holds no statements/ });
  writeFileSync(join(me.dir, 'empty'), '');
  t.match(await me.run('submit', 'empty'), { code: 1 });

  me.log.meddle = (_, method) =>
    method === 'POST'
      ? new Response('{"title":"Rejected","detail":"no","code":"wrong-role"}', {
          status: 400,
          headers: { 'content-type': 'application/problem+json' },
        })
      : undefined;
  t.match(await me.run('submit', 'a.cose'), {
    code: 3,
    out: /refused wrong-role: log\.example answered 400: Rejected: no/,
  });
  const forged = seedSigner('ed25519', new Uint8Array(32).fill(9));
  me.log.meddle = async (_, method) => {
    if (method !== 'POST') return undefined;
    const receipt = Buffer.from(await me.log.receiptOf(2));
    return new Response(receipt, { status: 201 });
  };
  t.match(
    await me.run('submit', 'a.cose'),
    { code: 3, out: /refused (?:bad-signature|proof-failed)/ },
    'a receipt of another entry',
  );
  t.ok(forged);
});

t.test('a log that waits for its witnesses: said at once, refused in time', async (t) => {
  const me = await user(t, { 'app.conf': 'a' });
  const statement = await otherStatement('a');
  writeFileSync(join(me.dir, 'a.cose'), statement);
  const reasons = ['the witness quorum is not met: W2: no answer'];
  const witnessing = { quorum: 'two', met: false, witnesses: [{ name: 'W2', behind: 3 }] };
  for (const [verb, exit] of [
    ['commit app.conf --wait 0', 2],
    ['submit a.cose --wait 0', 2],
  ] as const) {
    const said = Promise.withResolvers<void>();
    let err = '';
    const write = (text: unknown): void => {
      err += String(text);
      if (/waiting for http.*: the witness quorum is not met: W2: no answer\n/.test(err)) said.resolve();
    };
    me.around = { sleep: async () => {}, stderr: { write } };
    me.log.meddle = async (path, method) => {
      if (path === '/readyz') return Response.json({ ready: false, reasons }, { status: 503 });
      if (path === '/v1/log') return Response.json({ witnessing });
      if (method !== 'POST') return undefined;
      await said.promise;
      return new Response(null, { status: 202 });
    };
    const { code, out } = await me.run(...verb.split(' '));
    t.equal(code, exit, verb);
    t.match(err + out, /not-yet: .*not ready.*ask later.*W2: no answer/, verb);
  }
  me.log.meddle = (path) =>
    path === '/checkpoint'
      ? Response.json({ title: 'Not Yet', code: 'not-yet' }, { status: 503 })
      : path === '/v1/log'
        ? Response.json({ witnessing })
        : undefined;
  delete me.around;
  t.match(await me.run('commit', 'app.conf', '--wait', '0'), {
    code: 2,
    err: /not-yet: .*503: Not Yet.*the quorum "two" waits/,
  });
});

t.test('the explanation adds up for every entry of every tree up to 40', async (t) => {
  for (let size = 1; size <= 40; size++) {
    const leaves = Array.from({ length: size }, (_, i) => hashLeaf(Uint8Array.of(i)));
    const grown = grow(emptyEdge(), Buffer.concat(leaves), nobleHasher);
    for (let index = 0; index < size; index++) {
      const path = proveInclusion(grown.read, leafIndex(index), treeSize(size));
      const leaf = leaves[index] ?? digest(new Uint8Array(32));
      const place = { log: 'l', index: leafIndex(index), size: treeSize(size), root: grown.root, leaf, path };
      const lines = explainSteps(place);
      const computed = [...lines.join('\n').matchAll(/= ([0-9a-f]{64})/g)].at(-1)?.[1];
      if (lines.at(-1) !== 'they are the same: the entry is in the tree' || computed !== grown.root.toHex())
        t.fail(`${index} of ${size}`);
      const drawn = drawPath(place, (text) => text);
      if (drawn.length !== 1 + 2 * path.length || !drawn.at(0)?.includes('root'))
        t.fail(`drawing ${index} of ${size}`);
    }
  }
  t.ok(parseHex('00'));
});
