/**
 * The witnessed heads of a log: old checkpoints with their cosignatures, which `witnessed` notices keep in the log itself.
 * A head counts when it opens under the reader's own trust policy with its quorum, whoever logged it, and when it is of one
 * history with the newest head. From such heads a reader bounds in time when an entry was logged (spec/audit.md).
 */
import { witnessedHead, timeBounds, type TimeBounds } from '../appraisal/past/bounds.ts';
import type { Bounds, WitnessedHead } from '../appraisal/past/types.ts';
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { OpenedCheckpoint } from '../note/checkpoint.ts';
import type { TrustPolicy } from '../note/trust.ts';
import { openWitnessed } from '../registration/notices.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { WitnessedNotice } from '../statement/notice.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import { splitText } from './compare.ts';
import { prefixOf, type Contradiction, type NotedHead } from './history.ts';
import type { Listed, Page, Wanted } from './search.ts';
import type { TreeHead } from './view.ts';

/** Witnessed heads by the index of their notice. */
export interface HeadSource {
  /** Of notices below an index, the newest first. */
  descending(before: number): AsyncIterable<WitnessedHead>;
  /** Of notices from an index on, the oldest first. */
  ascending(from: number): AsyncIterable<WitnessedHead>;
}

/** What finding heads by a listing needs. `subject`: of the notices, which is the log's origin. */
export interface ListedParts {
  readonly subject: string;
  readonly size: number;
  readonly pages: (wanted: Wanted) => AsyncIterable<Page>;
  /** The head in the notice of a row, verified; undefined for another notice, and for a head that does not count. */
  readonly open: (row: Listed) => Promise<WitnessedHead | undefined>;
}

/** Entries that the first step upwards covers; each further step covers four times as many. */
const FIRST_STEP = 256;

/** Heads that a listing of notices names. Whoever hides some of them makes bounds wider, and never narrower. */
export class ListedHeads implements HeadSource {
  readonly #parts: ListedParts;
  readonly #known = new Map<number, WitnessedHead | undefined>();

  constructor(parts: ListedParts) {
    this.#parts = parts;
  }

  async *descending(before: number): AsyncGenerator<WitnessedHead, void, undefined> {
    const { subject, size, pages } = this.#parts;
    for await (const { rows } of pages({ subject, kind: 'notice', before: Math.min(before, size) }))
      yield* this.#opened(rows);
  }

  async *ascending(from: number): AsyncGenerator<WitnessedHead, void, undefined> {
    const { subject, size, pages } = this.#parts;
    let [at, step] = [from, FIRST_STEP];
    while (at < size) {
      const before = Math.min(at + step, size);
      const found: Listed[] = [];
      for await (const { rows } of pages({ subject, kind: 'notice', from: at, before })) found.push(...rows);
      yield* this.#opened(found.toReversed());
      [at, step] = [before, step * 4];
    }
  }

  async *#opened(rows: readonly Listed[]): AsyncGenerator<WitnessedHead, void, undefined> {
    for (const row of rows) {
      const head = this.#known.has(row.index) ? this.#known.get(row.index) : await this.#parts.open(row);
      this.#known.set(row.index, head);
      if (head !== undefined) yield head;
    }
  }
}

/** Heads that a reader of the whole log found on its way. */
export class FoundHeads implements HeadSource {
  readonly #heads: WitnessedHead[] = [];
  #bounds: TimeBounds | undefined;

  add(head: WitnessedHead): void {
    this.#heads.push(head);
    this.#bounds = undefined;
  }

  /** When an entry was logged, as all heads together show. */
  bounds(index: number): Bounds {
    this.#bounds ??= timeBounds(this.#heads);
    return this.#bounds.boundsOf(index);
  }

  async *descending(before: number): AsyncGenerator<WitnessedHead, void, undefined> {
    yield* this.#heads.filter(({ index = 0 }) => index < before).toReversed();
  }

  async *ascending(from: number): AsyncGenerator<WitnessedHead, void, undefined> {
    yield* this.#heads.filter(({ index = 0 }) => index >= from);
  }
}

/** Reads nodes of the tree of a head, verified or to be verified. */
type Nodes = Parameters<typeof prefixOf>[0];

/**
 * The witnessed head that an entry keeps. Undefined for another entry; for a head that does not open under the policy, or
 * without a quorum; and for one of a tree that the notice itself is in. Refuses `inconsistent` for a head that the log
 * signed and that the newest tree does not begin with, and what reading nodes refuses.
 */
export async function headIn(
  { index, parsed }: { readonly index: number; readonly parsed: ParsedStatement },
  {
    policy,
    verify,
    nodes,
    newest,
    accuse = async (seen) => refuse('inconsistent', splitText(newest, seen.head)),
  }: {
    readonly policy: TrustPolicy;
    readonly verify: VerifySignature | undefined;
    readonly nodes: Nodes;
    readonly newest: TreeHead;
    /** Makes the refusal of a head that the newest tree does not begin with. Default: one that keeps no evidence. */
    readonly accuse?: (seen: NotedHead, found: Contradiction) => Promise<Error>;
  },
): Promise<WitnessedHead | undefined> {
  if (parsed.kind !== 'notice' || parsed.notice.topic !== 'witnessed') return undefined;
  const opened = opensUnder(index, parsed.notice, policy, verify);
  if (opened === undefined) return undefined;
  const { size, root } = opened.checkpoint;
  if (size < 1) return undefined;
  const prefix = size === newest.size ? undefined : await prefixOf(nodes, size, newest);
  if (!equalBytes((prefix ?? newest).root, root)) {
    const seen = { note: parsed.notice.note, head: { size, root } };
    throw await accuse(seen, prefix === undefined ? {} : { prefix });
  }
  return witnessedHead(opened, policy, index);
}

function opensUnder(
  index: number,
  notice: WitnessedNotice,
  policy: TrustPolicy,
  verify: VerifySignature | undefined,
): OpenedCheckpoint | undefined {
  try {
    return openWitnessed(index, notice, policy, verify);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
