/**
 * Refusals: errors that input, other parties or this machine caused. One closed table gives each code its nature. A code has
 * one meaning, which the table in spec/http.md states. HTTP statuses and titles are in web/status.ts, exit codes in
 * cli/exit.ts. A bug of ours is never a refusal: it throws an ordinary Error.
 */
import type { Remedy } from './remedy.ts';

/**
 * The kind of a refusal. Code below HTTP and the command line decides by it (nature.ts), never by lists of codes of its own:
 * ask again, go on with the rest, or end.
 *
 * - `input`: what was handed over is malformed or does not hold. Asking again changes nothing.
 * - `absent`: what was asked for is not there.
 * - `refused`: well formed, and against the rules of the log or witness that was asked.
 * - `away`: nobody answers, or not yet. The same request may do better later.
 * - `damaged`: files, keys or settings of this machine. Somebody must mend them.
 * - `lie`: signatures that contradict each other. Only what was signed shows this, never an answer alone.
 */
export type Nature = 'input' | 'absent' | 'refused' | 'away' | 'damaged' | 'lie';

/** Code → nature. Codes are stable: never renamed, never reused. */
export const NATURES = {
  // bytes
  'malformed-text': 'input',
  'malformed-cbor': 'input',
  'non-deterministic': 'input',
  'too-large': 'input',
  // tree
  'malformed-proof': 'input',
  'malformed-tile': 'input',
  'proof-failed': 'input',
  inconsistent: 'lie',
  // notes
  'malformed-note': 'input',
  'malformed-checkpoint': 'input',
  'malformed-key': 'input',
  'malformed-trust-policy': 'damaged',
  'unknown-signer': 'input',
  'quorum-unmet': 'away',
  // COSE
  'malformed-statement': 'input',
  'malformed-receipt': 'input',
  'unsupported-algorithm': 'input',
  'bad-signature': 'input',
  'payload-missing': 'input',
  // incidents
  'malformed-incident': 'input',
  // bundles
  'malformed-bundle': 'input',
  // registration policy and statements
  'malformed-payload': 'input',
  'unknown-key': 'refused',
  'confirmation-missing': 'refused',
  'weak-key': 'refused',
  'wrong-role': 'refused',
  'subject-not-allowed': 'refused',
  'limit-exceeded': 'refused',
  'policy-rejected': 'refused',
  'wrong-audience': 'refused',
  overtaken: 'refused',
  'older-version': 'input',
  'newer-version': 'input',
  'unknown-commitment': 'refused',
  'subject-mismatch': 'refused',
  'chain-broken': 'refused',
  'own-commitment': 'refused',
  'superseded-meanwhile': 'refused',
  // the running log
  overloaded: 'away',
  'shutting-down': 'away',
  'not-found': 'absent',
  'no-such-key': 'absent',
  'bad-locator': 'input',
  'not-yet': 'away',
  'beyond-head': 'absent',
  'bad-request': 'input',
  'unsupported-media-type': 'input',
  'not-acceptable': 'input',
  'rate-limited': 'away',
  'method-not-allowed': 'input',
  'request-timeout': 'away',
  'uri-too-long': 'input',
  'headers-too-large': 'input',
  'not-cosigning': 'away',
  unavailable: 'away',
  // start-up and the command line
  usage: 'input',
  'config-invalid': 'damaged',
  'key-file': 'damaged',
  'exists-already': 'damaged',
  'no-such-log': 'damaged',
  locked: 'damaged',
  'foreign-log': 'damaged',
  'behind-signed-head': 'damaged',
  'clock-behind': 'damaged',
  'corrupt-store': 'damaged',
  'store-failed': 'away',
  'swap-lost': 'damaged',
} as const satisfies Record<string, Nature>;

/**
 * Where a code stands in a problem document of ours: RFC 9290 §3 wants a URI as the key of a custom
 * detail, and a map as its value: `{"urn:tallystick:problem": {"code": …}}`. RFC 9457's `type` is this
 * URI, a colon and the code.
 */
export const PROBLEM_URI = 'urn:tallystick:problem';

export type RefusalCode = keyof typeof NATURES;

/** `remedy`: the options that settle it, where an option does. */
interface RefusalOptions extends ErrorOptions {
  readonly remedy?: Remedy | undefined;
}

/** A refusal: `code` is stable, `message` says what was wrong and what to do about it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  /** Its own, or that of the refusal that it passes on. */
  readonly remedy: Remedy | undefined;

  constructor(code: RefusalCode, message: string, options: RefusalOptions = {}) {
    super(message, options);
    this.code = code;
    this.remedy = options.remedy ?? (options.cause instanceof Refusal ? options.cause.remedy : undefined);
  }
}

/** Makes a refusal to throw: `throw refuse('bad-signature', 'what is wrong; what to do')`. */
export function refuse(code: RefusalCode, message: string, options?: RefusalOptions): Refusal {
  return new Refusal(code, message, options);
}

/** Whether a string names a refusal (for codes that crossed a thread or a wire). */
export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(NATURES, code);
}
