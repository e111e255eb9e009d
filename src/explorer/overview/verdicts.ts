/**
 * The verdicts of every subject of a log, kept: once a head, of the subjects that new entries are about; and of those for which a
 * due time, a deadline, a validity or a waiver has passed. All others stand as they are (appraisal/until.ts). The client verifies
 * every entry as any reader's does.
 *
 *     const verdicts = new Verdicts(client, MOST);
 *     await verdicts.look();                      // which subjects there are, and which of them changed
 *     while (await verdicts.next()) …             // computes one of those
 */
import { holdsUntil } from '../../appraisal/until.ts';
import { appraiseSubject, type SubjectStatus } from '../../appraisal/subject.ts';
import type { KnownRun } from '../../appraisal/since.ts';
import { isOfOne } from '../../bytes/nature.ts';
import type { LogClient } from '../../client/client.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { rowOf, unreadableRow, type MadeRow } from './row.ts';
import type { OverviewRow } from '../shared/overview.ts';

/** Most subjects that are kept, and claims of them all. */
export interface VerdictLimits {
  readonly subjects: number;
  readonly claims: number;
}

export const VERDICT_LIMITS: VerdictLimits = { subjects: 100_000, claims: 1_000_000 };

export interface OverviewHead {
  readonly origin: string;
  readonly size: number;
  /** When it was signed; undefined if nobody says so. */
  readonly time: number | undefined;
  /** When it was looked at: rows that are not outdated hold then. */
  readonly now: number;
}

/** What is kept of a subject. */
interface Kept {
  /** Undefined for a subject without claims. */
  readonly row: MadeRow['row'] | undefined;
  readonly runs: ReadonlyMap<string, KnownRun>;
  /** POSIX seconds from which on it may be another one. */
  readonly until: number;
  readonly nextHead: boolean;
  /** Index of its newest entry that was read. */
  readonly newest: number;
}

/** Proofs of a subject that are read for the begin of a failure, one step after another. */
const DEEPER = [64, 256, 1_024] as const;

/** Entries between two heads up to which their subjects are asked for; beyond, every subject is computed again. */
const MOST_BETWEEN = 65_536;

/** What concerns every subject: if it differs, all are computed again. */
interface Everything {
  readonly revoked: string;
  readonly behind: number;
  readonly timed: boolean;
}

export class Verdicts {
  readonly #client: LogClient;
  readonly #limits: VerdictLimits;
  readonly #kept = new Map<string, Kept>();
  /** Subjects to compute, in this order. */
  readonly #dirty = new Set<string>();
  #snapshot: Snapshot | undefined;
  #everything: Everything | undefined;
  /** Where times are bounds by witnesses: entries from this index on may get other ones with the next head. */
  #open = 0;
  #latest = 0;
  #subjects: readonly string[] = [];
  #claims = 0;
  /** Subjects with too many claims for what is kept of all. */
  #crowdedOut = 0;

  constructor(client: LogClient, limits = VERDICT_LIMITS) {
    this.#client = client;
    this.#limits = limits;
  }

  /** The head that the rows go by; undefined before the first look. */
  get head(): OverviewHead | undefined {
    if (this.#snapshot === undefined) return undefined;
    const { view, size, headTime: time, now } = this.#snapshot;
    return { origin: view.opened.checkpoint.origin, size, time, now };
  }

  /** Subjects that are to be computed. */
  get waiting(): number {
    return this.#dirty.size;
  }

  /** Subjects that found no place. */
  get leftOut(): number {
    return Math.max(0, this.#subjects.length - this.#limits.subjects) + this.#crowdedOut;
  }

  get withoutClaims(): number {
    return [...this.#kept.values()].filter(({ row }) => row === undefined).length;
  }

  *rows(): Generator<OverviewRow> {
    for (const [subject, { row }] of this.#kept)
      if (row !== undefined) yield { ...row, outdated: this.#dirty.has(subject) };
  }

  /** Looks which subjects changed since the last look. Throws what a snapshot does; then everything stays as it was. */
  async look(): Promise<void> {
    const before = this.#snapshot;
    const snapshot = await this.#client.snapshot();
    if (before?.size !== snapshot.size) this.#subjects = await subjectsOf(snapshot);
    const here = this.#subjects.slice(0, this.#limits.subjects);
    const everything = everythingOf(snapshot);
    const touched = before === undefined ? undefined : await touchedIn(snapshot, before.size);
    const moved = await this.#movedFrom(snapshot, before?.size ?? 0);
    const whole = touched === undefined || moved === undefined || !same(everything, this.#everything);
    // Newest first: what was declared last is asked for first.
    for (const subject of here.toReversed())
      if (whole || touched.has(subject) || this.#isOver(subject, snapshot, before, moved))
        this.#dirty.add(subject);
    this.#snapshot = snapshot;
    this.#everything = everything;
  }

  #isOver(subject: string, { now, size }: Snapshot, before: Snapshot | undefined, moved: number): boolean {
    const kept = this.#kept.get(subject);
    if (kept === undefined) return true;
    return kept.until <= now || kept.newest >= moved || (kept.nextHead && size !== before?.size);
  }

  /** Index from which on times of entries differ from before; undefined if any may. */
  async #movedFrom(snapshot: Snapshot, since: number): Promise<number | undefined> {
    if (snapshot.times === 'log') return Infinity;
    const from = this.#open;
    let isUsual = true;
    for await (const { size, notAfter } of snapshot.heads.ascending(since)) {
      // A larger head that was cosigned before a smaller one bounds entries further back.
      isUsual &&= notAfter >= this.#latest && size >= this.#open;
      this.#latest = Math.max(this.#latest, notAfter);
      this.#open = Math.max(this.#open, size);
    }
    return isUsual ? from : undefined;
  }

  /** Computes the next subject that changed. False if there is none. Throws what concerns every subject. */
  async next(): Promise<boolean> {
    const [subject] = this.#dirty;
    const snapshot = this.#snapshot;
    if (subject === undefined || snapshot === undefined) return false;
    const kept = await this.#compute(snapshot, subject);
    this.#claims += countOf(kept) - countOf(this.#kept.get(subject));
    this.#dirty.delete(subject);
    if (this.#claims > this.#limits.claims) {
      this.#claims -= countOf(kept);
      this.#kept.delete(subject);
      this.#crowdedOut += 1;
      return true;
    }
    this.#kept.set(subject, kept);
    return true;
  }

  async #compute(snapshot: Snapshot, subject: string): Promise<Kept> {
    try {
      const known = this.#kept.get(subject)?.runs ?? new Map<string, KnownRun>();
      let made = await this.#read(snapshot, subject, known, undefined);
      for (const least of DEEPER) {
        if (made.made?.deeper !== true) break;
        made = await this.#read(snapshot, subject, known, least);
      }
      const { status, until } = made;
      return {
        row: made.made?.row,
        runs: made.made?.runs ?? new Map(),
        until: until.at,
        nextHead: until.nextHead,
        newest: status.entries.at(-1)?.index ?? 0,
      };
    } catch (error) {
      if (!isOfOne(error)) throw error;
      const row = unreadableRow(subject, error.message);
      return { row, runs: new Map(), until: Infinity, nextHead: true, newest: 0 };
    }
  }

  async #read(
    snapshot: Snapshot,
    subject: string,
    known: ReadonlyMap<string, KnownRun>,
    least: number | undefined,
  ): Promise<{
    readonly status: SubjectStatus;
    readonly until: ReturnType<typeof holdsUntil>;
    readonly made: MadeRow | undefined;
  }> {
    const record = await snapshot.subject(subject, least);
    const status = appraiseSubject(record, snapshot.context);
    const until = holdsUntil(status, record, snapshot.context);
    return { status, until, made: rowOf(status, snapshot.policies, snapshot.now, known) };
  }
}

/** The oldest subject first. Reading those of a large log takes several calls. */
async function subjectsOf(snapshot: Snapshot): Promise<readonly string[]> {
  for (;;) {
    const roster = await snapshot.roster();
    if (roster.unread === 0) return roster.newest.map(({ subject }) => subject);
  }
}

/** Subjects of the entries from an index on; undefined if these are too many. */
async function touchedIn(snapshot: Snapshot, from: number): Promise<ReadonlySet<string> | undefined> {
  if (snapshot.size - from > MOST_BETWEEN) return undefined;
  const touched = new Set<string>();
  if (snapshot.size <= from) return touched;
  for await (const { rows } of snapshot.pages({ from, before: snapshot.size }))
    for (const { subject } of rows) touched.add(subject);
  return touched;
}

function everythingOf({ policies, behind, headTime }: Snapshot): Everything {
  const revoked = [...policies.inForce.revoked].map(([kid, { since }]) => `${kid} ${since}`);
  return { revoked: revoked.toSorted().join('\n'), behind, timed: headTime !== undefined };
}

function same(one: Everything, other: Everything | undefined): boolean {
  return one.revoked === other?.revoked && one.behind === other.behind && one.timed === other.timed;
}

function countOf(kept: Kept | undefined): number {
  return kept?.row?.claims.length ?? 0;
}
