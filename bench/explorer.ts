/**
 * What serving pages costs submissions, as ratios that a busy machine changes little: the same number of statements is posted with
 * and without ten browsers that open a fixed number of pages meanwhile, in short turns, in an order that is turned around each time.
 * Of each turn the processor time of the server counts, of its main thread and of all; of the time on a clock the better quarter.
 * Then the same pages alone: what statements and pages cost together beyond their sum is what they cost one another.
 *
 *     node bench/explorer.ts [turns]
 *
 * Two minutes. With `TMPDIR=/dev/shm` no disk is waited for.
 */
import { loadavg } from 'node:os';
import { builtAssets } from '../src/explorer/assets.ts';
import { goal, machine, median, printRows, processCpu, type Row } from './machine.ts';
import { postAll } from './poster.ts';
import { threadTimes } from './processor.ts';
import { startServer, type Server } from './server.ts';
import { quantile } from './sides.ts';

const PORT = 16_966;
const TURNS = 16;
/** Statements of a turn, the connections that post them, and the pages that are opened meanwhile. */
const STATEMENTS = 1_600;
const CONNECTIONS = 16;
const BROWSERS = 10;

const PAGES = ['/', '/search', '/e/1', '/witnesses', '/s/bench%2Fsubject'];
/** What a page asks for when it is open. */
const ASKED = ['/checkpoint', '/v1/log', '/v1/search?limit=100', '/tile/0/000'];

/** Each browser opens one page: the document, then what that asks for. */
async function browse(server: Server, turn: number): Promise<void> {
  const get = async (path: string): Promise<void> => {
    const reply = await fetch(server.url + path, { headers: { 'accept-encoding': 'gzip' } });
    await reply.arrayBuffer();
  };
  await Promise.all(
    Array.from({ length: BROWSERS }, async (_, i) => {
      const page = PAGES[(turn + i) % PAGES.length] ?? '/';
      await get(page);
      await Promise.all([...ASKED, ...(page === '/' ? ['/v1/overview'] : [])].map(get));
    }),
  );
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
  const cpu = processCpu(server.pid).own;
  const perSecond = await run();
  const after = threadTimes(server.pid);
  const main = String(server.pid);
  return {
    main: ((after.get(main) ?? 0) - (before.get(main) ?? 0)) / 1e6 / STATEMENTS,
    // Threads that ended meanwhile count, too: in ticks of the whole process.
    all: ((processCpu(server.pid).own - cpu) * 1_000) / STATEMENTS,
    perSecond,
  };
}

type Kind = 'alone' | 'beside' | 'pages';

function turnOf(server: Server, kind: Kind, n: number): Promise<Turn> {
  const bodies = kind === 'pages' ? [] : server.statements(STATEMENTS);
  return costing(server, async () => {
    const browsing = kind === 'alone' ? undefined : browse(server, n);
    const posted = bodies.length === 0 ? undefined : await postAll(server.url, bodies, CONNECTIONS);
    await browsing;
    return posted?.perSecond ?? NaN;
  });
}

async function turns(server: Server, count: number): Promise<Readonly<Record<Kind, readonly Turn[]>>> {
  const found: Record<Kind, Turn[]> = { alone: [], beside: [], pages: [] };
  const order: readonly Kind[] = ['alone', 'beside', 'pages'];
  for (let n = 0; n < count; n++)
    for (const kind of n % 2 === 0 ? order : order.toReversed())
      found[kind].push(await turnOf(server, kind, n));
  return found;
}

/** Ratios of each pair of turns: the middle one, and the quarters around it. */
function spread(ratios: readonly number[]): string {
  return `a quarter of the turns below ${quantile(ratios, 0.25).toFixed(2)}, a quarter above ${quantile(ratios, 0.75).toFixed(2)}`;
}

function turnRows({ alone, beside, pages }: Readonly<Record<Kind, readonly Turn[]>>): readonly Row[] {
  const pairs = (of: (alone: Turn, beside: Turn, pages: Turn) => number): number[] =>
    alone.map((each, i) => of(each, beside[i] ?? each, pages[i] ?? each));
  const ratio = (name: 'main' | 'all'): number[] => pairs((one, two) => two[name] / one[name]);
  const beyond = (name: 'main' | 'all'): number[] =>
    pairs((one, two, three) => two[name] / (one[name] + three[name]));
  const speed = (all: readonly Turn[]): number =>
    quantile(
      all.map(({ perSecond }) => perSecond),
      0.75,
    );
  const own = (all: readonly Turn[]): number =>
    quantile(
      all.map(({ main }) => main),
      0.25,
    );
  const [mains, alls] = [beyond('main'), beyond('all')];
  const kept = speed(beside) / speed(alone);
  return [
    {
      what: `statements a second beside ${BROWSERS} pages for each ${STATEMENTS.toLocaleString('en')}, of those without`,
      value: `${(100 * kept).toFixed(1)} %`,
      against: `${spread(pairs((one, two) => two.perSecond / one.perSecond))}; ${goal(kept, '≥', 0.95)}`,
    },
    {
      what: 'main thread of the server, pages included, of that without',
      value: `${(100 * median(ratio('main'))).toFixed(1)} %`,
      against: `${spread(ratio('main'))}; ${own(alone).toFixed(3)} ms a statement`,
    },
    {
      what: 'all its threads, pages included, of those without',
      value: `${(100 * median(ratio('all'))).toFixed(1)} %`,
      against: spread(ratio('all')),
    },
    {
      what: 'main thread for both at once, of the sum of each alone',
      value: `${(100 * median(mains)).toFixed(1)} %`,
      against: `${spread(mains)}; ${goal(median(mains), '≤', 1.05)}`,
    },
    {
      what: 'all its threads for both at once, of the sum of each alone',
      value: `${(100 * median(alls)).toFixed(1)} %`,
      against: spread(alls),
    },
  ];
}

export async function explorerRows(count = TURNS): Promise<readonly Row[]> {
  const server = await startServer(PORT);
  try {
    await postAll(server.url, server.statements(10_000), 64); // warm up
    for (let n = 0; n < 10; n++) await browse(server, n);
    return [...turnRows(await turns(server, count)), ...(await costRows(server)), ...weightRows()];
  } finally {
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
