/**
 * What a verb gets in place of the process: configuration, output, and the outside world (clock, fetch, environment).
 * Tests pass another world.
 */
import type { Resolved } from './config.ts';
import type { Output, Sink } from './output.ts';
import type { Config } from './settings.ts';

/** The world outside a run. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly fetch: typeof fetch;
  /** The wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** Asks the person at the terminal, and resolves to the line that they type; absent where there is no terminal. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
  /** Waits; if absent, a timer does. */
  readonly sleep?: (ms: number) => Promise<void>;
}

export interface Context {
  /** The configuration. It is read on first use, so a verb that uses none works beside a broken file. */
  readonly config: Config;
  /** The same, with the place that each value came from. */
  readonly resolved: Resolved;
  readonly output: Output;
  readonly world: World;
}
