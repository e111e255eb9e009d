/**
 * A running log on this machine: the sequencer on a thread of its own, checkers on other threads, reads on this one.
 * Connects the parts of a server.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { encodeCoseKey, keyThumbprint } from '../cose/key.ts';
import { parseVkey, type NoteVerifier } from '../note/key.ts';
import { policyOfLogs, type TrustPolicy } from '../note/trust.ts';
import { Lag } from '../log/lag.ts';
import { Pool } from '../log/pool.ts';
import type {
  LogInfo,
  LogService,
  Noticing,
  Outcome,
  OverviewQuery,
  PastQuery,
  Readiness,
  SealedHead,
  Witnessing,
} from '../log/ports.ts';
import { Publisher } from '../log/publisher.ts';
import { Reader } from '../log/reader.ts';
import { policyOf } from '../log/recover.ts';
import type { Appended } from '../log/sequencer.ts';
import type { Policy } from '../statement/policy.ts';
import { SqliteReader } from '../storage/sqlite-reader.ts';
import { CheckerThreads } from '../workers/checkers.ts';
import { chooseHasher, chooseVerifier } from '../workers/kernels.ts';
import { Remote, revived } from '../workers/rpc.ts';
import { THREAD_LIMITS, threadModule } from '../workers/thread.ts';
import { Overviews } from '../explorer/overview/overviews.ts';
import { Histories } from './history.ts';
import { lockOutsOf } from './lockouts.ts';
import { LogNotary } from './notary.ts';
import { publisherParts, resumePublishing, type WitnessingOptions } from './witnessing.ts';
import type { SequencerAnswer, SequencerEvent, SequencerOptions, SequencerQuestion } from './protocol.ts';

/** Milliseconds by which the published checkpoint may be behind the tree before the log is not ready. */
const LAG_MS = 10_000;

/** Milliseconds after a failure until the log tests whether it can continue. */
const PROBE_MS = 2000;

export interface RunningOptions {
  readonly sequencer: SequencerOptions;
  readonly maxPending: number;
  /** Threads that check signatures; default: one per core. */
  readonly checkers?: number;
  /** Without it checkpoints are published as signed. */
  readonly witnessing?: WitnessingOptions | undefined;
  /** Where the proof that this log went back or forked is kept. */
  readonly conflictPath: string;
  /** Called when a part failed without which the log cannot run: close and exit. */
  readonly onFatal: (error: Error) => void;
  /** Called with remarks for the operator. */
  readonly onWarning: (message: string) => void;
  /** Called with alarms, on which the operator must act. */
  readonly onAlarm: (message: string) => void;
}

type SequencerThread = Remote<SequencerQuestion, SequencerAnswer, SequencerEvent>;
type Started = Extract<SequencerEvent, { kind: 'started' }>;

export class RunningLog implements LogService {
  readonly reader: Reader;
  readonly #options: RunningOptions;
  readonly #sequencer: SequencerThread;
  readonly #checkers: CheckerThreads;
  readonly #store: SqliteReader;
  readonly #pool: Pool;
  #info: LogInfo;
  #trust: { readonly info: LogInfo; readonly policy: TrustPolicy } | undefined;
  #lockOuts: () => readonly string[];
  readonly #publisher: Publisher;
  readonly #notary: LogNotary | undefined;
  readonly #histories: Histories;
  readonly #overviews: Overviews;
  readonly #asking = new AbortController();
  #failure: string | undefined;
  #probing = false;
  readonly #lag: Lag;
  #closing: Promise<void> | undefined;

  private constructor(
    options: RunningOptions,
    sequencer: SequencerThread,
    checkers: CheckerThreads,
    started: Started,
  ) {
    this.#options = options;
    this.#sequencer = sequencer;
    this.#checkers = checkers;
    const witnessed = (options.witnessing?.policy.quorum ?? 'none') !== 'none';
    this.#info = infoOf(policyOf(started.policyEntry), witnessed);
    this.#lockOuts = lockOutsOf(started.policyEntry);
    this.#store = SqliteReader.open(options.sequencer.storePath);
    this.reader = new Reader(this.#store, chooseHasher(), started.head, {
      receiptsWait: witnessed,
      setTimer: (run, ms) => void setTimeout(run, ms).unref(),
    });
    this.#histories = new Histories(options.sequencer.storePath);
    this.#overviews = overviewsOf(options.sequencer);
    this.#lag = new Lag(started.head.size, () => performance.now());
    this.#publisher = new Publisher({
      ...publisherParts(options.witnessing, {
        reader: this.reader,
        origin: this.#info.origin,
        logKeys: () => this.#logKeys(),
        verify: chooseVerifier(),
        conflictPath: options.conflictPath,
        signal: this.#asking.signal,
        warn: options.onWarning,
        alarm: options.onAlarm,
      }),
      publish: (note, head) => this.#published(note, head),
    });
    this.#notary = options.witnessing && this.#makeNotary(options.witnessing);
    this.#pool = new Pool({
      checkers,
      append: async (batches) => {
        const appended = await sequencer.ask({ kind: 'append', batches });
        if (appended === undefined || !('results' in appended))
          throw new Error('the sequencer answered an append with something else');
        return appended;
      },
      onAppended: (appended) => this.#appended(appended),
      capacity: options.maxPending,
      defer: (run) => void setImmediate(run),
    });
  }

  /** Starts the threads and resolves when the log takes statements. Rejects with what recovery refuses. */
  static async start(options: RunningOptions): Promise<RunningLog> {
    const { onFatal } = options;
    let log: RunningLog | undefined;
    const { promise, resolve, reject } = Promise.withResolvers<Started>();
    const worker = new Worker(threadModule('./sequencer-thread', import.meta.url), {
      workerData: options.sequencer,
      resourceLimits: THREAD_LIMITS,
    });
    const sequencer: SequencerThread = new Remote(
      worker,
      (event) => {
        if (event.kind === 'started') resolve(event);
        else if (event.kind === 'failed') reject(revived(event.failure));
        else if (log !== undefined) log.#heard(event);
      },
      (error) => {
        reject(error);
        if (log !== undefined && log.#closing === undefined)
          onFatal(error ?? new Error('the sequencer ended'));
      },
    );
    const started = await promise;
    const width = options.checkers ?? availableParallelism();
    const checkers = await CheckerThreads.start(width, started.policyEntry, (error) => {
      if (log === undefined || log.#closing === undefined) onFatal(error);
    });
    log = new RunningLog(options, sequencer, checkers, started);
    try {
      await log.#begin(started);
    } catch (error) {
      await log.close();
      throw error;
    }
    return log;
  }

  /** Publishes the last published checkpoint, then the newest. Refuses `behind-signed-head`, `config-invalid`. */
  async #begin({ note, head, policyEntry }: Started): Promise<void> {
    const { witnessing, conflictPath, onWarning } = this.#options;
    this.#store.keepUp(head.size);
    await resumePublishing(this.#publisher, witnessing, {
      note,
      head,
      conflictPath,
      origin: this.#info.origin,
      logKeys: this.#logKeys(),
      receiptKeys: policyOf(policyEntry).document.log.receiptKeys,
      verify: chooseVerifier(),
      reader: this.reader,
      warn: onWarning,
    });
    this.#publisher.offer(note, head);
  }

  #makeNotary({ policy, transport }: WitnessingOptions): LogNotary | undefined {
    return LogNotary.of({
      origin: this.#info.origin,
      policy,
      logKeys: () => this.#logKeys(),
      reader: this.reader,
      sign: async (note) => {
        const answer = await this.#sequencer.ask({ kind: 'witnessed', note });
        if (answer === undefined || !('statement' in answer))
          throw new Error('the sequencer signed no notice');
        return answer.statement;
      },
      submit: async (statement) => (await this.submit([statement]))[0],
      now: () => Math.floor(transport.now() / 1000),
      verify: chooseVerifier(),
      onWarning: this.#options.onWarning,
    });
  }

  #logKeys(): readonly NoteVerifier[] {
    return this.#info.vkeys.map(parseVkey);
  }

  /** Returns a new object only after the policy changed. */
  get info(): LogInfo {
    return this.#info;
  }

  get load(): { readonly pending: number; readonly capacity: number } {
    return { pending: this.#pool.pending, capacity: this.#options.maxPending };
  }

  async submit(statements: readonly Uint8Array[]): Promise<readonly Outcome[]> {
    if (this.#publisher.stopped !== undefined) throw refuse('store-failed', this.#publisher.stopped);
    const outcomes = await this.#pool.submit(statements).catch((error: unknown) => {
      if (error instanceof Refusal && (error.code === 'overloaded' || error.code === 'shutting-down'))
        throw error;
      this.#fail(error);
      throw refuse('store-failed', 'the log could not store it; post it again in a moment', { cause: error });
    });
    if (outcomes.every((outcome) => this.#isSettled(outcome))) return outcomes;
    return Promise.all(outcomes.map((outcome) => this.#receipted(outcome)));
  }

  /** Whether an outcome is returned as the sequencer gave it, which is the case for all new entries. */
  #isSettled(outcome: Outcome): boolean {
    if (outcome.kind === 'refused') return true;
    return outcome.receipt !== undefined && !this.#info.witnessed && this.#publisher.stopped === undefined;
  }

  /**
   * An entry that was logged earlier gets a fresh receipt, made from the stored entry. While the witness policy is not
   * met for an entry, it gets no receipt; the client asks again at its location.
   */
  async #receipted(outcome: Outcome): Promise<Outcome> {
    if (outcome.kind === 'refused' || this.#isSettled(outcome)) return outcome;
    const { witnessed } = this.#info;
    if (this.#publisher.stopped !== undefined) return { ...outcome, receipt: undefined };
    const size = witnessed ? this.reader.publishedSize : this.reader.head().size;
    const covered = outcome.index < size && size > 1;
    return { ...outcome, receipt: covered ? await this.reader.receipt(outcome.index) : undefined };
  }

  /**
   * The log is not ready until the sequencer reports that it can continue. Clients that obey /readyz would submit
   * nothing, so the log must test this itself.
   */
  #fail(error: unknown): void {
    this.#failure = `the last batch failed: ${error instanceof Error ? error.message : String(error)}`;
    if (this.#probing) return;
    this.#options.onWarning(this.#failure);
    this.#probing = true;
    setTimeout(() => void this.#probe(), PROBE_MS).unref();
  }

  async #probe(): Promise<void> {
    this.#probing = false;
    if (this.#failure === undefined || this.#closing !== undefined) return;
    await this.#sequencer.ask({ kind: 'probe' }).then(
      () => (this.#failure = undefined),
      (error: unknown) => this.#fail(error),
    );
  }

  readiness(): Readiness {
    const reasons: string[] = [];
    if (this.#closing !== undefined) reasons.push('shutting down');
    if (this.#failure !== undefined) reasons.push(this.#failure);
    // Reads go on from the open file, and recovery too. The text goes to strangers: it names no path.
    if (this.#store.isGone)
      reasons.push(
        'the file of the store was moved, replaced or deleted: stop the log, and put the file back',
      );
    if (this.#publisher.fault !== undefined) reasons.push(this.#publisher.fault);
    const { pending, capacity } = this.load;
    if (pending >= capacity) reasons.push(`${pending} statements are waiting, the most that may`);
    const sizes = `${this.reader.publishedSize} of ${this.reader.head().size}`;
    if (this.#lag.ms > LAG_MS) reasons.push(`the published checkpoint lags: ${sizes}`);
    // An alarm alone does not make the log unready; otherwise one lying witness could take it out of service.
    const ready = reasons.length === 0;
    return {
      ready,
      reasons: [...reasons, ...this.#publisher.alarms],
      warnings: [...this.#lockOuts(), ...(this.#notary?.warnings() ?? [])],
    };
  }

  witnessing(): Witnessing | undefined {
    return this.#options.witnessing && this.#publisher.status();
  }

  /** Logs a witnessed head if one is due; a timer does the same. */
  async lookForNotice(): Promise<void> {
    await this.#notary?.step();
  }

  async history(query: PastQuery): Promise<Uint8Array> {
    const { note, head } = this.reader.checkpoint();
    return this.#histories.history({ ...query, note, policy: this.policy() }, head.size);
  }

  overview(query: OverviewQuery): Promise<Uint8Array> {
    const { note } = this.reader.checkpoint();
    return this.#overviews.page({ query, note, policy: this.policy() });
  }

  /** The same object until the registration policy changes. */
  policy(): TrustPolicy {
    if (this.#trust?.info === this.#info) return this.#trust.policy;
    const asked = this.#options.witnessing?.policy ?? policyOfLogs([]);
    const { origin } = this.#info;
    const policy = { ...asked, logs: this.#logKeys().map((verifier) => ({ verifier, origin })) };
    this.#trust = { info: this.#info, policy };
    return policy;
  }

  noticing(): Noticing | undefined {
    return this.#notary?.status;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#notary?.close();
    await this.#histories.close();
    await this.#overviews.close();
    await this.#pool.drain();
    await this.#sequencer.ask({ kind: 'flush' });
    await this.#publisher.close();
    this.#asking.abort();
    await this.#store.close(); // readers first: the last connection to close folds the write-ahead log in
    await this.#sequencer.ask({ kind: 'close' });
    await this.#sequencer.terminate();
    await this.#checkers.close();
  }

  async #appended({ head, policy }: Appended): Promise<void> {
    this.#failure = undefined;
    this.reader.advance(head);
    this.#store.keepUp(head.size);
    this.#lag.integrated(head.size);
    if (policy === undefined) return;
    this.#info = infoOf(policyOf(policy), this.#info.witnessed);
    this.#lockOuts = lockOutsOf(policy);
    await this.#checkers.setPolicy(policy);
  }

  #heard(event: Exclude<SequencerEvent, { kind: 'started' | 'failed' }>): void {
    if (event.kind === 'signing-failed') {
      this.#options.onWarning(`the checkpoint could not be signed: ${event.failure.message}`);
      return;
    }
    this.reader.advance(event.head);
    this.#publisher.offer(event.note, event.head);
  }

  #published(note: Uint8Array, head: SealedHead): void {
    this.reader.publish(note, head);
    this.#notary?.published(note);
    this.#lag.published(head.size);
  }
}

function overviewsOf({ origin, storePath: path }: SequencerOptions): Overviews {
  return new Overviews({ role: 'log', origin, path });
}

function infoOf({ document }: Policy, witnessed: boolean): LogInfo {
  return {
    origin: document.origin,
    vkeys: document.log.vkeys,
    receiptKeys: document.log.receiptKeys.map((key) => [keyThumbprint(key), encodeCoseKey(key)] as const),
    open: document.open,
    witnessed,
  };
}
