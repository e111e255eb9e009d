/**
 * A probe: a small module that observes a running target and changes nothing. Its description states its parameters,
 * what it can prove, what it does to the target, and how long it may take. The caller decides beforehand whether the
 * target may be probed: one that its owner has not enrolled is refused.
 */
import type { Observed } from '../claim/observed.ts';
import type { Value } from '../claim/value.ts';
import type { Parameter } from '../statement/commitment.ts';
import type { ProbeDescription } from './description.ts';

export interface Probe extends ProbeDescription {
  /**
   * Observes once. Rejects with a Refusal if it could not: `unavailable` (no answer), `config-invalid` (parameters),
   * `too-large`. Any other error is a bug.
   */
  run(task: ProbeTask): Promise<Observed>;
}

export interface ProbeTask {
  /** Where the target is, one of the commitment's locators or the claim's `target`: `host:port`, a path, a URL. */
  readonly target: string;
  /** The claim's and the owner's, checked against `parameters`, defaults filled in. */
  readonly params: ReadonlyMap<string, Parameter>;
  /**
   * 32 bytes that nobody could know before: SHA-256(checkpoint root ‖ entry id of the commitment ‖ nonce). A signature over
   * them was made after that checkpoint and for this commitment.
   */
  readonly challenge: Uint8Array;
  /** The opened leaves of the commitment, by path, for probes that compare. */
  readonly declared?: ReadonlyMap<string, Value>;
  /**
   * Secrets by name (connection strings, tokens): files of mode 0600 that the owner of the target named. Never recorded.
   * Refuses `config-invalid` for one that is sent, when the target is not written in full in targets.yaml.
   */
  readonly secret: (name: string) => Promise<string | undefined>;
  /** Called with the microseconds of CPU that programs used which the run started. */
  readonly spent: (cpuUs: number) => void;
  /** Ends the run: at the time limit, or when the agent stops. */
  readonly signal: AbortSignal;
  /** The wall clock, milliseconds. */
  readonly now: () => number;
}
