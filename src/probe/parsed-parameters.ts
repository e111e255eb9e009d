/** Reads the parameters of a run by type, pattern and bounds. */
import { refuse, type Refusal } from '../bytes/refusal.ts';
import type { Parameter } from '../statement/commitment.ts';

/** Each method returns undefined (or its fallback) for an absent parameter, and refuses `config-invalid` for a wrong one. */
export class ParsedParameters {
  readonly #probe: string;
  readonly #params: ReadonlyMap<string, Parameter>;

  constructor(probe: string, params: ReadonlyMap<string, Parameter>) {
    this.#probe = probe;
    this.#params = params;
  }

  text(name: string, pattern: RegExp, says: string): string | undefined {
    const value = this.#params.get(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && pattern.test(value)) return value;
    throw this.wrong(name, says);
  }

  whole(name: string, min: number, max: number): number | undefined {
    const value = this.#params.get(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max)
      return value;
    throw this.wrong(name, `is a whole number from ${min} to ${max}`);
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#params.get(name) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.wrong(name, 'is true or false');
  }

  texts(name: string, pattern: RegExp, says: string, max = 64): readonly string[] | undefined {
    const value = this.#params.get(name);
    if (value === undefined) return undefined;
    if (typeof value === 'object' && value.length <= max && value.every((each) => pattern.test(each)))
      return value;
    throw this.wrong(name, `is a list of at most ${max} texts, each of which ${says}`);
  }

  wrong(name: string, says: string): Refusal {
    return refuse('config-invalid', `the parameter ${name} of ${this.#probe} ${says}`);
  }
}
