/**
 * The first screen of one log as its server asks for it: a thread that starts when somebody asks, computes once for everybody, and
 * ends when nobody has asked for a while; sooner if it was too slow for those who asked last.
 */
import { Worker } from 'node:worker_threads';
import { refuse } from '../../bytes/refusal.ts';
import type { OverviewQuery } from '../../log/ports.ts';
import type { TrustPolicy } from '../../note/trust.ts';
import { Remote } from '../../workers/rpc.ts';
import { threadModule } from '../../workers/thread.ts';
import type { ServedOverview } from '../port.ts';
import type { OverviewJson } from '../shared/overview.ts';

/** Where a thread reads a log. */
export interface OverviewSource {
  /** Whose store it is, which says what its times are. */
  readonly role: OverviewJson['computed_by'];
  readonly origin: string;
  /** The SQLite file of a log or of a monitor's copy; the directory of a mirror. */
  readonly path: string;
}

export interface OverviewQuestion {
  readonly query: OverviewQuery;
  /** The published checkpoint. */
  readonly note: Uint8Array;
  /** The log's keys, with the witnesses whom the server asks. */
  readonly policy: TrustPolicy;
}

/** Questions that may wait. Each is answered after at most one subject more. */
const MOST_WAITING = 64;
const TIMEOUT_MS = 15_000;
/** Milliseconds without a question after which the thread ends, and what it computed is forgotten. */
const IDLE_MS = 600_000;
/** The same after a question that was not answered in time: nobody waits for what the thread is busy with. */
const LEFT_MS = 60_000;
/** MiB of the thread. */
const MOST_MIB = 768;

type Thread = Pick<Remote<OverviewQuestion, Uint8Array, never>, 'ask' | 'terminate'>;

/** What tests put in place of the clock and of the thread. */
export interface OverviewsOptions {
  readonly timeoutMs?: number;
  readonly idleMs?: number;
  readonly leftMs?: number;
  /** Starts a thread. `onExit`: called when it has ended. */
  readonly start?: (source: OverviewSource, onExit: () => void) => Thread;
}

export class Overviews {
  readonly #source: OverviewSource;
  readonly #options: Required<OverviewsOptions>;
  #thread: Thread | undefined;
  #waiting = 0;
  /** Whether the last question was not answered in time. */
  #isLate = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(source: OverviewSource, options: OverviewsOptions = {}) {
    this.#source = source;
    this.#options = { timeoutMs: TIMEOUT_MS, idleMs: IDLE_MS, leftMs: LEFT_MS, start, ...options };
  }

  /** A page as JSON in UTF-8. Refuses `overloaded`, and what reading the log refuses. */
  async page(question: OverviewQuestion): Promise<Uint8Array> {
    if (this.#waiting >= MOST_WAITING)
      throw refuse('overloaded', 'too many ask for the overview at once; ask again in a moment');
    clearTimeout(this.#idle);
    this.#waiting += 1;
    try {
      return await this.#ask((this.#thread ??= this.#start()), question);
    } finally {
      this.#waiting -= 1;
      clearTimeout(this.#idle);
      const { idleMs, leftMs } = this.#options;
      this.#idle = setTimeout(() => void this.close(), this.#isLate ? leftMs : idleMs).unref();
    }
  }

  async #ask(thread: Thread, question: OverviewQuestion): Promise<Uint8Array> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      this.#isLate = true;
      reject(refuse('overloaded', 'the overview is being computed; ask again in a moment'));
    }, this.#options.timeoutMs);
    try {
      const page = await Promise.race([thread.ask(question), late]);
      this.#isLate = false;
      return page;
    } finally {
      clearTimeout(timer);
    }
  }

  #start(): Thread {
    const thread = this.#options.start(this.#source, () => {
      if (this.#thread === thread) this.#thread = undefined;
    });
    this.#isLate = false;
    return thread;
  }

  /** The same for the pages of a copy, under its newest head and the server's own policy. */
  serving(head: () => { readonly note: Uint8Array }, policy: () => TrustPolicy): ServedOverview {
    return {
      page: async (query) => this.page({ query, note: head().note, policy: policy() }),
      close: () => this.close(),
    };
  }

  /** Ends the thread. A later question starts another one. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }
}

function start(workerData: OverviewSource, onExit: () => void): Thread {
  const worker = new Worker(threadModule('./overview-thread', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: MOST_MIB },
  });
  worker.unref();
  return new Remote(worker, () => undefined, onExit);
}
