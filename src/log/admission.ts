/**
 * Decides checked statements against the rest of the log, in order: is it logged already, does the policy in force
 * admit it, does it continue its chain? A statement sees the effects of those before it in the same step, also of a new
 * policy. So the answer does not depend on how statements were divided into batches.
 */
import { digest, type EntryId } from '../bytes/brand.ts';
import { Refusal } from '../bytes/refusal.ts';
import { parseHex } from '../bytes/text.ts';
import type { ReadHeaders } from '../cose/sign1.ts';
import { admit, needs, record, type LoggedEntry } from '../registration/admit.ts';
import type { InForce } from '../registration/rules.ts';
import { parseStatement, type ParsedStatement } from '../statement/parse.ts';
import { twinOf } from '../cose/twin.ts';
import type { Policy } from '../statement/policy.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { idsOf, openBatch, refusedAt, type CheckedBatch, type RefusedAt } from './batch.ts';
import type { Accepted } from './plan.ts';
import type { ChainHead, Store } from './ports.ts';
import type { Recovered } from './recover.ts';

/** The decisions on one batch: the index of each item (−1: refused), whether it was logged before, and the refusals. */
export interface BatchJudgement {
  readonly indices: Float64Array;
  readonly duplicate: Uint8Array;
  readonly refused: readonly RefusedAt[];
}

export interface Judgement {
  readonly accepted: readonly Accepted[];
  readonly batches: readonly BatchJudgement[];
  /** The policy after this step. */
  readonly inForce: InForce;
  /** POSIX seconds of this step; not earlier than the last step's. */
  readonly time: number;
}

/** What the decisions need from outside. */
interface JudgeDeps {
  /** Name of the log. */
  readonly origin: string;
  readonly store: Store;
  readonly hasher: BatchHasher;
  readonly now: () => number;
  /** How the headers of statements are read. */
  readonly readHeaders: ReadHeaders;
  /** Refuses a policy under which this log could not continue to run. */
  readonly admitPolicy?: (policy: Policy) => void;
}

/** A statement that has its index. */
interface Placed {
  readonly id: EntryId;
  readonly index: number;
}

interface Candidate {
  readonly batch: number;
  readonly position: number;
  readonly id: EntryId;
  readonly leaf: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Decides every item of the batches that checking did not refuse. Reads the store and changes nothing. */
export async function judge(
  batches: readonly CheckedBatch[],
  state: Recovered,
  deps: JudgeDeps,
): Promise<Judgement> {
  const candidates = batches.flatMap((batch, i) => candidatesOf(batch, i, deps.hasher));
  const known = new Map<EntryId, Placed>(await deps.store.known(candidates.map(({ id }) => id)));
  const fresh = new Map<EntryId, ParsedStatement>();
  for (const { id, bytes } of candidates)
    if (!known.has(id) && !fresh.has(id)) fresh.set(id, parseStatement(bytes, deps.readHeaders));
  const twins = twinsOf(fresh);
  for (const [id, row] of await knownTwins(twins, deps.store)) {
    known.set(id, row);
    fresh.delete(id);
  }
  const facts = await loadFacts(fresh.values(), state.inForce, deps.store);
  const bench = new AdmissionStep(state, deps, facts, Math.max(deps.now(), state.head.time));
  const open = batches.map(openJudgement);
  for (const candidate of candidates) {
    const into = open[candidate.batch];
    if (into === undefined) throw new Error('a candidate from no batch');
    try {
      const { id, position } = candidate;
      const { placed, duplicate } = bench.place(candidate, known.get(id), fresh, twins.get(id));
      into.indices[position] = placed.index;
      into.duplicate[position] = duplicate ? 1 : 0;
      if (placed.id !== id) nameLogged(batches[candidate.batch], position, placed.id);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      into.refused.push(refusedAt(candidate.position, error));
    }
  }
  return {
    accepted: bench.accepted,
    batches: open,
    inForce: bench.inForce,
    time: bench.time,
  };
}

/**
 * The items of a batch. Ids and leaf hashes are computed from private copies of the bytes, which are the bytes that
 * will be stored and served, even if another thread changes the shared memory.
 */
function candidatesOf(checked: CheckedBatch, batch: number, hasher: BatchHasher): Candidate[] {
  const { count, ends, ids, data } = openBatch(checked.memory);
  const bytes = new Uint8Array(data);
  const own = new Uint32Array(ends);
  const digests = new Uint8Array(32 * count);
  const leaves = new Uint8Array(32 * count);
  hasher.digests(bytes, own, count, digests);
  hasher.leaves(bytes, own, count, leaves);
  ids.set(digests);
  const refused = new Set(checked.refused.map(({ position }) => position));
  const out: Candidate[] = [];
  for (const [position, id] of idsOf(digests).entries()) {
    if (refused.has(position)) continue;
    out.push({
      batch,
      position,
      id,
      leaf: leaves.subarray(32 * position, 32 * (position + 1)),
      bytes: bytes.subarray(position === 0 ? 0 : own[position - 1], own[position]),
    });
  }
  return out;
}

/** The ids of the other spellings, by id; empty for algorithms that have only one. */
function twinsOf(fresh: ReadonlyMap<EntryId, ParsedStatement>): ReadonlyMap<EntryId, EntryId> {
  const twins = new Map<EntryId, EntryId>();
  for (const [id, { statement }] of fresh) {
    const twin = twinOf(statement.sign1);
    if (twin !== undefined) twins.set(id, twin.id);
  }
  return twins;
}

/** Entries that were logged in their other spelling, by the id that was submitted. */
async function knownTwins(
  twins: ReadonlyMap<EntryId, EntryId>,
  store: Store,
): Promise<readonly (readonly [EntryId, Placed])[]> {
  if (twins.size === 0) return [];
  const rows = await store.known([...twins.values()]);
  return [...twins].flatMap(([id, twin]) => {
    const row = rows.get(twin);
    return row === undefined ? [] : [[id, row] as const];
  });
}

/** The answer names the entry that was logged, in whichever spelling the statement was submitted. */
function nameLogged(checked: CheckedBatch | undefined, position: number, id: EntryId): void {
  if (checked === undefined) throw new Error('a candidate from no batch');
  openBatch(checked.memory).ids.set(parseHex(id), 32 * position);
}

function openJudgement(checked: CheckedBatch): BatchJudgement & { refused: RefusedAt[] } {
  const { count } = openBatch(checked.memory);
  return {
    indices: new Float64Array(count).fill(-1),
    duplicate: new Uint8Array(count),
    refused: [...checked.refused],
  };
}

/** Assigns indices to statements one after another, and records what each changes. */
class AdmissionStep {
  readonly accepted: Accepted[] = [];
  readonly time: number;
  inForce: InForce;
  readonly #deps: JudgeDeps;
  readonly #facts: StepFacts;
  readonly #size: number;
  /** Placed statements by the ids of both spellings. */
  readonly #placed = new Map<EntryId, Placed>();

  constructor(state: Recovered, deps: JudgeDeps, facts: StepFacts, time: number) {
    this.#deps = deps;
    this.inForce = state.inForce;
    this.time = time;
    this.#facts = facts;
    this.#size = state.head.size;
  }

  place(
    candidate: Candidate,
    known: Placed | undefined,
    fresh: ReadonlyMap<EntryId, ParsedStatement>,
    twin: EntryId | undefined,
  ): { placed: Placed; duplicate: boolean } {
    const before = known ?? this.#placed.get(candidate.id);
    if (before !== undefined) return { placed: before, duplicate: true };
    const parsed = fresh.get(candidate.id);
    if (parsed === undefined) throw new Error('a candidate was not parsed');
    const rules = { origin: this.#deps.origin, inForce: this.inForce };
    const admission = admit(rules, parsed, this.#facts, this.time);
    if (admission.policy !== undefined) this.#deps.admitPolicy?.(admission.policy);
    const { id, leaf } = candidate;
    const placed = { id, index: this.#size + this.accepted.length };
    const { chain, counts = new Map() } = admission;
    this.accepted.push({ id, leaf: digest(leaf), parsed, chain, counts });
    this.#placed.set(id, placed);
    if (twin !== undefined) this.#placed.set(twin, placed);
    record(this.#facts, id, parsed, admission);
    if (admission.policy !== undefined)
      this.inForce = { policy: admission.policy, index: placed.index, id, entry: parsed.entry };
    return { placed, duplicate: false };
  }
}

/** What the statements of a step refer to: loaded once, then updated within the step. */
interface StepFacts {
  readonly commitments: Map<EntryId, LoggedEntry>;
  readonly chains: Map<string, ChainHead>;
  readonly counts: Map<string, ChainHead>;
}

async function loadFacts(
  statements: Iterable<ParsedStatement>,
  inForce: InForce,
  store: Store,
): Promise<StepFacts> {
  const wanted = Array.from(statements, (each) => needs(each, inForce));
  const commitments = await store.known([...new Set(wanted.flatMap((need) => need.commitments))]);
  const chains = new Map<string, ChainHead>();
  for (const key of new Set(wanted.flatMap((need) => [...need.chains, ...need.counts]))) {
    const head = await store.chain(key);
    if (head !== undefined) chains.set(key, head);
  }
  return { commitments: new Map(commitments), chains, counts: chains };
}
