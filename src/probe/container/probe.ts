/**
 * The probe `container@1` asks a container engine (Docker, Podman) what runs and how: each container's own configuration, and
 * where the claim says so its image against the commitment. It is the engine's word: whoever is root on its host can change it.
 */
import { refuse } from '../../bytes/refusal.ts';
import type { Observed } from '../../claim/observed.ts';
import type { Value, ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import { digestIn } from '../cri/images.ts';
import { codeText, nameOrWithheld, WITHHELD, wordOf } from '../harmless.ts';
import { markerOf, type Mark } from '../marks.ts';
import { cutLists, membersOf } from '../members.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { comparedContainers, timeOf, type Compared } from './compared.ts';
import { CONTAINER } from './describe.ts';
import { Engine } from './engine.ts';
import { lookAt, type Look } from './look.ts';
import { has, judged, keptFromMore, RISKS, seccompOf, userOf, type Judged, type Risk } from './risks.ts';
import { readSettings, type Settings } from './settings.ts';
import type { Container } from './answers.ts';

/** Most items of one list that are shown. */
const MAX_SHOWN = 200;

/** The probe, with its own milliseconds for one answer. */
export function makeContainerProbe(timeoutMs: number): Probe {
  return { ...CONTAINER, run: (task) => run(task, timeoutMs) };
}

export const containerProbe: Probe = makeContainerProbe(10_000);

async function run(task: ProbeTask, timeoutMs: number): Promise<Observed> {
  const settings = await readSettings(task, timeoutMs);
  const mark = markerOf('container@1', '/container', await task.secret('salt'));
  const engine = new Engine(settings.place, settings.called);
  try {
    const look = await lookAt(engine, settings);
    if (look.info.os !== 'linux')
      throw refuse(
        'unavailable',
        'the engine runs containers of another system than Linux, whose settings are not known here',
      );
    if (settings.engine !== undefined && settings.engine !== look.info.id)
      throw refuse('unavailable', 'another engine answers than the one that the claim names');
    const compared =
      settings.wanted &&
      comparedContainers(look.containers, settings.wanted, settings, (id) => look.images.get(id), mark);
    return observed(engine, look, settings, compared, mark);
  } finally {
    engine.close();
  }
}

function observed(
  engine: Engine,
  look: Look,
  settings: Settings,
  compared: Compared | undefined,
  mark: Mark,
): Observed {
  const told = telling(settings, mark);
  const meant = look.containers.filter(({ name }) => settings.names?.has(name) ?? true);
  const risks = risksOf(engine, look, meant, settings, told);
  const lists = {
    ...risks.lists,
    ...(compared && {
      differing: compared.differing,
      undeclared: compared.undeclared,
      missing: compared.missing,
    }),
  };
  const looked = meant.map((each) => `${stateOf(each)} ${told(each)}`);
  const members = membersOf(
    sourceOf(engine, settings),
    [...looked, ...look.unread.map(() => 'unread')],
    look.unread.length,
  );
  const named = meant.filter(({ name }) => settings.names?.has(name) === true);
  return {
    value: {
      engine: engineOf(engine, look),
      containers: { ...countsOf(look, meant), ...compared?.counts },
      ...Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.slice(0, MAX_SHOWN)])),
      ...(settings.names !== undefined && {
        named: Object.fromEntries(named.map((each) => [each.name, factsOf(each, engine)])),
        absent: [...settings.names].filter((name) => !named.some((each) => each.name === name)),
      }),
      ...(members.told !== undefined && { looked: members.told }),
    },
    grades: [],
    attachments: [],
    contradictions: [],
    population: members.population,
    ...(compared !== undefined && { compared: compared.compared, undeclared: compared.undeclared }),
    withheld: [
      ...risks.withheld,
      ...(compared?.withheld ?? []),
      ...unknownOf(look, settings, meant, { risks: Object.keys(risks.lists), all: Object.keys(lists) }),
      ...cutLists(lists, MAX_SHOWN),
    ],
    bytes: engine.bytes,
  };
}

type Telling = (container: Container) => string;

/** Names that the claim or the commitment says are told; of others a mark is. */
function telling({ names, beside, except, wanted }: Settings, mark: Mark): Telling {
  return ({ name }) => {
    const isKnown =
      names?.has(name) === true ||
      beside.has(name) ||
      except.has(name) ||
      wanted?.declared.some(({ matches }) => matches(name)) === true;
    return isKnown ? nameOrWithheld(name) : mark(name);
  };
}

interface Risks {
  readonly lists: Readonly<Record<string, readonly Value[]>>;
  readonly withheld: readonly Withheld[];
}

function risksOf(
  engine: Engine,
  { info, containers, volumes }: Look,
  meant: readonly Container[],
  { allowed, except, place }: Settings,
  told: Telling,
): Risks {
  const running = new Map(containers.map((each) => [each.id, each]));
  const around = {
    engine: engine.called,
    info,
    containerOf: (id: string) => running.get(id),
    volumeOf: (name: string) => volumes.get(name),
    allowed,
    own: place.socketPath,
  };
  const lists = new Map(RISKS.map((risk): [Risk, Value[]] => [risk, []]));
  const doubts = new Map<string, Withheld & { count: number }>();
  for (const container of meant) {
    if (except.has(container.name)) continue;
    const each: Judged = judged(container, around);
    for (const { risk, what } of each.findings) lists.get(risk)?.push({ container: told(container), what });
    for (const { risk, why } of each.doubts) {
      const known = doubts.get(`${risk} ${why}`);
      const count = (known?.count ?? 0) + 1;
      doubts.set(`${risk} ${why}`, {
        path: `/${risk}`,
        reason: `of ${count} containers: ${why}`,
        only: 'members',
        count,
      });
    }
  }
  return {
    lists: Object.fromEntries(lists),
    withheld: [...doubts.values()].map(({ path, reason }) => ({ path, reason, only: 'members' })),
  };
}

/** Whose word it is stands in every proof. */
function sourceOf({ called }: Engine, { place }: Settings): string {
  const way = place.socketPath === undefined ? 'a proxy before ' : '';
  const whose = place.socketPath === undefined ? 'the proxy and root on its host' : 'root on this host';
  return `running containers, by ${way}${called === undefined ? 'a container engine' : CALLED[called]} (${whose} can change what it says)`;
}

const CALLED = { docker: 'Docker', podman: 'Podman' } as const;

function engineOf({ called, api }: Engine, { info }: Look): ValueMap {
  return {
    name: called ?? 'other',
    version: codeText(info.version),
    api,
    id: codeText(info.id, 80),
    rootless: info.rootless || has(info, 'rootless'),
    userns: has(info, 'userns'),
    apparmor: has(info, 'apparmor'),
    selinux: has(info, 'selinux'),
    seccomp: seccompOf(info),
    noNewPrivileges: has(info, 'no-new-privileges'),
  };
}

function countsOf(look: Look, meant: readonly Container[]): ValueMap {
  return {
    running: look.running,
    looked: meant.length,
    gone: look.gone,
    unread: look.unread.length,
    stopped: look.stopped,
    paused: meant.filter(({ paused }) => paused).length,
    restarting: meant.filter(({ restarting }) => restarting).length,
  };
}

function stateOf({ restarting, paused }: Container): string {
  return restarting ? 'restarting' : paused ? 'paused' : 'running';
}

const MODES = [
  '',
  'default',
  'bridge',
  'none',
  'host',
  'private',
  'shareable',
  'slirp4netns',
  'pasta',
] as const;
const POLICIES = ['no', 'always', 'unless-stopped', 'on-failure'] as const;

/** The mode of a namespace, without the container, the path or the options that it may name. `other`: for any other text. */
function mode(text: string | undefined, other = 'other'): string {
  if (text === undefined) return 'untold';
  const [, kind] = /^(container|ns|slirp4netns|pasta):/.exec(text) ?? [];
  return kind === undefined ? (wordOf(text, MODES) ?? other) : kind === 'ns' ? 'a path' : kind;
}

const KEPT = { kept: true, not: false, unsaid: false, untold: null } as const;

const digestOf = (text: string): string => digestIn(text) ?? WITHHELD;

/** What a container that the claim names is. */
function factsOf(container: Container, { called }: Engine): ValueMap {
  const { host, created, restarts, restartPolicy, image, manifest } = container;
  return {
    state: stateOf(container),
    since: timeOf(created),
    restarts: restarts ?? null,
    restartPolicy:
      restartPolicy === undefined ? 'untold' : (wordOf(restartPolicy || 'no', POLICIES) ?? 'other'),
    image: digestOf(image),
    manifest: manifest === undefined ? null : digestOf(manifest),
    privileged: host.privileged,
    network: mode(host.network, 'a network'),
    pid: mode(host.pid),
    // Podman says so of the IPC of the host, too.
    ipc: called !== 'docker' && host.ipc === 'shareable' ? 'untold' : mode(host.ipc),
    user: userOf(container) ?? 'untold',
    readOnly: host.readOnly ?? null,
    noNewPrivileges: KEPT[keptFromMore(host)],
    mounts: container.mounts?.length ?? null,
    devices: host.devices?.length ?? null,
  };
}

/** Lists to which something may be missing. */
const cut = (of: readonly string[], reason: string): readonly Withheld[] =>
  of.map((name) => ({ path: `/${name}`, reason, only: 'members' }));

/** What nobody looked at may be anything. */
function unknownOf(
  look: Look,
  { names, except }: Settings,
  meant: readonly Container[],
  lists: { readonly risks: readonly string[]; readonly all: readonly string[] },
): readonly Withheld[] {
  const absent = [...(names ?? [])].filter((name) => !meant.some((each) => each.name === name));
  return [
    ...(meant.every(({ name }) => except.has(name))
      ? cut(lists.risks, 'no container that is meant runs here, so nothing was shown of any')
      : []),
    ...(absent.length > 0
      ? cut(
          lists.risks,
          `${absent.length} of the containers that the claim names do not run here under that name`,
        )
      : []),
    ...(look.unread.length > 0
      ? cut(lists.all, `${look.unread.length} containers are listed as running and cannot be looked at`)
      : []),
    ...(look.untold > 0
      ? cut(
          lists.all,
          `the engine counts ${look.untold} more running containers than it lists: something hides them`,
        )
      : []),
  ];
}
