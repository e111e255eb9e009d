/**
 * Numbers of COSE that Tallystick reads or writes: header labels, CWT claims, algorithms, key members.
 * IANA registries "COSE Header Parameters", "CWT Claims", "COSE Algorithms", "COSE Key Types".
 */

/** Header labels. */
export const HEADER = {
  alg: 1, // RFC 9052 §3.1
  crit: 2, // RFC 9052 §3.1
  contentType: 3, // RFC 9052 §3.1
  kid: 4, // RFC 9052 §3.1
  cwtClaims: 15, // RFC 9597
  payloadHashAlg: 258, // RFC 9995
  preimageContentType: 259, // RFC 9995
  payloadLocation: 260, // RFC 9995
  receipts: 394, // RFC 9942
  vds: 395, // RFC 9942
  vdp: 396, // RFC 9942
} as const;

/** CWT claims (RFC 8392 §3.1; `cnf`: RFC 8747 §3.1). */
export const CLAIM = { iss: 1, sub: 2, aud: 3, iat: 6, cnf: 8 } as const;
/** The member of `cnf` that holds a COSE_Key (RFC 8747 §3.2). */
export const CNF_COSE_KEY = 1;

/** Signature algorithms: the three written (RFC 9864, RFC 9964), and two older names for them (RFC 9053). */
export const ALG = { ed25519: -19, esp256: -9, mlDsa44: -48, eddsa: -8, es256: -7 } as const;

/** Hash algorithms (RFC 9054) and the bytes in their digests. */
export const HASH_ALG = { sha256: -16, sha384: -43, sha512: -44 } as const;
export const HASH_LENGTH: ReadonlyMap<number, number> = new Map([
  [HASH_ALG.sha256, 32],
  [HASH_ALG.sha384, 48],
  [HASH_ALG.sha512, 64],
]);

/** The verifiable data structure of our receipts: RFC9162_SHA256 (RFC 9942). */
export const VDS_RFC9162_SHA256 = 1;
/** Kinds of proof inside `vdp` (RFC 9942). */
export const PROOF = { inclusion: -1, consistency: -2 } as const;

/** COSE_Key members (RFC 9052 §7.1, RFC 9053 §7, RFC 9964); what −1 … −4 mean depends on `kty`. */
export const KEY = { kty: 1, kid: 2, alg: 3, crv: -1, x: -2, y: -3, d: -4, akpPub: -1, akpPriv: -2 } as const;
export const KTY = { okp: 1, ec2: 2, akp: 7 } as const;
export const CRV = { p256: 1, ed25519: 6 } as const;
