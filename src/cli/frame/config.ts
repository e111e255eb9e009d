/**
 * Settles the configuration: flag > `TALLYSTICK_*` > YAML file > default, each value with where it came
 * from. Keys nobody knows are errors in all places, because a mistyped limit is no limit.
 *
 * The file is the one `--config` or TALLYSTICK_CONFIG names, else tallystick.yaml in the data directory,
 * if there is one. A path in the file is relative to the file; elsewhere, to the working directory.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { EXEC_PREFIX, isOutsideKey } from '../../keys/names.ts';
import { CONFIG_FILE } from '../../platform/names.ts';
import { publicUrl } from '../../web/endpoint.ts';
import type { FlatValues, parseFlat } from '../../yaml/flat.ts';
import {
  envOf,
  flagOf,
  readSettings,
  settings,
  type Config,
  type Setting,
  type SettingValue,
} from './settings.ts';
import { didYouMean } from '../../bytes/suggest.ts';
import { isUrl } from './settingkinds.ts';

/** Names the file itself; not a setting, since the file cannot say it. */
export const CONFIG_ENV = 'TALLYSTICK_CONFIG';
/** Where the tests find their vectors: ours, but no setting. */
const TEST_ENV = 'TALLYSTICK_VECTORS';

export type Source = 'flag' | 'env' | 'file' | 'default';

/** One settled setting. `where`: `--port`, `TALLYSTICK_PORT`, `tallystick.yaml:3`, `default`. */
export interface Settled {
  readonly name: string;
  readonly value: SettingValue;
  readonly source: Source;
  readonly where: string;
}

/** The configuration, and the story of each value. */
export interface Resolved {
  readonly config: Config;
  readonly settled: readonly Settled[];
  /** The file that was read, if any. */
  readonly file: string | undefined;
}

/** Where values may come from. `flags`: texts by setting name; `configFlag`: what --config said. */
export interface Given {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly configFlag: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** What the verb brings: whose directory's file is read, and defaults of its own. */
  readonly home?: string | undefined;
  readonly defaults?: Readonly<Record<string, string>> | undefined;
}

/** A written value: its texts, where they stand, and what its relative paths are relative to. */
interface Written {
  readonly texts: readonly string[];
  readonly source: Source;
  readonly where: string;
  readonly base: string;
}

/** What reads the file's text. It brings a parser of YAML, so whoever found no file does without. */
export type ParseFile = typeof parseFlat;

/** The file that is meant; undefined when there is none. Refuses `config-invalid` for one that was named and is not there. */
export function configFileOf(given: Given): string | undefined {
  return findFile(given, settings());
}

/** Settles every setting. `parse` is asked when there is a file. Refuses `config-invalid`, naming the place of the bad value. */
export function resolveConfig(given: Given, parse?: ParseFile): Resolved {
  refuseUnknownEnv(given.env);
  const rows = settings();
  const file = findFile(given, rows);
  const values: FlatValues = file === undefined ? new Map() : readFile(file, rows, parse);
  const home = given.home ?? 'dataDir';
  if (file !== undefined && !isNamed(given) && values.has(home)) {
    throw refuse(
      'config-invalid',
      `${file} was found in the directory it is about and cannot name another; remove ${home}`,
    );
  }
  if (file !== undefined && !isNamed(given) && !isHomeNamed(given, home)) refusePrograms(file, values);
  const settled: Settled[] = [];
  const config = readSettings(<T extends SettingValue>(row: Setting<T>): T => {
    const written = findWritten(row, given, file, values);
    const value = written === undefined ? fallbackOf(row, given) : valueOf(row, written);
    const { source, where } = written ?? { source: 'default' as const, where: 'default' };
    settled.push({ name: row.name, value, source, where });
    return value;
  });
  return { config, settled, file };
}

function readFile(file: string, rows: readonly Setting[], parse: ParseFile | undefined): FlatValues {
  if (parse === undefined) throw new Error(`nothing reads ${file}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw refuse('config-invalid', `cannot read ${file}`, { cause: error });
  }
  return parse(text, file, rows);
}

/** Whether the user said which directory the file stands in. */
function isHomeNamed({ flags, env }: Given, home: string): boolean {
  return flags.has(home) || env[envOf(home)] !== undefined;
}

/**
 * A file that was only found below the working directory may have come with it, from a stranger: it names no program.
 * Refuses `config-invalid`.
 */
function refusePrograms(file: string, values: FlatValues): void {
  for (const [name, { texts, line }] of values)
    if (texts.some((text) => text.startsWith(EXEC_PREFIX)))
      throw refuse(
        'config-invalid',
        `${file}:${line}: ${name} names a program, and nobody named this file; if it is yours, say --config ${file}`,
      );
}

/** Where clients find the log: `log`, else `url`, else what `serve` would listen on. A directory as a file: URL. */
export function logUrl(config: Config): string {
  const { log } = config;
  if (log === undefined) return publicUrl(config);
  return isUrl(log) ? log : pathToFileURL(log).href;
}

/** Whether the user said which file, rather than where the data is. */
function isNamed(given: Given): boolean {
  return (given.configFlag ?? given.env[CONFIG_ENV]) !== undefined;
}

function findFile(given: Given, rows: readonly Setting[]): string | undefined {
  const named = given.configFlag ?? given.env[CONFIG_ENV];
  if (named !== undefined) {
    const file = resolve(given.cwd, named);
    if (!existsSync(file)) throw refuse('config-invalid', `there is no configuration file ${named}`);
    return file;
  }
  const home = given.home ?? 'dataDir';
  if (home === 'none') return undefined;
  const row = rows.find((each) => each.name === home);
  const [folder] = given.flags.get(home) ?? [given.env[envOf(home)] ?? String(row?.fallback)];
  const file = join(resolve(given.cwd, folder ?? ''), CONFIG_FILE);
  return existsSync(file) ? file : undefined;
}

function findWritten(
  row: Setting,
  given: Given,
  file: string | undefined,
  values: FlatValues,
): Written | undefined {
  const flag = given.flags.get(row.name);
  if (flag !== undefined) return { texts: flag, source: 'flag', where: flagOf(row.name), base: given.cwd };
  const name = envOf(row.name);
  const variable = given.env[name];
  if (variable !== undefined) {
    const texts = row.shape === 'many' ? variable.split(/\s+/).filter((text) => text !== '') : [variable];
    return { texts, source: 'env', where: name, base: given.cwd };
  }
  const value = values.get(row.name);
  if (file === undefined || value === undefined) return undefined;
  return { texts: value.texts, source: 'file', where: `${file}:${value.line}`, base: dirname(file) };
}

function valueOf<T extends SettingValue>(row: Setting<T>, written: Written): T {
  const texts = row.path ? written.texts.map((text) => absolute(text, written.base)) : written.texts;
  try {
    return row.parse(texts);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const place = `${row.name} (${written.where})`;
    throw refuse('config-invalid', `${place}: ${error.message}; got ${show(written.texts)}`, {
      cause: error,
    });
  }
}

function fallbackOf<T extends SettingValue>(row: Setting<T>, { defaults, cwd }: Given): T {
  const own = defaults?.[row.name];
  if (own !== undefined) return row.parse([own]);
  return row.path && typeof row.fallback === 'string'
    ? row.parse([resolve(cwd, row.fallback)])
    : row.fallback;
}

/** Empty stays empty, to be refused as such; `ssh-agent:…`, `exec:…` and URLs name what is in no file. */
function absolute(text: string, base: string): string {
  return text === '' || isOutsideKey(text) || isUrl(text) ? text : resolve(base, text);
}

function show(texts: readonly string[]): string {
  return texts.map((text) => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)).join(', ');
}

function refuseUnknownEnv(env: Given['env']): void {
  const known = new Set([CONFIG_ENV, TEST_ENV, ...settings().map((row) => envOf(row.name))]);
  for (const name of Object.keys(env)) {
    if (name.startsWith('TALLYSTICK_') && !known.has(name)) {
      throw refuse(
        'config-invalid',
        `the environment sets ${name}, which is no setting${didYouMean(name, [...known])}`,
      );
    }
  }
}
