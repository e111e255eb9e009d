/** The exit code of each refusal. A new refusal code does not compile until it has a row here. */
import type { AuditRun } from '../audit/run.ts';
import { outcomeOf } from '../appraisal/gate.ts';
import type { ClaimPast } from '../appraisal/past/known-types.ts';
import type { Check } from '../bytes/checklist.ts';
import type { Refusal, RefusalCode } from '../bytes/refusal.ts';
import type { Verdict } from '../statement/vocabulary.ts';

/** Exit codes of every command: 0 is success, the rest tell a script what kind of failure it was. */
export const EXIT = {
  ok: 0,
  usage: 1,
  notFound: 2,
  verification: 3,
  splitView: 4,
  quorum: 5,
  /** `verify-incident`: the bundle is authentic, but nothing in it proves that the log broke a promise. */
  unproven: 6,
  config: 78,
} as const;

/** Refusal code → exit code. */
export const EXITS = {
  'malformed-text': EXIT.verification,
  'malformed-cbor': EXIT.verification,
  'non-deterministic': EXIT.verification,
  'too-large': EXIT.verification,
  'malformed-proof': EXIT.verification,
  'malformed-tile': EXIT.verification,
  'proof-failed': EXIT.verification,
  inconsistent: EXIT.splitView,
  'malformed-note': EXIT.verification,
  'malformed-checkpoint': EXIT.verification,
  'malformed-key': EXIT.config,
  'malformed-trust-policy': EXIT.config,
  'unknown-signer': EXIT.verification,
  'quorum-unmet': EXIT.quorum,
  'malformed-statement': EXIT.verification,
  'malformed-receipt': EXIT.verification,
  'unsupported-algorithm': EXIT.verification,
  'bad-signature': EXIT.verification,
  'payload-missing': EXIT.verification,
  'malformed-incident': EXIT.verification,
  'malformed-bundle': EXIT.verification,
  'malformed-payload': EXIT.verification,
  'unknown-key': EXIT.verification,
  'confirmation-missing': EXIT.verification,
  'weak-key': EXIT.verification,
  'wrong-role': EXIT.verification,
  'subject-not-allowed': EXIT.verification,
  'limit-exceeded': EXIT.verification,
  'policy-rejected': EXIT.verification,
  'wrong-audience': EXIT.verification,
  overtaken: EXIT.verification,
  'older-version': EXIT.config,
  'newer-version': EXIT.notFound,
  'unknown-commitment': EXIT.verification,
  'subject-mismatch': EXIT.verification,
  'chain-broken': EXIT.verification,
  'own-commitment': EXIT.verification,
  'superseded-meanwhile': EXIT.verification,
  overloaded: EXIT.notFound,
  'shutting-down': EXIT.notFound,
  'not-found': EXIT.notFound,
  'no-such-key': EXIT.notFound,
  'bad-locator': EXIT.usage,
  'not-yet': EXIT.notFound,
  'beyond-head': EXIT.notFound,
  'bad-request': EXIT.verification,
  'unsupported-media-type': EXIT.usage,
  'not-acceptable': EXIT.usage,
  'rate-limited': EXIT.notFound,
  'method-not-allowed': EXIT.usage,
  'request-timeout': EXIT.notFound,
  'uri-too-long': EXIT.usage,
  'headers-too-large': EXIT.usage,
  'not-cosigning': EXIT.notFound,
  unavailable: EXIT.notFound,
  usage: EXIT.usage,
  'config-invalid': EXIT.config,
  'key-file': EXIT.config,
  'exists-already': EXIT.usage,
  'no-such-log': EXIT.config,
  locked: EXIT.config,
  'foreign-log': EXIT.config,
  'behind-signed-head': EXIT.config,
  'clock-behind': EXIT.config,
  'corrupt-store': EXIT.verification,
  'store-failed': EXIT.notFound,
  'swap-lost': EXIT.notFound,
} as const satisfies Record<RefusalCode, number>;

/** The exit code of a refusal. */
export function exitOf({ code }: Refusal): number {
  return EXITS[code];
}

/** Exit code of a list of checks: a split view outranks a failed verification, which outranks a missing quorum. */
export function exitOfChecks(checks: readonly Check[]): number {
  return gravest(checks.flatMap(({ refusal }) => (refusal === undefined ? [] : [exitOf(refusal)])));
}

/** Of several exit codes, the one that comes first in `order`; if none is in it, the first; 0 if there are none. */
export function gravest(codes: readonly number[], order: readonly number[] = GRAVEST_FIRST): number {
  return order.find((code) => codes.includes(code)) ?? codes[0] ?? EXIT.ok;
}

const GRAVEST_FIRST: readonly number[] = [EXIT.splitView, EXIT.verification, EXIT.quorum];

/**
 * Exit code of verdicts: 0 when all are PROVEN or WAIVED, 3 when one failed, 5 when one is not known. `unreadable`:
 * subjects that could not be read; if there is one, the code is not 0.
 */
export function exitOfVerdicts(
  verdicts: readonly Verdict[],
  unreadable: readonly { readonly refusal: Refusal }[] = [],
): number {
  const code = { held: EXIT.ok, failed: EXIT.verification, unknown: EXIT.quorum }[outcomeOf(verdicts)];
  const codes = [code, ...unreadable.map(({ refusal }) => exitOf(refusal))];
  return [EXIT.splitView, EXIT.verification].find((each) => codes.includes(each)) ?? Math.max(...codes);
}

/** Exit code of an audit: 0 when it holds, 3 when something failed, under a waiver too, else 5. */
export function exitOfAudit({ report, unreadable }: AuditRun): number {
  if (report.faults.length === 0 && unreadable.length === 0) return EXIT.ok;
  const claims = report.subjects.flatMap((each) => each.claims);
  const failed = claims.some(({ figures: { seconds, hidden } }) => seconds.failed > 0 || hidden.failed > 0);
  return failed ? EXIT.verification : EXIT.quorum;
}

/**
 * Exit code of the past of claims: 0 when each was covered or waived all the time, 3 when one failed, 5 when of some time nothing
 * is known. The time in which no commitment in force claimed it is left out.
 */
export function exitOfPast(claims: readonly Pick<ClaimPast, 'spans'>[]): number {
  const spans = claims.flatMap((each) => each.spans);
  if (spans.some(({ kind }) => kind === 'failed')) return EXIT.verification;
  const isOpen = spans.some(
    ({ kind, why }) => kind === 'uncovered' && why !== 'unclaimed' && why !== 'withdrawn',
  );
  return isOpen || claims.length === 0 ? EXIT.quorum : EXIT.ok;
}
