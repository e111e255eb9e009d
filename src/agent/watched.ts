/** The subjects that an agent proves, by name or pattern, and which of them have no commitment in force. */
import type { History } from '../appraisal/history.ts';
import { matcher } from '../statement/pattern.ts';

/** `idle`: a subject, or every subject of a pattern, has no commitment in force. `begun`: one is in force again. */
export type WatchedEvent = { readonly kind: 'idle' | 'begun'; readonly subject: string };

/** Whether a name is a pattern. */
export function isPattern(name: string): boolean {
  return name.includes('*');
}

/** A test whether any of these names, or patterns with stars, matches a subject. */
export function subjectTest(wanted: readonly string[]): (subject: string) => boolean {
  const tests = wanted.map((each) =>
    isPattern(each) ? matcher(each) : (subject: string) => subject === each,
  );
  return (subject) => tests.some((test) => test(subject));
}

export class Watched {
  readonly #names: readonly string[];
  readonly #tell: (event: WatchedEvent) => void;
  readonly has: (subject: string) => boolean;
  /** Whether each subject had a commitment in force at the last reading; undefined before the first. */
  #before: ReadonlyMap<string, boolean> | undefined;

  constructor(names: readonly string[], tell: (event: WatchedEvent) => void) {
    this.#names = names;
    this.#tell = tell;
    this.has = subjectTest(names);
  }

  /** Reports what changed since the last reading; at the first, the subjects without a commitment in force. */
  look(histories: ReadonlyMap<string, History>): void {
    const now = new Map(this.#names.flatMap((name) => this.#standing(name, histories)));
    for (const [subject, inForce] of now) {
      const before = this.#before?.get(subject);
      if (!inForce && before !== false) this.#tell({ kind: 'idle', subject });
      if (inForce && before !== true && this.#before !== undefined) this.#tell({ kind: 'begun', subject });
    }
    this.#before = now;
  }

  /**
   * For a pattern: its subjects that have a commitment in force, or had one at the last reading; if there are none, the
   * pattern itself.
   */
  #standing(name: string, histories: ReadonlyMap<string, History>): readonly (readonly [string, boolean])[] {
    if (!isPattern(name)) return [[name, histories.get(name)?.inForce !== undefined]];
    const test = matcher(name);
    const found = [...histories].filter(
      ([subject, { inForce, pending }]) =>
        test(subject) && (inForce ?? pending ?? this.#before?.get(subject)) !== undefined,
    );
    return found.length === 0
      ? [[name, false]]
      : found.map(([subject, { inForce }]) => [subject, inForce !== undefined]);
  }
}
