/** Leaves of a declaration as their owner has them, and the declaration of their root. */
import { digest } from '#src/bytes/brand.ts';
import { encodeCbor } from '#src/bytes/cbor.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { leafTree, type OpenedLeaves } from '#src/declare/leafopening.ts';
import { portableHmac, saltOf } from '#src/declare/salting.ts';
import type { Declaration } from '#src/statement/commitment.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';

const salting = { secret: new Uint8Array(32).fill(3), hmac: portableHmac };

/** `sensitive`: paths of which there is a keyed digest alone. */
export function owned(
  values: Readonly<Record<string, string>>,
  sensitive: readonly string[] = [],
): OpenedLeaves {
  const leaves = Object.entries(values).map(([path, text]) => {
    const isSensitive = sensitive.includes(path);
    const value = encodeCbor(isSensitive ? new Map([['sensitive', encodeUtf8(text)]]) : text);
    return { path, value, sensitive: isSensitive, salt: saltOf(salting, path, value) };
  });
  return { profile: 'json@1', subject: 'web/shop', leaves };
}

export function declarationOf(leaves: OpenedLeaves, change: Partial<Declaration> = {}): Declaration {
  const { root, count } = leafTree(leaves);
  return {
    environment: 'test',
    tier: 'background',
    source: { kind: 'json', tool: 'tallystick', toolVersion: '0' },
    canon: { profile: 'json@1' },
    tree: { alg: SALTED_TREE, leaves: count, root: digest(root) },
    scope: { world: 'open' },
    claims: [],
    ...change,
  };
}
