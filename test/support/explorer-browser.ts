/**
 * Pages in headless Chromium (playwright-core), and everything in them that should not be: errors, reports of the content
 * security policy and of Trusted Types, dialogs, requests to hosts that nobody typed, and scripts of data that ran.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';
import type { Test } from 'tap';
import { CHROMIUM } from './chromium.ts';
import { until } from './processes.ts';

/** Why tests with a browser are skipped here; false where they are not. */
export const LACKS_BROWSER = CHROMIUM === undefined ? 'there is no chromium' : false;

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Where screenshots go: build artefacts, in no commit. */
export const SHOTS = join(import.meta.dirname, '../../.tap/explorer');

/** Starts a browser that ends with the test. */
export async function startBrowser(t: Test): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: `/usr/bin/${CHROMIUM ?? 'chromium'}`,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  t.teardown(() => browser.close());
  return browser;
}

/** Runs work on each item, a few at a time: every page has a browser's context of its own. */
export async function atOnce<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  most = 4,
): Promise<void> {
  const open = [...items];
  const one = async (): Promise<void> => {
    for (let item = open.shift(); item !== undefined; item = open.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: most }, one));
}

/** In the page, before anything else of it: keeps policies that were pasted before, and tells of reports. */
const BEFORE = `(policies) => {
  for (const [origin, policy] of Object.entries(policies)) localStorage.setItem('tallystick.trust ' + origin, policy);
  document.addEventListener('securitypolicyviolation', (event) =>
    console.error('CSP: ' + [event.violatedDirective, event.blockedURI, event.sample].join(' ')));
}`;

/** A page has told what it knows of the head of its log. */
const TOLD =
  /Head of [\d,]+ entries|No head was accepted|does not hold|is at fault|Nobody answered|cannot be (?:read|used)/;
const RUNNING = /is being read and verified|verifying/;

/** A person with a browser of their own: it remembers from one page to the next. */
export class Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What should not be, in words. */
  readonly amiss: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
  }

  /** `trust`: policies that the visitor pasted before, by origin. `hosts`: hosts with port that pages may ask. */
  static async arrive(
    t: Test,
    browser: Browser,
    hosts: readonly string[],
    {
      trust = {},
      ...options
    }: BrowserContextOptions & { readonly trust?: Readonly<Record<string, string>> } = {},
  ): Promise<Visitor> {
    const context = await browser.newContext(options);
    t.teardown(() => context.close());
    await context.addInitScript({ content: `(${BEFORE})(${JSON.stringify(trust)})` });
    const visitor = new Visitor(context, await context.newPage());
    await visitor.#watch(hosts);
    return visitor;
  }

  async #watch(hosts: readonly string[]): Promise<void> {
    const { context, page, amiss } = this;
    context.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol.startsWith('http') && !hosts.includes(host)) amiss.push(`a request to ${request.url()}`);
    });
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        amiss.push(`console: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => void amiss.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      amiss.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    const session = await context.newCDPSession(page);
    await session.send('Audits.enable');
    session.on('Audits.issueAdded', ({ issue }) => {
      if (issue.code === 'ContentSecurityPolicyIssue') amiss.push(`CSP: ${JSON.stringify(issue.details)}`);
    });
  }

  /** Opens a page. Resolves to its text once its head is told and nothing is being verified. */
  async see(url: string, told = TOLD): Promise<string> {
    // Other tests may have the processors.
    await this.page.goto(url, { timeout: 120_000 });
    return this.settled(told);
  }

  /** `told`: what stands there at the end. */
  async settled(told = TOLD): Promise<string> {
    let before = '';
    return until(
      'the page is settled',
      () => this.page.innerText('body'),
      (text) => {
        const same = text === before;
        before = text;
        return same && told.test(text) && !RUNNING.test(text);
      },
      120,
    );
  }

  /** Whether data ran as a script, and leaves `amiss` for the test. */
  async owned(): Promise<unknown> {
    return this.page.evaluate(() => Reflect.get(globalThis, 'owned') as unknown);
  }

  /** Evaluates an expression in the page, past its content security policy, and awaits it. */
  async evaluate(expression: string): Promise<unknown> {
    const session = await this.context.newCDPSession(this.page);
    const asked = { expression, awaitPromise: true, returnByValue: true } as const;
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', asked);
    await session.detach();
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  }

  /** What axe finds on the page: each rule that is broken, with where. */
  async inaccessible(): Promise<readonly string[]> {
    await this.evaluate(AXE);
    const found = await this.evaluate(
      "axe.run().then(({ violations }) => violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, any, all, none }) => `${id}: ${help}: ${target}: ${[...any, ...all, ...none].map(({ message }) => message).join('; ')}`)))",
    );
    return Array.isArray(found) ? found.map(String) : ['axe says nothing'];
  }

  async shoot(name: string): Promise<void> {
    mkdirSync(SHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  }
}
