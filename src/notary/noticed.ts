/**
 * Finds, among the notices `witnessed` of a log, the one with the largest head that the notary's trust policy accepts. Notices of
 * all monitors count, so that several monitors do not log the same head. A notice that the policy does not accept counts for
 * nothing, so that a hostile key cannot keep the others from logging.
 */
import { leafIndex } from '../bytes/brand.ts';
import { Refusal } from '../bytes/refusal.ts';
import type { EntryRow, LogReader } from '../log/ports.ts';
import { quorumTimes } from '../note/quorum-time.ts';
import type { TrustPolicy } from '../note/trust.ts';
import { openWitnessed } from '../registration/notices.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { parseStatement } from '../statement/parse.ts';
import type { Noticed } from './due.ts';

/** Most notices that one call opens, the newest first, so that a flood of them takes a bounded time. */
export const MOST_OPENED = 64;

/** What reading the notices needs. */
export interface NoticedParts {
  readonly origin: string;
  readonly trust: () => TrustPolicy;
  readonly reader: Pick<LogReader, 'search' | 'entry'>;
  readonly verify?: VerifySignature | undefined;
}

export class NoticedHeads {
  readonly #parts: NoticedParts;
  #upto = 0;
  #last: Noticed | undefined;

  constructor(parts: NoticedParts) {
    this.#parts = parts;
  }

  get last(): Noticed | undefined {
    return this.#last;
  }

  /** Reads the notices below `size` that are new since the last call. */
  async read(size: number): Promise<void> {
    const rows = await this.#rows(size, this.#upto);
    for (const { index } of rows) this.remember(await this.#open(index));
    this.#upto = Math.max(this.#upto, size);
  }

  /** Takes a notice that is known to be logged, also before it can be read. */
  remember(found: Noticed | undefined): void {
    if (found !== undefined && found.size > (this.#last?.size ?? 0)) this.#last = found;
  }

  /** Whether entries [from, size) hold anything but notices about the log itself. */
  async grew(from: number, size: number): Promise<boolean> {
    const between = size - from;
    if (between > MOST_OPENED) return true;
    return (await this.#rows(size, from)).length < between;
  }

  /** The newest notices in [from, size), `MOST_OPENED` at most. */
  async #rows(size: number, from: number): Promise<readonly EntryRow[]> {
    const { origin, reader } = this.#parts;
    const found: EntryRow[] = [];
    let before: number | undefined = size;
    while (before !== undefined && before > from && found.length < MOST_OPENED) {
      const limit = MOST_OPENED - found.length;
      const { rows, next } = await reader.search({ subject: origin, kind: 'notice', before, limit });
      found.push(...rows.filter(({ index }) => index >= from));
      before = next;
    }
    return found;
  }

  async #open(index: number): Promise<Noticed | undefined> {
    const { reader, trust, verify } = this.#parts;
    const parsed = parseStatement((await reader.entry(leafIndex(index))).bytes);
    if (parsed.kind !== 'notice' || parsed.notice.topic !== 'witnessed') return undefined;
    return noticedIn(index, parsed.notice.note, trust(), verify);
  }
}

/** The head in a note, if the policy accepts it with the times of its quorum; undefined for any other. */
export function noticedIn(
  index: number,
  note: Uint8Array,
  trust: TrustPolicy,
  verify?: VerifySignature,
): Noticed | undefined {
  try {
    const { checkpoint, cosignatures } = openWitnessed(index, { note }, trust, verify);
    const times = quorumTimes(trust, cosignatures);
    return times && { index, size: checkpoint.size, time: times.latest };
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
