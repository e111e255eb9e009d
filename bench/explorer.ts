/**
 * What serving pages costs submissions: statements posted with and without ten browsers that read pages, as a ratio; and what
 * the files of the pages weigh.
 *
 *     node bench/explorer.ts [seconds per run]
 */
import { setTimeout as pause } from 'node:timers/promises';
import { ASSETS, builtAssets } from '../src/explorer/assets.ts';
import { goal, machine, median, printRows, processCpu, type Row } from './machine.ts';
import { startServer, type Server } from './server.ts';

const PORT = 16_966;
/** Browsers, and what each asks for when it opens a page: the document, then what a browser does not have yet. */
const BROWSERS = 10;
/** A person opens a page, and looks at it. */
const BETWEEN_PAGES_MS = 1_000;
const POSTERS = 16;
/** Runs with and without pages, in turn: the machine is not equally busy all the time. */
const ROUNDS = 4;

const PAGES = ['/', '/search', '/e/1', '/witnesses', '/s/bench%2Fsubject'];

/** Statements logged in a second. */
async function posted(server: Server, bodies: readonly Buffer[], seconds: number): Promise<number> {
  const until = performance.now() + seconds * 1000;
  let next = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: POSTERS }, async () => {
      while (performance.now() < until) {
        const body = bodies[next++];
        if (body === undefined) throw new Error('too few statements were prepared');
        const reply = await fetch(`${server.url}/entries`, {
          method: 'POST',
          headers: { 'content-type': 'application/cose' },
          body: new Uint8Array(body),
        });
        if (!reply.ok) throw new Error(`a statement got ${reply.status}`);
        await reply.arrayBuffer();
      }
    }),
  );
  return next / ((performance.now() - began) / 1000);
}

/** Pages that ten browsers opened until they were stopped: documents, and what those ask for. `files`: what no browser has yet. */
async function browse(server: Server, signal: AbortSignal, files: readonly string[]): Promise<number> {
  let opened = 0;
  const get = async (path: string): Promise<void> => {
    const reply = await fetch(server.url + path, { headers: { 'accept-encoding': 'gzip' } });
    await reply.arrayBuffer();
  };
  await Promise.all(
    Array.from({ length: BROWSERS }, async (_, i) => {
      await Promise.all(files.map(get));
      for (let n = i; !signal.aborted; n++) {
        const page = PAGES[n % PAGES.length] ?? '/';
        await get(page);
        if (page === '/') await get('/v1/overview');
        await Promise.all(['/checkpoint', '/v1/log', '/v1/search?limit=100', '/tile/0/000'].map(get)).catch(
          () => undefined,
        );
        opened++;
        await pause(BETWEEN_PAGES_MS, undefined, { signal }).catch(() => undefined);
      }
    }),
  );
  return opened;
}

export async function explorerRows(seconds: number): Promise<readonly Row[]> {
  const server = await startServer(PORT);
  try {
    const bodies = server.statements(Math.ceil(ROUNDS * 2 * seconds * 3_000 + 2_000));
    let used = 0;
    const run = async (): Promise<Run> => {
      const before = processCpu(server.pid).own;
      const rate = await posted(server, bodies.slice(used), seconds);
      const cpu = processCpu(server.pid).own - before;
      used += Math.ceil(rate * seconds * 1.2) + POSTERS;
      return { rate, busy: cpu / (rate * seconds) };
    };
    await run();
    const files = [...(builtAssets()?.files.keys() ?? [])].map((name) => ASSETS + name);
    const rates: number[] = [];
    const costs: number[] = [];
    let pages = 0;
    for (let i = 0; i < ROUNDS; i++) {
      const without = await run();
      const stop = new AbortController();
      const browsing = browse(server, stop.signal, i === 0 ? files : []);
      const beside = await run();
      stop.abort();
      pages += await browsing;
      rates.push(beside.rate / without.rate);
      costs.push(beside.busy / without.busy);
    }
    const [ratio, cost] = [median(rates), median(costs)];
    return [
      {
        what: `submissions beside ${BROWSERS} browsers, of those without`,
        value: `${(100 * ratio).toFixed(1)} %`,
        against: `${rates.map((each) => each.toFixed(2)).join(', ')}; ${pages} pages; ${goal(ratio, '≥', 0.95)}`,
      },
      {
        what: 'processor time of the server for a submission, the pages included, of that without',
        value: `${(100 * cost).toFixed(1)} %`,
        against: costs.map((each) => each.toFixed(2)).join(', '),
      },
      ...(await costRows(server)),
      ...weightRows(),
    ];
  } finally {
    await server.stop();
  }
}

/** `busy`: processor seconds of the server for each statement. */
interface Run {
  readonly rate: number;
  readonly busy: number;
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
  console.log(machine());
  printRows('The explorer', await explorerRows(Number(process.argv[2] ?? 4)));
}
