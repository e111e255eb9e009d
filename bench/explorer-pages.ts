/**
 * What a person waits for, in headless Chromium on loopback: the first paint with a processor slowed four times, the first entry
 * verified by the browser, rows of a search verified in a second, and the longest task of the main thread.
 *
 *     node bench/explorer-pages.ts
 */
import { chromium, type Browser } from 'playwright-core';
import { goal, machine, median, printRows } from './machine.ts';
import { startServer } from './server.ts';

const PORT = 16_967;
const ROUNDS = 5;
/** Entries of the log. */
const ENTRIES = 1_000;
/** Rows of one search. */
const ROWS = 100;
const SLOWED = 4;

interface Seen {
  readonly paint: number;
  /** Until the text stands there. */
  readonly told: number;
  readonly longest: number;
}

/** Milliseconds from the navigation on, in a browser that has seen nothing before. */
async function see(browser: Browser, url: string, told: string, rate: number): Promise<Seen> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript({
    content:
      "globalThis.tasks = []; new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask', buffered: true })",
  });
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate });
  await page.goto(url, { waitUntil: 'commit' });
  await page.getByText(told).first().waitFor();
  const read = async (expression: string): Promise<number> =>
    Number((await session.send('Runtime.evaluate', { expression, returnByValue: true })).result.value);
  const seen = {
    told: await read('performance.now()'),
    paint: await read("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"),
    longest: await read('Math.max(0, ...tasks)'),
  };
  await context.close();
  return seen;
}

const server = await startServer(PORT);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  for (const statement of server.statements(ENTRIES)) {
    const headers = { 'content-type': 'application/cose' };
    const reply = await fetch(`${server.url}/entries`, {
      method: 'POST',
      headers,
      body: new Uint8Array(statement),
    });
    await reply.arrayBuffer();
  }
  const of = async (path: string, told: string, rate: number): Promise<Seen> => {
    const all: Seen[] = [];
    for (let i = 0; i < ROUNDS; i++) all.push(await see(browser, server.url + path, told, rate));
    const middle = (name: keyof Seen): number => median(all.map((each) => each[name]));
    return { paint: middle('paint'), told: middle('told'), longest: middle('longest') };
  };
  const slow = await of('/', 'About this server', SLOWED);
  const entry = await of('/e/1', 'In the log, and signed', 1);
  const search = await of('/search', 'signed head of', 1);
  console.log(machine());
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  printRows(`Pages of a log of ${ENTRIES} entries, medians of ${ROUNDS} first visits`, [
    {
      what: `first paint of /, processor slowed ${SLOWED} times`,
      value: ms(slow.paint),
      against: goal(slow.paint, '≤', 1_000, ' ms'),
    },
    {
      what: 'first verified entry (/e/1)',
      value: ms(entry.told),
      against: goal(entry.told, '≤', 1_000, ' ms'),
    },
    {
      what: `/search, ${ROWS} rows verified`,
      value: ms(search.told),
      against: `${((ROWS / search.told) * 1000).toFixed(0)} rows a second, start included`,
    },
    {
      what: 'longest task of the main thread meanwhile',
      value: ms(search.longest),
      against: 'entries are verified in a worker',
    },
  ]);
} finally {
  await browser.close();
  await server.stop();
}
