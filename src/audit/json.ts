/** The report of an audit as plain data (spec/audit.md, "The report"). A value that is not known is null. */
import type { ControlReport } from './controls/report.ts';
import type { Population } from './inventory.ts';
import type { AuditRun } from './run.ts';

/** `subjects`: what `historyJson` makes of each history, in the order of the report, in the form that the caller writes. */
export function auditJson<S>({ report, unreadable, leftOut }: AuditRun, subjects: S) {
  const { period, controls, population, notProven, faults } = report;
  return {
    since: period.since,
    until: period.until,
    holds: faults.length === 0 && unreadable.length === 0,
    faults,
    not_proven: notProven,
    population: population === undefined ? null : populationJson(population),
    controls: controls.map(controlJson),
    subjects,
    unreadable: unreadable.map(({ subject, refusal: { code, message } }) => ({ subject, code, message })),
    left_out: leftOut ?? null,
  };
}

function populationJson({ both, inventoryOnly, logOnly }: Population) {
  return {
    both: both.map(({ row, subjects }) => ({ name: row.name, subject: row.subject, subjects })),
    inventory_only: inventoryOnly.map(({ name, subject }) => ({ name, subject })),
    log_only: logOnly,
  };
}

function controlJson({ framework, item, supports, days, holds }: ControlReport) {
  return {
    framework: framework.id,
    edition: framework.edition,
    source: framework.source,
    read: framework.read,
    basis: framework.basis,
    item: item.id,
    title: item.title,
    cadence: item.cadence?.seconds ?? null,
    cadence_says: item.cadence?.says ?? null,
    holds,
    days: days.map((each) => ({ ...each })),
    claims: supports.map(({ subject, claim, saidBy, grade, gaps, days: each }) => ({
      subject,
      claim,
      said_by: saidBy,
      grade,
      gaps: gaps.map((gap) => ({ ...gap })),
      days: each.map((day) => ({ ...day })),
    })),
  };
}
