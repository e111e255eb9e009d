/**
 * Whether an agent made its proofs at the times that its slots prescribed, or chose the times itself (spec/agent.md
 * §5). The check uses the agent's proofs alone, and is possible once the agent has revealed the seed that it committed
 * to. Only what cannot happen by accident is a fault; late proofs and missed slots are reported as such.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../bytes/compare.ts';
import { formatHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import type { Claim } from '../statement/commitment.ts';
import type { Result } from '../statement/proof.ts';
import { deployedAt } from './due.ts';
import { deploymentsOf, type Declared, type EntryOf, type History } from './history.ts';
import { dueIn, epochFor, slotAt, slotLength } from './slots.ts';

/** The times at which one agent proved one claim, checked against its slots. Times are POSIX seconds. */
export interface Sampling {
  /** Thumbprint of the agent's key, hex. */
  readonly kid: string;
  /** Number of slots whose time was recomputed and is right. */
  readonly kept: number;
  /** When each of these slots began, in log order. */
  readonly keptSlots: readonly number[];
  /** Number of proofs in slots whose seed is not revealed yet, or never will be. */
  readonly open: number;
  /** Start times of slots without a proof, between the first and the last recomputed slot. Of many, the newest. */
  readonly missed: readonly number[];
  /** Due times of proofs that were made much later in their slot. */
  readonly late: readonly number[];
  /** Times of proofs outside any slot that were neither the agent's first nor made after a deployment. */
  readonly outside: readonly number[];
  /** Faults that no honest agent can have, one sentence each. */
  readonly faults: readonly string[];
}

/** Seconds by which clocks may differ within one proof. */
const CLOCK_TOLERANCE = 300;
/**
 * Seconds after which a proof counts as late. Earlier delays are normal, since the agent may be busy with other claims.
 */
const LATE = 60;
/** Most missed slots that are reported. */
const MOST_MISSED = 10_000;

type Proof = EntryOf<'proof'>;
type InSlot = NonNullable<Result['slot']>;
type WasHead = (size: number, root: Uint8Array) => boolean;

/** A proof of the claim, and the slot in which it states to have been due. */
interface SlotProof {
  readonly proof: Proof;
  readonly slot: InSlot | undefined;
}

/**
 * One result for each agent that proved the claim under this commitment. `wasHead`: whether the log had a root at a
 * size. A slot's time derives from such a root (its beacon), so an agent that could invent a root could choose its
 * time.
 */
export function samplingOf(
  claim: Claim,
  declared: Declared,
  history: History,
  wasHead: WasHead,
): readonly Sampling[] {
  const epoch = epochFor(declared.declaration.claims);
  const own = history.proofs.filter(({ parsed }) => formatHex(parsed.proof.commitment) === declared.entry.id);
  const kids = new Set(own.map(({ parsed }) => parsed.kid));
  return [...kids].flatMap((kid) => {
    const proofs = own.filter(({ parsed }) => parsed.kid === kid);
    const looks = proofs.flatMap((proof): SlotProof[] => {
      const result = proof.parsed.proof.results.find((each) => each.claim === claim.id);
      return result === undefined ? [] : [{ proof, slot: result.slot }];
    });
    if (looks.length === 0) return [];
    const seeds = seedsIn(proofs, epoch);
    return [{ kid, ...auditOf(looks, seeds, { claim, declared, history, epoch, wasHead }) }];
  });
}

/** The beacons (size and root) that the claim's proofs name: `samplingOf` will ask `wasHead` about these. */
export function beaconsOf(claim: Claim, { proofs }: History): readonly { size: number; root: Uint8Array }[] {
  return proofs.flatMap(({ parsed: { proof } }) =>
    proof.results.flatMap((each) =>
      each.claim === claim.id && each.slot?.beacon !== undefined ? [each.slot.beacon] : [],
    ),
  );
}

/**
 * The seeds of an agent by the number of their epoch. Only seeds that are revealed and match what the agent committed
 * to.
 */
interface Seeds {
  readonly revealed: ReadonlyMap<number, Uint8Array>;
  readonly faults: readonly string[];
}

export function seedsIn(proofs: readonly Pick<Proof, 'parsed'>[], epoch: number): Seeds {
  const committed = new Map<number, Uint8Array>();
  const revealed = new Map<number, Uint8Array>();
  const faults = new Set<string>();
  const commit = (number: number, commitment: Uint8Array | undefined): void => {
    if (commitment === undefined) return;
    const before = committed.get(number);
    if (before === undefined) committed.set(number, commitment);
    else if (!equalBytes(before, commitment))
      faults.add(`it changed the seed of ${dayOf(number * epoch)} that it had committed to`);
  };
  for (const { parsed } of proofs) {
    const { sampling, window } = parsed.proof;
    const number = Math.floor(window.start / epoch);
    const due = committed.get(number - 2);
    if (due !== undefined && sampling?.revealed === undefined)
      faults.add(`it did not reveal the seed of ${dayOf((number - 2) * epoch)}`);
    commit(number, sampling?.seedCommitment);
    commit(number + 1, sampling?.next);
    if (due === undefined || sampling?.revealed === undefined) continue;
    if (equalBytes(sha256(sampling.revealed), due)) revealed.set(number - 2, sampling.revealed);
    else
      faults.add(`the seed that it revealed of ${dayOf((number - 2) * epoch)} is not the one committed to`);
  }
  return { revealed, faults: [...faults] };
}

interface Frame {
  readonly claim: Claim;
  readonly declared: Declared;
  readonly history: History;
  readonly epoch: number;
  readonly wasHead: WasHead;
}

function auditOf(looks: readonly SlotProof[], seeds: Seeds, frame: Frame): Omit<Sampling, 'kid'> {
  const length = slotLength(frame.claim.cadence);
  const right = new Set<number>();
  const faults = [...seeds.faults];
  const known = new Set<number>();
  let open = 0;
  for (const { proof, slot } of looks) {
    if (slot === undefined) continue;
    const seed = seeds.revealed.get(Math.floor((slot.number * length) / frame.epoch));
    if (seed === undefined) {
      open += 1;
      continue;
    }
    known.add(slot.number);
    const fault = slotFault(slot, proof, seed, length, frame.wasHead);
    if (fault === undefined) right.add(slot.number);
    else faults.push(fault);
  }
  // The agent may have started in the middle of the first slot, so its first proof is never late.
  const late = looks
    .slice(1)
    .flatMap(({ slot }) => (slot !== undefined && slot.actual - slot.due > LATE ? [slot.actual] : []));
  const missed = missedOf(known, seeds, length, frame.epoch);
  const keptSlots = [...right].map((number) => number * length);
  return { kept: right.size, keptSlots, open, missed, late, outside: outsideOf(looks, frame), faults };
}

/**
 * Goes epoch by epoch, newest first, and stops at `MOST_MISSED`: a dishonest agent can name two slots that lie
 * millennia apart.
 */
function missedOf(
  known: ReadonlySet<number>,
  { revealed }: Seeds,
  length: number,
  epoch: number,
): readonly number[] {
  const numbers = [...known].toSorted((a, b) => a - b);
  const [first = 0, last = 0] = [numbers[0], numbers.at(-1)];
  const missed: number[] = [];
  for (const day of [...revealed.keys()].toSorted((a, b) => b - a)) {
    const begin = Math.max(first, Math.ceil((day * epoch) / length));
    const end = Math.min(last, Math.ceil(((day + 1) * epoch) / length));
    for (let number = end - 1; number >= begin && missed.length < MOST_MISSED; number--)
      if (!known.has(number)) missed.push(number * length);
  }
  return missed.toReversed();
}

/** Why a proof is not the one that its slot prescribed; undefined if it is. `length`: of the claim's slots, in seconds. */
export function slotFault(
  { number, due, actual, beacon }: InSlot,
  { index, parsed: { proof } }: Pick<Proof, 'index' | 'parsed'>,
  seed: Uint8Array,
  length: number,
  wasHead: WasHead,
): string | undefined {
  const which = `its proof in entry ${index}`;
  if (beacon === undefined) return `${which} names no beacon for its slot`;
  if (beacon.size > proof.challenge.size || !wasHead(beacon.size, beacon.root))
    return `${which} names a beacon that the log did not have then`;
  const slot = slotAt(number * length, length);
  const right = dueIn(slot, seed, beacon.root);
  if (right !== due)
    return `${which} was due at ${formatTime(right)}, not at ${formatTime(due)}: it chose its moment`;
  const { start } = proof.window;
  const inSlot = actual >= due && actual < slot.end;
  if (!inSlot || start < due - CLOCK_TOLERANCE || start > slot.end + CLOCK_TOLERANCE)
    return `${which} was not made in its slot, at ${formatTime(due)} or after`;
  return undefined;
}

/** Times of proofs without a slot, other than the first proof of a commitment and proofs after a deployment. */
function outsideOf(looks: readonly SlotProof[], { declared, history }: Frame): readonly number[] {
  const deployed = deploymentsOf(history, declared.entry.id).map(({ time, parsed }) =>
    deployedAt(time, parsed.deployment),
  );
  return looks.flatMap(({ proof, slot }, i) => {
    const { start } = proof.parsed.proof.window;
    const before = looks[i - 1]?.proof.parsed.proof.window.start;
    const answers = deployed.some((at) => at <= start && at >= (before ?? 0));
    return slot !== undefined || before === undefined || answers ? [] : [start];
  });
}

function dayOf(seconds: number): string {
  return formatTime(seconds).slice(0, 10);
}

/**
 * Whether anything about the agent's times should be reported; an honest agent may have late or missed slots, but no
 * faults.
 */
export function isNotable({ missed, late, outside, faults }: Sampling): boolean {
  return [missed, late, outside, faults].some(({ length }) => length > 0);
}

/** Whether no proof can be recomputed yet, because seeds are revealed only days later. */
export function isEarly(sampling: Sampling): boolean {
  return sampling.kept === 0 && sampling.open > 0 && !isNotable(sampling);
}
