/**
 * Refusals: what the world did wrong. One closed table gives each its stable code, the title a SCRAPI
 * client sees (draft-ietf-scitt-scrapi-11 §2.6, RFC 9290), the HTTP status and the exit code.
 * A bug of ours is never a refusal: it throws an ordinary Error at once.
 */

/** Exit codes of every command: 0 is success, the rest tell a script what kind of failure it was. */
export const EXIT = {
  ok: 0,
  usage: 1,
  notFound: 2,
  verification: 3,
  splitView: 4,
  quorum: 5,
  /** What was asked about is authentic, and yet nothing of it proves anything against anybody. */
  unproven: 6,
  config: 78,
} as const;

type Row = { readonly title: string; readonly status: number; readonly exit: number };

const row = (title: string, status: number, exit: number): Row => ({ title, status, exit });
const malformed = row('Malformed request', 400, EXIT.verification);
const rejected = row('Rejected', 400, EXIT.verification);
const startUp = row('Not started', 500, EXIT.config);

/** Code → title, HTTP status, exit code. Codes are stable: never renamed, never reused. */
export const REFUSALS = {
  // bytes
  'malformed-text': malformed,
  'malformed-cbor': malformed,
  'non-deterministic': malformed,
  'too-large': row('Rejected', 413, EXIT.verification),
  // tree
  'malformed-proof': malformed,
  'malformed-tile': malformed,
  'proof-failed': row('Proof Failed', 422, EXIT.verification),
  inconsistent: row('Split View', 409, EXIT.splitView),
  // notes
  'malformed-note': malformed,
  'malformed-checkpoint': malformed,
  'malformed-key': row('Malformed Key', 400, EXIT.config),
  'malformed-trust-policy': row('Malformed Policy', 400, EXIT.config),
  'unknown-signer': row('Unknown Signer', 403, EXIT.verification),
  'quorum-unmet': row('Quorum Unmet', 503, EXIT.quorum),
  // COSE
  'malformed-statement': malformed,
  'malformed-receipt': malformed,
  'unsupported-algorithm': row('Bad Signature Algorithm', 400, EXIT.verification),
  'bad-signature': row('Rejected', 400, EXIT.verification),
  'payload-missing': row('Payload Missing', 400, EXIT.verification),
  // incidents
  'malformed-incident': malformed,
  // registration policy and statements
  'malformed-payload': rejected,
  'unknown-key': rejected,
  'confirmation-missing': row('Confirmation Missing', 400, EXIT.verification),
  'weak-key': rejected,
  'wrong-role': rejected,
  'subject-not-allowed': rejected,
  'limit-exceeded': rejected,
  'policy-rejected': rejected,
  'wrong-audience': rejected,
  overtaken: rejected,
  'older-version': row('Older Version', 400, EXIT.config),
  'newer-version': row('Newer Version', 400, EXIT.notFound),
  'unknown-commitment': rejected,
  'subject-mismatch': rejected,
  'chain-broken': rejected,
  'own-commitment': rejected,
  'superseded-meanwhile': rejected,
  // the running log
  overloaded: row('Overloaded', 503, EXIT.notFound),
  'shutting-down': row('Shutting Down', 503, EXIT.notFound),
  'not-found': row('Not Found', 404, EXIT.notFound),
  'no-such-key': row('No such key', 404, EXIT.notFound),
  'bad-locator': row('Invalid locator', 400, EXIT.usage),
  'not-yet': row('Not Yet Available', 503, EXIT.notFound),
  'beyond-head': row('Not Found', 404, EXIT.notFound),
  'bad-request': malformed,
  'unsupported-media-type': row('Unsupported Media Type', 415, EXIT.usage),
  'not-acceptable': row('Not Acceptable', 406, EXIT.usage),
  'rate-limited': row('Too Many Requests', 429, EXIT.notFound),
  'method-not-allowed': row('Method Not Allowed', 405, EXIT.usage),
  'request-timeout': row('Request Timeout', 408, EXIT.notFound),
  'uri-too-long': row('URI Too Long', 414, EXIT.usage),
  'headers-too-large': row('Headers Too Large', 431, EXIT.usage),
  'not-cosigning': row('Not Cosigning', 503, EXIT.notFound),
  unavailable: row('Unavailable', 502, EXIT.notFound),
  // start-up and the command line
  usage: row('Usage', 400, EXIT.usage),
  'config-invalid': startUp,
  'key-file': startUp,
  'exists-already': row('Exists Already', 409, EXIT.usage),
  'no-such-log': startUp,
  locked: startUp,
  'foreign-log': startUp,
  'behind-signed-head': startUp,
  'clock-behind': startUp,
  'corrupt-store': row('Corrupt Store', 500, EXIT.verification),
  'store-failed': row('Store Failed', 503, EXIT.notFound),
  'swap-lost': row('Swap Lost', 503, EXIT.notFound),
} as const satisfies Record<string, Row>;

/**
 * Where a code stands in a problem document of ours: RFC 9290 §3 wants a URI as the key of a custom
 * detail, and a map as its value: `{"urn:tallystick:problem": {"code": …}}`. RFC 9457's `type` is this
 * URI, a colon and the code.
 */
export const PROBLEM_URI = 'urn:tallystick:problem';

export type RefusalCode = keyof typeof REFUSALS;

/** A refusal: `code` is stable, `message` says what was wrong and what to do about it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get title(): string {
    return REFUSALS[this.code].title;
  }
  get status(): number {
    return REFUSALS[this.code].status;
  }
  get exit(): number {
    return REFUSALS[this.code].exit;
  }
}

/** Makes a refusal to throw: `throw refuse('bad-signature', 'what is wrong; what to do')`. */
export function refuse(code: RefusalCode, message: string, options?: ErrorOptions): Refusal {
  return new Refusal(code, message, options);
}

/** Whether a string names a refusal (for codes that crossed a thread or a wire). */
export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(REFUSALS, code);
}
