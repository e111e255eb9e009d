/**
 * Reads a log at one moment: takes snapshots. Every entry is proven to be in the tree of one signed checkpoint, and
 * signed by a key that the policy at its index allows. The server is trusted with nothing but the times of entries.
 *
 * A host without a search (a mirror, a directory, tiles on any file server) is read whole, once: then its rows are the
 * reader's own, and the times of entries are bounds by witnessed heads (whole-log.ts).
 *
 * Memory of one reader: 112 MiB of tiles and bundles, 64 MiB of verified entries, 500,000 rows of listings, and with
 * `full`, or without a search, 50 bytes for each entry of the log and 64 MiB of entries that are gathered for a report on many
 * subjects. Beyond that, what was used longest ago is dropped and requested again.
 */
import { clockFault, clockOf, type Clock } from '../appraisal/clock.ts';
import type { SubjectEntry } from '../appraisal/history.ts';
import type { WitnessedHead } from '../appraisal/past/types.ts';
import { readAhead } from '../bytes/ahead.ts';
import { Lru } from '../bytes/lru.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { assertSigned } from '../registration/admit.ts';
import { PolicyHistory } from '../registration/history.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { verifyOnce } from '../sign/remembered.ts';
import { answeredAhead, verifyOnWeb, type VerifyAhead } from '../sign/web-ed25519.ts';
import type { StatementKind } from '../statement/kinds.ts';
import { parseStatement } from '../statement/parse.ts';
import { nobleHasher, type BatchHasher } from '../tree/hash.ts';
import { CachingTileReader } from './caching-tiles.ts';
import { Tail } from './tail.ts';
import { TileReader } from './tiles.ts';
import { Gathered } from './gathered.ts';
import { split } from './compare.ts';
import { misnamed, wholePages } from './completeness.ts';
import type { Contradiction, NotedHead } from './history.ts';
import { KeptFirst } from './kept-bundles.ts';
import { KnownEntries } from './known-entries.ts';
import { ListedRows, type Stop } from './listed-rows.ts';
import type { Progress, Remark } from './ports.ts';
import { Roster } from './roster.ts';
import { entryIdOf } from './scrapi.ts';
import { spelled } from '../cose/twin.ts';
import { equalBytes } from '../bytes/compare.ts';
import { momentOf } from './moment-of.ts';
import { snapshotAt } from './past-snapshot.ts';
import type { Listed, Page, Wanted } from './search.ts';
import type { Snapshot } from './snapshot.ts';
import { contextOf } from './snapshot-context.ts';
import { searchedSource, wholeSource, type Source } from './source.ts';
import { readHistory, readSubject } from './subject.ts';
import { MOST_ENTRIES } from './reader-limits.ts';
import type { ReaderParts, SnapshotParts } from './reader-parts.ts';
import { LogView } from './view.ts';
import { EntryIndex } from './entry-index.ts';
import { headIn } from './witnessed-heads.ts';

/** A monitor's copy has a search, and its times are those of the monitor's copying: they say nothing of the log's. */
const COPY = /\/logs\/[0-9a-f]{64}\/*$/;

/** What an entry that is read ahead is taken to weigh: its bundle may have 16 MiB. */
const BUNDLE_WEIGHT = 2 ** 23;

/** Entries of a log whose bundles do not fit in the memory for bundles. */
const LARGE = 131_072;

/** Entries whose times are cached. */
const MOST_TIMES = 100_000;

/**
 * Takes snapshots of one log, one after another. What was read for one snapshot is not requested again for the next.
 */
export class LogReader {
  readonly #parts: ReaderParts;
  readonly #remark: (remark: Remark) => void;
  readonly #progress: (label: string, total: number) => Progress;
  readonly #verify: VerifySignature;
  /** Asked about signatures of entries first, unless the caller named a verifier. */
  readonly #ahead: VerifyAhead | undefined;
  readonly #tiles: CachingTileReader;
  readonly #hasher: BatchHasher;
  #whole: EntryIndex | undefined;
  /** Of the last snapshot. */
  #tail: Tail | undefined;
  #kept: KeptFirst | undefined;
  /** Whether the host answers searches; undefined before it was asked. */
  #searches: boolean | undefined;
  readonly #known = new KnownEntries();
  readonly #gathered: Gathered;
  #rows = new ListedRows();
  #roster = new Roster();
  /** Size of the tree of the last snapshot. */
  #size = 0;
  /** Times of entries, as the log stated them first. */
  readonly #times = new Lru<number, number>(MOST_TIMES, () => 1);
  #clockTold = false;

  constructor(parts: ReaderParts) {
    const { full = false, tail = 0, hasher = nobleHasher, verify } = parts.options;
    const { onRemark = () => undefined, progress = () => SILENT } = parts.options;
    this.#parts = parts;
    this.#remark = onRemark;
    this.#progress = progress;
    this.#verify = verify ?? verifyOnce;
    this.#ahead = verify === undefined ? verifyOnWeb : undefined;
    this.#tiles = new CachingTileReader(parts.transport, parts.log, hasher);
    const plain = new TileReader(parts.transport, parts.log);
    const bundle = async (index: number, width: number): Promise<readonly Uint8Array[]> =>
      (await this.#kept?.entriesAt(index, width)) ?? plain.bundle(index, width);
    this.#gathered = new Gathered({ bundle }, hasher);
    this.#hasher = hasher;
    if (COPY.test(parts.log)) this.#searches = false;
    this.#whole = full ? this.#wholeLog() : undefined;
    this.#tail = tail > 0 ? this.#newTail(tail) : undefined;
  }

  #newTail(bundles: number): Tail {
    return new Tail(this.#tiles, this.#hasher, bundles);
  }

  #wholeLog(): EntryIndex {
    const { policy } = this.#parts.trust;
    return new EntryIndex(
      this.#tiles,
      this.#hasher,
      (entry, view, nodes) =>
        headIn(entry, {
          policy,
          verify: this.#verify,
          nodes,
          newest: view.head,
          accuse: (seen, found) => this.#parts.accuse(split(view, seen, found), view),
        }),
      (origin) => this.#keptOf(origin),
    );
  }

  #keptOf(origin: string): KeptFirst | undefined {
    const { transport, log, options } = this.#parts;
    const memory = options.bundles;
    this.#kept = memory && new KeptFirst(transport, log, { hasher: this.#hasher, memory, origin });
    return this.#kept;
  }

  /** The newest checkpoint, compared with the last one seen, and the policies under it. */
  async snapshot(): Promise<Snapshot> {
    try {
      return await this.#snapshot();
    } catch (error) {
      this.#tiles.forget();
      throw error;
    }
  }

  async #snapshot(): Promise<Snapshot> {
    const { note } = await this.#parts.view();
    const view = LogView.of(this.#tiles, note, this.#parts.trust.policy, this.#verify);
    const { size } = view.head;
    const clock = this.#clock(view);
    await this.#readWhole(view);
    const isSearched = this.#whole === undefined && this.#searches !== false;
    if (this.#tail?.isLeft(view.head)) this.#tail = this.#newTail(this.#parts.options.tail ?? 0);
    const tail = this.#tail;
    const tailFrom = isSearched ? await tail?.reach(view.head, this.#remark) : undefined;
    const source = await this.#sourceOf(view, clock);
    const pages = (wanted: Wanted): AsyncIterable<Page> =>
      source.kind === 'whole'
        ? source.pages(wanted)
        : wholePages(source.pages(wanted), wanted, size, this.#whole ?? tail);
    // What a monitor has not copied yet must be requested again later; bounds become narrower.
    // The rows of a walk are in memory already.
    if (source.monitors.length > 0 || source.times === 'bounds')
      [this.#rows, this.#roster] = [new ListedRows(source.kind === 'whole' ? 0 : undefined), new Roster()];
    else await this.#rows.catchUp(pages, this.#size, size);
    this.#size = size;
    const newest = async (wanted: Wanted, stop: Stop): Promise<readonly Listed[]> =>
      (await this.#rows.newestFirst(pages, wanted, size, stop, MOST_ENTRIES)).toReversed();
    const named = await newest({ kind: 'policy' }, never).catch(this.#unlessSearchless);
    if (named === undefined) return this.#snapshot();
    this.#searches ??= true;
    const policies = await this.#policies(view, named);
    const readFrom = this.#whole === undefined ? (tailFrom ?? size) : 0;
    return this.#assembled({ view, clock, source, pages, newest, policies, readFrom });
  }

  #assembled({ view, clock, source, pages, newest, policies, readFrom }: SnapshotParts): Snapshot {
    const { size } = view.head;
    const read = async (wanted: Wanted, stop: Stop): Promise<readonly SubjectEntry[]> =>
      this.#readAll(view, await newest(wanted, stop), wanted, policies);
    const parts = {
      view,
      size,
      past: undefined,
      tiles: this.#tiles,
      policies,
      log: this.#parts.log,
      ...clock,
      completeness: source.monitors,
      full: readFrom === 0,
      readFrom,
      isExcerpt: false,
      times: source.times,
      heads: source.heads,
      pages,
      entries: (wanted: Wanted) => read(wanted, never),
      newest: read,
      read: (rows: readonly Listed[], kind: StatementKind | undefined) =>
        this.#readAll(view, rows, kind === undefined ? {} : { kind }, policies),
      gather: async (rows: readonly Listed[], once?: boolean) =>
        this.#whole === undefined ? 0 : this.#gathered.hold(rows, size, this.#whole, once),
      roster: () => this.#readRoster(pages, size),
      loggedAt: (index: number) => source.loggedAt(index),
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

  /** The host's search, if it has one; else the reader's own rows of the whole log. */
  async #sourceOf(view: LogView, { headTime, now }: Clock): Promise<Source> {
    const { transport, log, options } = this.#parts;
    if (this.#searches === false) {
      this.#whole ??= this.#wholeLog();
      await this.#readWhole(view);
      return wholeSource(this.#whole, view, headTime ?? now);
    }
    const times = (index: number, ask: () => Promise<Listed | undefined>): Promise<number | undefined> =>
      this.#loggedAt(index, ask);
    return searchedSource(transport, log, view, options.monitors ?? [], times, (row) =>
      this.#headAt(view, row),
    );
  }

  /** The witnessed head in the notice of a row. Refuses `proof-failed` for a row that names another entry. */
  async #headAt(view: LogView, row: Listed): Promise<WitnessedHead | undefined> {
    const { bytes } = await view.entry(row.index);
    if (entryIdOf(bytes) !== row.id) throw misnamed(row.index);
    const { policy } = this.#parts.trust;
    const parsed = parseStatement(bytes);
    const under = {
      policy,
      verify: this.#verify,
      nodes: this.#tiles,
      newest: view.head,
      accuse: (seen: NotedHead, found: Contradiction) => this.#parts.accuse(split(view, seen, found), view),
    };
    return headIn({ index: row.index, parsed }, under);
  }

  /**
   * Undefined for the failure of the first search if it says that the host has none. A host whose search answered once must
   * go on answering: else a log could hide what it named before.
   */
  readonly #unlessSearchless = (error: unknown): undefined => {
    const has = this.#searches !== undefined || !(error instanceof Refusal) || error.code !== 'not-found';
    if (has) throw error;
    this.#searches = false;
  };

  /** Listing the subjects of a large log takes several calls. */
  async #readRoster(pages: Snapshot['pages'], size: number): Promise<Roster> {
    const bar = this.#progress('subjects of entries', size);
    const shown = async function* (wanted: Wanted): AsyncGenerator<Page> {
      for await (const page of pages(wanted)) {
        bar.at(size - (page.next ?? 0));
        yield page;
      }
    };
    await this.#roster.advance(shown, size);
    bar.end();
    return this.#roster;
  }

  /** The time to appraise at. A clock that is behind is remarked on once. */
  #clock(view: LogView): Clock {
    const { trust, options } = this.#parts;
    const machine = Math.floor(options.now() / 1000);
    const clock = clockOf(view.opened, trust.policy, machine);
    const fault = clockFault(clock);
    if (fault !== undefined && !this.#clockTold)
      this.#remark({
        code: 'clock-behind',
        level: 'warning',
        text: `${fault}; until then nothing is PROVEN`,
      });
    this.#clockTold = fault !== undefined;
    return clock;
  }

  /** The time of an entry, as the log stated it first. */
  async #loggedAt(index: number, ask: () => Promise<Listed | undefined>): Promise<number | undefined> {
    const known = this.#times.get(index);
    if (known !== undefined) return known;
    const found = await ask();
    if (found !== undefined) this.#times.set(index, found.time);
    return found?.time;
  }

  async #policies(view: LogView, rows: readonly Listed[]): Promise<PolicyHistory> {
    // The entries themselves name no policy where entry 0 cannot be read: its refusal says why, such as `older-version`.
    if (rows.length === 0 && view.head.size > 0) parseStatement((await view.entry(0)).bytes);
    if (rows.length === 0) throw refuse('not-found', `${this.#parts.log} names no registration policy`);
    const entries = await this.#readAll(view, rows, { kind: 'policy' }, undefined);
    return PolicyHistory.of(view.opened.checkpoint.origin, entries, this.#verify);
  }

  async #readAll(
    view: LogView,
    rows: readonly Listed[],
    wanted: Wanted,
    policies: PolicyHistory | undefined,
  ): Promise<readonly SubjectEntry[]> {
    const bar = this.#progress('entries', rows.length);
    const entries: SubjectEntry[] = [];
    const read = (i: number): Promise<SubjectEntry> => {
      const row = rows[i];
      if (row === undefined) throw new RangeError(`row ${i} of ${rows.length}`);
      return this.#read(view, row, wanted, policies);
    };
    for await (const entry of readAhead(0, rows.length, read, () => BUNDLE_WEIGHT)) {
      entries.push(entry);
      bar.at(entries.length);
    }
    bar.end();
    return entries;
  }

  /**
   * One entry: proven to be in the tree, equal to what was listed, and signed by a key that the policy before it
   * allows.
   */
  async #read(
    view: LogView,
    { index, id, time, subject }: Listed,
    wanted: Wanted,
    policies: PolicyHistory | undefined,
  ): Promise<SubjectEntry> {
    const known = this.#known.get(index);
    if (known?.id === id && known.parsed.subject === subject)
      return this.#searches === false ? { ...known, time } : known;
    const held = this.#gathered.get({ index, id });
    const bytes = held ?? (await this.#bytesAt(view, index));
    const parsed = parseStatement(bytes);
    const isHeld = held !== undefined && equalBytes(parsed.entry, held);
    const right =
      (isHeld || spelled(parsed.entry).id === id) &&
      subject === parsed.subject &&
      (wanted.subject ?? subject) === subject &&
      (wanted.kind ?? parsed.kind) === parsed.kind;
    if (!right) throw misnamed(index);
    const entry = { index, id, time, parsed };
    if (policies === undefined) return entry;
    const rules = policies.rulesAt(index);
    await answeredAhead((verify) => assertSigned(rules, parsed, verify), this.#ahead, this.#verify);
    if (held === undefined || parsed.kind !== 'proof' || !this.#gathered.isOnce) this.#known.set(entry);
    return entry;
  }

  /** The bytes of an entry: proven to be in the tree, or the ones that a reading of the whole log found there. */
  async #bytesAt(view: LogView, index: number): Promise<Uint8Array> {
    const row = this.#whole?.at(index);
    if (row === undefined) return (await view.entry(index)).bytes;
    const { size } = view.head;
    const kept = await this.#kept?.entryOf(row, size);
    if (kept !== undefined) return kept;
    const bytes = await this.#tiles.entry(index, size);
    return entryIdOf(bytes) === row.id ? bytes : (await view.entry(index)).bytes;
  }

  async #readWhole(view: LogView): Promise<void> {
    if (this.#whole === undefined) return;
    const bar = this.#progress('whole log', view.head.size);
    const ended = this.#parts.options.bundles?.walking?.();
    try {
      await this.#whole.advance(view, (done) => bar.at(done));
    } finally {
      ended?.();
    }
    bar.end();
    // Bundles of a walk are in memory for the reads that follow, unless the log is larger than that memory.
    if (view.head.size > LARGE) this.#tiles.forget();
  }
}

const never: Stop = () => false;

const SILENT: Progress = { at: () => undefined, end: () => undefined };
