/**
 * What serving pages costs submissions, as ratios that a busy machine changes little: the same number of statements is posted with
 * and without ten browsers that open a fixed number of pages meanwhile, in short turns, in an order that is turned around each time.
 * Of each turn the processor time of the server counts, of its main thread and of all, and of all turns the cheaper quarter.
 * Then the same pages alone: what statements and pages cost together beyond their sum is what they cost one another.
 *
 *     node bench/explorer.ts [turns]
 *
 * Two minutes. With `TMPDIR=/dev/shm` no disk is waited for.
 */
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { Worker } from 'node:worker_threads';
import { builtAssets } from '../src/explorer/assets.ts';
import { BROWSERS, PAGES } from './explorer-pages-asked.ts';
import { goal, machine, printRows, processCpu, type Row } from './machine.ts';
import { postAll } from './poster.ts';
import { ranBetween, threadTimes } from './processor.ts';
import { startServer, type Server } from './server.ts';
import { quantile } from './sides.ts';

const PORT = 16_966;
const TURNS = 16;
/** Statements of a turn, the connections that post them, and the pages that are opened meanwhile. */
const STATEMENTS = 1_600;
const CONNECTIONS = 16;

/** Browsers on a thread of their own: what they take apart does not delay who posts. */
class Browsers {
  readonly #thread: Worker;

  constructor(url: string) {
    this.#thread = new Worker(new URL('./explorer-thread.ts', import.meta.url), { workerData: { url } });
  }

  /** Each opens one page. */
  async open(turn: number): Promise<void> {
    const opened = once(this.#thread, 'message');
    this.#thread.postMessage(turn);
    await opened;
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }
}

/** Milliseconds of processor time of the server for one statement, and statements a second. */
interface Turn {
  readonly main: number;
  readonly all: number;
  readonly perSecond: number;
}

/** Runs something and says what the server ran for it, per statement of a turn. */
async function costing(server: Server, run: () => Promise<number>): Promise<Turn> {
  const before = threadTimes(server.pid);
  const perSecond = await run();
  const after = threadTimes(server.pid);
  const main = String(server.pid);
  return {
    main: ((after.get(main) ?? 0) - (before.get(main) ?? 0)) / 1e6 / STATEMENTS,
    all: ranBetween(before, after) / STATEMENTS,
    perSecond,
  };
}

type Kind = 'alone' | 'beside' | 'pages';

function turnOf(server: Server, browsers: Browsers, kind: Kind, n: number): Promise<Turn> {
  const bodies = kind === 'pages' ? [] : server.statements(STATEMENTS);
  return costing(server, async () => {
    const browsing = kind === 'alone' ? undefined : browsers.open(n);
    const posted = bodies.length === 0 ? undefined : await postAll(server.url, bodies, CONNECTIONS);
    await browsing;
    return posted?.perSecond ?? NaN;
  });
}

async function turns(
  server: Server,
  browsers: Browsers,
  count: number,
): Promise<Readonly<Record<Kind, readonly Turn[]>>> {
  const found: Record<Kind, Turn[]> = { alone: [], beside: [], pages: [] };
  const order: readonly Kind[] = ['alone', 'beside', 'pages'];
  for (let n = 0; n < count; n++)
    for (const kind of n % 2 === 0 ? order : order.toReversed())
      found[kind].push(await turnOf(server, browsers, kind, n));
  return found;
}

/** Ratios of each pair of turns: the middle one, and the quarters around it. */
function spread(ratios: readonly number[]): string {
  return `a quarter of the turns below ${quantile(ratios, 0.25).toFixed(2)}, a quarter above ${quantile(ratios, 0.75).toFixed(2)}`;
}

function turnRows(found: Readonly<Record<Kind, readonly Turn[]>>): readonly Row[] {
  const { alone, beside, pages } = found;
  const pairs = (of: (alone: Turn, beside: Turn, pages: Turn) => number): number[] =>
    alone.map((each, i) => of(each, beside[i] ?? each, pages[i] ?? each));
  // Other work on the machine makes everything dearer, and nothing cheaper: the cheaper turns say more.
  const cost = (kind: Kind, name: 'main' | 'all'): number =>
    quantile(
      found[kind].map((each) => each[name]),
      0.25,
    );
  const ratio = (name: 'main' | 'all'): number => cost('beside', name) / cost('alone', name);
  const beyond = (name: 'main' | 'all'): number =>
    cost('beside', name) / (cost('alone', name) + cost('pages', name));
  const spreadOf = (name: 'main' | 'all'): string => spread(pairs((one, two) => two[name] / one[name]));
  const beyondOf = (name: 'main' | 'all'): string =>
    spread(pairs((one, two, three) => two[name] / (one[name] + three[name])));
  const speed = (all: readonly Turn[]): number =>
    quantile(
      all.map(({ perSecond }) => perSecond),
      0.75,
    );
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const page = (cost('pages', 'main') * STATEMENTS) / BROWSERS;
  return [
    {
      what: 'main thread for statements and pages at once, of the sum of each alone',
      value: percent(beyond('main')),
      against: `${beyondOf('main')}; ${goal(beyond('main'), '≤', 1.05)}`,
    },
    {
      what: 'all threads for both at once, of the sum of each alone',
      value: percent(beyond('all')),
      against: `${beyondOf('all')}; the overview follows the log on a thread of its own`,
    },
    {
      what: `main thread beside ${BROWSERS} pages for each ${STATEMENTS.toLocaleString('en')} statements, of that without`,
      value: percent(ratio('main')),
      against: `${spreadOf('main')}; ${cost('alone', 'main').toFixed(3)} ms a statement, ${page.toFixed(1)} ms a page with all it asks for`,
    },
    { what: 'all threads, likewise', value: percent(ratio('all')), against: spreadOf('all') },
    {
      what: 'statements a second, likewise, on the clock',
      value: percent(speed(beside) / speed(alone)),
      against: `${spread(pairs((one, two) => two.perSecond / one.perSecond))}; browsers take their share of the machine`,
    },
  ];
}

export async function explorerRows(count = TURNS): Promise<readonly Row[]> {
  const server = await startServer(PORT);
  const browsers = new Browsers(server.url);
  try {
    await postAll(server.url, server.statements(10_000), 64); // warm up
    for (let n = 0; n < 10; n++) await browsers.open(n);
    return [...turnRows(await turns(server, browsers, count)), ...(await costRows(server)), ...weightRows()];
  } finally {
    await browsers.close();
    await server.stop();
  }
}

/** Processor time of the server for a document, its lines for readers without JavaScript among it. */
async function costRows(server: Server): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const path of PAGES) {
    const before = processCpu(server.pid).own;
    for (let i = 0; i < 200; i++) await (await fetch(server.url + path)).arrayBuffer();
    const ms = ((processCpu(server.pid).own - before) / 200) * 1000;
    rows.push({
      what: `processor time for ${path}`,
      value: `${ms.toFixed(2)} ms`,
      against: goal(ms, '≤', 5, ' ms'),
    });
  }
  return rows;
}

/** Bytes that a browser fetches, compressed: for any page, for some things on pages, and to save. */
function weightRows(): readonly Row[] {
  const assets = builtAssets();
  if (assets === undefined) throw new Error('the pages are not built: node src/build/explorer.ts');
  const { names, files } = assets;
  const loaded = new Set<string>([names.style, names.icon]);
  const load = (name: string): void => {
    if (loaded.has(name)) return;
    loaded.add(name);
    const code = files.get(name)?.bytes.toString('utf8') ?? '';
    for (const [, next = ''] of code.matchAll(/(?:from|import)\s*["']\.\/([^"']+)["']/g)) load(next);
  };
  for (const name of [names.app, names.worker]) load(name);
  const later = [...files.keys()].filter((name) => name.endsWith('.js') && !loaded.has(name));
  const weigh = (what: string, of: Iterable<string>, against = ''): Row => {
    const sent = [...of].reduce(
      (n, name) => n + (files.get(name)?.gzip ?? files.get(name)?.bytes ?? '').length,
      0,
    );
    const bound = against === '' ? goal(sent / 1000, '≤', 200, ' kB') : against;
    return { what, value: `${(sent / 1000).toFixed(1)} kB gz`, against: bound };
  };
  return [
    weigh('what every page loads: app, worker, style, icon', loaded),
    weigh('what some load later', later, `${later.length} files`),
    weigh('verify.html', names.saved === undefined ? [] : [names.saved], 'one file, to save'),
  ];
}

if (import.meta.main) {
  console.log(`${machine()}, load ${loadavg()[0]?.toFixed(1)}`);
  printRows('The explorer', await explorerRows(Number(process.argv[2] ?? TURNS)));
}
