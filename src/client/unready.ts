/**
 * Why a log does not answer yet, in its own words: `/v1/log` tells about its witnesses and `/readyz` about itself. Both
 * are Tallystick's own; a log of other software gives no reason. The reason is not verified, and only shown to the
 * user.
 */
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { jsonIn, memberOf } from './json-reply.ts';
import { exchange, type Transport } from './transport.ts';

/** Milliseconds; short, since the user is waiting for the message. */
const TIMEOUT_MS = 3_000;
const MAX_BYTES = 262_144;

/** `why`: text for people; undefined if the log gives no reason. */
export interface Unready {
  readonly why: string | undefined;
}

/** Asks once, without retries. If anything fails, there is no reason. */
export async function askWhy(transport: Transport, log: string): Promise<Unready> {
  const [about, ready] = await Promise.all([
    ask(transport, `${log}/v1/log`),
    ask(transport, `${log}/readyz`),
  ]);
  const { missing, quorum } = witnessesIn(about);
  const reasons = textsIn(memberOf(ready, 'reasons'));
  const late = quorum === undefined ? [] : [`the quorum "${quorum}" waits for ${missing.join(', ')}`];
  const why = reasons.length > 0 ? reasons : late;
  return { why: why.length === 0 ? undefined : printable(why.join('; '), 1000) };
}

/**
 * The refusal with the log's reason added, of `not-yet`; of `not-found`, what else answers at this URL. It never becomes `quorum-unmet`: what the log
 * says of its quorum is not signed, and only a reader who checked cosignatures may state that.
 */
export async function explained(transport: Transport, log: string, refusal: Refusal): Promise<Refusal> {
  if (refusal.code === 'not-found') return (await witnessAt(transport, log)) ?? refusal;
  if (refusal.code !== 'not-yet') return refusal;
  const { why } = await askWhy(transport, log);
  if (why === undefined) return refusal;
  return refuse('not-yet', `${refusal.message} (the log says: ${why})`, { cause: refusal });
}

/** The refusal for the URL of a witness, which has no entries; undefined where none answers. */
async function witnessAt(transport: Transport, log: string): Promise<Refusal | undefined> {
  const name = memberOf(await ask(transport, `${log}/v1/witness`), 'name');
  if (typeof name !== 'string') return undefined;
  return refuse(
    'not-found',
    `${log} is the witness ${printable(name, 100)}, which cosigns logs and has no entries; name the URL of the log`,
  );
}

/**
 * The quorum in `/v1/log` if it is not met or witnesses are behind, and the witnesses that have not cosigned the newest
 * tree.
 */
function witnessesIn(about: unknown): { readonly quorum?: string; readonly missing: readonly string[] } {
  const witnessing = memberOf(about, 'witnessing');
  const quorum = memberOf(witnessing, 'quorum');
  const witnesses = memberOf(witnessing, 'witnesses');
  const behind = (Array.isArray(witnesses) ? witnesses : []).filter((each) => memberOf(each, 'behind') !== 0);
  const missing = textsIn(behind.map((each: unknown) => memberOf(each, 'name')));
  const unmet = memberOf(witnessing, 'met') === false || missing.length > 0;
  return typeof quorum === 'string' && unmet ? { quorum, missing } : { missing };
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

async function ask(transport: Transport, url: string): Promise<unknown> {
  try {
    const accept = { accept: 'application/json', maxBytes: MAX_BYTES };
    const reply = await exchange({ ...transport, timeoutMs: TIMEOUT_MS }, new URL(url), accept);
    return jsonIn(reply.body);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
