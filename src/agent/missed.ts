/**
 * Slots that passed without a proof while the agent ran: it has more to prove than it can, or was stopped in between. Each
 * is counted when its subject is visited next, and they are reported together.
 */
import type { Claim } from '../statement/commitment.ts';
import type { AgentEvent } from './event.ts';
import { missedSince, type Situation } from './schedule.ts';

export class Missed {
  readonly #tell: (event: AgentEvent) => void;
  /** When each commitment was visited last, by its entry id, POSIX seconds. */
  readonly #visits = new Map<string, number>();
  /** Slots that were not reported yet, by subject. */
  readonly #slots = new Map<string, number>();

  constructor(tell: (event: AgentEvent) => void) {
    this.#tell = tell;
  }

  /** Counts what passed since the last visit. `leftOutUntil`: until when the budget left a claim out, which is told as such. */
  visit(subject: string, situation: Situation, leftOutUntil: (claim: Claim) => number): void {
    const { id } = situation.declared.entry;
    const since = this.#visits.get(id) ?? situation.now;
    this.#visits.set(id, situation.now);
    const slots = missedSince(situation, since, (claim) => leftOutUntil(claim) <= since);
    if (slots > 0) this.#slots.set(subject, (this.#slots.get(subject) ?? 0) + slots);
  }

  /** A commitment is not proven for a reason that is told otherwise: the time until the next visit does not count. */
  leave(commitment: string): void {
    this.#visits.delete(commitment);
  }

  /** The same for all. */
  leaveAll(): void {
    this.#visits.clear();
  }

  /** Reports what was not reported yet. */
  report(): void {
    if (this.#slots.size === 0) return;
    const slots = [...this.#slots.values()].reduce((sum, each) => sum + each, 0);
    this.#tell({ kind: 'missed', slots, subjects: this.#slots.size });
    this.#slots.clear();
  }
}
