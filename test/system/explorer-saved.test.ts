/** verify.html in Chromium, from file:// with the network cut: each kind of file, good, without a policy, and with a byte changed. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { savedPage } from '#src/build/saved.ts';
import t, { type Test } from 'tap';
import { CHROMIUM } from '../support/chromium.ts';
import { assertAccessible, assertNoReports, openChecked, startChromium } from '../support/chromium-page.ts';
import { mutated, savedCases, type SavedFile } from '../support/saved-files.ts';

t.setTimeout(300_000);
if (CHROMIUM === undefined) t.plan(0, 'needs Chromium');
else await run();

async function run(): Promise<void> {
  const ROOT = join(import.meta.dirname, '../..');
  const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
  const folder = t.testdir();
  const path = join(folder, 'verify.html');
  const page = 'src/explorer/page';
  writeFileSync(path, savedPage(read(`${page}/style.css`), read(`${page}/icon.svg`)).html);
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

  for (const [name, example] of Object.entries(await savedCases(t)))
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
