/**
 * Encrypts and decrypts the packets of an SSH session (RFC 4253 §6 and §7.2; RFC 5647 as OpenSSH does it; `*-etm@openssh.com`:
 * PROTOCOL §1.5), with ChaCha20 and Poly1305, AES in GCM, or AES in CTR and an HMAC. It is made for a few packets: the keys are
 * never changed.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { concatBytes } from '../../bytes/compare.ts';
import { bigEndian } from '../../bytes/cursor.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { agreed, sshMpint, type SshOffer } from '../../evidence/ssh-fields.ts';
import { Ended, type Wire } from '../wire.ts';
import { CHACHA, ChaCha, CHACHA_KEY, CHACHA_TAG } from './chacha.ts';

const TAG = 16;
const BLOCK = 16;
const MAX_PACKET = 35_000;

const GCM: ReadonlyMap<string, 'aes-256-gcm' | 'aes-128-gcm'> = new Map([
  ['aes256-gcm@openssh.com', 'aes-256-gcm'],
  ['aes128-gcm@openssh.com', 'aes-128-gcm'],
]);
const CTR: ReadonlyMap<string, number> = new Map([
  ['aes256-ctr', 32],
  ['aes192-ctr', 24],
  ['aes128-ctr', 16],
]);
/** For each MAC: its hash, the bytes of its key and tag, and whether it covers the ciphertext (`etm`) or the plaintext. */
const HMAC: ReadonlyMap<string, readonly [hash: string, bytes: number, etm: boolean]> = new Map([
  ['hmac-sha2-256-etm@openssh.com', ['sha256', 32, true]],
  ['hmac-sha2-512-etm@openssh.com', ['sha512', 64, true]],
  ['hmac-sha2-256', ['sha256', 32, false]],
  ['hmac-sha2-512', ['sha512', 64, false]],
  ['hmac-sha1', ['sha1', 20, false]],
]);

/** The results of the key exchange, from which the session begins. */
interface SessionSecrets {
  /** The shared secret, big-endian. */
  readonly secret: Uint8Array;
  /** The hash of the exchange. */
  readonly hash: Uint8Array;
  /** Packets before the session, in each direction. The MAC covers the number of a packet, which counts from there. */
  readonly sent: number;
  readonly received: number;
}

/** Encrypts the packets of one direction, one after another. */
interface Sealer {
  seal(payload: Uint8Array): Uint8Array;
}
/** Reads and decrypts the packets of the other direction, one after another. */
interface Opener {
  open(wire: Wire): Promise<Uint8Array>;
}

export class Session {
  readonly #wire: Wire;
  readonly #out: Sealer;
  readonly #in: Opener;

  private constructor(wire: Wire, out: Sealer, opener: Opener) {
    this.#wire = wire;
    this.#out = out;
    this.#in = opener;
  }

  /** The session of an exchange; undefined if the agreed algorithms are not implemented here. */
  static over(wire: Wire, client: SshOffer, server: SshOffer, secrets: SessionSecrets): Session | undefined {
    const out = sealerOf(
      agreed(client.ciphersToServer, server.ciphersToServer) ?? '',
      agreed(client.macsToServer, server.macsToServer) ?? '',
      (letter, length) => derived(secrets, letter, length),
      secrets.sent,
    );
    const opener = openerOf(
      agreed(client.ciphersToClient, server.ciphersToClient) ?? '',
      agreed(client.macsToClient, server.macsToClient) ?? '',
      (letter, length) => derived(secrets, letter, length),
      secrets.received,
    );
    return out === undefined || opener === undefined ? undefined : new Session(wire, out, opener);
  }

  send(payload: Uint8Array): void {
    this.#wire.write(this.#out.seal(payload));
  }

  receive(): Promise<Uint8Array> {
    return this.#in.open(this.#wire);
  }
}

type Derive = (letter: string, length: number) => Uint8Array;

/** One key or IV (RFC 4253 §7.2). There is one exchange, so its hash is also the identifier of the session. */
function derived({ secret, hash }: SessionSecrets, letter: string, length: number): Uint8Array {
  const start = concatBytes(sshMpint(secret), hash);
  const digest = (...rest: readonly Uint8Array[]): Uint8Array =>
    createHash('sha256')
      .update(concatBytes(start, ...rest))
      .digest();
  let all = digest(encodeUtf8(letter), hash);
  while (all.length < length) all = concatBytes(all, digest(all));
  return all.subarray(0, length);
}

/** The length of a packet, and its padding and payload (RFC 4253 §6). The encrypted part has whole blocks. */
function padded(payload: Uint8Array, lengthIsClear: boolean): readonly [head: Uint8Array, rest: Uint8Array] {
  const whole = payload.length + 1 + (lengthIsClear ? 0 : 4);
  const short = BLOCK - (whole % BLOCK);
  const padding = short < 4 ? short + BLOCK : short;
  const rest = concatBytes(Uint8Array.of(padding), payload, Uint8Array.from(randomBytes(padding)));
  return [bigEndian(rest.length, 4), rest];
}

function unpadded(packet: Uint8Array): Uint8Array {
  const padding = packet[0] ?? 0;
  if (padding < 4 || padding + 2 > packet.length) throw new Ended('garbage', 'a packet is padded wrongly');
  return packet.subarray(1, packet.length - padding);
}

function lengthIn(head: Uint8Array): number {
  const length = new DataView(head.buffer, head.byteOffset, 4).getUint32(0);
  if (length < 5 || length > MAX_PACKET) throw new Ended('garbage', `a packet has ${length} bytes`);
  return length;
}

function forged(): Ended {
  return new Ended('garbage', 'a packet is not of this session');
}

/** The nonces of AES in GCM: four fixed bytes, and a counter of eight. */
function* nonces(iv: Uint8Array): Generator<Uint8Array, never> {
  const counter = new DataView(iv.buffer, iv.byteOffset).getBigUint64(4);
  for (let i = counter; ; i++) {
    const next = Uint8Array.from(iv);
    new DataView(next.buffer).setBigUint64(4, BigInt.asUintN(64, i));
    yield next;
  }
}

function chachaSealer(keys: ChaCha, seq: number): Sealer {
  return {
    seal(payload) {
      const number = seq++;
      const [head, rest] = padded(payload, true);
      const sent = concatBytes(keys.length(number, head), keys.body(number, rest));
      return concatBytes(sent, keys.tag(number, sent));
    },
  };
}

function chachaOpener(keys: ChaCha, seq: number): Opener {
  return {
    async open(wire) {
      const number = seq++;
      const head = Uint8Array.from(await wire.read(4));
      const body = Uint8Array.from(await wire.read(lengthIn(keys.length(number, head))));
      if (!keys.isTag(number, concatBytes(head, body), await wire.read(CHACHA_TAG))) throw forged();
      return unpadded(keys.body(number, body));
    },
  };
}

function sealerOf(cipher: string, mac: string, derive: Derive, seq: number): Sealer | undefined {
  if (cipher === CHACHA) return chachaSealer(new ChaCha(derive('C', CHACHA_KEY)), seq);
  const gcm = GCM.get(cipher);
  if (gcm !== undefined) {
    const key = derive('C', gcm === 'aes-256-gcm' ? 32 : 16);
    const ivs = nonces(Uint8Array.from(derive('A', 12)));
    return {
      seal(payload) {
        const [head, rest] = padded(payload, true);
        const each = createCipheriv(gcm, key, ivs.next().value).setAAD(head);
        const body = concatBytes(each.update(rest), each.final());
        return concatBytes(head, body, each.getAuthTag());
      },
    };
  }
  const [bytes, hmac] = [CTR.get(cipher), HMAC.get(mac)];
  if (bytes === undefined || hmac === undefined) return undefined;
  const [hash, macBytes, etm] = hmac;
  const stream = createCipheriv(`aes-${bytes * 8}-ctr`, derive('C', bytes), derive('A', BLOCK));
  const key = derive('E', macBytes);
  return {
    seal(payload) {
      const [head, rest] = padded(payload, etm);
      const number = bigEndian(seq++, 4);
      const body = etm ? concatBytes(head, stream.update(rest)) : stream.update(concatBytes(head, rest));
      const covered = etm ? body : concatBytes(head, rest);
      return concatBytes(body, createHmac(hash, key).update(concatBytes(number, covered)).digest());
    },
  };
}

function openerOf(cipher: string, mac: string, derive: Derive, seq: number): Opener | undefined {
  if (cipher === CHACHA) return chachaOpener(new ChaCha(derive('D', CHACHA_KEY)), seq);
  const gcm = GCM.get(cipher);
  if (gcm !== undefined) {
    const key = derive('D', gcm === 'aes-256-gcm' ? 32 : 16);
    const ivs = nonces(Uint8Array.from(derive('B', 12)));
    return {
      async open(wire) {
        const head = Uint8Array.from(await wire.read(4));
        const sealed = Uint8Array.from(await wire.read(lengthIn(head) + TAG));
        const each = createDecipheriv(gcm, key, ivs.next().value).setAAD(head);
        each.setAuthTag(sealed.subarray(-TAG));
        try {
          return unpadded(concatBytes(each.update(sealed.subarray(0, -TAG)), each.final()));
        } catch (error) {
          throw error instanceof Ended ? error : forged();
        }
      },
    };
  }
  const [bytes, hmac] = [CTR.get(cipher), HMAC.get(mac)];
  if (bytes === undefined || hmac === undefined) return undefined;
  const [hash, macBytes, etm] = hmac;
  const stream = createDecipheriv(`aes-${bytes * 8}-ctr`, derive('D', bytes), derive('B', BLOCK));
  const key = derive('F', macBytes);
  const assertMac = (covered: Uint8Array, tag: Uint8Array): void => {
    const own = createHmac(hash, key)
      .update(concatBytes(bigEndian(seq++, 4), covered))
      .digest();
    if (!timingSafeEqual(own, tag)) throw forged();
  };
  return {
    async open(wire) {
      if (etm) {
        const head = Uint8Array.from(await wire.read(4));
        const body = Uint8Array.from(await wire.read(lengthIn(head)));
        assertMac(concatBytes(head, body), await wire.read(macBytes));
        return unpadded(stream.update(body));
      }
      const first = Uint8Array.from(stream.update(await wire.read(BLOCK)));
      const length = lengthIn(first.subarray(0, 4));
      if (length + 4 < BLOCK || (length + 4) % BLOCK !== 0) throw forged();
      const packet = concatBytes(first, stream.update(await wire.read(length + 4 - BLOCK)));
      assertMac(packet, await wire.read(macBytes));
      return unpadded(packet.subarray(4));
    },
  };
}
