/**
 * The log's receipt keys, `/.well-known/scitt-keys`, for auditors of receipts. The served file need not be trusted: the
 * policy entries in the tree name every key with which the log may sign receipts, and a set with any other key is not
 * stored. Logs of other software have no policy entries, and their keys are not mirrored.
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { download } from '../client/patience.ts';
import type { Transport } from '../client/transport.ts';
import { decodeKeySet, keyThumbprint } from '../cose/key.ts';
import { parseStatement } from '../statement/parse.ts';
import { contentTypeOf } from '../statement/kinds.ts';
import { TILE_WIDTH, tileWidthAt } from '../tree/tile.ts';
import { KEYS } from './folder.ts';
import type { LocalTiles } from './local.ts';

/** 64 keys, of which each has at most 1,312 bytes of ML-DSA-44 and its frame. */
const MAX_KEYS_BYTES = 131_072;

const POLICY_TYPE = Buffer.from(encodeUtf8(contentTypeOf('policy')));

/** Whether an entry is a registration policy. An entry is parsed only if it contains the content type. */
export function isPolicyEntry(entry: Uint8Array): boolean {
  if (!Buffer.from(entry.buffer, entry.byteOffset, entry.length).includes(POLICY_TYPE)) return false;
  return policyOf(entry) !== undefined;
}

function policyOf(entry: Uint8Array) {
  try {
    const parsed = parseStatement(entry);
    return parsed.kind === 'policy' ? parsed.policy : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Reads the policy entries at these indices of a tree of `size` entries, and fetches the keys that they name. */
export async function fetchKeys(
  transport: Transport,
  prefix: string,
  tiles: LocalTiles,
  policies: readonly number[],
  size: number,
): Promise<Uint8Array> {
  const bytes = await download(transport, new URL(`${prefix}/${KEYS}`), 'application/cbor', MAX_KEYS_BYTES);
  const named = new Set<string>();
  for (const index of policies) {
    const bundle = Math.floor(index / TILE_WIDTH);
    const entries = await tiles.bundle(bundle, tileWidthAt(0, bundle, size));
    const policy = policyOf(entries[index % TILE_WIDTH] ?? new Uint8Array(0));
    for (const key of policy?.document.log.receiptKeys ?? []) named.add(keyThumbprint(key).toHex());
  }
  const keys = decodeKeySet(bytes);
  if (keys.length === 0 || !keys.every(({ key }) => named.has(keyThumbprint(key).toHex()))) {
    throw refuse(
      'unknown-key',
      `${prefix}/${KEYS} holds a key that no policy entry of the log names; it was not kept`,
    );
  }
  return bytes;
}
