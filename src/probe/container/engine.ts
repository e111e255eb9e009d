/**
 * A container engine that is asked: five paths, by GET, one after another over one connection, within bounds. Nothing that the
 * engine says in words is repeated; of its errors only the status is.
 */
import type { IncomingMessage } from 'node:http';
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import { CheckedAgent, type Place } from '../connection.ts';
import { bodyOf, exchange } from '../exchange.ts';
import {
  parseContainer,
  parseContainers,
  parseImage,
  parseInfo,
  parseVolume,
  type Container,
  type Image,
  type Info,
  type Listed,
  type Volume,
} from './answers.ts';

/** Bytes of a list, of any other answer, and of all of one run. A thousand containers make a list of 2 MB. */
const MAX_LIST = 16 * 1024 ** 2;
const MAX_ANSWER = 2 * 1024 ** 2;
const MAX_ALL = 128 * 1024 ** 2;

/** Versions of the API: those that are asked for first (Docker 25 and later; 19.03 to 24), and the newest that was read for this. */
const FIRST = [44, 40] as const;
const NEWEST = 51;

interface Reply {
  readonly status: number;
  readonly bytes: Uint8Array;
  /** The minor version of the API that the engine says it has. */
  readonly minor: number | undefined;
  readonly called: 'docker' | 'podman' | undefined;
}

export class Engine {
  /** Undefined for an engine that says neither: something on the way takes its headers off. */
  called: 'docker' | 'podman' | undefined;
  /** `1.47`. */
  api = '';
  readonly #place: Place;
  readonly #agent: CheckedAgent;
  readonly #name: string;
  #taken = 0;

  /** `name`: the target, as refusals name it. */
  constructor(place: Place, name: string) {
    this.#place = place;
    this.#name = name;
    this.#agent = new CheckedAgent(place);
  }

  /** Bytes of both directions. */
  get bytes(): number {
    return this.#agent.bytes;
  }

  close(): void {
    this.#agent.close();
  }

  /** What the engine says of itself. The first time, it settles the version of the API. Refuses `unavailable`. */
  async info(): Promise<Info> {
    if (this.api !== '') return parseInfo(await this.#must('/info', 'information of itself'));
    for (const minor of FIRST) {
      const { status, bytes, ...said } = await this.#ask(`/v1.${minor}/info`, MAX_ANSWER);
      if (status === 400) continue;
      if (status !== 200) throw this.#refusal(status, '/info', 'information of itself');
      const info = parseInfo(bytes);
      this.api = `1.${Math.min(said.minor ?? minor, NEWEST)}`;
      this.called = said.called ?? (info.buildah ? 'podman' : undefined);
      return info;
    }
    throw refuse(
      'unavailable',
      `${this.#name} takes neither version 1.44 nor 1.40 of the API; Docker 19.03 and later do, and Podman 3 and later`,
    );
  }

  /** All containers, those that do not run, too. */
  async containers(): Promise<readonly Listed[]> {
    return parseContainers(await this.#must('/containers/json?all=true', 'its containers', MAX_LIST));
  }

  /** Undefined for a container that is gone. `id`: 64 hex digits. */
  async container(id: string): Promise<Container | undefined> {
    const bytes = await this.#may(`/containers/${id}/json`, 'a container');
    const container = bytes && parseContainer(bytes);
    if (container === undefined || container.id === id) return container;
    throw refuse('unavailable', `${this.#name} answers with another container than it was asked for`);
  }

  /** Undefined for an image that is gone. `id`: `sha256:…`. */
  async image(id: string): Promise<Image | undefined> {
    const bytes = await this.#may(`/images/${id}/json`, 'an image');
    const image = bytes && parseImage(bytes);
    if (image === undefined || image.id === id || image.target === id) return image;
    throw refuse('unavailable', `${this.#name} answers with another image than it was asked for`);
  }

  /** Undefined for a volume that is gone. */
  async volume(name: string): Promise<Volume | undefined> {
    const bytes = await this.#may(`/volumes/${encodeURIComponent(name)}`, 'a volume');
    const volume = bytes && parseVolume(bytes);
    if (volume === undefined || volume.name === name) return volume;
    throw refuse('unavailable', `${this.#name} answers with another volume than it was asked for`);
  }

  async #must(path: string, what: string, most = MAX_ANSWER): Promise<Uint8Array> {
    const { status, bytes } = await this.#ask(`/v${this.api}${path}`, most);
    if (status === 200) return bytes;
    throw this.#refusal(status, path, what);
  }

  async #may(path: string, what: string): Promise<Uint8Array | undefined> {
    const { status, bytes } = await this.#ask(`/v${this.api}${path}`, MAX_ANSWER);
    if (status === 200) return bytes;
    if (status === 404) return undefined;
    throw this.#refusal(status, path, what);
  }

  #refusal(status: number, path: string, what: string): Refusal {
    const kind = path
      .replace(/\?.*$/, '')
      .replace(/^(\/(?:containers|images|volumes)\/)(?!json$)[^/]+/, '$1…');
    const why =
      status === 401 || status === 403
        ? `${status}: the proxy before it forbids GET ${kind}; let it through, as the page of container@1 shows`
        : status >= 300 && status < 400
          ? `${status}: it redirects, and no redirect is followed`
          : `it answers ${status}`;
    return refuse('unavailable', `${this.#name} does not give ${what}: ${why}`);
  }

  #ask(path: string, most: number): Promise<Reply> {
    const sent = {
      agent: this.#agent,
      place: this.#place,
      called: this.#name,
      method: 'GET',
      path,
      // An engine behind a socket has no name.
      headers: { host: 'engine', accept: 'application/json' },
    };
    return exchange(sent, async (response) => {
      const { bytes, whole } = await bodyOf(response, Math.min(most, MAX_ALL - this.#taken));
      this.#taken += bytes.length;
      if (whole) return { status: response.statusCode ?? 0, bytes, ...saidIn(response) };
      throw refuse('too-large', `${this.#name} sent more than ${most} bytes at once, or ${MAX_ALL} in all`);
    });
  }
}

function saidIn({ headers }: IncomingMessage): Pick<Reply, 'minor' | 'called'> {
  const [, minor] = /^1\.(\d{1,3})$/.exec(String(headers['api-version'] ?? '')) ?? [];
  const server = String(headers['server'] ?? '');
  const isPodman = headers['libpod-api-version'] !== undefined || server.startsWith('Libpod/');
  const called = isPodman ? 'podman' : server.startsWith('Docker/') ? 'docker' : undefined;
  return { minor: minor === undefined ? undefined : Number(minor), called };
}
