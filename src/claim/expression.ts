/**
 * Expressions of claims: CEL (the Common Expression Language) over `o`, what a probe observed, and `p`, the claim's own
 * parameters. An expression always ends, has no effects, and records what it read, so that a verdict never has a better
 * class than the weakest observation that it rests on. Its cost is bounded by counting, not by a clock, so everybody
 * gets the same answer (spec/claims.md).
 */
import { assertCovered, assertLooks } from './covered.ts';
import { refuse } from '../bytes/refusal.ts';
import type { Claim } from '../statement/commitment.ts';
import { Meter, OverBudget, Unjudged } from './cel/meter.ts';
import { Patterns } from './cel/pattern.ts';
import { Run } from './cel/run.ts';
import { mentions, nodesOf, parseExpression } from './cel/syntax.ts';
import { partsOf, prevValue, PREV_LANGUAGE, readsPrev, type Earlier } from './prev.ts';
import type { ValueMap } from './value.ts';
import type { Read } from './withheld.ts';

/** The newest version of language and budget that this program knows. A claim that names none has version 1. */
export const LANGUAGE = PREV_LANGUAGE;

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
  return language <= LANGUAGE
    ? undefined
    : `the claim is written in version ${language} of the language of claims; this program knows ${LANGUAGE}: update it`;
}

/**
 * The version of the language that an expression is written in: the first one that has all of it. Refuses `malformed-payload` for an
 * expression that is not of the language, or can never be true or false. `params`: of its claim, if they are known.
 */
export function checkExpression(text: string, params?: Claim['params']): number {
  try {
    const meter = new Meter();
    const patterns = new Patterns();
    const ast = parseExpression(text, LANGUAGE);
    assertLooks(ast, params && parametersOf(params));
    for (const node of nodesOf(ast)) {
      const [name, , args] = node.op === 'rcall' ? node.args : [];
      const pattern = name === 'matches' && args?.[0]?.op === 'value' ? args[0].args : undefined;
      if (typeof pattern === 'string') patterns.matches('', pattern, meter);
    }
    return mentions(ast, 'prev') ? PREV_LANGUAGE : 1;
  } catch (error) {
    if (!(error instanceof Unjudged || error instanceof OverBudget)) throw error;
    throw refuse(
      'malformed-payload',
      `the claim's expression "${text.slice(0, 200)}" is not valid CEL: ${error.message}`,
    );
  }
}

/**
 * Evaluates a claim's expression over an observation: of one that reads `prev`, the parts that do not. Pure. `cut`: JSON Pointers of
 * collections that may have members which `o` lacks; only a lower bound of their size is known.
 */
export function evaluate(claim: Expression, o: ValueMap, cut: ReadonlySet<string> = new Set()): Outcome {
  return outcomeOf(claim, new Run(o, parametersOf(claim.params), cut), 'now');
}

/** Evaluates the parts of a claim's expression that read `prev`. Pure. `o`: as much of this look as a reader knows for itself. */
export function evaluateOver(claim: Expression, o: ValueMap, earlier: Earlier): Outcome {
  return outcomeOf(claim, new Run(o, parametersOf(claim.params), new Set(), prevValue(earlier)), 'over');
}

function outcomeOf({ expr, language = 1, params }: Expression, run: Run, part: 'now' | 'over'): Outcome {
  const unknown = languageFault({ language });
  if (unknown !== undefined) return { holds: undefined, why: unknown, reads: [], cost: 0 };
  let holds: boolean | undefined;
  let why: string | undefined;
  try {
    const ast = parseExpression(expr, language);
    const parts = readsPrev({ language }) ? partsOf(ast) : undefined;
    // A claim that another program made may lack what commit asks for.
    if (part === 'over') assertCovered(parts?.over ?? [], parametersOf(params));
    const value = parts === undefined ? run.value(ast) : run.conjunction(parts[part]);
    if (typeof value === 'boolean') holds = value;
    else why = 'the expression gave neither true nor false';
  } catch (error) {
    if (error instanceof OverBudget) why = error.message;
    else if (error instanceof Unjudged)
      why = part === 'over' ? error.message : `the expression could not be evaluated: ${error.message}`;
    else throw error;
  }
  return { holds, why, reads: run.reads, cost: run.cost };
}

/** Parameters as an expression sees them: `p`. */
function parametersOf(params: Claim['params']): ValueMap {
  return Object.fromEntries(params ?? []);
}
