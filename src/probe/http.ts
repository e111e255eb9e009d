/**
 * The probe `http@1`: what a server answers (status, headers, where it redirects to), whether it asks who is there,
 * and whether a rate limit is enforced. Each is one or a few requests for one path, all named `tallystick-probe`.
 */
import { randomBytes } from 'node:crypto';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import type { Observed } from '../claim/observed.ts';
import type { Value, ValueMap } from '../claim/value.ts';
import { isUrl, parseAddress } from './address.ts';
import { Given } from './given.ts';
import { MAX_CONNECTIONS, sendBurst, type BurstPlan } from './http/burst.ts';
import { HttpClient, type Answer, type Site } from './http/client.ts';
import type { Probe, ProbeTask } from './probe.ts';

/** Requests of one burst. */
const MAX_REQUESTS = 200;

/** Headers that are told when nothing else is asked for. */
const HEADERS = [
  'content-security-policy',
  'content-type',
  'location',
  'permissions-policy',
  'referrer-policy',
  'retry-after',
  'server',
  'strict-transport-security',
  'www-authenticate',
  'x-content-type-options',
  'x-frame-options',
];

export const httpProbe: Probe = {
  name: 'http@1',
  summary:
    'what a web server answers, whether it asks for credentials, and whether its rate limit is enforced',
  parameters: {
    path: { type: 'text', help: 'path and query to ask for, of a target that names none; else /' },
    method: { type: 'text', help: 'GET or HEAD', fallback: 'GET' },
    headers: { type: 'texts', help: `headers to tell; by default ${HEADERS.join(', ')}` },
    verify: {
      type: 'boolean',
      help: 'https: the certificate must verify (secret "ca": PEM of the authorities)',
      fallback: true,
    },
    spki: {
      type: 'text',
      help: 'https: hex SHA-256 of the only public key to talk to, instead of a certificate',
    },
    auth: {
      type: 'boolean',
      help: 'ask without and with wrong credentials, and with the secret "token" where there is one',
      fallback: false,
    },
    scheme: { type: 'text', help: 'scheme of the Authorization header', fallback: 'Bearer' },
    requests: { type: 'number', help: `requests of a burst, at most ${MAX_REQUESTS}; 0: none`, fallback: 0 },
    rate: { type: 'number', help: 'declared limit, requests a second' },
    burst: { type: 'number', help: 'declared allowance beyond it', fallback: 0 },
    connections: { type: 'number', help: `connections of a burst, at most ${MAX_CONNECTIONS}`, fallback: 4 },
    limited: {
      type: 'texts',
      help: 'statuses that mean "limited"',
      fallback: ['429', '503'],
    },
  },
  evidence: 'E1: this agent asked and saw the answers; nobody signs them.',
  blastRadius:
    'one request; with auth two or three more, one of them with wrong credentials (a login that locks out may count it); ' +
    `with requests a burst of at most ${MAX_REQUESTS}, which uses up the allowance of this agent's address`,
  timeoutMs: 60_000,
  run: (task) => runHttp(task, 5_000),
};

async function runHttp(task: ProbeTask, timeoutMs: number): Promise<Observed> {
  const settings = await readSettings(task, timeoutMs);
  const { site } = settings;
  const clients: HttpClient[] = [];
  const ask = async (headers?: Readonly<Record<string, string>>): Promise<Answer> => {
    const client = new HttpClient(site);
    clients.push(client);
    return client.ask(headers);
  };
  try {
    const first = await ask();
    const auth = settings.auth === undefined ? undefined : await tryAuth(settings.auth, first, ask);
    const burst =
      settings.burst === undefined
        ? undefined
        : await sendBurst(site, settings.burst, () => performance.now());
    const value: ValueMap = {
      ...answerValue(first, settings),
      ...(auth !== undefined && { auth }),
      ...(burst !== undefined && { burst: burst.value }),
    };
    const total = settings.burst?.requests ?? 1;
    const sampled = burst?.sent ?? 1;
    return {
      value,
      grades: [],
      attachments: [],
      contradictions: [],
      population: {
        source: 'requests for one path',
        total,
        sampled,
        method: sampled === total ? 'all' : 'until-failure',
      },
      ...(typeof burst?.value['why'] === 'string' && {
        withheld: [{ path: '/burst/enforced', reason: burst.value['why'] }],
      }),
      bytes: clients.reduce((sum, each) => sum + each.bytes, burst?.bytes ?? 0),
    };
  } finally {
    for (const client of clients) client.close();
  }
}

interface Auth {
  readonly scheme: string;
  readonly token: string | undefined;
}

interface Settings {
  readonly site: Site;
  readonly headers: readonly string[];
  readonly auth: Auth | undefined;
  readonly burst: BurstPlan | undefined;
}

/** Refuses `config-invalid`. */
async function readSettings(task: ProbeTask, timeoutMs: number): Promise<Settings> {
  const given = new Given('http@1', task.params);
  const url = urlOf(task.target);
  const secured = url?.protocol !== 'http:';
  const path = given.text('path', /^\/[!-~]{0,2047}$/, 'is a path that begins with /, percent-encoded');
  const method = given.text('method', /^(?:GET|HEAD)$/, 'is GET or HEAD') === 'HEAD' ? 'HEAD' : 'GET';
  // Who enrolled a path did not enrol the others.
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
    headers: given.texts('headers', /^[a-z0-9-]{1,64}$/, 'is a name in lower case') ?? HEADERS,
    auth: given.flag('auth', false)
      ? {
          scheme: given.text('scheme', /^[A-Za-z0-9-]{1,32}$/, 'is a word') ?? 'Bearer',
          token: tokenOf(await task.secret('token')),
        }
      : undefined,
    burst: requests === 0 ? undefined : burstOf(given, requests),
  };
}

/** The target as a URL; undefined for `host:port`, which is asked with https. */
function urlOf(target: string): URL | undefined {
  if (!isUrl(target)) return undefined;
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw refuse(
      'config-invalid',
      'the target of http@1 is host:port or an http or https URL without credentials',
    );
  return url;
}

/** Refuses `config-invalid` for what cannot stand in a header. The value is in no message. */
function tokenOf(secret: string | undefined): string | undefined {
  const token = secret?.trim();
  if (token !== undefined && !/^[!-~ ]{1,8192}$/.test(token))
    throw refuse('config-invalid', 'the secret "token" of http@1 is one line of ASCII');
  return token;
}

function burstOf(given: Given, requests: number): BurstPlan {
  const rate = given.whole('rate', 1, 10_000);
  if (rate === undefined) throw given.wrong('rate', 'is needed for a burst: the declared requests a second');
  const statuses = given.texts('limited', /^[345]\d\d$/, 'is a status from 300 to 599') ?? ['429', '503'];
  return {
    requests,
    connections: given.whole('connections', 1, MAX_CONNECTIONS) ?? 4,
    rate,
    burst: given.whole('burst', 0, 10_000) ?? 0,
    limited: new Set(statuses.map(Number)),
  };
}

/** Who asks without, and with wrong, credentials should be told no, and who asks with the right ones yes. */
async function tryAuth(
  { scheme, token }: Auth,
  anonymous: Answer,
  ask: (headers: Readonly<Record<string, string>>) => Promise<Answer>,
): Promise<ValueMap> {
  const nonsense = Buffer.from(`tallystick:${formatHex(randomBytes(16))}`).toString('base64');
  const wrong = await ask({ authorization: `${scheme} ${nonsense}` });
  const right = token === undefined ? undefined : await ask({ authorization: `${scheme} ${token}` });
  return {
    anonymous: anonymous.status,
    wrong: wrong.status,
    required: isDenied(anonymous) && isDenied(wrong),
    ...(right !== undefined && { right: right.status, admits: right.status >= 200 && right.status < 300 }),
  };
}

function isDenied({ status }: Answer): boolean {
  return status === 401 || status === 403;
}

function answerValue(
  { status, headers, bodyBytes, bodyWhole, secured }: Answer,
  settings: Settings,
): ValueMap {
  const told = settings.headers.flatMap((name): [string, Value][] => {
    // What a cookie holds is a secret; its name and flags are told below.
    const values = name === 'set-cookie' ? undefined : headers.get(name);
    return values === undefined ? [] : [[name, printable(values.join(', '), 1_024)]];
  });
  const { host, port, path } = settings.site;
  return {
    host,
    port,
    path: printable(path.split('?', 1)[0] ?? '', 1_024),
    status,
    headers: Object.fromEntries(told),
    cookies: (headers.get('set-cookie') ?? []).slice(0, 20).map(cookieValue),
    body: { bytes: bodyBytes, whole: bodyWhole },
    encrypted: secured !== undefined,
    ...(secured !== undefined && { tls: { ...secured } }),
  };
}

function cookieValue(line: string): ValueMap {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const flags = attributes.map((each) => each.toLowerCase());
  const site = flags.find((each) => each.startsWith('samesite='));
  return {
    name: printable(pair.split('=', 1)[0] ?? '', 100),
    secure: flags.includes('secure'),
    httpOnly: flags.includes('httponly'),
    sameSite: printable(site?.slice('samesite='.length) ?? '', 20),
  };
}
