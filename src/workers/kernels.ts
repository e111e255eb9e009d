/**
 * Which kernels this machine gets, chosen in one place: the fastest first (bench/hash.ts), each only after
 * it gave the right answers in this thread, once, to questions whose answers are known. @noble, which needs
 * no test because it is what the others are tested against, is always there.
 */
import { equalBytes } from '../bytes/compare.ts';
import type { Algorithm, VerifySignature } from '../sign/algorithm.ts';
import { nobleHasher, type BatchHasher } from '../tree/hash.ts';
import { nodeHasher } from './node-hasher.ts';
import { simdHasher } from './sha256-simd.ts';
import { chooseFor, firstSound } from './sound.ts';
import { nodeVerifier, sodiumVerifier } from './verify-kernel.ts';

let hasher: BatchHasher | undefined;

/** The hasher of this thread: WebAssembly SIMD, else node:crypto, else noble. */
export function chooseHasher(): BatchHasher {
  hasher ??= firstSound([() => simdHasher(nodeHasher), () => nodeHasher], hashesLikeNoble, nobleHasher);
  return hasher;
}

let verifier: VerifySignature | undefined;

/** The verifier of this thread: for Ed25519 libsodium, else OpenSSL; for the others OpenSSL; else noble. */
export function chooseVerifier(): VerifySignature {
  verifier ??= makeVerifier();
  return verifier;
}

function makeVerifier(): VerifySignature {
  const onNode = nodeVerifier();
  const chosen: Record<Algorithm, VerifySignature> = {
    ed25519: chooseFor('ed25519', [sodiumVerifier, () => onNode]),
    'ecdsa-p256': chooseFor('ecdsa-p256', [() => onNode]),
    'ml-dsa-44': chooseFor('ml-dsa-44', [() => onNode]),
  };
  return (key, message, signature) => chosen[key.algorithm](key, message, signature);
}

/** Lengths around every edge of padding, and from a kernel's longest message to those it passes on. */
const LENGTHS = [...Array(131).keys(), 300, 694, 695, 696, 2000];
const PAIRS = 9;

/** Whether leaves, digests and nodes come out as @noble/hashes makes them. */
export function hashesLikeNoble(kernel: BatchHasher): boolean {
  let length = 0;
  const ends = Uint32Array.from(LENGTHS, (n) => (length += n));
  const data = new Uint8Array(length);
  for (let i = 0; i < length; i++) data[i] = i * 167 + i / 251;
  const answers = (by: BatchHasher): Uint8Array => {
    const [count, pairs] = [ends.length, data.subarray(0, 64 * PAIRS)];
    const out = new Uint8Array(32 * (2 * count + PAIRS));
    by.leaves(data, ends, count, out.subarray(0, 32 * count));
    by.digests(data, ends, count, out.subarray(32 * count, 64 * count));
    by.nodes(pairs, out.subarray(64 * count));
    return out;
  };
  return equalBytes(answers(kernel), answers(nobleHasher));
}
