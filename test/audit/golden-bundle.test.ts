/**
 * The bytes that a version of the format derives from entries, pinned. A verifier makes them again and compares each byte: if a
 * program derives others and says the same version, then every bundle of that version fails in it.
 *
 *     node test/audit/golden-bundle.test.ts --write      # pins them anew; refuses without a new version
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { BUNDLE_VERSION } from '#src/audit/bundle/manifest.ts';
import { isSource } from '#src/audit/bundle/names.ts';
import { readContainer } from '#src/audit/zip/read.ts';
import { formatHex } from '#src/bytes/text.ts';
import { pinnedBundles } from '../support/bundle-good.ts';

const PINS = join(import.meta.dirname, 'golden-bundle.json');

interface Pins {
  /** Of the format. */
  readonly version: number;
  /** Whether a released program derives these bytes. Until then they may be pinned anew under the same version. */
  readonly released: boolean;
  /** SHA-256 of each derived file, by bundle and name. */
  readonly bundles: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const WHAT_TO_DO = `a derived file has other bytes than version ${BUNDLE_VERSION} pins.
If you did not mean to change what a bundle says, mend the change: whatever the file is made of, its bytes must not move.
If you meant it: raise BUNDLE_VERSION (src/audit/bundle/manifest.ts), "version" in spec/bundle.md with a line on what changed, and the
version in test/audit/python/verify_bundle.py; then run "node test/audit/golden-bundle.test.ts --write" and commit
test/audit/golden-bundle.json. Older bundles are then refused as of an older version. While "released" is false in that file, no
program of this version is out: write the pins anew, and leave the version. So too where the entries of the test's logs changed
(entries/index.csv differs as well): then nothing is derived otherwise.`;

async function derived(): Promise<Pins['bundles']> {
  const bundles: Record<string, Record<string, string>> = {};
  for (const { what, bundle } of await pinnedBundles()) {
    const files = [...readContainer(bundle)].filter(([name]) => !isSource(name));
    bundles[what] = Object.fromEntries(files.map(([name, bytes]) => [name, formatHex(sha256(bytes))]));
  }
  return bundles;
}

function pinned(): Pins {
  return JSON.parse(readFileSync(PINS, 'utf8')) as Pins;
}

t.setTimeout(300_000);

if (process.argv.includes('--write')) {
  const { version, released } = pinned();
  if (released && version === BUNDLE_VERSION) throw new Error(WHAT_TO_DO);
  const pins: Pins = { version: BUNDLE_VERSION, released: false, bundles: await derived() };
  writeFileSync(PINS, `${JSON.stringify(pins, undefined, 2)}\n`);
}

t.test('derived bytes are those of the version', async (t) => {
  const { version, bundles } = pinned();
  t.equal(version, BUNDLE_VERSION, WHAT_TO_DO);
  const found = await derived();
  t.strictSame(Object.keys(found), Object.keys(bundles), 'the same bundles');
  for (const [what, files] of Object.entries(bundles))
    for (const [name, digest] of Object.entries(files))
      t.equal(found[what]?.[name], digest, `${what}: ${name}: ${WHAT_TO_DO}`);
});
