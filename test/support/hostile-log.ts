/**
 * A log that does everything a log must never do, on a real socket: C2SP files over src/tree and src/note,
 * with switches. For the tests of monitors, witnesses, mirrors and clients.
 *
 *     const log = await HostileLog.start();            // our policy and keys (world.ts)
 *     await log.append(await otherStatement('a'));      // grows the branch that is served
 *     log.fork(5, 'b', [await otherStatement('x')]);    // another future after the first five entries
 *     log.serving = 'b';                                // everybody now sees that one
 *     log.urlOf('b')                                    // or only those who ask here
 *     log.shown = 3;                                    // goes back to three entries
 *     log.frozen = 3;                                   // the checkpoint stays; the rest is still served
 *     log.tamper('tile/0/000.p/5', flipByte(7));        // one bit, in a tile or bundle
 *     log.forged = [verifier];                          // a line in that witness's name, signed by nobody
 *     log.trouble = 'slow';                             // 'drop', '503', 'garbage', 'huge', 'truncated'
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { leafIndex, treeSize } from '../../src/bytes/brand.ts';
import { appendSignatures, type SignatureLine } from '../../src/note/note.ts';
import { cosign, signCheckpoint, type Checkpoint } from '../../src/note/checkpoint.ts';
import { formatVkey, type NoteSigner, type NoteVerifier } from '../../src/note/key.ts';
import { formatTlogProof } from '../../src/note/tlogproof.ts';
import { MemoryLog } from './memory-log.ts';
import { headKeys, logSigner, ORIGIN, policyStatement } from './world.ts';
import { seedSigner } from './seed-signer.ts';

export const TIME = 1_800_000_000;

/** How a reply goes wrong. `truncated` cuts the body short and says nothing of it. */
export type Trouble = 'drop' | '503' | 'garbage' | 'slow' | 'huge' | 'truncated';

/** Changes the bytes of a file. */
export type Meddling = (bytes: Uint8Array) => Uint8Array;

export interface HostileOptions {
  /** Another log than world.ts's: its origin and who signs its checkpoints. */
  readonly origin?: string;
  readonly signers?: readonly NoteSigner[];
  /** Its first entries, any bytes; our registration policy when absent. */
  readonly entries?: readonly Uint8Array[];
}

/** A log of other software: an Ed25519 key alone, and entries that are no statements. */
export function foreign(origin = 'other.example/log', count = 3): HostileOptions {
  const signer = seedSigner('ed25519', new Uint8Array(32).fill(77));
  const entries = Array.from({ length: count }, (_, n) => new TextEncoder().encode(`opaque ${n}`));
  return { origin, signers: [{ name: origin, type: 1, signer }], entries };
}

export class HostileLog {
  readonly origin: string;
  readonly signers: readonly NoteSigner[];
  readonly vkeys: readonly string[];
  /** `http://127.0.0.1:port`, without a slash. */
  url = '';
  /** Entries of each branch; `main` is the first. */
  readonly branches = new Map<string, MemoryLog>();
  /** The branch that is served to whoever does not ask for one. */
  serving = 'main';
  /** Seconds: the time in timestamped lines. */
  time = TIME;
  /** Rolled back: the log has this many entries, and no more is served. */
  shown: number | undefined;
  /** Stale: the checkpoint stays at this size for ever; all tiles are served. */
  frozen: number | undefined;
  /** Witnesses that cosign every head, at `time`. */
  cosigners: readonly NoteSigner[] = [];
  /** Witnesses in whose names lines are made up. */
  forged: readonly NoteVerifier[] = [];
  trouble: Trouble | undefined;
  /** Which paths are in trouble; all unless set. */
  troubled: RegExp = /./;
  /** What was asked for, in order: `/checkpoint`, `/tile/0/000`. */
  readonly asked: string[] = [];
  readonly #meddlings = new Map<string, Meddling>();
  readonly #notes = new Map<string, Promise<Uint8Array>>();
  #server: Server | undefined;

  private constructor({ origin = ORIGIN, signers = headKeys.checkpoint }: HostileOptions) {
    this.origin = origin;
    this.signers = signers;
    this.vkeys = signers.map(({ name, type, signer }) => formatVkey(name, type, signer.publicKey));
  }

  static async start(options: HostileOptions = {}): Promise<HostileLog> {
    const log = new HostileLog(options);
    log.branches.set('main', new MemoryLog(options.entries ?? [await policyStatement()]));
    await log.listen();
    return log;
  }

  /** Opens the socket: on a free port, or on the one given, as after a restart. */
  async listen(port = 0): Promise<void> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
    // A test that computes for seconds must find its idle connections alive.
    server.keepAliveTimeout = 0;
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const { port: chosen } = server.address() as AddressInfo;
    this.url = `http://127.0.0.1:${chosen}`;
    this.#server = server;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Closes the socket and every connection; `listen` opens it again. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** The prefix under which one branch is served whatever `serving` says. */
  urlOf(branch: string): string {
    return `${this.url}/as/${branch}`;
  }

  branch(name = this.serving): MemoryLog {
    const branch = this.branches.get(name);
    if (branch === undefined) throw new Error(`no branch ${name}`);
    return branch;
  }

  entriesOf(branch = this.serving): Uint8Array[] {
    return this.branch(branch).entries;
  }

  /** Adds entries to the branch that is served. Returns the index of the first. */
  append(...entries: readonly Uint8Array[]): number {
    const all = this.entriesOf();
    all.push(...entries);
    return all.length - entries.length;
  }

  /** Another future: the first `at` entries of the branch that is served, then others. */
  fork(at: number, branch: string, others: readonly Uint8Array[]): void {
    this.branches.set(branch, new MemoryLog([...this.entriesOf().slice(0, at), ...others]));
    for (const key of this.#notes.keys()) if (key.startsWith(`${branch} `)) this.#notes.delete(key);
  }

  /** Changes a file whenever it is served; undefined mends it. Paths as in tlog-tiles, or `checkpoint`. */
  tamper(path: string, meddling: Meddling | undefined): void {
    if (meddling === undefined) this.#meddlings.delete(path);
    else this.#meddlings.set(path, meddling);
  }

  /** What a checkpoint of a branch says. */
  checkpoint(size = this.size(), branch = this.serving): Checkpoint {
    return {
      origin: this.origin,
      size: treeSize(size),
      root: this.branch(branch).root(size),
      extensions: [],
    };
  }

  /** The signed head of a branch, without cosignatures. */
  note(size = this.size(), branch = this.serving, time = this.time): Promise<Uint8Array> {
    const key = `${branch} ${size} ${time}`;
    const known = this.#notes.get(key);
    if (known !== undefined) return known;
    const made = signCheckpoint(this.checkpoint(size, branch), this.signers, time);
    this.#notes.set(key, made);
    return made;
  }

  /** How many entries a branch says it has. */
  size(branch = this.serving): number {
    return Math.min(this.shown ?? Infinity, this.frozen ?? Infinity, this.entriesOf(branch).length);
  }

  /** `.tlog-proof` of an entry under a head of a branch. */
  async proof(index: number, size = this.size(), branch = this.serving): Promise<Uint8Array> {
    const path = this.branch(branch).inclusion(index, size);
    return formatTlogProof({ index: leafIndex(index), path, checkpoint: await this.note(size, branch) });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const [, branch = this.serving, path = url.pathname.slice(1)] =
      /^\/as\/([^/]+)\/(.*)$/.exec(url.pathname) ?? [];
    this.asked.push(`/${path}`);
    if (this.trouble !== undefined && this.troubled.test(path)) {
      const whole = this.trouble === 'truncated' ? await this.#file(path, branch, url) : undefined;
      return makeTrouble(this.trouble, response, whole);
    }
    const body = await this.#file(path, branch, url);
    if (body === undefined) return void response.writeHead(404).end();
    const type = path === 'checkpoint' ? 'text/plain; charset=utf-8' : 'application/octet-stream';
    const meddled = this.#meddlings.get(path)?.(body) ?? body;
    response.writeHead(200, { 'content-type': type }).end(meddled);
  }

  async #file(path: string, branch: string, url: URL): Promise<Uint8Array | undefined> {
    if (path === 'checkpoint') return this.#dressed(await this.note(this.size(branch), branch), branch);
    if (path.startsWith('tile/')) return this.branch(branch).file(path, this.#served(branch));
    if (path === 'v1/search') return this.#search(url.searchParams, branch);
    if (path.startsWith('entries/')) return this.#receipt(path.slice('entries/'.length), branch);
    return undefined;
  }

  /** The note with what witnesses, real and forged, have to say. */
  async #dressed(note: Uint8Array, branch: string): Promise<Uint8Array> {
    const checkpoint = this.checkpoint(this.size(branch), branch);
    const real = this.cosigners.map((signer) => cosign(checkpoint, signer, this.time));
    return appendSignatures(note, [...(await Promise.all(real)), ...this.forged.map(forgedLine)]);
  }

  /** How many entries tiles and bundles are served of. */
  #served(branch: string): number {
    return Math.min(this.shown ?? Infinity, this.entriesOf(branch).length);
  }

  /** As much of the search and of SCRAPI as clients need to find entries and receipts (world.ts's receipt key). */
  #search(query: URLSearchParams, branch: string): Uint8Array {
    const asked = (name: string): string | undefined => query.get(name) ?? undefined;
    const before = Number(asked('before') ?? Infinity);
    const limit = Number(asked('limit') ?? 50);
    const rows = this.branch(branch)
      .rows({ before, subject: asked('subject'), kind: asked('kind') }, this.size(branch))
      .map(({ index, id, subject }) => ({ index, id, subject, time: this.time }));
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? (page.at(-1)?.index ?? null) : null;
    return new TextEncoder().encode(JSON.stringify({ entries: page, next }));
  }

  async #receipt(id: string, branch: string): Promise<Uint8Array | undefined> {
    const log = this.branch(branch);
    const index = log.find(id);
    const size = treeSize(this.size(branch));
    if (index === undefined || index >= size) return undefined;
    const head = { size, root: log.root(size), time: this.time };
    return log.receipt(index, { size, seal: await logSigner.receipt(head) });
  }
}

/** Flips the lowest bit of a byte; counted from the end when negative. */
export function flipByte(at: number): Meddling {
  return (bytes) => {
    const out = Uint8Array.from(bytes);
    const place = at < 0 ? out.length + at : at;
    const old = out[place] ?? 0;
    out[place] = old % 2 === 0 ? old + 1 : old - 1;
    return out;
  };
}

/** A line with a key's name and id, of the right form, that the key never signed. */
export function forgedLine({ name, id, type }: NoteVerifier): SignatureLine {
  const length = type === 6 ? 2420 : 64;
  const blob = new Uint8Array((type === 1 ? 0 : 8) + length).fill(0x2a);
  if (type !== 1) blob.set([0, 0, 0, 0, 0x6b, 0x49, 0xd2, 0]); // TIME
  return { name, id, blob };
}

/** Larger than any bound a client sets on a file of a log (bytes), and endless in practice. */
const HUGE = 64 * 1024 * 1024;

function makeTrouble(trouble: Trouble, response: ServerResponse, whole: Uint8Array | undefined): void {
  switch (trouble) {
    case 'drop':
      response.socket?.destroy();
      return;
    case '503':
      response.writeHead(503, { 'retry-after': '0' }).end();
      return;
    case 'garbage':
      response.writeHead(200).end(Buffer.alloc(600, '\u0000<html>— nonsense\n'));
      return;
    case 'truncated':
      response.writeHead(200).end(whole?.subarray(0, Math.max(0, whole.length - 9)));
      return;
    case 'slow':
      // One byte, and then never another: the connection stays until the client or `close` ends it.
      response.writeHead(200);
      response.write('l');
      return;
    case 'huge': {
      response.writeHead(200);
      const chunk = Buffer.alloc(65_536, 0x61);
      let left = HUGE;
      const pour = (): void => {
        while (left > 0 && !response.destroyed) {
          left -= chunk.length;
          if (!response.write(chunk)) return void response.once('drain', pour);
        }
        response.end();
      };
      pour();
      return;
    }
  }
}
