/**
 * What the evidence of a period does not show, in sentences. An auditor reads these first: each names what is missing, and
 * what would show it (spec/audit.md, "What is not proven").
 */
import type { ClaimPast, KnownHistory, Span } from '../appraisal/past/known-types.ts';
import type { Population } from './inventory.ts';

/** Sentences of histories that are added one after another; the most general come first. */
export class NotProven {
  readonly #general: readonly string[];
  readonly #times = new Set<string>();
  readonly #completeness: string[] = [];
  readonly #claims: string[] = [];

  /** `population`: undefined if nobody gave an inventory. */
  constructor(population: Population | undefined) {
    this.#general = populationLines(population);
  }

  add(history: KnownHistory): void {
    for (const line of timeLines(history)) this.#times.add(line);
    for (const line of completenessLines(history)) this.#completeness.push(line);
    for (const past of history.claims)
      for (const line of claimLines(history.subject, past)) this.#claims.push(line);
  }

  lines(): readonly string[] {
    return [
      ...this.#general,
      ...this.#times,
      ...this.#completeness,
      ...this.#claims,
      'A proof shows what was so in its window. Until the next one is due, a claim is covered, not proven.',
    ];
  }
}

export function notProven(
  histories: readonly KnownHistory[],
  population: Population | undefined,
): readonly string[] {
  const all = new NotProven(population);
  for (const each of histories) all.add(each);
  return all.lines();
}

/** Seconds of spans in which no commitment in force claimed anything. */
export function unclaimedSeconds(spans: readonly Span[]): number {
  return spans
    .filter(({ why }) => why === 'unclaimed' || why === 'withdrawn')
    .reduce((sum, { from, to }) => sum + to - from, 0);
}

function populationLines(population: Population | undefined): readonly string[] {
  if (population === undefined)
    return [
      'Whether these are all systems is not known: the log knows what somebody committed. A list of systems from ' +
        'elsewhere, given as an inventory, shows what is missing.',
    ];
  return population.inventoryOnly.map(
    ({ name, subject }) => `${name}: the inventory lists it, and the log has no commitment about ${subject}.`,
  );
}

function timeLines({ vouched, origin, heads }: KnownHistory): readonly string[] {
  if (vouched === 'log')
    return [`No witness vouches for any time: when entries were logged is the word of ${origin} alone.`];
  const open = [
    ...(heads.before === undefined ? ['No head was witnessed before the period'] : []),
    ...(heads.after === undefined ? ['No head was witnessed after the period'] : []),
  ];
  return open.map((each) => `${each}: there, times are the word of ${origin} alone.`);
}

function completenessLines({ subject, grades, keys }: KnownHistory): readonly string[] {
  const byWord = Object.entries(grades).flatMap(([kind, grade]) => (grade === 'word' ? [kind] : []));
  const lines =
    byWord.length === 0
      ? []
      : [
          `${subject}: that no ${byWord.join(', no ')} was left out is the word of the log's search. Reading the whole ` +
            "log, or an inventory by a monitor that the reader's policy names, shows it.",
        ];
  const silent = keys.filter(({ proofs }) => proofs === 0);
  return [
    ...lines,
    ...silent.map(
      ({ kid, names }) =>
        `${subject}: the agent key ${names[0] ?? ''} ${kid.slice(0, 12)} was allowed, and logged no proof in the period.`,
    ),
  ];
}

function claimLines(subject: string, { claim, figures, moments, spans }: ClaimPast): readonly string[] {
  const where = `${subject}, ${claim}`;
  const word = (figures.coveredBy.E0 ?? 0) + (figures.coveredBy.E1 ?? 0);
  const unclaimed = unclaimedSeconds(spans);
  const chosen = moments.filter((each) => each.moments.kind === 'chosen');
  return [
    ...(unclaimed > 0
      ? [`${where}: for ${hours(unclaimed)} of the period no commitment in force claimed it.`]
      : []),
    ...(word > 0
      ? [
          `${where}: for ${hours(word)} of the period it rests on what an agent or an API said; no target signed it.`,
        ]
      : []),
    ...(chosen.length > 0
      ? [
          `${where}: the agent chose when it looked, so how probably a short violation was missed is not known.`,
        ]
      : []),
  ];
}

/** Rounded up: what is not proven is never shown as less than it is. */
function hours(seconds: number): string {
  const [count, unit] =
    seconds < 7_200 ? [Math.ceil(seconds / 60), 'minute'] : [Math.ceil(seconds / 3_600), 'hour'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
