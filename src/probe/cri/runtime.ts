/** What the container runtime of this node says that it runs, read from its CRI socket. Nothing is written there. */
import { assertSocket } from '../socket.ts';
import { CRI, SOCKET_GRANT } from './describe.ts';
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
  await assertSocket(CRI, path, SOCKET_GRANT);
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
