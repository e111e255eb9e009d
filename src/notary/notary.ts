/**
 * A notary logs the notice `witnessed`: the newest checkpoint with its cosignatures, so that a later reader can bound
 * entries in time (spec/audit.md, "Witnessed heads"). `serve` has one for its own log, and a monitor one for each log in
 * which its key is enrolled. It decides by what is in the log. So a restart repeats nothing, and of several notaries only one
 * writes.
 *
 *     const notary = new Notary({ origin, trust, reader, head: () => note, log: signAndSubmit, … });
 *     setInterval(() => void notary.step(), 15_000);       // step() decides; most calls do nothing
 *
 * A failure never ends anything: it is kept for `status`, and tried again.
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { LogReader, Noticing } from '../log/ports.ts';
import type { TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { MAX_WITNESSED_NOTE } from '../statement/notice.ts';
import { ShortCadences } from './cadence.ts';
import { dueAt, PERIODS, type Periods, type Standing } from './due.ts';
import { NoticedHeads, noticedIn } from './noticed.ts';

/** Seconds until a failed notice is tried again: first and longest wait. Each failure in a row doubles the wait. */
const FIRST_RETRY = 60;
const LONGEST_RETRY = 600;

export interface NotaryParts {
  readonly origin: string;
  /** Whose signatures count: the log's keys, and witnesses with a quorum (`notaryTrust`). */
  readonly trust: () => TrustPolicy;
  /** The log, or a verified copy of it. */
  readonly reader: Pick<LogReader, 'search' | 'entry' | 'head'>;
  /** The newest published checkpoint that it could log; undefined while there is none. */
  readonly head: () => Uint8Array | undefined;
  /** Signs a notice with this note and logs it. Resolves with its index. */
  readonly log: (note: Uint8Array) => Promise<number>;
  /** POSIX seconds. */
  readonly now: () => number;
  /** Seconds after the due time at which this notary writes. A monitor waits, so that it writes only if the log did not. */
  readonly lateness?: number | undefined;
  readonly periods?: Periods | undefined;
  readonly verify?: VerifySignature | undefined;
  /** Called with each failure, and with the first success after one. */
  readonly onWarning: (text: string) => void;
}

export class Notary {
  readonly #parts: NotaryParts;
  readonly #noticed: NoticedHeads;
  readonly #cadences: ShortCadences;
  #running: Promise<void> | undefined;
  #dueSince: number | undefined;
  #written = 0;
  #failures = 0;
  /** Failures in a row. */
  #failed = 0;
  #retryAt = 0;
  #fault: string | undefined;

  constructor(parts: NotaryParts) {
    this.#parts = parts;
    this.#noticed = new NoticedHeads(parts);
    this.#cadences = new ShortCadences(parts.reader);
  }

  get status(): Noticing {
    const { last } = this.#noticed;
    return { last, written: this.#written, failures: this.#failures, fault: this.#fault };
  }

  /** Logs a notice if one is due. Never rejects. A call while another is under way joins that one. */
  step(): Promise<void> {
    this.#running ??= this.#step().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #step(): Promise<void> {
    const now = this.#parts.now();
    if (now < this.#retryAt) return;
    try {
      const note = await this.#due(now);
      if (note === undefined) return;
      const index = await this.#parts.log(note);
      this.#written++;
      const { trust, verify } = this.#parts;
      this.#noticed.remember(noticedIn(index, note, trust(), verify));
      this.#succeeded(index);
    } catch (error) {
      this.#tell(error, now);
    }
  }

  /** The note to log now; undefined when nothing is due. */
  async #due(now: number): Promise<Uint8Array | undefined> {
    const { head, trust, verify, periods = PERIODS, lateness = 0 } = this.#parts;
    const note = head();
    if (note === undefined) return this.#notDue();
    if (note.length > MAX_WITNESSED_NOTE)
      throw refuse(
        'too-large',
        `the checkpoint has ${note.length} bytes; an entry holds ${MAX_WITNESSED_NOTE} of them`,
      );
    const size = this.#parts.reader.head().size;
    await this.#noticed.read(size);
    const seen = noticedIn(size, note, trust(), verify);
    const due = seen && dueAt(await this.#standing(now, seen.size), periods);
    if (due === undefined || now < due) return this.#notDue();
    this.#dueSince ??= now;
    return now < this.#dueSince + lateness ? undefined : note;
  }

  #notDue(): undefined {
    this.#dueSince = undefined;
  }

  async #standing(now: number, head: number): Promise<Standing> {
    const { reader } = this.#parts;
    const { last } = this.#noticed;
    const policies = await reader.search({ kind: 'policy', before: head, limit: 1 });
    return {
      now,
      head,
      last,
      policy: policies.rows[0]?.index ?? 0,
      grew: last === undefined || (await this.#noticed.grew(last.size, head)),
      isShort: await this.#cadences.isShort(head),
    };
  }

  #succeeded(index: number): void {
    if (this.#fault !== undefined) this.#parts.onWarning(`a witnessed head was logged again: entry ${index}`);
    this.#failed = 0;
    this.#fault = undefined;
    this.#dueSince = undefined;
  }

  #tell(error: unknown, now: number): void {
    const why = error instanceof Error ? error.message : String(error);
    const fault = `no witnessed head could be logged (${error instanceof Refusal ? error.code : 'failed'}): ${why}`;
    this.#failures++;
    this.#retryAt = now + Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** Math.min(this.#failed, 10));
    this.#failed++;
    if (fault !== this.#fault) this.#parts.onWarning(fault);
    this.#fault = fault;
  }
}

/**
 * The policy by which a notary takes cosignatures: the reader's, or, if that asks for no quorum, any of its witnesses.
 * Undefined without witnesses: then no head of the past can be had, and time is the log's word.
 */
export function notaryTrust(policy: TrustPolicy): TrustPolicy | undefined {
  if (policy.witnesses.length === 0) return undefined;
  if (policy.quorum !== 'none') return policy;
  return { ...policy, quorum: { name: 'any witness', threshold: 1, members: policy.witnesses } };
}
