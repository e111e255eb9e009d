/**
 * The incidents that a monitor has seen: rows in `monitor.db`, and one file each in `incidents/` to hand on. A row and
 * the event about it are written in one durable transaction. The file is made from the row afterwards; if a crash
 * prevents that, the next start makes it.
 *
 * The same fault seen again is the same incident (its id derives from what it is about). An incident about a state,
 * such as a lost quorum, is resolved when the state has passed, and opened again if it returns.
 */
import type Database from 'better-sqlite3';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { refuse } from '../bytes/refusal.ts';
import { formatMilliseconds } from '../bytes/time.ts';
import { formatIncident, type Incident } from '../incident/incident.ts';
import { MAX_INCIDENT_BYTES } from '../incident/parse.ts';
import { replaceFileSync, UNFINISHED } from '../platform/files.ts';
import { rowOf, rowsOf, type Columns } from '../platform/rows.ts';
import { monitorFiles } from './database.ts';
import { prepare, type Statements } from './incident-rows.ts';
import { Outbox } from './outbox.ts';
import { number, numberOrNull, text } from './rows.ts';

/**
 * Most incidents of one kind and log that are stored. Further ones are only counted, since whoever may log entries can
 * cause any number.
 */
const MAX_KEPT = 1_000;

/**
 * Most of these that one key can cause, so that others still find room. A missed proof counts for the author of the
 * commitment; one agent that stops causes hundreds.
 */
const MAX_OF_SOURCE = 100;
const MAX_MISSED_OF_AUTHOR = 250;

/** Alarms that are counted in memory before the count is written; a crash loses at most these. */
const UNWRITTEN = 100;

/** Beginnings of ids from this length on are taken. */
const SHORTEST = 6;

/** What is known of one incident. Times: milliseconds since the epoch. */
export interface KnownIncident {
  readonly id: string;
  readonly origin: string;
  readonly kind: string;
  readonly what: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** How many times it was seen. */
  readonly seen: number;
  /** Undefined while it is open. */
  readonly resolved: number | undefined;
  /** When an event about it was last acknowledged. */
  readonly delivered: number | undefined;
}

/** The change of an incident that an event reports. */
export type EventType = 'incident.opened' | 'incident.resolved';

/** The result of raising an alarm. `uncounted`: too many of its kind are stored, so it was only counted. */
export type Raised = 'opened' | 'again' | 'uncounted';

export interface IncidentOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called after each change. */
  readonly onChange?: (incident: KnownIncident, event: EventType) => void;
  /**
   * Called the first time that an alarm of a kind and log is not stored; `source`: the key, if one key caused too many.
   */
  readonly onLeftOut?: (origin: string, kind: string, source: string | undefined) => void;
  /** Most incidents of one kind and log. */
  readonly keep?: number;
  /** Most of these from one source. */
  readonly keepOfSource?: number;
  /** Whether events are delivered. If false, no event is stored. Default: true. */
  readonly delivers?: boolean;
}

export class IncidentStore {
  readonly outbox: Outbox;
  readonly #folder: string;
  readonly #options: IncidentOptions;
  readonly #statements: Statements;
  readonly #db: Database.Database;
  readonly #leftOut = new Set<string>();
  /** Alarms that were not stored and whose count is not written yet, so that a flood need not wait for the disk. */
  #unwritten: { readonly origin: string; readonly kind: string }[] = [];

  constructor(db: Database.Database, dir: string, options: IncidentOptions) {
    this.#db = db;
    this.#folder = monitorFiles(dir).incidents;
    this.#options = options;
    this.#statements = prepare(db);
    this.outbox = new Outbox(db, {
      isAlternating: true,
      onDelivered: (id, now) => void this.#statements.delivered.run(now, id),
    });
  }

  /** Makes files that are missing after a crash, or because somebody removed them. */
  repair(): void {
    const there = new Set(readdirSync(this.#folder));
    for (const name of there)
      if (name.endsWith(UNFINISHED)) rmSync(join(this.#folder, name), { force: true });
    for (const id of this.#statements.ids.all()) {
      if (typeof id === 'string' && !there.has(`${id}.json`)) this.#place(id);
    }
  }

  /**
   * Stores an incident; durable when it returns. Refuses `store-failed`; the caller then raises it again. `source`: the
   * key that caused it, for kinds that keys can cause.
   */
  raise(incident: Incident, source = ''): Raised {
    const known = this.find(incident.id);
    if (known !== undefined && known.resolved === undefined) {
      this.#statements.again.run(this.#options.now(), incident.id);
      if (!existsSync(this.fileOf(incident.id))) this.#place(incident.id);
      return 'again';
    }
    const body = formatIncident(incident);
    if (body.length > MAX_INCIDENT_BYTES) throw new Error(`an incident of ${body.length} characters`);
    const gone = known === undefined ? this.#makeRoom(incident, source) : [];
    if (gone === undefined) {
      this.#leaveOut(incident, source);
      return 'uncounted';
    }
    this.#open(incident, source, body, gone);
    for (const id of gone) rmSync(this.fileOf(id), { force: true });
    this.#place(incident.id);
    this.#tell(incident.id, 'incident.opened');
    return 'opened';
  }

  /** Resolves an incident whose state has passed. Returns false if it was not open. */
  resolve(id: string): boolean {
    const done = this.#db.transaction(() => {
      const changed = this.#statements.resolve.run(this.#options.now(), id).changes > 0;
      if (changed) this.#announce(id, 'incident.resolved');
      return changed;
    })();
    if (done) this.#tell(id, 'incident.resolved');
    return done;
  }

  find(id: string): KnownIncident | undefined {
    const row = rowOf(this.#statements.find.get(id));
    return row && knownOf(row);
  }

  /**
   * The incident that an id, or the beginning of one, means. Refuses `usage` for what is no id or means several, and
   * `not-found`.
   */
  named(given: string): KnownIncident {
    if (!/^[0-9a-f]{1,64}$/.test(given) || given.length < SHORTEST)
      throw refuse(
        'usage',
        `an incident is named by its id, or the first ${SHORTEST} of its hex digits or more`,
      );
    const [one, ...others] = this.begins(given);
    if (one === undefined)
      throw refuse('not-found', `there is no incident ${given}; list them: tallystick incidents`);
    if (others.length === 0) return one;
    throw refuse('usage', `several incidents begin with ${given}; give more of the id`);
  }

  /** The incidents whose id begins with `start` (hex digits); at most two. */
  begins(start: string): readonly KnownIncident[] {
    return rowsOf(this.#statements.begins.all(`${start}*`)).map(knownOf);
  }

  /** The text of an incident's file. */
  body(id: string): string | undefined {
    const row = rowOf(this.#statements.body.get(id));
    return row && text(row, 'body');
  }

  /** Incidents, newest first. `before`: the last incident of the page before. */
  list(filter: {
    readonly open?: boolean;
    readonly origin?: string;
    readonly before?: string;
    readonly limit: number;
  }): readonly KnownIncident[] {
    const { open = false, origin, before, limit } = filter;
    const rows = this.#statements.list.all(open ? 1 : 0, origin, origin, before, before, limit);
    return rowsOf(rows).map(knownOf);
  }

  /** Open incidents by log and kind, and how many more were seen than kept. */
  counts(): readonly { readonly origin: string; readonly kind: string; readonly open: number }[] {
    return rowsOf(this.#statements.counts.all()).map((row) => ({
      origin: text(row, 'origin'),
      kind: text(row, 'kind'),
      open: number(row, 'open'),
    }));
  }

  /** Number of alarms of each kind and log that were counted and not stored. */
  uncounted(): readonly { readonly origin: string; readonly kind: string; readonly seen: number }[] {
    this.flush();
    return rowsOf(this.#statements.allUncounted.all()).map((row) => ({
      origin: text(row, 'origin'),
      kind: text(row, 'kind'),
      seen: number(row, 'seen'),
    }));
  }

  fileOf(id: string): string {
    return join(this.#folder, `${id}.json`);
  }

  /** Writes the counts in memory. The caller does this before it closes the database. */
  flush(): void {
    const now = this.#options.now();
    const all = this.#unwritten;
    if (all.length === 0) return;
    this.#db.transaction(() => {
      for (const { origin, kind } of all) this.#statements.uncounted.run({ origin, kind, now });
    })();
    this.#unwritten = [];
  }

  #leaveOut({ origin, evidence: { kind } }: Incident, source: string): void {
    this.#unwritten.push({ origin, kind });
    if (this.#unwritten.length >= UNWRITTEN) this.flush();
    const name = `${origin}\n${kind}`;
    if (this.#leftOut.has(name)) return;
    this.#leftOut.add(name);
    this.#options.onLeftOut?.(origin, kind, source === '' ? undefined : source);
  }

  #open(incident: Incident, source: string, body: string, gone: readonly string[]): void {
    const { id, origin, what, evidence } = incident;
    const { now } = this.#options;
    this.#db.transaction(() => {
      for (const each of gone) {
        this.#statements.remove.run(each);
        this.outbox.forget(each);
      }
      this.#statements.open.run({ id, origin, kind: evidence.kind, source, what, now: now(), body });
      this.#announce(id, 'incident.opened');
    })();
  }

  /** Resolved incidents to delete, so that one more of the kind can be stored; undefined if all are open. */
  #makeRoom({ origin, evidence: { kind } }: Incident, source: string): readonly string[] | undefined {
    const { count, ofSource, resolved, told } = this.#statements;
    const most = kind === 'missed-proof' ? MAX_MISSED_OF_AUTHOR : MAX_OF_SOURCE;
    const { keep = MAX_KEPT, keepOfSource = most, delivers } = this.#options;
    const isFull = source !== '' && Number(ofSource.get(origin, kind, source)) >= keepOfSource;
    if (!isFull && Number(count.get(origin, kind)) < keep) return [];
    const own = isFull ? source : undefined;
    const id: unknown = (delivers === false ? resolved : told).get(origin, kind, own, own);
    return typeof id === 'string' ? [id] : undefined;
  }

  #announce(id: string, type: EventType): void {
    const row = rowOf(this.#statements.find.get(id));
    if (row === undefined) throw new Error('an event about an incident that is not there');
    const incident = knownOf(row);
    const name = `${id}-${type === 'incident.opened' ? 'opened' : 'resolved'}-${number(row, 'episode')}`;
    const at = type === 'incident.opened' ? incident.lastSeen : (incident.resolved ?? incident.lastSeen);
    const body = JSON.stringify({
      type,
      timestamp: formatMilliseconds(at),
      data: viewIncident(incident),
    });
    this.outbox.add({ about: id, name, body }, 0);
  }

  #place(id: string): void {
    const body = this.body(id);
    if (body !== undefined) replaceFileSync(this.fileOf(id), body);
  }

  #tell(id: string, event: EventType): void {
    const incident = this.find(id);
    if (incident !== undefined) this.#options.onChange?.(incident, event);
  }
}

/** An incident as events, the API and the command show it. */
export function viewIncident(incident: KnownIncident) {
  const { id, origin, kind, what, firstSeen, lastSeen, seen, resolved } = incident;
  return {
    id,
    origin,
    kind,
    state: resolved === undefined ? ('open' as const) : ('resolved' as const),
    what,
    firstSeen: formatMilliseconds(firstSeen),
    lastSeen: formatMilliseconds(lastSeen),
    seen,
    resolved: resolved === undefined ? null : formatMilliseconds(resolved),
  };
}

function knownOf(row: Columns): KnownIncident {
  return {
    id: text(row, 'id'),
    origin: text(row, 'origin'),
    kind: text(row, 'kind'),
    what: text(row, 'what'),
    firstSeen: number(row, 'first_seen'),
    lastSeen: number(row, 'last_seen'),
    seen: number(row, 'seen'),
    resolved: numberOrNull(row, 'resolved'),
    delivered: numberOrNull(row, 'delivered'),
  };
}
