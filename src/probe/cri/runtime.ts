/** What the container runtime of this node says that it runs, read from its CRI socket. Nothing is written there. */
import { lstat } from 'node:fs/promises';
import { refuse } from '../../bytes/refusal.ts';
import { printable } from '../../bytes/printable.ts';
import { assertForm } from '../target-form.ts';
import { CRI } from './describe.ts';
import { GrpcSocket, type Bounds } from './grpc.ts';
import {
  parseContainers,
  parseImages,
  parseSandboxes,
  parseVersion,
  type Container,
  type Image,
  type Sandbox,
  type Version,
} from './messages.ts';

/** The kubelet's own bound of a message (pkg/kubelet/cri: 16 MiB). */
const MAX_BYTES = 16 * 1024 ** 2;
const CALL_MS = 10_000;

/** One look at the runtime. */
export interface Running {
  readonly version: Version;
  readonly sandboxes: readonly Sandbox[];
  readonly containers: readonly Container[];
  readonly images: readonly Image[];
  /** Bytes that were read and written. */
  readonly bytes: number;
}

/**
 * Reads sandboxes, containers and images. Containers are read before sandboxes: what began in between then lacks no
 * sandbox. Refuses `config-invalid` for a target that is no socket of root or of this user, `unavailable`, `too-large`.
 */
export async function lookAt(path: string, signal: AbortSignal): Promise<Running> {
  await assertSocket(path);
  const bounds: Bounds = { timeoutMs: CALL_MS, maxBytes: MAX_BYTES, signal };
  const socket = new GrpcSocket(path, bounds);
  try {
    const ask = async <T>(method: string, parse: (bytes: Uint8Array) => T): Promise<T> =>
      parse(await socket.call(`/runtime.v1.${method}`));
    const version = await ask('RuntimeService/Version', parseVersion);
    const containers = await ask('RuntimeService/ListContainers', parseContainers);
    const sandboxes = await ask('RuntimeService/ListPodSandbox', parseSandboxes);
    const images = await ask('ImageService/ListImages', parseImages);
    return { version, sandboxes, containers, images, bytes: socket.bytes };
  } finally {
    socket.close();
  }
}

/** A socket that another user made could answer in the runtime's place. */
async function assertSocket(path: string): Promise<void> {
  assertForm(CRI.name, CRI.target, path);
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined)
    throw refuse('unavailable', `there is no ${printable(path)}, or this agent may not look at it`);
  if (!stats.isSocket())
    throw refuse(
      'config-invalid',
      `${printable(path)} is no socket; name the socket itself, not a link to it`,
    );
  if (stats.uid !== 0 && stats.uid !== process.getuid?.())
    throw refuse(
      'config-invalid',
      `${printable(path)} belongs to the user ${stats.uid}, who could answer in the runtime's place; it must be root's`,
    );
}
