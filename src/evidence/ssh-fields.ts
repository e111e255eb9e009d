/** SSH wire types (RFC 4251 §5) and the KEXINIT message (RFC 4253 §7.1), read strictly. */
import { concatBytes } from '../bytes/compare.ts';
import { Cursor } from '../bytes/cursor.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { readSshString, sshString } from '../bytes/ssh-string.ts';

/** SSH_MSG_KEXINIT. */
export const KEXINIT = 20;

/** Bytes of the random cookie in a KEXINIT. */
export const COOKIE_LENGTH = 16;

/** Most names of one list. */
const MAX_NAMES = 200;

/** The refusal of a part of a transcript, to throw. */
export function badPart(what: string): Refusal {
  return refuse('malformed-proof', `the transcript is malformed: ${what}`);
}

/** A cursor that refuses `malformed-proof`. */
export function openPart(bytes: Uint8Array): Cursor {
  return new Cursor(bytes, 'malformed-proof');
}

/** Encodes a non-negative integer, big-endian with any zeros in front, as an `mpint`. */
export function sshMpint(magnitude: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = magnitude.findIndex((byte) => byte !== 0);
  const short = start < 0 ? new Uint8Array() : magnitude.subarray(start);
  // A first bit that is set would make it negative.
  const sign = (short[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array();
  return sshString(concatBytes(sign, short));
}

/** Reads a positive `mpint` in its one spelling; without the zero in front. */
export function readMpint(cursor: Cursor): Uint8Array {
  const bytes = readSshString(cursor);
  const [first = 0, second = 0] = bytes;
  if (bytes.length === 0 || first >= 0x80) throw badPart('a number is not positive');
  if (first !== 0) return bytes;
  if (second < 0x80) throw badPart('a number is not in its shortest form');
  return bytes.subarray(1);
}

/** ASCII text of printable characters without space or comma, as names are (RFC 4251 §6). */
export function asciiName(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes.subarray(0, 65));
  // RFC 4251 §6 allows 64; the lists of OpenSSH hold no longer one.
  if (bytes.length > 64 || !/^[!-+\-./-~]+$/.test(text)) throw badPart('a name is not a name of SSH');
  return text;
}

/** The algorithms one side offers, each list in its order of preference. */
export interface SshOffer {
  readonly kex: readonly string[];
  readonly hostKeys: readonly string[];
  readonly ciphersToServer: readonly string[];
  readonly ciphersToClient: readonly string[];
  readonly macsToServer: readonly string[];
  readonly macsToClient: readonly string[];
  readonly compressionToServer: readonly string[];
  readonly compressionToClient: readonly string[];
}

export interface KexInit {
  readonly cookie: Uint8Array;
  readonly offer: SshOffer;
  readonly guesses: boolean;
}

/** Reads the payload of a KEXINIT. Refuses `malformed-proof`. */
export function parseKexInit(payload: Uint8Array): KexInit {
  const cursor = openPart(payload);
  if (cursor.u8() !== KEXINIT) throw badPart('expected a KEXINIT');
  const cookie = cursor.take(COOKIE_LENGTH);
  const list = (): readonly string[] => nameList(readSshString(cursor));
  const offer: SshOffer = {
    kex: list(),
    hostKeys: list(),
    ciphersToServer: list(),
    ciphersToClient: list(),
    macsToServer: list(),
    macsToClient: list(),
    compressionToServer: list(),
    compressionToClient: list(),
  };
  list(); // languages, to the server and to the client
  list();
  const guess = cursor.u8();
  if (guess > 1 || cursor.u32() !== 0) throw badPart('a KEXINIT does not end as it must');
  cursor.end();
  return { cookie, offer, guesses: guess === 1 };
}

/** Names separated by commas; an empty list is an empty string. */
export function nameList(bytes: Uint8Array): readonly string[] {
  if (bytes.length === 0) return [];
  const names: string[] = [];
  let start = 0;
  for (let i = 0; i <= bytes.length; i++) {
    if (i < bytes.length && bytes[i] !== 0x2c) continue;
    if (names.length === MAX_NAMES) throw badPart(`a list has more than ${MAX_NAMES} names`);
    names.push(asciiName(bytes.subarray(start, i)));
    start = i + 1;
  }
  return names;
}

/** What both sides agree on: the client's first name that the server has too (RFC 4253 §7.1). */
export function agreed(client: readonly string[], server: readonly string[]): string | undefined {
  return client.find((name) => server.includes(name));
}
