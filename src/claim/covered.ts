/**
 * What an expression over time must say by itself: what each look shows, and for how long somebody looked. It evaluates bounds, so it
 * stands apart from `prev.ts`, which readers load at once.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import { OverBudget, Unjudged } from './cel/meter.ts';
import { Run } from './cel/run.ts';
import { mentions, nodesOf } from './cel/syntax.ts';
import { partsOf, prevRead } from './prev.ts';
import type { ValueMap } from './value.ts';

/** Throws Unjudged for an expression of whose parts none is about one look: no look would be worth anything. `params`: as `assertCovered`. */
export function assertLooks(ast: ASTNode, params?: ValueMap): void {
  const { now, over } = partsOf(ast);
  for (const { op, args } of over.flatMap((each) => [...nodesOf(each)]))
    if (op === 'rcall' && args[2][0]?.op === 'id' && args[2][0].args === 'prev')
      throw new Unjudged('prev is what earlier proofs show; call the variable otherwise');
  if (over.length > 0 && !now.some((each) => mentions(each, 'o')))
    throw new Unjudged(
      'a claim that reads prev says by itself what each look must show: write it as o.… && prev.…, each part joined by &&',
    );
  assertCovered(over, params);
}

/** What was not seen shows nothing of a time in which nobody looked. */
const SHOWN_BY_ABSENCE = ['seen', 'failed'];
const LENGTHS = ['covered', 'unbroken'];

/**
 * Throws Unjudged for parts that rest on what was not seen, and of which none says for how long somebody looked: they would hold at
 * the first look. `params`: of the claim; undefined where they are not known yet, and a bound that reads them may be any.
 */
export function assertCovered(over: readonly ASTNode[], params?: ValueMap): void {
  const read = over.flatMap(prevRead);
  if (!read.some((each) => SHOWN_BY_ABSENCE.includes(each))) return;
  if (over.some((each) => asksForLength(each, params))) return;
  throw new Unjudged(
    'what earlier looks did not show is worth nothing if there were none: say for how long they must cover it, in seconds above 0 that no look decides, as in prev.covered >= 30 * 86400 && …',
  );
}

/** `prev.covered >= SECONDS`, or the same turned around. The seconds are above 0, of constants and parameters: `o` is what a look shows, and no length. */
function asksForLength({ op, args }: ASTNode, params: ValueMap | undefined): boolean {
  if (op !== '>=' && op !== '>' && op !== '<=' && op !== '<') return false;
  const [length, bound] = op.startsWith('>') ? args : [args[1], args[0]];
  if (mentions(bound, 'prev') || mentions(bound, 'o') || (length.op !== '.' && length.op !== '[]'))
    return false;
  if (!prevRead(length).some((each) => LENGTHS.includes(each))) return false;
  return (params === undefined && mentions(bound, 'p')) || isAboveZero(bound, params ?? {});
}

function isAboveZero(bound: ASTNode, params: ValueMap): boolean {
  try {
    const value = new Run({}, params).value(bound);
    return (typeof value === 'bigint' || typeof value === 'number') && value > 0;
  } catch (error) {
    if (error instanceof Unjudged || error instanceof OverBudget) return false;
    throw error;
  }
}
