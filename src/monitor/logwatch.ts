/**
 * Watches one log: fetches its head again and again, compares with peers, judges its state. A failure with one log does
 * not affect others. A log that does not answer is asked less and less often. That is no incident; readiness and
 * metrics report it.
 */
import { logKeysOf, type TrustPolicy } from '../note/trust.ts';
import { clockFault, clockOf, type Clock } from '../appraisal/clock.ts';
import { printable } from '../bytes/printable.ts';
import { formatMilliseconds } from '../bytes/time.ts';
import { TileReader } from '../client/tiles.ts';
import type { Transport } from '../client/transport.ts';
import type { PeerResult } from '../client/gossip.ts';
import { incidentId, makeIncident } from '../incident/incident.ts';
import type { LogReader } from '../log/ports.ts';
import { vkeyOf } from '../note/key.ts';
import { parseStatement } from '../statement/parse.ts';
import type { Alarm, AlarmSink, EntryWatch } from './alarm.ts';
import { chooseHasher } from '../workers/kernels.ts';
import type { DueStore } from './due-store.ts';
import { NOTHING_OBSERVED, observe, observeFailure, watchedMs, type Observed } from './conditions.ts';
import type { DueProofs } from './due-proofs.ts';
import { expectationWatch, type Expectation } from './expectations.ts';
import type { Follower } from './follow.ts';
import type { SeenHead, Trust } from './head.ts';
import type { IncidentStore } from './incidents.ts';
import {
  quorumState,
  raiseOrResolve,
  raiseOrResolveMissed,
  staleState,
  type IncidentSink,
  type Limits,
  type Served,
} from './state-incidents.ts';
import { Overdue } from './missed-proofs.ts';
import type { MonitorNotices, NoticesStatus } from './noticing.ts';
import type { Observations } from './observations.ts';
import { NoticedHeadWatch } from './noticed-heads.ts';
import { compareWithPeers, largest, nodesOf, type Compared } from './peers.ts';

/** The parts of a follower that are used here. */
export type Followed = Pick<Follower, 'reader' | 'seen' | 'copied' | 'step' | 'close'> &
  Partial<Pick<Follower, 'copyPath'>>;

export interface WatchParts {
  readonly url: string;
  readonly trust: Trust;
  readonly policyText: string | undefined;
  readonly peers: readonly string[];
  readonly expectations: readonly Expectation[];
  readonly follow: (sink: AlarmSink, watches: readonly EntryWatch[]) => Promise<Followed>;
  readonly store: IncidentStore;
  readonly dueStore: DueStore;
  readonly observations: Observations;
  /** Logs notices; undefined for a monitor without a key for them. */
  readonly notices?: Pick<MonitorNotices, 'step' | 'status'> | undefined;
  /** Name of this monitor, in incidents. */
  readonly detector: string;
  readonly transport: Transport;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called once for each thing that is not watched. */
  readonly onWarning: (what: string) => void;
  readonly pollMs: number;
  readonly limits: Limits;
  /** True for a run that observes once, and so cannot tell how long a state lasts. */
  readonly once: boolean;
}

/** The status of a log, as pages and the API show it. Times are milliseconds since the epoch. */
interface WatchStatus {
  readonly url: string;
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array | undefined;
  /** Entries in the verified copy. */
  readonly copied: number;
  readonly lookedAt: number | undefined;
  readonly answeredAt: number | undefined;
  readonly reachable: boolean;
  /** The log continues under rules that this program does not know: only its head is watched from there on. */
  readonly outdated: boolean;
  /** Why the last observation failed; undefined if it did not. */
  readonly fault: string | undefined;
  readonly peers: readonly {
    readonly peer: string;
    readonly kind: PeerResult['kind'];
    readonly why?: string;
  }[];
  /** The notices that this monitor logs there; undefined for one without a key for them. */
  readonly notices: NoticesStatus | undefined;
}

const NOT_BELIEVED = 'what it serves is not believed: see its incidents';

/** Factor of the grace for which a log with outages must have been up before a proof counts as missed. */
const AFTER_AN_OUTAGE = 3;

export class LogWatch {
  readonly origin: string;
  readonly #parts: WatchParts;
  readonly #overdue = new Overdue();
  readonly #noticed: NoticedHeadWatch;
  readonly #hasher = chooseHasher();
  readonly #dues: DueProofs;
  #observed: Observed;
  #followed: Followed | undefined;
  #closing: Promise<void> | undefined;
  #upMs = 0;
  #lookedAt: number | undefined;
  #fault: string | undefined = 'not looked at yet';
  /** The log goes on under rules that this program does not know. */
  #outdated = false;
  #isLeftOutTold = false;
  #peers: readonly PeerResult[] = [];
  /** Number of failed observations in a row. */
  failures = 0;

  constructor(parts: WatchParts) {
    this.origin = parts.trust.origin;
    this.#parts = parts;
    this.#noticed = new NoticedHeadWatch(parts.trust);
    this.#dues = parts.dueStore.load(this.origin);
    this.#observed = parts.observations.load(this.origin) ?? NOTHING_OBSERVED;
  }

  get followed(): Followed | undefined {
    return this.#followed;
  }

  /** The SQLite file of the copy; undefined before it is opened. */
  get copyPath(): string | undefined {
    return this.#followed?.copyPath;
  }

  get policy(): TrustPolicy {
    return this.#parts.trust.policy;
  }

  get status(): WatchStatus {
    const head = this.#followed?.seen?.opened.checkpoint;
    return {
      url: this.#parts.url,
      origin: this.origin,
      size: head?.size ?? 0,
      root: head?.root,
      copied: this.#followed?.copied ?? 0,
      lookedAt: this.#lookedAt,
      answeredAt: this.#observed.lookedAt,
      reachable: this.failures === 0 && this.#lookedAt !== undefined,
      outdated: this.#outdated,
      fault: this.#fault,
      peers: this.#peers.map((result) => ({
        peer: result.peer,
        kind: result.kind,
        ...('why' in result && { why: result.why }),
      })),
      notices: this.#parts.notices?.status,
    };
  }

  /** Opens the copy without using the network. Refuses what the copy refuses: `corrupt-store`, `foreign-log`. */
  async open(): Promise<void> {
    const { follow, expectations, store } = this.#parts;
    const dues: EntryWatch = {
      entry: (seen) => {
        this.#dues.read(seen, this.#clock().now);
        return [];
      },
    };
    const sink: AlarmSink = {
      raise: (alarm) => this.#raise(alarm),
      // An alarm that is counted and not stored, because there are too many, is not raised again.
      isOpen: (kind, about) => store.find(incidentId(kind, this.origin, about))?.resolved === undefined,
    };
    this.#followed = await follow(sink, [expectationWatch(expectations, this.origin), dues, this.#noticed]);
    await this.#catchUp(this.#followed.reader);
  }

  /** Observes once. Rejects only for bugs and for faults of this machine's disk, never for what a log does. */
  async look(signal?: AbortSignal): Promise<void> {
    if (this.#followed === undefined) return;
    const began = this.#parts.now();
    try {
      const step = await this.#followed.step(signal);
      if (signal?.aborted === true) return;
      this.#lookedAt = this.#parts.now();
      const { seen } = this.#followed;
      // Peers are compared with the newest head seen, whether or not the log answers.
      const newer = seen && (await this.#gossip(seen, this.#followed));
      if (step.kind === 'unreachable') this.#failed(step.why);
      else if (step.head === undefined) this.#failed(NOT_BELIEVED);
      else {
        this.#fault =
          step.kind === 'alarmed' ? NOT_BELIEVED : step.kind === 'outdated' ? step.why : undefined;
        this.#outdated = step.kind === 'outdated';
        await this.#answered(step.head, began, largest(step.head, seen, newer), this.#followed);
      }
    } catch (error) {
      // A failure after the signal to stop is caused by stopping.
      if (signal?.aborted === true) return;
      this.#lookedAt = this.#parts.now();
      this.#failed(`this side: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }

  /**
   * Compares with peers while an observation is still under way, since a copy may take long or be slowed down on
   * purpose.
   */
  async gossip(): Promise<void> {
    const followed = this.#followed;
    if (followed?.seen !== undefined) await this.#gossip(followed.seen, followed);
  }

  /** Closes the copy. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#followed?.close() ?? Promise.resolve();
    return this.#closing;
  }

  #failed(why: string): void {
    const { observations, now } = this.#parts;
    this.failures++;
    this.#fault = why;
    this.#observed = observeFailure(this.#observed, now());
    observations.save(this.origin, this.#observed);
  }

  async #answered(
    head: SeenHead,
    began: number,
    newer: Compared['newer'],
    followed: Followed,
  ): Promise<void> {
    const { observations, now, pollMs } = this.#parts;
    this.failures = 0;
    const { size } = head.opened.checkpoint;
    const look = { began, now: now(), size, met: head.quorum, knownSize: newer?.size };
    this.#upMs += watchedMs(this.#observed, look, pollMs);
    this.#observed = observe(this.#observed, look, pollMs);
    observations.save(this.origin, this.#observed);
    await this.#judge(head, newer?.note, look.now, followed);
    await this.#compareNoticed(head, followed);
    // What a notice says was read: all of the log below the head, which no alarm was about.
    if (this.#fault === undefined && followed.copied >= size)
      await this.#parts.notices?.step({ head, reader: followed.reader });
  }

  /** Raises an alarm for each head in a notice that is of another history. */
  async #compareNoticed(head: SeenHead, { reader, copied }: Followed): Promise<void> {
    if (copied < head.opened.checkpoint.size) return;
    const { transport, url } = this.#parts;
    const nodes = nodesOf(reader, new TileReader(transport, url), this.#hasher);
    for (const alarm of await this.#noticed.compare(head, reader, nodes)) await this.#raise(alarm);
  }

  async #judge(head: SeenHead, newer: string | undefined, now: number, followed: Followed): Promise<void> {
    const { trust, policyText, limits, once, dueStore } = this.#parts;
    const { policy } = trust;
    const clock = this.#clock();
    this.#fault ??= clockFault(clock);
    const time = Math.max(now, clock.now * 1000);
    const served: Served = { head, policy, policyText, observed: this.#observed, newer, now: time };
    await raiseOrResolve(staleState(served, limits), this.#ledger);
    await raiseOrResolve(
      quorumState(served, once ? { ...limits, quorumGraceSeconds: 0 } : limits),
      this.#ledger,
    );
    // A proof can only be missing from a tree that was read completely.
    if (this.#dues.isOutdated) await this.#catchUp(followed.reader);
    const { size } = head.opened.checkpoint;
    const whole = this.#dues.upto >= size && followed.copied >= size;
    if (whole) {
      const grace = limits.missedGraceSeconds;
      const upSeconds = this.#wasAway(now) ? AFTER_AN_OUTAGE * grace : once ? 0 : grace;
      const moment = { now: clock.now, upMs: this.#upMs, upSeconds, graceSeconds: grace };
      await raiseOrResolveMissed(this.#dues, this.#overdue, moment, head, followed.reader, this.#ledger);
    }
    dueStore.save(this.origin, this.#dues);
    this.#tellLeftOut();
  }

  #tellLeftOut(): void {
    const { leftOut } = this.#dues;
    if (leftOut === 0 || this.#isLeftOutTold) return;
    this.#isLeftOutTold = true;
    this.#parts.onWarning(
      `too much is due in ${printable(this.origin)}: of ${leftOut} subjects not every missed proof is noticed; ` +
        'whoever declared so much is in the log (tallystick registry)',
    );
  }

  /** Whether the log came back only recently: its agents then get time to submit what is late. */
  #wasAway(now: number): boolean {
    const { failedAt } = this.#observed;
    return failedAt !== undefined && now < failedAt + this.#parts.limits.missedGraceSeconds * 1000;
  }

  /** The largest head of a peer that is larger than ours. Conflicts are raised as alarms. */
  async #gossip(held: SeenHead, { reader }: Followed): Promise<Compared['newer']> {
    const { results, alarms, newer } = await compareWithPeers(held, {
      ...this.#parts,
      hasher: this.#hasher,
      reader,
    });
    this.#peers = results;
    for (const alarm of alarms) await this.#raise(alarm);
    return newer;
  }

  async #raise({ evidence, about, what, source }: Alarm): Promise<void> {
    const { store, trust, detector, now } = this.#parts;
    const vkeys = logKeysOf(trust.policy, this.origin).map(vkeyOf);
    const detected = formatMilliseconds(now());
    const incident = makeIncident({ origin: this.origin, vkeys, detector, detected, what, about, evidence });
    store.raise(incident, source);
  }

  /** The time: this clock's, but not before the time that the log and its witnesses signed. */
  #clock(): Clock {
    const { now, trust } = this.#parts;
    return clockOf(this.#followed?.seen?.opened, trust.policy, Math.floor(now() / 1000));
  }

  get #ledger(): IncidentSink {
    return { origin: this.origin, store: this.#parts.store, raise: (alarm) => this.#raise(alarm) };
  }

  /**
   * Reads entries that are in the copy and not among the due proofs: after a crash between the two, with an older copy, or if
   * they must be made again because a key was revoked from an entry on that it had read. Their time is that of the
   * copy.
   */
  async #catchUp(reader: LogReader): Promise<void> {
    const { dueStore } = this.#parts;
    for (;;) {
      if (this.#dues.isOutdated) this.#dues.restart();
      const entries = await reader.entries(this.#dues.upto, reader.head().size);
      if (entries.length === 0) break;
      for (const { index, id, kind, bytes, time } of entries) {
        const parsed = kind === 'other' ? undefined : parseStatement(bytes);
        this.#dues.read({ index, id, parsed }, time);
      }
      // Lets signals be handled in between.
      await new Promise(setImmediate);
    }
    dueStore.save(this.origin, this.#dues);
  }
}
