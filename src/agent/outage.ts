/**
 * An outage: the log cannot be reached, or whoever answers in its place shows nothing that the log signed. The agent
 * tries again later, after a random pause, so that agents do not all return at once. Rules of a newer version are no
 * outage: they last until this program is updated.
 */
import type { Refusal } from '../bytes/refusal.ts';
import { OTHER_RULES } from '../registration/unread.ts';
import type { AgentEvent } from './event.ts';
import { pauseAfter } from './pause.ts';

export class Outage {
  readonly #tell: (event: AgentEvent) => void;
  #failures = 0;
  /** Why this program is too old for the log, as it was last reported. */
  #outdated: string | undefined;

  constructor(tell: (event: AgentEvent) => void) {
    this.#tell = tell;
  }

  /** A reading failed; returns milliseconds until the next one. `waiting`: number of proofs not sent. */
  failed({ code, message }: Refusal, waiting: number, drawn: number): number {
    const retryMs = pauseAfter(this.#failures, drawn);
    this.#failures += 1;
    if (!OTHER_RULES.has(code)) this.#tell({ kind: 'away', why: message, retryMs, waiting });
    else if (this.#outdated !== message) {
      this.#outdated = message;
      this.#tell({ kind: 'outdated', why: message, waiting });
    }
    return retryMs;
  }

  /** The log answered. */
  ended(): void {
    if (this.#failures > 0) this.#tell({ kind: 'back' });
    this.#failures = 0;
    this.#outdated = undefined;
  }
}
