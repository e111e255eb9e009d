/**
 * The description of a probe: its parameters, what claims may read of its result, what it does to its target, and its ready
 * claims. It runs nothing: a reader in a browser, `commit` and the agent use the same description.
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
   * Who gives it. `owner`: it lowers or chooses the checks of a connection, or says where or how a secret of the owner is
   * sent, or what is run. Only the owner of the target may give such a parameter, under `options` in targets.yaml, and a claim
   * that has it is refused. All others are given by claims.
   */
  readonly by?: 'owner';
}

/** A secret that the owner of a target may give, by name. */
export interface SecretSpec {
  readonly help: string;
  /** Whether it is sent to the target: then only to one that targets.yaml writes in full, never to one that a pattern matches. */
  readonly isSent: boolean;
}

/** A probe, with parameters, that observes the same target and returns what the target signed. */
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
  /** Which parts of the value are of which class, in words for people. */
  readonly evidence: string;
  /** What it does to the target, in words: `3 handshakes that end before a request`. */
  readonly blastRadius: string;
  /** Milliseconds for one run. */
  readonly timeoutMs: number;
  /** Permissions besides the network that its agent needs of the system; an agent that Node confines gets no others. */
  readonly needs?: readonly ('child-process' | 'fs-read')[];
  /**
   * How it is found out who signs at a target, given the claim's parameters. Absent: its targets sign nothing, or only
   * the collector knows which target it is.
   */
  readonly sight?: (params: ReadonlyMap<string, Parameter>) => Sight;
  /**
   * The signed facts in its attachments, by which readers judge results of class E3 and E4 again. Absent: nothing is signed,
   * and its results are E1 at most.
   */
  readonly signed?: SignedFacts;
  /** Ready claims by name (`pack: https-tls` in a claims file). */
  readonly packs?: Readonly<Record<string, Pack>>;
}
