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
import { codeOf, replaceFile } from '../files.ts';

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

export class WatchState implements DeliveryQueue {
  readonly #path: string;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #alerted: Set<string>;
  #events: Kept['events'];

  private constructor(path: string, kept: Kept | undefined) {
    this.#path = path;
    for (const [claim, text] of Object.entries(kept?.verdicts ?? {})) {
      const verdict = VERDICTS.find((each) => each === text);
      if (verdict !== undefined) this.#verdicts.set(claim, verdict);
    }
    this.#alerted = new Set(kept?.alerted);
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

  verdictOf(claim: string): Verdict | undefined {
    return this.#verdicts.get(claim);
  }

  /** Whether the last alert about a claim stands. */
  isAlerted(claim: string): boolean {
    return this.#alerted.has(claim);
  }

  told(claim: string, verdict: Verdict): void {
    this.#verdicts.set(claim, verdict);
  }

  /** Drops what is no longer claimed. */
  keepOnly(claims: ReadonlySet<string>): void {
    for (const claim of this.#verdicts.keys()) {
      if (claims.has(claim)) continue;
      this.#verdicts.delete(claim);
      this.#alerted.delete(claim);
    }
  }

  /** An alert, or with `recovered` its end. */
  add(
    claim: string,
    { name, body }: Pick<Deliverable, 'name' | 'body'>,
    recovered: boolean,
    now: number,
  ): void {
    if (recovered) this.#alerted.delete(claim);
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
      verdicts: Object.fromEntries(this.#verdicts),
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
