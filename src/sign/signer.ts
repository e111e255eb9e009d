/** Signing. A `Signer` holds a key and never shows it. Keys in files, ssh-agent and programs: keys/. */
import type { PublicKey } from './algorithm.ts';

/** One signing key. Where it is kept (memory, file, agent, HSM) is the implementation's business. */
export interface Signer {
  readonly publicKey: PublicKey;
  /** The raw signature: 64, 64 or 2420 bytes as `SIGNATURE_LENGTH` says. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}
