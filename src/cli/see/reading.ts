/**
 * Reading a log to see where claims stand. Whatever is read is shown to be in the tree of one signed checkpoint and
 * signed by a key that the policy of its place let; the server that answers is not trusted with anything but the times.
 */
import { refuse } from '../../bytes/refusal.ts';
import { clockFault, clockOf, type Clock } from '../../appraisal/clock.ts';
import type { SubjectEntry } from '../../appraisal/history.ts';
import { entryIdOf } from '../../client/scrapi.ts';
import { Roster } from '../../client/roster.ts';
import { findAt, type Listed, type Page, type Wanted } from '../../client/search.ts';
import { LogView } from '../../client/view.ts';
import { assertSigned } from '../../registration/admit.ts';
import { PolicyHistory } from '../../registration/history.ts';
import { parseStatement } from '../../statement/parse.ts';
import type { StatementKind } from '../../statement/kinds.ts';
import { chooseVerifier } from '../../workers/kernels.ts';
import type { Context } from '../context.ts';
import type { LogClient } from '../../client/client.ts';
import { clientOf, type Whom } from '../client.ts';
import { KeptTiles } from './kept.ts';
import { KeptRows, type Stop } from './keptrows.ts';
import { KnownEntries } from './known.ts';
import { leftOut, listingsOf, type Listings } from './listings.ts';
import { WholeLog } from './whole.ts';

/** Entries of one kind about one subject that are read at most: more, and that subject is left out. */
const MOST_ENTRIES = 20_000;

/** How completeness is to be checked, beyond the log's own search. */
export interface Completeness {
  /** Base URLs of monitors. */
  readonly monitors: readonly string[];
  /** Read the whole log. */
  readonly full: boolean;
}

/** The log at one moment. */
export interface Look {
  readonly view: LogView;
  readonly tiles: KeptTiles;
  readonly policies: PolicyHistory;
  readonly log: string;
  /** POSIX seconds: no earlier than what the log or its witnesses signed (appraisal/clock.ts). */
  readonly now: number;
  /** Seconds that the clock of this machine is behind that; nothing is PROVEN then. 0: it is not. */
  readonly behind: number;
  /** When the head was signed; undefined where nobody says. */
  readonly headTime: number | undefined;
  readonly completeness: Listings['monitors'];
  readonly full: boolean;
  /** Entries that match, oldest first: verified, signatures included. Refuses `too-large` for too many. */
  entries(wanted: Wanted): Promise<readonly SubjectEntry[]>;
  /** The newest that match, up to the first that `stop` does not need; oldest first, verified. Refuses `too-large`. */
  newest(wanted: Wanted, stop: Stop): Promise<readonly SubjectEntry[]>;
  /** Where they are, by the log's word: newest first. */
  pages(wanted: Wanted): AsyncIterable<Page>;
  /** The subjects that have commitments, read on as far as one look may. */
  roster(): Promise<Roster>;
  /** The entries of a list of one kind: verified as above. */
  read(rows: readonly Listed[], kind: StatementKind): Promise<readonly SubjectEntry[]>;
  /** When an entry was logged, by the log's word; undefined when its search does not name it. */
  loggedAt(index: number): Promise<number | undefined>;
}

export class Reading {
  readonly #context: Context;
  readonly #completeness: Completeness;
  readonly #tiles: KeptTiles;
  readonly #whole: WholeLog | undefined;
  readonly #verify = chooseVerifier();
  readonly #known = new KnownEntries();
  #rows = new KeptRows();
  #roster = new Roster();
  /** Size of the tree that was looked at last. */
  #size = 0;
  /** When entries were logged, as was said first. */
  readonly #times = new Map<number, number>();
  readonly session: LogClient;
  #clockTold = false;

  private constructor(context: Context, session: LogClient, completeness: Completeness) {
    this.#context = context;
    this.#completeness = completeness;
    this.session = session;
    this.#tiles = new KeptTiles(session.transport, session.log);
    this.#whole = completeness.full ? new WholeLog(this.#tiles) : undefined;
  }

  /** Refuses as `clientOf` does. */
  static async open(context: Context, completeness: Completeness, whom?: Whom): Promise<Reading> {
    return new Reading(context, await clientOf(context, whom), completeness);
  }

  /** The newest checkpoint, compared with the last one seen, and the policies under it. */
  async look(): Promise<Look> {
    try {
      return await this.#look();
    } catch (error) {
      this.#tiles.forget();
      throw error;
    }
  }

  async #look(): Promise<Look> {
    const { note } = await this.session.view();
    const view = LogView.of(this.#tiles, note, this.session.trust.policy);
    const { transport, log } = this.session;
    const listings = await listingsOf(transport, log, view, this.#completeness.monitors);
    await this.#readWhole(view);
    const pages = (wanted: Wanted): AsyncIterable<Page> =>
      this.#checked(listings.pages(wanted), wanted, size);
    const { size } = view.head;
    // What a monitor has not copied yet is to be asked again.
    if (listings.monitors.length > 0) [this.#rows, this.#roster] = [new KeptRows(), new Roster()];
    else await this.#rows.catchUp(pages, this.#size, size);
    this.#size = size;
    const newest = async (wanted: Wanted, stop: Stop): Promise<readonly Listed[]> =>
      (await this.#rows.newestFirst(pages, wanted, size, stop, MOST_ENTRIES)).toReversed();
    const policies = await this.#policies(view, await newest({ kind: 'policy' }, never));
    const read = async (wanted: Wanted, stop: Stop): Promise<readonly SubjectEntry[]> =>
      this.#readAll(view, await newest(wanted, stop), wanted, policies);
    return {
      view,
      tiles: this.#tiles,
      policies,
      log,
      ...this.#clock(view),
      completeness: listings.monitors,
      full: this.#completeness.full,
      pages,
      entries: (wanted) => read(wanted, never),
      newest: read,
      read: (rows, kind) => this.#readAll(view, rows, { kind }, policies),
      roster: () => this.#readRoster(pages, size),
      loggedAt: (index) => this.#loggedAt(index),
    };
  }

  /** A log of many subjects takes a while to be listed. */
  async #readRoster(pages: Look['pages'], size: number): Promise<Roster> {
    const bar = this.#context.output.progress('subjects of entries', size);
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

  /** Everything that a full reading found must be listed, as what it is. */
  async *#checked(pages: AsyncIterable<Page>, wanted: Wanted, size: number): AsyncGenerator<Page> {
    let before = Math.min(size, wanted.before ?? size);
    for await (const page of pages) {
      const from = Math.max(page.next ?? 0, wanted.from ?? 0);
      this.#assertWhole(page.rows, wanted, from, before);
      before = from;
      yield page;
    }
  }

  /** A clock that is behind is told once. */
  #clock(view: LogView): Clock {
    const machine = Math.floor(this.#context.world.now() / 1000);
    const clock = clockOf(view.opened, this.session.trust.policy, machine);
    const fault = clockFault(clock);
    if (fault !== undefined && !this.#clockTold)
      this.#context.output.warn(`${fault}; until then nothing is PROVEN`);
    this.#clockTold = fault !== undefined;
    return clock;
  }

  async #loggedAt(index: number): Promise<number | undefined> {
    const known = this.#times.get(index);
    if (known !== undefined) return known;
    const found = await findAt(this.session.transport, this.session.log, index);
    if (found !== undefined) this.#times.set(index, found.time);
    return found?.time;
  }

  async #policies(view: LogView, rows: readonly Listed[]): Promise<PolicyHistory> {
    if (rows.length === 0) throw refuse('not-found', `${this.session.log} names no registration policy`);
    const entries = await this.#readAll(view, rows, { kind: 'policy' }, undefined);
    return PolicyHistory.of(view.opened.checkpoint.origin, entries, this.#verify);
  }

  async #readAll(
    view: LogView,
    rows: readonly Listed[],
    wanted: Wanted,
    policies: PolicyHistory | undefined,
  ): Promise<readonly SubjectEntry[]> {
    const bar = this.#context.output.progress('entries', rows.length);
    const entries: SubjectEntry[] = [];
    for (const row of rows) {
      entries.push(await this.#read(view, row, wanted, policies));
      bar.at(entries.length);
    }
    bar.end();
    return entries;
  }

  /** One entry: in the tree, what was asked for, signed by whom the policy before it knows. */
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
    const bar = this.#context.output.progress('whole log', view.head.size);
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
    if (missing !== undefined) throw leftOut(missing.index, missing.subject, 'it is in the tree');
  }
}

const never: Stop = () => false;
