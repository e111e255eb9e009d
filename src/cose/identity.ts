/**
 * The part that protected headers of statements and receipts have in common (RFC 9943 §6): algorithm, key
 * and CWT claims with issuer and subject. Read from the protected header alone.
 */
import { isCborMap, type CborMap } from '../bytes/cbor.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { algorithmOf } from './algorithm.ts';
import { CLAIM, HEADER } from './labels.ts';
import { MALFORMED, type Sign1Kind } from './sign1.ts';

/** Characters in the longest issuer (RFC 9943 §6.1). */
const MAX_ISSUER_LENGTH = 8192;
/** Bytes in the longest key id looked up: a thumbprint has 32, the CCF ledger's hex 64. */
const MAX_KID_LENGTH = 64;

/** Who signed, with what, about what. */
export interface Identity {
  /** COSE algorithm number, a supported one. */
  readonly alg: number;
  readonly kid: Uint8Array;
  readonly issuer: string;
  readonly subject: string;
  /** All CWT claims, issuer and subject among them. */
  readonly claims: CborMap;
}

/** Refuses `unsupported-algorithm`, and `malformed-statement` or `malformed-receipt` for what is missing. */
export function readIdentity(headers: CborMap, kind: Sign1Kind): Identity {
  const alg = headers.get(HEADER.alg);
  if (alg === undefined) throw malformed(kind, 'the protected header has no alg (label 1)');
  if (typeof alg !== 'number' || algorithmOf(alg) === undefined) {
    throw refuse(
      'unsupported-algorithm',
      'the algorithm is not supported; use Ed25519 (-19), ESP256 (-9) or ML-DSA-44 (-48)',
    );
  }
  const kid = headers.get(HEADER.kid);
  if (!isKid(kid)) {
    throw malformed(kind, `the protected header needs a kid (label 4) of 1 to ${MAX_KID_LENGTH} bytes`);
  }
  const claims = headers.get(HEADER.cwtClaims);
  if (!isCborMap(claims)) throw malformed(kind, 'the protected header has no CWT claims (label 15)');
  const issuer = claims.get(CLAIM.iss);
  const subject = claims.get(CLAIM.sub);
  if (typeof issuer !== 'string' || !isIssuer(issuer)) {
    throw malformed(kind, `the issuer (CWT claim 1) is not a text of 1 to ${MAX_ISSUER_LENGTH} characters`);
  }
  if (typeof subject !== 'string') throw malformed(kind, 'the subject (CWT claim 2) is missing or not text');
  return { alg, kid, issuer, subject, claims };
}

/** Whether a header value is a key id of a length we look up. */
export function isKid(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length >= 1 && value.length <= MAX_KID_LENGTH;
}

function isIssuer(text: string): boolean {
  // Characters, not UTF-16 units, which are never fewer.
  return text !== '' && (text.length <= MAX_ISSUER_LENGTH || Array.from(text).length <= MAX_ISSUER_LENGTH);
}

function malformed(kind: Sign1Kind, what: string): Refusal {
  return refuse(MALFORMED[kind], what);
}
