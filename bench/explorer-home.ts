/**
 * The first screen of a log with many subjects, in headless Chromium on loopback: until its rows are verified, what that costs, how
 * long a click waits meanwhile, and how long a filter takes to answer.
 *
 *     node bench/explorer-home.ts [subjects, 10000] [--profile FOLDER]
 *
 * 10,000 subjects take about two minutes, most of which the server computes their verdicts.
 */
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WatchedPage } from './browser.ts';
import { goal, machine, median, printRows, processCpu, type Row } from './machine.ts';
import { startFilled, type Server } from './server.ts';
import { StoredLog } from './stored-log.ts';

const PORT = 16_976;
const DAY = 86_400;
const OWNERS = ['team-pay', 'team-web', 'team-db', 'team-edge'];
const PREFIXES = ['prod/pay', 'prod/web', 'stage/web', 'prod/db', 'prod/edge'];
/** Milliseconds between two clicks. */
const CLICKS = 300;
/** Rows of the page. */
const ROWS = 100;

async function fill(data: string, subjects: number): Promise<void> {
  const log = await StoredLog.open(data);
  const now = Math.floor(Date.now() / 1000);
  const nameOf = (n: number): string =>
    `${PREFIXES[n % PREFIXES.length] ?? ''}/service-${String(n).padStart(5, '0')}`;
  const chains = [];
  for (let n = 0; n < subjects; n++) {
    const owner = OWNERS[n % OWNERS.length] ?? '';
    const declared = { subject: nameOf(n), claims: ['tls-min', 'hsts'], cadence: DAY, owner };
    chains.push(await log.declare(declared, now - 3_000));
  }
  for (const [n, chain] of chains.entries())
    if (n % 53 !== 7) await log.look(chain, n % 97 === 3 ? 'VIOLATED' : 'PROVEN', now - 2_000);
  await log.close();
}

/** Asks until the server has computed every verdict: seconds by the clock, and of its processor time. */
async function computed(
  server: Server,
  subjects: number,
): Promise<{ readonly wall: number; readonly cpu: number }> {
  const [began, before] = [performance.now(), processCpu(server.pid).own];
  for (;;) {
    const reply = await fetch(`${server.url}/v1/overview?limit=1`);
    const said = (await reply.json()) as { readonly computing: unknown; readonly subjects: number };
    if (reply.ok && said.computing === null && said.subjects === subjects)
      return { wall: (performance.now() - began) / 1000, cpu: processCpu(server.pid).own - before };
    await pause(500);
  }
}

/** Milliseconds until an expression is true in the page. */
async function until(page: WatchedPage, expression: string): Promise<number> {
  const began = performance.now();
  while ((await page.evaluate(expression)) !== true) {
    if (performance.now() - began > 60_000) throw new Error(`never: ${expression}`);
    await pause(20);
  }
  return performance.now() - began;
}

const ROWS_OF = "[...document.querySelectorAll('table.overview tbody tr')]";

/** Types what subjects begin with into the form, sends it, and waits for rows of these alone: milliseconds. */
async function filtered(page: WatchedPage, name: 'prefix' | 'owner', value: string): Promise<number> {
  const column = name === 'prefix' ? 'th' : "td[data-label='Owner']";
  await page.page.locator(`input[name=${name}]`).fill(value);
  await page.page.locator('form.search button.main').click();
  const cell = `row.querySelector(${JSON.stringify(column)}).textContent.trim().startsWith(${JSON.stringify(value)})`;
  return until(page, `${ROWS_OF}.length > 0 && ${ROWS_OF}.every((row) => ${cell})`);
}

async function measured(
  server: Server,
  subjects: number,
  profile: string | undefined,
): Promise<readonly Row[]> {
  const first = await computed(server, subjects);
  const page = await WatchedPage.open();
  const stop = new AbortController();
  try {
    const [before, served, began] = [page.cost(), processCpu(server.pid).own, performance.now()];
    await page.goto(`${server.url}/`);
    const drawn = await until(page, `${ROWS_OF}.length === ${ROWS}`);
    const profiled = profile === undefined ? undefined : await page.profile(profile);
    const clicking = (async () => {
      while (!stop.signal.aborted) {
        await page.click('details.groups summary').catch(() => undefined);
        await pause(CLICKS, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    })();
    await until(page, `document.querySelector('.counts b')?.textContent === '${ROWS} of ${ROWS}'`);
    const wall = performance.now() - began;
    stop.abort();
    await clicking;
    await profiled?.();
    const after = page.cost();
    const cpu = processCpu(server.pid).own - served;
    const { longestRun, longestTask, clicks } = await page.felt();
    const memory = await page.memory();
    const [byPrefix, byOwner] = [
      await filtered(page, 'prefix', 'prod/db'),
      await filtered(page, 'owner', 'team-web'),
    ];
    const ms = (value: number): string => `${value.toFixed(0)} ms`;
    return [
      {
        what: 'the server computes every verdict, once',
        value: `${first.wall.toFixed(1)} s`,
        against: `${first.cpu.toFixed(1)} s of processor time, ${Math.round(subjects / first.cpu)} subjects a second`,
      },
      { what: `${ROWS} rows in its words`, value: ms(drawn), against: 'from the navigation on' },
      {
        what: `${ROWS} rows verified`,
        value: ms(wall),
        against: `browser ${(after.all - before.all).toFixed(1)} s of processor time: main thread ${(after.main - before.main).toFixed(1)}, worker ${(after.workers - before.workers).toFixed(1)}; server ${cpu.toFixed(1)} s`,
      },
      {
        what: 'longest task of the main thread, processor time',
        value: `${longestRun.toFixed(0)} ms`,
        against: `${longestTask.toFixed(0)} ms on the clock; ${goal(longestRun, '≤', 100, ' ms')}`,
      },
      {
        what: 'a click until the next paint',
        value: ms(median(clicks)),
        against: `longest ${Math.max(...clicks).toFixed(0)} ms of ${clicks.length} clicks`,
      },
      {
        what: 'a filter by prefix, by owner',
        value: `${ms(byPrefix)}, ${ms(byOwner)}`,
        against: goal(Math.max(byPrefix, byOwner), '≤', 500, ' ms'),
      },
      {
        what: 'memory of the process of page and worker',
        value: `${memory.most.toFixed(0)} MiB`,
        against: `at most; values of the page ${memory.main.toFixed(0)}, of the worker ${memory.worker.toFixed(0)}`,
      },
    ];
  } finally {
    stop.abort();
    await page.close();
  }
}

/** The whole table. */
export async function homeRows(subjects: number, profile?: string): Promise<readonly Row[]> {
  const server = await startFilled(PORT, { fill: (data) => fill(data, subjects) });
  try {
    return await measured(server, subjects, profile);
  } finally {
    await server.stop();
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { profile: { type: 'string' } },
    allowPositionals: true,
  });
  const subjects = Number(positionals[0] ?? 10_000);
  const load = (): string => `load ${loadavg()[0]?.toFixed(1)}`;
  console.log(`${machine()}, ${load()}`);
  const table = await homeRows(subjects, values.profile);
  printRows(`The first screen of ${subjects.toLocaleString('en')} subjects`, table);
  console.log(`${load()} at the end`);
}
