/**
 * A witness (C2SP tlog-witness): checks requests, cosigns checkpoints, and answers once the cosignature is stored.
 * Requests that come while a round is signed and stored wait for the next round. One write to the disk then serves all
 * of a round, and requests of one log are handled one after another.
 */
import { refuse } from '../bytes/refusal.ts';
import { cosign, originHash } from '../note/checkpoint.ts';
import { cosignSubtree } from '../note/cosignature.ts';
import { formatVkey, sameHandle, verifierOf, type NoteSigner, type NoteVerifier } from '../note/key.ts';
import { formatNote, formatSignatures, type SignatureLine } from '../note/note.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { Allowance } from './allowance.ts';
import { examine, type Examined } from './decide.ts';
import type { KnownLog, KnownLogs } from './logs.ts';
import { CLOCK_TOLERANCE, Round, type Contradiction, type Draft, type Outcome } from './round.ts';
import type { Held, WitnessState } from './state.ts';
import { examineSubtree } from './subtree.ts';

/** Most requests that may wait; each holds a checkpoint that its log signed. */
const MAX_WAITING = 1024;
/** Most requests in one round, so that one write does not take too long. */
const MAX_ROUND = 128;

export interface WitnessParts {
  /** Ed25519 (type 04) first, then ML-DSA-44 (type 06); of one name. */
  readonly signers: readonly NoteSigner[];
  readonly verify: VerifySignature;
  readonly state: WitnessState;
  readonly logs: KnownLogs;
  /** The wall clock, milliseconds. */
  readonly now: () => number;
  /** Runs something soon, after the requests that are being read. */
  readonly defer: (run: () => void) => void;
  /** Stores the evidence; awaited before the request is answered. */
  readonly onContradiction: (contradiction: Contradiction) => Promise<void>;
}

/** The reply to a good request: signature lines (200), or the size that we hold (409). */
export type Answer =
  { readonly kind: 'cosigned'; readonly lines: string } | { readonly kind: 'stale'; readonly size: number };

interface Waiting {
  readonly request: Examined;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Subtrees being signed at once: they share the signing threads with checkpoints, and anyone may ask for them. */
const MAX_SUBTREES = 16;

/** What happened since the start, for metrics. */
export interface Counts {
  signed: number;
  rounds: number;
  contradictions: number;
}

export class Witness {
  readonly name: string;
  /** As `NoteSigner`s are: Ed25519 first. */
  readonly vkeys: readonly string[];
  readonly counts: Counts = { signed: 0, rounds: 0, contradictions: 0 };
  readonly #parts: WitnessParts;
  readonly #own: readonly NoteVerifier[];
  #logs: KnownLogs;
  #byHash: ReadonlyMap<string, string>;
  readonly #allowances = new Map<string, { readonly grow: Allowance; readonly refresh: Allowance }>();
  #waiting: Waiting[] = [];
  /** Changes of the state that run between two rounds. */
  readonly #between: (() => void)[] = [];
  #subtrees = 0;
  #running: Promise<void> | undefined;
  #closed = false;
  #failure: string | undefined;

  constructor(parts: WitnessParts) {
    const [first] = parts.signers;
    if (first === undefined) throw new RangeError('a witness without keys');
    this.name = first.name;
    this.vkeys = parts.signers.map(({ name, type, signer }) => formatVkey(name, type, signer.publicKey));
    this.#parts = parts;
    this.#own = parts.signers.map(verifierOf);
    this.#logs = parts.logs;
    this.#byHash = hashes(parts.logs);
  }

  get logs(): KnownLogs {
    return this.#logs;
  }

  /** Replaces the list of known logs. */
  setLogs(logs: KnownLogs): void {
    this.#logs = logs;
    this.#byHash = hashes(logs);
    this.#allowances.clear();
  }

  held(origin: string): Held | undefined {
    return this.#parts.state.held.get(origin);
  }

  /** Whether a log is known and not cosigned until the operator decides. */
  isHalted(origin: string): boolean {
    return (this.held(origin)?.halted ?? '') !== '';
  }

  /** What keeps the witness from cosigning: the last write failed, or the clock is behind the last cosignature. */
  faults(): string[] {
    const seconds = this.#parts.now() / 1000;
    const newest = Math.max(1, ...this.#parts.state.held.values().map(({ time }) => time));
    return [
      ...(this.#failure === undefined ? [] : [`the last cosignatures could not be stored: ${this.#failure}`]),
      ...(seconds + CLOCK_TOLERANCE >= newest ? [] : ['the clock is behind what was cosigned: set it']),
    ];
  }

  /**
   * Answers add-checkpoint; what it answers is durable. Refuses as `examine` does, and `bad-request`,
   * `proof-failed`, `not-cosigning`, `rate-limited`, `overloaded`, `store-failed`, `shutting-down`.
   */
  async addCheckpoint(body: Uint8Array): Promise<Answer> {
    const request = examine(body, this.#logs, this.#parts.verify);
    if (this.#closed) throw refuse('shutting-down', 'the witness is stopping; ask again later');
    if (this.#waiting.length >= MAX_WAITING)
      throw refuse('overloaded', 'too many checkpoints are waiting; send this one again in a moment');
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Answers sign-subtree: a signature line. Refuses as `examineSubtree` does, and `overloaded`. */
  async signSubtree(body: Uint8Array): Promise<string> {
    const { signers, verify } = this.#parts;
    if (this.#subtrees >= MAX_SUBTREES)
      throw refuse('overloaded', 'too many subtrees are being signed; send this one again in a moment');
    const subtree = examineSubtree(body, this.#logs, this.#own, verify);
    this.#subtrees++;
    try {
      const lines = signers.filter(({ type }) => type === 6).map((signer) => cosignSubtree(subtree, signer));
      return formatSignatures(await Promise.all(lines));
    } finally {
      this.#subtrees--;
    }
  }

  /** The monitoring form: the checkpoint cosigned last, of a log by its hash. Refuses `not-found`. */
  checkpoint(hash: string): Uint8Array {
    const origin = this.#byHash.get(hash);
    const signed = origin === undefined ? undefined : this.held(origin)?.signed;
    if (signed === undefined || signed.cosignatures.length === 0)
      throw refuse('not-found', 'no checkpoint of that log was cosigned here');
    return formatNote(signed.text, [...signed.lines, ...signed.cosignatures]);
  }

  /** Stops cosigning a log until the operator decides, from the next round on. Refuses `store-failed`. */
  halt(origin: string, why: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#between.push(() => {
        try {
          resolve(this.#parts.state.halt(origin, why));
        } catch (error) {
          reject(error);
        }
      });
      this.#running ??= this.#run();
    });
  }

  /** Answers the requests that wait and takes no more. The caller closes the state afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    await new Promise<void>((resolve) => this.#parts.defer(resolve));
    while (this.#waiting.length + this.#between.length > 0) {
      for (const order of this.#between.splice(0)) order();
      const turn = this.#waiting.splice(0, MAX_ROUND);
      try {
        await this.#round(turn);
      } catch (error) {
        this.#failure = error instanceof Error ? error.message : String(error);
        for (const { reject } of turn) reject(error);
      }
    }
    this.#running = undefined;
  }

  async #round(turn: readonly Waiting[]): Promise<void> {
    const { state, now } = this.#parts;
    const seconds = Math.floor(now() / 1000);
    const round = new Round({
      held: state.held,
      now: seconds,
      current: (lines) => this.#isCurrent(lines),
      allow: (origin, refresh) => this.#allow(origin, refresh, seconds),
    });
    const outcomes = turn.map(({ request }) => round.decide(request));
    const signed = await this.#sign(round.drafts);
    if (signed.size > 0) {
      state.commit(newestOf(signed));
      this.#failure = undefined;
    }
    this.counts.rounds++;
    this.counts.signed += signed.size;
    for (const contradiction of round.contradictions) {
      this.counts.contradictions++;
      await this.#parts.onContradiction(contradiction);
    }
    for (const [i, waiting] of turn.entries()) settle(waiting, outcomes[i], signed);
  }

  async #sign(drafts: readonly Draft[]): Promise<Map<Draft, readonly SignatureLine[]>> {
    const made = drafts.map(async (draft): Promise<[Draft, readonly SignatureLine[]]> => {
      const lines = this.#parts.signers.map((signer) => cosign(draft.checkpoint, signer, draft.time));
      return [draft, await Promise.all(lines)];
    });
    return new Map(await Promise.all(made));
  }

  #isCurrent(lines: readonly SignatureLine[]): boolean {
    return this.#own.every((key) => lines.some((line) => sameHandle(line, key)));
  }

  /**
   * Repeated submissions have an allowance of their own, so that a stranger who submits a checkpoint again uses nothing
   * of the log's.
   */
  #allow(origin: string, refresh: boolean, now: number): boolean {
    const qpd = this.#logs.get(origin)?.qpd;
    if (qpd === undefined) return true;
    let allowance = this.#allowances.get(origin);
    if (allowance === undefined) {
      allowance = { grow: new Allowance(qpd, now), refresh: new Allowance(qpd, now) };
      this.#allowances.set(origin, allowance);
    }
    return (refresh ? allowance.refresh : allowance.grow).take(now);
  }
}

function settle(
  { resolve, reject }: Waiting,
  outcome: Outcome | undefined,
  signed: ReadonlyMap<Draft, readonly SignatureLine[]>,
): void {
  if (outcome === undefined) throw new Error('a request without an outcome');
  if (outcome.kind === 'refused') return reject(outcome.refusal);
  if (outcome.kind === 'stale') return resolve(outcome);
  const lines = outcome.kind === 'again' ? outcome.lines : signed.get(outcome.draft);
  if (lines === undefined) throw new Error('a draft nobody signed');
  resolve({ kind: 'cosigned', lines: formatSignatures(lines) });
}

/** What is to be held after a round: each log's last draft. */
function newestOf(signed: ReadonlyMap<Draft, readonly SignatureLine[]>): Held[] {
  const newest = new Map<string, Held>();
  for (const [{ origin, checkpoint, text, lines, time, keys }, cosignatures] of signed) {
    const { size, root } = checkpoint;
    newest.set(origin, { origin, size, root, time, signed: { text, lines, cosignatures }, keys, halted: '' });
  }
  return [...newest.values()];
}

function hashes(logs: KnownLogs): ReadonlyMap<string, string> {
  return new Map([...logs.values()].map(({ hash, origin }: KnownLog) => [hash, origin]));
}

/** Where the monitoring form of a log is served (C2SP tlog-witness). */
export function checkpointPath(origin: string): string {
  return `/${originHash(origin)}/checkpoint`;
}
