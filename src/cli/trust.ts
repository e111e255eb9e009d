/**
 * Whom the client verbs trust: verifier keys (--vkey, each a key or a file of keys, one per line) or a
 * tlog-policy file (--policy; `init` writes one for its own log and names it in tallystick.yaml).
 */
import { resolve } from 'node:path';
import { refuse } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';
import type { Trust } from '../client/evidence.ts';
import { decodeCoseKey, decodeKeySet } from '../cose/key.ts';
import { parseVkey, type NoteVerifier } from '../note/key.ts';
import { parseTrustPolicy, policyOfLogs, withOrigin } from '../note/trust.ts';
import { assertStrongKey, type PublicKey } from '../sign/algorithm.ts';
import type { Source } from './config.ts';
import type { Context } from './context.ts';
import { readNamedFile } from '../platform/files.ts';

/** Of two places that name whom to trust, the nearer one is meant. */
const NEARNESS: Record<Source, number> = { flag: 3, env: 2, file: 1, default: 0 };

/**
 * Refuses `usage` when nothing says whom to trust, or --vkey and --policy say it in the same place;
 * `malformed-key`, `malformed-trust-policy`, `not-found` for what they name.
 */
export async function trustOf(context: Context, receiptKeyFile?: string): Promise<Trust> {
  const { logOrigin } = context.config;
  const trust = await trusted(context, receiptKeyFile);
  if (logOrigin === undefined) return trust;
  const names = new Set(trust.policy.logs.map(({ verifier }) => verifier.name));
  if (names.size > 1)
    throw refuse(
      'usage',
      '--log-origin is for one log, and keys of several are trusted; name the keys of one',
    );
  return { ...trust, policy: withOrigin(trust.policy, logOrigin) };
}

async function trusted(context: Context, receiptKeyFile?: string): Promise<Trust> {
  const { config, resolved } = context;
  const receiptKeys =
    receiptKeyFile === undefined ? [] : await readReceiptKeys(resolve(context.world.cwd, receiptKeyFile));
  const nearness = (name: 'vkey' | 'policy'): number =>
    NEARNESS[resolved.settled.find((each) => each.name === name)?.source ?? 'default'];
  const [vkeys, policy] = [nearness('vkey'), nearness('policy')];
  if (vkeys > 0 && vkeys === policy)
    throw refuse('usage', 'give either --vkey or --policy: both say whom to trust');
  if (vkeys > policy) {
    const keys = await Promise.all(config.vkey.map((text) => readVkeys(text, context.world.cwd)));
    return { policy: policyOfLogs(keys.flat()), everyAlgorithm: true, receiptKeys };
  }
  // A receipt stands on its own key.
  if (config.policy === undefined && receiptKeys.length > 0) {
    return { policy: policyOfLogs([]), everyAlgorithm: false, receiptKeys };
  }
  if (config.policy === undefined) {
    throw refuse(
      'usage',
      'no log is trusted yet: give its verifier key with --vkey, as `tallystick serve` prints it at its start',
    );
  }
  return { policy: parseTrustPolicy(await readNamedFile(config.policy)), everyAlgorithm: false, receiptKeys };
}

/** A vkey has plus signs, which names of files seldom have: what parses as none is taken for a file. */
async function readVkeys(text: string, cwd: string): Promise<readonly NoteVerifier[]> {
  if (/\+[0-9a-f]{8}\+/.test(text)) return [parseVkey(text)];
  const lines = decodeUtf8(await readNamedFile(resolve(cwd, text)))
    .split('\n')
    .map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#')).map(parseVkey);
  if (keys.length === 0) throw refuse('malformed-key', `${text} holds no verifier key`);
  return keys;
}

/** A COSE_Key or a COSE_KeySet (array, CBOR major type 4) as `/.well-known/scitt-keys` serves it. */
async function readReceiptKeys(path: string): Promise<readonly PublicKey[]> {
  const bytes = await readNamedFile(path);
  const isSet = Math.floor((bytes[0] ?? 0) / 32) === 4;
  const keys = (isSet ? decodeKeySet(bytes) : [decodeCoseKey(bytes)]).map(({ key }) => key);
  for (const key of keys) assertStrongKey(key);
  return keys;
}
