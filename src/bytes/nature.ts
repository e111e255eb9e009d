/**
 * What kind of thing a refusal tells of. Code below the faces decides by this and not by lists of codes of its own:
 * whether to ask again, to go on with the rest, or to end.
 */
import { Refusal, type RefusalCode } from './refusal.ts';

/**
 * - `input`: what was handed over is malformed, does not hold, or is not there. Asking again changes nothing.
 * - `refused`: well formed, and against the rules of the log or witness that was asked.
 * - `away`: nobody answers, or not yet. The same request may do better later.
 * - `damaged`: files, keys or settings of this machine. Somebody must mend them.
 * - `lie`: signatures that contradict each other. Only what was signed shows this, never an answer alone.
 */
export type Nature = 'input' | 'refused' | 'away' | 'damaged' | 'lie';

const NATURES = {
  'malformed-text': 'input',
  'malformed-cbor': 'input',
  'non-deterministic': 'input',
  'too-large': 'input',
  'malformed-proof': 'input',
  'malformed-tile': 'input',
  'proof-failed': 'input',
  inconsistent: 'lie',
  'malformed-note': 'input',
  'malformed-checkpoint': 'input',
  'malformed-key': 'input',
  'malformed-trust-policy': 'damaged',
  'unknown-signer': 'input',
  'quorum-unmet': 'away',
  'malformed-statement': 'input',
  'malformed-receipt': 'input',
  'unsupported-algorithm': 'input',
  'bad-signature': 'input',
  'payload-missing': 'input',
  'malformed-incident': 'input',
  'malformed-payload': 'input',
  'unknown-key': 'refused',
  'confirmation-missing': 'refused',
  'weak-key': 'refused',
  'wrong-role': 'refused',
  'subject-not-allowed': 'refused',
  'limit-exceeded': 'refused',
  'policy-rejected': 'refused',
  overtaken: 'refused',
  'older-version': 'input',
  'newer-version': 'input',
  'unknown-commitment': 'refused',
  'subject-mismatch': 'refused',
  'chain-broken': 'refused',
  'own-commitment': 'refused',
  'superseded-meanwhile': 'refused',
  'wrong-audience': 'refused',
  overloaded: 'away',
  'shutting-down': 'away',
  'not-found': 'input',
  'no-such-key': 'input',
  'bad-locator': 'input',
  'not-yet': 'away',
  'beyond-head': 'input',
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
  usage: 'input',
  'config-invalid': 'damaged',
  'key-file': 'damaged',
  'exists-already': 'input',
  'no-such-log': 'damaged',
  locked: 'damaged',
  'foreign-log': 'damaged',
  'behind-signed-head': 'damaged',
  'clock-behind': 'damaged',
  'corrupt-store': 'damaged',
  'store-failed': 'away',
  'swap-lost': 'damaged',
} as const satisfies Record<RefusalCode, Nature>;

/** The nature of a code. */
export function natureOf(code: RefusalCode): Nature {
  return NATURES[code];
}

/**
 * Whether an error that came of asking over a network is an outage to one who goes on for years: nobody answers, or what
 * answers shows nothing signed. Only `lie` and `damaged` end such a one.
 */
export function isOutage(error: unknown): error is Refusal {
  return error instanceof Refusal && !ENDS.has(natureOf(error.code));
}

const ENDS: ReadonlySet<Nature> = new Set<Nature>(['lie', 'damaged']);

/** Whether an error only says that somebody cannot be asked now. */
export function isAway(error: unknown): boolean {
  return error instanceof Refusal && natureOf(error.code) === 'away';
}
