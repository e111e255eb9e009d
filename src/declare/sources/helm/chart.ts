/**
 * A Helm chart as its files, with the charts that it contains: what it is called, what it lacks, and which calls in its templates
 * keep it from being declared. Pure: archives are opened by a function that is given.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { compareUtf8 } from '../../../bytes/compare.ts';
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { encodeUtf8, formatHex } from '../../../bytes/text.ts';
import { within } from '../../../bytes/within.ts';
import { decodeSource } from '../../encoding.ts';
import { isTreeList, isTreeMap, type Tree, type TreeMap } from '../../leaf.ts';
import { parseManifests } from '../../yaml.ts';
import type { Call } from './calls.ts';
import { callsIn } from './rendering.ts';

/** Files by path within the chart, with `/`. */
export type ChartFiles = ReadonlyMap<string, Uint8Array>;

export interface Chart {
  readonly name: string;
  readonly version: string;
  readonly appVersion: string | undefined;
  /** SHA-256 over `SHA-256  path` lines, as `sha256sum` prints them, in the order of the paths' bytes. */
  readonly digest: string;
  /** Names and versions of the charts that it contains, by path. */
  readonly contained: ReadonlyMap<string, string>;
  /** Calls that are not fixed, by path of the file. */
  readonly calls: ReadonlyMap<string, readonly Call[]>;
}

/** Opens a `.tgz` of a chart. Refuses what is none. */
export type Unpack = (name: string, bytes: Uint8Array) => ChartFiles;

const MAX_CONTAINED = 16;

/** Reads a chart. `values`: the user's files of values, which `tpl` may render, by name. Refuses what helm could not render as it stands. */
export function readChart(files: ChartFiles, unpack: Unpack, values: ReadonlyMap<string, string>): Chart {
  const all = new Map<string, ChartFiles>();
  collect('', files, unpack, all);
  const own = metadataOf(files, '');
  const contained = new Map<string, string>();
  /** Names of the charts in the folder `charts` of each, by the path of that one. */
  const inside = new Map<string, Set<string>>();
  for (const [at, each] of all) {
    if (at === '') continue;
    const { name, version } = metadataOf(each, at);
    contained.set(at.slice(0, -1), `${name} ${version}`);
    const above = aboveOf(at);
    inside.set(above, (inside.get(above) ?? new Set()).add(name));
  }
  for (const [at, each] of all) assertVendored(each, at, inside.get(at) ?? new Set());
  return { ...own, digest: digestOf(files), contained, calls: callsIn(all, values) };
}

/** A chart and those in its folder `charts`, each by its path: a folder, or an archive (pkg/chart/loader/load.go of helm). */
function collect(at: string, files: ChartFiles, unpack: Unpack, all: Map<string, ChartFiles>): void {
  if (at.split('/charts/').length > MAX_CONTAINED)
    throw refuse('too-large', `charts stand in each other deeper than ${MAX_CONTAINED}`);
  const below = new Map<string, Map<string, Uint8Array>>();
  const own = new Map<string, Uint8Array>();
  all.set(at, own);
  for (const [path, bytes] of files) {
    const [, folder = '', rest] = /^charts\/([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
    // Helm takes no chart whose name begins so.
    if (folder === '' || /^[._]/.test(folder)) own.set(path, bytes);
    else if (rest !== undefined) {
      const chart = below.get(folder) ?? new Map<string, Uint8Array>();
      below.set(folder, chart.set(rest, bytes));
    } else if (folder.endsWith('.tgz')) {
      const inside = within('same', `${at}${path}`, () => unpack(folder, bytes));
      collect(`${at}${path}/`, inside, unpack, all);
    } else own.set(path, bytes);
  }
  for (const [folder, chart] of below)
    if (chart.has('Chart.yaml')) collect(`${at}charts/${folder}/`, chart, unpack, all);
    else for (const [path, bytes] of chart) own.set(`charts/${folder}/${path}`, bytes);
}

/** The path of the chart whose folder `charts` has the one at a path, `ABOVEcharts/NAME/`. */
function aboveOf(at: string): string {
  return at.slice(0, at.lastIndexOf('/', at.length - 2) - 'charts'.length);
}

function textOf(files: ChartFiles, at: string, path: string): string | undefined {
  const bytes = files.get(path);
  return bytes && within('same', printable(at + path), () => decodeSource(bytes));
}

function mapIn(files: ChartFiles, at: string, path: string): TreeMap | undefined {
  const text = textOf(files, at, path);
  if (text === undefined) return undefined;
  const [map = null] = within('same', printable(at + path), () => parseManifests(text));
  if (!isTreeMap(map)) throw refuse('malformed-payload', `${printable(at + path)} is no map`);
  return map;
}

function metadataOf(files: ChartFiles, at: string): Pick<Chart, 'name' | 'version' | 'appVersion'> {
  const map = mapIn(files, at, 'Chart.yaml');
  if (map === undefined)
    throw refuse('malformed-payload', `there is no ${printable(at)}Chart.yaml, so it is no chart of helm`);
  const [name, version, appVersion] = ['name', 'version', 'appVersion'].map((each) => worded(map.get(each)));
  if (name === undefined || version === undefined)
    throw refuse('malformed-payload', `${printable(at)}Chart.yaml says no name and version`);
  return { name, version, appVersion };
}

/** A text, or a number as it is written. */
function worded(tree: Tree | undefined): string | undefined {
  if (typeof tree === 'string') return tree;
  if (typeof tree === 'number') return String(tree);
  return typeof tree === 'object' && tree !== null && 'number' in tree ? tree.number : undefined;
}

/** Refuses a chart that names others which it does not contain: helm would have to fetch them. `names`: of those that it contains. */
function assertVendored(files: ChartFiles, at: string, names: ReadonlySet<string>): void {
  const named = [
    mapIn(files, at, 'Chart.yaml')?.get('dependencies'),
    mapIn(files, at, 'requirements.yaml')?.get('dependencies'),
  ].flatMap((each) => (each !== undefined && isTreeList(each) ? each : []));
  for (const each of named) {
    const name = isTreeMap(each) ? worded(each.get('name')) : undefined;
    if (name === undefined || names.has(name)) continue;
    throw refuse(
      'malformed-payload',
      `${printable(at)}Chart.yaml needs the chart ${printable(name, 60)}, which is not in ${printable(at)}charts: nothing is fetched here; ` +
        'run `helm dependency build` first, and commit what it fetched',
    );
  }
}

function digestOf(files: ChartFiles): string {
  const lines = [...files]
    .toSorted(([a], [b]) => compareUtf8(a, b))
    .map(([path, bytes]) => `${formatHex(sha256(bytes))}  ${path}\n`);
  return formatHex(sha256(encodeUtf8(lines.join(''))));
}
