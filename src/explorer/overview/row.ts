/** What the first screen says of a subject, from its verified entries. Pure. */
import { badnessOf } from '../../appraisal/gate.ts';
import type { ClaimStatus } from '../../appraisal/appraise.ts';
import {
  commitmentOf,
  deploymentsOf,
  lackingIn,
  type Declared,
  type History,
} from '../../appraisal/history.ts';
import { deployedAt } from '../../appraisal/due.ts';
import { sinceOf, type KnownRun } from '../../appraisal/since.ts';
import type { SubjectStatus } from '../../appraisal/subject.ts';
import { SEVERITIES } from '../../statement/vocabulary.ts';
import type { PolicyHistory } from '../../registration/history.ts';
import type { OverviewRow } from '../shared/overview.ts';

/** A row, and the runs of looks that its begin was found by. */
export interface MadeRow {
  readonly row: Omit<OverviewRow, 'outdated'>;
  readonly runs: ReadonlyMap<string, KnownRun>;
  /** Whether older proofs may show a later begin of the worst verdict. */
  readonly deeper: boolean;
}

/** Characters of an explanation that are told. */
const MOST_CHARACTERS = 400;

/** Undefined for a subject without claims. `known`: the runs that were found before. */
export function rowOf(
  status: SubjectStatus,
  policies: PolicyHistory,
  now: number,
  known: ReadonlyMap<string, KnownRun>,
): MadeRow | undefined {
  const { subject, history, claims } = status;
  const declared = commitmentOf(status);
  const begun = claims.map((each) => ({
    status: each,
    begin: declared && sinceOf(each, declared, history, now, known.get(each.claim.id)),
  }));
  const [worst] = begun.toSorted((a, b) => compareClaims(a.status, b.status));
  if (worst === undefined || declared === undefined) return undefined;
  const { claim, verdict, hidden, evidence, explain, waiver, proof } = worst.status;
  const inForce = history.inForce !== undefined;
  return {
    row: {
      subject,
      verdict,
      hidden: hidden ?? null,
      claim: claim.id,
      severity: claim.severity,
      evidence: evidence ?? null,
      since: worst.begin?.since.time ?? null,
      or_longer: worst.begin?.since.orLonger ?? false,
      explain: explain?.slice(0, MOST_CHARACTERS) ?? null,
      waived_by: waiver?.parsed.waiver.owner ?? null,
      waived_until: waiver?.parsed.waiver.notAfter ?? null,
      owner: ownerOf(declared, policies),
      environment: declared.declaration.environment,
      due: inForce ? Math.min(...claims.map(({ due }) => due)) : null,
      missed: inForce ? claims.filter(({ due }) => due < now).length : 0,
      approvals_lacking: lackingIn(history),
      deployments_open: inForce ? openDeployments(declared, history, claims) : 0,
      claims: claims.map((each) => ({
        claim: each.claim.id,
        verdict: each.verdict,
        hidden: each.hidden ?? null,
      })),
      commitment_index: declared.entry.index,
      proof_index: proof?.index ?? null,
      fault: null,
    },
    runs: new Map(
      begun.flatMap(({ begin }) => (begin?.run === undefined ? [] : [[begin.run.claim, begin.run]])),
    ),
    deeper: worst.begin?.since.orLonger === true,
  };
}

/** The row of a subject that cannot be read, and why. */
export function unreadableRow(subject: string, fault: string): Omit<OverviewRow, 'outdated'> {
  return {
    subject,
    verdict: 'UNKNOWN',
    hidden: null,
    claim: null,
    severity: null,
    evidence: null,
    since: null,
    or_longer: false,
    explain: null,
    waived_by: null,
    waived_until: null,
    owner: null,
    environment: null,
    due: null,
    missed: 0,
    approvals_lacking: 0,
    deployments_open: 0,
    claims: [],
    commitment_index: null,
    proof_index: null,
    fault: fault.slice(0, MOST_CHARACTERS),
  };
}

/** By verdict, then by severity, then by name. */
function compareClaims(a: ClaimStatus, b: ClaimStatus): number {
  return (
    badnessOf(a) - badnessOf(b) ||
    SEVERITIES.indexOf(a.claim.severity) - SEVERITIES.indexOf(b.claim.severity) ||
    (a.claim.id < b.claim.id ? -1 : 1)
  );
}

function ownerOf({ entry, declaration }: Declared, policies: PolicyHistory): string {
  return declaration.target?.owner ?? policies.nameOf(entry.parsed.kid, entry.index);
}

function openDeployments(declared: Declared, history: History, claims: readonly ClaimStatus[]): number {
  const asking = claims.filter(({ claim }) => claim.deadline !== undefined);
  const seen = Math.min(...asking.map(({ started }) => started ?? -Infinity));
  return deploymentsOf(history, declared.entry.id).filter(
    ({ time, parsed }) => deployedAt(time, parsed.deployment) >= seen,
  ).length;
}
