/**
 * Watches claims: reads a log again and again, reports each verdict that changed, and sends alerts until they are
 * acknowledged. It reads through a client and computes verdicts by appraisal/; the caller prints.
 */
import { verdictsOf } from '../../appraisal/subject.ts';
import { isAway } from '../../bytes/nature.ts';
import { Refusal } from '../../bytes/refusal.ts';
import type { LogClient } from '../../client/client.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { appraiseEach, type Statuses } from '../../client/statuses.ts';
import type { Signer } from '../../sign/signer.ts';
import type { Webhook } from '../webhook.ts';
import { changesOf, eventBody, eventName, isEnd, type Change } from './changes.ts';
import type { Measured } from './metrics.ts';
import { logStale } from './notices.ts';
import type { WatchState } from './state.ts';
import {
  Claiming,
  WATCH_LIMITS,
  WATCH_ONCE,
  watchedSubjects,
  type Watched,
  type WatchLimits,
} from './subjects.ts';
import { tellUnreadable } from './unreadable.ts';

/** Milliseconds to the next observation while subjects are still to be examined. */
const GO_ON_MS = 1_000;

/** The parts of a client that a watch uses. */
export type WatchedLog = Pick<LogClient, 'log' | 'trust' | 'snapshot' | 'logStatement'>;

/** What a remark is about. */
type WatchRemarkCode =
  /** The log does not answer; the watch goes on. */
  | 'away'
  /**
   * Subjects are not watched, because there are too many or because they are not examined yet; or all are watched
   * again.
   */
  | 'left-out'
  /** A subject cannot be read, or can be again. */
  | 'unreadable'
  | 'readable'
  /** A delivery failed. It is made again. */
  | 'delivery'
  /** A notice was logged. */
  | 'notice'
  /** The receiver of alerts was told why the watch ends. */
  | 'last-words';

/** Something that the user should know, and that does not end the watch. */
export interface WatchRemark {
  readonly code: WatchRemarkCode;
  readonly level: 'note' | 'warning';
  /** One sentence; not cleaned for a terminal. */
  readonly text: string;
}

/** The options of a watch. */
export interface WatchSettings {
  readonly client: WatchedLog;
  /** Subjects to watch; when empty, all that claim something. */
  readonly subjects: readonly string[];
  readonly pollSeconds: number;
  /** The key that logs a notice of each claim that went stale, in the role monitor. Default: none is logged. */
  readonly notary?: Signer | undefined;
  /** Bounds of one look. Default: `WATCH_LIMITS`, and `WATCH_ONCE` for `once`. */
  readonly limits?: WatchLimits | undefined;
  /** The wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** Waits, or until the signal says to stop. Default: a timer. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  /**
   * Called with each change before its alert is sent; called again if the process ended before the change was stored.
   */
  readonly onChange: (change: Change) => void;
  readonly onRemark: (remark: WatchRemark) => void;
}

/** What `openWatch` opened. */
export interface WatchParts {
  readonly settings: WatchSettings;
  readonly sleep: NonNullable<WatchSettings['sleep']>;
  readonly state: WatchState;
  /** Absent: nothing is delivered, and no event is made. */
  readonly webhook: Webhook | undefined;
  readonly measured: Measured;
}

/** The result of one observation. */
export interface WatchRound extends Statuses, Pick<Watched, 'leftOut' | 'unexamined'> {
  readonly snapshot: Snapshot;
  readonly changes: readonly Change[];
  /** Events that nobody has acknowledged. */
  readonly undelivered: number;
}

export class Watch {
  readonly #parts: WatchParts;
  readonly #claiming = new Claiming();
  readonly #warned = new Map<string, string>();
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #last: WatchRound | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Observes once, and delivers what can be delivered. Refuses what reading the log refuses, also `unavailable`. */
  async once(): Promise<WatchRound> {
    const { settings, state, webhook } = this.#parts;
    const looking = this.#look(settings.limits ?? WATCH_ONCE).catch((error: unknown) => this.#end(error));
    this.#running = looking.catch(() => undefined);
    const looked = await looking.finally(() => webhook?.settle());
    return { ...looked, undelivered: state.waiting };
  }

  /**
   * Observes until it is closed; then resolves with the last observation (undefined if there was none). If the log
   * cannot be reached, it is asked again. Refuses errors that end a watch: a log that broke its word, or that refuses a
   * notice.
   */
  start(): Promise<WatchRound | undefined> {
    this.#parts.webhook?.wake();
    const following = this.#follow();
    this.#running = following.catch(() => undefined);
    return following;
  }

  /** Stops observing and delivering. The next watch sends events that are not acknowledged. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#parts.webhook?.close();
  }

  async #follow(): Promise<WatchRound | undefined> {
    const { settings, state, measured, sleep } = this.#parts;
    const { signal } = this.#stop;
    let isGone = false;
    while (!signal.aborted) {
      try {
        this.#last = await this.#look(settings.limits ?? WATCH_LIMITS);
        isGone = false;
      } catch (error) {
        if (!isAway(error)) await this.#end(error);
        if (!isGone) this.#remark('away', awayText(error));
        isGone = true;
      }
      measured.waiting = state.waiting;
      if (!signal.aborted) await sleep(this.#pause(isGone), signal);
    }
    return this.#last && { ...this.#last, undelivered: state.waiting };
  }

  #pause(isGone: boolean): number {
    const pollMs = this.#parts.settings.pollSeconds * 1000;
    return !isGone && (this.#last?.unexamined ?? 0) > 0 ? Math.min(GO_ON_MS, pollMs) : pollMs;
  }

  /**
   * Reads the watched subjects first and reports their changes before new subjects are examined, so that many new
   * subjects delay no report.
   */
  async #look(limits: WatchLimits): Promise<WatchRound> {
    const { settings, state } = this.#parts;
    const { client, subjects: named } = settings;
    const snapshot = await client.snapshot();
    const known = named.length > 0 ? new Set(named) : state.subjects;
    const first = await appraiseEach(snapshot, [...known]);
    const changes = [...(await this.#tell(snapshot, first))];
    const found =
      named.length > 0
        ? { subjects: [], leftOut: 0, unexamined: 0 }
        : await watchedSubjects(snapshot, known, this.#claiming, limits);
    const more = await appraiseEach(snapshot, found.subjects);
    changes.push(...(await this.#tell(snapshot, more)));
    const looked = {
      snapshot,
      statuses: [...first.statuses, ...more.statuses],
      unreadable: [...first.unreadable, ...more.unreadable],
      leftOut: found.leftOut,
      unexamined: found.unexamined,
      changes,
      undelivered: state.waiting,
    };
    this.#warnLeftOut(looked);
    this.#tellUnreadable(looked);
    this.#measure(looked);
    return looked;
  }

  /** Reports changes. The change and its alert are on disk before the alert is sent. */
  async #tell(snapshot: Snapshot, { statuses }: Statuses): Promise<readonly Change[]> {
    const { settings, state, webhook } = this.#parts;
    const { notary, onChange, client, now } = settings;
    const changes = changesOf(state, snapshot, statuses);
    const stale = (change: Change) =>
      notary !== undefined && !isEnd(change.now) && change.now.verdict === 'STALE';
    for (const change of changes) onChange(change);
    if (changes.length > 0)
      state.atOnce(() => {
        for (const change of changes) {
          const { status, claim, type, event } = change;
          if (webhook !== undefined && type !== undefined) state.add(status.subject, claim, event, now());
          if (!stale(change)) this.#remember(change);
        }
      });
    webhook?.wake();
    // If a notice cannot be logged, the next observation reports the change again; its alert does not wait for the log.
    for (const change of changes.filter(stale)) {
      if (notary === undefined || isEnd(change.now)) continue;
      const index = await logStale(client, notary, snapshot, change.status, change.now);
      state.atOnce(() => this.#remember(change));
      this.#remark('notice', `notice logged: entry ${index}`, 'note');
    }
    return changes;
  }

  #remember({ status, claim, now, type }: Change): void {
    const { state, webhook } = this.#parts;
    // Under a waiver a failure stands: what comes after it is a recovery, or the failure again.
    const stands = {
      'claim.failed': true,
      'claim.waived': true,
      'claim.recovered': false,
      'claim.ended': false,
    } as const;
    const alerted = webhook === undefined || type === undefined ? undefined : stands[type];
    state.told(status.subject, claim, isEnd(now) ? undefined : now.verdict, alerted);
  }

  /** Warns that some subjects are not watched. Subjects that are not examined yet are mentioned once. */
  #warnLeftOut({ statuses, leftOut, unexamined }: WatchRound): void {
    const before = this.#last;
    if (unexamined > 0) {
      if ((before?.unexamined ?? 0) === 0)
        this.#remark(
          'left-out',
          `${unexamined} subjects are not examined yet; those that are known are looked at first`,
        );
    } else if (leftOut !== (before?.leftOut ?? 0))
      this.#remark(
        'left-out',
        leftOut === 0
          ? 'all subjects with claims are watched again'
          : `${leftOut} subjects are not watched, or not yet: ${statuses.length} are; name subjects, in several watches`,
      );
  }

  #tellUnreadable({ snapshot, unreadable }: WatchRound): void {
    const { settings, state, webhook } = this.#parts;
    const telling = {
      state,
      delivers: webhook !== undefined,
      warned: this.#warned,
      now: settings.now,
      onWarning: (code: 'unreadable' | 'readable', text: string) => this.#remark(code, text),
    };
    tellUnreadable(telling, snapshot, unreadable);
    webhook?.wake();
  }

  #measure({ statuses, leftOut, unreadable }: WatchRound): void {
    const { measured, settings } = this.#parts;
    measured.verdicts = statuses.flatMap(verdictsOf);
    measured.leftOut = leftOut + unreadable.length;
    measured.lookedAt = settings.now();
  }

  /** If the log broke its word, the receiver of alerts is told, and then the watch ends. */
  async #end(error: unknown): Promise<never> {
    const { settings, state, webhook } = this.#parts;
    if (!(error instanceof Refusal) || isAway(error) || webhook === undefined) throw error;
    const { log } = settings.client;
    const { code, message } = error;
    const name = eventName('watch', [log, code, message]);
    const body = eventBody('watch.ended', settings.now(), { log, code, message });
    state.atOnce(() => state.add('', '', { name, body }, settings.now()));
    await webhook.settle();
    if (state.waiting === 0) this.#remark('last-words', 'the webhook was told', 'note');
    throw error;
  }

  #remark(code: WatchRemarkCode, text: string, level: WatchRemark['level'] = 'warning'): void {
    this.#parts.settings.onRemark({ code, level, text });
  }
}

function awayText(error: unknown): string {
  return `the log cannot be looked at: ${error instanceof Error ? error.message : ''}; trying again`;
}
