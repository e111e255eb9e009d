/**
 * Answers of a container engine (Docker Engine API 1.40 to 1.51, and Podman's of the same form), each read into the few parts
 * that are looked at. Environment, labels, arguments, commands, health checks, logs and the like are left out while the JSON is
 * read, so that they are in no tree. A part that an answer lacks stays undefined, and what rests on it is withheld: it is never
 * taken for "no".
 */
import { parseJson } from '../../bytes/json.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { isTreeList, isTreeMap } from '../../declare/leaf.ts';
import { flagAt, mapAt, numberAt, partAt, textAt, textsAt, type Tree } from '../tree.ts';

/** Members that no answer is read for, at any depth. */
const SKIPPED: ReadonlySet<string> = new Set(
  (
    'Env Labels Cmd Args Command Path Entrypoint Healthcheck Health Annotations Log LogConfig LogPath Binds ExtraHosts Links ' +
    'PortBindings Ports ExposedPorts Sysctls StorageOpt OnBuild ContainerConfig History GraphDriver Metadata HttpProxy HttpsProxy ' +
    'NoProxy RegistryConfig Runtimes Plugins Swarm DriverStatus Warnings GenericResources ResolvConfPath HostnamePath HostsPath ' +
    'Hostname Domainname Comment Author RepoTags WorkingDir Shell DriverOpts IPAMConfig Aliases DNSNames'
  ).split(' '),
);
const BOUNDS = { most: 32, advice: 'no answer of an engine is', values: 500_000, skip: SKIPPED };

export interface Info {
  readonly os: string;
  readonly version: string;
  readonly id: string;
  /** Containers that the engine counts as running, and as paused. */
  readonly running: number | undefined;
  readonly paused: number | undefined;
  /** `name=seccomp,profile=builtin`. */
  readonly security: readonly string[];
  /** Podman alone says so. */
  readonly buildah: boolean;
  readonly rootless: boolean;
  /** The folder on the host in which the engine keeps images, containers and volumes. */
  readonly dataRoot: string | undefined;
}

/** A container as the list has it. */
export interface Listed {
  readonly id: string;
  /** Undefined for one that has several names, as links give them. */
  readonly name: string | undefined;
  readonly state: string;
}

export interface MountPoint {
  readonly type: string;
  readonly name: string;
  readonly source: string;
  readonly driver: string;
  readonly writable: boolean;
}

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly created: string;
  /** What it was made of: the digest of a configuration, or with containerd's store of a manifest or index. */
  readonly image: string;
  /** The manifest of its platform (Docker 28 and later with containerd's store). */
  readonly manifest: string | undefined;
  readonly status: string;
  readonly running: boolean;
  readonly paused: boolean;
  readonly restarting: boolean;
  readonly restarts: number | undefined;
  readonly restartPolicy: string | undefined;
  readonly user: string | undefined;
  readonly apparmor: string | undefined;
  readonly networks: readonly string[];
  readonly sandboxKey: string | undefined;
  readonly host: HostConfig;
  readonly mounts: readonly MountPoint[] | undefined;
}

/** How a container is set up. Undefined is what the answer lacks; an empty list is what it says to be empty, or null. */
export interface HostConfig {
  readonly privileged: boolean;
  readonly added: readonly string[] | undefined;
  readonly network: string | undefined;
  readonly pid: string | undefined;
  readonly ipc: string | undefined;
  readonly uts: string | undefined;
  readonly userns: string | undefined;
  readonly options: readonly string[] | undefined;
  readonly readOnly: boolean | undefined;
  /** Paths on the host. */
  readonly devices: readonly string[] | undefined;
  readonly requests: number | undefined;
  readonly rules: number | undefined;
  /** Paths below /proc and /sys that are hidden, or may only be read; undefined where the engine does not say. */
  readonly masked: readonly string[] | undefined;
  readonly readonlyPaths: readonly string[] | undefined;
  /** The name of the program that sets the container up. */
  readonly runtime: string | undefined;
}

export interface Image {
  readonly id: string;
  readonly digests: readonly string[];
  /** What the name led to, with containerd's store. */
  readonly target: string | undefined;
}

export interface Volume {
  readonly name: string;
  readonly driver: string;
  readonly type: string;
  readonly options: string;
  readonly device: string;
}

export function parseInfo(bytes: Uint8Array): Info {
  const tree = treeOf(bytes, 'information of itself');
  const [os, version] = [textAt(tree, 'OSType'), textAt(tree, 'ServerVersion')];
  if (os === undefined || version === undefined) throw noAnswer('information of itself');
  return {
    os,
    version,
    id: textAt(tree, 'ID') ?? '',
    running: numberAt(tree, 'ContainersRunning'),
    paused: numberAt(tree, 'ContainersPaused'),
    security: textsAt(tree, 'SecurityOptions'),
    buildah: textAt(tree, 'BuildahVersion') !== undefined,
    rootless: flagAt(tree, 'Rootless') ?? false,
    dataRoot: textAt(tree, 'DockerRootDir'),
  };
}

const ID = /^[0-9a-f]{64}$/;

/** Refuses a list with an id that is none, or twice: what is left out would be missed. */
export function parseContainers(bytes: Uint8Array): readonly Listed[] {
  const tree = treeOf(bytes, 'a list of containers');
  if (!isTreeList(tree)) throw noAnswer('a list of containers');
  const seen = new Set<string>();
  return tree.map((each) => {
    const [id, state] = [textAt(each, 'Id'), textAt(each, 'State')];
    if (id === undefined || state === undefined || !ID.test(id) || seen.has(id))
      throw noAnswer('a list of containers');
    seen.add(id);
    const [name, ...others] = textsAt(each, 'Names');
    return { id, state, name: others.length > 0 ? undefined : name?.replace(/^\//, '') };
  });
}

export function parseContainer(bytes: Uint8Array): Container {
  const tree = treeOf(bytes, 'a container');
  const [id, name, image] = [textAt(tree, 'Id'), textAt(tree, 'Name'), textAt(tree, 'Image')];
  const privileged = flagAt(tree, 'HostConfig', 'Privileged');
  const running = flagAt(tree, 'State', 'Running');
  if (
    id === undefined ||
    !ID.test(id) ||
    name === undefined ||
    image === undefined ||
    privileged === undefined ||
    running === undefined
  )
    throw noAnswer('a container');
  return {
    id,
    name: name.replace(/^\//, ''),
    created: textAt(tree, 'Created') ?? '',
    image,
    manifest: textAt(tree, 'ImageManifestDescriptor', 'digest'),
    status: textAt(tree, 'State', 'Status') ?? '',
    running,
    paused: flagAt(tree, 'State', 'Paused') ?? false,
    restarting: flagAt(tree, 'State', 'Restarting') ?? false,
    restarts: numberAt(tree, 'RestartCount'),
    restartPolicy: textAt(tree, 'HostConfig', 'RestartPolicy', 'Name'),
    user: textAt(tree, 'Config', 'User'),
    apparmor: textAt(tree, 'AppArmorProfile'),
    networks: [...(mapAt(tree, 'NetworkSettings', 'Networks')?.keys() ?? [])],
    sandboxKey: textAt(tree, 'NetworkSettings', 'SandboxKey'),
    host: hostConfigOf(tree, privileged),
    mounts: mountsOf(tree),
  };
}

function hostConfigOf(tree: Tree, privileged: boolean): HostConfig {
  const host = partAt(tree, 'HostConfig');
  const devices = listAt(host, 'Devices');
  return {
    privileged,
    added: listAt(host, 'CapAdd')?.map(textOf),
    network: textAt(host, 'NetworkMode'),
    pid: textAt(host, 'PidMode'),
    ipc: textAt(host, 'IpcMode'),
    uts: textAt(host, 'UTSMode'),
    userns: textAt(host, 'UsernsMode'),
    options: listAt(host, 'SecurityOpt')?.map(textOf),
    readOnly: flagAt(host, 'ReadonlyRootfs'),
    devices: devices?.map((each) => textAt(each, 'PathOnHost') ?? ''),
    requests: listAt(host, 'DeviceRequests')?.length,
    rules: listAt(host, 'DeviceCgroupRules')?.length,
    masked: pathsAt(host, 'MaskedPaths'),
    readonlyPaths: pathsAt(host, 'ReadonlyPaths'),
    runtime: textAt(host, 'Runtime'),
  };
}

function mountsOf(tree: Tree): readonly MountPoint[] | undefined {
  return listAt(tree, 'Mounts')?.map((each) => ({
    type: textAt(each, 'Type') ?? '',
    name: textAt(each, 'Name') ?? '',
    source: textAt(each, 'Source') ?? '',
    driver: textAt(each, 'Driver') ?? '',
    writable: flagAt(each, 'RW') ?? true,
  }));
}

export function parseImage(bytes: Uint8Array): Image {
  const tree = treeOf(bytes, 'an image');
  const id = textAt(tree, 'Id');
  if (id === undefined) throw noAnswer('an image');
  return {
    id,
    digests: textsAt(tree, 'RepoDigests').slice(0, 200),
    target: textAt(tree, 'Descriptor', 'digest'),
  };
}

export function parseVolume(bytes: Uint8Array): Volume {
  const tree = treeOf(bytes, 'a volume');
  const [name, driver] = [textAt(tree, 'Name'), textAt(tree, 'Driver')];
  // Without its options, which are null where there are none, a volume would look like a plain one.
  if (name === undefined || driver === undefined || !isTreeMap(tree) || !tree.has('Options'))
    throw noAnswer('a volume');
  const options = partAt(tree, 'Options');
  return {
    name,
    driver,
    type: textAt(options, 'type') ?? '',
    options: textAt(options, 'o') ?? '',
    device: textAt(options, 'device') ?? '',
  };
}

/** The items of a list; none for null, as Go writes an empty one; undefined for what is not there or is no list. */
function listAt(tree: Tree | undefined, name: string): readonly Tree[] | undefined {
  const part = tree !== undefined && isTreeMap(tree) ? tree.get(name) : undefined;
  if (part === null) return [];
  return part !== undefined && isTreeList(part) ? part : undefined;
}

/** Undefined for null, too: engines write it where a container has these paths open, and where they do not know. */
function pathsAt(tree: Tree | undefined, name: string): readonly string[] | undefined {
  const part = partAt(tree, name);
  return part !== undefined && isTreeList(part) ? part.map(textOf) : undefined;
}

const textOf = (tree: Tree): string => (typeof tree === 'string' ? tree : '');

function treeOf(bytes: Uint8Array, what: string): Tree {
  try {
    const tree = parseJson(decodeUtf8(bytes), BOUNDS);
    if (isTreeMap(tree) || isTreeList(tree)) return tree;
  } catch (error) {
    // The fault may quote the text.
    if (!(error instanceof Refusal) || error.code === 'too-large') throw error;
  }
  throw noAnswer(what);
}

function noAnswer(what: string): Refusal {
  return refuse(
    'unavailable',
    `the engine answers with something that is not ${what}: another service has this address, or something on the way changes the answers`,
  );
}
