/** What a reader of a whole log keeps between runs saves requests, and whoever edits it changes nothing but that. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { openClient, type LogClient } from '#src/client/client.ts';
import type { BundleMemory } from '#src/client/kept-bundles.ts';
import { BundleFiles } from '#src/client/node/bundle-files.ts';
import { trustKeys } from '#src/client/trust.ts';
import { parseVkey } from '#src/note/key.ts';
import { originHash } from '#src/note/checkpoint.ts';
import { encodeCommitment } from '#src/statement/payload.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { decodeBundle, encodeBundle } from '#src/tree/bundle.ts';
import { bundlePath } from '#src/tree/tile.ts';
import { claim, hashOf, MIRROR, SeeWorld } from '../support/see-world.ts';
import { ORIGIN, ownStatement, people, vkeys } from '../support/world.ts';

/** What a test keeps, and may edit. */
class Kept implements BundleMemory {
  readonly bundles = new Map<number, Uint8Array>();

  async bundle(_: string, index: number): Promise<Uint8Array | undefined> {
    return this.bundles.get(index);
  }
  async keep(_: string, index: number, bytes: Uint8Array): Promise<void> {
    this.bundles.set(index, bytes);
  }
}

const SUBJECTS = 560;

function declared(i: number, salt = ''): Promise<Uint8Array> {
  const payload = encodeCommitment({
    environment: 'prod',
    tier: 'critical-path',
    source: { kind: 'files', tool: 'tallystick', toolVersion: '0' },
    canon: { profile: 'files@1' },
    tree: { alg: SALTED_TREE, leaves: 1, root: hashOf(`declared ${i}${salt}`) },
    scope: { world: 'open' },
    claims: [claim],
  });
  return ownStatement('commitment', `web/${i}`, payload, people.author, { confirm: true });
}

/** A log of two full bundles and a part of a third. */
async function largeLog(t: Test): Promise<SeeWorld> {
  const w = await SeeWorld.start(t);
  for (let i = 1; i < SUBJECTS; i++) w.log1(await declared(i));
  return w;
}

function readerOf(w: SeeWorld, bundles: BundleMemory): LogClient {
  const trust = trustKeys(vkeys.map(parseVkey));
  return openClient({ log: MIRROR, trust, fetch: w.fetch, now: () => w.now * 1000, bundles });
}

/** Every row of the walk, as text. */
async function rowsOf(client: LogClient): Promise<readonly string[]> {
  const snapshot = await client.snapshot();
  const found: string[] = [];
  for await (const { rows } of snapshot.pages({}))
    for (const { index, id, subject } of rows) found.push(`${index} ${id} ${subject}`);
  return found;
}

const FULL = /\/tile\/(?:entries|0)\/00[01]$/;

const askedFull = (w: SeeWorld): readonly string[] => w.log.asked.filter((each) => FULL.test(each));

t.test('what is kept is not asked for again', async (t) => {
  const w = await largeLog(t);
  const kept = new Kept();
  const rows = await rowsOf(readerOf(w, kept));
  t.equal(rows.length, SUBJECTS);
  t.strictSame([...kept.bundles.keys()], [0, 1], 'full bundles alone');
  t.equal(askedFull(w).length, 4, 'each once');
  w.log.asked.length = 0;
  t.strictSame(await rowsOf(readerOf(w, kept)), rows);
  t.strictSame(askedFull(w), []);
  for (let i = SUBJECTS; i < 3 * 256; i++) w.log1(await declared(i));
  t.equal((await rowsOf(readerOf(w, kept))).length, 3 * 256, 'a log that grew');
  t.strictSame([...kept.bundles.keys()], [0, 1, 2]);
});

t.test('a walk that broke off goes on where it was', async (t) => {
  const w = await largeLog(t);
  const kept = new Kept();
  const before = w.log.meddle;
  w.log.meddle = (path, method) =>
    path.endsWith('/tile/entries/001') ? new Response(null, { status: 403 }) : before(path, method);
  await t.rejects(rowsOf(readerOf(w, kept)));
  t.strictSame([...kept.bundles.keys()], [0]);
  w.log.meddle = before;
  w.log.asked.length = 0;
  t.equal((await rowsOf(readerOf(w, kept))).length, SUBJECTS);
  t.notOk(w.log.asked.some((each) => /\/tile\/(?:entries|0)\/000$/.test(each)));
});

t.test('whoever edits what is kept causes requests, and nothing else', async (t) => {
  const w = await largeLog(t);
  const kept = new Kept();
  const rows = await rowsOf(readerOf(w, kept));
  const good = kept.bundles.get(1) ?? new Uint8Array();
  const entries = decodeBundle(good);
  const other = await declared(300, ' by the same key, never logged');
  const swapped = [entries[1], entries[0], ...entries.slice(2)].flatMap((each) => each ?? []);
  const edits: Readonly<Record<string, Uint8Array>> = {
    'an entry that was never logged': encodeBundle(entries.map((each, i) => (i === 44 ? other : each))),
    'an entry twice, another left out': encodeBundle(
      entries.map((each, i) => (i === 44 ? (entries[45] ?? each) : each)),
    ),
    'two in another order': encodeBundle(swapped),
    'another bundle of the log': kept.bundles.get(0) ?? good,
    'cut short': good.subarray(0, good.length - 1),
    'an entry less': encodeBundle(entries.slice(1)),
    'a byte more': Buffer.concat([good, Buffer.alloc(1)]),
    nothing: new Uint8Array(),
    'a page': Buffer.from('<html>sign in</html>'),
    'a flipped bit of the last signature': good.map((byte, i) => (i === good.length - 1 ? byte ^ 1 : byte)),
  };
  for (const [what, bytes] of Object.entries(edits)) {
    kept.bundles.set(1, bytes);
    w.log.asked.length = 0;
    t.strictSame(await rowsOf(readerOf(w, kept)), rows, what);
    t.ok(
      w.log.asked.some((each) => each.endsWith('/tile/entries/001')),
      `${what}: fetched again`,
    );
    t.strictSame(kept.bundles.get(1), good, `${what}: mended`);
  }
});

t.test('a host that lies is refused with kept bundles too', async (t) => {
  const w = await largeLog(t);
  const kept = new Kept();
  await rowsOf(readerOf(w, kept));
  const other = await declared(300, ' by the same key, never logged');
  const edited = encodeBundle(
    decodeBundle(kept.bundles.get(1) ?? new Uint8Array()).map((each, i) => (i === 44 ? other : each)),
  );
  kept.bundles.set(1, edited);
  const before = w.log.meddle;
  w.log.meddle = (path, method) =>
    path.endsWith('/tile/entries/001') ? new Response(Buffer.from(edited)) : before(path, method);
  await t.rejects(rowsOf(readerOf(w, kept)), { code: 'proof-failed' });
});

t.test('files', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-kept-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const files = new BundleFiles(dir);
  const path = join(dir, 'bundles', originHash(ORIGIN), bundlePath(7, 256));
  t.equal(await files.bundle(ORIGIN, 7), undefined);
  await files.keep(ORIGIN, 7, Uint8Array.of(1, 2, 3));
  t.strictSame(new Uint8Array(readFileSync(path)), Uint8Array.of(1, 2, 3));
  t.strictSame(await files.bundle(ORIGIN, 7), Buffer.from([1, 2, 3]));
  t.equal(await files.bundle('another.example', 7), undefined, 'each log has its own');
  t.match(files.soFar, { entries: 512, bytes: 6, fault: undefined }, 'one written, one read');
  rmSync(path);
  mkdirSync(path);
  t.equal(await files.bundle(ORIGIN, 7), undefined, 'a directory in its place');
  await files.keep(ORIGIN, 7, Uint8Array.of(1));
  t.ok(files.soFar.fault, 'cannot be kept');
  await files.keep(ORIGIN, 8, Uint8Array.of(1));
  t.notOk(existsSync(join(dirname(path), '008')), 'nothing more is tried then');
  const closed = new BundleFiles(join(dir, 'file'));
  writeFileSync(join(dir, 'file'), '');
  await closed.keep(ORIGIN, 7, Uint8Array.of(1));
  t.ok(closed.soFar.fault);
  chmodSync(join(dir, 'file'), 0o600);
});
