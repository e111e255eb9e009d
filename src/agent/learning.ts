/**
 * What an agent reads of its log at each step. It asks by subject, from where it stopped, with as few requests as
 * possible. For patterns it follows the commitments of the log page by page; subjects that were there first keep their
 * place.
 */
import { isOfOne } from '../bytes/nature.ts';
import type { Refusal } from '../bytes/refusal.ts';
import type { History } from '../appraisal/history.ts';
import type { EntryId } from '../bytes/brand.ts';
import { Roster, ROSTER_LIMITS } from '../client/roster.ts';
import type { Policy } from '../statement/policy.ts';
import { learn, recall } from './history.ts';
import type { AgentStore } from './agent-store.ts';
import type { LogPort } from '../client/log-port.ts';
import { isPattern, subjectTest } from './watched.ts';

/** Most subjects that an agent proves; each needs requests of its own. */
const MOST_SUBJECTS = 10_000;
/** Rows in one page of a listing, about: as much as one request about a subject costs. */
const ROWS_A_PAGE = 64;
const ASKED_A_SUBJECT = 4;

/** The result of one reading. */
export interface Learnt {
  /** Number of subjects that found no place, and of entries that were not listed yet, at most. */
  readonly leftOut: number;
  /** Subjects that cannot be read, with the reason. The others are proven. */
  readonly unreadable: ReadonlyMap<string, Refusal>;
}

export class Learning {
  readonly #log: LogPort;
  readonly #store: AgentStore;
  readonly #names: readonly string[];
  readonly #isOwn: (id: EntryId) => boolean;
  readonly #has: (subject: string) => boolean;
  readonly #roster: Roster | undefined;
  /** Size of the tree up to which each subject was read by this process. */
  readonly #upto = new Map<string, number>();
  readonly #histories = new Map<string, History>();
  #size = 0;
  #policy: Policy | undefined;

  /**
   * `most`: number of subjects that it proves. `isOwn`: whether an entry is a proof that this agent made, which tells
   * it nothing new.
   */
  constructor(
    log: LogPort,
    store: AgentStore,
    wanted: readonly string[],
    {
      most = MOST_SUBJECTS,
      isOwn = () => false,
    }: { readonly most?: number; readonly isOwn?: (id: EntryId) => boolean } = {},
  ) {
    this.#isOwn = isOwn;
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

  /**
   * Reads what is new up to a tree of `size` entries, as far as one step allows. Refuses as `LogPort` does if the log
   * cannot be reached.
   */
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

  /**
   * Restores what was read before, while the log cannot be reached. A subject whose entries cannot be restored is
   * reported when the log is back.
   */
  remember(policy: Policy | undefined): void {
    for (const subject of this.#store.subjects().filter(this.#has)) {
      try {
        this.#histories.set(subject, recall(this.#store, subject, policy));
      } catch (error) {
        if (!isOfOne(error)) throw error;
      }
    }
  }

  /**
   * The subjects of all new entries but the agent's own proofs, if listing those once needs fewer requests than asking about each subject; else
   * undefined.
   */
  async #touched(subjects: number, size: number): Promise<ReadonlySet<string> | undefined> {
    const from = this.#size;
    if (from === 0 || (size - from) / ROWS_A_PAGE >= subjects * ASKED_A_SUBJECT) return undefined;
    const touched = new Set<string>();
    for await (const { rows } of this.#log.pages({ from, before: size }))
      for (const { subject, id } of rows) if (!this.#isOwn(id)) touched.add(subject);
    return touched;
  }
}
