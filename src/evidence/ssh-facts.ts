/** What a transcript of SSH shows, as `ssh@1` tells it: all of it is signed by the host key. */
import type { ValueMap } from '../claim/value.ts';
import type { SshOffer } from './ssh-fields.ts';
import type { VerifiedSsh } from './ssh-verify.ts';

/** Names in the list of key exchanges that are none (RFC 8308 §2.1, OpenSSH PROTOCOL §1.10). */
const MARKER = /^(?:ext-info-[cs]|kex-strict-[cs](?:-v00@openssh\.com)?|kexguess2@matt\.ucc\.asn\.au)$/;

const both = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])];

/** What either direction may use, in the server's order. */
export function listsOf(offer: SshOffer): ValueMap {
  return {
    kex: offer.kex.filter((name) => !MARKER.test(name)),
    extensions: offer.kex.filter((name) => MARKER.test(name)),
    hostKeys: offer.hostKeys,
    ciphers: both(offer.ciphersToServer, offer.ciphersToClient),
    macs: both(offer.macsToServer, offer.macsToClient),
    compression: both(offer.compressionToServer, offer.compressionToClient),
  };
}

/** The host key, and what was chosen. */
export function keyOf({ keyType, keyBits, fingerprint, kex, hostKeyAlgorithm }: VerifiedSsh): ValueMap {
  return {
    hostKey: { type: keyType, bits: keyBits, fingerprint },
    negotiated: { kex, hostKey: hostKeyAlgorithm },
  };
}

/** As much of the value of `ssh@1` as the host key signed. */
export function signedBySsh(verified: VerifiedSsh): ValueMap {
  const version = verified.serverVersion;
  return { version, ...listsOf(verified.offer), ...keyOf(verified) };
}
