/**
 * A proxy before an honest log that changes single answers, so that a page and the command's client are shown a lying server.
 *
 *     const proxy = await LyingProxy.start(t, world);
 *     proxy.lie = swappedLeaf(world, 3, 4);     // undefined: honest
 *     await page.goto(`${proxy.url}/e/3`);
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Test } from 'tap';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { headSigner } from '#src/log/headsigner.ts';
import { cosign, formatCheckpoint, parseCheckpoint, signCheckpoint } from '#src/note/checkpoint.ts';
import { appendSignatures, formatNote, parseNote } from '#src/note/note.ts';
import { decodeBundle, encodeBundle } from '#src/tree/bundle.ts';
import { headKeysOf, ORIGIN, WITNESS, type ExplorerWorld } from './explorer-world.ts';
import { dataIn } from './running-log.ts';
import { seedSigner } from './seed-signer.ts';
import { ServedLog } from './served-log.ts';

/** The honest answer to a path. */
export type Honest = (path: string) => Promise<Response>;
/** Answers in the log's place; undefined leaves it to the log. `path`: with its query. */
export type Lie = (path: string, honest: Honest) => Promise<Response | undefined>;

/** Answers with its own bytes, as no `Response` can: says whether it does. */
export type Rough = (path: string, response: ServerResponse) => boolean;

export class LyingProxy {
  readonly url: string;
  lie: Lie | undefined;
  /** Asked before the lie. */
  rough: Rough | undefined;
  /** Whether the witness cosigns what is served. */
  cosigns = true;
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  readonly #world: ExplorerWorld;

  private constructor(world: ExplorerWorld, url: string) {
    this.#world = world;
    this.url = url;
  }

  static async start(t: Test, world: ExplorerWorld): Promise<LyingProxy> {
    let proxy: LyingProxy | undefined;
    const server = createServer((request, response) => void proxy?.answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => (server.closeAllConnections(), server.close()));
    proxy = new LyingProxy(world, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return proxy;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    this.asked.push(path);
    if (this.rough?.(path, response) === true) return;
    const body = request.method === 'POST' ? new Uint8Array(await buffer(request)) : undefined;
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' && PASSED.has(name) ? [[name, value] as const] : [],
    );
    const honest: Honest = (asked) =>
      fetch(this.#world.url + asked, {
        method: request.method ?? 'GET',
        headers: Object.fromEntries(headers),
        ...(body && { body }),
      });
    try {
      const answered = (await this.lie?.(path, honest)) ?? (await honest(path));
      const sent = path.endsWith('/checkpoint') && answered.ok ? await this.#cosigned(answered) : answered;
      const bytes = new Uint8Array(await sent.arrayBuffer());
      // What fetch has unpacked goes on as it is.
      const kept = [...sent.headers].filter(([name]) => !DROPPED.has(name));
      response.writeHead(sent.status, Object.fromEntries(kept)).end(bytes);
    } catch {
      response.destroy(); // Whoever asked is gone, or the log is.
    }
  }

  async #cosigned(answered: Response): Promise<Response> {
    const note = new Uint8Array(await answered.arrayBuffer());
    if (!this.cosigns) return new Response(note, answered);
    const parsed = parseCheckpoint(parseNote(note).text);
    const line = await cosign(parsed, WITNESS, Math.floor(Date.now() / 1000));
    return new Response(Buffer.from(appendSignatures(note, [line])), { headers: answered.headers });
  }
}

const PASSED = new Set(['accept', 'content-type']);
const DROPPED = new Set([
  'content-encoding',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
]);

const isBundle = (path: string): boolean => path.startsWith('/tile/entries/');

/** The entries of each bundle changed; nothing else. */
function bundles(change: (entries: readonly Uint8Array[]) => readonly Uint8Array[]): Lie {
  return async (path, honest) => {
    if (!isBundle(path)) return undefined;
    const entries = decodeBundle(await bytesOf(honest, path));
    return new Response(Buffer.from(encodeBundle(change(entries))));
  };
}

/** Two entries in each other's place. */
export function swappedLeaf(a: number, b: number): Lie {
  return bundles((entries) => entries.with(a, entries[b] ?? EMPTY).with(b, entries[a] ?? EMPTY));
}

/** One byte of the interior of the tree. `level`: of the tile. */
export function changedTile(at: number): Lie {
  return async (path, honest) =>
    path.startsWith('/tile/0/')
      ? new Response(Buffer.from(flipped(await bytesOf(honest, path), at)))
      : undefined;
}

/** The policy entry without the reason of a revocation, and with another key in it: its bytes alone, or `relogged`. */
export function unrevoked(entry: Uint8Array): Uint8Array {
  const at = Buffer.from(entry).indexOf('laptop stolen');
  if (at === -1) throw new Error('the policy revokes a key');
  return flipped(entry, at);
}

export function changedEntry(index: number, change: (entry: Uint8Array) => Uint8Array): Lie {
  return bundles((entries) => entries.with(index, change(entries[index] ?? EMPTY)));
}

/** The last byte of an entry is of its signature. */
export const changedSignature = (entry: Uint8Array): Uint8Array => flipped(entry, -1);

/** A head of before, for ever. */
export async function staleHead(url: string): Promise<Lie> {
  const note = new Uint8Array(await (await fetch(`${url}/checkpoint`)).arrayBuffer());
  return async (path) => (path === '/checkpoint' ? new Response(Buffer.from(note)) : undefined);
}

/** The head under keys of the same name that are not the log's. */
export const anotherKey: Lie = async (path, honest) => {
  if (path !== '/checkpoint') return undefined;
  const head = parseCheckpoint(parseNote(await bytesOf(honest, path)).text);
  const signer = seedSigner('ed25519', new Uint8Array(32).fill(66));
  return new Response(
    Buffer.from(await signCheckpoint(head, [{ name: ORIGIN, type: 1, signer }], 1_800_000_000)),
  );
};

/** A log with the same keys and other entries: its tree, its heads and its receipts fit together. */
export function relogged(world: ExplorerWorld, entries: readonly Uint8Array[]): Lie {
  const log = new ServedLog();
  log.entries = [...entries];
  log.signer = headSigner(headKeysOf(dataIn(world.dir)));
  log.clock = () => Math.floor(Date.now() / 1000);
  const ids = entries.map((entry) => sha256(entry).toHex());
  return async (path, honest) => {
    if (path === '/checkpoint' || path.startsWith('/tile/') || /^\/entries\/[0-9a-f]{64}$/.test(path))
      return log.fetch(`http://log.example${path}`);
    if (!path.startsWith('/v1/search')) return undefined;
    return changedJson(honest, path, (page) => ({
      ...page,
      entries: listOf(page['entries']).map((row) => ({ ...row, id: ids[Number(row['index'])] ?? row['id'] })),
    }));
  };
}

/** Key and signature of small order: R is the neutral element and S zero, which lax verifiers accept for every message. */
const SMALL_KEY = Uint8Array.of(1, ...new Uint8Array(31));
const TRIVIAL = Uint8Array.of(1, ...new Uint8Array(63));

export function smallOrderVkey(name = ORIGIN): string {
  const typed = Uint8Array.of(1, ...SMALL_KEY);
  const id = sha256(Uint8Array.of(...encodeUtf8(`${name}\n`), ...typed)).subarray(0, 4);
  return `${name}+${id.toHex()}+${Buffer.from(typed).toString('base64')}`;
}

/** A head that the key of small order "signs", and pages that name this key as the log's. */
export const smallOrder: Lie = async (path, honest) => {
  const [name = '', id = ''] = smallOrderVkey().split('+');
  if (path === '/checkpoint') {
    const { text } = parseNote(await bytesOf(honest, path));
    const line = { name, id: Number.parseInt(id, 16), blob: TRIVIAL };
    return new Response(Buffer.from(formatNote(formatCheckpoint(parseCheckpoint(text)), [line])));
  }
  const answered = await honest(path);
  if (!(answered.headers.get('content-type') ?? '').startsWith('text/html')) return answered;
  // Every key of the log that the document names.
  const html = (await answered.text()).replaceAll(
    /log pages\.example\/log\+[^ ]+/g,
    `log ${smallOrderVkey()}`,
  );
  return new Response(html, answered);
};

type Row = Readonly<Record<string, unknown>>;

/** A JSON answer below a path, changed. */
export function json(start: string, change: (body: Row) => Row): Lie {
  return async (path, honest) => (path.startsWith(start) ? changedJson(honest, path, change) : undefined);
}

/** The rows of a listing without those that a rule names. */
export function without(start: string, list: string, isHidden: (row: Row) => boolean): Lie {
  return json(start, (body) => ({ ...body, [list]: listOf(body[list]).filter((row) => !isHidden(row)) }));
}

/** Every text of a JSON answer that is VIOLATED says PROVEN; members of the numbers that go with it stay. */
export function greener(start: string): Lie {
  return async (path, honest) => {
    if (!path.startsWith(start)) return undefined;
    const answered = await honest(path);
    const text = (await answered.text())
      .replaceAll('"VIOLATED"', '"PROVEN"')
      .replaceAll('"WAIVED"', '"PROVEN"');
    return new Response(text, answered);
  };
}

/** The server's own words in the document, made green. */
export const greenFacts: Lie = async (path, honest) => {
  const answered = await honest(path);
  if (!(answered.headers.get('content-type') ?? '').startsWith('text/html')) return answered;
  const html = (await answered.text()).replace(
    /(<main[^>]*>)/,
    '$1<p id="planted">refuses-tls12 is PROVEN</p>',
  );
  return new Response(html, answered);
};

/** The first of several lies that answers. */
export function all(...lies: readonly Lie[]): Lie {
  return async (path, honest) => {
    for (const lie of lies) {
      const answered = await lie(path, honest);
      if (answered !== undefined) return answered;
    }
    return undefined;
  };
}

async function changedJson(honest: Honest, path: string, change: (body: Row) => Row): Promise<Response> {
  const answered = await honest(path);
  if (!answered.ok) return answered;
  return Response.json(change((await answered.json()) as Row));
}

export function listOf(value: unknown): readonly Row[] {
  return Array.isArray(value) ? (value as readonly Row[]) : [];
}

async function bytesOf(honest: Honest, path: string): Promise<Uint8Array> {
  return new Uint8Array(await (await honest(path)).arrayBuffer());
}

/** One bit of a byte changed; counted from the end when negative. */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  const place = at < 0 ? out.length + at : at;
  out[place] = (out[place] ?? 0) ^ 1;
  return out;
}

const EMPTY = new Uint8Array();
