/** Reads the settings of a PostgreSQL server: the running values, those in its files, and the source of each. */
import { nameOrWithheld, nameOf, wordOf } from '../harmless.ts';
import { settingText, SOURCES, TYPES, unitText } from './harmless.ts';
import type { Row, Session } from './session.ts';

/** Most lines of configuration files; if there are more, none is read. */
const MAX_LINES = 2_000;

/** A value. `raw` never leaves the agent. `told` may (harmless.ts); it is undefined if the value is withheld. */
interface Text {
  readonly raw: string;
  readonly told: string | undefined;
}

export interface Setting extends Text {
  readonly unit: string;
  readonly type: string;
  readonly source: string;
  /** The file that the value comes from; empty if it comes from none, or this role may not see it. */
  readonly file: string;
  readonly line: number;
  readonly pendingRestart: boolean;
}

/** Settings by name; those that do not exist, or that this role may not see, are left out. */
export async function readSettings(
  session: Session,
  names: readonly string[],
): Promise<ReadonlyMap<string, Setting>> {
  const rows = await session.rows(
    `SELECT name, setting, coalesce(unit, ''), vartype, source, coalesce(sourcefile, ''),
            coalesce(sourceline, 0)::text, pending_restart::text
       FROM pg_settings WHERE lower(name) = ANY($1) ORDER BY name`,
    [names],
  );
  const settings = rows.flatMap(([name, setting, unit, type, source, file, line, pending]) => {
    const asked = names.find((each) => each === name?.toLowerCase());
    if (asked === undefined) return [];
    const known = wordOf(type, TYPES) ?? 'string';
    const found: Setting = {
      ...textOf(name ?? '', known, setting ?? ''),
      unit: unitText(unit ?? ''),
      type: known,
      source: wordOf(source, SOURCES) ?? '',
      file: pathOf(file),
      line: wholeOf(line),
      pendingRestart: pending === 'true',
    };
    return [[asked, found] as const];
  });
  return new Map(settings);
}

/** A line of a configuration file. `bad`: the server reports that it cannot be applied. */
export interface Line extends Text {
  readonly file: string;
  readonly line: number;
  readonly bad: boolean;
}

/** The configuration files; a member is undefined if this role may not read it. */
export interface Files {
  /** The last line of each setting in the files that people write. */
  readonly written: ReadonlyMap<string, Line> | undefined;
  /** What `ALTER SYSTEM` wrote over them. */
  readonly altered: ReadonlyMap<string, Line> | undefined;
  /** Why they are withheld, if the reason is not a missing right. */
  readonly withheld?: string;
}

const AUTO = '/postgresql.auto.conf';

/** Reads lines of the files on disk, whether the server has loaded them or not. */
export async function readFiles(session: Session, names: readonly string[]): Promise<Files> {
  const rows = await session.tryRows(
    `SELECT lower(f.name), f.setting, f.sourcefile, f.sourceline::text, (f.error IS NOT NULL)::text,
            coalesce((SELECT s.vartype FROM pg_settings s WHERE lower(s.name) = lower(f.name)), 'string')
       FROM pg_file_settings f
      WHERE lower(f.name) = ANY($1) OR f.sourcefile LIKE '%${AUTO}' ORDER BY f.seqno LIMIT ${MAX_LINES + 1}`,
    [names],
  );
  if ('code' in rows) return { written: undefined, altered: await loadedAlterations(session) };
  if (rows.length > MAX_LINES)
    return {
      written: undefined,
      altered: undefined,
      withheld: `the configuration files have more than ${MAX_LINES} lines about these settings: too many to list`,
    };
  const written = new Map<string, Line>();
  const altered = new Map<string, Line>();
  for (const row of rows) {
    const { name, ...line } = lineOf(row);
    ((row[2] ?? '').endsWith(AUTO) ? altered : written).set(name, line);
  }
  return { written, altered };
}

/** Settings of `ALTER SYSTEM` that are in force. A role with `pg_read_all_settings` sees where each setting comes from. */
async function loadedAlterations(session: Session): Promise<ReadonlyMap<string, Line> | undefined> {
  const [[may] = []] = await session.rows(
    "SELECT pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')::text",
  );
  if (may !== 'true') return undefined;
  const rows = await session.rows(
    `SELECT lower(name), setting, sourcefile, sourceline::text, 'false', vartype
       FROM pg_settings WHERE sourcefile LIKE '%${AUTO}' ORDER BY name`,
  );
  return new Map(rows.map(lineOf).map(({ name, ...line }) => [name, line]));
}

function lineOf([name, setting, file, line, bad, type]: Row): Line & { readonly name: string } {
  return {
    name: nameOrWithheld(name),
    ...textOf(name ?? '', type ?? '', setting ?? ''),
    file: pathOf(file),
    line: wholeOf(line),
    bad: bad === 'true',
  };
}

function textOf(name: string, type: string, raw: string): Text {
  // An empty value is no secret.
  return { raw, told: raw === '' ? raw : settingText(name, type, raw) };
}

function pathOf(text: string | null | undefined): string {
  return nameOf(text, 1_024) ?? '';
}

/** A whole number of at most nine digits; 0 for anything else. */
export function wholeOf(text: string | null | undefined): number {
  return /^[0-9]{1,9}$/.test(text ?? '') ? Number(text) : 0;
}
