/**
 * Opened leaves of a declaration, as probes compare them. The deterministic CBOR of a leaf (spec/statements.md §9) becomes a
 * plain value, with byte strings as lower-case hex. Both sides of a comparison go through the same function.
 */
import { createHmac } from 'node:crypto';
import { decodeCbor, isCborArray, isCborMap, type CborValue } from '../bytes/cbor.ts';
import { refuse } from '../bytes/refusal.ts';
import { encodeUtf8, formatHex, parseHex } from '../bytes/text.ts';
import { isMap, type Value } from '../claim/value.ts';
import { valueInLeaf } from '../statement/saltedleaf.ts';
import type { ProbeTask } from './probe.ts';

/** The value of a leaf's canonical bytes. Refuses bytes that are no CBOR of a leaf (`malformed-cbor`, `malformed-payload`). */
export function declaredValue(bytes: Uint8Array): Value {
  const value = valueInLeaf(bytes);
  if (value instanceof Uint8Array) return plainOf(decodeCbor(value));
  return { sha256: formatHex(value.digest), size: value.size };
}

function plainOf(value: CborValue): Value {
  if (value instanceof Uint8Array) return formatHex(value);
  if (isCborArray(value)) return value.map(plainOf);
  if (isCborMap(value))
    return Object.fromEntries(Array.from(value, ([name, child]) => [String(name), plainOf(child)]));
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw refuse('malformed-payload', 'a declared leaf holds a value that no leaf may hold');
}

/** The opened leaves of the commitment. Refuses `config-invalid` if there are none, since comparing with nothing proves nothing. */
export function declaredLeaves(
  probe: string,
  { declared }: Pick<ProbeTask, 'declared'>,
): ReadonlyMap<string, Value> {
  if (declared !== undefined && declared.size > 0) return declared;
  throw refuse(
    'config-invalid',
    `${probe} compares with the declared leaves, and this agent does not have the openings of this commitment; ` +
      'copy leaves.json, which `commit` wrote beside the receipt, into the folder openings/ENTRY of the agent directory, ENTRY being ' +
      'the id of the commitment; or let the agent read the folder of proofs of `commit`',
  );
}

/** Whether a value is known only after the declaration is applied (`{"unknown": true}`). */
export function isUnknown(value: Value): boolean {
  return isMap(value) && value['unknown'] === true;
}

/** The keyed digest that stands for a sensitive value (`{"sensitive": hex}`); undefined for any other value. */
export function sensitiveDigest(value: Value): string | undefined {
  const found = isMap(value) ? value['sensitive'] : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** The keyed digest that `commit` makes: HMAC-SHA-256 over purpose and path, each followed by a zero byte, and the value. */
export function sensitiveMac(path: string, value: Uint8Array, key: Uint8Array): string {
  const mac = createHmac('sha256', key)
    .update(encodeUtf8(`sensitive\0${path}\0`))
    .update(value);
  return formatHex(new Uint8Array(mac.digest()));
}

/** The key of keyed digests, from the secret `salt`. Refuses `config-invalid`. */
export function saltKey(probe: string, secret: string | undefined): Uint8Array | undefined {
  const text = secret?.trim();
  if (text === undefined) return undefined;
  if (/^[0-9a-f]{64}$/.test(text)) return parseHex(text);
  throw refuse(
    'config-invalid',
    `the secret "salt" of ${probe} is the salt secret of \`commit\`: 64 hex digits`,
  );
}

/** Whether two values of leaves are the same. */
export function sameValue(a: Value, b: Value): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: Value): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
