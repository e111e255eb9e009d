/**
 * The status of a subject as plain data: what the command prints, and the input of a page or program
 * (spec/status.md). A value that is not known is null; its member is never left out.
 */
import { formatHex } from '../bytes/text.ts';
import { showAnyValue } from '../statement/leaf-text.ts';
import type { ClaimStatus } from './appraise.ts';
import { commitmentOf, lackingIn, type EntryOf } from './history.ts';
import type { Rests, SeenIn } from './reports.ts';
import type { SubjectStatus } from './subject.ts';

export type SubjectJson = ReturnType<typeof subjectJson>;
export type ClaimJson = ReturnType<typeof claimJson>;

/** A subject, and each of its claims. */
export function subjectJson(status: SubjectStatus) {
  const { subject, claims, history } = status;
  const declared = commitmentOf(status);
  return {
    subject,
    environment: declared?.declaration.environment ?? null,
    tier: declared?.declaration.tier ?? null,
    commitment: declared?.entry.id ?? null,
    index: declared?.entry.index ?? null,
    in_force: history.inForce !== undefined,
    world: declared?.declaration.scope.world ?? null,
    undeclared: undeclaredIn(status) ?? null,
    effective: declared?.effective ?? null,
    pending: history.pending?.entry.id ?? null,
    withdrawing: history.withdrawing?.entry.id ?? null,
    approvals_lacking: lackingIn(history),
    claims: claims.map((each) => ({ ...claimJson(each), ...overJson(each), ...againstJson(each) })),
  };
}

/** The status of one claim. `due` and other times are POSIX seconds; `age` is in seconds. */
export function claimJson(status: ClaimStatus) {
  const { claim, verdict, hidden, stands, evidence, proof, age, due, explain, waiver } = status;
  return {
    claim: claim.id,
    title: claim.title ?? null,
    verdict,
    hidden: hidden ?? null,
    signature_stands: stands,
    evidence: evidence ?? null,
    min_evidence: claim.minEvidence,
    severity: claim.severity,
    age: age ?? null,
    due,
    explain: explain ?? null,
    proof: proof?.id ?? null,
    proof_index: proof?.index ?? null,
    seq: proof?.parsed.proof.seq ?? null,
    observed: verdict === 'PROVEN' || proof === undefined ? [] : disclosedFor(proof, claim.id),
    waived_by: waiver?.parsed.waiver.owner ?? null,
    waived_until: waiver?.parsed.waiver.notAfter ?? null,
  };
}

/** `over`, only of a claim that reads `prev`: the earlier looks that its verdict rests on. Of times, `null` is what no witness says. */
export function overJson({ over }: Pick<ClaimStatus, 'over'>) {
  return over === undefined ? {} : { over: restsJson(over) };
}

/** `against`, only of a claim that another proof contradicts: that proof. */
export function againstJson({ against }: Pick<ClaimStatus, 'against'>) {
  return against === undefined ? {} : { against: { entry: against.id, index: against.index } };
}

function seenJson({ index, id, notBefore, notAfter }: SeenIn) {
  return { entry: id, index, not_before: notBefore ?? null, not_after: notAfter ?? null };
}

function restsJson({ looks, covered, unbroken, missing, seen }: Rests) {
  return {
    looks,
    covered_seconds: covered,
    unbroken_seconds: unbroken,
    missing: missing ?? null,
    seen: seen.map(({ first, last, decides }) => ({ first: seenJson(first), last: seenJson(last), decides })),
  };
}

/**
 * Number of live things that no declaration names, from the newest proof that looked for them; undefined if no proof
 * did.
 */
export function undeclaredIn(status: SubjectStatus): number | undefined {
  const id = commitmentOf(status)?.entry.id;
  const looked = status.history.proofs.findLast(
    ({ parsed: { proof } }) => formatHex(proof.commitment) === id && proof.coverage?.undeclared !== undefined,
  );
  return looked?.parsed.proof.coverage?.undeclared;
}

/** `path = value` of the public leaves that a result rests on. */
export function disclosedFor({ parsed: { proof } }: EntryOf<'proof'>, claim: string): readonly string[] {
  const rests = new Set(proof.results.find((each) => each.claim === claim)?.leaves);
  const shown = (proof.disclosed ?? []).filter(({ index }) => rests.has(index));
  return shown.map(({ path, value }) => `${path} = ${showAnyValue(value)}`);
}
