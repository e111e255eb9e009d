/**
 * The programs that no one here wrote: which, at which version, and building them. `go install` at an exact
 * version puts them into the stage's directory; Go's own caches and checksum database do the rest.
 */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { onPath, type Ran, type Stage } from './stage.ts';

const TORCHWOOD = 'filippo.io/torchwood';
const WITNESS = 'github.com/transparency-dev/witness';
const TESSERA = 'github.com/transparency-dev/tessera';
const FORMATS = 'github.com/transparency-dev/formats';
/** As test/interop/kube/go.mod.txt has it. */
const KUBERNETES = 'v1.36.3';

const HELM = 'helm.sh/helm/v3';
/** Of Kubernetes, as helm's own Makefile has it for this version: what charts are rendered for by default. */
const HELM_KUBERNETES = ['1', '34'] as const;

/** torchwood v0.10.0 needs Go 1.27; the newest before it is good for Go 1.24. */
export const VERSIONS: Readonly<Record<string, string>> = {
  [TORCHWOOD]: 'v0.9.0',
  [WITNESS]: 'v0.0.0-20260720115447-2e1c6971d19e',
  [TESSERA]: 'v1.0.4',
  [HELM]: 'v3.19.5',
  [FORMATS]: 'v0.1.2-0.20260710124811-af9e607161b6',
};

/** By the name of the program: its module and its folder there. In the order of building, the heavy ones last. */
const COMMANDS = {
  generate_keys: [WITNESS, 'cmd/generate_keys'],
  'posix-oneshot': [TESSERA, 'cmd/examples/posix-oneshot'],
  fsck: [TESSERA, 'cmd/fsck'],
  // These bring SQLite with them, each another one: a minute of building on two cores.
  litewitness: [TORCHWOOD, 'cmd/litewitness'],
  omniwitness: [WITNESS, 'cmd/omniwitness'],
} as const;

/** `opennote` is test/interop/opennote.go: their libraries behind a command line; `kube-apiserver` has a module of its own. */
export type Command = keyof typeof COMMANDS | Kept | 'opennote';
/** Programs that a variable of the environment names, where they were built before or are to be kept. */
type Kept = 'helm' | 'kube-apiserver';

/**
 * Downloading and building may take this long; what is not there then is skipped. Ten minutes are enough for two slow
 * cores and empty caches; `.ci/run` says how much it has left.
 */
const BUILD_MS = Number(process.env['INTEROP_BUILD_SECONDS'] ?? 600) * 1000;

export class Programs {
  readonly #dir: string;
  readonly #missing = new Map<Command, string>();

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Builds all of them, one after another: Go uses every core by itself. */
  static async build(stage: Stage, note: (text: string) => void): Promise<Programs> {
    const programs = new Programs(stage.path('bin'));
    if (!onPath('go')) {
      for (const name of [...Object.keys(COMMANDS), 'opennote', 'helm', 'kube-apiserver'] as Command[])
        programs.#missing.set(name, 'there is no Go on this machine');
      return programs;
    }
    const signal = AbortSignal.timeout(BUILD_MS);
    programs.#record('opennote', await buildOpenNote(stage, signal), signal);
    note(`opennote: ${programs.#missing.get('opennote') ?? `${FORMATS}, ${TORCHWOOD}`}`);
    for (const name of Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]) {
      const [module, folder] = COMMANDS[name];
      const target = `${module}/${folder}@${VERSIONS[module]}`;
      programs.#record(name, await go(stage, ['install', target], signal), signal);
      note(`${name}: ${programs.#missing.get(name) ?? target}`);
    }
    programs.#record('helm', await buildHelm(stage, signal), signal);
    note(`helm: ${programs.#missing.get('helm') ?? `${HELM}@${VERSIONS[HELM]}`}`);
    programs.#record('kube-apiserver', await buildApiserver(stage, signal), signal);
    note(`kube-apiserver: ${programs.#missing.get('kube-apiserver') ?? KUBERNETES}`);
    return programs;
  }

  path(name: Command): string {
    return join(this.#dir, name);
  }

  /** Why one of these cannot be run, if so. */
  why(...names: readonly Command[]): string | undefined {
    const missing = names.find((name) => this.#missing.has(name));
    return missing === undefined ? undefined : `no ${missing}: ${this.#missing.get(missing)}`;
  }

  get complete(): boolean {
    return this.#missing.size === 0;
  }

  #record(name: Command, { code, err }: Ran, signal: AbortSignal): void {
    if (code === 0) return;
    const last = err.trim().split('\n').at(-1) ?? '';
    this.#missing.set(name, signal.aborted ? `not built in ${BUILD_MS / 1000} s` : last.slice(0, 500));
  }
}

function go(stage: Stage, args: readonly string[], signal: AbortSignal, cwd = stage.dir): Promise<Ran> {
  if (signal.aborted) return Promise.resolve({ code: null, out: '', err: '' });
  return stage.run('go', args, {
    cwd,
    env: { GOBIN: stage.path('bin'), GOWORK: 'off' },
    timeoutMs: BUILD_MS,
    signal,
  });
}

/**
 * A program that is linked once: where a variable of the environment names a file, that is the one that was built before, or where it
 * is kept.
 */
async function keptProgram(stage: Stage, name: Kept, build: (target: string) => Promise<Ran>): Promise<Ran> {
  const kept = process.env[name === 'helm' ? 'HELM_BUILT' : 'KUBE_APISERVER'];
  const target = kept ?? stage.path('bin', name);
  await mkdir(stage.path('bin'), { recursive: true });
  const ran = existsSync(target) ? { code: 0, out: '', err: '' } : await build(target);
  if (ran.code === 0 && kept !== undefined) await copyFile(kept, stage.path('bin', name));
  return ran;
}

/** Under two minutes of one core where nothing is in Go's caches. */
function buildHelm(stage: Stage, signal: AbortSignal): Promise<Ran> {
  const [major, minor] = HELM_KUBERNETES;
  const names = [
    `internal/version.version=${VERSIONS[HELM]}`,
    `pkg/chartutil.k8sVersionMajor=${major}`,
    `pkg/chartutil.k8sVersionMinor=${minor}`,
  ].map((each) => `-X ${HELM}/${each}`);
  const target = `${HELM}/cmd/helm@${VERSIONS[HELM]}`;
  return keptProgram(stage, 'helm', async (to) => {
    const ran = await go(
      stage,
      ['install', '-trimpath', '-ldflags', ['-s -w', ...names].join(' '), target],
      signal,
    );
    if (ran.code === 0 && to !== stage.path('bin', 'helm')) await copyFile(stage.path('bin', 'helm'), to);
    return ran;
  });
}

/** The heaviest of all: some six minutes of one core where nothing is in Go's caches. */
function buildApiserver(stage: Stage, signal: AbortSignal): Promise<Ran> {
  return keptProgram(stage, 'kube-apiserver', async (target) => {
    const dir = stage.path('kube-apiserver');
    await mkdir(dir, { recursive: true });
    await copyFile(new URL('kube/go.mod.txt', import.meta.url), join(dir, 'go.mod'));
    const version = 'k8s.io/component-base/version';
    const [, minor = ''] = /^v1\.([0-9]+)/.exec(KUBERNETES) ?? [];
    const names = [`gitVersion=${KUBERNETES}`, 'gitMajor=1', `gitMinor=${minor}`].map(
      (each) => `-X ${version}.${each}`,
    );
    const flags = ['-mod=mod', '-trimpath', '-ldflags', ['-s -w', ...names].join(' ')];
    return go(stage, ['build', ...flags, '-o', target, 'k8s.io/kubernetes/cmd/kube-apiserver'], signal, dir);
  });
}

/** A module of its own, made on the spot: nothing of Go's is kept in this repository but the one source. */
async function buildOpenNote(stage: Stage, signal: AbortSignal): Promise<Ran> {
  const dir = stage.path('opennote');
  await mkdir(dir, { recursive: true });
  await copyFile(new URL('opennote.go', import.meta.url), join(dir, 'main.go'));
  const steps = [
    ['mod', 'init', 'opennote'],
    ['get', ...[TORCHWOOD, FORMATS].map((module) => `${module}@${VERSIONS[module]}`)],
    ['build', '-mod=mod', '-o', stage.path('bin', 'opennote'), '.'],
  ];
  let ran: Ran = { code: 0, out: '', err: '' };
  for (const step of steps) {
    ran = await go(stage, step, signal, dir);
    if (ran.code !== 0) break;
  }
  return ran;
}
