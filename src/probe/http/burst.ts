/**
 * A bounded burst of requests that shows whether a rate limit is enforced, and not only configured. The accepted
 * requests are compared with the number that the declared limit would accept in the time that the burst took.
 */
import { Refusal } from '../../bytes/refusal.ts';
import type { Observed } from '../../claim/observed.ts';
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

type Withheld = NonNullable<Observed['withheld']>[number];

/** Failures in a row after which the rest of the burst is not sent, so as not to add to a server's trouble. */
const MAX_FAILURES = 5;

/** The requests before and after a burst. */
export interface Around {
  /** Status of the request before it, which was served. */
  readonly before: number;
  /** A clock that only runs forwards, milliseconds. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** Milliseconds before each request after it, until one is served. */
  readonly waitsMs: readonly number[];
}

export interface Burst {
  /** `enforced` and `least` are left out where the burst cannot tell. */
  readonly value: ValueMap;
  /** Why they are left out. */
  readonly withheld: readonly Withheld[];
  /** Requests that were sent. */
  readonly sent: number;
  readonly bytes: number;
}

/** Sends it. Throws only when the probe is stopped. */
export async function sendBurst(site: Site, plan: BurstPlan, around: Around): Promise<Burst> {
  const { now, before } = around;
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
        const kind = kindOf(status, plan);
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
  const found = judged(plan, tally, Math.ceil(now() - start));
  // A server that broke under the burst refuses requests just as one that limits them. Only the latter serves again afterwards.
  const after = found.enforced === true ? await servedAgain(site, plan, around) : undefined;
  const enforced = found.enforced === true && after === undefined ? undefined : found.enforced;
  const why = enforced === undefined ? (found.why ?? BROKE) : undefined;
  const few = fewWhy(plan, tally);
  const value = {
    ...tally,
    wallMs: found.wallMs,
    allowed: found.allowed,
    before,
    ...(after !== undefined && { after }),
    ...(enforced !== undefined && { enforced }),
    ...(why !== undefined && { why }),
    // The request before the burst used up one of what the limit lets through at once.
    ...(few === undefined && { least: plan.burst }),
    statuses,
  };
  const withheld = [
    ...(why === undefined ? [] : [{ path: '/burst/enforced', reason: why }]),
    ...(few === undefined ? [] : [{ path: '/burst/least', reason: few }]),
  ];
  return { value, withheld, sent: tally.sent, bytes };
}

/** What a burst that was not sent does not tell. */
export function bothWithheld(reason: string): readonly Withheld[] {
  return ['enforced', 'least'].map((name) => ({ path: `/burst/${name}`, reason }));
}

/** Why the burst does not tell whether as many are let through at once as was declared; undefined if it tells. */
function fewWhy({ burst }: BurstPlan, { sent, failed }: Tally): string | undefined {
  if (failed > 0) return `${failed} requests were answered with a failure, or not at all`;
  return sent < burst
    ? `${sent} requests are fewer than the ${burst} that are declared: send more`
    : undefined;
}

const BROKE = 'after the burst the server served nobody: it may be down or busy, which is no limit';

/** The status of the first request that is served after the burst; undefined when none is. */
async function servedAgain(
  site: Site,
  plan: BurstPlan,
  { wait, waitsMs }: Around,
): Promise<number | undefined> {
  for (const ms of waitsMs) {
    await wait(ms);
    const client = new HttpClient(site);
    const status = await statusOf(client, site.signal);
    client.close();
    if (status !== undefined && isServed(status, plan)) return status;
  }
  return undefined;
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

/** Whether a status shows that a request was let through. 401 or 404 does not: a limit behind it would never be reached. */
export function isServed(status: number, { limited }: BurstPlan): boolean {
  return status >= 200 && status < 400 && !limited.has(status);
}

/** A failure of the server is neither accepted nor limited: it did not serve the request, and did not limit it. */
function kindOf(status: number | undefined, plan: BurstPlan): 'accepted' | 'limited' | 'failed' {
  if (status === undefined) return 'failed';
  if (plan.limited.has(status)) return 'limited';
  return isServed(status, plan) ? 'accepted' : 'failed';
}

type Tally = Readonly<Record<'sent' | 'accepted' | 'limited' | 'failed', number>>;

interface Judged {
  readonly wallMs: number;
  /** Requests that the declared limit lets through in that time. */
  readonly allowed: number;
  readonly enforced?: boolean;
  /** Why it cannot be told: too slow, or not answered. */
  readonly why?: string;
}

function judged({ rate, burst }: BurstPlan, tally: Tally, wallMs: number): Judged {
  // A leaky bucket lets the first request through, its allowance, and what flowed out meanwhile.
  const allowed = 1 + burst + Math.ceil((rate * wallMs) / 1000);
  const found = { wallMs, allowed };
  const answered = tally.accepted + tally.limited;
  if (tally.accepted > allowed) return { ...found, enforced: false };
  if (tally.failed > 0)
    return { ...found, why: `${tally.failed} requests were answered with a failure, or not at all` };
  if (answered <= allowed)
    return { ...found, why: `${answered} requests in ${wallMs} ms are within the declared limit: send more` };
  return { ...found, enforced: true };
}
