/**
 * A bundle as a log at one moment: what `history`, `status`, `why` and `registry` read of a live log, they read of a bundle. Its
 * entries and signatures were verified when it was opened (opened.ts). It has the entries of its subjects, and no others.
 */
import { clockOf } from '../../appraisal/clock.ts';
import type { SubjectEntry } from '../../appraisal/history.ts';
import { timeBounds, witnessedHead } from '../../appraisal/past/bounds.ts';
import type { WitnessedHead } from '../../appraisal/past/types.ts';
import type { TreeSize } from '../../bytes/brand.ts';
import { equalBytes } from '../../bytes/compare.ts';
import { groupBy } from '../../bytes/group.ts';
import { refuse } from '../../bytes/refusal.ts';
import { CachingTileReader } from '../../client/caching-tiles.ts';
import type { Stop } from '../../client/listed-rows.ts';
import { momentOf } from '../../client/moment-of.ts';
import { snapshotAt } from '../../client/past-snapshot.ts';
import { Roster } from '../../client/roster.ts';
import type { Listed, Page, Wanted } from '../../client/search.ts';
import { contextOf } from '../../client/snapshot-context.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { readHistory, readSubject } from '../../client/subject.ts';
import type { Transport } from '../../client/transport.ts';
import { LogView } from '../../client/view.ts';
import { headIn, type HeadSource } from '../../client/witnessed-heads.ts';
import { openByLog, type TrustPolicy } from '../../note/trust.ts';
import type { PolicyHistory } from '../../registration/history.ts';
import { Refusal } from '../../bytes/refusal.ts';
import type { StatementKind } from '../../statement/kinds.ts';
import { rootAt, type NodeReader } from '../../tree/prove.ts';
import type { BundleEntry } from './entries.ts';
import type { BundleHeads, BundleTree, Reader } from './opened.ts';

/** What a snapshot of a bundle is made of: opened, and verified. */
export interface SnapshotParts {
  readonly heads: BundleHeads;
  readonly tree: BundleTree;
  readonly policies: PolicyHistory;
  /** Its witnessed heads (`witnessedIn`), in log order. */
  readonly witnessed: readonly WitnessedHead[];
  readonly reader: Reader;
}

/**
 * The witnessed heads of a bundle under the reader's policy: its start head, and those of its notices, in log order. Refuses
 * `inconsistent` for one that the log signed and that its tree does not begin with.
 */
export async function witnessedIn(
  { end, start }: BundleHeads,
  { entries, nodes }: BundleTree,
  { trust: { policy }, verify }: Reader,
): Promise<readonly WitnessedHead[]> {
  if (policy.quorum === 'none') assertOwnHeads(entries, nodes, policy);
  const found: WitnessedHead[] = [];
  const under = { policy, verify, nodes: { nodes: async () => nodes }, newest: end.opened.checkpoint };
  for (const entry of entries) {
    const head = await headIn(entry, under);
    if (head !== undefined) found.push(head);
  }
  const first = start && witnessedHead(start.opened, policy, undefined);
  const isNoticed = first === undefined || found.some(({ size }) => size === first.size);
  return isNoticed ? found : [first, ...found];
}

/**
 * The bundle as its end head shows it. `now`: POSIX seconds at which claims are appraised, or the time that the end head was
 * signed if that is later.
 */
export function bundleSnapshot(
  { heads, tree, policies, witnessed, reader }: SnapshotParts,
  now: number,
): Snapshot {
  const { end } = heads;
  const { policy } = reader.trust;
  const tiles = new BundleTiles(tree);
  const { size } = end.opened.checkpoint;
  const clock = clockOf(end.opened, policy, now);
  const signed = policy.quorum === 'none' ? signedBy(tree.entries, heads, policy) : witnessed;
  const timed = timesOf(tree.entries, signed, clock.headTime ?? now);
  const rows = new Rows(timed);
  const byIndex = new Map(timed.map((each) => [each.index, each]));
  const pages = (wanted: Wanted): AsyncIterable<Page> => pageOf(rows.of(wanted), wanted);
  const newest = async (wanted: Wanted, stop: Stop): Promise<readonly SubjectEntry[]> =>
    newestOf(rows.of(wanted), wanted, stop);
  const parts = {
    view: LogView.of(tiles, end.note, policy, reader.verify),
    size,
    past: undefined,
    tiles,
    policies,
    log: 'the bundle',
    ...clock,
    behind: 0,
    completeness: [],
    full: tree.entries.length === size,
    readFrom: size,
    isExcerpt: tree.entries.length < size,
    times: 'bounds' as const,
    heads: headsOf(heads, witnessed, policy),
    pages,
    newest,
    entries: (wanted: Wanted) => newest(wanted, () => false),
    read: async (listed: readonly Listed[], kind: StatementKind | undefined) =>
      listed.map(({ index }) => known(byIndex.get(index), index, kind)),
    gather: async () => 0,
    roster: () => rosterOf(pages, size),
    loggedAt: loggedAtBy(signed),
  };
  const snapshot: Snapshot = {
    ...parts,
    context: contextOf(parts),
    subject: (subject, least) => readSubject(snapshot, subject, least),
    history: (subject) => readHistory(snapshot, subject),
    at: async (asked) => snapshotAt(snapshot, await momentOf(snapshot, asked)),
  };
  return snapshot;
}

async function rosterOf(pages: Snapshot['pages'], size: number): Promise<Roster> {
  const roster = new Roster();
  await roster.advance(pages, size);
  return roster;
}

/** Entries and nodes of a bundle in place of a log's tiles. What it does not hold, it refuses. */
class BundleTiles extends CachingTileReader {
  readonly #entries: ReadonlyMap<number, Uint8Array>;
  readonly #nodes: NodeReader;

  constructor({ entries, nodes }: BundleTree) {
    super(NO_NETWORK, 'bundle:');
    this.#entries = new Map(entries.map(({ index, parsed }) => [index, parsed.entry]));
    this.#nodes = nodes;
  }

  override async entry(index: number, _: TreeSize): Promise<Uint8Array> {
    const entry = this.#entries.get(index);
    if (entry === undefined) throw refuse('not-found', `entry ${index} is not in the bundle`);
    return entry;
  }

  override async nodes(): Promise<NodeReader> {
    return this.#nodes;
  }
}

/** Nothing is asked of anybody: a request is a bug. */
const NO_NETWORK: Transport = {
  fetch: async () => {
    throw new Error('a bundle is read offline');
  },
  now: () => 0,
};

/** The start head and those of notices, then the end head, which no notice below it holds. */
function headsOf({ end }: BundleHeads, witnessed: readonly WitnessedHead[], policy: TrustPolicy): HeadSource {
  const last = witnessedHead(end.opened, policy, undefined);
  return {
    async *descending(before) {
      yield* witnessed.filter(({ index = 0 }) => index < before).toReversed();
    },
    async *ascending(from) {
      yield* witnessed.filter(({ index = 0 }) => index >= from);
      if (last !== undefined) yield last;
    },
  };
}

/**
 * The entries with the latest time at which each can have been logged, by the heads that bound them: those of the reader's
 * witnesses; for a reader without witnesses, those whose time the log signed. `latest`: when the end head was signed, POSIX seconds.
 */
function timesOf(
  entries: readonly BundleEntry[],
  heads: readonly WitnessedHead[],
  latest: number,
): readonly SubjectEntry[] {
  const bounds = timeBounds(heads);
  return entries.map((each) => ({ ...each, time: bounds.boundsOf(each.index).notAfter ?? latest }));
}

/** Refuses `inconsistent` for a head in a notice that the log signed, and that its tree does not begin with. */
function assertOwnHeads(entries: readonly BundleEntry[], nodes: NodeReader, policy: TrustPolicy): void {
  for (const { index, parsed } of entries) {
    if (parsed.kind !== 'notice' || parsed.notice.topic !== 'witnessed') continue;
    const opened = openedByLog(parsed.notice.note, policy);
    if (opened === undefined) continue;
    const { size, root } = opened.checkpoint;
    if (size < 1 || size > index || equalBytes(rootAt(nodes, size), root)) continue;
    throw refuse(
      'inconsistent',
      `the log signed two histories: another root for ${size} entries than entry ${index} keeps; show both heads to others who read this log`,
    );
  }
}

/** Heads whose time the log signed, in the form of witnessed ones. */
function signedBy(
  entries: readonly BundleEntry[],
  { end }: BundleHeads,
  policy: TrustPolicy,
): readonly WitnessedHead[] {
  const notes = entries.flatMap(({ index, parsed }) =>
    parsed.kind === 'notice' && parsed.notice.topic === 'witnessed'
      ? [{ index, note: parsed.notice.note }]
      : [],
  );
  return [...notes, { index: undefined, note: end.note }].flatMap(({ index, note }) => {
    const opened = openedByLog(note, policy);
    const times = opened?.logSignatures.flatMap(({ time = 0 }) => (time > 0 ? [time] : [])) ?? [];
    if (opened === undefined || times.length === 0) return [];
    const { size, root } = opened.checkpoint;
    return [{ index, size, root, notAfter: Math.min(...times), notBefore: Math.max(...times) }];
  });
}

function openedByLog(note: Uint8Array, policy: TrustPolicy) {
  try {
    return openByLog(note, policy);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** The earliest time at which an entry can have been logged. A later one would make what names it look younger than it is. */
function loggedAtBy(heads: readonly WitnessedHead[]): Snapshot['loggedAt'] {
  const bounds = timeBounds(heads);
  return async (index) => bounds.boundsOf(index).notBefore;
}

/** Entries, newest first, found by subject or by kind without looking at the others. */
class Rows {
  readonly #all: readonly SubjectEntry[];
  readonly #bySubject: ReadonlyMap<string, readonly SubjectEntry[]>;
  readonly #byKind: ReadonlyMap<string, readonly SubjectEntry[]>;

  constructor(entries: readonly SubjectEntry[]) {
    this.#all = entries.toReversed();
    this.#bySubject = groupBy(this.#all, ({ parsed }) => parsed.subject);
    this.#byKind = groupBy(this.#all, ({ parsed }) => parsed.kind);
  }

  /** At least those that match. */
  of({ subject, kind }: Wanted): readonly SubjectEntry[] {
    if (subject !== undefined) return this.#bySubject.get(subject) ?? [];
    return kind === undefined ? this.#all : (this.#byKind.get(kind) ?? []);
  }
}

function matches(
  { index, parsed }: SubjectEntry,
  { subject, kind, kid, before = Infinity, from = 0 }: Wanted,
): boolean {
  return (
    index >= from &&
    index < before &&
    (subject ?? parsed.subject) === parsed.subject &&
    (kind ?? parsed.kind) === parsed.kind &&
    (kid ?? parsed.kid) === parsed.kid
  );
}

async function* pageOf(rows: readonly SubjectEntry[], wanted: Wanted): AsyncGenerator<Page, void, undefined> {
  const found = rows.filter((each) => matches(each, wanted));
  yield {
    rows: found.map(({ index, id, time, parsed: { subject } }) => ({ index, id, time, subject })),
    next: undefined,
  };
}

function newestOf(rows: readonly SubjectEntry[], wanted: Wanted, stop: Stop): readonly SubjectEntry[] {
  const found: SubjectEntry[] = [];
  for (const each of rows) {
    if (!matches(each, wanted)) continue;
    const { index, id, time, parsed } = each;
    if (stop({ index, id, time, subject: parsed.subject }, found.length)) break;
    found.push(each);
  }
  return found.toReversed();
}

function known(
  entry: SubjectEntry | undefined,
  index: number,
  kind: StatementKind | undefined,
): SubjectEntry {
  if (entry !== undefined && (kind ?? entry.parsed.kind) === entry.parsed.kind) return entry;
  throw refuse('not-found', `entry ${index} is not in the bundle as one of that kind`);
}
