/**
 * What a probe says of itself without being run: what it takes, what claims may read of it, what it does to its target, and
 * the ready claims that it comes with. Pure: a reader in a browser, `commit` and the agent use the same description.
 */
import type { Shape } from '../claim/shape.ts';
import type { SignedFacts } from '../evidence/signed-facts.ts';
import type { Parameter } from '../statement/commitment.ts';
import type { Pack } from './pack.ts';

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

/** A probe that looks at the same target and brings back what the target signed. */
export interface Sight {
  /** `name@version`. */
  readonly probe: string;
  readonly params: ReadonlyMap<string, Parameter>;
}

export interface ProbeDescription {
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
  /** What the system must let an agent do that runs it; `agent --confine` allows nothing else. Absent: only the network. */
  readonly needs?: readonly ('child-process' | 'fs-read')[];
  /**
   * The look by which `commit --pin` learns who signs at a target, given the claim's parameters. Absent: nothing of its targets
   * is signed, or only the collector knows which target that is.
   */
  readonly sight?: (params: ReadonlyMap<string, Parameter>) => Sight;
  /**
   * What of the value somebody signed: by it readers judge results of class E3 and E4 again. Absent: nothing, and whatever the
   * probe says is E1 at most.
   */
  readonly signed?: SignedFacts;
  /** Ready claims by name (`pack: https-tls` in a claims file). */
  readonly packs?: Readonly<Record<string, Pack>>;
}
