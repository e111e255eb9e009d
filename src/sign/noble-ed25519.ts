/** @noble/ed25519 with its SHA-512 in place: the package leaves it to be given, and synchronous use needs it. */
import { hashes } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';

hashes.sha512 = sha512;

export * from '@noble/ed25519';
