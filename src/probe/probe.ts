/**
 * A probe: one small module that looks at a running target. It declares what it takes, what it can prove, what it
 * does to the target and how long it may take; it changes nothing. Whether a target may be probed is decided
 * before (a target that its owner has not enrolled is refused).
 */
import type { Observed } from '../claim/observed.ts';
import type { Shape } from '../claim/shape.ts';
import type { Value } from '../claim/value.ts';
import type { Parameter } from '../statement/commitment.ts';

/** One parameter of a probe, as claims give it. */
export interface ParameterSpec {
  readonly type: 'text' | 'number' | 'boolean' | 'texts';
  readonly help: string;
  readonly required?: boolean;
  readonly fallback?: Parameter;
  /**
   * Whose to give. `owner`: it lowers or chooses the checks of a connection, or says where or how a secret of the owner is
   * sent, or what is run: only the owner of the target gives it, under `options` in targets.yaml, and a claim that has it is
   * refused. Without it the parameter is the claim's.
   */
  readonly by?: 'owner';
}

/** A secret that the owner of a target may give, by name. */
export interface SecretSpec {
  readonly help: string;
  /** Whether it is told to the target: then only to one that targets.yaml writes in full, never to what a pattern lets through. */
  readonly isSent: boolean;
}

export interface Probe {
  /** `tls@1`; the version changes when the meaning of an observation does. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  /** Secrets that it may ask for. */
  readonly secrets?: Readonly<Record<string, SecretSpec>>;
  /**
   * What it can observe with these parameters (checked against `parameters`): claims that read anything else are refused.
   * A new member of the value is added here too.
   */
  observes(params: ReadonlyMap<string, Parameter>): Shape;
  /** Which parts of the value are of which class, in words; printed by `tallystick prove --explain`. */
  readonly evidence: string;
  /** What it does to the target, in words: `3 handshakes that end before a request`. */
  readonly blastRadius: string;
  /** Milliseconds for one run. */
  readonly timeoutMs: number;
  /**
   * Looks once. Rejects with a Refusal when it could not: `unavailable` (nobody answers), `config-invalid`
   * (parameters), `too-large`; any other error is a bug.
   */
  run(task: ProbeTask): Promise<Observed>;
}

export interface ProbeTask {
  /** Where the target is, one of the commitment's locators or the claim's `target`: `host:port`, a path, a URL. */
  readonly target: string;
  /** The claim's and the owner's, checked against `parameters`, defaults filled in. */
  readonly params: ReadonlyMap<string, Parameter>;
  /**
   * 32 bytes nobody knew before: SHA-256(checkpoint root ‖ entry id of the commitment ‖ nonce). What the target
   * signs over them, it signed after that checkpoint, and for this commitment.
   */
  readonly challenge: Uint8Array;
  /** What the commitment declares, opened: canonical leaves by path; for probes that compare. */
  readonly declared?: ReadonlyMap<string, Value>;
  /**
   * Secrets by name (connection strings, tokens): files of mode 0600 that the owner of the target named. Never recorded.
   * Refuses `config-invalid` for one that is sent, when the target is not written in full in targets.yaml.
   */
  readonly secret: (name: string) => Promise<string | undefined>;
  /** Told of CPU that others used for the run, programs it started: microseconds. */
  readonly spent: (cpuUs: number) => void;
  /** Ends the run: at the time limit, or when the agent stops. */
  readonly signal: AbortSignal;
  /** The wall clock, milliseconds. */
  readonly now: () => number;
}
