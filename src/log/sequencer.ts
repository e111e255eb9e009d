/**
 * The sequencer: the one place where statements get their index. It runs alone, one step at a time:
 *
 *   judge (policy, duplicates, chains) → plan → commit → guard → seal → receipts
 *
 * A crash between any two steps loses nothing acknowledged: before `commit` returns nothing was promised;
 * after it the entries are in the tree, and a submitter that heard nothing posts again and is answered
 * from the stored entry. A failed commit may still have reached the disk, so after any failure the state
 * is thrown away and recovered from the store, verified, before the next step (peers.md, incident 15).
 */
import { leafIndex, type Digest, type LeafIndex, type PlainBytes, type TreeSize } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { headerMemo } from '../cose/header-memo.ts';
import { receiptLength, writeInclusionReceipt } from '../cose/receipt.ts';
import type { Policy } from '../statement/policy.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { batchProver } from '../tree/prove.ts';
import { bitCeil } from '../tree/shape.ts';
import type { CheckedBatch, RefusedAt } from './batch.ts';
import { judge, type BatchJudgement, type Judgement } from './admission.ts';
import { planStep, type Planned } from './plan.ts';
import type { Guard, HeadSigner, ReceiptSeal, SealedHead, Store } from './ports.ts';
import { recover, type Recovered } from './recover.ts';

/** The moments of a step, so that tests can stop the process at each. */
export type Step = 'judged' | 'planned' | 'committed' | 'guarded' | 'sealed';

interface SequencerParts {
  /** Name of the log. */
  readonly origin: string;
  readonly store: Store;
  readonly guard: Guard;
  readonly signer: HeadSigner;
  readonly hasher: BatchHasher;
  /** POSIX seconds. */
  readonly now: () => number;
  /** Seconds by which the clock may be behind the last batch. If it is further behind, nothing is logged. */
  readonly clockTolerance: number;
  /** Refuses a policy under which this log could not continue to run. */
  readonly admitPolicy?: (policy: Policy) => void;
  readonly step?: (step: Step) => void;
}

/** The results for one checked batch, in flat arrays that are cheap to send to another thread. */
export interface BatchResult {
  /** Index of each item; −1 when refused. */
  readonly indices: Float64Array;
  /** 1 where the item had been logged before. */
  readonly duplicate: Uint8Array;
  readonly refused: readonly RefusedAt[];
  /** Receipts of the items logged in this step, back to back, with room behind; none for refused ones and duplicates. */
  readonly receipts: PlainBytes;
  readonly receiptEnds: Uint32Array;
}

export interface Appended {
  readonly results: readonly BatchResult[];
  readonly head: SealedHead;
  /** Entry bytes of the registration policy, when this step changed it. */
  readonly policy: Uint8Array | undefined;
}

export class Sequencer {
  readonly #parts: SequencerParts;
  #state: Recovered | undefined;
  #seal: ReceiptSeal | undefined;
  readonly #readHeaders = headerMemo();

  private constructor(parts: SequencerParts, state: Recovered) {
    this.#parts = parts;
    this.#state = state;
  }

  /** Recovers and verifies the state (see recover.ts for what it refuses) and seals the current head. */
  static async start(parts: SequencerParts): Promise<Sequencer> {
    const sequencer = new Sequencer(parts, await recover(parts));
    await sequencer.head();
    return sequencer;
  }

  /** The current head, stored in the guard and sealed. */
  async head(): Promise<SealedHead> {
    const state = await this.#current();
    return { ...state.head, seal: this.#seal ?? (await this.#signed(state)) };
  }

  /** Whether the next step could be made durable: recovers if necessary, and writes to the guard. */
  async probe(): Promise<void> {
    const { head, inForce } = await this.#current();
    await this.#parts.guard.raise(head, inForce);
  }

  /** The registration policy in force. */
  async policy(): Promise<Policy> {
    return (await this.#current()).inForce.policy;
  }

  /** Entry bytes of the registration policy in force. */
  async policyEntry(): Promise<Uint8Array> {
    return (await this.#current()).inForce.entry;
  }

  /**
   * Logs the admissible statements of these batches in one durable step. When it returns, every index in the result is
   * durable and covered by a signed root. Refuses `store-failed` (no statement is acknowledged; all may be submitted
   * again) and what recovery refuses.
   */
  async append(batches: readonly CheckedBatch[]): Promise<Appended> {
    const state = await this.#current();
    const judgement = await judge(batches, state, { ...this.#parts, readHeaders: this.#readHeaders });
    this.#step('judged');
    if (judgement.accepted.length === 0) {
      return {
        results: results(judgement, undefined, undefined),
        head: await this.head(),
        policy: undefined,
      };
    }
    const planned = planStep(state.edge, judgement.accepted, judgement.time, this.#parts.hasher);
    this.#step('planned');
    const seal = await this.#integrate(state, planned, judgement);
    return {
      results: results(judgement, planned, seal),
      head: { ...planned.plan.head, seal },
      policy: judgement.inForce === state.inForce ? undefined : judgement.inForce.entry,
    };
  }

  async #integrate(state: Recovered, planned: Planned, judgement: Judgement): Promise<ReceiptSeal> {
    const { head } = planned.plan;
    this.#state = undefined; // until the commit is known to have succeeded, nobody knows the state
    this.#seal = undefined;
    try {
      await this.#parts.store.commit(planned.plan, state.head);
    } catch (error) {
      throw error instanceof Refusal
        ? error
        : refuse('store-failed', 'the store failed; try again', { cause: error });
    }
    this.#step('committed');
    this.#state = {
      head,
      edge: planned.growth.edge,
      inForce: judgement.inForce,
    };
    return this.#signed(this.#state);
  }

  /** Stores the head in the guard as signed, durably, and only then signs it. */
  async #signed({ head, inForce }: Recovered): Promise<ReceiptSeal> {
    await this.#parts.guard.raise(head, inForce);
    this.#step('guarded');
    this.#seal = await this.#parts.signer.receipt(head);
    this.#step('sealed');
    return this.#seal;
  }

  async #current(): Promise<Recovered> {
    this.#state ??= await recover(this.#parts);
    return this.#state;
  }

  #step(step: Step): void {
    this.#parts.step?.(step);
  }
}

/** Arranges the decisions batch by batch, with a receipt for every entry that this step logged. */
function results(
  judgement: Judgement,
  planned: Planned | undefined,
  seal: ReceiptSeal | undefined,
): readonly BatchResult[] {
  const receipts = planned === undefined || seal === undefined ? undefined : new Receipts(planned, seal);
  return judgement.batches.map((batch) => {
    const { indices, duplicate, refused } = batch;
    return { indices, duplicate, refused, ...(receipts?.of(batch) ?? noReceipts(indices.length)) };
  });
}

type BatchReceipts = Pick<BatchResult, 'receipts' | 'receiptEnds'>;

function noReceipts(count: number): BatchReceipts {
  return { receipts: new Uint8Array(), receiptEnds: new Uint32Array(count) };
}

/** The receipts of one step: they share the signature, and those of one batch their memory. */
class Receipts {
  readonly #seal: ReceiptSeal;
  readonly #size: TreeSize;
  readonly #prove: (index: LeafIndex) => readonly Digest[];
  /** Bytes of the longest. */
  readonly #longest: number;

  constructor({ plan, growth }: Planned, seal: ReceiptSeal) {
    const { size } = plan.head;
    this.#seal = seal;
    this.#size = size;
    this.#prove = batchProver(growth.read, size);
    this.#longest = receiptLength(seal, size, size, Math.log2(bitCeil(size)));
  }

  of({ indices, duplicate }: BatchJudgement): BatchReceipts {
    // A receipt needs a path, and so a tree of two (RFC 9942's [+ bstr]; standards.md A2).
    if (this.#size < 2) return noReceipts(indices.length);
    const receipts = new Uint8Array(indices.length * this.#longest);
    const receiptEnds = new Uint32Array(indices.length);
    let at = 0;
    for (const [i, index] of indices.entries()) {
      if (index >= 0 && duplicate[i] === 0) {
        const leaf = leafIndex(index);
        at = writeInclusionReceipt(receipts, at, this.#seal, this.#size, leaf, this.#prove(leaf));
      }
      receiptEnds[i] = at;
    }
    return { receipts, receiptEnds };
  }
}
