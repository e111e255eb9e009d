/**
 * Reads a log at one moment: takes snapshots. Every entry is proven to be in the tree of one signed checkpoint, and
 * signed by a key that the policy at its index allows. The server is trusted with nothing but the times of entries.
 *
 * Memory of one reader: 80 MiB of tiles and bundles, 64 MiB of verified entries, 500,000 rows of listings, and with
 * `full` the places of at most a million entries. Beyond that, what was used longest ago is dropped and requested
 * again.
 */
import { clockFault, clockOf, type Clock } from '../appraisal/clock.ts';
import type { SubjectEntry } from '../appraisal/history.ts';
import type { SnapshotContext } from '../appraisal/subject.ts';
import { Lru } from '../bytes/lru.ts';
import { refuse } from '../bytes/refusal.ts';
import { assertSigned } from '../registration/admit.ts';
import { PolicyHistory } from '../registration/history.ts';
import { verifyWithNoble, type VerifySignature } from '../sign/algorithm.ts';
import type { StatementKind } from '../statement/kinds.ts';
import { parseStatement } from '../statement/parse.ts';
import { nobleHasher } from '../tree/hash.ts';
import { CachingTileReader } from './caching-tiles.ts';
import { listingsOf, omitted } from './completeness.ts';
import type { Trust } from './evidence.ts';
import { KnownEntries } from './known-entries.ts';
import { ListedRows, type Stop } from './listed-rows.ts';
import type { ClientOptions, Progress, Remark } from './ports.ts';
import { Roster } from './roster.ts';
import { entryIdOf } from './scrapi.ts';
import { findAt, type Listed, type Page, type Wanted } from './search.ts';
import type { Snapshot } from './snapshot.ts';
import { readHistory, readSubject } from './subject.ts';
import type { Transport } from './transport.ts';
import { LogView } from './view.ts';
import { WholeLog } from './whole-log.ts';

/** Most entries of one kind about one subject. If a subject has more, it is not read. */
const MOST_ENTRIES = 20_000;

/** Entries whose times are cached. */
const MOST_TIMES = 100_000;

/** The parts of a client that its reader needs. */
export interface ReaderParts {
  readonly options: ClientOptions;
  /** Base URL of the log. */
  readonly log: string;
  readonly transport: Transport;
  readonly trust: Trust;
  /** Fetches the newest checkpoint, verified and compared with all heads that the client knows. */
  readonly view: () => Promise<LogView>;
}

/**
 * Takes snapshots of one log, one after another. What was read for one snapshot is not requested again for the next.
 */
export class LogReader {
  readonly #parts: ReaderParts;
  readonly #remark: (remark: Remark) => void;
  readonly #progress: (label: string, total: number) => Progress;
  readonly #verify: VerifySignature;
  readonly #tiles: CachingTileReader;
  readonly #whole: WholeLog | undefined;
  readonly #known = new KnownEntries();
  #rows = new ListedRows();
  #roster = new Roster();
  /** Size of the tree of the last snapshot. */
  #size = 0;
  /** Times of entries, as the log stated them first. */
  readonly #times = new Lru<number, number>(MOST_TIMES, () => 1);
  #clockTold = false;

  constructor(parts: ReaderParts) {
    const { full = false, hasher = nobleHasher, verify = verifyWithNoble } = parts.options;
    const { onRemark = () => undefined, progress = () => SILENT } = parts.options;
    this.#parts = parts;
    this.#remark = onRemark;
    this.#progress = progress;
    this.#verify = verify;
    this.#tiles = new CachingTileReader(parts.transport, parts.log);
    this.#whole = full ? new WholeLog(this.#tiles, hasher) : undefined;
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
    const { transport, log, trust, options } = this.#parts;
    const { note } = await this.#parts.view();
    const view = LogView.of(this.#tiles, note, trust.policy, this.#verify);
    const listings = await listingsOf(transport, log, view, options.monitors ?? []);
    await this.#readWhole(view);
    const pages = (wanted: Wanted): AsyncIterable<Page> =>
      this.#checked(listings.pages(wanted), wanted, size);
    const { size } = view.head;
    // What a monitor has not copied yet must be requested again later.
    if (listings.monitors.length > 0) [this.#rows, this.#roster] = [new ListedRows(), new Roster()];
    else await this.#rows.catchUp(pages, this.#size, size);
    this.#size = size;
    const newest = async (wanted: Wanted, stop: Stop): Promise<readonly Listed[]> =>
      (await this.#rows.newestFirst(pages, wanted, size, stop, MOST_ENTRIES)).toReversed();
    const policies = await this.#policies(view, await newest({ kind: 'policy' }, never));
    const read = async (wanted: Wanted, stop: Stop): Promise<readonly SubjectEntry[]> =>
      this.#readAll(view, await newest(wanted, stop), wanted, policies);
    const snapshot = {
      view,
      tiles: this.#tiles,
      policies,
      log,
      ...this.#clock(view),
      completeness: listings.monitors,
      full: this.#whole !== undefined,
      pages,
      entries: (wanted: Wanted) => read(wanted, never),
      newest: read,
      read: (rows: readonly Listed[], kind: StatementKind) => this.#readAll(view, rows, { kind }, policies),
      roster: () => this.#readRoster(pages, size),
      loggedAt: (index: number) => this.#loggedAt(index),
    };
    return {
      ...snapshot,
      context: contextOf(snapshot),
      subject: (subject, least) => readSubject(snapshot, subject, least),
      history: (subject) => readHistory(snapshot, subject),
    };
  }

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

  /** Checks that the listing has every entry that a full reading found, with the same subject and kind. */
  async *#checked(pages: AsyncIterable<Page>, wanted: Wanted, size: number): AsyncGenerator<Page> {
    let before = Math.min(size, wanted.before ?? size);
    for await (const page of pages) {
      const from = Math.max(page.next ?? 0, wanted.from ?? 0);
      this.#assertWhole(page.rows, wanted, from, before);
      before = from;
      yield page;
    }
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

  async #loggedAt(index: number): Promise<number | undefined> {
    const known = this.#times.get(index);
    if (known !== undefined) return known;
    const found = await findAt(this.#parts.transport, this.#parts.log, index);
    if (found !== undefined) this.#times.set(index, found.time);
    return found?.time;
  }

  async #policies(view: LogView, rows: readonly Listed[]): Promise<PolicyHistory> {
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
    for (const row of rows) {
      entries.push(await this.#read(view, row, wanted, policies));
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
    if (known?.id === id && known.parsed.subject === subject) return known;
    const { bytes } = await view.entry(index);
    const parsed = parseStatement(bytes);
    const right =
      entryIdOf(bytes) === id &&
      subject === parsed.subject &&
      (wanted.subject ?? subject) === subject &&
      (wanted.kind ?? parsed.kind) === parsed.kind;
    if (!right)
      throw refuse(
        'proof-failed',
        `the log's search names entry ${index} as what it is not; do not rely on it`,
      );
    const entry = { index, id, time, parsed };
    if (policies === undefined) return entry;
    assertSigned(policies.rulesAt(index), parsed, this.#verify);
    this.#known.set(entry);
    return entry;
  }

  async #readWhole(view: LogView): Promise<void> {
    if (this.#whole === undefined) return;
    const bar = this.#progress('whole log', view.head.size);
    await this.#whole.advance(view, (done) => bar.at(done));
    bar.end();
  }

  #assertWhole(rows: readonly Listed[], { subject, kind, kid }: Wanted, from: number, before: number): void {
    if (this.#whole === undefined || kid !== undefined) return;
    const named = new Map(rows.map((each) => [each.id, each.subject]));
    const missing = this.#whole
      .between(from, before)
      .find(
        (each) =>
          (subject ?? each.subject) === each.subject &&
          (kind ?? each.kind) === each.kind &&
          named.get(each.id) !== each.subject,
      );
    if (missing !== undefined) throw omitted(missing.index, missing.subject, 'it is in the tree');
  }
}

/** What is true of the log at the moment of a snapshot, for every subject. */
function contextOf({
  now,
  behind,
  headTime,
  view,
  policies,
}: Clock & Pick<Snapshot, 'view' | 'policies'>): SnapshotContext {
  const { origin } = view.opened.checkpoint;
  return { now, behind, headTime, origin, revokedSince: (kid) => policies.revokedSince(kid) };
}

const never: Stop = () => false;

const SILENT: Progress = { at: () => undefined, end: () => undefined };
