/**
 * A probe is a module that observes a running target and changes nothing. Its description states its parameters, what it can
 * prove, what it does to the target, and how long it may take. Before a run the caller must make sure that the owner has
 * enrolled the target.
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
   * 32 bytes that nobody could know before: SHA-256(checkpoint root ‖ entry id of the commitment ‖ nonce). So a signature over
   * them was made after that checkpoint, and for this commitment.
   */
  readonly challenge: Uint8Array;
  /**
   * 32 bytes for drawing a sample (evidence/draw.ts), which the agent cannot choose: they derive from its committed seed and the
   * beacon of the slot. Absent for a run that is not in a slot.
   */
  readonly draw?: Uint8Array;
  /** The opened leaves of the commitment, by path, for probes that compare. */
  readonly declared?: ReadonlyMap<string, Value>;
  /**
   * Reads a secret by name, such as a connection string or a token, from the file of mode 0600 that the owner of the target
   * named; undefined if the owner named none. Secrets are never recorded. Refuses `config-invalid` if the secret would be sent
   * and the target is not written in full in targets.yaml.
   */
  readonly secret: (name: string) => Promise<string | undefined>;
  /**
   * For a probe that needs the consent of both ends: what the owner of a target allows, besides the rule that lets this probe
   * contact it. Absent, or undefined, if one of the two is missing; the probe must then send nothing there.
   */
  readonly consented?: (target: string) => { readonly pairsPerMinute: number } | undefined;
  /** Called with the microseconds of CPU that programs of this run used. */
  readonly spent: (cpuUs: number) => void;
  /** Ends the run, at its time limit or when the agent stops. */
  readonly signal: AbortSignal;
  /** The wall clock, POSIX milliseconds. */
  readonly now: () => number;
}
