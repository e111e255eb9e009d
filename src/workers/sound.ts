/** Chooses kernels: one is used only if it can be loaded on this machine and gives the right answer to a known question. */
import { verifyWithNoble, type Algorithm, type VerifySignature } from '../sign/algorithm.ts';
import { knownSignature } from './known-signatures.ts';
import { nodeVerifier } from './verify-kernel.ts';

/** The first kernel that can be made here and is sound, else `oracle`. */
export function firstSound<T>(makers: readonly (() => T)[], isSound: (kernel: T) => boolean, oracle: T): T {
  for (const make of makers) {
    try {
      const kernel = make();
      if (isSound(kernel)) return kernel;
    } catch {
      // Not on this machine: a missing instruction set or native library shows as an exception.
    }
  }
  return oracle;
}

/** The verifier of one algorithm: the first that passes the test with the known signature, else noble. */
export function chooseFor(algorithm: Algorithm, makers: readonly (() => VerifySignature)[]): VerifySignature {
  return firstSound(makers, (verify) => knowsSignature(verify, algorithm), verifyWithNoble);
}

/**
 * The verifier of a process that checks a few signatures and ends: Node's OpenSSL, tested for each algorithm when first
 * needed; noble for an algorithm that it lacks. libsodium checks Ed25519 faster, but loading it takes as long as a hundred
 * checks.
 */
export function quickVerifier(): VerifySignature {
  const onNode = nodeVerifier();
  const chosen = new Map<Algorithm, VerifySignature>();
  return (key, message, signature) => {
    const { algorithm } = key;
    const verify = chosen.get(algorithm) ?? chooseFor(algorithm, [() => onNode]);
    chosen.set(algorithm, verify);
    return verify(key, message, signature);
  };
}

/** Whether a verifier accepts the known signature of an algorithm, and refuses it with one bit flipped. */
export function knowsSignature(verify: VerifySignature, algorithm: Algorithm): boolean {
  const { key, message, signature } = knownSignature(algorithm);
  const turned = signature.map((byte, i) => (i === 7 ? byte ^ 1 : byte));
  return verify(key, message, signature) && !verify(key, message, turned);
}
