/** Follows a log: syncs, pauses, and repeats until it is told to end. */
import { Refusal } from '../bytes/refusal.ts';
import type { Mirror, Synced } from './mirror.ts';

interface FollowOptions {
  /** Between two syncs, milliseconds. */
  readonly pollMs: number;
  readonly signal: AbortSignal;
  /** Waits; ends early when the signal aborts. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly onSynced: (synced: Synced) => void;
  /** Called when a sync fails; for the same code again only after a sync has succeeded. */
  readonly onFailed: (refusal: Refusal) => void;
}

/** Resolves when the signal aborts. Rejects only for a bug. */
export async function follow(mirror: Mirror, options: FollowOptions): Promise<void> {
  const { signal, pollMs, sleep, onSynced, onFailed } = options;
  let failing: string | undefined;
  while (!signal.aborted) {
    try {
      onSynced(await mirror.sync());
      failing = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      if (error.code !== failing) onFailed(error);
      failing = error.code;
    }
    await sleep(pollMs);
  }
}
