/**
 * Counts the cost of an expression, in units that every evaluator counts in the same way (spec/claims.md, "Cost"). The
 * budget is part of the language version, so an expression ends in the same way on every machine.
 */

/** Units that one evaluation may spend. */
export const BUDGET = 200_000;
/** Most UTF-16 units of a text, and items of a list, that an expression may build. */
export const MAX_TEXT = 65_536;
export const MAX_ITEMS = 20_000;

/**
 * Why an expression has no answer. `&&`, `||`, `all` and `exists` may have an answer without this part (CEL, "logical
 * operators").
 */
export class Unjudged extends Error {}

/** The budget is used up. No operator has an answer then. */
export class OverBudget extends Error {
  constructor() {
    super(`the expression costs more than ${BUDGET} units; make it read less, or split the claim`);
  }
}

export class Meter {
  #spent = 0;

  get spent(): number {
    return this.#spent;
  }

  /** Counts work before it is done. Throws OverBudget. */
  spend(units: number): void {
    this.#spent += units;
    if (this.#spent > BUDGET) throw new OverBudget();
  }
}

/** Units for reading or writing a text of `length` UTF-16 units, or the names of as many members. */
export function textCost(length: number): number {
  return Math.ceil(length / 16);
}
