/**
 * What a verb is given instead of the process: configuration, output, and the outside world as
 * arguments (clock, fetch, environment), so that a test can hand it another world.
 */
import type { Resolved } from './config.ts';
import type { Output, Sink } from './output.ts';
import type { Config } from './settings.ts';

/** The outside of a run. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly fetch: typeof fetch;
  /** The wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** Waits; a timer when absent. */
  readonly sleep?: (ms: number) => Promise<void>;
}

/** What a verb works with. */
export interface Context {
  /** The settled configuration. Read on first use, so verbs that need none work with a broken file. */
  readonly config: Config;
  /** The same, with where each value came from. */
  readonly resolved: Resolved;
  readonly output: Output;
  readonly world: World;
}
