/**
 * Bounds the memory that the server holds for its clients: request bodies that are being read, and replies that are
 * being sent. Both are bounded in bytes, in total and for each client, so that many slow clients cost no more than a
 * few. A transfer that is slower than the least pace is broken off.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refuse } from '../bytes/refusal.ts';
import { clientOf } from './clients.ts';

interface FlightLimits {
  /** Bytes of all clients. */
  readonly bytes: number;
  /** Bytes of one client. */
  readonly bytesOfOne: number;
}

/** Time that every transfer has, milliseconds; and the bytes for which it has a second more. */
const LEAST_MS = 10_000;
const LEAST_PACE = 65_536;

/** Bytes under way in one direction. */
export class Flight {
  readonly #limits: FlightLimits;
  readonly #ofOne = new Map<string, number>();
  #bytes = 0;

  constructor(limits: FlightLimits) {
    this.#limits = limits;
  }

  /** Bytes under way now. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Counts `bytes` for the client until the returned function is called or the connection closes. A client with no
   * transfer under way is admitted unless the total is used up. Refuses `overloaded`.
   */
  take(request: FastifyRequest, reply: FastifyReply, bytes: number): () => void {
    const client = clientOf(request.ip);
    const own = this.#ofOne.get(client) ?? 0;
    const { bytes: most, bytesOfOne } = this.#limits;
    if (this.#bytes + bytes > most || (own > 0 && own + bytes > bytesOfOne))
      throw refuse('overloaded', 'too much is on its way at once; ask again in a moment');
    this.#add(client, bytes);
    let held = true;
    const late = setTimeout(() => reply.raw.destroy(), LEAST_MS + (bytes / LEAST_PACE) * 1_000).unref();
    const release = (): void => {
      if (!held) return;
      held = false;
      clearTimeout(late);
      this.#add(client, -bytes);
    };
    reply.raw.once('close', release);
    return release;
  }

  #add(client: string, bytes: number): void {
    this.#bytes += bytes;
    const own = (this.#ofOne.get(client) ?? 0) + bytes;
    if (own === 0) this.#ofOne.delete(client);
    else this.#ofOne.set(client, own);
  }
}
