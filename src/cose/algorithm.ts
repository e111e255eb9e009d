/**
 * COSE algorithm numbers and the algorithms that Tallystick uses. It writes the fully specified numbers of RFC 9864 and
 * RFC 9964, and also reads the older EdDSA (−8) and ES256 (−7), which most statements of others have. The registered
 * key decides the algorithm; the number in a message must agree with it.
 */
import type { Algorithm, PublicKey } from '../sign/algorithm.ts';
import { ALG } from './labels.ts';

const WRITTEN: Record<Algorithm, number> = {
  ed25519: ALG.ed25519,
  'ecdsa-p256': ALG.esp256,
  'ml-dsa-44': ALG.mlDsa44,
};

const READ: ReadonlyMap<number, Algorithm> = new Map<number, Algorithm>([
  [ALG.ed25519, 'ed25519'],
  [ALG.eddsa, 'ed25519'],
  [ALG.esp256, 'ecdsa-p256'],
  [ALG.es256, 'ecdsa-p256'],
  [ALG.mlDsa44, 'ml-dsa-44'],
]);

/** The number we write for an algorithm: −19, −9 or −48. */
export function algorithmId(algorithm: Algorithm): number {
  return WRITTEN[algorithm];
}

/** The algorithm a number stands for, or undefined when we do not support it. */
export function algorithmOf(id: number): Algorithm | undefined {
  return READ.get(id);
}

/** Whether a header's `alg` is one that this key can have made. */
export function algorithmMatches(id: number, key: PublicKey): boolean {
  return READ.get(id) === key.algorithm;
}
