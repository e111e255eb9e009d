/**
 * The audit of a whole log: everything is computed again from the entries' bytes and compared with what is served.
 * `fsck` runs it on a data directory or a URL; tests run it after every step.
 *
 * For every entry: its leaf, its strict encoding, its signature by a key enrolled at that point, its admission under
 * the policy in force at that point. For the tree: every tile at every level, and the root.
 */
import { readAhead } from '../bytes/ahead.ts';
import { entryId, type Digest, type EntryId } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { Refusal } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { headerMemo } from '../cose/header-memo.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { ChainLink } from '../registration/admit.ts';
import { Replay, type Indexed, type ReplayFacts } from '../registration/replay.ts';
import { emptyEdge, grow, type Edge } from '../tree/grow.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { TILE_WIDTH, tileWidthAt } from '../tree/tile.ts';

/** A log to audit, as anybody can read it (C2SP tlog-tiles). */
export interface AuditSource {
  /** Name of the log: what its first policy must name. */
  readonly origin: string;
  readonly size: number;
  readonly root: Digest;
  tile(level: number, index: number, width: number): Promise<Uint8Array>;
  bundle(index: number, width: number): Promise<readonly Uint8Array[]>;
}

/** The tree of a checkpoint as audit source, from anything that has its tiles. */
export function auditSource(
  { origin, size, root }: Pick<AuditSource, 'origin' | 'size' | 'root'>,
  files: Pick<AuditSource, 'tile' | 'bundle'>,
): AuditSource {
  return {
    origin,
    size,
    root,
    tile: (level, index, width) => files.tile(level, index, width),
    bundle: (index, width) => files.bundle(index, width),
  };
}

/** One fault, and where it is. */
export interface Finding {
  /** Index of the entry; undefined if the fault is not about one entry. */
  readonly index: number | undefined;
  readonly what: string;
}

export interface AuditOptions {
  readonly hasher: BatchHasher;
  readonly verify: VerifySignature;
  /** False for a log of other software: only hashes are checked. */
  readonly statements: boolean;
  /** Called with the number of entries checked so far. */
  readonly onProgress?: (done: number) => void;
  /** Called at the end with the newest link of every chain; may return further findings. */
  readonly onChains?: (chains: ReadonlyMap<string, ChainLink>) => Promise<readonly string[]>;
  /** Called with each entry in order, after it was checked; may return further findings. */
  readonly onEntry?: (index: number, id: EntryId, bytes: Uint8Array) => Promise<readonly string[]>;
}

/** Most findings that are kept; a damaged log may have one for each entry. */
const MAX_FINDINGS = 1000;

export interface AuditReport {
  readonly entries: number;
  readonly findings: readonly Finding[];
  /**
   * Why later entries were not judged: `newer-version` for a policy with rules that this program does not know,
   * `older-version` for a log of an earlier version. The tree is checked to its end all the same.
   */
  readonly stopped: Refusal | undefined;
}

/** Audits the first `source.size` entries. What cannot be read is the source's refusal. */
export async function auditLog(source: AuditSource, options: AuditOptions): Promise<AuditReport> {
  const findings: Finding[] = [];
  const find = (index: number | undefined, what: string): void => {
    if (findings.length < MAX_FINDINGS) findings.push({ index, what });
  };
  const replay = options.statements ? new WholeReplay(source.origin, options.verify) : undefined;
  let edge: Edge = emptyEdge();
  for await (const { bundle, entries, leafTile } of bundlesOf(source)) {
    const start = bundle * TILE_WIDTH;
    const { ids, leaves } = hashEntries(entries, options.hasher);
    compareLeaves(leafTile, bundle, leaves, find);
    const growth = grow(edge, leaves, options.hasher);
    for (const tile of growth.tiles)
      if (tile.level > 0 && tile.width === TILE_WIDTH) await compareTile(source, tile, find);
    edge = growth.edge;
    for (const [i, bytes] of entries.entries()) {
      const id = entryId(formatHex(ids.subarray(32 * i, 32 * (i + 1))));
      for (const what of replay?.entry(start + i, id, bytes) ?? []) find(start + i, what);
      if (replay?.stopped !== undefined) continue;
      for (const what of (await options.onEntry?.(start + i, id, bytes)) ?? []) find(start + i, what);
    }
    const end = start + entries.length;
    options.onProgress?.(end);
    if (end === source.size && !equalBytes(growth.root, source.root))
      find(undefined, 'the entries do not make the signed root');
  }
  await compareEdge(source, edge, find);
  if (replay !== undefined && replay.stopped === undefined)
    for (const what of (await options.onChains?.(replay.chains)) ?? []) find(undefined, what);
  return { entries: source.size, findings, stopped: replay?.stopped };
}

interface ServedBundle {
  readonly bundle: number;
  readonly entries: readonly Uint8Array[];
  /** The tile of its leaves, as served. */
  readonly leafTile: Uint8Array;
}

/** Every bundle in order, with the tile of its leaves. The next ones are read meanwhile. */
function bundlesOf(source: AuditSource): AsyncGenerator<ServedBundle, void, undefined> {
  const read = async (bundle: number): Promise<ServedBundle> => {
    const width = tileWidthAt(0, bundle, source.size);
    const [entries, leafTile] = await Promise.all([
      source.bundle(bundle, width),
      source.tile(0, bundle, width),
    ]);
    return { bundle, entries, leafTile };
  };
  const weigh = ({ entries }: ServedBundle): number => entries.reduce((sum, { length }) => sum + length, 0);
  return readAhead(0, Math.ceil(source.size / TILE_WIDTH), read, weigh);
}

type Find = (index: number | undefined, what: string) => void;

function hashEntries(
  entries: readonly Uint8Array[],
  hasher: BatchHasher,
): { ids: Uint8Array; leaves: Uint8Array } {
  const ends = new Uint32Array(entries.length);
  let at = 0;
  for (const [i, entry] of entries.entries()) ends[i] = at += entry.length;
  const data = new Uint8Array(at);
  for (const [i, entry] of entries.entries()) data.set(entry, (ends[i] ?? 0) - entry.length);
  const ids = new Uint8Array(32 * entries.length);
  const leaves = new Uint8Array(32 * entries.length);
  hasher.digests(data, ends, entries.length, ids);
  hasher.leaves(data, ends, entries.length, leaves);
  return { ids, leaves };
}

/** Reports each entry whose leaf hash differs from the served tile. */
function compareLeaves(served: Uint8Array, tile: number, leaves: Uint8Array, find: Find): void {
  for (let i = 0; i < leaves.length; i += 32) {
    if (!equalBytes(served.subarray(i, i + 32), leaves.subarray(i, i + 32))) {
      find(tile * TILE_WIDTH + i / 32, 'the entry does not hash to its leaf in the tile');
    }
  }
}

async function compareTile(
  source: AuditSource,
  tile: {
    readonly level: number;
    readonly index: number;
    readonly width: number;
    readonly hashes: Uint8Array;
  },
  find: Find,
): Promise<void> {
  const served = await source.tile(tile.level, tile.index, tile.width);
  if (!equalBytes(served, tile.hashes))
    find(undefined, `tile ${tile.level}/${tile.index} differs from what the entries make`);
}

/** The partial tiles of the upper levels, once, at the end. */
async function compareEdge(source: AuditSource, edge: Edge, find: Find): Promise<void> {
  for (const [level, { width, hashes }] of edge.tiles.entries()) {
    const index = Math.floor(source.size / TILE_WIDTH ** (level + 1));
    if (level > 0 && width > 0) await compareTile(source, { level, index, width, hashes }, find);
  }
}

/** Repeats the admission of every entry in order. */
class WholeReplay {
  readonly #replay: Replay;
  readonly #seen = new Map<EntryId, Indexed>();
  readonly #facts: ReplayFacts;
  readonly #readHeaders = headerMemo();
  readonly chains = new Map<string, ChainLink>();
  /** Why no further entries are decided. */
  stopped: Refusal | undefined;

  constructor(origin: string, verify: VerifySignature) {
    this.#replay = new Replay({ origin, inForce: undefined }, verify);
    const find = (id: EntryId): Indexed | undefined => this.#seen.get(id);
    const commitments = { get: find, set: () => undefined };
    this.#facts = { find, commitments, chains: this.chains, counts: this.chains };
  }

  /** The faults of the next entry; empty if there are none. */
  entry(index: number, id: EntryId, bytes: Uint8Array): readonly string[] {
    if (this.stopped !== undefined) return [];
    const statement = this.#replay.check(bytes, this.#readHeaders);
    try {
      const { row, fault } = this.#replay.decide({ id, index, bytes, statement }, this.#facts);
      if (!this.#seen.has(id)) this.#seen.set(id, row);
      return fault === undefined ? [] : [`${fault.code}: ${fault.message}`];
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.stopped = error;
      return [];
    }
  }
}
