/**
 * The documents in spec/ against the program: vectors are made again, and checked once more by other means
 * than ours; tables, links, routes, verbs, flags and metrics that the pages name must be there.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { NATURES, type RefusalCode } from '#src/bytes/refusal.ts';
import { EXITS } from '#src/cli/exit.ts';
import { STATUSES, TITLES } from '#src/web/status.ts';
import { run } from '#src/cli/main.ts';
import { PROBES } from '#src/probe/registry.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { BASE, ServedLog, TIME } from '../support/served-log.ts';
import { buildProgramWords } from './support/spec-words.ts';
import { makeVectors } from '../support/vectors.ts';
import { vkeys } from '../support/world.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const pages = [
  ...readdirSync(join(ROOT, 'spec'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('spec', name)),
  ...PROBES.map(({ name }) => join('src/probe', name.split('@', 1)[0] ?? '', 'README.md')),
];

type Vectors = Awaited<ReturnType<typeof makeVectors>>;
const vectors = JSON.parse(read('spec/vectors.json')) as Vectors;
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

t.test('the vectors are those that the program makes', async (t) => {
  t.same(vectors, JSON.parse(JSON.stringify(await makeVectors())));
  t.equal(vectors.refused.length, Number(/(\d+) statements, receipts/.exec(read('spec/formats.md'))?.[1]));
});

/** OpenSSL's opinion of a signature, by a key's name in the vectors. */
function signed(name: string, message: Buffer, signature: Buffer): boolean {
  const found = vectors.keys.find((key) => key.name === name);
  if (found === undefined) throw new Error(`no key ${name}`);
  const raw = bytes(found.public);
  const format = 'raw-public';
  if (found.algorithm !== 'ecdsa-p256') {
    const key = createPublicKey({ key: raw, format, asymmetricKeyType: found.algorithm });
    return verify(null, message, key, signature);
  }
  const key = Buffer.concat([Buffer.of(4), raw]);
  const point = createPublicKey({ key, format, asymmetricKeyType: 'ec', namedCurve: 'P-256' });
  return verify('sha256', message, { key: point, dsaEncoding: 'ieee-p1363' }, signature);
}

/** RFC 9162 §2.1.1, as written there. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return sha256();
  if (leaves.length === 1) return first;
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return sha256(Buffer.of(1), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

/** A byte string in hex with its shortest head. */
const bstr = (hex: string): string => {
  const n = hex.length / 2;
  const head = n < 24 ? [0x40 + n] : n < 256 ? [0x58, n] : [0x59, Math.floor(n / 256), n % 256];
  return Buffer.from(head).toString('hex') + hex;
};

t.test('entries, tree and signatures hold by other means', async (t) => {
  const authors = ['admin', 'author', 'approver', 'agent', 'submitter'];
  for (const [i, each] of vectors.entries.entries()) {
    const [protectedHex, payload] = [each.protected, each.payload];
    t.equal(each.entry, `d284${bstr(protectedHex)}a0${bstr(payload)}${bstr(each.signature)}`);
    t.equal(each.sigStructure, `846a5369676e617475726531${bstr(protectedHex)}40${bstr(payload)}`);
    t.equal(each.id, sha256(bytes(each.entry)).toString('hex'));
    t.equal(each.leaf, sha256(Buffer.of(0), bytes(each.entry)).toString('hex'));
    t.ok(signed(authors[i] ?? '', bytes(each.sigStructure), bytes(each.signature)), `entry ${i}`);
  }
  const { twin, entries } = vectors;
  t.equal(twin.id, sha256(bytes(twin.entry)).toString('hex'));
  t.equal(twin.entry.slice(0, -64), entries[4]?.entry.slice(0, -64), 'all but s');
  t.not(twin.entry, entries[4]?.entry);
  t.ok(
    signed(authors[4] ?? '', bytes(entries[4]?.sigStructure ?? ''), bytes(twin.entry.slice(-128))),
    'twin',
  );
  const leaves = vectors.entries.map(({ leaf }) => bytes(leaf));
  for (const [n, root] of vectors.tree.roots.entries())
    t.equal(treeHash(leaves.slice(0, n)).toString('hex'), root, `root ${n}`);
  const large = Array.from({ length: 600 }, (_, i) =>
    sha256(Buffer.of(0, 0, 0, Math.floor(i / 256), i % 256)),
  );
  t.equal(treeHash(large).toString('hex'), vectors.largeTree.root);
  const root = bytes(vectors.tree.roots[5] ?? '');
  const { receipt, checkpoint, cosigned } = vectors;
  t.ok(signed('receipt', bytes(receipt.sigStructure), bytes(receipt.signature)));
  t.ok(bytes(receipt.sigStructure).subarray(-32).equals(root));
  const blobs = cosigned.note
    .split('\n')
    .filter((line) => line.startsWith('— '))
    .map((line) => Buffer.from(line.split(' ')[2] ?? '', 'base64').subarray(4));
  const [ed25519, mlDsa44, witness] = blobs;
  if (ed25519 === undefined || mlDsa44 === undefined || witness === undefined) throw new Error('three lines');
  t.ok(signed('checkpointEd25519', Buffer.from(checkpoint.text), ed25519));
  t.ok(signed('checkpointMlDsa44', bytes(checkpoint.mlDsa44Message), mlDsa44.subarray(8)));
  t.ok(signed('witness', bytes(cosigned.message), witness.subarray(8)));
  t.equal(checkpoint.text, `${vectors.origin}\n5\n${root.toString('base64')}\n`);
});

/** Code blocks of a page with the language of their fence. */
function blocks(page: string): { readonly language: string; readonly body: string }[] {
  return Array.from(read(page).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm), ([, language = '', body = '']) => ({
    language,
    body,
  }));
}

t.test('every hex block of the formats page is in the vectors', async (t) => {
  const text = read('spec/vectors.json');
  const quoted = blocks('spec/formats.md').filter(({ language }) => language === 'hex');
  t.ok(quoted.length > 10);
  for (const { body } of quoted) t.ok(text.includes(body.replaceAll(/\s/g, '')), body.slice(0, 40));
  const lengths = [
    (vectors.entries[3]?.entry.length ?? 0) / 2,
    vectors.tree.bundle.length,
    vectors.receipt.receipt.length / 2,
    vectors.transparentStatement.length / 2,
  ];
  for (const length of lengths) t.ok(read('spec/formats.md').includes(`${length} bytes`), `${length} bytes`);
});

t.test('the table of error codes is what the code has: status, title, exit code, nature', async (t) => {
  const rows = Array.from(
    read('spec/http.md').matchAll(
      /^\| `([a-z0-9-]+)` +\| (\d{3}) +\| ([^|]+?) +\| (\d+) +\| ([a-z]+) +\| \S.*\|$/gm,
    ),
    ([, code, status, title, exit, nature]) => [code, Number(status), title, Number(exit), nature],
  );
  const codes = Object.keys(NATURES) as RefusalCode[];
  const wanted = codes.map((code) => [code, STATUSES[code], TITLES[code], EXITS[code], NATURES[code]]);
  t.same(rows, wanted);
});

/** What GitHub calls a heading: its anchor. */
function anchors(page: string): Set<string> {
  const headings = Array.from(read(page).matchAll(/^#+ (.+)$/gm), ([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

t.test('every attack on a proof is tried in the tests that the page names', async (t) => {
  const page = read('spec/trust.md');
  const rows = page.slice(page.indexOf('## Attacks on a proof'), page.indexOf('## Known limits')).split('\n');
  const attacks = rows.filter((row) => row.startsWith('| ')).slice(2);
  t.ok(attacks.length >= 25, `${attacks.length} attacks`);
  for (const attack of attacks) {
    const tests = [...(attack.split(' | ').at(-1) ?? '').matchAll(/`([a-z0-9-]+): ([^`]+)`/g)];
    t.ok(tests.length > 0, attack);
    for (const [, file = '', title = ''] of tests) {
      const found = globSync(`test/**/${file}.test.ts`, { cwd: ROOT });
      t.equal(found.length, 1, `${file}: one file of this name`);
      t.ok(read(found[0] ?? '').includes(`('${title}'`), `${file}: ${title}`);
    }
  }
});

t.test('every relative link leads somewhere', async (t) => {
  for (const page of [...pages, 'README.md'].filter((path) => existsSync(join(ROOT, path)))) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? page : join(dirname(page), file);
      t.ok(existsSync(join(ROOT, path)), `${page}: ${target}`);
      if (anchor !== undefined && path.endsWith('.md'))
        t.ok(anchors(path).has(anchor), `${page}: #${anchor}`);
    }
  }
});

/** Code in a page: blocks, and spans outside of them. */
function code(page: string): string[] {
  const outside = read(page).replaceAll(/^```[\s\S]*?^```$/gm, '');
  const spans = Array.from(outside.matchAll(/`([^`\n]+)`/g), ([, span = '']) => span);
  return [...spans, ...blocks(page).flatMap(({ body }) => body.replaceAll('\\\n', ' ').split('\n'))];
}

t.test('the verbs, flags, routes and metrics that the pages name exist', async (t) => {
  const words = await buildProgramWords();
  for (const page of pages) {
    for (const line of code(page)) {
      const [, verb, rest = ''] = /(?:^|[\s/])tallystick ([a-z]+)\b(?!:)([^#|;&]*)/.exec(line) ?? [];
      if (verb === undefined) continue;
      const flags = words.verbs.get(verb);
      t.ok(flags, `${page}: tallystick ${verb}`);
      for (const [flag] of rest.matchAll(/(?<=\s)--[a-z][a-z-]*/g))
        t.ok(flags?.has(flag), `${page}: tallystick ${verb} ${flag}`);
    }
    for (const [name] of read(page).matchAll(/\btallystick_[a-z0-9_]+/g))
      t.ok(words.metrics.has(name.replace(/_(?:bucket|sum|count)$/, '')), `${page}: ${name}`);
  }
  const named = Array.from(
    read('spec/http.md').matchAll(/^\| `(GET|POST) (\/[^`]*)`/gm),
    ([, method, path]) => `${method} ${path}`,
  );
  t.same(named.toSorted(), words.routes.toSorted(), 'the routes of http.md are those of the API description');
});

const key = (name: string) =>
  createPrivateKey({
    key: sha256(Buffer.from(`tallystick test ${name}`)),
    format: 'raw-private',
    asymmetricKeyType: 'ed25519',
  });
const pem = (name: string) => key(name).export({ format: 'pem', type: 'pkcs8' });

t.test('the commands that change a policy do', async (t) => {
  const commands = Array.from(
    read('spec/operations.md').matchAll(/^ *(tallystick policy .+)$/gm),
    ([, command = '']) => command,
  );
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-spec-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  const log = await ServedLog.start();
  const newKeys = generateKeyPairSync('ml-dsa-44').privateKey.export({ format: 'pem', type: 'pkcs8' });
  mkdirSync(at('keys'));
  mkdirSync(at('new'));
  for (const [path, text] of [
    ['keys/admin.pem', pem('admin')],
    ['new/checkpoint-ed25519.pem', pem('new checkpoint')],
    ['new/checkpoint-ml-dsa-44.pem', newKeys],
    ['new/receipt-ed25519.pem', pem('new receipt')],
    ['second-admin.pem', pem('second admin')],
  ] as const)
    writeFileSync(at(path), text, { mode: 0o600 });
  writeFileSync(at('ci.pub'), createPublicKey(key('ci')).export({ format: 'pem', type: 'spki' }));
  writeFileSync(at('log.vkey'), vkeys.join('\n'));
  const outcomes: string[] = [];
  for (const command of commands) {
    const [line = '', file] = command.split(' > ');
    const words = Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? '');
    let [out, err] = ['', ''];
    const env = { XDG_STATE_HOME: folder, TALLYSTICK_LOG: BASE, TALLYSTICK_VKEY: 'log.vkey' };
    const code = await run(words.slice(1), {
      env: { ...env, TALLYSTICK_DATA_DIR: folder },
      cwd: folder,
      fetch: log.fetch,
      now: () => TIME * 1000,
      stdout: { write: (text) => (out += String(text)) },
      stderr: { write: (text) => (err += String(text)) },
    });
    // The example of a key to remove is no key of the log in memory.
    const wanted = words[2] === 'remove-log-key' ? 2 : 0;
    t.equal(code, wanted, `${command}\n${err}`);
    if (file !== undefined) writeFileSync(at(file), out.replace('selfProof: false', 'selfProof: true'));
    if (words.every((word) => word !== '--dry-run')) outcomes.push(words[2] ?? '');
  }
  t.same(
    outcomes.toSorted(),
    'add-log-key add-log-key enrol enrol remove-log-key revoke set show witnessed'.split(' '),
  );
  const policies = log.entries.map((entry) => parseStatement(entry));
  const logged = policies.at(-1);
  if (logged?.kind !== 'policy') throw new Error('no policy was logged');
  const { selfProof, log: own, keys } = logged.policy.document;
  t.equal(selfProof, true);
  const revoked = policies.flatMap((each) =>
    each.kind === 'policy' ? [...each.policy.revoked.values()] : [],
  );
  t.match(revoked, [{ reason: 'laptop stolen' }], 'once: it stays revoked');
  t.same([own.vkeys.length, own.receiptKeys.length], [4, 2]);
  t.ok(keys.some(({ name, roles }) => name === 'second admin' && roles.includes('admin')));
});
