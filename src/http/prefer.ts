/**
 * `Prefer: wait=N` (RFC 7240 §4.3): a submitter who prefers to wait for the receipt. The time, and the number of
 * requests that wait, are bounded; a request beyond the bound is answered as if it had not asked to wait.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { LeafIndex } from '../bytes/brand.ts';
import { Refusal } from '../bytes/refusal.ts';
import type { LogReader } from '../log/ports.ts';
import type { HttpLimits } from './options.ts';

/** For the API description of a route that waits; checking it would cost every submission. */
export const PREFER_HEADER = {
  type: 'object',
  properties: {
    prefer: {
      type: 'string',
      description: 'wait=N (RFC 7240): wait up to N seconds, 30 at most, for the witness quorum',
    },
  },
} as const;

/** And of its replies. */
export const PREFERENCE_APPLIED = {
  'Preference-Applied': { type: 'string', description: 'wait=N: the log was ready to wait for so long' },
} as const;

/** Preferences of one header that are read; further ones are ignored. */
const MAX_PREFERENCES = 16;

/** Whole seconds that a client would wait; undefined when it does not say so, or not in a form of the RFC. */
export function waitOf(header: string | readonly string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const text = typeof header === 'string' ? header : header.join(',');
  // Of a preference that is given twice, the first counts (RFC 7240 §2).
  const wait = text
    .split(',', MAX_PREFERENCES)
    .map((each) => /^\s*wait\s*=\s*(?:"([^"]*)"|([^\s;]*))\s*(?:;.*)?$/i.exec(each))
    .find((found) => found !== null);
  const digits = wait?.[1] ?? wait?.[2] ?? '';
  return /^[0-9]{1,9}$/.test(digits) ? Number(digits) : undefined;
}

interface WaitLimits {
  readonly longestMs: number;
  /** Requests that wait at the same time. */
  readonly most: number;
}

class WaitingRoom {
  readonly #reader: Pick<LogReader, 'published'>;
  readonly #limits: WaitLimits;
  readonly #ended = Promise.withResolvers<void>();
  #waiting = 0;

  constructor(reader: Pick<LogReader, 'published'>, limits: WaitLimits) {
    this.#reader = reader;
    this.#limits = limits;
  }

  /** Ends all waits, because the server closes. */
  end(): void {
    this.#ended.resolve();
  }

  /**
   * Waits for a published checkpoint that covers the entry, as long as the request prefers, and sets `Preference-Applied`.
   * Resolves in any case. `index` undefined: there is nothing to wait for.
   */
  async wait(request: FastifyRequest, reply: FastifyReply, index: LeafIndex | undefined): Promise<void> {
    const { prefer } = request.headers;
    if (prefer === undefined) return;
    const seconds = waitOf(prefer);
    if (seconds === undefined || (index !== undefined && this.#waiting >= this.#limits.most)) return;
    const bounded = Math.min(seconds, Math.floor(this.#limits.longestMs / 1_000));
    reply.header('preference-applied', `wait=${bounded}`);
    if (index === undefined || bounded === 0) return;
    this.#waiting++;
    const gone = new Promise<void>((resolve) => void reply.raw.once('close', resolve));
    const published = this.#reader.published(index, bounded * 1_000).catch(ignoreNotYet);
    await Promise.race([published, gone, this.#ended.promise]).finally(() => this.#waiting--);
  }
}

export interface WaitingRooms {
  readonly single: WaitingRoom;
  readonly batch: WaitingRoom;
}

/**
 * Rooms for single statements and for batches. A batch that waits holds one of the few places for batches, so only a
 * quarter of these may wait. When the server closes, all waits end.
 */
export function waitingRooms(
  app: FastifyInstance,
  reader: Pick<LogReader, 'published'>,
  { waitMs: longestMs, waitsAtOnce, batchesAtOnce }: HttpLimits,
): WaitingRooms {
  const single = new WaitingRoom(reader, { longestMs, most: waitsAtOnce });
  const batch = new WaitingRoom(reader, { longestMs, most: Math.ceil(batchesAtOnce / 4) });
  app.addHook('preClose', async () => {
    single.end();
    batch.end();
  });
  return { single, batch };
}

function ignoreNotYet(error: unknown): void {
  if (!(error instanceof Refusal) || error.code !== 'not-yet') throw error;
}
