/**
 * The first screen of one log as its server asks for it: a thread that starts when somebody asks, computes once for everybody, and
 * ends when nobody has asked for a while.
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
/** MiB of the thread. */
const MOST_MIB = 768;

type Thread = Remote<OverviewQuestion, Uint8Array, never>;

export class Overviews {
  readonly #source: OverviewSource;
  #thread: Thread | undefined;
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(source: OverviewSource) {
    this.#source = source;
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
      this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
    }
  }

  async #ask(thread: Thread, question: OverviewQuestion): Promise<Uint8Array> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(refuse('overloaded', 'the overview is being computed; ask again in a moment')),
      TIMEOUT_MS,
    );
    try {
      return await Promise.race([thread.ask(question), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #start(): Thread {
    const worker = new Worker(threadModule('./overview-thread', import.meta.url), {
      workerData: this.#source,
      resourceLimits: { maxOldGenerationSizeMb: MOST_MIB },
    });
    worker.unref();
    const thread: Thread = new Remote(
      worker,
      () => undefined,
      () => {
        if (this.#thread === thread) this.#thread = undefined;
      },
    );
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
