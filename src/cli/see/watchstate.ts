/**
 * What a watch remembers between looks and runs: the verdicts it told last, and alerts that nobody has acknowledged.
 * One small file, replaced whole, so that an alert is never lost between being seen and being sent.
 */
import { readFile } from 'node:fs/promises';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { refuse } from '../../bytes/refusal.ts';
import type { Deliverable, DeliveryQueue } from '../../monitor/webhook.ts';
import { VERDICTS, type Verdict } from '../../statement/vocabulary.ts';
import { codeOf } from '../../platform/fault.ts';
import { replaceFile } from '../../platform/files.ts';

const File = Type.Object({
  schema: Type.Literal('tallystick.watch-state.v1'),
  verdicts: Type.Record(Type.String(), Type.String()),
  /** Claims whose last alert has no recovery after it. */
  alerted: Type.Array(Type.String()),
  events: Type.Array(
    Type.Object({
      claim: Type.String(),
      name: Type.String(),
      body: Type.String(),
      attempts: Type.Integer({ minimum: 0 }),
      due: Type.Number({ minimum: 0 }),
    }),
  ),
});
type Kept = Static<typeof File>;

/** Alerts that wait at most; beyond, the oldest go: a receiver that is away for so long reads `status`. */
const MOST_EVENTS = 10_000;

/** What a claim is called in the file; its id has no line feed. */
export function keyOf(subject: string, claim: string): string {
  return `${subject}\n${claim}`;
}

export class WatchState implements DeliveryQueue {
  readonly #path: string;
  /** By subject, then by the claim's id. */
  readonly #verdicts = new Map<string, Map<string, Verdict>>();
  readonly #alerted: Set<string>;
  #events: Kept['events'];

  private constructor(path: string, kept: Kept | undefined) {
    this.#path = path;
    this.#alerted = new Set(kept?.alerted);
    for (const [key, text] of Object.entries(kept?.verdicts ?? {})) {
      const verdict = VERDICTS.find((each) => each === text);
      const end = key.lastIndexOf('\n');
      if (verdict !== undefined) this.told(key.slice(0, end), key.slice(end + 1), verdict);
    }
    this.#events = kept?.events ?? [];
  }

  /** Refuses `config-invalid` for a file that is not of this version. */
  static async open(path: string): Promise<WatchState> {
    let value: unknown;
    try {
      value = JSON.parse(await readFile(path, 'utf8'));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return new WatchState(path, undefined);
      value = undefined;
    }
    if (Value.Check(File, value)) return new WatchState(path, value);
    throw refuse(
      'config-invalid',
      `${path} is damaged or of another version; move it away, and alerts begin anew`,
    );
  }

  /** Subjects of which something was told. */
  get subjects(): ReadonlySet<string> {
    return new Set(this.#verdicts.keys());
  }

  /** What was told last of a subject's claims, by their ids. */
  claimsOf(subject: string): ReadonlyMap<string, Verdict> {
    return this.#verdicts.get(subject) ?? new Map();
  }

  /** Whether the last alert about a claim stands. */
  isAlerted(claim: string): boolean {
    return this.#alerted.has(claim);
  }

  /** `verdict`: undefined when it is no longer claimed. */
  told(subject: string, claim: string, verdict: Verdict | undefined): void {
    const claims = this.#verdicts.get(subject) ?? new Map<string, Verdict>();
    if (verdict === undefined) claims.delete(claim);
    else claims.set(claim, verdict);
    if (verdict === undefined) this.#alerted.delete(keyOf(subject, claim));
    if (claims.size === 0) this.#verdicts.delete(subject);
    else this.#verdicts.set(subject, claims);
  }

  /** An alert, or with `over` its end. */
  add(claim: string, { name, body }: Pick<Deliverable, 'name' | 'body'>, over: boolean, now: number): void {
    if (over) this.#alerted.delete(claim);
    else this.#alerted.add(claim);
    this.#events = [...this.#events, { claim, name, body, attempts: 0, due: now }].slice(-MOST_EVENTS);
  }

  get waiting(): number {
    return this.#events.length;
  }

  /** Durable when it resolves. Refuses `store-failed`. */
  async save(): Promise<void> {
    const kept: Kept = {
      schema: 'tallystick.watch-state.v1',
      verdicts: Object.fromEntries(
        this.#verdicts
          .entries()
          .flatMap(([subject, claims]) =>
            claims.entries().map(([claim, verdict]) => [keyOf(subject, claim), verdict]),
          ),
      ),
      alerted: [...this.#alerted],
      events: this.#events,
    };
    await replaceFile(this.#path, `${JSON.stringify(kept, undefined, 1)}\n`, 0o600);
  }

  /** Alerts about one claim stay in order. */
  next(now: number): Deliverable | undefined {
    return this.#firsts().find(({ due }) => due <= now);
  }

  nextDue(): number | undefined {
    const [first] = this.#firsts().toSorted((a, b) => a.due - b.due);
    return first?.due;
  }

  delivered({ name }: Deliverable): void {
    this.#events = this.#events.filter((each) => each.name !== name);
  }

  failed({ name }: Deliverable, due: number): void {
    this.#events = this.#events.map((each) =>
      each.name === name ? { ...each, attempts: each.attempts + 1, due } : each,
    );
  }

  #firsts(): Kept['events'] {
    const seen = new Set<string>();
    return this.#events.filter(({ claim }) => !seen.has(claim) && seen.add(claim));
  }
}
