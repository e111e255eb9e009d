/**
 * @noble/ed25519 with its SHA-512. The package needs the hash before its synchronous functions are called. Each function
 * here sets it when called. Setting it once in the module would not do: bundlers drop such a statement, since the packed
 * library is marked as free of side effects, and then every genuine signature would be refused.
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
