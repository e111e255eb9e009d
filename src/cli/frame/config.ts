/**
 * Decides the value of each setting: a flag outranks `TALLYSTICK_*`, that the YAML file, that the default. Each value
 * carries the place that it came from. An unknown key is refused wherever it is written, because a mistyped limit would
 * otherwise limit nothing.
 *
 * The file is the one that `--config` or TALLYSTICK_CONFIG names, else tallystick.yaml in the verb's directory (most
 * verbs: the data directory), if there is one. A path in the file is relative to the file; elsewhere, to the working
 * directory.
 */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { EXEC_PREFIX, isOutsideKey } from '../../keys/names.ts';
import { readNamedFileSync } from '../../platform/files.ts';
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

/** Names the file. It is no setting, because the file cannot name itself. */
export const CONFIG_ENV = 'TALLYSTICK_CONFIG';
/** Where the tests find their vectors. It is no setting. */
const TEST_ENV = 'TALLYSTICK_VECTORS';

export type Source = 'flag' | 'env' | 'file' | 'default';

/** The value of one setting. `where`: `--port`, `TALLYSTICK_PORT`, `tallystick.yaml:3`, `default`. */
export interface Settled {
  readonly name: string;
  readonly value: SettingValue;
  readonly source: Source;
  readonly where: string;
}

/** The configuration, and where each value came from. */
export interface Resolved {
  readonly config: Config;
  readonly settled: readonly Settled[];
  /** The file that was read, if any. */
  readonly file: string | undefined;
}

/** Where values may come from. `flags`: texts by setting name; `configFlag`: the text of --config. */
export interface Given {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly configFlag: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The setting that names the directory whose file is read; `none`: no file. Default: `dataDir`. */
  readonly home?: string | undefined;
  /** Defaults of the verb, which replace those of the table. */
  readonly defaults?: Readonly<Record<string, string>> | undefined;
}

/** A written value: its texts, where they are written, and the directory that its relative paths start from. */
interface Written {
  readonly texts: readonly string[];
  readonly source: Source;
  readonly where: string;
  readonly base: string;
}

/** Parses the file's text. Its module brings a YAML parser, so callers load it only if there is a file. */
export type ParseFile = typeof parseFlat;

/** The file to read; undefined if there is none. Refuses `config-invalid` if a file was named and does not exist. */
export function configFileOf(given: Given): string | undefined {
  return findFile(given, settings());
}

/** Every setting's value. `parse` is needed if there is a file. Refuses `config-invalid`, naming the bad value's place. */
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

/** Longest configuration file. */
const MOST_CONFIG = 1_048_576;

function readFile(file: string, rows: readonly Setting[], parse: ParseFile | undefined): FlatValues {
  if (parse === undefined) throw new Error(`nothing reads ${file}`);
  let text: string;
  try {
    text = new TextDecoder().decode(readNamedFileSync(file, MOST_CONFIG));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse('config-invalid', error.message, { cause: error });
  }
  return parse(text, file, rows);
}

/** Whether the user named the directory that the file is in. */
function isHomeNamed({ flags, env }: Given, home: string): boolean {
  return flags.has(home) || env[envOf(home)] !== undefined;
}

/**
 * A file that nobody named was found below the working directory, which may be a stranger's checkout. If such a file
 * names a program to run (`exec:…`), refuses `config-invalid`.
 */
function refusePrograms(file: string, values: FlatValues): void {
  for (const [name, { texts, line }] of values)
    if (texts.some((text) => text.startsWith(EXEC_PREFIX)))
      throw refuse(
        'config-invalid',
        `${file}:${line}: ${name} names a program, but this file was found and not named; if you trust it, pass --config ${file}`,
      );
}

/** The log's URL for clients: `log`, else `url`, else that of `serve`. A directory becomes a file: URL. */
export function logUrl(config: Config): string {
  const { log } = config;
  if (log === undefined) return publicUrl(config);
  return isUrl(log) ? log : pathToFileURL(log).href;
}

/** Whether the user named the file itself. */
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

/** An empty text stays empty, so that the setting's parser refuses it; `ssh-agent:…`, `exec:…` and URLs are no paths. */
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
