/**
 * Compares the declared settings with those that the server runs with. What it gives to a new session counts: its running value,
 * and what ALTER ROLE and ALTER DATABASE put over it for some sessions. What a session sets for itself nobody else sees.
 */
import { isMap, type Value, type ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import { lacks, type Grantee } from '../grant.ts';
import { nameOf, wordOf } from '../harmless.ts';
import { SOURCES, TYPES, unitText } from './harmless.ts';
import { FILES_GRANT, SETTINGS_GRANT } from './needed.ts';
import { textsOf } from './hba.ts';
import { isSame, type Running } from './same.ts';
import type { Row, Session } from './session.ts';

/** Most rows of each kind; if there are more, what they would say is withheld. */
const MAX_ROWS = 5_000;
/** Most settings that are asked for one by one, since the list of all does not have them. */
const MAX_SINGLE = 64;

/** Part of an observation, and what is not known of it. Paths begin at the part. */
export interface Compared {
  readonly value: ValueMap | undefined;
  readonly withheld: readonly Withheld[];
  /** Declared leaves that were compared. */
  readonly leaves: number;
}

interface Live extends Running {
  readonly pending: boolean;
}

/** Declared settings by name: leaves at the top of the declaration. Undefined for a value that cannot be compared here. */
export function settingsIn(declared: ReadonlyMap<string, Value>): ReadonlyMap<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const [path, value] of declared) {
    const name = /^\/([^/~]+)$/.exec(path)?.[1];
    if (name === undefined || name === 'hba' || name === 'ident') continue;
    found.set(name.toLowerCase(), textOf(value));
  }
  return found;
}

function textOf(value: Value): string | undefined {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  return isMap(value) && typeof value['number'] === 'string' ? value['number'] : undefined;
}

/** Names that a version of the server has for another. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['ssl_ecdh_curve', 'ssl_groups'],
  ['ssl_groups', 'ssl_ecdh_curve'],
  ['force_parallel_mode', 'debug_parallel_query'],
  ['debug_parallel_query', 'force_parallel_mode'],
]);

/** Declared settings by the names that this server has for them. */
function asCalled<T>(named: ReadonlyMap<string, T>, live: ReadonlyMap<string, Live>): ReadonlyMap<string, T> {
  return new Map(
    Array.from(named, ([name, text]) => {
      const other = RENAMED.get(name);
      return [other !== undefined && !live.has(name) && live.has(other) ? other : name, text];
    }),
  );
}

/** Values that hold for this session alone, because of its own connection, role or database. */
const OWN_SOURCES = new Set(['client', 'user', 'database', 'database user']);
/** What somebody set for the whole server; `global` is ALTER ROLE ALL. */
const SET_SOURCES = new Set(['configuration file', 'command line', 'environment variable', 'global']);
/** Where the server finds its files: it sets them itself. */
const PLACES = new Set(['config_file', 'data_directory']);

export async function compareSettings(
  session: Session,
  declared: ReadonlyMap<string, Value>,
  grantee: Grantee,
): Promise<Compared> {
  const named = settingsIn(declared);
  if (named.size === 0)
    return {
      value: undefined,
      withheld: [{ path: '', reason: 'the commitment declares no setting: commit the postgresql.conf too' }],
      leaves: 0,
    };
  const { live, isWhole } = await liveSettings(session);
  const wanted = asCalled(named, live);
  const overrides = await readOverrides(session);
  const seesAll = isWhole && (await mayReadAll(session));
  const found = await sortOut(session, wanted, live, overrides);
  const files = await waitingIn(session, wanted, live);
  return {
    value: {
      same: found.same,
      different: namesOf(found.different),
      absent: namesOf(found.absent),
      overridden: namesOf(overridden(wanted, live, overrides ?? [])),
      undeclared: namesOf(undeclaredIn(live, wanted, overrides ?? [])),
      ...files.value,
    },
    withheld: [
      ...notSeen(found.unseen, grantee),
      ...(overrides === undefined ? ['/overridden', '/undeclared'].map((path) => membersOf(path, MANY)) : []),
      ...(seesAll
        ? []
        : [
            membersOf('/undeclared', `this role does not see every setting${lacks(SETTINGS_GRANT, grantee)}`),
          ]),
      ...(files.why === undefined
        ? []
        : ['/waiting', '/faults'].map((path) => ({ path, reason: noFiles(files.why, grantee) }))),
    ],
    leaves: wanted.size - found.unseen.length,
  };
}

const MANY = `roles and databases have more than ${MAX_ROWS} settings, or this role may not read pg_db_role_setting`;

function membersOf(path: string, reason: string): Withheld {
  return { path, reason, only: 'members' };
}

function noFiles(why: string | undefined, grantee: Grantee): string {
  if (why === 'too many')
    return `the configuration files have more than ${MAX_ROWS} lines: too many to compare`;
  return `this role may not read what the configuration files say${lacks(FILES_GRANT, grantee)}`;
}

/** Settings that somebody set, for all sessions or for those of a role or database, and nobody declared. */
function undeclaredIn(
  live: ReadonlyMap<string, Live>,
  wanted: ReadonlyMap<string, unknown>,
  overrides: readonly Override[],
): readonly string[] {
  const set = Array.from(live)
    .filter(([name, { source }]) => SET_SOURCES.has(source) && !PLACES.has(name))
    .map(([name]) => name);
  return [...new Set([...set, ...overrides.map(({ name }) => name)])].filter((name) => !wanted.has(name));
}

function notSeen(unseen: readonly string[], grantee: Grantee): readonly Withheld[] {
  if (unseen.length === 0) return [];
  const reason = unseenOf(unseen, lacks(SETTINGS_GRANT, grantee));
  return ['/different', '/absent'].map((path) => membersOf(path, reason));
}

function unseenOf(names: readonly string[], grant: string): string {
  const [first = ''] = namesOf(names);
  const more = names.length > 1 ? `, and of ${names.length - 1} more` : '';
  return (
    `the value of ${first}${more} that the server gives to others is not known: this session has one of its own, it is declared as ` +
    `sensitive, or this role may not see it${grant}`
  );
}

function namesOf(names: readonly string[]): readonly string[] {
  return names.map((name) => nameOf(name) ?? '(withheld)').toSorted();
}

interface Sorted {
  readonly same: number;
  readonly different: readonly string[];
  readonly absent: readonly string[];
  /** Declared settings of which the server's value is not known. */
  readonly unseen: readonly string[];
}

async function sortOut(
  session: Session,
  wanted: ReadonlyMap<string, string | undefined>,
  live: ReadonlyMap<string, Live>,
  overrides: readonly Override[] | undefined,
): Promise<Sorted> {
  let [same, asked] = [0, 0];
  const [different, absent, unseen]: [string[], string[], string[]] = [[], [], []];
  const own = overrides && new Set(overrides.map(({ name }) => name));
  for (const [name, text] of wanted) {
    const known = live.get(name);
    asked += known === undefined ? 1 : 0;
    const running = known ?? (asked > MAX_SINGLE ? 'unseen' : await single(session, name));
    if (running === 'absent') absent.push(name);
    else if (text === undefined || running === 'unseen' || !isServers(name, running, own)) unseen.push(name);
    else if (isSame(name, text, running)) same += 1;
    else if (isSystems(name, text)) unseen.push(name);
    else different.push(name);
  }
  return { same, different, absent, unseen };
}

/** Whether a running value is the one that the server gives to every session. */
function isServers(name: string, { source }: Running, own: ReadonlySet<string> | undefined): boolean {
  if (OWN_SOURCES.has(source)) return false;
  return source !== 'session' || (own !== undefined && !own.has(name));
}

/** Whether a declared value stands for what the operating system has, and the server shows that. */
function isSystems(name: string, text: string): boolean {
  return (
    (name.startsWith('tcp_') && /^0[a-z]*$/.test(text)) ||
    (name.endsWith('_file') && text !== '' && !text.startsWith('/'))
  );
}

/** A setting that is not in the list of all: one of an extension that is not loaded, or one that this role may not see. */
async function single(session: Session, name: string): Promise<Running | 'absent' | 'unseen'> {
  const rows = await session.tryRows('SELECT current_setting($1, true)', [name]);
  if ('code' in rows) return 'unseen';
  const [[raw] = []] = rows;
  if (raw === null || raw === undefined || raw === '') return 'absent';
  return { raw, unit: '', type: 'string', source: 'configuration file' };
}

async function liveSettings(
  session: Session,
): Promise<{ readonly live: ReadonlyMap<string, Live>; readonly isWhole: boolean }> {
  const rows = await session.rows(
    `SELECT lower(name), setting, coalesce(unit, ''), vartype, source, pending_restart::text, reset_val, to_json(enumvals)::text
       FROM pg_catalog.pg_settings ORDER BY name LIMIT ${MAX_ROWS + 1}`,
  );
  const live = new Map(
    rows.map(([name, setting, unit, type, source, pending, reset, words]) => {
      const from = wordOf(source, SOURCES) ?? '';
      const found: Live = {
        // What this session set for itself is not the server's.
        raw: (from === 'session' ? reset : setting) ?? '',
        unit: unitText(unit ?? ''),
        type: wordOf(type, TYPES) ?? 'string',
        source: from,
        words: textsOf(words),
        pending: pending === 'true',
      };
      return [name ?? '', found];
    }),
  );
  return { live, isWhole: rows.length <= MAX_ROWS };
}

interface Override {
  readonly name: string;
  readonly text: string;
}

/** What ALTER ROLE and ALTER DATABASE set; undefined if that is too much to list, or not shown to this role. */
async function readOverrides(session: Session): Promise<readonly Override[] | undefined> {
  const rows = await session.tryRows(
    `SELECT unnest(setconfig) FROM pg_catalog.pg_db_role_setting LIMIT ${MAX_ROWS + 1}`,
  );
  if ('code' in rows || rows.length > MAX_ROWS) return undefined;
  return rows.map(([line]) => {
    const [, name = '', text = ''] = /^([^=]*)=(.*)$/s.exec(line ?? '') ?? [];
    return { name: name.toLowerCase(), text };
  });
}

function overridden(
  wanted: ReadonlyMap<string, string | undefined>,
  live: ReadonlyMap<string, Live>,
  overrides: readonly Override[],
): readonly string[] {
  const others = overrides.filter(({ name, text }) => {
    if (!wanted.has(name)) return false;
    const running = live.get(name);
    const declared = wanted.get(name);
    if (running === undefined || declared === undefined) return text !== declared;
    return !isSame(name, text, { ...running, raw: declaredRaw(name, declared, running) });
  });
  return [...new Set(others.map(({ name }) => name))];
}

/** A declared value as pg_settings would have it, if it is the running one; else the declared text. */
function declaredRaw(name: string, declared: string, running: Running): string {
  return isSame(name, declared, running) ? running.raw : declared;
}

/** Declared settings for which the files say something else than the server runs with, and lines that are wrong. */
async function waitingIn(
  session: Session,
  wanted: ReadonlyMap<string, string | undefined>,
  live: ReadonlyMap<string, Live>,
): Promise<{ readonly why?: 'denied' | 'too many'; readonly value: ValueMap }> {
  const rows = await session.tryRows(
    `SELECT lower(name), setting, (error IS NOT NULL)::text FROM pg_catalog.pg_file_settings ORDER BY seqno LIMIT ${MAX_ROWS + 1}`,
  );
  if ('code' in rows) return { why: 'denied', value: {} };
  // Lines that were cut off could say something else.
  if (rows.length > MAX_ROWS) return { why: 'too many', value: {} };
  const last = new Map(rows.map(([name, setting]) => [name ?? '', setting ?? '']));
  const isWaiting = ([name, running]: readonly [string, Live]): boolean => {
    const text = last.get(name);
    if (!wanted.has(name) || OWN_SOURCES.has(running.source) || running.source === 'global') return false;
    if (running.pending) return true;
    // What was taken out of the files counts until they are loaded again.
    if (text === undefined) return running.source === 'configuration file';
    return running.source !== 'command line' && !isSame(name, text, { ...running, source: 'override' });
  };
  return {
    value: {
      waiting: namesOf(
        Array.from(live)
          .filter(isWaiting)
          .map(([name]) => name),
      ),
      faults: rows.filter((row) => isFault(row, live)).length,
    },
  };
}

/** A line that the server cannot take. One that waits for a restart is none. */
function isFault([name, , error]: Row, live: ReadonlyMap<string, Live>): boolean {
  return error === 'true' && live.get(name ?? '')?.pending !== true;
}

async function mayReadAll(session: Session): Promise<boolean> {
  const [[may] = []] = await session.rows(
    "SELECT pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')::text",
  );
  return may === 'true';
}
