/**
 * A log in memory behind a `fetch`: C2SP files, SCRAPI and search, with the signers of world.ts. It admits
 * whatever it is sent, and can be made to lie.
 */
import { treeSize, type Digest } from '../../src/bytes/brand.ts';
import { encodeCbor } from '../../src/bytes/cbor.ts';
import { skipCbor } from '../../src/bytes/cbor-skip.ts';
import { concatBytes } from '../../src/bytes/compare.ts';
import { parseHex } from '../../src/bytes/text.ts';
import { decodeSign1 } from '../../src/cose/sign1.ts';
import { entryBytes } from '../../src/cose/statement.ts';
import { TRANSPARENT_LIMITS } from '../../src/cose/transparent.ts';
import { MemoryLog } from './memory-log.ts';
import { entryIdOf, logSigner, policyStatement } from './world.ts';

export const BASE = 'http://log.example';
export const TIME = 1_800_000_000;

export class ServedLog extends MemoryLog {
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
    if (path.startsWith('tile/')) return found(this.file(path, this.size));
    if (path === 'v1/search') return this.#search(url.searchParams);
    const index = path.startsWith('entries/') ? this.find(path.slice('entries/'.length)) : undefined;
    return found(index === undefined ? undefined : await this.receiptOf(index));
  }

  head(size = this.size): { size: ReturnType<typeof treeSize>; root: Digest; time: number } {
    return { size: treeSize(size), root: this.root(size), time: this.clock() };
  }

  /** Under the head that is shown, or a larger one where that has not the entry. */
  async receiptOf(index: number): Promise<Uint8Array> {
    const head = this.head(Math.max(this.size, index + 1));
    return this.receipt(index, { ...head, seal: await this.signer.receipt(head) });
  }

  async #submit(body: Uint8Array): Promise<Response> {
    const results: Uint8Array[] = [];
    let single: Response | undefined;
    for (let at = 0; at < body.length;) {
      const end = skipCbor(body, at);
      const entry = entryBytes(decodeSign1(body.slice(at, end), TRANSPARENT_LIMITS));
      at = end;
      const id = entryIdOf(entry);
      const { index } = this.add(entry);
      const receipt = await this.receiptOf(index);
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

  #search(query: URLSearchParams): Response {
    const asked = (name: string): string | undefined => query.get(name) ?? undefined;
    const before = Number(asked('before') ?? Infinity);
    const rows = this.rows({ before, subject: asked('subject'), kind: asked('kind') });
    const entries = rows.map(({ index, id, subject }) => ({ index, id, subject, time: TIME }));
    return Response.json({ entries: entries.slice(0, Number(asked('limit') ?? 100)), next: null });
  }
}

function found(body: Uint8Array | undefined): Response {
  return body === undefined ? new Response(null, { status: 404 }) : bytes(body);
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
