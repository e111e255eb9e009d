/**
 * Finds out whether any claim of a log has a cadence below two hours. For each subject the newest commitment statement decides,
 * even if it lacks approvals: one notice too many costs less than a period without bounds.
 */
import { refuse } from '../bytes/refusal.ts';
import { leafIndex } from '../bytes/brand.ts';
import type { LogReader } from '../log/ports.ts';
import { isWithdrawal } from '../statement/commitment.ts';
import { parseStatement } from '../statement/parse.ts';
import { SHORT_CADENCE } from './due.ts';

/** Most commitments that one call reads, the newest first. It bounds the start on a large log. */
const MOST_COMMITMENTS = 10_000;
const PAGE = 250;

export class ShortCadences {
  readonly #reader: Pick<LogReader, 'search' | 'entry'>;
  /** Every commitment below this index was read. */
  #upto = 0;
  /** A subject whose newest commitment has such a claim. */
  #subject: string | undefined;

  constructor(reader: Pick<LogReader, 'search' | 'entry'>) {
    this.#reader = reader;
  }

  /** Whether a claim among the first `size` entries has a cadence below two hours. Reads what is new since the last call. */
  async isShort(size: number): Promise<boolean> {
    const known = this.#subject;
    const asked = await this.#read(size, this.#upto);
    // The subject that was known has another commitment now: another subject may have such a claim.
    if (known !== undefined && asked.has(known) && this.#subject === undefined) await this.#read(size, 0);
    return this.#subject !== undefined;
  }

  /** Looks at the newest commitment of each subject in [from, size). Returns these subjects. */
  async #read(size: number, from: number): Promise<ReadonlySet<string>> {
    const asked = new Set<string>();
    let before: number | undefined = size;
    let left = MOST_COMMITMENTS;
    while (before !== undefined && before > from && left > 0) {
      const { rows, next } = await this.#reader.search({ kind: 'commitment', before, limit: PAGE });
      for (const { index, subject } of rows) {
        if (index < from || left-- === 0) break;
        if (asked.has(subject)) continue;
        asked.add(subject);
        const isShort = await this.#hasShort(index);
        if (isShort) this.#subject = subject;
        else if (subject === this.#subject) this.#subject = undefined;
      }
      before = next;
    }
    this.#upto = size;
    return asked;
  }

  async #hasShort(index: number): Promise<boolean> {
    const parsed = parseStatement((await this.#reader.entry(leafIndex(index))).bytes);
    if (parsed.kind !== 'commitment') throw refuse('corrupt-store', `entry ${index} is no commitment`);
    const { commitment } = parsed;
    return !isWithdrawal(commitment) && commitment.claims.some(({ cadence }) => cadence < SHORT_CADENCE);
  }
}
