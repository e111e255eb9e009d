/**
 * A log in memory behind a `fetch`: C2SP files, SCRAPI and search, with the signers of world.ts. It admits
 * whatever it is sent, and can be made to lie.
 */
import { leafIndex, treeSize, type Digest } from '../../src/bytes/brand.ts';
import { encodeCbor } from '../../src/bytes/cbor.ts';
import { skipCbor } from '../../src/bytes/cbor-skip.ts';
import { concatBytes } from '../../src/bytes/compare.ts';
import { parseHex } from '../../src/bytes/text.ts';
import { encodeInclusionReceipt } from '../../src/cose/receipt.ts';
import { decodeSign1 } from '../../src/cose/sign1.ts';
import { entryBytes } from '../../src/cose/statement.ts';
import { TRANSPARENT_LIMITS } from '../../src/cose/transparent.ts';
import { parseStatement } from '../../src/statement/parse.ts';
import { encodeBundle } from '../../src/tree/bundle.ts';
import { emptyEdge, grow } from '../../src/tree/grow.ts';
import { hashLeaf, nobleHasher } from '../../src/tree/hash.ts';
import { proveInclusion } from '../../src/tree/prove.ts';
import { parseTilePath } from '../../src/tree/tile.ts';
import { entryIdOf, logSigner, policyStatement } from './world.ts';

export const BASE = 'http://log.example';
export const TIME = 1_800_000_000;

export class ServedLog {
  entries: Uint8Array[] = [];
  /** How many entries the checkpoint and the receipts tell of; all when undefined. */
  shown: number | undefined;
  /** Who signs checkpoints and receipts. */
  signer = logSigner;
  /** Answers before the log does; undefined leaves it to the log. */
  meddle: (path: string, method: string) => Response | undefined | Promise<Response | undefined> = () =>
    undefined;
  /** When it signs, POSIX seconds. */
  clock = (): number => TIME;
  readonly asked: string[] = [];

  static async start(): Promise<ServedLog> {
    const log = new ServedLog();
    log.entries.push(await policyStatement());
    return log;
  }

  get size(): number {
    return this.shown ?? this.entries.length;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const method = init?.method ?? 'GET';
    const path = url.pathname + url.search;
    this.asked.push(`${method} ${path}`);
    return (await this.meddle(path, method)) ?? this.#answer(url, method, init?.body);
  };

  async #answer(url: URL, method: string, body: unknown): Promise<Response> {
    const path = url.pathname.slice(1);
    if (method === 'POST' && body instanceof Uint8Array) return this.#submit(body);
    if (path === 'checkpoint') return bytes(await this.signer.checkpoint(this.head()));
    if (path.startsWith('tile/')) return this.#tile(path);
    if (path === 'v1/search') return this.#search(url.searchParams);
    const index = this.entries.findIndex((entry) => path === `entries/${entryIdOf(entry)}`);
    return index === -1 ? new Response(null, { status: 404 }) : bytes(await this.receipt(index));
  }

  #grown(size: number) {
    const leaves = this.entries.slice(0, size).map(hashLeaf);
    return grow(emptyEdge(), concatBytes(...leaves), nobleHasher);
  }

  head(size = this.size): { size: ReturnType<typeof treeSize>; root: Digest; time: number } {
    return { size: treeSize(size), root: this.#grown(size).root, time: this.clock() };
  }

  async receipt(index: number): Promise<Uint8Array> {
    const size = treeSize(Math.max(this.size, index + 1));
    const { protectedBytes, signature } = await this.signer.receipt(this.head(size));
    const path = proveInclusion(this.#grown(size).read, leafIndex(index), size);
    return encodeInclusionReceipt({ protectedBytes, signature }, size, leafIndex(index), path);
  }

  async #submit(body: Uint8Array): Promise<Response> {
    const results: Uint8Array[] = [];
    let single: Response | undefined;
    for (let at = 0; at < body.length;) {
      const end = skipCbor(body, at);
      const entry = entryBytes(decodeSign1(body.slice(at, end), TRANSPARENT_LIMITS));
      at = end;
      const id = entryIdOf(entry);
      const known = this.entries.findIndex((each) => entryIdOf(each) === id);
      const index = known === -1 ? this.entries.push(entry) - 1 : known;
      const receipt = await this.receipt(index);
      single = new Response(Buffer.from(receipt), { status: 201, headers: { location: `/entries/${id}` } });
      results.push(
        encodeCbor(
          new Map<string, number | Uint8Array>([
            ['status', 201],
            ['entry', parseHex(id)],
            ['index', index],
            ['receipt', receipt],
          ]),
        ),
      );
    }
    return results.length === 1 && single !== undefined ? single : bytes(concatBytes(...results));
  }

  #tile(path: string): Response {
    const { kind, level, index, width } = parseTilePath(path);
    if (kind === 'bundle') {
      const entries = this.entries.slice(0, this.size).slice(index * 256, index * 256 + width);
      return entries.length < width ? new Response(null, { status: 404 }) : bytes(encodeBundle(entries));
    }
    const tile = this.#grown(this.size).tiles.find((each) => each.level === level && each.index === index);
    if (tile === undefined || tile.width < width) return new Response(null, { status: 404 });
    return bytes(tile.hashes.slice(0, width * 32));
  }

  #search(query: URLSearchParams): Response {
    const before = Number(query.get('before') ?? Infinity);
    const rows = this.entries
      .map((entry, index) => ({ index, id: entryIdOf(entry), ...parseStatement(entry) }))
      .filter((row) => row.index < before)
      .filter((row) => (query.get('subject') ?? row.subject) === row.subject)
      .filter((row) => (query.get('kind') ?? row.kind) === row.kind)
      .toReversed()
      .map(({ index, id, subject }) => ({ index, id, subject, time: TIME }));
    return Response.json({ entries: rows.slice(0, Number(query.get('limit') ?? 100)), next: null });
  }
}

function bytes(body: Uint8Array): Response {
  return new Response(Buffer.from(body));
}

/** A copy of a log whose entries are the same up to `common`, and others from there. */
export function forkOf(log: ServedLog, common: number, others: readonly Uint8Array[]): ServedLog {
  const fork = new ServedLog();
  fork.entries = [...log.entries.slice(0, common), ...others];
  return fork;
}
