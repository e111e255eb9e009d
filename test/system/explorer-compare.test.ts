/** /compare and /witnesses in Chromium: two notes without a network, two servers, a split view that the command proves. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { treeSize } from '#src/bytes/brand.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { builtAssets } from '#src/explorer/assets.ts';
import { parseIncident } from '#src/incident/parse.ts';
import { verifyIncident } from '#src/incident/verify.ts';
import { formatAddCheckpoint } from '#src/note/addcheckpoint.ts';
import { parseVkey } from '#src/note/key.ts';
import { policyOfLogs } from '#src/note/trust.ts';
import { readKnownLogs } from '#src/witness/logs.ts';
import t from 'tap';
import { CHROMIUM } from '../support/chromium.ts';
import { assertAccessible, assertNoReports, openChecked, startChromium } from '../support/chromium-page.ts';
import { witnessOf } from '../support/explorer-servers.ts';
import { statement } from '../support/fake-log.ts';
import { serve } from '../support/http-served.ts';

t.setTimeout(300_000);
if (CHROMIUM === undefined) t.plan(0, 'needs Chromium');
else if (builtAssets() === undefined) t.plan(0, 'needs the built pages: node src/build/explorer.ts');
else await run();

async function run(): Promise<void> {
  const browser = await startChromium(t);
  const shots = process.env['SCREENSHOTS'];
  const log = await serve(t, 5);
  const textOf = async (url: string): Promise<string> => (await fetch(`${url}/checkpoint`)).text();
  const five = await textOf(log.url);
  await log.log.submit([await statement(5), await statement(6), await statement(7)]);
  const eight = await textOf(log.url);
  // The same keys, another history from entry 3 on.
  const fork = await serve(t, 3);
  await fork.log.submit(await Promise.all([60, 61, 62, 63].map((n) => statement(n))));
  const seven = await textOf(fork.url);
  await fork.log.submit([await statement(64)]);
  const otherEight = await textOf(fork.url);

  const compare = async (page: Page, one: string, other: string): Promise<string> => {
    await page.getByLabel('First: a URL').fill(one);
    await page.getByLabel('Second: a URL').fill(other);
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.locator('.result .word').waitFor({ timeout: 60_000 });
    return (await page.locator('.result .word').textContent()) ?? '';
  };
  const shoot = async (page: Page, name: string): Promise<void> => {
    if (shots === undefined) return;
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  };
  const saved = async (page: Page): Promise<Uint8Array> => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the incident file' }).click(),
    ]);
    return readFileSync(await download.path());
  };
  const policy = policyOfLogs(log.log.info.vkeys.map((each) => parseVkey(each)));

  const known = readKnownLogs(
    encodeUtf8(log.log.info.vkeys.map((vkey) => `log ${vkey}\n`).join('') + 'quorum none\n'),
  );
  const first = formatAddCheckpoint({ old: treeSize(0), proof: [], checkpoint: encodeUtf8(eight) });
  const witness = await (await witnessOf(t, known, first)).listen({ port: 0, host: '127.0.0.1' });

  const CASES = [
    { name: 'one note twice', one: eight, other: eight, word: '● ONE HISTORY' },
    { name: 'the second continues the first', one: five, other: log.url, word: '● ONE HISTORY' },
    { name: 'the second is older', one: log.url, other: five, word: '○ OLDER' },
    { name: 'two notes of one size', one: eight, other: otherEight, word: '■ SPLIT VIEW', split: true },
    { name: 'two servers', one: log.url, other: fork.url, word: '■ SPLIT VIEW', split: true, common: 3 },
    { name: 'a note and a server', one: seven, other: log.url, word: '■ SPLIT VIEW', split: true },
    { name: 'a witness, which has heads below hashes', one: five, other: witness, word: '● ONE HISTORY' },
    { name: 'no head', one: eight, other: `${eight}x`, word: '■ NOT COMPARED' },
    { name: 'nobody there', one: eight, other: 'http://127.0.0.1:1', word: '■ NOT COMPARED' },
  ] as const;
  for (const { name, one, other, word, ...more } of CASES)
    t.test(name, async (t) => {
      const page = await openChecked(t, browser, `${log.url}/compare`);
      t.equal((await compare(page, one, other)).trim(), word);
      if ('split' in more) {
        const verdict = verifyIncident(parseIncident(await saved(page)), policy);
        t.match(verdict, { outcome: 'proven', proven: true });
        await assertAccessible(t, page);
      }
      if ('common' in more)
        t.match(await page.locator('svg.compared').getAttribute('aria-label'), `up to entry ${more.common}`);
      await shoot(page, `compare-${name.replaceAll(' ', '-')}`);
      await assertNoReports(t, page);
    });

  t.test('/witnesses', async (t) => {
    const page = await openChecked(t, browser, `${log.url}/witnesses`);
    await page.getByText('A policy to paste').waitFor();
    t.match(await page.locator('pre').first().textContent(), /^log /m);
    await assertAccessible(t, page);
    await shoot(page, 'witnesses');
    await assertNoReports(t, page);
  });

  t.test('/verify', async (t) => {
    const page = await openChecked(t, browser, `${log.url}/verify`, {
      viewport: { width: 360, height: 700 },
    });
    await page.getByText('Choose files').waitFor();
    t.match(await page.locator('dl.facts code').first().textContent(), /^[0-9a-f]{64}$/);
    await assertAccessible(t, page);
    await shoot(page, 'verify-phone');
    await assertNoReports(t, page);
  });
}
