/** The verdict on a bundle as plain data: the same from the command, the single file and a browser. */
import { RESULTS, type BundleVerdict } from './verdict.ts';

/** A value that is not known is null; its member is never left out. */
export function verdictJson({
  result,
  checks,
  manifest,
  histories,
  notProven,
  fingerprints,
  trustFrom,
  verifier,
}: BundleVerdict) {
  return {
    result: RESULTS[result],
    log: manifest?.log ?? null,
    since: manifest?.period.since ?? null,
    until: manifest?.period.until ?? null,
    policy: fingerprints.reader ?? null,
    policy_from: trustFrom ?? null,
    policy_of_file: fingerprints.file ?? null,
    verifier: verifier ?? null,
    checks: checks.map(({ name, outcome, detail, refusal }) => ({
      name,
      outcome,
      detail,
      code: refusal?.code ?? null,
    })),
    claims: histories.flatMap(({ subject, claims }) =>
      claims.map(({ claim, figures }) => ({
        subject,
        claim,
        proven: figures.proven,
        failed: figures.failed,
        looks: figures.looks,
        expected: figures.expected,
        missed: figures.missed,
        late: figures.late,
        seconds: { ...figures.seconds },
        hidden: { ...figures.hidden },
        grade_looks: figures.grades.looks,
        grade_time: figures.grades.time,
      })),
    ),
    not_proven: [...notProven],
  };
}
