/**
 * A container engine that tests serve, honest or lying. Answers have the members of Docker's API 1.41 to 1.48 (moby,
 * api/swagger.yaml) and of Podman's of the same form (podman 4.3.1's own answers, and pkg/api/handlers/compat), filled by us.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

type Json = Readonly<Record<string, unknown>>;

export interface ServedContainer {
  readonly name: string;
  readonly state?: string;
  /** The image's id. */
  readonly image?: string;
  readonly host?: Json;
  readonly mounts?: readonly Json[];
  /** Further members of what it is, or others in their place. */
  readonly own?: Json;
  readonly user?: string;
}

export interface ServedEngine {
  readonly podman?: boolean;
  readonly minor?: number;
  readonly info?: Json;
  readonly containers: readonly ServedContainer[];
  /** Digests of registries, by the id of the image. */
  readonly images?: Readonly<Record<string, Json>>;
  readonly volumes?: Readonly<Record<string, Json>>;
  /** In each text that must not leave. */
  readonly marker?: string;
}

/** The id of the container at a place of the list. */
export const idOf = (i: number): string => (i + 1).toString(16).padStart(64, '0');
export const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, '0')}`;

export const MASKED: readonly string[] = (
  '/proc/asound /proc/acpi /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/timer_stats ' +
  '/proc/sched_debug /proc/scsi /sys/firmware /sys/devices/virtual/powercap'
).split(' ');
export const READ_ONLY: readonly string[] =
  '/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger'.split(' ');

/** How Docker sets a container up that nobody asked anything for. */
export const PLAIN: Json = {
  Privileged: false,
  CapAdd: null,
  CapDrop: null,
  NetworkMode: 'bridge',
  PidMode: '',
  IpcMode: 'private',
  UTSMode: '',
  UsernsMode: '',
  CgroupnsMode: 'private',
  SecurityOpt: null,
  ReadonlyRootfs: false,
  Devices: [],
  DeviceRequests: null,
  DeviceCgroupRules: null,
  RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 },
  MaskedPaths: MASKED,
  ReadonlyPaths: READ_ONLY,
  Runtime: 'runc',
};
/** What Podman answers otherwise (seen of 4.3.1). */
const PODMAN: Json = {
  CapAdd: [],
  CapDrop: [],
  PidMode: 'private',
  IpcMode: 'shareable',
  UTSMode: 'private',
  CgroupnsMode: '',
  SecurityOpt: [],
  RestartPolicy: { Name: '', MaximumRetryCount: 0 },
  MaskedPaths: undefined,
  ReadonlyPaths: undefined,
  Runtime: 'oci',
};

const ENDED = ['exited', 'created', 'dead'];

export function infoOf({ podman = false, containers, info, marker = '' }: ServedEngine): Json {
  const count = (state: string): number =>
    containers.filter((each) => (each.state ?? 'running') === state).length;
  return {
    ID: 'e5d2bf35-1f2b-4b0e-a4a3-7a1b1a1c1d1e',
    Containers: containers.length,
    ContainersRunning: count('running'),
    ContainersPaused: count('paused'),
    ContainersStopped: count('exited'),
    SecurityOptions: podman
      ? ['name=seccomp,profile=default']
      : ['name=apparmor', 'name=seccomp,profile=builtin', 'name=cgroupns'],
    ServerVersion: podman ? '4.3.1' : '28.0.4',
    OSType: 'linux',
    DockerRootDir: podman ? '/var/lib/containers/storage' : '/var/lib/docker',
    Name: `host${marker}`,
    Labels: [`owner=${marker}`],
    HttpProxy: `http://user:${marker}@proxy.example`,
    Warnings: [marker],
    ...(podman && { BuildahVersion: '1.28.2', Rootless: false }),
    ...info,
  };
}

export const listOf = ({ containers, marker = '' }: ServedEngine): readonly Json[] =>
  containers.map(({ name, state = 'running', image = digest(1) }, i) => ({
    Id: idOf(i),
    Names: [`/${name}`],
    Image: `registry.example/${marker}:latest`,
    ImageID: image,
    Command: `run --token ${marker}`,
    Created: 1_790_000_000,
    Labels: { token: marker },
    State: state,
    Status: `Up 2 hours (${marker})`,
    HostConfig: { NetworkMode: 'bridge' },
    Mounts: [{ Type: 'bind', Source: `/srv/${marker}`, Destination: '/x' }],
  }));

export function containerOf({ podman = false, containers, marker = '' }: ServedEngine, i: number): Json {
  const {
    name,
    state = 'running',
    image = digest(1),
    host,
    mounts = [],
    own,
    user = '',
  } = containers[i] ?? { name: '' };
  return {
    Id: idOf(i),
    Created: '2026-11-30T08:00:00.123456789Z',
    Path: '/bin/run',
    Args: ['--token', marker],
    State: {
      Status: state,
      Running: !ENDED.includes(state),
      Paused: state === 'paused',
      Restarting: state === 'restarting',
      Pid: 4242,
      Error: marker,
      StartedAt: '2026-11-30T08:00:00Z',
      Health: { Status: 'healthy', Log: [{ Output: marker }] },
    },
    Image: image,
    LogPath: `/var/lib/docker/containers/${marker}-json.log`,
    Name: `/${name}`,
    RestartCount: 0,
    AppArmorProfile: podman ? '' : 'docker-default',
    ExecIDs: null,
    HostConfig: {
      Binds: [`/srv/${marker}:/x`],
      LogConfig: { Type: 'splunk', Config: { 'splunk-token': marker } },
      Annotations: { a: marker },
      ...PLAIN,
      ...(podman && PODMAN),
      ...host,
    },
    Mounts: mounts,
    Config: {
      Hostname: `h${marker}`,
      User: user,
      Env: [`PASSWORD=${marker}`],
      Cmd: ['sh', '-c', marker],
      Entrypoint: [marker],
      Image: `registry.example/${marker}:latest`,
      Labels: { 'com.docker.compose.service': 'web', token: marker },
      Healthcheck: { Test: ['CMD', marker] },
    },
    NetworkSettings: {
      SandboxKey: `/var/run/docker/netns/1a2b3c4d5e6f`,
      Networks: { [`net${marker}`]: { Aliases: [marker], DriverOpts: { k: marker } } },
    },
    ...own,
  };
}

function answerOf(engine: ServedEngine, path: string): Json | readonly Json[] | undefined {
  const { images = {}, volumes = {}, marker = '' } = engine;
  if (path === '/info') return infoOf(engine);
  if (path === '/containers/json?all=true') return listOf(engine);
  const [, kind = '', name = ''] = /^\/(containers|images|volumes)\/([^/]+)(?:\/json)?$/.exec(path) ?? [];
  if (kind === 'containers') {
    const i = engine.containers.findIndex((_, at) => idOf(at) === name);
    return i < 0 ? undefined : containerOf(engine, i);
  }
  if (kind === 'images' && Object.hasOwn(images, name))
    return {
      Id: name,
      RepoTags: [`x/${marker}:1`],
      RepoDigests: [],
      Config: { Env: [marker], Labels: { a: marker } },
      ...images[name],
    };
  if (kind === 'volumes' && Object.hasOwn(volumes, name))
    return {
      Name: name,
      Driver: 'local',
      Labels: { a: marker },
      Mountpoint: `/v/${marker}`,
      Options: null,
      Scope: 'local',
      ...volumes[name],
    };
  return undefined;
}

export interface Served {
  /** The socket, or the URL. */
  readonly target: string;
  /** `GET /v1.48/info`, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** `lie`: answers a request in its own way, by its path without the version; returns false to leave it to the honest answer. */
export type Lie = (path: string, response: ServerResponse, request: IncomingMessage) => boolean;

/** `where`: a folder for a socket; else a port of 127.0.0.1. */
export async function serveEngine(
  engineOf: () => ServedEngine,
  where: string | undefined,
  lie: Lie = () => false,
): Promise<Served> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request;
    asked.push(`${method} ${url}`);
    response.on('error', () => undefined);
    const engine = engineOf();
    const { podman = false, minor = podman ? 41 : 48 } = engine;
    const [, wanted = '0', path = ''] = /^\/v1\.(\d+)(\/.*)$/.exec(url) ?? [];
    response.setHeader('api-version', `1.${minor}`);
    response.setHeader('server', podman ? 'Libpod/4.3.1 (linux)' : 'Docker/28.0.4 (linux)');
    if (podman) response.setHeader('libpod-api-version', '4.3.1');
    if (lie(path, response, request)) return;
    // Podman takes any version.
    const isKnown = podman || (Number(wanted) <= minor && Number(wanted) >= minor - 24);
    const answer = isKnown ? answerOf(engine, path) : undefined;
    response.statusCode = !isKnown ? 400 : answer === undefined ? 404 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer ?? { message: `no such thing ${engine.marker ?? ''}` }));
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  const path = where === undefined ? undefined : join(where, 'docker.sock');
  await new Promise<void>((resolve) =>
    path === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve),
  );
  const address = server.address() as AddressInfo;
  return {
    target: path ?? `http://127.0.0.1:${address.port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
