/**
 * Expressions of claims: CEL (the Common Expression Language) over `o`, what a probe observed, and `p`, the claim's own
 * parameters. An expression always ends, has no effects, and records what it read, so that a verdict never has a better
 * class than the weakest observation that it rests on. Its cost is bounded by counting, not by a clock, so everybody
 * gets the same answer (spec/claims.md).
 */
import { refuse } from '../bytes/refusal.ts';
import type { Claim } from '../statement/commitment.ts';
import { Meter, OverBudget, Unjudged } from './cel/meter.ts';
import { Patterns } from './cel/pattern.ts';
import { Run } from './cel/run.ts';
import { nodesOf, parseExpression } from './cel/syntax.ts';
import type { ValueMap } from './value.ts';
import type { Read } from './withheld.ts';

/** The newest version of language and budget that this program knows. A claim that names none has version 1. */
export const LANGUAGE = 1;

/** The parts of a claim that evaluation needs. */
export type Expression = Pick<Claim, 'expr' | 'params' | 'language'>;

/** The result of an expression. */
export interface Outcome {
  /** Undefined if the expression has no answer; `why` then says the reason. */
  readonly holds: boolean | undefined;
  readonly why: string | undefined;
  /** The observations that it read; each path once, in order. */
  readonly reads: readonly Read[];
  /** Units that it cost (spec/claims.md, "Cost"). */
  readonly cost: number;
}

/**
 * Why this program can neither judge a claim nor check another's judgement: it does not know the version of the
 * language. Undefined if it does.
 */
export function languageFault({ language = 1 }: Pick<Claim, 'language'>): string | undefined {
  return language === LANGUAGE
    ? undefined
    : `the claim is written in version ${language} of the language of claims; this program knows ${LANGUAGE}: update it`;
}

/** Refuses `malformed-payload` for an expression that is not of the language, or can never be true or false. */
export function checkExpression(text: string): void {
  try {
    const meter = new Meter();
    const patterns = new Patterns();
    for (const node of nodesOf(parseExpression(text))) {
      const [name, , args] = node.op === 'rcall' ? node.args : [];
      const pattern = name === 'matches' && args?.[0]?.op === 'value' ? args[0].args : undefined;
      if (typeof pattern === 'string') patterns.matches('', pattern, meter);
    }
  } catch (error) {
    if (!(error instanceof Unjudged || error instanceof OverBudget)) throw error;
    throw refuse(
      'malformed-payload',
      `the claim's expression "${text.slice(0, 200)}" is not valid CEL: ${error.message}`,
    );
  }
}

/**
 * Evaluates a claim's expression over an observation. Pure. `cut`: JSON Pointers of collections that may have members
 * which `o` lacks; only a lower bound of their size is known.
 */
export function evaluate(
  { expr, params, language = 1 }: Expression,
  o: ValueMap,
  cut: ReadonlySet<string> = new Set(),
): Outcome {
  const unknown = languageFault({ language });
  if (unknown !== undefined) return { holds: undefined, why: unknown, reads: [], cost: 0 };
  const run = new Run(o, parametersOf(params), cut);
  let holds: boolean | undefined;
  let why: string | undefined;
  try {
    const value = run.value(parseExpression(expr));
    if (typeof value === 'boolean') holds = value;
    else why = 'the expression gave neither true nor false';
  } catch (error) {
    if (error instanceof OverBudget) why = error.message;
    else if (error instanceof Unjudged) why = `the expression could not be evaluated: ${error.message}`;
    else throw error;
  }
  return { holds, why, reads: run.reads, cost: run.cost };
}

/** Parameters as an expression sees them: `p`. */
function parametersOf(params: Claim['params']): ValueMap {
  return Object.fromEntries(params ?? []);
}
