/**
 * Runs the user's `helm template` on a copy of a chart, twice, and gives the texts of the source `helm`. What helm gets is named
 * here: the copy, the user's files of values, empty homes. It gets no environment of the caller, no kubeconfig, no plugin, no
 * repository and no way out but a proxy where nobody listens. Nothing is run that the chart's folder holds.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { runChild } from '../../platform/child.ts';
import { readNamedFile } from '../../platform/files.ts';
import { decodeSource } from '../encoding.ts';
import type { Call } from '../sources/helm/calls.ts';
import { readChart, type Chart, type ChartFiles } from '../sources/helm/chart.ts';
import { helmTexts } from '../sources/helm/helm.ts';
import type { SourceText } from '../sources/source.ts';
import { chartFiles, chartUnpacker } from './chartfiles.ts';
import { holds } from './files.ts';

/** How a chart is to be rendered. */
export interface HelmAsked {
  /** Folder or archive, and files of values, as they were named. */
  readonly chart: string;
  readonly values: readonly string[];
  readonly cwd: string;
  readonly release: string;
  readonly namespace: string;
  readonly isUpgrade: boolean;
  readonly kubeVersion: string | undefined;
  readonly apiVersions: readonly string[];
  /** Files and folders of the chart whose calls are known, and, with `/` before them, paths of leaves that may differ. */
  readonly allowed: readonly string[];
  /** The program; undefined: `helm` of the PATH. */
  readonly helm: string | undefined;
  /** Folders of the PATH. */
  readonly path: string;
  readonly timeoutMs?: number;
}

/** Milliseconds for one run, and bytes of what it renders. */
const RUN_MS = 60_000;
const MAX_RENDERED = 33_554_432;
/** KiB of memory for helm: a chart may ask for a list of a billion numbers. */
const MAX_MEMORY_KIB = 6_291_456;
const MAX_VALUES = 5_242_880;

/** The texts of a chart. Refuses `not-found`, `usage`, `malformed-payload`, `unavailable`. */
export async function helmSource(asked: HelmAsked): Promise<readonly SourceText[]> {
  assertPlain(asked);
  const at = resolve(asked.cwd, asked.chart);
  const unpack = chartUnpacker();
  const files = await chartFiles(at, asked.chart, unpack);
  const values: SourceText[] = [];
  for (const name of asked.values)
    values.push({ name, text: decodeSource(await readNamedFile(resolve(asked.cwd, name), MAX_VALUES)) });
  const chart = readChart(files, unpack, new Map(values.map(({ name, text }) => [name, text])));
  assertSteady(chart, asked.allowed);
  const program = helmProgram(asked, at);
  const place = mkdtempSync(join(realpathSync(tmpdir()), 'tallystick-helm-'));
  try {
    const copy = copyOf(files, values, place, chart.name);
    const version = await versionOf(program, place);
    const args = argumentsOf(asked, copy, values.length, place);
    // Two zones, so that what depends on the machine's is told from what does not.
    const first = await ran(program, args, place, 'UTC', asked.timeoutMs);
    const second = await ran(program, args, place, 'Pacific/Kiritimati', asked.timeoutMs);
    return helmTexts(factsOf(chart, version, asked), [first, second], values);
  } finally {
    rmSync(place, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Refuses what helm would take for a flag, or for another thing than its name says. */
function assertPlain({ release, namespace, kubeVersion, apiVersions }: HelmAsked): void {
  const forms: readonly (readonly [string, string, RegExp, string])[] = [
    ['the release', release, /^[a-z0-9](?:[a-z0-9.-]{0,51}[a-z0-9])?$/, 'the name of a release'],
    ['the namespace', namespace, /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'the name of a namespace'],
    [
      'the version of Kubernetes',
      kubeVersion ?? '1.0',
      /^v?[0-9][0-9A-Za-z.+-]{0,60}$/,
      'a version of Kubernetes, such as v1.34.2',
    ],
    ...apiVersions.map((each): [string, string, RegExp, string] => [
      'the API version',
      each,
      /^[a-z0-9][A-Za-z0-9./-]{0,200}$/,
      'an API version or a kind of one, such as monitoring.coreos.com/v1',
    ]),
  ];
  for (const [name, text, form, what] of forms)
    if (!form.test(text))
      throw refuse('usage', `${name} is not written as one: expected ${what}, got ${printable(text, 60)}`);
}

/** Refuses the first call that is not fixed, unless its file, or a folder above it, is allowed. */
function assertSteady({ calls }: Chart, allowed: readonly string[]): void {
  const known = allowed.filter((each) => !each.startsWith('/')).map((each) => each.replace(/^\.\/|\/$/g, ''));
  const unused = known.find((each) => ![...calls.keys()].some((path) => isWithin(path, each)));
  if (unused !== undefined)
    throw refuse(
      'usage',
      `${printable(unused)} is no file of the chart that calls anything unsteady; do not allow it`,
    );
  const open = [...calls].filter(([path]) => !known.some((each) => isWithin(path, each)));
  const [first] = open;
  if (first === undefined) return;
  const [path, found] = first;
  const named = found
    .slice(0, 3)
    .map(({ name, line, why }) => `line ${line} calls ${printable(name, 40)} (${why})`);
  const more = found.length > 3 ? ` and ${found.length - 3} more` : '';
  const files =
    open.length > 1
      ? `; so do ${open.length - 1} more files, ${open
          .slice(1, 4)
          .map(([each]) => printable(each, 80))
          .join(', ')}${open.length > 4 ? ', …' : ''}`
      : '';
  throw refuse(
    'malformed-payload',
    `${printable(path)}: ${named.join(', ')}${more}${files}: what is rendered here may be another thing than what is installed. ` +
      'Give the chart the values that make it not call this, and allow the file, or a folder of the chart, where you know that it does not',
    { remedy: { allowNondeterministic: path } },
  );
}

function isWithin(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}/`);
}

/** What becomes leaves beside the objects and the values. */
function factsOf(
  { name, version, appVersion, digest, contained, calls }: Chart,
  helm: string,
  asked: HelmAsked,
): object {
  const known = [...calls].map(([path, found]) => [
    path,
    [...new Set(found.map((each: Call) => each.name))].toSorted(),
  ]);
  return {
    chart: {
      name,
      version,
      ...(appVersion !== undefined && { appVersion }),
      digest,
      ...(contained.size > 0 && { contains: Object.fromEntries(contained) }),
      ...(known.length > 0 && { nondeterministic: Object.fromEntries(known) }),
    },
    helm: { version: helm },
    release: {
      name: asked.release,
      namespace: asked.namespace,
      upgrade: asked.isUpgrade,
      kubeVersion: asked.kubeVersion ?? null,
      apiVersions: asked.apiVersions,
    },
    allowed: asked.allowed.filter((each) => each.startsWith('/')),
  };
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** The path of helm. Refuses `not-found`, and a program in the chart's folder. */
function helmProgram({ helm, path, cwd }: HelmAsked, chart: string): string {
  const found =
    helm === undefined
      ? path
          .split(delimiter)
          .filter(isAbsolute)
          .map((each) => join(each, 'helm'))
          .find(isFile)
      : [resolve(cwd, helm)].find(isFile);
  if (found === undefined)
    throw refuse(
      'not-found',
      `there is no ${helm === undefined ? 'helm on the PATH' : printable(helm)}; say where it is`,
      { remedy: { helm: true } },
    );
  const real = realpathSync(found);
  const inspected = statSync(chart).isDirectory() ? realpathSync(chart) : realpathSync(dirname(chart));
  if (holds(inspected, real) || holds(inspected, found))
    throw refuse(
      'usage',
      `${printable(found)} lies in what is inspected, and nothing there is run; name another helm`,
      { remedy: { helm: true } },
    );
  return real;
}

/** Writes what was read, so that helm sees what was looked through. The folder of the copy. */
function copyOf(files: ChartFiles, values: readonly SourceText[], place: string, name: string): string {
  chmodSync(place, 0o700);
  const copy = join(place, 'chart', /^[A-Za-z0-9._-]+$/.test(name) ? name : 'chart');
  for (const [path, bytes] of files) {
    const to = join(copy, path);
    if (!holds(copy, to)) throw refuse('malformed-payload', `${printable(path)} is no path within the chart`);
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, bytes, { flag: 'wx', mode: 0o600 });
  }
  for (const home of ['home', 'config', 'cache', 'data', 'plugins', 'tmp']) mkdirSync(join(place, home));
  writeFileSync(join(place, 'kubeconfig'), '', { mode: 0o600 });
  for (const [i, { text }] of values.entries())
    writeFileSync(join(place, `values-${i}.yaml`), text, { mode: 0o600 });
  return copy;
}

function argumentsOf(asked: HelmAsked, copy: string, values: number, place: string): readonly string[] {
  return [
    'template',
    asked.release,
    copy,
    `--namespace=${asked.namespace}`,
    '--include-crds',
    ...(asked.isUpgrade ? ['--is-upgrade'] : []),
    ...(asked.kubeVersion === undefined ? [] : [`--kube-version=${asked.kubeVersion}`]),
    ...asked.apiVersions.map((each) => `--api-versions=${each}`),
    ...Array.from({ length: values }, (_, i) => `--values=${join(place, `values-${i}.yaml`)}`),
  ];
}

/** Nobody listens there (RFC 863, discard). */
const NOWHERE = 'http://127.0.0.1:9';

function environment(place: string, zone: string): Readonly<Record<string, string>> {
  const at = (name: string): string => join(place, name);
  return {
    PATH: '/usr/bin:/bin',
    LANG: 'C',
    TZ: zone,
    HOME: at('home'),
    TMPDIR: at('tmp'),
    XDG_CONFIG_HOME: at('config'),
    XDG_CACHE_HOME: at('cache'),
    XDG_DATA_HOME: at('data'),
    HELM_CONFIG_HOME: at('config'),
    HELM_CACHE_HOME: at('cache'),
    HELM_DATA_HOME: at('data'),
    HELM_PLUGINS: at('plugins'),
    HELM_NO_PLUGINS: '1',
    KUBECONFIG: at('kubeconfig'),
    HTTP_PROXY: NOWHERE,
    HTTPS_PROXY: NOWHERE,
    ALL_PROXY: NOWHERE,
    GOMAXPROCS: '2',
  };
}

/** Sets a bound to the memory where the system has one, and becomes the program. */
const BOUNDED = `ulimit -v ${MAX_MEMORY_KIB} 2>/dev/null; exec "$@"`;

async function ran(
  program: string,
  args: readonly string[],
  place: string,
  zone: string,
  timeoutMs = RUN_MS,
): Promise<string> {
  const isPosix = existsSync('/bin/sh');
  const end = await runChild({
    argv: isPosix ? ['/bin/sh', '-c', BOUNDED, 'sh', program, ...args] : [program, ...args],
    cwd: join(place, 'home'),
    env: environment(place, zone),
    timeoutMs,
    maxBytes: MAX_RENDERED,
    maxComplaint: 4_000,
  });
  if (end.kind === 'too-late')
    throw refuse('too-large', `helm did not end within ${timeoutMs / 1000} s, and was stopped`);
  if (end.kind === 'too-large') throw refuse('too-large', `helm renders more than ${MAX_RENDERED} bytes`);
  if (end.kind !== 'exited')
    throw refuse(
      'unavailable',
      `helm could not be run: ${end.kind === 'not-started' ? printable(end.cause.message) : 'it was stopped'}`,
    );
  if (end.code === 0) return decodeUtf8(end.output);
  const said = end.complaint
    .replaceAll(`${place}/chart/`, '')
    .trim()
    .split('\n')
    .filter((line) => !/^(?:goroutine |\t|runtime)/.test(line));
  const why =
    end.code === undefined ? `it was ended (${end.signal ?? 'no signal'})` : printable(said.join(' '), 600);
  throw refuse('malformed-payload', `helm does not render it: ${why}`);
}

async function versionOf(program: string, place: string): Promise<string> {
  const version = (await ran(program, ['version', '--template', '{{.Version}}'], place, 'UTC')).trim();
  if (/^v[0-9]{1,3}(?:\.[0-9]{1,4}){1,2}(?:[-+][0-9A-Za-z.+-]{1,60})?$/.test(version)) return version;
  throw refuse(
    'unavailable',
    `${printable(program)} does not say which version of helm it is: ${printable(version, 60)}`,
  );
}
