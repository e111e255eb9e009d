/**
 * The keys that a client trusts: verifier keys of a log, or a tlog-policy with witnesses and a quorum; and receipt keys
 * from another source.
 */
import { refuse } from '../bytes/refusal.ts';
import type { Remedy } from '../bytes/remedy.ts';
import { decodeUtf8 } from '../bytes/text.ts';
import { decodeCoseKey, decodeKeySet } from '../cose/key.ts';
import { parseVkey, type NoteVerifier } from '../note/key.ts';
import { parseTrustPolicy, policyOfLogs, withOrigin } from '../note/trust.ts';
import { assertStrongKey, type PublicKey } from '../sign/algorithm.ts';
import type { Trust } from './evidence.ts';

/** Trusts the log with these keys. If they have several algorithms, each must have signed every checkpoint. */
export function trustKeys(keys: readonly NoteVerifier[], receiptKeys: readonly PublicKey[] = []): Trust {
  return { policy: policyOfLogs(keys), everyAlgorithm: true, receiptKeys };
}

/**
 * Trusts what a tlog-policy file states (C2SP tlog-policy): its log keys and its quorum. Refuses
 * `malformed-trust-policy`.
 */
export function trustPolicy(file: Uint8Array, receiptKeys: readonly PublicKey[] = []): Trust {
  return { policy: parseTrustPolicy(file), everyAlgorithm: false, receiptKeys };
}

/** Trusts receipt keys alone: receipts then need no checkpoint. */
export function trustReceiptKeys(receiptKeys: readonly PublicKey[]): Trust {
  return { policy: policyOfLogs([]), everyAlgorithm: false, receiptKeys };
}

/**
 * The same keys, for a log whose checkpoints have an origin that differs from the name of its keys. Refuses `usage` for
 * several logs.
 */
export function trustAsOrigin(trust: Trust, origin: string): Trust {
  const names = new Set(trust.policy.logs.map(({ verifier }) => verifier.name));
  if (names.size > 1)
    throw refuse(
      'usage',
      'one log can be given another origin, and keys of several are trusted; name the keys of one',
      { remedy: { logOrigin: true } },
    );
  return { ...trust, policy: withOrigin(trust.policy, origin) };
}

/**
 * Parses verifier keys, one in each line; lines that begin with # are comments. `name`: name of the file, for messages.
 * Refuses `malformed-key`.
 */
export function parseVkeys(bytes: Uint8Array, name: string): readonly NoteVerifier[] {
  const lines = decodeUtf8(bytes)
    .split('\n')
    .map((line) => line.trim());
  const written = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const other = otherThanVkeys(written[0] ?? '');
  if (other !== undefined)
    throw refuse(
      'malformed-key',
      `${name} ${other.is}`,
      other.remedy === undefined ? undefined : { remedy: other.remedy },
    );
  const keys = written.map(parseVkey);
  if (keys.length === 0) throw refuse('malformed-key', `${name} holds no verifier key`);
  return keys;
}

/** What a file is that a user took for one of verifier keys, by its first line; undefined if that may be one. */
function otherThanVkeys(line: string): { readonly is: string; readonly remedy?: Remedy } | undefined {
  const wanted = 'whom to trust is said by the verifier keys of a log, which it prints at its start';
  if (/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(line))
    return { is: `is a private key, which signs; ${wanted}` };
  if (/^(?:-----BEGIN |ssh-|ecdsa-)/.test(line))
    return { is: `is the public key of somebody who signs statements; ${wanted}` };
  if (/^(?:log|witness|group|quorum)\s/.test(line))
    return { is: 'is a trust policy and no list of verifier keys: give it as one', remedy: { policy: true } };
  return undefined;
}

/**
 * Parses a COSE_Key, or a COSE_KeySet (an array, CBOR major type 4) as a log serves it at `/.well-known/scitt-keys`.
 * Refuses `malformed-key`, and `weak-key` for a key under which every signature verifies.
 */
export function parseReceiptKeys(bytes: Uint8Array): readonly PublicKey[] {
  const isSet = Math.floor((bytes[0] ?? 0) / 32) === 4;
  const keys = (isSet ? decodeKeySet(bytes) : [decodeCoseKey(bytes)]).map(({ key }) => key);
  for (const key of keys) assertStrongKey(key);
  return keys;
}
