/**
 * Makes one SSH key exchange up to the server's signature (RFC 4253 §4.2, §6, §7; RFC 8731; RFC 5656). It goes further only if
 * the ways to log in are wanted. It returns the raw messages; the offline verifier decides whether they prove anything.
 */
import { randomBytes } from 'node:crypto';
import { concatBytes } from '../../bytes/compare.ts';
import { bigEndian, Cursor } from '../../bytes/cursor.ts';
import { printable } from '../../bytes/printable.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { readSshString, sshString } from '../../bytes/ssh-string.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { agreed, COOKIE_LENGTH, KEXINIT, parseKexInit, type SshOffer } from '../../evidence/ssh-fields.ts';
import { clientVersionFor, KEX_METHODS, verifySsh } from '../../evidence/ssh-verify.ts';
import type { SshTranscript } from '../../evidence/transcript.ts';
import type { Share } from '../keyshare.ts';
import { makeShare } from '../share.ts';
import { Ended, type Wire } from '../wire.ts';
import { askMethods, type Offered } from './auth.ts';
import { Session } from './transport.ts';

const MESSAGE = { disconnect: 1, ignore: 2, debug: 4, newKeys: 21, kexInit: 30, kexReply: 31 } as const;

/** Most bytes of an identification string without CR LF, and most bytes and number of lines before it (RFC 4253 §4.2). */
const MAX_VERSION = 253;
const MAX_LINE = 1_024;
const MAX_LINES = 50;

/** RFC 4253 §6.1. */
const MAX_PACKET = 35_000;

/** Ciphers that the probe offers: first those that it can use in a session (transport.ts), then other common ones. */
const CIPHERS =
  'aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr,chacha20-poly1305@openssh.com,aes256-cbc,aes128-cbc,3des-cbc';
const MACS =
  'hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1,umac-128-etm@openssh.com,umac-128@openssh.com';
const COMPRESSION = 'none,zlib@openssh.com,zlib';

/** The result of an exchange: the server's version and offer, and a transcript or why there is none. */
export interface Exchanged {
  readonly serverVersion: string;
  readonly offer: SshOffer;
  readonly transcript: SshTranscript | undefined;
  readonly why: string | undefined;
  /** Ways to log in, or why they are not known, if they were asked for and there is a transcript. */
  readonly offered?: Offered;
}

/** Makes the exchange. Throws `Ended` if the server does not speak SSH 2, or ends the conversation before its offer. */
export async function exchange(
  wire: Wire,
  challenge: Uint8Array,
  hostKeys: readonly string[],
  user?: string,
): Promise<Exchanged> {
  try {
    return await talk(wire, challenge, hostKeys, user);
  } catch (error) {
    // The verifier's own parsers read the answer. If they refuse it, it is not SSH.
    throw error instanceof Refusal ? new Ended('garbage', error.message) : error;
  }
}

async function talk(
  wire: Wire,
  challenge: Uint8Array,
  hostKeys: readonly string[],
  user: string | undefined,
): Promise<Exchanged> {
  const seen = { packets: 0 };
  const clientVersion = encodeUtf8(clientVersionFor(challenge));
  wire.write(concatBytes(clientVersion, Uint8Array.of(13, 10)));
  const version = await readVersion(wire);
  const clientInit = kexInit(challenge, hostKeys);
  send(wire, clientInit);
  const serverInit = await receive(wire, KEXINIT, seen);
  const { offer, guesses } = parseKexInit(serverInit);
  const serverVersion = printable(String.fromCharCode(...version), 255);
  const unsigned = (why: string): Exchanged => ({ serverVersion, offer, transcript: undefined, why });
  const methods = [...KEX_METHODS.keys()];
  const kex = agreed(methods, offer.kex);
  const lacking = kex === undefined ? methods : hostKeys;
  if (kex === undefined || agreed(hostKeys, offer.hostKeys) === undefined)
    return unsigned(`the server offers none of ${lacking.join(', ')}, so its offer is not signed`);
  try {
    const share = makeShare(KEX_METHODS.get(kex) === 32 ? 0x001d : 0x0017);
    if (share === undefined) throw new Error('both groups are known');
    send(wire, concatBytes(Uint8Array.of(MESSAGE.kexInit), sshString(share.public)));
    // A server that says that it guessed may have sent one packet for its guess. If the guess was wrong, it is ignored (RFC 4253 §7).
    const reply = await receive(wire, MESSAGE.kexReply, seen, guesses);
    const parts = readReply(reply, share);
    const common = {
      clientVersion,
      serverVersion: version,
      clientInit,
      serverInit,
      clientPublic: share.public,
    };
    const transcript: SshTranscript = { kind: 'ssh', ...common, ...parts };
    if (user !== undefined) {
      const offered = await askIn(wire, transcript, challenge, seen, user);
      return { serverVersion, offer, transcript, why: undefined, offered };
    }
    send(wire, disconnect());
    return { serverVersion, offer, transcript, why: undefined };
  } catch (error) {
    if (error instanceof Refusal) return unsigned(error.message);
    if (error instanceof Ended && error.kind !== 'aborted')
      return unsigned(`there was no signature: ${error.message}`);
    throw error;
  }
}

/** Packets that the probe sends before the session is encrypted: KEXINIT, the key share, NEWKEYS. */
const SENT_BEFORE = 3;

/** Starts the encrypted session and asks for the ways to log in, but only if the server's signature verifies. */
async function askIn(
  wire: Wire,
  transcript: SshTranscript,
  challenge: Uint8Array,
  seen: { packets: number },
  user: string,
): Promise<Offered> {
  let session: Session | undefined;
  try {
    const { offer, proof } = await verifySsh(transcript, challenge);
    send(wire, Uint8Array.of(MESSAGE.newKeys));
    await receive(wire, MESSAGE.newKeys, seen);
    const secrets = {
      secret: transcript.secret,
      hash: proof.content,
      sent: SENT_BEFORE,
      received: seen.packets,
    };
    session = Session.over(wire, parseKexInit(transcript.clientInit).offer, offer, secrets);
  } catch (error) {
    if (error instanceof Refusal) return { why: 'the server did not sign the key exchange' };
    if (error instanceof Ended && error.kind !== 'aborted')
      return { why: `there was no session: ${error.message}` };
    throw error;
  }
  if (session === undefined)
    return {
      why: 'no session: the server offers no cipher and MAC that this probe has (ChaCha20 with Poly1305, AES in GCM, or AES in CTR with an HMAC)',
    };
  const offered = await askMethods(session, user);
  session.send(disconnect());
  return offered;
}

function readReply(
  reply: Uint8Array,
  share: Share,
): Pick<SshTranscript, 'hostKey' | 'serverPublic' | 'secret' | 'signature'> {
  const cursor = new Cursor(reply.subarray(1), 'malformed-proof');
  const hostKey = readSshString(cursor);
  const serverPublic = readSshString(cursor);
  const signature = readSshString(cursor);
  cursor.end();
  return { hostKey, serverPublic, signature, secret: share.secret(serverPublic) };
}

/** Reads the server's identification string. The server may send other lines before it (RFC 4253 §4.2). */
async function readVersion(wire: Wire): Promise<Uint8Array> {
  for (let lines = 0; lines < MAX_LINES; lines++) {
    const line = await wire.line(MAX_LINE);
    const start = String.fromCharCode(...line.subarray(0, 9));
    if (!start.startsWith('SSH-')) continue;
    if ((start.startsWith('SSH-2.0-') || start === 'SSH-1.99-') && line.length <= MAX_VERSION) return line;
    throw new Ended('garbage', 'the server does not speak SSH 2');
  }
  throw new Ended('garbage', 'the server does not say that it speaks SSH');
}

function kexInit(challenge: Uint8Array, hostKeys: readonly string[]): Uint8Array {
  const lists = [
    [...KEX_METHODS.keys()].join(','),
    hostKeys.join(','),
    CIPHERS,
    CIPHERS,
    MACS,
    MACS,
    COMPRESSION,
    COMPRESSION,
    '',
    '',
  ];
  const cookie = challenge.subarray(0, COOKIE_LENGTH);
  const names = lists.map((list) => sshString(encodeUtf8(list)));
  return concatBytes(Uint8Array.of(KEXINIT), cookie, ...names, new Uint8Array(5));
}

/** The message SSH_DISCONNECT_BY_APPLICATION, so that the server's log says why the connection ended. */
function disconnect(): Uint8Array {
  const reason = sshString(encodeUtf8('tallystick has seen enough'));
  return concatBytes(
    Uint8Array.of(MESSAGE.disconnect),
    bigEndian(11, 4),
    reason,
    sshString(new Uint8Array()),
  );
}

/** Sends one unencrypted packet. At least 4 bytes of padding make its length a multiple of 8 (RFC 4253 §6). */
function send(wire: Wire, payload: Uint8Array): void {
  const rest = 8 - ((payload.length + 5) % 8);
  const padding = rest < 4 ? rest + 8 : rest;
  const head = concatBytes(bigEndian(1 + payload.length + padding, 4), Uint8Array.of(padding));
  wire.write(concatBytes(head, payload, Uint8Array.from(randomBytes(padding))));
}

/** The payload of the next packet of a type. Packets that may come at any time are skipped, and with `skipOne` one other. */
async function receive(
  wire: Wire,
  type: number,
  seen: { packets: number },
  skipOne = false,
): Promise<Uint8Array> {
  let skips = skipOne ? 1 : 0;
  for (;;) {
    const length = new Cursor(await wire.read(4), 'malformed-proof').u32();
    if (length < 5 || length > MAX_PACKET) throw new Ended('garbage', `a packet has ${length} bytes`);
    const packet = await wire.read(length);
    const padding = packet[0] ?? 0;
    if (padding < 4 || padding + 2 > length) throw new Ended('garbage', 'a packet is padded wrongly');
    const payload = packet.slice(1, length - padding);
    seen.packets += 1;
    const found = payload[0];
    if (found === type) return payload;
    if (found === MESSAGE.ignore || found === MESSAGE.debug) continue;
    if (found === MESSAGE.disconnect)
      throw new Ended('closed', `the server disconnected, with reason ${reasonOf(payload)} of RFC 4253`);
    if (skips-- > 0) continue;
    throw new Ended('garbage', `an unexpected message of type ${found}`);
  }
}

/** The number of the reason in a DISCONNECT. The server's own sentence is dropped. */
function reasonOf(payload: Uint8Array): number {
  return new Cursor(payload.subarray(1), 'malformed-proof').u32();
}
