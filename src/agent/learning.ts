/**
 * What an agent learns of its log at each look: it asks by subject, from where it stopped, and no more than it must. For
 * patterns it follows the commitments of the log page by page; who was there first keeps its place.
 */
import { isOfOne } from '../bytes/nature.ts';
import type { Refusal } from '../bytes/refusal.ts';
import type { History } from '../appraisal/history.ts';
import { Roster, ROSTER_LIMITS } from '../client/roster.ts';
import type { Policy } from '../statement/policy.ts';
import { learn, recall } from './history.ts';
import type { AgentStore } from './agent-store.ts';
import type { LogPort } from '../client/log-port.ts';
import { isPattern, subjectTest } from './watched.ts';

/** Subjects that an agent looks after at most: each is asked about by itself. */
const MOST_SUBJECTS = 10_000;
/** About what one page of a listing brings, and what it takes to ask about one subject. */
const ROWS_A_PAGE = 64;
const ASKED_A_SUBJECT = 4;

/** What one look brought. */
export interface Learnt {
  /** Subjects, and entries not listed yet, that found no place; at most so many. */
  readonly leftOut: number;
  /** Subjects that cannot be read, and why: the others go on. */
  readonly unreadable: ReadonlyMap<string, Refusal>;
}

export class Learning {
  readonly #log: LogPort;
  readonly #store: AgentStore;
  readonly #names: readonly string[];
  readonly #has: (subject: string) => boolean;
  readonly #roster: Roster | undefined;
  /** Size of the tree up to which each subject was looked at, by this process. */
  readonly #upto = new Map<string, number>();
  readonly #histories = new Map<string, History>();
  #size = 0;
  #policy: Policy | undefined;

  /** `most`: subjects that it looks after. */
  constructor(log: LogPort, store: AgentStore, wanted: readonly string[], most = MOST_SUBJECTS) {
    this.#log = log;
    this.#store = store;
    this.#names = wanted.filter((each) => !isPattern(each));
    this.#has = subjectTest(wanted);
    const patterns = wanted.filter(isPattern);
    const limits = { ...ROSTER_LIMITS, subjects: most };
    this.#roster = patterns.length === 0 ? undefined : new Roster(limits, subjectTest(patterns));
  }

  /** What is known of each subject. */
  get histories(): ReadonlyMap<string, History> {
    return this.#histories;
  }

  /** Everything up to a tree of `size` entries that one look has room for. Refuses as `LogPort` does while it is away. */
  async upTo(size: number, policy: Policy | undefined): Promise<Learnt> {
    await this.#roster?.advance((wanted) => this.#log.pages(wanted), size);
    const listed = this.#roster?.newest.map(({ subject }) => subject) ?? [];
    const subjects = [...new Set([...this.#names, ...listed])];
    const touched = await this.#touched(subjects.length, size);
    const unreadable = new Map<string, Refusal>();
    for (const subject of subjects) {
      try {
        const isCurrent = touched?.has(subject) === false && this.#upto.get(subject) === this.#size;
        const isNew = !isCurrent && (await learn(this.#log, this.#store, subject, size));
        if (isNew || policy !== this.#policy || !this.#histories.has(subject))
          this.#histories.set(subject, recall(this.#store, subject, policy));
        this.#upto.set(subject, size);
      } catch (error) {
        if (!isOfOne(error)) throw error;
        this.#upto.delete(subject);
        unreadable.set(subject, error);
      }
    }
    [this.#size, this.#policy] = [size, policy];
    return { leftOut: (this.#roster?.dropped ?? 0) + (this.#roster?.unread ?? 0), unreadable };
  }

  /** What was learnt before, while the log is away. A subject that cannot be recalled is told of when the log is back. */
  remember(policy: Policy | undefined): void {
    for (const subject of this.#store.subjects().filter(this.#has)) {
      try {
        this.#histories.set(subject, recall(this.#store, subject, policy));
      } catch (error) {
        if (!isOfOne(error)) throw error;
      }
    }
  }

  /** The subjects of what is new, where one listing of it asks less than each subject; undefined where it does not. */
  async #touched(subjects: number, size: number): Promise<ReadonlySet<string> | undefined> {
    const from = this.#size;
    if (from === 0 || (size - from) / ROWS_A_PAGE >= subjects * ASKED_A_SUBJECT) return undefined;
    const touched = new Set<string>();
    for await (const { rows } of this.#log.pages({ from, before: size }))
      for (const { subject } of rows) touched.add(subject);
    return touched;
  }
}
