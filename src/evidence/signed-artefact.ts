/**
 * What the signed bytes of an artefact's signature say: which digests they are about, and what kind of statement it is. In-toto
 * statements in a DSSE envelope, and the payload of cosign's older signatures ("simple signing").
 */
import { parseJson, type JsonValue } from '../bytes/json.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';

/** The one payload type of in-toto statements in an envelope. */
export const INTOTO_TYPE = 'application/vnd.in-toto+json';
const STATEMENTS = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'];

/** The kind of cosign's signature, which says nothing but that it was signed. */
export const COSIGN_SIGN = 'https://sigstore.dev/cosign/sign/v1';
const SIMPLE_SIGNING = 'cosign container image signature';

/**
 * Kinds of statements that count as a signature of the image where the commitment names none. Others (a test result, a
 * vulnerability report) may well say that the image is bad.
 */
export const SIGNATURE_KINDS: readonly string[] = [
  COSIGN_SIGN,
  'https://slsa.dev/provenance/v1',
  'https://slsa.dev/provenance/v0.2',
];

export interface SignedStatement {
  /** `sha256:…`, each digest that the statement is about. */
  readonly digests: readonly string[];
  /** The predicate type; of an old signature that of cosign's new ones. */
  readonly kind: string;
  /** What is said of the artefact, of an in-toto statement. */
  readonly predicate?: JsonValue;
}

const NESTING = { most: 200, advice: 'no statement is nested so deep', values: 400_000 };
const HEX = /^[0-9a-f]{64}$/;

/** Refuses `malformed-proof`. */
export function readIntoto(payload: Uint8Array): SignedStatement {
  const top = mapOf(parseJson(decodeUtf8(payload), NESTING));
  const type = top.get('_type');
  if (typeof type !== 'string' || !STATEMENTS.includes(type))
    throw wrong('the signed payload is no in-toto statement of a version that is known');
  const kind = top.get('predicateType');
  const subjects = top.get('subject');
  if (typeof kind !== 'string' || kind === '' || !Array.isArray(subjects))
    throw wrong('the signed statement has no predicateType or no subject');
  const digests = subjects.flatMap((each: JsonValue) => {
    const digest = mapOf(mapOf(each).get('digest') ?? new Map()).get('sha256');
    return typeof digest === 'string' && HEX.test(digest) ? [`sha256:${digest}`] : [];
  });
  const predicate = top.get('predicate');
  return { digests, kind, ...(predicate !== undefined && { predicate }) };
}

/** Refuses `malformed-proof`. */
export function readSimpleSigning(payload: Uint8Array): SignedStatement {
  const critical = mapOf(mapOf(parseJson(decodeUtf8(payload), NESTING)).get('critical') ?? null);
  const digest = mapOf(critical.get('image') ?? null).get('docker-manifest-digest');
  if (
    critical.get('type') !== SIMPLE_SIGNING ||
    typeof digest !== 'string' ||
    !/^sha256:[0-9a-f]{64}$/.test(digest)
  )
    throw wrong("the signed payload is none of cosign's for an image");
  return { digests: [digest], kind: COSIGN_SIGN };
}

function mapOf(value: JsonValue): ReadonlyMap<string, JsonValue> {
  if (value instanceof Map) return value;
  throw wrong('a member of the signed payload is no object');
}

const wrong = (what: string): Refusal => refuse('malformed-proof', what);
