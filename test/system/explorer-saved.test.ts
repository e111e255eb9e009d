/** verify.html in Chromium, from file:// with the network cut: each kind of file, good, without a policy, and with a byte changed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { encodeCoseKey } from '#src/cose/key.ts';
import { builtAssets } from '#src/explorer/assets.ts';
import t, { type Test } from 'tap';
import { CHROMIUM } from '../support/chromium.ts';
import { assertAccessible, assertNoReports, openChecked, startChromium } from '../support/chromium-page.ts';
import { mutated, savedCases, type SavedFile } from '../support/saved-files.ts';
import { until } from '../support/processes.ts';
import { savedLies } from '../support/saved-lies.ts';
import { headKeys, people, vkeys } from '../support/world.ts';

t.setTimeout(400_000);
if (CHROMIUM === undefined) t.plan(0, 'needs Chromium');
else if (builtAssets() === undefined) t.plan(0, 'needs the built pages: node src/build/explorer.ts');
else await run();

async function run(): Promise<void> {
  const folder = t.testdir();
  const path = join(folder, 'verify.html');
  const assets = builtAssets();
  writeFileSync(path, assets?.files.get(assets.names.saved)?.bytes ?? '');
  const browser = await startChromium(t);
  const shots = process.env['SCREENSHOTS'];

  const open = async (t: Test): Promise<Page> => {
    const page = await openChecked(t, browser, pathToFileURL(path).href, { offline: true });
    await page.getByText('Choose files').waitFor();
    return page;
  };

  const give = async (page: Page, files: readonly SavedFile[]): Promise<readonly string[]> => {
    // Results of before go when others are asked for.
    await page.evaluate("document.querySelectorAll('.result').forEach((e) => e.classList.add('before'))");
    await page
      .locator('input[type=file]')
      .setInputFiles(files.map(({ name, bytes }) => ({ name, mimeType: '', buffer: Buffer.from(bytes) })));
    await page.locator('.before').first().waitFor({ state: 'detached' });
    await page.locator('.result .word').first().waitFor({ timeout: 120_000 });
    return page.locator('.result .word').allTextContents();
  };

  const trust = async (page: Page, text: string): Promise<void> => {
    await page.locator('textarea').fill(text);
    await page.getByRole('button', { name: 'Go by this policy' }).click();
    await page.getByText('Your policy').waitFor();
  };

  const word = (text: string | undefined): string => (text ?? '').replace(/^[●■○]\s*/, '');

  const cases = await savedCases(t);
  const fileOf = (name: string, i: number): SavedFile => {
    const file = cases[name]?.files[i];
    if (file === undefined) throw new Error(`there is ${name}`);
    return file;
  };
  const [bundle, proof, statement] = [
    fileOf('a bundle', 0),
    fileOf('a statement and a .tlog-proof', 1),
    fileOf('a statement and a .tlog-proof', 0),
  ];

  /** The text of the page once something stands there. */
  const told = async (page: Page, files: readonly SavedFile[], says: RegExp): Promise<string> => {
    const given = files.map(({ name, bytes }) => ({ name, mimeType: '', buffer: Buffer.from(bytes) }));
    await page.locator('input[type=file]').setInputFiles(given);
    const isTold = (text: string): boolean => says.test(text) && !text.includes('Verifying');
    return until('the page tells', () => page.locator('#app').innerText(), isTold, 120);
  };

  t.test('keys for receipts, given alone', async (t) => {
    const page = await open(t);
    const key = (signer: typeof headKeys.receipt) => [
      { name: 'key.cbor', bytes: encodeCoseKey(signer.publicKey) },
    ];
    const transparent = cases['a transparent statement']?.files ?? [];
    t.match(await told(page, transparent, /NOT CHECKED/), /Nobody's yet/);
    const known = await told(page, key(headKeys.receipt), /keys of receipts[^]*● VERIFIED/);
    t.notMatch(known, /NOT VERIFIED|NOT CHECKED/);
    const other = await told(page, key(people.stranger), /■ NOT VERIFIED/);
    t.match(other, /receipt[^]*FAILS/);
    await assertNoReports(t, page);
  });

  t.test('a policy among other files is whoever gave them, and is not gone by', async (t) => {
    const page = await open(t);
    const policy = { name: 'proof/trust.policy', bytes: encodeUtf8(vkeys.join('\n')) };
    const text = await told(page, [statement, proof, policy], /Not gone by[^]*NOT CHECKED/);
    t.match(text, /NOT CHECKED/);
    t.match(text, /Nobody's yet/);
    t.match(await told(page, [policy], /Your policy[^]*● VERIFIED/), /VERIFIED/, 'alone it is the reader’s');
    await assertNoReports(t, page);
  });

  t.test('files that are not what they seem', async (t) => {
    const page = await open(t);
    await trust(page, vkeys.join('\n'));
    for (const { what, files, says } of savedLies(bundle.bytes, statement.bytes, proof.bytes)) {
      const text = await told(page, files, says);
      t.match(text, says, what);
      t.notMatch(text, /[\u202a-\u202e]/, what);
      t.equal(await page.locator('.result.good').count(), 0, `${what}: nothing is green`);
      t.match(await told(page, [statement, proof], /● VERIFIED/), /VERIFIED/, `${what}: and it goes on`);
    }
    t.equal(await page.evaluate('globalThis.owned'), undefined, 'nothing ran');
    await assertNoReports(t, page);
  });

  t.test('a folder is dropped', async (t) => {
    const page = await open(t);
    await trust(page, vkeys.join('\n'));
    const folder = cases['a proof directory']?.files ?? [];
    await dropFolder(page, 'proofs', folder);
    await page.getByText('VERIFIED').first().waitFor({ timeout: 60_000 });
    t.match(await page.locator('#app').innerText(), /proofs[^]*VERIFIED/);
    const unpacked = ['manifest.json', 'SHA256SUMS', 'entries/index.csv'].map((name) => ({
      name,
      bytes: encodeUtf8('{}'),
    }));
    await dropFolder(page, 'audit', unpacked);
    await page
      .getByText(/an unpacked bundle/)
      .first()
      .waitFor({ timeout: 60_000 });
    t.equal(await page.locator('.result.good').count(), 0);
    await assertNoReports(t, page);
  });

  t.test('long work ends when the reader says so', async (t) => {
    const page = await open(t);
    const many = Array.from({ length: 60 }, (_, i) => ({ ...bundle, name: `audit-${i}.zip` }));
    const given = many.map(({ name, bytes }) => ({ name, mimeType: '', buffer: Buffer.from(bytes) }));
    await page.locator('input[type=file]').setInputFiles(given);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped: the rest was not verified').waitFor({ timeout: 10_000 });
    t.equal(await page.locator('.result').count(), 0, 'nothing is said of what was not examined');
    t.match(await told(page, [statement, proof], /NOT CHECKED/), /NOT CHECKED/, 'and the next files are');
    await assertNoReports(t, page);
  });

  for (const [name, example] of Object.entries(cases))
    t.test(name, async (t) => {
      const page = await open(t);
      const without = await give(page, example.files);
      t.match(word(without[0]), example.without, 'without a policy');
      t.equal(await page.locator('.result.good').count(), 0, 'nothing is green without a policy');
      await trust(page, example.trust);
      await page.locator('.result .folds').first().waitFor();
      t.match(word((await page.locator('.result .word').allTextContents())[0]), example.word, 'good');
      const checks = await page.locator('.result .folds b').allTextContents();
      for (const check of example.checks) t.ok(checks.includes(check), `${check} among ${checks.join(', ')}`);
      await assertAccessible(t, page);
      if (shots !== undefined) {
        mkdirSync(shots, { recursive: true });
        await page.screenshot({
          path: join(shots, `saved-${name.replaceAll(/\W+/g, '-')}.png`),
          fullPage: true,
        });
      }
      const bad = await give(page, mutated(example.files));
      t.match(word(bad[0]), example.mutated, 'a byte changed');
      t.equal(await page.locator('.result.good').count(), 0);
      await assertNoReports(t, page);
    });
}

/** Drops a folder: what a browser gives of one, since no test can drag. */
async function dropFolder(page: Page, name: string, files: readonly SavedFile[]): Promise<void> {
  const plain = files.map((file) => ({
    name: file.name,
    base64: Buffer.from(file.bytes).toString('base64'),
  }));
  await page.evaluate(`(([name, files]) => {
    const entry = (name, bytes) => ({
      name, isFile: true, isDirectory: false,
      file: (done) => done(new File([bytes], name.split('/').at(-1))),
    });
    const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const parts = [files.map((each) => entry(each.name, bytesOf(each.base64))), []];
    const folder = { name, isFile: false, isDirectory: true, createReader: () => ({ readEntries: (done) => done(parts.shift() ?? []) }) };
    const event = new Event('drop', { bubbles: true, cancelable: true });
    Object.defineProperty(event, 'dataTransfer', { value: { files: [], items: [{ webkitGetAsEntry: () => folder }] } });
    document.querySelector('.examine').dispatchEvent(event);
  })(${JSON.stringify([name, plain])})`);
}
