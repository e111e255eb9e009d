/**
 * Reading a log to see where claims stand. Whatever is read is shown to be in the tree of one signed checkpoint and
 * signed by a key that the policy of its place let; the server that answers is not trusted with anything but the times.
 */
import { refuse } from '../../bytes/refusal.ts';
import { clockFault, clockOf, type Clock } from '../../appraisal/clock.ts';
import type { SubjectEntry } from '../../appraisal/history.ts';
import { entryIdOf } from '../../client/scrapi.ts';
import { findAt, type Listed, type Wanted } from '../../client/search.ts';
import { LogView } from '../../client/view.ts';
import { assertSigned } from '../../registration/admit.ts';
import { PolicyHistory } from '../../registration/history.ts';
import { parseStatement } from '../../statement/parse.ts';
import type { StatementKind } from '../../statement/kinds.ts';
import { chooseVerifier } from '../../workers/kernels.ts';
import type { Context } from '../context.ts';
import { Session, type Whom } from '../session.ts';
import { KeptTiles } from './kept.ts';
import { leftOut, listingsOf, type Listings } from './listings.ts';
import { WholeLog } from './whole.ts';

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
  /** Entries that match, oldest first: verified, signatures included. */
  entries(wanted: Wanted, from?: number): Promise<readonly SubjectEntry[]>;
  /** Where they are, by the log's word. */
  list(wanted: Wanted): Promise<readonly Listed[]>;
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
  /** Entries that were verified once; their place in a tree that only grows does not change. */
  readonly #known = new Map<number, SubjectEntry>();
  /** When entries were logged, as was said first. */
  readonly #times = new Map<number, number>();
  readonly session: Session;
  #clockTold = false;

  private constructor(context: Context, session: Session, completeness: Completeness) {
    this.#context = context;
    this.#completeness = completeness;
    this.session = session;
    this.#tiles = new KeptTiles(session.transport, session.log);
    this.#whole = completeness.full ? new WholeLog(this.#tiles) : undefined;
  }

  /** Refuses as `Session.open` does. */
  static async open(context: Context, completeness: Completeness, whom?: Whom): Promise<Reading> {
    return new Reading(context, await Session.open(context, whom), completeness);
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
    const list = async (wanted: Wanted): Promise<readonly Listed[]> => {
      const rows = await listings.list(wanted);
      this.#assertWhole(rows, wanted);
      return rows;
    };
    const policies = await this.#policies(view, list);
    return {
      view,
      tiles: this.#tiles,
      policies,
      log,
      ...this.#clock(view),
      completeness: listings.monitors,
      full: this.#completeness.full,
      list,
      entries: async (wanted, from = 0) => {
        const rows = (await list(wanted)).filter(({ index }) => index >= from);
        return this.#readAll(view, rows, wanted, policies);
      },
      read: (rows, kind) => this.#readAll(view, rows, { kind }, policies),
      loggedAt: (index) => this.#loggedAt(index),
    };
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

  async #policies(view: LogView, list: Look['list']): Promise<PolicyHistory> {
    const wanted = { kind: 'policy' } as const;
    const rows = await list(wanted);
    if (rows.length === 0) throw refuse('not-found', `${this.session.log} names no registration policy`);
    const entries = await this.#readAll(view, rows, wanted, undefined);
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
    this.#known.set(index, entry);
    return entry;
  }

  async #readWhole(view: LogView): Promise<void> {
    if (this.#whole === undefined) return;
    const bar = this.#context.output.progress('whole log', view.head.size);
    await this.#whole.advance(view, (done) => bar.at(done));
    bar.end();
  }

  /** Everything that a full reading found must be listed, as what it is. */
  #assertWhole(rows: readonly Listed[], { subject, kind }: Wanted): void {
    if (this.#whole === undefined) return;
    const named = new Map(rows.map((each) => [each.id, each.subject]));
    const missing = this.#whole.places.find(
      (each) =>
        (subject ?? each.subject) === each.subject &&
        (kind ?? each.kind) === each.kind &&
        named.get(each.id) !== each.subject,
    );
    if (missing !== undefined) throw leftOut(missing.index, missing.subject, 'it is in the tree');
  }
}
