/** The logs that a monitor follows: their URLs, from the command line or the policy, and the log that is at each. */
import { Refusal, refuse } from '../bytes/refusal.ts';
import { TileReader } from '../client/tiles.ts';
import type { Transport } from '../client/transport.ts';
import { parseCheckpoint } from '../note/checkpoint.ts';
import { parseNote } from '../note/note.ts';
import { originOf, type TrustPolicy } from '../note/trust.ts';
import type { Observations } from './observations.ts';

/** Most logs of one monitor. Each has a copy on disk, a schedule, and a label of metrics. */
const MAX_LOGS = 64;

export interface FollowedLog {
  readonly url: string;
  readonly origin: string;
}

/** The keys that a monitor trusts about its logs. */
export interface Believed {
  readonly policy: TrustPolicy;
  /** The text of the policy file, as evidence; undefined if verifier keys were given. */
  readonly text: string | undefined;
}

/**
 * Pairs each URL with a log. Without URLs, uses those in the policy's log lines. Refuses `usage`, and `unavailable` if
 * only the log itself could tell its origin and does not answer.
 */
export async function followedLogs(
  operands: readonly string[],
  policy: TrustPolicy,
  transport: Transport,
  known: Observations,
): Promise<readonly FollowedLog[]> {
  if (policy.logs.length === 0)
    throw refuse('usage', 'the policy names no log: add a line "log <vkey> <url>" for each one to follow');
  const named = operands.length > 0 ? operands : policy.logs.flatMap(({ url }) => url ?? []);
  const urls = [...new Set(named.map(plainUrl))];
  if (urls.length === 0) throw refuse('usage', 'say which log to follow: tallystick monitor <url>');
  if (urls.length > MAX_LOGS) throw refuse('usage', `one monitor follows at most ${MAX_LOGS} logs`);
  const logs = await Promise.all(
    urls.map(async (url) => ({ url, origin: await originAt(url, policy, transport, known) })),
  );
  for (const [i, { origin, url }] of logs.entries()) {
    const other = logs.slice(0, i).find((each) => each.origin === origin);
    if (other !== undefined)
      throw refuse(
        'usage',
        `${other.url} and ${url} are both ${origin}; follow one, compare with the other`,
        {
          remedy: { peer: url },
        },
      );
  }
  return logs;
}

async function originAt(
  url: string,
  policy: TrustPolicy,
  transport: Transport,
  known: Observations,
): Promise<string> {
  const origins = [...new Set(policy.logs.map(originOf))];
  const [only] = origins;
  if (only !== undefined && origins.length === 1) return only;
  const listed = policy.logs.find((log) => log.url !== undefined && sameUrl(log.url, url));
  if (listed !== undefined) return originOf(listed);
  const before = known.originAt(url);
  if (before !== undefined && origins.includes(before)) return before;
  const origin = await askOrigin(url, transport);
  if (!origins.includes(origin))
    throw refuse('unknown-signer', `the log at ${url} calls itself another name than those you trust`);
  known.foundAt(url, origin);
  return origin;
}

/** The origin that the log itself states. Its signatures are checked against it later. */
async function askOrigin(url: string, transport: Transport): Promise<string> {
  try {
    return parseCheckpoint(parseNote(await new TileReader(transport, url).checkpoint()).text).origin;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const say = `which of the trusted logs is at ${url}? It does not tell (${error.message})`;
    throw refuse('unavailable', `${say}; write its URL into the policy's log line`, { cause: error });
  }
}

function plainUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw refuse('usage', `"${text}" is no http:// or https:// URL of a log`);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw refuse('usage', 'expected the URL of a log without a password, ? and #');
  return text.replace(/\/+$/, '');
}

function sameUrl(one: string, other: string): boolean {
  return one.replace(/\/+$/, '') === other;
}
