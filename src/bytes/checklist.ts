/** A list of checks as a person reads it: each passes, fails with its refusal, or says why it was not made. */
import { Refusal } from './refusal.ts';

/** One check. `skipped` is never a pass: its detail says what was missing. */
export interface Check {
  readonly name: string;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  readonly detail: string;
  /** What failed. */
  readonly refusal: Refusal | undefined;
}

/** Runs checks one after another; a refusal is written down and the rest goes on. */
export class Checklist {
  readonly checks: Check[] = [];

  /** Runs a check that returns its result and what to say of it; undefined when it was refused. */
  run<T>(name: string, check: () => readonly [result: T, detail: string]): T | undefined {
    try {
      const [result, detail] = check();
      this.checks.push({ name, outcome: 'ok', detail, refusal: undefined });
      return result;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.checks.push({ name, outcome: 'failed', detail: error.message, refusal: error });
      return undefined;
    }
  }

  skip(name: string, detail: string): void {
    this.checks.push({ name, outcome: 'skipped', detail, refusal: undefined });
  }

  passed(name: string): boolean {
    return this.checks.some((check) => check.name === name && check.outcome === 'ok');
  }
}
