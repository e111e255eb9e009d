/**
 * The probe `http@1`: observes a server's answer (status, headers, target of a redirect), whether it requires
 * authentication, and whether it enforces a rate limit. Each takes one or a few requests for one path, all named
 * `tallystick-probe`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import type { Observed } from '../../claim/observed.ts';
import { isUrl, parseAddress } from '../../evidence/address.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import { answerFacts, type Wanted } from './answer.ts';
import { tryAuth, type Auth } from './auth.ts';
import { bothWithheld, isServed, sendBurst, type Burst, type BurstPlan } from './burst.ts';
import { limitReqOf } from './limit-req.ts';
import { HttpClient, type Answer } from './client.ts';
import { HTTP, MAX_CONNECTIONS, MAX_REQUESTS } from './describe.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { assertForm } from '../target-form.ts';

interface HttpTimes {
  /** Milliseconds for one request. */
  readonly timeoutMs: number;
  /** Milliseconds before each request after a burst that checks whether the server serves again. */
  readonly waitsMs: readonly number[];
}

/** The probe, with times of its own. */
export function makeHttpProbe(times: HttpTimes): Probe {
  return {
    ...HTTP,
    run: (task) => runHttp(task, times),
  };
}

/** `http@1` with five seconds a request; after a burst it waits up to 15 for the server. */
export const httpProbe: Probe = makeHttpProbe({ timeoutMs: 5_000, waitsMs: [300, 700, 2_000, 4_000, 8_000] });

async function runHttp(task: ProbeTask, times: HttpTimes): Promise<Observed> {
  const settings = await readSettings(task, times.timeoutMs);
  const { site } = settings;
  const clients: HttpClient[] = [];
  const ask = async (headers?: Readonly<Record<string, string>>): Promise<Answer> => {
    const client = new HttpClient(site);
    clients.push(client);
    return client.ask(headers);
  };
  try {
    const tried = settings.auth === undefined ? undefined : await tryAuth(settings.auth, ask);
    const first = tried?.anonymous ?? (await ask());
    const burst =
      settings.burst === undefined
        ? undefined
        : await burstOf(settings, settings.burst, first, times.waitsMs);
    const told = answerFacts(first, settings);
    const total = settings.burst?.requests ?? 1;
    const sampled = burst?.sent ?? 1;
    return {
      value: {
        ...told.value,
        ...(tried !== undefined && { auth: tried.value }),
        ...(burst !== undefined && { burst: burst.value }),
      },
      grades: [],
      attachments: [],
      contradictions: [],
      population: {
        source: 'requests for one path',
        total,
        sampled,
        method: sampled === total ? 'all' : 'until-failure',
      },
      withheld: [...told.withheld, ...(tried?.withheld ?? []), ...(burst?.withheld ?? [])],
      bytes: clients.reduce((sum, each) => sum + each.bytes, burst?.bytes ?? 0),
    };
  } finally {
    for (const client of clients) client.close();
  }
}

/** Sends a burst between two requests that must be served: for a server that serves nobody, a burst shows nothing. */
async function burstOf(
  { site }: Settings,
  plan: BurstPlan,
  before: Answer,
  waitsMs: readonly number[],
): Promise<Burst> {
  if (!isServed(before.status, plan))
    return {
      value: { before: before.status, accepted: 0 },
      withheld: bothWithheld(
        `the server answered ${before.status} before the burst: it may serve nobody, and no burst was sent`,
      ),
      sent: 0,
      bytes: 0,
    };
  const wait = (ms: number): Promise<void> => pause(ms, undefined, { signal: site.signal });
  return sendBurst(site, plan, { before: before.status, now: () => performance.now(), wait, waitsMs });
}

interface Settings extends Wanted {
  readonly auth: Auth | undefined;
  readonly burst: BurstPlan | undefined;
}

const NAME = /^[a-z0-9-]{1,64}$/;

/** Refuses `config-invalid`. */
async function readSettings(task: ProbeTask, timeoutMs: number): Promise<Settings> {
  const given = new ParsedParameters('http@1', task.params);
  const url = urlOf(task.target);
  const secured = url?.protocol !== 'http:';
  const path = given.text('path', /^\/[!-~]{0,2047}$/, 'is a path that begins with /, percent-encoded');
  const method = given.text('method', /^(?:GET|HEAD)$/, 'is GET or HEAD') === 'HEAD' ? 'HEAD' : 'GET';
  const auth = given.flag('auth', false)
    ? {
        scheme: given.text('scheme', /^[A-Za-z0-9-]{1,32}$/, 'is a word') ?? 'Bearer',
        token: tokenOf(await task.secret('token')),
      }
    : undefined;
  if (path !== undefined && auth?.token !== undefined)
    throw given.wrong(
      'path',
      'belongs to the owner of the target where a token is sent: it goes to the path that the target names, and no other',
    );
  // An owner who enrolled one path did not enrol others.
  if (path !== undefined && url !== undefined && url.pathname + url.search !== '/')
    throw given.wrong('path', 'is for a target without a path: this one names its own');
  const spki = given.text('spki', /^[0-9a-f]{64}$/, 'is a SHA-256 in lower-case hex');
  const requests = given.whole('requests', 0, MAX_REQUESTS) ?? 0;
  return {
    site: {
      ...parseAddress(task.target, secured ? 443 : 80),
      trust: secured ? { spki, verify: given.flag('verify', true), ca: await task.secret('ca') } : undefined,
      method,
      path: path ?? (url === undefined ? '/' : url.pathname + url.search),
      timeoutMs,
      signal: task.signal,
    },
    path: printable((path ?? url?.pathname ?? '/').split('?', 1)[0] ?? '', 2_048),
    headers: given.texts('headers', NAME, 'is a name in lower case'),
    tell: given.texts('tell', NAME, 'is a name in lower case') ?? [],
    auth,
    burst: requests === 0 ? undefined : planOf(given, requests),
  };
}

/** The target as a URL; undefined for `host:port`, which is asked with https. */
function urlOf(target: string): URL | undefined {
  if (!isUrl(target)) return undefined;
  assertForm(HTTP.name, HTTP.target, target);
  return new URL(target);
}

/** Refuses `config-invalid` for a value that cannot stand in a header; no message contains it. */
function tokenOf(secret: string | undefined): string | undefined {
  const token = secret?.trim();
  if (token !== undefined && !/^[!-~ ]{1,8192}$/.test(token))
    throw refuse('config-invalid', 'the secret "token" of http@1 is one line of ASCII');
  return token;
}

function planOf(given: ParsedParameters, requests: number): BurstPlan {
  const { rate, burst } = limitOf(given);
  const statuses = given.texts('limited', /^[345]\d\d$/, 'is a status from 300 to 599') ?? ['429', '503'];
  return {
    requests,
    connections: given.whole('connections', 1, MAX_CONNECTIONS) ?? 4,
    rate,
    burst,
    limited: new Set(statuses.map(Number)),
  };
}

/** The declared limit: in numbers, or as nginx's directives. Refuses `config-invalid`. */
function limitOf(given: ParsedParameters): Pick<BurstPlan, 'rate' | 'burst'> {
  const rate = given.whole('rate', 1, 10_000);
  const limit = given.text('limit', /^[ -~]{0,1024}$/, 'is a text');
  const zone = given.text('zone', /^[ -~]{0,1024}$/, 'is a text');
  if (limit === undefined && zone === undefined) {
    if (rate === undefined)
      throw given.wrong('rate', 'is needed for a burst: the declared requests a second');
    return { rate, burst: given.whole('burst', 0, 10_000) ?? 0 };
  }
  if (rate !== undefined) throw given.wrong('rate', 'is given twice: zone says it, too');
  const found = limitReqOf(limit ?? '', zone ?? '');
  if (limit !== undefined && zone !== undefined && found !== undefined) return found;
  throw given.wrong(
    'limit',
    'goes with zone, the one that it names: what limit_req and limit_req_zone of nginx say, as in `burst=5 nodelay` and `zone=one:10m rate=10r/s`',
  );
}
