/** What the tests of monitors share: incidents, a clock that is told, a receiver of webhooks that misbehaves. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeIncident, type Evidence, type Incident } from '../../src/incident/incident.ts';
import { ORIGIN, vkeys } from './world.ts';

/** An incident about anything; of a kind with little evidence. */
export function incidentOf(
  about: string,
  kind: 'forged-cosignature' | 'quorum-lost' = 'quorum-lost',
): Incident {
  const evidence: Evidence =
    kind === 'quorum-lost'
      ? { kind, head: 'a head\n', policy: 'quorum none\n' }
      : { kind, head: 'a head\n', vkey: 'w+00000000+AA==' };
  const detected = '2027-01-15T08:00:00.000Z';
  return makeIncident({ origin: ORIGIN, vkeys, detector: 'test', detected, what: about, about, evidence });
}

/** Time that passes only when it is told to. */
export class Clock {
  now: number;
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  constructor(now = 1_800_000_000_000) {
    this.now = now;
  }

  readonly setTimer = (run: () => void, ms: number): (() => void) => {
    const timer = { at: this.now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  };

  /** When the next timer is due; undefined when none is set. */
  get next(): number | undefined {
    return this.#timers.map(({ at }) => at).toSorted((a, b) => a - b)[0];
  }

  /** Jumps to the next timer and runs it. */
  ring(): void {
    const [timer] = this.#timers.toSorted((a, b) => a.at - b.at);
    if (timer === undefined) throw new Error('no timer is set');
    this.#timers = this.#timers.filter((each) => each !== timer);
    this.now = Math.max(this.now, timer.at);
    timer.run();
  }
}

export interface Delivery {
  readonly id: string;
  readonly time: number;
  readonly body: { type: string; timestamp: string; data: Record<string, unknown> };
  /** How many of the signatures verify under the secret. */
  readonly good: number;
  readonly path: string;
}

/** What the receiver does next: a status, or something worse. */
export type Mood = number | 'slow' | 'drop' | 'endless' | { status: number; headers: Record<string, string> };

/** Receives webhooks on a real socket, checks them by the letter of Standard Webhooks, and answers by its mood. */
export class Receiver {
  readonly got: Delivery[] = [];
  /** Moods of the next requests; then 204. */
  moods: Mood[] = [];
  url = '';
  readonly #secret: Buffer;
  readonly #server: Server;

  private constructor(secret: string) {
    this.#secret = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async start(secret: string): Promise<Receiver> {
    const receiver = new Receiver(secret);
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    receiver.url = `http://127.0.0.1:${(receiver.#server.address() as AddressInfo).port}/hook`;
    return receiver;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const [id = '', time = '', signatures = ''] = ['id', 'timestamp', 'signature'].map((name) =>
      String(request.headers[`webhook-${name}`]),
    );
    const wanted = createHmac('sha256', this.#secret).update(`${id}.${time}.`).update(raw).digest();
    const good = signatures.split(' ').filter((signature) => {
      const [version, text = ''] = signature.split(',');
      const given = Buffer.from(text, 'base64');
      return version === 'v1' && given.length === wanted.length && timingSafeEqual(given, wanted);
    }).length;
    this.got.push({
      id,
      time: Number(time),
      body: JSON.parse(raw.toString()),
      good,
      path: request.url ?? '',
    });
    answer(response, this.moods.shift() ?? 204);
  }
}

function answer(response: ServerResponse, mood: Mood): void {
  if (mood === 'drop') response.socket?.destroy();
  else if (mood === 'endless') {
    response.writeHead(200);
    const pour = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
      if (!response.destroyed) response.once('drain', pour);
    };
    pour();
  } else if (typeof mood === 'number') response.writeHead(mood).end('thanks');
  else if (mood !== 'slow') response.writeHead(mood.status, mood.headers).end();
}
