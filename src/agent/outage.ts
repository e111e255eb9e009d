/**
 * A log that cannot be asked, or what answers in its place shows nothing that the log signed: it is asked later, and not at
 * the same time as by everyone else. Newer rules are no outage: they last until this program is updated.
 */
import type { Refusal } from '../bytes/refusal.ts';
import { OTHER_RULES } from '../registration/unread.ts';
import type { AgentEvent } from './event.ts';
import { pauseAfter } from './pause.ts';

export class Outage {
  readonly #tell: (event: AgentEvent) => void;
  #failures = 0;
  /** Why this program is too old for the log, as it was told. */
  #outdated: string | undefined;

  constructor(tell: (event: AgentEvent) => void) {
    this.#tell = tell;
  }

  /** A look came to nothing; returns milliseconds until the next one. `waiting`: proofs not sent. */
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

  /** The log answers. */
  ended(): void {
    if (this.#failures > 0) this.#tell({ kind: 'back' });
    this.#failures = 0;
    this.#outdated = undefined;
  }
}
