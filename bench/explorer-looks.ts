/**
 * A subject with many looks, verified in the page: until all are, in headless Chromium on loopback. Processor time, the longest task of
 * the main thread, how long a click waits meanwhile, and memory; beside the same past read by the client under Node.
 *
 *     node bench/explorer-looks.ts [looks, 10000] [--profile FOLDER] [--checkout PATH]
 *
 * 10,000 looks take about a minute, 100,000 about three; Node reads the former alone.
 */
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WatchedPage } from './browser.ts';
import { goal, machine, median, printRows, processCpu, type Row } from './machine.ts';
import { readHistory } from './rates-contenders.ts';
import { startFilled, type Server } from './server.ts';
import { StoredLog } from './stored-log.ts';

const PORT = 16_969;
const SUBJECT = 'bench/looks';
const MONTH = 30 * 86_400;
const YEAR = 365 * 86_400;
/** Most looks of which a server computes a month by itself. */
const OF_A_MONTH = 10_000;
/** Milliseconds between two clicks. */
const CLICKS = 400;
/** Milliseconds after which it is given up. */
const MOST = 400_000;

const periodOf = (looks: number): number => (looks > OF_A_MONTH ? YEAR : MONTH);

async function fill(data: string, looks: number): Promise<void> {
  const log = await StoredLog.open(data);
  const now = Math.floor(Date.now() / 1000);
  const cadence = Math.floor((periodOf(looks) * 0.99) / looks);
  const begin = now - cadence * looks;
  const chain = await log.declare({ subject: SUBJECT, claims: ['tls-min'], cadence: cadence * 2 }, begin);
  for (let n = 0; n < looks; n++)
    await log.look(chain, n % 997 === 3 ? 'VIOLATED' : 'PROVEN', begin + (n + 1) * cadence - 5);
  await log.close();
}

/** Clicks at a fold until it is told to end. */
async function clicking(page: WatchedPage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await page.click('details.legend summary').catch(() => undefined);
    await pause(CLICKS, undefined, { signal }).catch(() => undefined);
  }
}

interface Seen {
  readonly wall: number;
  readonly done: boolean;
  /** Looks that the page says are verified. */
  readonly verified: number;
}

const seconds = (value: number): string => `${value.toFixed(1)} s`;

/** Opens the page and waits until it has verified everything. */
async function see(page: WatchedPage, url: string): Promise<Seen> {
  const began = performance.now();
  await page.goto(url);
  const told = (): Promise<unknown> =>
    page.evaluate(
      "[document.querySelector('.counts b')?.textContent ?? '', document.querySelector('.running')?.textContent.trim() ?? '?', [...document.querySelectorAll('.view > p.actions')].map((each) => each.textContent).join(' ')].join('|')",
    );
  let shown = 0;
  for (;;) {
    await pause(100);
    const [counts = '', running = '', end = ''] = String(await told()).split('|');
    const verified = Number(/^([\d,]+) of/.exec(counts)?.[1]?.replaceAll(',', '') ?? 0);
    const wall = performance.now() - began;
    if (running === '' && end.includes('Save as CSV')) return { wall, done: true, verified };
    if (wall > shown + 10_000) {
      shown = wall;
      console.error(`${seconds(wall / 1000)}: ${running}`);
    }
    if (wall > MOST) return { wall, done: false, verified };
  }
}

/** The same past by the client under Node, signatures by WebCrypto as in the page: seconds of processor time. */
async function inNode(server: Server, looks: number): Promise<number> {
  const policy = readFileSync(join(server.dir, 'trust.policy'), 'utf8');
  const now = Math.floor(Date.now() / 1000);
  const past = { log: server.url, policy, subject: SUBJECT, since: now - periodOf(looks), until: now };
  const before = process.cpuUsage();
  const found = await readHistory({ ...past, proofs: looks }, fetch, undefined);
  if (found !== looks) throw new Error(`Node found ${found} looks`);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

async function measured(server: Server, looks: number, profile: string | undefined): Promise<readonly Row[]> {
  const page = await WatchedPage.open();
  const stop = new AbortController();
  try {
    const zoom = periodOf(looks) === YEAR ? '?zoom=year' : '';
    const [before, served] = [page.cost(), processCpu(server.pid).own];
    const url = `${server.url}/s/${encodeURIComponent(SUBJECT)}${zoom}`;
    const seeing = see(page, url);
    await pause(300);
    const profiled = profile === undefined ? undefined : await page.profile(profile);
    const clicked = clicking(page, stop.signal);
    const { wall, done, verified } = await seeing;
    stop.abort();
    await clicked;
    await profiled?.();
    const after = page.cost();
    const server2 = processCpu(server.pid).own - served;
    const { longestRun, longestTask, clicks } = await page.felt();
    const memory = await page.memory();
    const [all, main, workers] = (['all', 'main', 'workers'] as const).map(
      (name) => after[name] - before[name],
    ) as [number, number, number];
    const node = looks > OF_A_MONTH ? undefined : await inNode(server, looks);
    return [
      {
        what: done ? 'until all are verified' : 'GIVEN UP',
        value: seconds(wall / 1000),
        against: `${verified.toLocaleString('en')} verified, ${Math.round((1000 * verified) / wall).toLocaleString('en')} a second`,
      },
      {
        what: 'processor time of the browser',
        value: seconds(all),
        against: `${((1000 * all) / looks).toFixed(2)} ms a look; main thread ${seconds(main)}, worker ${seconds(workers)}; ${goal(all, '≤', (15 * looks) / 10_000, ' s')}`,
      },
      ...(node === undefined
        ? []
        : [
            {
              what: 'the same by the client under Node',
              value: seconds(node),
              against: `worker of the page: ${(workers / node).toFixed(2)} × that`,
            },
          ]),
      { what: 'processor time of the server', value: seconds(server2), against: '' },
      {
        what: 'longest task of the main thread, processor time',
        value: `${longestRun.toFixed(0)} ms`,
        against: `${longestTask.toFixed(0)} ms on the clock; ${goal(longestRun, '≤', 100, ' ms')}`,
      },
      {
        what: 'a click until the next paint',
        value: `${median(clicks).toFixed(0)} ms`,
        against: `longest ${Math.max(...clicks).toFixed(0)} ms of ${clicks.length} clicks`,
      },
      {
        what: 'memory of the process of page and worker',
        value: `${memory.most.toFixed(0)} MiB`,
        against: `at most; at the end ${memory.now.toFixed(0)}; values of the page ${memory.main.toFixed(0)}, of the worker ${memory.worker.toFixed(0)}`,
      },
    ];
  } finally {
    stop.abort();
    await page.close();
  }
}

/** The whole table. */
export async function looksRows(
  looks: number,
  { profile, checkout }: { readonly profile?: string; readonly checkout?: string } = {},
): Promise<readonly Row[]> {
  const server = await startFilled(PORT, {
    fill: (data) => fill(data, looks),
    ...(checkout !== undefined && { checkout }),
  });
  try {
    return await measured(server, looks, profile);
  } finally {
    await server.stop();
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { profile: { type: 'string' }, checkout: { type: 'string' } },
    allowPositionals: true,
  });
  const looks = Number(positionals[0] ?? 10_000);
  const load = (): string => `load ${loadavg()[0]?.toFixed(1)}`;
  console.log(`${machine()}, ${load()}`);
  printRows(`A subject with ${looks.toLocaleString('en')} looks`, await looksRows(looks, values));
  console.log(`${load()} at the end`);
}
