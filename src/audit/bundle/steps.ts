/** The checks of a bundle, one after another: the first that fails ends the examination (spec/bundle.md, "Checks, in order"). */
import type { Check } from '../../bytes/checklist.ts';
import { Refusal } from '../../bytes/refusal.ts';

/** A check failed: those after it are not made. */
export class Ended extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message, { cause: refusal });
    this.refusal = refusal;
  }
}

export class Steps {
  readonly checks: Check[] = [];

  /** Runs a check. `details`: what to say of its result. Throws `Ended` for a refusal. */
  async run<T>(name: string, check: () => T | Promise<T>, details: (value: T) => string): Promise<T> {
    try {
      const value = await check();
      this.pass(name, details(value));
      return value;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.fail(name, error);
      throw new Ended(error);
    }
  }

  pass(name: string, detail: string): void {
    this.checks.push({ name, outcome: 'ok', detail, refusal: undefined });
  }

  fail(name: string, refusal: Refusal): void {
    this.checks.push({ name, outcome: 'failed', detail: refusal.message, refusal });
  }

  skip(name: string, detail: string): void {
    this.checks.push({ name, outcome: 'skipped', detail, refusal: undefined });
  }
}
