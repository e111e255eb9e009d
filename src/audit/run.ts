/**
 * An audit of a log: chooses the subjects, reads the past of each, and makes the report. The history of one subject is in memory at
 * a time, and the bytes of the entries of the next ones within a bound; what stays of a subject is what the report says of it.
 */
import type { KnownHistory } from '../appraisal/past/known-types.ts';
import { knownHistory } from '../appraisal/past/known.ts';
import { isOfOne } from '../bytes/nature.ts';
import { refuse } from '../bytes/refusal.ts';
import { readPasts } from '../client/past/read-many.ts';
import type { PastOptions } from '../client/past/read.ts';
import type { Snapshot } from '../client/snapshot.ts';
import type { Unreadable } from '../client/statuses.ts';
import type { Item } from './controls/framework.ts';
import { supportedBy } from './controls/supports.ts';
import { populationOf } from './inventory.ts';
import { AuditDraft, controlNamed, type AuditQuestion, type AuditReport } from './report.ts';

export interface AuditRun {
  readonly report: AuditReport;
  /** Subjects that could not be read. An audit that has any does not hold. */
  readonly unreadable: readonly Unreadable[];
  /** Subjects of the log that are not reported on; undefined where subjects were named, since then the others are not counted. */
  readonly leftOut: number | undefined;
}

/** What to audit. `subjects`: named ones; if empty, those of the inventory, else all that the controls concern. */
export type AuditWanted = Omit<AuditQuestion, 'subjects'> & { readonly subjects: readonly string[] };

/**
 * Audits a log. Refuses `usage` without subjects, controls or an inventory, `not-found` for an unknown control, and what
 * concerns all subjects.
 */
export async function runAudit(
  snapshot: Snapshot,
  wanted: AuditWanted,
  options: Pick<PastOptions, 'monitors'> & {
    /** Called with the number of subjects that are done, and of all. */
    readonly onDone?: (done: number, of: number) => void;
    /** Called with the history of each subject that is reported on, in their order. Whoever keeps one keeps its entries. */
    readonly onHistory?: (history: KnownHistory) => void;
  } = {},
): Promise<AuditRun> {
  const { period, controls, frameworks, inventory } = wanted;
  const items = controls.map((each) => controlNamed(frameworks, each));
  const needsAll = wanted.subjects.length === 0 || inventory !== undefined;
  const known = needsAll ? await subjectsOf(snapshot) : wanted.subjects;
  const chosen = chosenOf(wanted, known);
  const draft = new AuditDraft({ ...wanted, subjects: known });
  const unreadable: Unreadable[] = [];
  let done = 0;
  for await (const { subject, read } of readPasts(snapshot, chosen, period, { monitors: options.monitors })) {
    options.onDone?.(done++, chosen.length);
    try {
      if (!isNamed(wanted, subject) && !(await isConcerned(snapshot, subject, items))) continue;
      const history = knownHistory(await read(), period);
      draft.add(history);
      options.onHistory?.(history);
    } catch (error) {
      if (!isOfOne(error)) throw error;
      unreadable.push({ subject, refusal: error });
    }
  }
  options.onDone?.(chosen.length, chosen.length);
  const report = draft.report();
  const leftOut = needsAll ? known.length - report.subjects.length - unreadable.length : undefined;
  return { report, unreadable, leftOut };
}

/** All subjects of the log that have a commitment. Refuses `too-large` for more than a reader takes. */
async function subjectsOf(snapshot: Snapshot): Promise<readonly string[]> {
  const roster = await snapshot.roster();
  if (roster.unread > 0 || roster.dropped > 0)
    throw refuse('too-large', 'the log has more subjects than an audit reads at once; name the subjects');
  return roster.newest.map(({ subject }) => subject);
}

function chosenOf(
  { subjects, inventory, controls }: AuditWanted,
  known: readonly string[],
): readonly string[] {
  if (subjects.length > 0) return [...new Set(subjects)];
  if (inventory !== undefined)
    return [...new Set(populationOf(inventory, known).both.flatMap((each) => each.subjects))];
  if (controls.length > 0) return known;
  throw refuse('usage', 'say what to audit: subjects, a control, or an inventory of systems');
}

/** Whether a subject is reported on even if its claims support no control that was asked for. */
function isNamed({ subjects, inventory }: AuditWanted, subject: string): boolean {
  return inventory !== undefined || subjects.includes(subject);
}

/** Whether a declaration of a subject ever had a claim that supports one of the items. */
async function isConcerned(
  snapshot: Snapshot,
  subject: string,
  items: readonly { readonly framework: Parameters<typeof supportedBy>[0]; readonly item: Item }[],
): Promise<boolean> {
  const { declared } = await snapshot.history(subject);
  const claims = declared.flatMap(({ declaration }) => declaration.claims);
  return items.some(({ framework, item }) =>
    claims.some((claim) => supportedBy(framework, item, claim) !== undefined),
  );
}
