/**
 * The status of a subject as plain data: what `status --json` prints, and what a page or a program gets (spec/status.md).
 * Members that are not known are null, never left out.
 */
import { formatHex } from '../bytes/text.ts';
import { Refusal } from '../bytes/refusal.ts';
import { showValue } from '../statement/leaf-text.ts';
import type { ClaimStatus } from './appraise.ts';
import { approvalsLacking, type EntryOf, type History } from './history.ts';
import { commitmentOf, type SubjectStatus } from './subject.ts';

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
    approvals_lacking: lackingOf(history),
    claims: claims.map(claimJson),
  };
}

/** Of what waits for some; 0 where nothing does. */
function lackingOf({ pending, withdrawing }: History): number {
  const waiting = pending ?? withdrawing;
  return waiting === undefined ? 0 : approvalsLacking(waiting);
}

/** Where a claim is, what it rests on, and until when. Times are POSIX seconds, `age` seconds. */
export function claimJson(status: ClaimStatus) {
  const { claim, verdict, evidence, proof, age, due, explain, waiver } = status;
  return {
    claim: claim.id,
    title: claim.title ?? null,
    verdict,
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

/** Live things that nobody declared, by the newest proof that looked for them; undefined when none did. */
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
  return shown.map(({ path, value }) => `${path} = ${leafText(value)}`);
}

/** A leaf is what an agent wrote: it may be no CBOR at all. */
function leafText(value: Parameters<typeof showValue>[0]): string {
  try {
    return showValue(value);
  } catch (error) {
    if (!(error instanceof Refusal) || !(value instanceof Uint8Array)) throw error;
    return `bytes ${formatHex(value).slice(0, 64)}`;
  }
}
