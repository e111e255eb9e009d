/**
 * The notary of a running log: it logs the log's own witnessed heads (notary/notary.ts). Its key is read and used on the
 * sequencer's thread, like every key of the log; here the note is chosen and the signed notice submitted, as anybody's.
 */
import { refuse } from '../bytes/refusal.ts';
import type { Noticing, LogReader, Outcome } from '../log/ports.ts';
import { Fullest } from '../notary/fullest.ts';
import { Notary, notaryTrust } from '../notary/notary.ts';
import type { NoteVerifier } from '../note/key.ts';
import type { TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';

/** Milliseconds between two looks at whether a notice is due. */
const LOOK_MS = 15_000;

/** Seconds after which a missing notice is warned of: three of the usual periods. */
const OVERDUE_SECONDS = 3 * 3_600;

export interface LogNotaryParts {
  readonly origin: string;
  readonly policy: TrustPolicy;
  /** The log's keys in the policy in force, which may change. */
  readonly logKeys: () => readonly NoteVerifier[];
  readonly reader: Pick<LogReader, 'search' | 'entry' | 'head'>;
  /** Signs a notice with a note, on the thread that has the key. */
  readonly sign: (note: Uint8Array) => Promise<Uint8Array>;
  readonly submit: (statement: Uint8Array) => Promise<Outcome | undefined>;
  /** POSIX seconds. */
  readonly now: () => number;
  readonly verify: VerifySignature;
  readonly onWarning: (text: string) => void;
}

export class LogNotary {
  readonly #notary: Notary;
  readonly #now: () => number;
  readonly #fullest = new Fullest();
  readonly #timer: NodeJS.Timeout;

  private constructor(parts: LogNotaryParts, trust: TrustPolicy) {
    const { origin, reader, verify, now, onWarning } = parts;
    this.#now = now;
    this.#notary = new Notary({
      origin,
      trust: () => ({ ...trust, logs: parts.logKeys().map((verifier) => ({ verifier })) }),
      reader,
      head: () => this.#fullest.note,
      log: async (note) => indexOf(await parts.submit(await parts.sign(note))),
      now,
      verify,
      onWarning,
    });
    this.#timer = setInterval(() => void this.#notary.step(), LOOK_MS).unref();
  }

  /** Undefined for a log without witnesses: there is nothing that its notices could show. */
  static of(parts: LogNotaryParts): LogNotary | undefined {
    const trust = notaryTrust(parts.policy);
    return trust && new LogNotary(parts, trust);
  }

  /** Told of each checkpoint that is published. */
  published(note: Uint8Array): void {
    this.#fullest.offer(note, performance.now());
  }

  get status(): Noticing {
    return this.#notary.status;
  }

  /** For `/readyz`: why no witnessed head is logged, when that lasts. */
  warnings(): readonly string[] {
    const { last, fault } = this.status;
    if (fault === undefined) return [];
    const since = last === undefined ? Infinity : this.#now() - last.time;
    return since < OVERDUE_SECONDS ? [] : [`${fault}; read spec/operations.md "Witnessed heads"`];
  }

  /** Logs a notice if one is due. */
  step(): Promise<void> {
    return this.#notary.step();
  }

  /** Ends looking; what is under way is finished. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#notary.idle();
  }
}

function indexOf(outcome: Outcome | undefined): number {
  if (outcome === undefined) throw new Error('a statement was submitted and nothing came of it');
  if (outcome.kind === 'logged') return outcome.index;
  const { code, message } = outcome.refusal;
  const isKey = code === 'unknown-key' || code === 'wrong-role' || code === 'subject-not-allowed';
  throw isKey
    ? refuse(code, `${message} (or enrol the log's own key: tallystick policy witnessed)`)
    : outcome.refusal;
}
