/** Pages in Chromium by playwright-core: reports of the Content-Security-Policy and errors fail the test; axe. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { CHROMIUM } from './chromium.ts';

/** Starts it until the test ends. */
export async function startChromium(t: Test): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: `/usr/bin/${CHROMIUM ?? ''}`,
    args: ['--no-sandbox'],
  });
  t.teardown(() => browser.close());
  return browser;
}

/** Opens a URL in a context of its own. */
export async function openChecked(
  t: Test,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext(options);
  t.teardown(() => context.close());
  const page = await context.newPage();
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted ?(?:Script|Type)/i.test(message.text())) t.fail(message.text());
  });
  page.on('pageerror', (error) => t.fail(error.message));
  await page.addInitScript(
    "globalThis.reports = []; addEventListener('securitypolicyviolation', (e) => reports.push(e.violatedDirective));",
  );
  await page.goto(url);
  return page;
}

/** That the browser reported nothing that a policy forbids. */
export async function assertNoReports(t: Test, page: Page): Promise<void> {
  t.strictSame(await page.evaluate('reports'), [], 'no report of the policy');
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function assertAccessible(t: Test, page: Page, what = 'axe'): Promise<void> {
  await page.evaluate(AXE);
  const violations: unknown = await page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))',
  );
  t.strictSame(violations, [], what);
}
