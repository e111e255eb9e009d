/**
 * Contradictions of PostgreSQL: its files state one thing, the running server another, and the wire may show a third.
 * `ALTER SYSTEM` leaves postgresql.conf unchanged, so whoever reads that file may believe what no longer holds.
 */
import { basename } from 'node:path';
import type { Contradiction } from '../../claim/observed.ts';
import { escaped, type Value, type ValueMap } from '../../claim/value.ts';
import type { HbaRule } from './hba.ts';
import { settingText } from './harmless.ts';
import { isSame } from './same.ts';
import type { Files, Setting } from './settings.ts';

/** Why the files are withheld, and the grants that let the role read them. */
export const GRANTS_LACKING =
  'this role may not read the configuration files; to let it, GRANT SELECT ON pg_file_settings, and GRANT EXECUTE ON FUNCTION ' +
  'pg_show_all_file_settings()';

/** The sources of a setting's value that are compared. */
export interface Sides {
  readonly settings: ReadonlyMap<string, Setting>;
  readonly files: Files;
  /** The settings that the commitment declares, by name. */
  readonly declared: ReadonlyMap<string, string>;
  readonly hba: readonly HbaRule[] | undefined;
  readonly plaintext: boolean | undefined;
  /** By version of TLS: whether it was accepted. */
  readonly wire: ValueMap;
}

/** Sources of a value that this session itself set. */
const OWN = new Set(['session', 'client']);
const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
const MIN = 'ssl_min_protocol_version';
const MAX = 'ssl_max_protocol_version';

/** All contradictions. Those of the wire come first, since of two at one path only the first is shown. */
export function contradictionsOf(sides: Sides): readonly Contradiction[] {
  return [...againstWire(sides), ...againstHba(sides), ...againstFiles(sides), ...overridden(sides)];
}

/** A setting's value in a file or the declaration, and where it stands. */
interface Said {
  readonly setting: string;
  /** The value, or a stand-in if it may not leave the agent. */
  readonly told: string;
  readonly path: string;
  readonly where: string;
}

function saidOf(name: string, { files, declared, settings }: Sides): Said | undefined {
  const line = files.written?.get(name);
  if (line !== undefined) {
    const where = `${basename(line.file)} line ${line.line}`;
    return { setting: line.raw, told: toldOf(line.told), path: `/files/${escaped(name)}`, where };
  }
  const setting = declared.get(name);
  if (setting === undefined) return undefined;
  const told = toldOf(declaredText(name, setting, settings));
  return { setting, told, path: `/declared/${escaped(name)}`, where: 'the declaration' };
}

/** A value for people. Values are compared as they are, but shown only if they hold no secret. */
function toldOf(told: string | undefined): string {
  return told ?? '(a value that is withheld)';
}

/** A declared value, if values of that setting may leave the agent. */
export function declaredText(
  name: string,
  text: string,
  settings: ReadonlyMap<string, Setting>,
): string | undefined {
  return settingText(name, settings.get(name)?.type, text);
}

function againstFiles(sides: Sides): readonly Contradiction[] {
  return Array.from(sides.settings).flatMap(([name, running]) => {
    const said = saidOf(name, sides);
    if (said === undefined || OWN.has(running.source) || isSame(name, said.setting, running)) return [];
    return [
      {
        paths: [said.path, `/settings/${escaped(name)}`],
        explain: `${said.where} says ${name} = ${said.told}, and the server runs with ${toldOf(running.told)}, ${fromOf(running)}`,
      },
    ];
  });
}

/**
 * Settings that `ALTER SYSTEM` overrides, which a role sees that may not read the files. Such a setting contradicts only a claim
 * that is VIOLATED (`onlyAgainst`).
 */
function overridden({ settings, files }: Sides): readonly Contradiction[] {
  if (files.written !== undefined) return [];
  return Array.from(files.altered ?? []).flatMap(([name, line]): readonly Contradiction[] => {
    const running = settings.get(name);
    if (running === undefined || OWN.has(running.source) || running.file !== line.file) return [];
    return [
      {
        paths: [`/settings/${escaped(name)}`],
        onlyAgainst: 'violated',
        explain:
          `ALTER SYSTEM put ${name} = ${toldOf(running.told)} over what postgresql.conf says (${basename(line.file)} ` +
          `line ${line.line}); ${GRANTS_LACKING}`,
      },
    ];
  });
}

/** Versions that were accepted although the files or the running settings forbid them. */
function againstWire(sides: Sides): readonly Contradiction[] {
  const accepted = VERSIONS.filter((version) => sides.wire[version] === true);
  return accepted.flatMap((version) => [
    ...forbidden(version, MIN, (limit, at) => at < limit, sides),
    ...forbidden(version, MAX, (limit, at) => at > limit, sides),
    ...whileOff(version, sides),
  ]);
}

function forbidden(
  version: string,
  name: string,
  outside: (limit: number, at: number) => boolean,
  sides: Sides,
): readonly Contradiction[] {
  const said = saidOf(name, sides);
  const running = sides.settings.get(name);
  const isOutside = (setting: string | undefined): boolean => {
    const limit = VERSIONS.findIndex((each) => each.toLowerCase() === setting?.toLowerCase());
    return limit >= 0 && outside(limit, VERSIONS.indexOf(version));
  };
  const [bySaid, byRunning] = [isOutside(said?.setting), isOutside(running?.raw)];
  if (!bySaid && !byRunning) return [];
  const paths = [`/wire/accepted/${escaped(version)}`, `/settings/${escaped(name)}`];
  const runs =
    running === undefined ? '' : `; the server runs with ${toldOf(running.told)}, ${fromOf(running)}`;
  const claim =
    said !== undefined && bySaid
      ? `${said.where} says ${name} = ${said.told}`
      : `${name} is ${toldOf(running?.told)}`;
  return [
    {
      paths: said === undefined ? paths : [...paths, said.path],
      explain: `${claim}, and ${version} was accepted${bySaid ? runs : ''}`,
    },
  ];
}

function whileOff(version: string, { settings }: Sides): readonly Contradiction[] {
  if (settings.get('ssl')?.raw !== 'off') return [];
  return [
    {
      paths: [`/wire/accepted/${escaped(version)}`, '/settings/ssl'],
      explain: `the server says that ssl is off, and ${version} was accepted: something else answers in front of it`,
    },
  ];
}

/** No rule on disk lets anybody in without TLS, but somebody got in: the file was not loaded, or is not the one in use. */
function againstHba({ hba, plaintext }: Sides): readonly Contradiction[] {
  const lets = hba?.some(
    ({ type, method }) =>
      type !== 'local' && type !== 'hostssl' && type !== 'hostgssenc' && method !== 'reject',
  );
  if (plaintext !== true || lets !== false) return [];
  return [
    {
      paths: ['/plaintext', '/hba'],
      explain:
        'pg_hba.conf lets nobody in without TLS, and a session without TLS was let in: was it reloaded?',
    },
  ];
}

function fromOf({ source, file, line, pendingRestart }: Setting): string {
  const from = file === '' ? `set by: ${source}` : `set in ${basename(file)} line ${line}`;
  return pendingRestart ? `${from}, until the server is restarted` : from;
}

/** Settings that the commitment declares: leaves whose path ends in one of the names. */
export function declaredSettings(
  declared: ReadonlyMap<string, Value> | undefined,
  names: readonly string[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [path, value] of declared ?? []) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (!names.includes(name)) continue;
    if (typeof value === 'string' || typeof value === 'number') found.set(name, String(value));
    if (typeof value === 'boolean') found.set(name, value ? 'on' : 'off');
  }
  return found;
}
