/**
 * Replays the entries of a subject in time, and reports the status of each claim whenever it may have changed: at entries, and
 * between them at the moments that follow from the entries (turns.ts). _Believed_ and _known_ are two such replays, with other
 * events and the same rule (appraise.ts). Each step reads only the newest proof of each agent, so the replay of a period takes as
 * many steps as it has events. Pure.
 */
import { formatHex } from '../../bytes/text.ts';
import type { Claim } from '../../statement/commitment.ts';
import { appraiseClaim, type ClaimHistory, type ClaimStatus } from '../appraise.ts';
import type { Basis } from '../due.ts';
import {
  historyOf,
  isOf,
  type Declared,
  type EntryOf,
  type History,
  type RevokedSince,
  type SubjectEntry,
} from '../history.ts';
import { basisOf, type AppraisalContext } from '../reports.ts';
import { nextTurn } from '../turns.ts';

/** Something that happens at a moment: from then on an entry counts, for some claims or for all, or other keys are revoked. */
export type SweepEvent =
  | { readonly at: number; readonly entry: SubjectEntry; readonly claims?: readonly string[] }
  | { readonly at: number; readonly revokedSince: RevokedSince };

/** The state of a claim from a moment on. */
export interface ClaimState {
  /** The commitment in force, else the one that lacks approvals; undefined if neither claims it. */
  readonly declared: Declared | undefined;
  readonly status: ClaimStatus | undefined;
  /** Of the subject: its commitments so far. */
  readonly history: History;
}

export interface SweepListener {
  /** An entry counts from this moment on. Called before the states that follow from it. */
  onEntry?(entry: SubjectEntry, at: number, claims: readonly string[] | undefined): void;
  /**
   * The state of a claim from a moment on. It may be the same as before. Of several entries of one moment each is told by itself, in
   * the order of the log: where heads alone bound the times, many entries have one time, and what one of them says must not be lost.
   * `by`: the entry that it follows from; undefined if it follows from the time.
   */
  onState(claim: string, at: number, state: ClaimState, by?: SubjectEntry): void;
}

type Context = Omit<AppraisalContext, 'now' | 'revokedSince'>;

/** Replays events, given in the order of their time, up to and including the moment `end`. */
export function sweep(
  events: readonly SweepEvent[],
  context: Context,
  revokedSince: RevokedSince,
  end: number,
  listener: SweepListener,
): void {
  const run = new Sweep(context, revokedSince, listener);
  for (let first = 0; first < events.length;) {
    const { at = Infinity } = events[first] ?? {};
    if (at > end) break;
    run.advance(at - 1);
    for (; events[first]?.at === at; first += 1) {
      const event = events[first];
      if (event === undefined) continue;
      run.take(event);
      run.settle(at, 'entry' in event ? event.entry : undefined);
    }
    run.turn(at);
  }
  run.advance(end);
}

class Sweep {
  readonly #context: Context;
  readonly #listener: SweepListener;
  #revokedSince: RevokedSince;
  /** Commitments and approvals; waivers and deployments. */
  readonly #order: SubjectEntry[] = [];
  readonly #others: SubjectEntry[] = [];
  readonly #claims = new Set<string>();
  /** By commitment and claim, the newest proof of each agent; by commitment, what was said about it. */
  readonly #proofs = new Map<string, Map<string, EntryOf<'proof'>>>();
  readonly #waivers = new Map<string, EntryOf<'waiver'>[]>();
  readonly #deployments = new Map<string, EntryOf<'deployment'>[]>();
  #history: History = historyOf([]);
  #current = new Map<string, Claim>();
  #basis: Basis | undefined;
  /** Claims whose status is to be computed again; undefined: all. */
  #touched: Set<string> | undefined = new Set();
  readonly #turns = new Map<string, number>();

  constructor(context: Context, revokedSince: RevokedSince, listener: SweepListener) {
    this.#context = context;
    this.#revokedSince = revokedSince;
    this.#listener = listener;
  }

  /** Takes one event of the present moment. */
  take(event: SweepEvent): void {
    if ('revokedSince' in event) {
      this.#revokedSince = event.revokedSince;
      this.#sortAgain();
      this.#touched = undefined;
      return;
    }
    this.#listener.onEntry?.(event.entry, event.at, event.claims);
    this.#takeEntry(event.entry, event.claims);
  }

  #takeEntry(entry: SubjectEntry, claims: readonly string[] | undefined): void {
    if (isOf(entry, 'proof')) return this.#takeProof(entry, claims);
    if (isOf(entry, 'commitment') || isOf(entry, 'approval')) {
      this.#order.push(entry);
      this.#touched = undefined;
      this.#history = historyOf(this.#order, this.#revokedSince);
      if (isOf(entry, 'commitment') && 'claims' in entry.parsed.commitment)
        for (const { id } of entry.parsed.commitment.claims) this.#claims.add(id);
    } else if (isOf(entry, 'waiver') || isOf(entry, 'deployment')) {
      this.#others.push(entry);
      this.#sort(entry);
      this.#touched = undefined;
    }
  }

  #takeProof(entry: EntryOf<'proof'>, claims: readonly string[] | undefined): void {
    const { kid, proof } = entry.parsed;
    const commitment = formatHex(proof.commitment);
    for (const { claim } of proof.results) {
      if (claims !== undefined && !claims.includes(claim)) continue;
      const newest = listed(
        this.#proofs,
        `${commitment} ${claim}`,
        () => new Map<string, EntryOf<'proof'>>(),
      );
      // Of one agent the last link of its chain counts, whichever time it states.
      if (entry.index > (newest.get(kid)?.index ?? -1)) newest.set(kid, entry);
      if (commitment !== this.#declared?.entry.id) continue;
      this.#touched?.add(claim);
      for (const { id, against } of this.#current.values()) if (against === claim) this.#touched?.add(id);
    }
  }

  /** Puts a waiver or a deployment where it is looked for, unless a revoked key signed it. */
  #sort(entry: SubjectEntry): void {
    if (entry.index >= (this.#revokedSince(entry.parsed.kid) ?? Infinity)) return;
    if (isOf(entry, 'waiver'))
      listed(this.#waivers, formatHex(entry.parsed.waiver.commitment), () => []).push(entry);
    if (isOf(entry, 'deployment'))
      listed(this.#deployments, formatHex(entry.parsed.deployment.commitment), () => []).push(entry);
  }

  #sortAgain(): void {
    this.#waivers.clear();
    this.#deployments.clear();
    for (const each of this.#others) this.#sort(each);
    this.#history = historyOf(this.#order, this.#revokedSince);
  }

  get #declared(): Declared | undefined {
    return this.#history.inForce ?? this.#history.pending;
  }

  /** Tells the states of the claims that the last event touched. */
  settle(at: number, by: SubjectEntry | undefined): void {
    if (this.#touched === undefined) {
      this.#current = new Map(this.#declared?.declaration.claims.map((claim) => [claim.id, claim]));
      this.#basis = undefined;
    }
    for (const claim of this.#touched ?? this.#claims) this.#tell(claim, at, by);
    this.#touched = new Set();
  }

  /** Tells the states that begin at this moment though nothing happens. */
  turn(at: number): void {
    for (const [claim, turn] of this.#turns) if (turn === at) this.#tell(claim, at);
  }

  /** Tells every state that begins between the last event and `end`, or at `end`, though nothing happens. */
  advance(end: number): void {
    for (;;) {
      let at = Infinity;
      for (const turn of this.#turns.values()) at = Math.min(at, turn);
      if (at > end) return;
      this.turn(at);
    }
  }

  #tell(id: string, now: number, by?: SubjectEntry): void {
    const declared = this.#declared;
    const claim = this.#current.get(id);
    this.#turns.delete(id);
    if (claim === undefined || declared === undefined) {
      const state = { declared: undefined, status: undefined, history: this.#history };
      this.#listener.onState(id, now, state, by);
      return;
    }
    const history = this.#aboutClaim(declared, claim);
    const context = { ...this.#context, now, revokedSince: this.#revokedSince };
    // Before a commitment is in force, the time from which it counts depends on when that is asked.
    const basis =
      declared.effective === undefined
        ? basisOf(declared, history, now)
        : (this.#basis ??= basisOf(declared, history, now));
    const status = appraiseClaim(claim, declared, history, context, basis);
    const turn = nextTurn(claim, declared, history, context, basis);
    if (turn !== undefined) this.#turns.set(id, turn);
    this.#listener.onState(id, now, { declared, status, history: this.#history }, by);
  }

  #aboutClaim({ entry: { id } }: Declared, { id: claim, against }: Claim): ClaimHistory {
    return {
      proofs: this.#newest(id, claim),
      ...(against !== undefined && { proofsAgainst: this.#newest(id, against) }),
      waivers: this.#waivers.get(id) ?? [],
      deployments: this.#deployments.get(id) ?? [],
    };
  }

  #newest(commitment: string, claim: string): readonly EntryOf<'proof'>[] {
    return [...(this.#proofs.get(`${commitment} ${claim}`)?.values() ?? [])].toSorted(
      (a, b) => a.index - b.index,
    );
  }
}

/** The value of a key, made when it is not there. */
function listed<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}
