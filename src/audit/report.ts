/**
 * The report of an audit: what is known of some subjects over one period, what their claims show for items of frameworks,
 * which systems of the auditor's list are there, and what is not proven. Pure: everything was read and verified before.
 */
import { refuse } from '../bytes/refusal.ts';
import type { Figures, KnownHistory, Span } from '../appraisal/past/known-types.ts';
import type { Period } from '../appraisal/past/types.ts';
import type { Framework } from './controls/framework.ts';
import { ControlDraft, type ControlReport } from './controls/report.ts';
import { populationOf, type InventoryRow, type Population } from './inventory.ts';
import { NotProven, unclaimedSeconds } from './not-proven.ts';

/** What an auditor asks for. */
export interface AuditQuestion {
  readonly period: Period;
  /** `FRAMEWORK ITEM` each; the items that are reported on, besides those of the inventory. */
  readonly controls: readonly string[];
  readonly frameworks: readonly Framework[];
  readonly inventory: readonly InventoryRow[] | undefined;
  /** All subjects of the log that have a commitment. Used with an inventory. */
  readonly subjects: readonly string[];
}

/** What the report says of a subject. It holds on to no entry, so that an audit of a whole log fits in memory. */
export interface AuditedSubject {
  readonly subject: string;
  readonly vouched: KnownHistory['vouched'];
  readonly claims: readonly AuditedClaim[];
}

export interface AuditedClaim {
  readonly claim: string;
  readonly figures: Figures;
  /** Seconds in which no commitment in force claimed it. */
  readonly unclaimed: number;
}

export interface AuditReport {
  readonly period: Period;
  /** In the order in which they were added. */
  readonly subjects: readonly AuditedSubject[];
  readonly controls: readonly ControlReport[];
  /** Undefined without an inventory: then nobody knows whether these are all systems. */
  readonly population: Population | undefined;
  readonly notProven: readonly string[];
  /** Why the audit does not hold, one sentence each; empty if it does. */
  readonly faults: readonly string[];
}

/**
 * Makes the report. It holds if no claim failed, nothing expected was missed, no claim was uncovered, each control holds,
 * and every system of the inventory is in the log. A waiver does not make it hold: what it hides counts.
 * Refuses `not-found` for a control that no framework has.
 */
export function auditReport(question: AuditQuestion, histories: readonly KnownHistory[]): AuditReport {
  const draft = new AuditDraft(question);
  for (const history of histories) draft.add(history);
  return draft.report();
}

/** A report to which histories are added one after another. None of them is kept. */
export class AuditDraft {
  readonly #period: Period;
  readonly #population: Population | undefined;
  readonly #controls: readonly Concerned[];
  readonly #subjects: AuditedSubject[] = [];
  readonly #open: NotProven;
  readonly #faults: string[] = [];

  /** Refuses `not-found` for a control that no framework has. */
  constructor({ period, controls, frameworks, inventory, subjects }: AuditQuestion) {
    this.#period = period;
    this.#population = inventory && populationOf(inventory, subjects);
    this.#open = new NotProven(this.#population);
    const asked = new Set([...controls, ...(inventory ?? []).flatMap((row) => row.controls)]);
    this.#controls = [...asked].map((control) => {
      const { framework, item } = controlNamed(frameworks, control);
      const isForAll = inventory === undefined || controls.includes(control);
      return {
        draft: new ControlDraft(framework, item, period),
        subjects: isForAll ? undefined : subjectsOf(control, this.#population),
      };
    });
  }

  add(history: KnownHistory): void {
    const { subject, vouched, claims } = history;
    const audited = claims.map(({ claim, figures, spans }) => ({
      claim,
      figures,
      unclaimed: unclaimedSeconds(spans),
    }));
    this.#subjects.push({ subject, vouched, claims: audited });
    this.#open.add(history);
    for (const each of faultsOf(history)) this.#faults.push(each);
    for (const { draft, subjects } of this.#controls)
      if (subjects?.has(subject) !== false) draft.add(history);
  }

  report(): AuditReport {
    const controls = this.#controls.map(({ draft }) => draft.report());
    return {
      period: this.#period,
      subjects: this.#subjects,
      controls,
      population: this.#population,
      notProven: this.#open.lines(),
      faults: [...this.#faults, ...controls.flatMap(controlFault), ...absent(this.#population)],
    };
  }
}

/** A control, and the subjects that it is reported on; undefined for all of them. */
interface Concerned {
  readonly draft: ControlDraft;
  readonly subjects: ReadonlySet<string> | undefined;
}

/** The subjects of the systems that the inventory says need a control. */
function subjectsOf(control: string, population: Population | undefined): ReadonlySet<string> {
  const rows = (population?.both ?? []).filter(({ row }) => row.controls.includes(control));
  return new Set(rows.flatMap((row) => row.subjects));
}

/** The item that `FRAMEWORK ITEM` names. Refuses `not-found`. */
export function controlNamed(
  frameworks: readonly Framework[],
  control: string,
): { readonly framework: Framework; readonly item: Framework['items'][number] } {
  const space = control.indexOf(' ');
  const [id, itemId] = [control.slice(0, space), control.slice(space + 1)];
  const framework = frameworks.find((each) => each.id === id);
  if (framework === undefined)
    throw refuse(
      'not-found',
      `no framework is named "${id}"; there are ${frameworks.map((each) => each.id).join(', ')}`,
    );
  const item = framework.items.find((each) => each.id === itemId);
  if (item !== undefined) return { framework, item };
  const items = framework.items.map((each) => each.id).join(', ');
  throw refuse('not-found', `${id} has no item "${itemId}" here; there are ${items}`);
}

function faultsOf({ subject, claims, wrong }: KnownHistory): readonly string[] {
  if (claims.length === 0) return [`${subject}: it has no claim in the period`];
  const faults = claims.flatMap(({ claim, spans, figures: { failed, missed, late, seconds, hidden } }) => {
    const isOpen = spans.some(({ kind, why }) => kind === 'uncovered' && !UNCLAIMED.has(why));
    const parts = [
      ...(failed > 0 || seconds.failed > 0 ? [`failed at ${counted(failed, 'look')}`] : []),
      ...(hidden.failed > 0 ? ['failed under a waiver'] : []),
      ...(missed > 0 ? [`missed ${counted(missed, 'look')}`] : []),
      ...(late > 0 ? [`was late ${counted(late, 'time')}`] : []),
      ...(isOpen ? ['has times of which nothing is known'] : []),
      ...(hasHole(spans) ? ['was not claimed for a time, and claimed before and after'] : []),
      ...(hidden.uncovered > 0 ? ['has times under a waiver of which nothing is known'] : []),
    ];
    return parts.length === 0 ? [] : [`${subject}, ${claim}: ${parts.join('; ')}`];
  });
  return [...faults, ...wrong.map((each) => `${subject}: ${each}`)];
}

/** Reasons for an uncovered span that are no fault: the subject did not claim it then. */
const UNCLAIMED: ReadonlySet<string | undefined> = new Set(['unclaimed', 'withdrawn']);

function isClaimed({ why }: Span): boolean {
  return !UNCLAIMED.has(why);
}

/** Whether a claim came back after a time in which nobody claimed it. Whoever withdraws it while it fails would hide that. */
function hasHole(spans: readonly Span[]): boolean {
  const [first, last] = [spans.findIndex(isClaimed), spans.findLastIndex(isClaimed)];
  return first !== -1 && spans.slice(first, last).some((span) => !isClaimed(span));
}

function controlFault({ framework, item, supports, days, holds }: ControlReport): readonly string[] {
  if (holds) return [];
  const name = `${framework.id} ${item.id}`;
  if (supports.length === 0) return [`${name}: no claim supports it`];
  const bad = days.filter(({ state }) => state !== 'covered');
  return [`${name}: ${bad.length} of ${days.length} days are not covered`];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function absent(population: Population | undefined): readonly string[] {
  return (population?.inventoryOnly ?? []).map(
    ({ name, subject }) => `${name}: the log has no commitment about ${subject}`,
  );
}
