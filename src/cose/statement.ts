/**
 * Signed Statements (RFC 9943 §6): what an issuer signed, as COSE_Sign1 with alg, kid and CWT claims in
 * the protected header and the payload inside. The payload may be a digest (hash envelope, RFC 9995).
 */
import { encodeCbor, isCborMap } from '../bytes/cbor.ts';
import type { CborKey, CborLimits, CborMap, CborValue } from '../bytes/cbor.ts';
import { refuse } from '../bytes/refusal.ts';
import { verifyWithNoble, type PublicKey, type VerifySignature } from '../sign/algorithm.ts';
import type { Signer } from '../sign/signer.ts';
import { algorithmId, algorithmMatches } from './algorithm.ts';
import { readIdentity, type Identity } from './identity.ts';
import { coseKeyMap, readCoseKey, keyThumbprint } from './key.ts';
import { CLAIM, CNF_COSE_KEY, HASH_ALG, HASH_LENGTH, HEADER } from './labels.ts';
import { decodeSign1, encodeSign1, NO_HEADERS, sigStructure, type ReadHeaders, type Sign1 } from './sign1.ts';

/** RFC 9995: the payload is a digest of something kept elsewhere. */
interface HashEnvelope {
  /** COSE hash algorithm: −16, −43 or −44. */
  readonly alg: number;
  readonly preimageContentType: string | number | undefined;
  readonly location: string | undefined;
}

/** A statement whose shape is good; its signature is for `verifyStatement`. */
export interface SignedStatement extends Identity {
  readonly sign1: Sign1;
  /** Media type, or CoAP content format as a number. */
  readonly contentType: string | number | undefined;
  readonly hashEnvelope: HashEnvelope | undefined;
  /** The key of the `cnf` claim (RFC 8747), when it holds a COSE_Key. Not yet checked to be strong. */
  readonly confirmation: PublicKey | undefined;
  readonly payload: Uint8Array;
}

/**
 * Reads a statement, by default of at most 65,535 bytes. Refuses `malformed-cbor`, `non-deterministic`, `too-large`,
 * `malformed-statement`, `unsupported-algorithm`, `payload-missing` and, for `cnf`, `malformed-key`.
 */
export function decodeStatement(
  bytes: Uint8Array,
  limits?: Partial<CborLimits>,
  readHeaders?: ReadHeaders,
): SignedStatement {
  const sign1 = decodeSign1(bytes, limits, 'statement', readHeaders);
  const identity = readIdentity(sign1.headers, 'statement');
  const hashEnvelope = readHashEnvelope(sign1);
  const contentType = sign1.headers.get(HEADER.contentType);
  if (contentType !== undefined && !isContentType(contentType)) {
    throw refuse('malformed-statement', 'the content type (label 3) is neither text nor a number');
  }
  const { payload } = sign1;
  if (payload === null) {
    throw refuse('payload-missing', 'the payload is detached; sign it, or its digest, inside the statement');
  }
  if (hashEnvelope !== undefined && HASH_LENGTH.get(hashEnvelope.alg) !== payload.length) {
    throw refuse('malformed-statement', 'the payload is not a digest of the algorithm in label 258');
  }
  const confirmation = readConfirmation(identity.claims);
  return { ...identity, sign1, contentType, hashEnvelope, confirmation, payload };
}

/** RFC 9995 §2: 258 to 260 are protected, and label 3 is nowhere. */
function readHashEnvelope({ headers, unprotected }: Sign1): HashEnvelope | undefined {
  for (const label of [HEADER.payloadHashAlg, HEADER.preimageContentType, HEADER.payloadLocation]) {
    if (unprotected.has(label)) throw refuse('malformed-statement', `label ${label} is not protected`);
  }
  const alg = headers.get(HEADER.payloadHashAlg);
  const preimageContentType = headers.get(HEADER.preimageContentType);
  const location = headers.get(HEADER.payloadLocation);
  if (alg === undefined) {
    if (preimageContentType === undefined && location === undefined) return undefined;
    throw refuse('malformed-statement', 'labels 259 and 260 need a payload hash algorithm (258)');
  }
  if (typeof alg !== 'number' || !HASH_LENGTH.has(alg)) {
    throw refuse('malformed-statement', 'the payload hash algorithm (258) is not known; use SHA-256 (-16)');
  }
  if (headers.has(HEADER.contentType) || unprotected.has(HEADER.contentType)) {
    throw refuse('malformed-statement', 'a hash envelope has label 259 instead of a content type (3)');
  }
  if (preimageContentType !== undefined && !isContentType(preimageContentType)) {
    throw refuse('malformed-statement', 'the preimage content type (259) is neither text nor a number');
  }
  if (location !== undefined && typeof location !== 'string') {
    throw refuse('malformed-statement', 'the payload location (260) is not text');
  }
  return { alg, preimageContentType, location };
}

function isContentType(value: CborValue): value is string | number {
  return typeof value === 'string' || (typeof value === 'number' && value >= 0);
}

function readConfirmation(claims: CborMap): PublicKey | undefined {
  const confirmation = claims.get(CLAIM.cnf);
  if (confirmation === undefined) return undefined;
  if (!isCborMap(confirmation)) throw refuse('malformed-statement', 'the cnf claim (8) is not a map');
  const key = confirmation.get(CNF_COSE_KEY);
  return key === undefined ? undefined : readCoseKey(key).key;
}

/**
 * The entry as logged: the message with an empty unprotected header and shortest heads, everything else as
 * received (RFC 9943 §6; its leaf is SHA-256(0x00 ‖ entry)).
 */
export function entryBytes(sign1: Sign1): Uint8Array {
  // Nearly always there is nothing to leave out, and a message that was read has one spelling.
  return sign1.unprotected.size === 0 ? sign1.message : encodeSign1({ ...sign1, unprotected: NO_HEADERS });
}

/**
 * Checks a statement's signature under the key that its `kid` was found to mean. Refuses
 * `unsupported-algorithm` when the header's algorithm is not the key's, and `bad-signature`.
 */
export function verifyStatement(
  statement: SignedStatement,
  key: PublicKey,
  verify: VerifySignature = verifyWithNoble,
): void {
  if (!algorithmMatches(statement.alg, key)) {
    throw refuse('unsupported-algorithm', `alg ${statement.alg} does not go with the ${key.algorithm} key`);
  }
  const { protectedBytes, signature } = statement.sign1;
  if (!verify(key, sigStructure(protectedBytes, statement.payload), signature)) {
    throw refuse('bad-signature', "the statement's signature does not verify under its issuer's key");
  }
}

/** What goes into a statement's protected header besides algorithm and key id. */
export interface StatementHeaders {
  readonly issuer: string;
  readonly subject: string;
  readonly contentType?: string | number;
  /** The payload given is a digest. Default algorithm: SHA-256. */
  readonly hashEnvelope?: {
    readonly alg?: number;
    readonly preimageContentType?: string | number;
    readonly location?: string;
  };
  /** Further CWT claims; never `iss`, `sub` or `cnf`. */
  readonly claims?: CborMap;
  /** Puts the public key into the `cnf` claim, so that the statement can be checked by itself. */
  readonly confirm?: boolean;
}

/**
 * Signs a statement; `kid` is the key's thumbprint. What comes out, `decodeStatement` accepts: headers it
 * would refuse are refused here. A claim given twice is a bug of the caller: RangeError.
 */
export async function signStatement(
  headers: StatementHeaders,
  payload: Uint8Array,
  signer: Signer,
): Promise<Uint8Array<ArrayBuffer>> {
  const protectedBytes = encodeCbor(statementHeaders(headers, signer.publicKey));
  const signature = await signer.sign(sigStructure(protectedBytes, payload));
  const statement = encodeSign1({ protectedBytes, unprotected: NO_HEADERS, payload, signature });
  decodeStatement(statement);
  return statement;
}

function statementHeaders(headers: StatementHeaders, key: PublicKey): CborMap {
  const claims = new Map<CborKey, CborValue>(headers.claims);
  for (const claim of [CLAIM.iss, CLAIM.sub, CLAIM.cnf]) {
    if (claims.has(claim)) throw new RangeError(`claim ${claim} is given twice`);
  }
  claims.set(CLAIM.iss, headers.issuer).set(CLAIM.sub, headers.subject);
  if (headers.confirm === true) claims.set(CLAIM.cnf, new Map([[CNF_COSE_KEY, coseKeyMap(key)]]));
  const map = new Map<CborKey, CborValue>([
    [HEADER.alg, algorithmId(key.algorithm)],
    [HEADER.kid, keyThumbprint(key)],
    [HEADER.cwtClaims, claims],
  ]);
  const { contentType, hashEnvelope } = headers;
  if (contentType !== undefined) map.set(HEADER.contentType, contentType);
  if (hashEnvelope !== undefined) {
    const { alg = HASH_ALG.sha256, preimageContentType, location } = hashEnvelope;
    map.set(HEADER.payloadHashAlg, alg);
    if (preimageContentType !== undefined) map.set(HEADER.preimageContentType, preimageContentType);
    if (location !== undefined) map.set(HEADER.payloadLocation, location);
  }
  return map;
}
