/**
 * A bounded burst of requests, to see whether a rate limit is enforced rather than configured. What a limit lets
 * through is counted against what it was declared to let through in the time the burst took.
 */
import { Refusal } from '../../bytes/refusal.ts';
import type { ValueMap } from '../../claim/value.ts';
import { HttpClient, type Site } from './client.ts';

export interface BurstPlan {
  /** Requests in all. */
  readonly requests: number;
  /** Connections at a time. */
  readonly connections: number;
  /** Declared: requests a second, and how many more may come at once. */
  readonly rate: number;
  readonly burst: number;
  /** Statuses that say no. */
  readonly limited: ReadonlySet<number>;
}

/** Connections that one burst opens at most at a time. */
export const MAX_CONNECTIONS = 10;
/** Failures in a row after which the rest is not sent: a server in trouble is left alone. */
const MAX_FAILURES = 5;

export interface Burst {
  readonly value: ValueMap;
  /** Requests that were sent. */
  readonly sent: number;
  readonly bytes: number;
}

/** Sends it. `now`: a clock that only runs forwards, milliseconds. Throws only when the probe is stopped. */
export async function sendBurst(site: Site, plan: BurstPlan, now: () => number): Promise<Burst> {
  const tally = { sent: 0, accepted: 0, limited: 0, failed: 0 };
  /** Of each request, as its answer came; 0 where none did. */
  const statuses: number[] = [];
  let inARow = 0;
  let bytes = 0;
  const start = now();
  const worker = async (): Promise<void> => {
    const client = new HttpClient(site);
    try {
      while (tally.sent < plan.requests && inARow < MAX_FAILURES) {
        site.signal.throwIfAborted();
        tally.sent += 1;
        const status = await statusOf(client, site.signal);
        statuses.push(status ?? 0);
        const kind = kindOf(status, plan.limited);
        tally[kind] += 1;
        inARow = kind === 'failed' ? inARow + 1 : 0;
      }
    } finally {
      bytes += client.bytes;
      client.close();
    }
  };
  const connections = Math.min(plan.connections, plan.requests);
  await Promise.all(Array.from({ length: connections }, worker));
  const value = { ...told(plan, tally, Math.ceil(now() - start)), statuses };
  return { value, sent: tally.sent, bytes };
}

async function statusOf(client: HttpClient, signal: AbortSignal): Promise<number | undefined> {
  try {
    return (await client.ask()).status;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}

/** A server's own failure is neither: it did not serve the request, and it did not limit it. */
function kindOf(status: number | undefined, limited: ReadonlySet<number>): 'accepted' | 'limited' | 'failed' {
  if (status === undefined) return 'failed';
  if (limited.has(status)) return 'limited';
  return status >= 500 ? 'failed' : 'accepted';
}

type Tally = Readonly<Record<'sent' | 'accepted' | 'limited' | 'failed', number>>;

/** `enforced` is left out where the burst cannot tell: too slow, or not answered. */
function told({ rate, burst }: BurstPlan, tally: Tally, wallMs: number): ValueMap {
  // A leaky bucket lets the first request through, its allowance, and what flowed out meanwhile.
  const allowed = 1 + burst + Math.ceil((rate * wallMs) / 1000);
  const value = { ...tally, wallMs, allowed };
  const answered = tally.accepted + tally.limited;
  if (tally.accepted > allowed) return { ...value, enforced: false };
  if (tally.failed > 0)
    return { ...value, why: `${tally.failed} requests were not answered, or with a failure of the server` };
  if (answered <= allowed)
    return { ...value, why: `${answered} requests in ${wallMs} ms are within the declared limit: send more` };
  return { ...value, enforced: true };
}
