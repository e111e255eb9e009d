/**
 * Asks one witness to cosign, and decides what its answer means. There are three results: a cosignature; nothing, after
 * which the witness is left alone for a while; or the proof that this log went back or forked.
 *
 * If a witness states that it knows more than this log, that is an alarm and no more: the statement is not signed, and
 * one lying witness must not stop a log. The log's own signature cannot be forged, however. So the witness is asked to
 * show the checkpoint it holds (the monitoring form of C2SP tlog-witness). A checkpoint that our key signed and our
 * tree does not contain is proof, whoever shows it.
 */
import { treeSize, type TreeSize } from '../bytes/brand.ts';
import type { WitnessAnswer } from '../note/addcheckpoint.ts';
import type { Checkpoint, Cosignature } from '../note/checkpoint.ts';
import { sameVerifier } from '../note/key.ts';
import type { TrustedWitness } from '../note/trust.ts';
import type { Gathering } from './cosignatures.ts';
import type { Setback, WitnessState } from './witnessstate.ts';

/** The log's access to its witnesses. */
export interface WitnessPort {
  /** One add-checkpoint request, bounded in time. */
  add(
    witness: readonly TrustedWitness[],
    note: Uint8Array,
    old: TreeSize,
    size: TreeSize,
  ): Promise<WitnessAnswer>;
  /**
   * The largest checkpoint that the witness shows for this log, verified to be signed by the log; undefined if it shows
   * none.
   */
  shown(witness: readonly TrustedWitness[]): Promise<OwnCheckpoint | undefined>;
}

/** A checkpoint that this log signed. */
export interface OwnCheckpoint {
  readonly note: Uint8Array;
  readonly checkpoint: Checkpoint;
}

export interface AskerParts {
  readonly port: WitnessPort;
  /** The newest integrated size. */
  readonly size: () => TreeSize;
  /** Whether a checkpoint contradicts this log's tree: it is larger, or has another root. */
  readonly contradicts: (checkpoint: Checkpoint) => Promise<boolean>;
  /** `ticks`: milliseconds of a clock that never goes back. The others: POSIX seconds; a random number in [0, 1). */
  readonly ticks: () => number;
  readonly now: () => number;
  readonly random: () => number;
  readonly report: Reports;
}

/** Reports to the operator. An `alarm` needs an action. */
export interface Reports {
  warn(message: string): void;
  alarm(message: string): void;
}

/** `proven`: this log's key signed a checkpoint that its tree does not contain. */
type WitnessOutcome =
  | { readonly kind: 'cosigned'; readonly lines: Lines }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'proven'; readonly shown: OwnCheckpoint };

/** Cosignatures, each with the entry of the policy for its key. */
export type Lines = readonly (readonly [TrustedWitness, Cosignature])[];

const NOTHING: WitnessOutcome = { kind: 'nothing' };

/** Asks for a cosignature of `gathering`. `needed`: whether the quorum needs this witness. Never rejects. */
export async function ask(
  parts: AskerParts,
  state: WitnessState,
  gathering: Gathering,
  needed: () => boolean,
): Promise<WitnessOutcome> {
  const { ticks, report } = parts;
  const setback = (): Setback => ({ random: parts.random(), needed: needed() });
  const refused = (why: string, retryAfterMs?: number): void => {
    state.failed(why, ticks(), { ...setback(), retryAfterMs });
    report.warn(`witness ${state.name}: ${why}`);
  };
  try {
    const answer = await settled(parts, state, gathering);
    state.heard = true;
    if (answer === undefined) return NOTHING;
    if (answer.kind === 'cosigned') {
      const lines = linesOf(answer.cosignatures, state.keys);
      const keys = lines.map(([key]) => key);
      const over = state.succeeded(gathering.head.size, keys, parts.now());
      if (over !== undefined) report.warn(`witness ${state.name} cosigns again: its alarm is over`);
      const missing = state.keys.filter((key) => !keys.includes(key)).map(({ name }) => name);
      if (missing.length > 0) refused(`its answer holds no cosignature of ${missing.join(', ')}`);
      return { kind: 'cosigned', lines };
    }
    if (answer.kind === 'failed') {
      refused(answer.why, answer.retryAfterMs);
      return NOTHING;
    }
    return await alarmed(parts, state, complaint(answer, parts.size()), setback());
  } catch (error) {
    refused(`it could not be asked: ${error instanceof Error ? error.message : String(error)}`);
    return NOTHING;
  }
}

/** Pairs each cosignature with the policy entry whose key made it. */
export function linesOf(cosignatures: readonly Cosignature[], keys: readonly TrustedWitness[]): Lines {
  return cosignatures.flatMap((cosignature) => {
    const witness = keys.find(({ verifier }) => sameVerifier(verifier, cosignature.verifier));
    return witness === undefined ? [] : [[witness, cosignature] as const];
  });
}

/**
 * Asks the witness from the size that it states to know, and returns its answer. Undefined if it has cosigned a larger
 * tree of ours already, or if its budget of requests for this minute is used up; a later round asks again.
 */
async function settled(
  { port, size: own, ticks }: AskerParts,
  state: WitnessState,
  { note, head: { size } }: Gathering,
): Promise<WitnessAnswer | undefined> {
  if (!state.spend(ticks())) return undefined;
  const first = await port.add(state.keys, note, state.size, size);
  if (first.kind !== 'stands' || first.size > own()) return first;
  state.size = first.size;
  if (first.size > size || !state.spend(ticks())) return undefined;
  const second = await port.add(state.keys, note, first.size, size);
  if (second.kind !== 'stands' || second.size > own()) return second;
  state.size = second.size;
  return { kind: 'failed', why: 'it changed its mind about the size it knows' };
}

type Contradiction = Extract<WitnessAnswer, { kind: 'stands' | 'conflict' }>;

function complaint(answer: Contradiction, own: number): string {
  if (answer.kind === 'conflict') return answer.why;
  return `it says it has cosigned size ${answer.size}, and this log has ${own}`;
}

async function alarmed(
  { port, contradicts, ticks, report }: AskerParts,
  state: WitnessState,
  why: string,
  setback: Setback,
): Promise<WitnessOutcome> {
  const shown = state.spend(ticks()) ? await port.shown(state.keys) : undefined;
  if (shown !== undefined && (await contradicts(shown.checkpoint))) {
    state.failed(why, ticks(), setback);
    return { kind: 'proven', shown };
  }
  const text = `witness ${state.name}: ${why}; it shows no proof. Either it is wrong, or this log went back or forked: read spec/operations.md "A witness alarm"`;
  if (state.alarm === undefined) report.alarm(text);
  state.failed(why, ticks(), setback);
  state.alarm = text;
  state.size = treeSize(0); // what it holds is in doubt: a 409 will say
  return NOTHING;
}
