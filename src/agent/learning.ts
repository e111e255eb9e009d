/**
 * What an agent learns of its log at each look: it asks by subject, from where it stopped, and no more than it must. For
 * patterns it follows the commitments of the log page by page; who was there first keeps its place.
 */
import { isAway, natureOf } from '../bytes/nature.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { Roster, ROSTER_LIMITS } from '../client/roster.ts';
import { learn } from './history.ts';
import type { Ledger } from './ledger.ts';
import type { AgentLog } from './log.ts';
import { isPattern, subjectTest } from './watched.ts';

/** Subjects that an agent looks after at most: each is asked about by itself. */
const MOST_SUBJECTS = 10_000;
/** About what one page of a listing brings, and what it takes to ask about one subject. */
const ROWS_A_PAGE = 64;
const ASKED_A_SUBJECT = 4;

/** What one look brought. */
export interface Learnt {
  readonly subjects: readonly string[];
  /** Subjects, and entries not listed yet, that found no place; at most so many. */
  readonly leftOut: number;
  /** Subjects that cannot be read, and why: the others go on. */
  readonly unreadable: ReadonlyMap<string, Refusal>;
}

export class Learning {
  readonly #log: AgentLog;
  readonly #ledger: Ledger;
  readonly #names: readonly string[];
  readonly #patterns: readonly string[];
  readonly #roster: Roster;
  /** Size of the tree up to which every subject was looked at. */
  #size = 0;

  /** `most`: subjects that it looks after. */
  constructor(log: AgentLog, ledger: Ledger, wanted: readonly string[], most = MOST_SUBJECTS) {
    this.#log = log;
    this.#ledger = ledger;
    this.#names = wanted.filter((each) => !isPattern(each));
    this.#patterns = wanted.filter(isPattern);
    this.#roster = new Roster({ ...ROSTER_LIMITS, subjects: most }, subjectTest(this.#patterns));
  }

  /** Everything up to a tree of `size` entries that one look has room for. Refuses as `AgentLog` does while it is away. */
  async upTo(size: number): Promise<Learnt> {
    const pages = this.#log.pages.bind(this.#log);
    if (this.#patterns.length > 0) await this.#roster.advance(pages, size);
    const listed = this.#roster.newest.map(({ subject }) => subject);
    const subjects = [...new Set([...this.#names, ...listed])];
    const touched = await this.#touched(subjects.length, size);
    const unreadable = new Map<string, Refusal>();
    for (const subject of subjects) {
      if (touched?.has(subject) === false && this.#ledger.learntUpto(subject) >= this.#size) continue;
      try {
        await learn(this.#log, this.#ledger, subject, size);
      } catch (error) {
        if (!isOfOne(error)) throw error;
        unreadable.set(subject, error);
      }
    }
    // One that could not be read is asked about again, whatever is new.
    if (unreadable.size === 0) this.#size = size;
    return { subjects, leftOut: this.#roster.dropped + this.#roster.unread, unreadable };
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

/** Whether a refusal is about the entries of one subject, and not about the log or this machine. */
function isOfOne(error: unknown): error is Refusal {
  return error instanceof Refusal && ['input', 'refused'].includes(natureOf(error.code));
}
