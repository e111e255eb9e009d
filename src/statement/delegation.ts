/**
 * A delegation: an enrolled key in the role `delegator` lets the key of one node prove, for a while (spec/statements.md
 * §5a). It is a signed message of its own, is carried in each proof of that key, and is no entry of the log. Whether it
 * counts is decided in registration/delegated.ts.
 */
import { decodeCbor, encodeCbor } from '../bytes/cbor.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { CLAIM } from '../cose/labels.ts';
import { decodeStatement, signStatement, type SignedStatement } from '../cose/statement.ts';
import type { Signer } from '../sign/signer.ts';
import { readAudience } from './claims.ts';
import { pattern } from './pattern.ts';
import { publicKey } from './public-key.ts';
import {
  array,
  checked,
  describe,
  plainSchema,
  record,
  text,
  wrong,
  type Of,
  type Schema,
} from './schema.ts';
import { distinct, inside, time } from './vocabulary.ts';

/** Longest time between `notBefore` and `notAfter`, seconds: 31 days. */
export const MAX_DELEGATION = 31 * 86_400;
/** Two ML-DSA-44 keys' worth: a public key and a signature. */
const MAX_BYTES = 8_192;
/** No statement has this content type: a log refuses to log a delegation, and none of its entries is one. */
const CONTENT_TYPE = 'application/vnd.tallystick.delegation.v1+cbor';

/** Name of a node, as in Kubernetes: one segment of a subject. */
export const NODE_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

const isTrue: Schema<true> = plainSchema((value, at) => {
  if (value === true) return value;
  throw wrong(at, `expected true, or no such field, got ${describe(value)}`);
});

const fields = record(
  {
    /** The key of the node's agent. */
    key: publicKey,
    node: text(1, 253, { pattern: NODE_NAME, says: "a node's name: letters, digits, dots, hyphens" }),
    /** What the key may prove. The last segment of each pattern is the node's name. */
    subjects: array(pattern, 8, 1),
    notBefore: time,
    notAfter: time,
  },
  {
    /** The delegator says that the API of the node's cluster neither starts this agent nor holds its key. */
    apart: isTrue,
  },
);

/** What a delegation says. */
export type DelegationBody = Of<typeof fields>;

const body: Schema<DelegationBody> = checked(fields, ({ node, subjects, notBefore, notAfter }, at) => {
  distinct(subjects, (each) => each, inside(at, 'subjects'));
  for (const [i, each] of subjects.entries())
    if (!each.endsWith(`/${node}`))
      throw wrong(
        `${inside(at, 'subjects')}[${i}]`,
        `a node speaks for itself alone: it must end in /${node}`,
      );
  if (notAfter <= notBefore) throw wrong(inside(at, 'notAfter'), 'it must be later than notBefore');
  if (notAfter - notBefore > MAX_DELEGATION)
    throw wrong(inside(at, 'notAfter'), `a delegation lasts at most ${MAX_DELEGATION / 86_400} days`);
});

export interface Delegation extends DelegationBody {
  /** The signed message. */
  readonly bytes: Uint8Array;
  readonly statement: SignedStatement;
  /** Thumbprint of the delegator's key, lower-case hex: as claimed by the header. */
  readonly kid: string;
  readonly issuer: string;
  /** The logs that it is for. */
  readonly audience: readonly string[];
}

/** Reads a delegation; its signature is for `assertSigned` to check. Refuses `malformed-payload`. */
export function parseDelegation(bytes: Uint8Array): Delegation {
  return delegation.parse(bytes, 'the delegation');
}

/** A delegation inside a proof. */
export const delegation: Schema<Delegation> = {
  parse(value, at) {
    if (!(value instanceof Uint8Array) || value.length > MAX_BYTES)
      throw wrong(at, `expected a byte string of at most ${MAX_BYTES} bytes, got ${describe(value)}`);
    try {
      return read(value, at);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code === 'malformed-payload') throw error;
      throw wrong(at, error.message);
    }
  },
  encode: ({ bytes }) => bytes,
};

function read(bytes: Uint8Array, at: string): Delegation {
  const statement = decodeStatement(bytes);
  const { contentType, kid, issuer, sign1, subject, claims, payload } = statement;
  if (contentType !== CONTENT_TYPE) throw wrong(at, `expected the content type ${CONTENT_TYPE}`);
  if (sign1.unprotected.size > 0) throw wrong(at, 'its unprotected header is not empty');
  if (kid.length !== 32) throw wrong(at, 'its kid is not the thumbprint of a key');
  const said = body.parse(decodeCbor(payload), at);
  if (subject !== said.node) throw wrong(at, "its subject (sub) is not the node's name");
  const audience = readAudience(claims);
  if (audience === undefined) throw wrong(at, 'it does not say for which log it is (aud)');
  return { ...said, bytes, statement, kid: formatHex(kid), issuer, audience };
}

/** What a delegator signs. `log`: origin of the log; `issuer`: who delegates. */
export interface Delegating extends DelegationBody {
  readonly log: string;
  readonly issuer: string;
}

/** Signs a delegation. Refuses `malformed-payload`, and `policy-rejected` for a key that delegates to itself. */
export async function signDelegation(
  { log, issuer, ...said }: Delegating,
  signer: Signer,
): Promise<Delegation> {
  const payload = encodeCbor(body.encode(said));
  const headers = {
    issuer,
    subject: said.node,
    contentType: CONTENT_TYPE,
    claims: new Map([[CLAIM.aud, log]]),
  };
  const made = parseDelegation(await signStatement(headers, payload, signer));
  if (formatHex(signer.publicKey.bytes) === formatHex(said.key.bytes))
    throw refuse('policy-rejected', 'a key does not delegate to itself; give the node a key of its own');
  return made;
}
