/**
 * Public charts through `commit helm`, by hand: how many are declared as helm and kubectl read them, which are refused and why, and
 * which are read otherwise (wrong). spec/helm.md has the counts.
 *
 *     node bench/charts.ts HELM ORACLE FOLDER…
 *
 * FOLDER holds charts. One that a chart needs and that lies beside it is put into its folder `charts`, as `helm dependency build` would.
 * ORACLE reads YAML documents from standard input as sigs.k8s.io/yaml does, and prints them as one JSON list.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { Refusal } from '../src/bytes/refusal.ts';
import { helmSource } from '../src/declare/node/helm.ts';
import { isTreeList, isTreeMap } from '../src/declare/leaf.ts';
import { declareHelm } from '../src/declare/sources/helm/helm.ts';
import { leavesOfObject } from '../src/declare/sources/kubernetes/kubernetes.ts';
import { parseJson } from '../src/declare/json.ts';
import { parseManifests } from '../src/declare/yaml.ts';

const [helm = 'helm', oracle = 'oracle', ...folders] = process.argv.slice(2);
const counts = new Map<string, string[]>();
const count = (what: string, chart: string): void =>
  void counts.set(what, [...(counts.get(what) ?? []), chart]);

const charts = folders.flatMap((folder) =>
  globSync('**/Chart.yaml', { cwd: resolve(folder) })
    .filter(
      (path) =>
        !/\/charts\/[^/]+\/Chart\.yaml$/.test(
          `/${path}`.replace(/^\/charts\/([^/]+)\/Chart\.yaml$/, '/x/$1/Chart.yaml'),
        ),
    )
    .map((path) => join(resolve(folder), dirname(path))),
);
const byName = new Map(charts.map((chart) => [basename(chart), chart]));

/** Copies a chart with those that it needs and that are beside it, and theirs. */
function vendored(chart: string, to: string, depth = 0): void {
  cpSync(chart, to, { recursive: true });
  const [map = null] = parseManifests(readFileSync(join(to, 'Chart.yaml'), 'utf8'));
  const needs = (isTreeMap(map) ? map.get('dependencies') : undefined) ?? [];
  if (!isTreeList(needs) || depth > 4) return;
  for (const each of needs) {
    const name = isTreeMap(each) ? each.get('name') : undefined;
    const source = typeof name === 'string' ? byName.get(name) : undefined;
    if (source === undefined || typeof name !== 'string' || existsSync(join(to, 'charts', name))) continue;
    vendored(source, join(to, 'charts', name), depth + 1);
  }
}

async function tried(chart: string, allowed: readonly string[]): Promise<string | undefined> {
  const place = mkdtempSync(join(tmpdir(), 'tallystick-charts-'));
  try {
    vendored(chart, join(place, 'chart'));
    const texts = await helmSource({
      chart: join(place, 'chart'),
      cwd: place,
      values: [],
      release: 'rel',
      namespace: 'shop',
      isUpgrade: false,
      kubeVersion: 'v1.34.2',
      apiVersions: [],
      allowed,
      helm: resolve(helm),
      path: '',
    });
    const { leaves } = declareHelm(texts);
    return differing(
      texts[1]?.text ?? '',
      new Map(leaves.map(({ path, value }) => [path, Buffer.from(value).toString('hex')])),
    );
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** The first path whose leaf is not what the oracle reads; undefined if there is none. */
function differing(rendering: string, ours: ReadonlyMap<string, string>): string | undefined {
  const { stdout, status, stderr } = spawnSync(resolve(oracle), [], {
    input: rendering,
    maxBuffer: 2 ** 28,
    encoding: 'utf8',
  });
  if (status !== 0) return `the oracle refuses it: ${stderr.slice(0, 200)}`;
  const objects = parseJson(stdout);
  const theirs = new Map<string, string>();
  if (isTreeList(objects))
    for (const object of objects)
      if (isTreeMap(object))
        for (const { path, value } of leavesOfObject(object).leaves)
          theirs.set(path, Buffer.from(value).toString('hex'));
  for (const [path, value] of theirs)
    if ((ours.get(path) ?? ours.get(`/hooks${path}`)) !== value) return path;
  const besides = [...ours.keys()].find(
    (path) =>
      !/^\/(?:chart|helm|release|values)\//.test(path) &&
      !theirs.has(path) &&
      !theirs.has(path.replace(/^\/hooks/, '')),
  );
  return besides;
}

/** A refusal's reason without names. */
function reasonOf(message: string): string {
  if (message.includes('nothing is fetched here')) return 'needs a chart that is not there';
  const calls = [...message.matchAll(/calls ([\w]+) /g)].map(([, name]) => name);
  if (calls.length > 0) return `calls ${calls[0]}`;
  if (message.includes('does not render')) return `helm refuses: ${message.slice(0, 160)}`;
  return message
    .replaceAll(/line [0-9]+/g, 'line N')
    .replaceAll(/\/v?[0-9a-z.~-]+\/[A-Z][^ ]*/g, 'PATH')
    .slice(0, 140);
}

for (const chart of charts) {
  let allowed: readonly string[] = [];
  for (const round of ['as it is', 'with its calls allowed']) {
    try {
      const path = await tried(chart, allowed);
      count(
        path === undefined ? `right, ${round}` : `WRONG, ${round}: ${path.slice(0, 100)}`,
        basename(chart),
      );
      break;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const reason = reasonOf(error.message);
      count(`refused, ${round}: ${reason}`, basename(chart));
      if (!reason.startsWith('calls ')) break;
      allowed = await allAllowed(chart);
    }
  }
}
for (const [what, names] of [...counts].toSorted((a, b) => b[1].length - a[1].length))
  console.log(`${names.length}\t${what}\t${names.slice(0, 4).join(' ')}`);
console.log(`${charts.length} charts`);

/** Every file that has such a call, asked for one by one. */
async function allAllowed(chart: string): Promise<readonly string[]> {
  const place = mkdtempSync(join(tmpdir(), 'tallystick-charts-'));
  try {
    vendored(chart, join(place, 'chart'));
    const { chartFiles, chartUnpacker } = await import('../src/declare/node/chartfiles.ts');
    const { readChart } = await import('../src/declare/sources/helm/chart.ts');
    const unpack = chartUnpacker();
    const { calls } = readChart(await chartFiles(join(place, 'chart'), 'chart', unpack), unpack, new Map());
    return [...calls.keys()];
  } finally {
    rmSync(place, { recursive: true });
  }
}
