/** TLS code points and their names, as the IANA registries spell them. What is not here is refused. */

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

/** Cipher suites of TLS 1.3 (RFC 8446 §B.4). */
const SUITES_13: readonly (readonly [number, string])[] = [
  [0x1302, 'TLS_AES_256_GCM_SHA384'],
  [0x1303, 'TLS_CHACHA20_POLY1305_SHA256'],
  [0x1301, 'TLS_AES_128_GCM_SHA256'],
];

/** Suites of TLS 1.2 and older whose key exchange the server signs, the strong ones first. */
const SIGNED: readonly (readonly [number, string])[] = [
  [0xc02c, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
  [0xc030, 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
  [0xcca9, 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'],
  [0xcca8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
  [0xc02b, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  [0xc02f, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
  [0xc0ad, 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM'],
  [0xc0ac, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM'],
  [0x009f, 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384'],
  [0xccaa, 'TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
  [0x009e, 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256'],
  [0xc024, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384'],
  [0xc028, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384'],
  [0xc023, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'],
  [0xc027, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256'],
  [0x006b, 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA256'],
  [0x0067, 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA256'],
  [0xc00a, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA'],
  [0xc014, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA'],
  [0xc009, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'],
  [0xc013, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA'],
  [0x0039, 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA'],
  [0x0033, 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA'],
  [0xc008, 'TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA'],
  [0xc012, 'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA'],
  [0xc007, 'TLS_ECDHE_ECDSA_WITH_RC4_128_SHA'],
  [0xc011, 'TLS_ECDHE_RSA_WITH_RC4_128_SHA'],
];

/** Static RSA key exchange: nothing is signed. */
const UNSIGNED: readonly (readonly [number, string])[] = [
  [0x009d, 'TLS_RSA_WITH_AES_256_GCM_SHA384'],
  [0x009c, 'TLS_RSA_WITH_AES_128_GCM_SHA256'],
  [0x003d, 'TLS_RSA_WITH_AES_256_CBC_SHA256'],
  [0x003c, 'TLS_RSA_WITH_AES_128_CBC_SHA256'],
  [0x0035, 'TLS_RSA_WITH_AES_256_CBC_SHA'],
  [0x002f, 'TLS_RSA_WITH_AES_128_CBC_SHA'],
  [0x000a, 'TLS_RSA_WITH_3DES_EDE_CBC_SHA'],
  [0x0005, 'TLS_RSA_WITH_RC4_128_SHA'],
  [0x0004, 'TLS_RSA_WITH_RC4_128_MD5'],
];

const codes = (rows: readonly (readonly [number, string])[]): readonly number[] => rows.map(([code]) => code);

/** Suites by what is signed, in the order they are offered. */
export const SUITES = { tls13: codes(SUITES_13), signed: codes(SIGNED), unsigned: codes(UNSIGNED) } as const;

/** Names of suites by their number. */
export const SUITE_NAMES: ReadonlyMap<number, string> = new Map([...SUITES_13, ...SIGNED, ...UNSIGNED]);

export interface Suite13 {
  readonly hash: 'sha256' | 'sha384';
  readonly cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
  readonly keyLength: 16 | 32;
}

/** What a suite of TLS 1.3 stands for. */
export function suite13(code: number): Suite13 | undefined {
  if (code === 0x1301) return { hash: 'sha256', cipher: 'aes-128-gcm', keyLength: 16 };
  if (code === 0x1302) return { hash: 'sha384', cipher: 'aes-256-gcm', keyLength: 32 };
  return code === 0x1303 ? { hash: 'sha256', cipher: 'chacha20-poly1305', keyLength: 32 } : undefined;
}

export type KeyExchange = 'ecdhe' | 'dhe' | 'rsa';

/** Key exchange of a suite of TLS 1.2 and older. */
export function keyExchangeOf(code: number): KeyExchange | undefined {
  const name = SUITE_NAMES.get(code) ?? '';
  if (name.startsWith('TLS_ECDHE_')) return 'ecdhe';
  if (name.startsWith('TLS_DHE_')) return 'dhe';
  return name.startsWith('TLS_RSA_') ? 'rsa' : undefined;
}

/** Groups, and the bytes of a point or share of each as the server sends it. */
export const GROUPS: ReadonlyMap<number, { readonly name: string; readonly length: number }> = new Map([
  [0x11ec, { name: 'X25519MLKEM768', length: 1_120 }],
  [0x001d, { name: 'x25519', length: 32 }],
  [0x0017, { name: 'secp256r1', length: 65 }],
  [0x0018, { name: 'secp384r1', length: 97 }],
  [0x0019, { name: 'secp521r1', length: 133 }],
]);
