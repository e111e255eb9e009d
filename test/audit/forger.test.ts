/**
 * The forger: each file of a bundle changed so that it reads greener, with manifest, sums and container made to fit. Each is
 * named under the reader's policy, and without one the result is never VERIFIED.
 */
import t from 'tap';
import { bundleEntry, entryFiles, type BundleEntry } from '#src/audit/bundle/entries.ts';
import { wholeBundle } from '#src/audit/bundle/derive.ts';
import { historiesOf } from '#src/audit/bundle/histories.ts';
import { manifestFiles, readManifest, type Scope } from '#src/audit/bundle/manifest.ts';
import { openBundle } from '#src/audit/bundle/open.ts';
import { formatOpenings } from '#src/audit/bundle/openings.ts';
import { proofFile, shownBy } from '#src/audit/bundle/proof.ts';
import { resultLine } from '#src/audit/bundle/told.ts';
import { verifyBundle } from '#src/audit/bundle/verify.ts';
import type { BundleVerdict, VerifyOptions } from '#src/audit/bundle/verdict.ts';
import { readContainer } from '#src/audit/zip/read.ts';
import { writeContainer } from '#src/audit/zip/write.ts';
import { decodeUtf8, encodeUtf8 } from '#src/bytes/text.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { openLeaf, saltedTree } from '#src/statement/saltedleaf.ts';
import { proveMany } from '#src/tree/multi.ts';
import { bundleOf, fourDays, trust, type World } from '../support/bundle-world.ts';
import { people, vkeys } from '../support/world.ts';

type Change = (files: Map<string, Uint8Array>) => void;

/** The bundle with some files changed, and manifest, sums and container made to fit. */
function refit(bytes: Uint8Array, change: Change, more: Partial<Scope> = {}): Uint8Array {
  const files = new Map(readContainer(bytes));
  const { format: _, version: __, files: ___, ...scope } = readManifest(files);
  change(files);
  files.delete('manifest.json');
  files.delete('SHA256SUMS');
  return writeContainer(new Map([...files, ...manifestFiles({ ...scope, ...more }, files)]));
}

/** Replaces in a text file. The text must be there. */
function replaced(name: string, from: string | RegExp, to: string): Change {
  return (files) => {
    const text = decodeUtf8(files.get(name) ?? new Uint8Array());
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`${name} has no ${String(from)}`);
    files.set(name, encodeUtf8(changed));
  };
}

const put =
  (name: string, text: string): Change =>
  (files) =>
    void files.set(name, encodeUtf8(text));
const kidOf = ({ publicKey }: typeof people.agent): string => keyThumbprint(publicKey).toHex();

/** The bundle with other entries, the one proof made again for them; the forger has the whole log. */
async function withEntries(
  w: World,
  bytes: Uint8Array,
  choose: (entries: readonly BundleEntry[]) => readonly BundleEntry[],
): Promise<Uint8Array> {
  const opened = await openBundle(bytes, { trust });
  const entries = choose(opened.tree.entries);
  const { size } = opened.heads.end.opened.checkpoint;
  const shown = shownBy(entries, size, opened.heads.start?.opened.checkpoint.size);
  const proof = proveMany(w.log.tree(size).read, shown);
  return refit(bytes, (files) => {
    for (const name of files.keys()) if (name.startsWith('entries/')) files.delete(name);
    for (const [name, content] of entryFiles(entries)) files.set(name, content);
    files.set('entries/proof.bin', proofFile(proof));
  });
}

/** The same with every summary made to fit. */
async function remade(bytes: Uint8Array): Promise<Uint8Array> {
  const opened = await openBundle(bytes, { trust });
  const histories = await historiesOf(opened.snapshot, opened.manifest, new Set());
  return writeContainer(wholeBundle(opened, histories));
}

/** The check that fails, and what it says. */
async function failing(bytes: Uint8Array, options: VerifyOptions = { trust }): Promise<string> {
  const { result, checks } = await verifyBundle(bytes, options);
  const failed = checks.filter(({ outcome }) => outcome === 'failed');
  return failed.length === 0 ? result : failed.map(({ name, detail }) => `${name}: ${detail}`).join('\n');
}

t.test('each file that reads greener is named', async (t) => {
  const w = await fourDays(t);
  const bytes = await bundleOf(w, {
    controls: ['SOC2-2017 CC6.7'],
    people: new Map([[kidOf(people.agent), 'Ada']]),
  });
  t.equal(await failing(bytes), 'verified', 'the bundle itself');
  const cases: readonly (readonly [what: string, change: Change, named: RegExp])[] = [
    ['the page', replaced('index.html', /<span class="bad">2<\/span>/, '0'), /^made again: index\.html/],
    [
      'a verdict of the history',
      replaced('history/000000.json', '"stated": "VIOLATED"', '"stated": "PROVEN"'),
      /^made again: history\/000000\.json/,
    ],
    [
      'figures of the history',
      replaced('history/000000.json', '"failed": 2', '"failed": 0'),
      /^made again: history/,
    ],
    ['the history with one more space', replaced('history/000000.json', '{', '{ '), /^made again: history/],
    [
      'days of the controls',
      replaced('controls.csv', 'unsupported', 'covered'),
      /^made again: controls\.csv/,
    ],
    ['what is not proven', put('not-proven.txt', ''), /^made again: not-proven\.txt/],
    [
      'how to verify by hand',
      put('VERIFY-BY-HAND.md', '# It is verified'),
      /^made again: VERIFY-BY-HAND\.md/,
    ],
    ['the keys', replaced('keys.json', '"roles": [', '"roles": ["monitor",'), /^made again: keys\.json/],
    ['the attachments', put('attachments.csv', 'index\n'), /^made again: attachments\.csv/],
    [
      'the consistency of the heads',
      put('heads/consistency.txt', ''),
      /^made again: heads\/consistency\.txt/,
    ],
    ['the people', replaced('people.csv', 'Ada', '"Ada"'), /^people: people\.csv/],
    [
      'people whom no policy knows',
      replaced('people.csv', /\n[0-9a-f]{4}/, '\nffff'),
      /^people: .*no policy/,
    ],
    ['the index', replaced('entries/index.csv', '\n10,', '\n11,'), /^entries: /],
    ['an offset of the index', replaced('entries/index.csv', ',2,', ',3,'), /^entries: entries\/index\.csv/],
    [
      'a byte of an entry',
      (files) =>
        void files.set(
          'entries/000000.bundle',
          (files.get('entries/000000.bundle') ?? new Uint8Array()).toReversed(),
        ),
      /^entries: /,
    ],
    [
      'a hash of the proof',
      (files) =>
        void files.set('entries/proof.bin', (files.get('entries/proof.bin') ?? new Uint8Array(32)).slice(32)),
      /^entries: entries\/proof\.bin/,
    ],
    [
      'the time of a cosignature',
      replaced('heads/end.note', /(— w1\.example [A-Za-z0-9+/]{10})./, '$1A'),
      /^end head: /,
    ],
    [
      'an end head that nobody cosigned',
      replaced('heads/end.note', /— w1\.example .*\n/, ''),
      /^end head: .*quorum/,
    ],
    [
      'another start head',
      (files) => void files.set('heads/start.note', files.get('heads/end.note') ?? new Uint8Array()),
      /^start head: /,
    ],
    ['no start head', (files) => void files.delete('heads/start.note'), /^files: .*start\.note.*missing/],
    [
      'a policy that asks for nobody',
      put('trust.txt', `log ${vkeys[0]}\nquorum none\n`),
      /^made again: index\.html/,
    ],
    ['a policy with a comment', replaced('trust.txt', /^/, '# believe me\n'), /^policy: trust\.txt/],
    ['a file more', put('certificate.txt', 'SOC 2: passed'), /^files: certificate\.txt/],
    ['evidence that no proof names', put(`attachments/${'ab'.repeat(32)}`, 'x'), /^attachments: /],
    ['a history more', put('history/000001.json', '{}'), /^files: history\/000001\.json/],
    ['a file less', (files) => void files.delete('not-proven.txt'), /^files: not-proven\.txt/],
  ];
  for (const [what, change, named] of cases) {
    const forged = refit(bytes, change);
    t.match(await failing(forged), named, what);
    t.not((await verifyBundle(forged)).result, 'verified', `${what}, without a policy`);
  }
  const scopes: readonly (readonly [what: string, scope: Partial<Scope>, named: RegExp])[] = [
    [
      'a period that begins later',
      { period: { ...readManifest(readContainer(bytes)).period, since: 1_800_200_000 } },
      /^made again: history/,
    ],
    ['another log', { log: 'other.example' }, /^end head: /],
    ['another subject', { subjects: ['web/other'] }, /^history: /],
    ['a subject that sounds alike', { subjects: ['db/payment'] }, /^history: /],
    ['no controls', { controls: [] }, /^files: controls\.csv/],
    ['another version of the program', { made_with: '9.9.9' }, /^made again: index\.html/],
  ];
  for (const [what, scope, named] of scopes)
    t.match(await failing(refit(bytes, () => undefined, scope)), named, what);
});

t.test('the manifest alone, sums alone', async (t) => {
  const w = await fourDays(t);
  const files = readContainer(await bundleOf(w));
  const changed = (change: Change): Uint8Array => {
    const copy = new Map(files);
    change(copy);
    return writeContainer(copy);
  };
  t.match(
    await failing(changed(replaced('manifest.json', '"made_with": "0.0.0"', '"made_with": "0.0.1"'))),
    /^manifest: SHA256SUMS/,
  );
  t.match(
    await failing(changed(replaced('manifest.json', '"size": ', '"size":  '))),
    /^manifest: manifest\.json/,
  );
  t.match(
    await failing(changed(replaced('manifest.json', '"log"', '"note": "fine",\n  "log"'))),
    /^manifest: manifest\.json/,
  );
  t.match(await failing(changed(put('SHA256SUMS', ''))), /^manifest: SHA256SUMS/);
  t.match(
    await failing(changed(replaced('manifest.json', '"version": 2', '"version": 3'))),
    /^manifest: .*update/,
  );
  t.match(await failing(changed((copy) => void copy.delete('manifest.json'))), /^manifest: manifest\.json/);
  t.match(await failing(new Uint8Array()), /^container: /);
  const asked = refit(await bundleOf(await fourDays(t)), put('controls.csv', 'a\n'), {
    controls: ['NOPE X'],
  });
  t.match(await failing(asked), /^made again: no framework/, 'a framework that nobody knows');
});

t.test('entries left out, doubled or taken from elsewhere', async (t) => {
  const w = await fourDays(t);
  const bytes = await bundleOf(w);
  const violations = new Set([10, 13]);
  const without = (gone: (entry: BundleEntry) => boolean) =>
    withEntries(w, bytes, (entries) => entries.filter((each) => !gone(each)));
  t.match(
    await failing(await without(({ index }) => violations.has(index))),
    /^history: .*does not follow/,
    'the violations',
  );
  t.match(
    await failing(await without(({ index }) => index === 2)),
    /^made again: .*history/,
    'an approval: nothing was in force',
  );
  t.match(
    await failing(await without(({ index }) => index === 0)),
    /^entries: .*entry 0/,
    'the first policy',
  );
  const tail = await without(({ parsed, index }) => parsed.kind === 'proof' && index >= 16);
  t.match(await failing(tail), /^made again: .*history/, 'the end of a chain: the summary still has it');
  const [cut] = (await verifyBundle(await remade(tail), { trust })).histories;
  t.strictSame(
    cut?.keys.map(({ grade }) => grade),
    ['word'],
    'with every summary made to fit, that nothing is left out is on the word of the log',
  );
  const { notice } = readManifest(readContainer(bytes)).heads.start ?? {};
  const none = await without(({ parsed }) => parsed.kind === 'notice');
  t.match(
    await failing(none),
    /^heads: manifest\.json/,
    'the notice of the start head, which the manifest names',
  );
  const blind = await without(({ parsed, index }) => parsed.kind === 'notice' && index !== notice);
  t.match(await failing(blind), /^made again: .*history/, 'the witnessed heads: times have no bounds');
  const [wide] = (await verifyBundle(await remade(blind), { trust })).histories;
  const [genuine] = (await verifyBundle(bytes, { trust })).histories;
  const covered = (history: typeof wide) => history?.claims[0]?.figures.seconds.covered ?? 0;
  t.equal(await failing(await remade(blind)), 'verified');
  t.ok(covered(wide) <= covered(genuine), 'with every summary made to fit, no more is covered');
  const other = await withEntries(w, bytes, (entries) =>
    entries.map((each) => (each.index === 10 ? bundleEntry(10, w.log.entries[7] ?? new Uint8Array()) : each)),
  ).catch((error: unknown) => error);
  t.ok(other instanceof Uint8Array);
  t.match(
    await failing(other instanceof Uint8Array ? other : new Uint8Array()),
    /^entries: /,
    'an entry in the place of another',
  );
});

t.test('nothing is green by absence', async (t) => {
  const w = await fourDays(t);
  const verdict = await verifyBundle(await bundleOf(w), { trust });
  const [history] = verdict.histories;
  const lineOf = (histories: BundleVerdict['histories']) => resultLine({ ...verdict, histories }).tone;
  t.equal(lineOf(verdict.histories), 'bad', 'it says that something failed');
  t.equal(lineOf([]), 'unsure', 'no subject');
  t.equal(lineOf(history === undefined ? [] : [{ ...history, claims: [] }]), 'unsure', 'no claim');
});

t.test('a log of the forger’s own', async (t) => {
  const w = await fourDays(t);
  const bytes = await bundleOf(w);
  const opened = await verifyBundle(bytes, {
    trust: { ...trust, policy: { ...trust.policy, quorum: 'none' } },
  });
  t.equal(
    opened.result,
    'failed',
    'under a policy without witnesses the times are others, and so is what follows',
  );
  t.match(opened.checks.at(-1), { name: 'made again', detail: /made under another/ });
  const without = await verifyBundle(bytes);
  t.equal(without.result, 'consistent');
  const stranger = { ...trust, policy: { ...trust.policy, logs: [] } };
  t.match(await failing(bytes, { trust: stranger }), /^end head: /);
});

t.test('opened leaves', async (t) => {
  const w = await fourDays(t);
  const tree = saltedTree([{ salt: new Uint8Array(16), path: '/tls', value: encodeUtf8('1.0') }]);
  const entry = (await openBundle(await bundleOf(w), { trust })).tree.entries.find(
    ({ index }) => index === 10,
  );
  const opening = { entry: entry?.id ?? '', claim: null, opening: openLeaf(tree, 0) };
  await t.rejects(bundleOf(w, { openings: [opening] }), { code: 'proof-failed' }, 'not of that tree');
  const forged = refit(
    await bundleOf(w),
    (files) => void files.set('openings.json', formatOpenings([opening])),
  );
  t.match(await failing(forged), /^openings: /);
});

t.test('the verifier inside', async (t) => {
  const w = await fourDays(t);
  const bytes = await bundleOf(w, { verifier: encodeUtf8('console.log("VERIFIED")\n') });
  const sha256 = 'ab'.repeat(32);
  t.match(
    await failing(bytes, { trust, released: { version: '0.0.0', sha256 } }),
    /^verifier: .*do not run it/,
  );
  t.match((await verifyBundle(bytes, { trust })).checks.at(-1), { name: 'verifier', outcome: 'skipped' });
  t.match((await verifyBundle(bytes, { trust, released: { version: '0.0.1', sha256 } })).result, 'verified');
  const released = { version: '0.0.0', sha256: (await verifyBundle(bytes)).verifier ?? '' };
  t.match((await verifyBundle(bytes, { trust, released })).checks.at(-1), {
    name: 'verifier',
    outcome: 'ok',
  });
});
