/** TLS code points that are read here: versions, suites whose signature is understood, groups with their sizes. */
import { GROUP_NAMES, SUITE_NAMES } from './tls-registry.ts';

/** Protocol versions, newest first (RFC 8446 §4.2.1), under the names that OpenSSL, nginx and PostgreSQL use. */
export const TLS_VERSIONS = {
  'TLSv1.3': 0x0304,
  'TLSv1.2': 0x0303,
  'TLSv1.1': 0x0302,
  TLSv1: 0x0301,
} as const;
export type TlsVersion = keyof typeof TLS_VERSIONS;

/** The name of a version. */
export function versionName(code: number): TlsVersion | undefined {
  if (code === TLS_VERSIONS['TLSv1.3']) return 'TLSv1.3';
  if (code === TLS_VERSIONS['TLSv1.2']) return 'TLSv1.2';
  if (code === TLS_VERSIONS['TLSv1.1']) return 'TLSv1.1';
  return code === TLS_VERSIONS.TLSv1 ? 'TLSv1' : undefined;
}

/** Suites of TLS 1.3 whose records are opened here, the preferred first (RFC 8446 §B.4). */
const SUITES_13 = [0x1302, 0x1303, 0x1301, 0x1304, 0x1305];

/** Suites of TLS 1.2 and older that are offered first, the strong ones first: the server signs their key exchange. */
const PREFERRED = [
  0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc02b, 0xc02f, 0xc0ad, 0xc0ac, 0x009f, 0xccaa, 0x009e, 0xc024, 0xc028,
  0xc023, 0xc027, 0x006b, 0x0067, 0xc00a, 0xc014, 0xc009, 0xc013, 0x0039, 0x0033, 0xc008, 0xc012, 0xc007,
  0xc011,
];

/** Suites whose handshake signature is read here, in the order they are offered. */
export const SUITES = { tls13: SUITES_13, signed: PREFERRED } as const;

/** Suites of TLS 1.3 alone: the registry marks them by their reference. No key exchange is in their name. */
const ONLY_13 = /^TLS_(?:AES_|CHACHA20_|AEGIS_|SM4_|SHA\d+_|GOSTR341112_256_WITH_\w+_MGM_)/;

/** Suites that need TLS 1.2: AEAD, and CBC with SHA-2 (RFC 5246 §5); those with a PSK older versions may use too (RFC 5487). */
const SINCE_12 = /_GCM_|_CCM|CHACHA20|_ARIA_|_CTR_OMAC$|ECCPWD|_SHA256$|_SHA384$/;
const PSK_CBC = /PSK_WITH_(?:NULL|\w+_CBC)_SHA(?:256|384)$/;

/** Every registered suite that a version can use, the preferred first. */
export function registeredSuites(version: TlsVersion): readonly number[] {
  const first = version === 'TLSv1.3' ? SUITES_13 : PREFERRED;
  return [...new Set([...first, ...SUITE_NAMES.keys()])].filter((code) => {
    const name = SUITE_NAMES.get(code) ?? '';
    if (ONLY_13.test(name) || version === 'TLSv1.3') return ONLY_13.test(name) && version === 'TLSv1.3';
    return version === 'TLSv1.2' || !SINCE_12.test(name) || PSK_CBC.test(name);
  });
}

/** Whether a suite agrees on its secret by Diffie-Hellman in a field, with keys made for the session (RFC 7919). */
export function isFieldSuite(code: number): boolean {
  return /^TLS_(?:DHE|DH_anon)_/.test(SUITE_NAMES.get(code) ?? '');
}

export interface Suite13 {
  readonly hash: 'sha256' | 'sha384';
  readonly cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305' | 'aes-128-ccm';
  readonly keyLength: 16 | 32;
  readonly tagLength: 8 | 16;
}

/** What a suite of TLS 1.3 stands for; undefined when it is not read here. */
export function suite13(code: number): Suite13 | undefined {
  const sha256 = { hash: 'sha256', keyLength: 16, tagLength: 16 } as const;
  if (code === 0x1301) return { ...sha256, cipher: 'aes-128-gcm' };
  if (code === 0x1302) return { hash: 'sha384', cipher: 'aes-256-gcm', keyLength: 32, tagLength: 16 };
  if (code === 0x1303) return { ...sha256, cipher: 'chacha20-poly1305', keyLength: 32 };
  if (code === 0x1304) return { ...sha256, cipher: 'aes-128-ccm' };
  return code === 0x1305 ? { ...sha256, cipher: 'aes-128-ccm', tagLength: 8 } : undefined;
}

/** How a suite of TLS 1.2 and older agrees on its secret, where the server signs its half; undefined where it does not. */
export function signedExchange(code: number): 'ecdhe' | 'dhe' | undefined {
  const [, kind] = /^TLS_(ECDHE|DHE)_(?:RSA|ECDSA|DSS)_/.exec(SUITE_NAMES.get(code) ?? '') ?? [];
  return kind === 'ECDHE' ? 'ecdhe' : kind === 'DHE' ? 'dhe' : undefined;
}

/** Bytes of a point or share as the server sends it, by the name of its group. Groups without one are not read here. */
const LENGTHS: Readonly<Record<string, number>> = {
  X25519MLKEM768: 1_120,
  SecP256r1MLKEM768: 1_153,
  SecP384r1MLKEM1024: 1_665,
  x25519: 32,
  secp256r1: 65,
  secp384r1: 97,
  secp521r1: 133,
  x448: 56,
  brainpoolP256r1: 65,
  brainpoolP384r1: 97,
  brainpoolP512r1: 129,
  brainpoolP256r1tls13: 65,
  brainpoolP384r1tls13: 97,
  brainpoolP512r1tls13: 129,
  ffdhe2048: 256,
  ffdhe3072: 384,
  ffdhe4096: 512,
  ffdhe6144: 768,
  ffdhe8192: 1_024,
};

/** Groups that are read here, by number, in the order they are offered; with the bytes of the server's point or share. */
export const GROUPS: ReadonlyMap<number, { readonly name: string; readonly length: number }> = new Map(
  Object.entries(LENGTHS).map(([name, length]) => [numberOf(name), { name, length }]),
);

/** Groups of Diffie-Hellman in a field (RFC 7919). */
export const FIELD_GROUPS = [0x0100, 0x0101, 0x0102, 0x0103, 0x0104] as const;

function numberOf(name: string): number {
  const found = [...GROUP_NAMES].find(([, each]) => each === name);
  if (found === undefined) throw new Error(`no group ${name}`);
  return found[0];
}
