/**
 * @noble/ed25519 with its SHA-512. The package wants the hash to be given before it is used synchronously, and each
 * function here gives it when it is called: a statement of the module would be dropped by bundlers, which take the
 * packed library for free of side effects, and without it every genuine signature is refused.
 */
import * as noble from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';

export { Point } from '@noble/ed25519';

/** The package, ready for synchronous use. */
function ready(): typeof noble {
  noble.hashes.sha512 ??= sha512;
  return noble;
}

export const verify: typeof noble.verify = (...args) => ready().verify(...args);
export const sign: typeof noble.sign = (...args) => ready().sign(...args);
export const getPublicKey: typeof noble.getPublicKey = (...args) => ready().getPublicKey(...args);
