/**
 * Claims about more than one look: expressions that read `prev`, what earlier proofs of the same claim show (spec/claims.md,
 * "Over time"). Such an expression is a conjunction. The parts that do not read `prev` are judged by the agent, of its own
 * look. The others are judged by readers alone, since an agent could leave out what it proved before.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import type { Claim } from '../statement/commitment.ts';
import type { Result } from '../statement/proof.ts';
import { Unjudged } from './cel/meter.ts';
import { conjuncts, membersRead, mentions, parseExpression } from './cel/syntax.ts';
import { Between, Collection, Unknown, type Cel } from './cel/value.ts';
import type { ValueMap } from './value.ts';
import type { Read } from './withheld.ts';

/** The version of the language from which on there is `prev`. A claim that reads it names this version. */
export const PREV_LANGUAGE = 2;

/** Whether readers judge a claim over its earlier proofs. */
export function readsPrev({ language = 1 }: Pick<Claim, 'language'>): boolean {
  return language >= PREV_LANGUAGE;
}

/**
 * Whether an agent says no more of a claim that reads `prev` than an agent can know: in its own look all of it held. It says
 * UNKNOWN then, and names the leaves that it looked at.
 */
export function isOpen(
  claim: Pick<Claim, 'language'>,
  { verdict, leaves }: Pick<Result, 'verdict' | 'leaves'>,
): boolean {
  return readsPrev(claim) && verdict === 'UNKNOWN' && leaves !== undefined;
}

/** What an agent says of such a look. */
export const OPEN = 'this look shows what one look can; readers judge the rest, over earlier proofs';

/** Seconds, by bounds. Without `most` there is no upper bound. */
export interface Seconds {
  readonly least: number;
  readonly most?: number | undefined;
}

/** Looks with the same facts. */
export interface Sighting {
  /** What the target signed, or what is disclosed, below the probe's name. */
  readonly facts: ValueMap;
  /** How long before this look they were first seen, and last. */
  readonly first: Seconds;
  readonly last: Seconds;
}

/** What earlier looks show, as an expression reads it. */
export interface Earlier {
  readonly seen: readonly Sighting[];
  /** Why there may have been further looks, which nobody showed; undefined if there were none. */
  readonly missing: string | undefined;
  /** Seconds up to this look without an uncovered span longer than the misses allowed; without any. */
  readonly covered: Seconds;
  readonly unbroken: Seconds;
  /** How long ago a look failed last. */
  readonly failed: Seconds;
}

/** The two kinds of parts of an expression. */
export function partsOf(ast: ASTNode): {
  readonly now: readonly ASTNode[];
  readonly over: readonly ASTNode[];
} {
  const all = conjuncts(ast);
  return { now: all.filter((each) => !isOver(each)), over: all.filter(isOver) };
}

function isOver(part: ASTNode): boolean {
  return mentions(part, 'prev');
}

/**
 * The members of `prev` that a part reads. Throws Unjudged where `prev` is read otherwise than by a member that is named: nobody could
 * tell what it needs.
 */
export function prevRead(part: ASTNode): readonly string[] {
  const members = membersRead(part, 'prev');
  if (members === undefined) throw new Unjudged('prev is read by its members: prev.seen, prev.covered, …');
  return [...members];
}

/** Whether readers need what was seen, and not only when there were looks. Throws Unjudged for what is no expression. */
export function needsFacts({ expr, language }: Pick<Claim, 'expr' | 'language'>): boolean {
  return partsOf(parseExpression(expr, language)).over.some(
    (each) => prevRead(each).includes('seen') || mentions(each, 'o'),
  );
}

/** `prev` of an expression. */
export function prevValue({ seen, missing, covered, unbroken, failed }: Earlier): Cel {
  const sightings: Cel[] = seen.map(
    ({ facts, first, last }, i) =>
      new Map<string, Cel>([
        ['o', new Collection(facts, `/prev/${i}`)],
        ['first', secondsOf(first, missing ?? BOUNDS)],
        ['last', secondsOf(last, missing ?? BOUNDS)],
      ]),
  );
  if (missing !== undefined) sightings.push(new Unknown(missing));
  return new Map<string, Cel>([
    ['seen', sightings],
    [
      'covered',
      secondsOf(covered, `it is covered for ${days(covered.least)} so far, and nothing is known of more`),
    ],
    [
      'unbroken',
      secondsOf(
        unbroken,
        `it is covered for ${days(unbroken.least)} without any gap, and nothing is known of more`,
      ),
    ],
    ['failed', secondsOf(failed, missing ?? BOUNDS)],
  ]);
}

const BOUNDS = 'the bounds of its time do not tell';

function secondsOf({ least, most }: Seconds, why: string): Cel {
  return new Between(BigInt(least), most === undefined ? undefined : BigInt(most), why);
}

/** `12.5 days`. */
function days(seconds: number): string {
  return `${Math.floor(seconds / 8640) / 10} days`;
}

/** Index of a sighting that an expression read, by the path of the read. */
export function sightingOf({ path }: Read): number | undefined {
  const [, index] = /^\/prev\/(\d+)/.exec(path) ?? [];
  return index === undefined ? undefined : Number(index);
}
