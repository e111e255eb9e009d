/**
 * Brings a copy up to a signed head: bundles are fetched ahead, checked on threads, decided in order, and committed in
 * batches. Each batch ends at a size whose root comes from verified tiles. So the copy is always a verified beginning
 * of the signed tree, and the next run continues after the last commit.
 *
 * Alarms are stored before the entries that caused them are committed. A crash between the two raises the alarms again.
 */
import { digest, leafIndex, treeSize, type Digest, type EntryId } from '../bytes/brand.ts';
import { concatBytes, equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import type { LoggedEvidence } from '../incident/incident.ts';
import type { RefusedAt } from '../log/batch.ts';
import type { ChainHead, NewEntry } from '../log/ports.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import { nodeHashOf, type BatchHasher } from '../tree/hash.ts';
import { nodesForRoot, rootAt } from '../tree/prove.ts';
import type { Alarm, EntryWatch, SeenEntry } from './alarm.ts';
import { bundlesFrom, type Bundle } from '../client/bundles.ts';
import { WORTH_THREADS, type Checking } from './checking.ts';
import type { Copy } from './copy.ts';
import type { EvidenceMaker } from './evidence.ts';
import { faultAlarm } from './faults.ts';
import { UNREAD, type Fault } from '../registration/replay.ts';
import { isPolicy, type Replay } from './replay.ts';
import { Tampered, Unreachable, type ServedFiles } from '../client/served.ts';
import type { VerifiedTiles } from '../client/verified-tiles.ts';

/** Entries of one commit, about: enough to be worth two fsyncs, and little to repeat after a crash. */
export const BATCH = 2048;

/** Entries of other software are not decided. */
const OPAQUE = { decided: undefined, stopped: undefined };

/** The moments of a batch, so that tests can stop the process at each. */
export type CopyMoment = 'fetched' | 'decided' | 'alarmed' | 'committed';

interface CopyingParts {
  readonly copy: Copy;
  readonly served: ServedFiles;
  readonly tiles: VerifiedTiles;
  readonly hasher: BatchHasher;
  /** Absent for a log of other software, whose entries are not decided. */
  readonly replay: Replay | undefined;
  readonly checking: Checking;
  readonly evidence: EvidenceMaker;
  readonly watches: readonly EntryWatch[];
  readonly raise: (alarm: Alarm) => Promise<void>;
  /** POSIX seconds. */
  readonly now: () => number;
  readonly signal: AbortSignal | undefined;
  /** Entries of one commit, about. */
  readonly batch: number;
  readonly onProgress: (copied: number, size: number) => void;
  readonly moment: (moment: CopyMoment) => void;
}

/** Successive entries that were checked under one policy. */
interface Segment {
  readonly start: number;
  readonly entries: readonly Uint8Array[];
  readonly ids: readonly EntryId[];
  readonly leaves: Uint8Array;
  readonly refused: Promise<readonly RefusedAt[]>;
  /** Whether a bundle ends here, where it is good to commit. */
  readonly last: boolean;
}

export class Copying {
  readonly #parts: CopyingParts;
  readonly #onThreads: boolean;
  readonly #queue: Segment[] = [];
  /** Entries that are decided and not committed yet. */
  #batch: NewEntry[] = [];

  constructor(parts: CopyingParts) {
    this.#parts = parts;
    this.#onThreads = parts.checking.started || parts.tiles.head.size - parts.copy.size >= WORTH_THREADS;
  }

  /**
   * Copies every entry under the head. Returns false if `enough` stopped it earlier. Fails as `Unreachable` and
   * `Tampered`. Refuses `corrupt-store`, `store-failed`; `shutting-down` after the signal; `newer-version` and
   * `older-version` as `Replay` does. In each case, entries before the fault are committed first where possible.
   */
  async run(enough: () => boolean): Promise<boolean> {
    await this.#assertBeginning();
    const from = this.#parts.copy.size;
    const bundles = bundlesFrom(from, this.#parts);
    let to: number = from;
    while (to < this.#parts.tiles.head.size && !(to > from && enough())) {
      const bundle = await this.#next(bundles);
      this.#parts.moment('fetched');
      await this.#take(bundle, from);
      to = bundle.start + bundle.entries.length;
    }
    await this.#finish();
    return to === this.#parts.tiles.head.size;
  }

  /** The next bundle. If it fails, the entries before it are still committed. */
  async #next(bundles: AsyncGenerator<Bundle, void, undefined>): Promise<Bundle> {
    try {
      const { value } = await bundles.next();
      if (value === undefined) throw new Error('a tree without its last bundle');
      return value;
    } catch (error) {
      if (error instanceof Unreachable || error instanceof Tampered) await this.#finish();
      throw error;
    }
  }

  /**
   * Checks that the head continues the copy. The head was proven to continue the earlier heads before, so a difference
   * here means that the copy is damaged.
   */
  async #assertBeginning(): Promise<void> {
    const { size, root } = this.#parts.copy.head;
    if (!equalBytes(await this.#rootAt(size), root))
      throw refuse(
        'corrupt-store',
        `the copy of ${size} entries is not the beginning of the log: move it away`,
      );
  }

  async #rootAt(size: number): Promise<Digest> {
    const { tiles, hasher } = this.#parts;
    const read = await tiles.nodes(nodesForRoot(treeSize(size)));
    return rootAt(read, treeSize(size), nodeHashOf(hasher));
  }

  /** Sends the new entries of a bundle to be checked, in segments that one policy applies to. */
  async #take(bundle: Bundle, from: number): Promise<void> {
    const { replay, checking } = this.#parts;
    const { length } = bundle.entries;
    let end: number;
    for (let at = Math.max(0, from - bundle.start); at < length; at = end) {
      end = replay === undefined ? length : endOfReign(bundle.entries, at);
      const entries = bundle.entries.slice(at, end);
      const refused = this.#check(entries);
      refused.catch(() => undefined); // heard in its turn
      this.#queue.push({
        start: bundle.start + at,
        entries,
        ids: bundle.ids.slice(at, end),
        leaves: bundle.leaves.subarray(32 * at, 32 * end),
        refused,
        last: end === length,
      });
      const reignEnds = replay !== undefined && endsInPolicy(entries);
      while (this.#queue.length > (reignEnds ? 0 : checking.width + 1)) await this.#settle();
    }
  }

  async #check(entries: readonly Uint8Array[]): Promise<readonly RefusedAt[]> {
    const { replay, checking } = this.#parts;
    if (replay?.inForce === undefined) return [];
    return checking.check(entries, replay.inForce, this.#onThreads);
  }

  /** Decides on the oldest segment, and commits when enough entries are decided. */
  async #settle(): Promise<void> {
    if (this.#parts.signal?.aborted === true)
      throw refuse('shutting-down', 'the monitor is stopping; it goes on from here when it starts again');
    const segment = this.#queue.shift();
    if (segment === undefined) return;
    const { replay, now, moment } = this.#parts;
    const refused = await segment.refused;
    const { decided, stopped } = (await replay?.decide({ ...segment, refused })) ?? OPAQUE;
    moment('decided');
    const time = now();
    for (const [i, bytes] of segment.entries.slice(0, decided?.length).entries()) {
      const id = segment.ids[i];
      if (id === undefined) throw new Error('an entry without its id');
      const index = leafIndex(segment.start + i);
      const leaf = digest(segment.leaves.subarray(32 * i, 32 * (i + 1)));
      const decision = decided?.[i];
      if (decision?.fault !== undefined) await this.#raiseFault({ index, bytes }, decision.fault);
      const alarms = this.#watch({ index, id, bytes }, decision?.parsed);
      for (const alarm of alarms) await this.#parts.raise(alarm);
      this.#batch.push({ index, id, leaf, ...(decision?.row ?? UNREAD), time, bytes });
    }
    moment('alarmed');
    if (stopped !== undefined) {
      this.#queue.length = 0;
      await this.#commit();
      throw stopped;
    }
    if (segment.last && this.#batch.length >= this.#parts.batch) await this.#commit();
  }

  async #raiseFault(entry: Pick<SeenEntry, 'index' | 'bytes'>, fault: Fault): Promise<void> {
    const { evidence, raise } = this.#parts;
    await raise(await faultAlarm(entry, fault, evidence, (id) => this.#batch.find((each) => each.id === id)));
  }

  #watch(entry: Omit<SeenEntry, 'parsed' | 'evidence'>, parsed: ParsedStatement | undefined): Alarm[] {
    const { watches, evidence } = this.#parts;
    if (watches.length === 0) return [];
    const seen = new CopiedEntry(entry, parsed, evidence);
    return watches.flatMap((watch) => watch.entry(seen));
  }

  async #finish(): Promise<void> {
    while (this.#queue.length > 0) await this.#settle();
    await this.#commit();
  }

  async #commit(): Promise<void> {
    const { copy, replay, tiles, now, moment, onProgress } = this.#parts;
    const entries = this.#batch;
    const last = entries.at(-1);
    if (last === undefined) return;
    this.#batch = [];
    const leaves = concatBytes(...entries.map(({ leaf }) => leaf));
    const chains = replay?.commit() ?? new Map<string, ChainHead>();
    await copy.commit({ entries, leaves, chains }, await this.#rootAt(last.index + 1), now());
    moment('committed');
    onProgress(copy.size, tiles.head.size);
  }
}

/** Index after which another policy may apply: the one after the next policy entry. */
function endOfReign(entries: readonly Uint8Array[], from: number): number {
  const next = entries.findIndex((bytes, i) => i >= from && isPolicy(bytes));
  return next === -1 ? entries.length : next + 1;
}

function endsInPolicy(entries: readonly Uint8Array[]): boolean {
  const last = entries.at(-1);
  return last !== undefined && isPolicy(last);
}

/** An entry as watches receive it. Its proof is made only when a watch asks for it. */
class CopiedEntry implements SeenEntry {
  readonly index: number;
  readonly id: EntryId;
  readonly bytes: Uint8Array;
  readonly parsed: ParsedStatement | undefined;
  readonly #evidence: EvidenceMaker;

  constructor(
    { index, id, bytes }: Omit<SeenEntry, 'parsed' | 'evidence'>,
    parsed: ParsedStatement | undefined,
    evidence: EvidenceMaker,
  ) {
    this.index = index;
    this.id = id;
    this.bytes = bytes;
    this.parsed = parsed;
    this.#evidence = evidence;
  }

  evidence(): LoggedEvidence {
    return this.#evidence.ofNew(this.index, this.bytes);
  }
}
