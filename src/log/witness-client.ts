/**
 * Asks one witness to cosign, and judges what it says. Three things can come of it: a cosignature; nothing,
 * and then it is left alone for a while; or the proof that this log went back or forked.
 *
 * That a witness claims to know more than this log is an alarm, and no more: the claim is not signed, and
 * one lying witness of several must not stop a log. But the log's own signature cannot be forged. So the
 * witness is asked to show the checkpoint it holds (the monitoring form of C2SP tlog-witness), and one that
 * our key signed and our tree does not contain is proof, whoever shows it.
 */
import { treeSize, type TreeSize } from '../bytes/brand.ts';
import type { WitnessAnswer } from '../note/addcheckpoint.ts';
import type { Checkpoint, Cosignature } from '../note/checkpoint.ts';
import { sameVerifier } from '../note/key.ts';
import type { TrustedWitness } from '../note/trust.ts';
import type { Gathering } from './cosignatures.ts';
import type { Setback, WitnessState } from './witnessstate.ts';

/** The witnesses, as the log reaches them. */
export interface WitnessPort {
  /** One add-checkpoint request, bounded in time. */
  add(
    witness: readonly TrustedWitness[],
    note: Uint8Array,
    old: TreeSize,
    size: TreeSize,
  ): Promise<WitnessAnswer>;
  /** The largest checkpoint it shows for this log, verified to be signed by the log; undefined without one. */
  shown(witness: readonly TrustedWitness[]): Promise<OwnCheckpoint | undefined>;
}

/** A checkpoint with this log's signature on it. */
export interface OwnCheckpoint {
  readonly note: Uint8Array;
  readonly checkpoint: Checkpoint;
}

export interface AskerParts {
  readonly port: WitnessPort;
  /** The newest integrated size. */
  readonly size: () => TreeSize;
  /** Whether a checkpoint is not of this log's tree: larger than it, or another root. */
  readonly contradicts: (checkpoint: Checkpoint) => Promise<boolean>;
  /** Milliseconds that only ever grow; POSIX seconds; uniform in [0, 1). */
  readonly ticks: () => number;
  readonly now: () => number;
  readonly random: () => number;
  readonly report: Reports;
}

/** What an operator should know: `alarm` is for what somebody has to act on. */
export interface Reports {
  warn(message: string): void;
  alarm(message: string): void;
}

/** `proven`: this log's key signed what its tree does not contain. */
export type Asked =
  | { readonly kind: 'cosigned'; readonly lines: Lines }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'proven'; readonly shown: OwnCheckpoint };

/** Cosignatures, each with the policy's entry for its key. */
export type Lines = readonly (readonly [TrustedWitness, Cosignature])[];

const NOTHING: Asked = { kind: 'nothing' };

/** Asks for a cosignature of `gathering`. `needed`: the quorum is not met without it. Never rejects. */
export async function ask(
  parts: AskerParts,
  state: WitnessState,
  gathering: Gathering,
  needed: () => boolean,
): Promise<Asked> {
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

/** Each cosignature beside the one of these policy entries whose key made it. */
export function linesOf(cosignatures: readonly Cosignature[], keys: readonly TrustedWitness[]): Lines {
  return cosignatures.flatMap((cosignature) => {
    const witness = keys.find(({ verifier }) => sameVerifier(verifier, cosignature.verifier));
    return witness === undefined ? [] : [[witness, cosignature] as const];
  });
}

/**
 * What the witness says once it was asked from where it stands. Undefined when it has cosigned a larger tree
 * of ours already, or may be asked no more in this minute: a later round will do.
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
): Promise<Asked> {
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
