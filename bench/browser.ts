/**
 * A page in headless Chromium, and what it costs: processor time by thread, memory, the longest task of the main thread, and how long
 * a click waits for the next paint. All of /proc (Linux), and of the page's own observers; a busy machine changes processor time least.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type CDPSession, type Page } from 'playwright-core';
import { processCpu } from './machine.ts';
import { threadTimes } from './processor.ts';

/** In the page: how long each click took to the next paint. */
const WATCH = `globalThis.seen = { clicks: [] };
new PerformanceObserver((list) => { for (const each of list.getEntries()) if (each.name === 'click') seen.clicks.push(each.duration); }).observe({ type: 'event', durationThreshold: 16, buffered: true });`;

/** Seconds of processor time, of all of the browser and of two threads of the page. */
export interface Cost {
  readonly all: number;
  readonly main: number;
  readonly workers: number;
}

/** MiB. */
export interface Memory {
  /** Of the page's process, the worker in it: now, and at most. */
  readonly now: number;
  readonly most: number;
  /** Of JavaScript's values after a collection, on the main thread and in the worker. */
  readonly main: number;
  readonly worker: number;
}

/** Milliseconds. */
export interface Felt {
  /** The task of the page's main thread that ran longest, and how long it was under way on the clock. */
  readonly longestRun: number;
  readonly longestTask: number;
  /** From each click to the paint after it; those below 16 ms count as 16. */
  readonly clicks: readonly number[];
}

export class WatchedPage {
  readonly page: Page;
  readonly #browser: Browser;
  readonly #context: BrowserContext;
  readonly #session: CDPSession;
  readonly #workers: WorkerSession[] = [];
  readonly #mark: string;
  readonly #tasks: Tasks;

  private constructor(
    browser: Browser,
    context: BrowserContext,
    page: Page,
    session: CDPSession,
    mark: string,
    tasks: Tasks,
  ) {
    this.#browser = browser;
    this.#context = context;
    this.page = page;
    this.#session = session;
    this.#mark = mark;
    this.#tasks = tasks;
  }

  /** A browser that has seen nothing before, with an empty page. */
  static async open(): Promise<WatchedPage> {
    const mark = `--tallystick-bench=${process.pid}-${Math.floor(performance.now())}`;
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', mark],
    });
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await page.addInitScript({ content: WATCH });
    const own = new WatchedPage(
      browser,
      context,
      page,
      session,
      mark,
      await Tasks.watch(await browser.newBrowserCDPSession()),
    );
    await own.#attach();
    return own;
  }

  async #attach(): Promise<void> {
    const session = this.#session;
    session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
      if (targetInfo.type === 'worker') this.#workers.push(new WorkerSession(session, sessionId));
    });
    await session.send('Target.setAutoAttach', {
      autoAttach: true,
      waitForDebuggerOnStart: false,
      flatten: false,
    });
  }

  async goto(url: string): Promise<void> {
    await this.page.goto(url, { waitUntil: 'commit' });
  }

  /** Clicks at an element as a person does. */
  async click(selector: string): Promise<void> {
    // Not by a locator of playwright, which works in the page.
    const where = await this.evaluate(
      `JSON.stringify(document.querySelector(${JSON.stringify(selector)})?.getBoundingClientRect() ?? null)`,
    );
    const box = JSON.parse(String(where)) as { x: number; y: number; height: number } | null;
    if (box === null) return;
    const at = { x: box.x + 8, y: box.y + box.height / 2, button: 'left', clickCount: 1 } as const;
    await this.#session.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...at });
    await this.#session.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at });
  }

  /** The value of an expression, past the page's Content-Security-Policy. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#session.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  }

  /** What a reader felt of it so far. Ends the watching of tasks. */
  async felt(): Promise<Felt> {
    const clicks = JSON.parse(String(await this.evaluate('JSON.stringify(seen.clicks)'))) as number[];
    const arrived = Number(await this.evaluate("performance.eventCounts.get('click')"));
    const quick = Array.from({ length: Math.max(0, arrived - clicks.length) }, () => 16);
    const tasks = await this.#tasks.of(this.#renderer);
    const most = (of: (task: Task) => number): number =>
      tasks.reduce((sum, each) => Math.max(sum, of(each)), 0) / 1_000;
    return {
      longestRun: most(({ tdur }) => tdur ?? 0),
      longestTask: most(({ dur }) => dur ?? 0),
      clicks: [...clicks, ...quick],
    };
  }

  /** So far. */
  cost(): Cost {
    const [main, workers] = [seconds(this.#renderer, isMain), seconds(this.#renderer, isWorker)];
    const all = descendants(this.#mark).reduce((sum, pid) => sum + cpuOf(pid), 0);
    return { all, main, workers };
  }

  async memory(): Promise<Memory> {
    const status = readFileSync(`/proc/${this.#renderer}/status`, 'utf8');
    const line = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
    const [now, most] = [line('VmRSS'), line('VmHWM')];
    const used = async (send: (method: string) => Promise<unknown>): Promise<number> => {
      await send('HeapProfiler.collectGarbage');
      const usage = (await send('Runtime.getHeapUsage')) as { usedSize: number; backingStorageSize?: number };
      return (usage.usedSize + (usage.backingStorageSize ?? 0)) / 2 ** 20;
    };
    const [worker] = this.#workers;
    return {
      now,
      most,
      main: await used((method) => this.#session.send(method as 'HeapProfiler.collectGarbage')),
      worker: worker === undefined ? NaN : await used((method) => worker.send(method)),
    };
  }

  /** Profiles page and worker from now on; what it returns writes `page.cpuprofile` and `worker.cpuprofile` into the folder. */
  async profile(folder: string): Promise<() => Promise<void>> {
    mkdirSync(folder, { recursive: true });
    await this.#session.send('Profiler.enable');
    await this.#session.send('Profiler.start');
    const [worker] = this.#workers;
    await worker?.send('Profiler.enable');
    await worker?.send('Profiler.start');
    return async () => {
      const { profile } = await this.#session.send('Profiler.stop');
      writeFileSync(join(folder, 'page.cpuprofile'), JSON.stringify(profile));
      const own = (await worker?.send('Profiler.stop')) as { profile: unknown } | undefined;
      if (own !== undefined) writeFileSync(join(folder, 'worker.cpuprofile'), JSON.stringify(own.profile));
    };
  }

  /** The process of the page: the one with a worker, else the one that worked most. A navigation may start another. */
  get #renderer(): number {
    const all = descendants(this.#mark).filter((pid) => argumentsOf(pid).includes('--type=renderer'));
    const rank = (pid: number): number => (seconds(pid, isWorker) > 0 ? 1e6 : 0) + cpuOf(pid);
    const [found] = all.toSorted((a, b) => rank(b) - rank(a));
    if (found === undefined) throw new Error('Chromium has no process for the page');
    return found;
  }

  async close(): Promise<void> {
    await this.#context.close();
    await this.#browser.close();
  }
}

/** A task of a thread, as Chromium's tracing tells it: microseconds on the clock, and of processor time. */
interface Task {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
}

/** Tasks of all threads of a browser that took a while. Of a run of minutes it keeps the last part: to fetch more often costs more. */
class Tasks {
  readonly #session: CDPSession;
  readonly #long: Task[] = [];

  private constructor(session: CDPSession) {
    this.#session = session;
    session.on('Tracing.dataCollected', ({ value }) => {
      for (const each of value as unknown as readonly Task[])
        if (each.name === 'RunTask' && (each.dur ?? 0) > 10_000) this.#long.push(each);
    });
  }

  static async watch(session: CDPSession): Promise<Tasks> {
    const tasks = new Tasks(session);
    const includedCategories = ['disabled-by-default-devtools.timeline'];
    const traceConfig = { recordMode: 'recordContinuously', includedCategories } as const;
    await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig });
    return tasks;
  }

  /** Of the main thread of a process, whose id is the process's. Ends the watching. */
  async of(pid: number): Promise<readonly Task[]> {
    const ended = new Promise<void>((resolve) => {
      this.#session.once('Tracing.tracingComplete', () => resolve());
    });
    await this.#session.send('Tracing.end');
    await ended;
    return this.#long.filter((each) => each.pid === pid && each.tid === pid);
  }
}

/** What is asked of a worker, by messages through its page. */
class WorkerSession {
  readonly #page: CDPSession;
  readonly #id: string;
  readonly #waiting = new Map<number, (reply: unknown) => void>();
  #next = 1;

  constructor(page: CDPSession, id: string) {
    this.#page = page;
    this.#id = id;
    page.on('Target.receivedMessageFromTarget', ({ sessionId, message }) => {
      if (sessionId !== id) return;
      const reply = JSON.parse(message) as { id?: number; result?: unknown };
      if (reply.id === undefined) return;
      this.#waiting.get(reply.id)?.(reply.result);
      this.#waiting.delete(reply.id);
    });
  }

  async send(method: string): Promise<unknown> {
    const id = this.#next++;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, resolve);
    const message = JSON.stringify({ id, method });
    await this.#page.send('Target.sendMessageToTarget', { sessionId: this.#id, message });
    return promise;
  }
}

const isMain = (_name: string, thread: string, pid: number): boolean => thread === String(pid);
const isWorker = (name: string): boolean => name.startsWith('DedicatedWorker');

/** Seconds that some threads of a process ran. */
function seconds(pid: number, counts: (name: string, thread: string, pid: number) => boolean): number {
  let sum = 0;
  for (const [thread, time] of threadTimes(pid)) {
    const name = readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim();
    if (counts(name, thread, pid)) sum += time;
  }
  return sum / 1e9;
}

function cpuOf(pid: number): number {
  try {
    return processCpu(pid).own;
  } catch {
    return 0; // it has ended
  }
}

/** With spaces between them: Chromium's processes rewrite theirs so. */
function argumentsOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
}

/** The process with this argument, and all that it started. */
function descendants(mark: string): readonly number[] {
  const parents = new Map<number, number>();
  const roots: number[] = [];
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number))
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      parents.set(pid, Number(stat[1]));
      if (argumentsOf(pid).includes(mark)) roots.push(pid);
    } catch {
      continue; // it has ended
    }
  const own = new Set(roots);
  for (let grew = true; grew;) {
    const before = own.size;
    for (const [pid, parent] of parents) if (own.has(parent)) own.add(pid);
    grew = own.size > before;
  }
  return [...own];
}
