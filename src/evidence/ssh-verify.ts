/**
 * Checks an SSH transcript offline: the host key's signature over the exchange hash (RFC 4253 §8), which covers
 * both identification strings, both KEXINITs whole and the key itself. So a server signs all that it offers.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { sshString } from '../bytes/ssh-string.ts';
import { formatHex } from '../bytes/text.ts';
import { agreed, badPart, COOKIE_LENGTH, parseKexInit, sshMpint, type SshOffer } from './ssh-fields.ts';
import { HOST_KEY_ALGORITHMS, readHostKey, readSignature, verifyHostKey } from './ssh-key.ts';
import { pemOf } from './public-key.ts';
import type { SignedContent } from './signed-content.ts';
import { unread } from './tls-fields.ts';
import type { SshTranscript } from './transcript.ts';

/** Key exchanges that transcripts are made of, in the order of preference, and the bytes of a public value. */
export const KEX_METHODS: ReadonlyMap<string, number> = new Map([
  ['curve25519-sha256', 32],
  ['curve25519-sha256@libssh.org', 32],
  ['ecdh-sha2-nistp256', 65],
]);

export interface VerifiedSsh {
  readonly protocol: 'ssh';
  /** Identification strings: `SSH-2.0-OpenSSH_9.2p1 Debian-2`. */
  readonly clientVersion: string;
  readonly serverVersion: string;
  readonly kex: string;
  readonly hostKeyAlgorithm: string;
  /** Type of the key: `ssh-rsa` also when it signed with rsa-sha2-512. */
  readonly keyType: string;
  readonly keyBits: number;
  readonly fingerprint: string;
  /** The key blob, as in a known_hosts line. */
  readonly hostKey: Uint8Array;
  /** What the server offers. */
  readonly offer: SshOffer;
  readonly proof: SignedContent;
}

const CLIENT_NAME = 'SSH-2.0-Tallystick_1 ';
/** Of a string's length, before it (RFC 4251 §5). */
const LENGTH_BYTES = 4;

/** What a client says of itself: the challenge whole, since the cookie has room for half of it only. */
export function clientVersionFor(challenge: Uint8Array): string {
  return `${CLIENT_NAME}${formatHex(challenge)}`;
}

/** Refuses `malformed-proof` and `proof-failed`; `isUnread` tells of what is not checked here. */
export async function verifySsh(transcript: SshTranscript, challenge: Uint8Array): Promise<VerifiedSsh> {
  const clientVersion = versionLine(transcript.clientVersion);
  const serverVersion = versionLine(transcript.serverVersion);
  const client = parseKexInit(transcript.clientInit);
  const server = parseKexInit(transcript.serverInit);
  assertBound(clientVersion, client.cookie, challenge);
  const kex = agreed(client.offer.kex, server.offer.kex);
  const algorithm = agreed(client.offer.hostKeys, server.offer.hostKeys);
  const length = KEX_METHODS.get(kex ?? '');
  if (kex === undefined || length === undefined) throw badPart('no key exchange known here was agreed on');
  if (algorithm === undefined || !HOST_KEY_ALGORITHMS.has(algorithm))
    throw badPart('no host key algorithm known here was agreed on');
  if (transcript.clientPublic.length !== length || transcript.serverPublic.length !== length)
    throw badPart(`the public values of ${kex} have ${length} bytes`);
  const hostKey = readHostKey(transcript.hostKey, algorithm);
  const signature = readSignature(transcript.signature, algorithm);
  const exchange = exchangeBytes(transcript);
  const content = sha256(exchange);
  const checked = await verifyHostKey(hostKey.key, algorithm, content, signature);
  if (typeof checked !== 'boolean') throw unread(checked.lacks);
  if (!checked)
    throw refuse(
      'proof-failed',
      "the host key's signature does not verify; the transcript is not what it signed",
    );
  return {
    protocol: 'ssh',
    clientVersion,
    serverVersion,
    kex,
    hostKeyAlgorithm: algorithm,
    keyType: hostKey.type,
    keyBits: hostKey.bits,
    fingerprint: hostKey.fingerprint,
    hostKey: transcript.hostKey,
    offer: server.offer,
    proof: {
      content,
      challenged: { bytes: exchange, at: LENGTH_BYTES + CLIENT_NAME.length, hash: 'sha256' },
      signature,
      publicKey: pemOf(hostKey.key),
      hash: HOST_KEY_ALGORITHMS.get(algorithm)?.hash ?? null,
      pss: false,
    },
  };
}

function assertBound(clientVersion: string, cookie: Uint8Array, challenge: Uint8Array): void {
  const isBound =
    clientVersion === clientVersionFor(challenge) && equalBytes(cookie, challenge.subarray(0, COOKIE_LENGTH));
  if (!isBound)
    throw refuse(
      'proof-failed',
      "the client's version and cookie are not of this challenge; it is of another one",
    );
}

/** What H of RFC 4253 §8 and RFC 5656 §4 is the hash of; the three methods all hash with SHA-256. */
function exchangeBytes(t: SshTranscript): Uint8Array {
  const strings = [
    t.clientVersion,
    t.serverVersion,
    t.clientInit,
    t.serverInit,
    t.hostKey,
    t.clientPublic,
    t.serverPublic,
  ].map(sshString);
  return concatBytes(...strings, sshMpint(t.secret));
}

/** An identification string (RFC 4253 §4.2): printable ASCII. */
function versionLine(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes);
  if (!/^SSH-(?:2\.0|1\.99)-[ -~]+$/.test(text)) throw badPart('an identification string is none of SSH 2');
  return text;
}
