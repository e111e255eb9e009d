/**
 * The description of a probe: its parameters, the members of its result that claims may read, what it does to its target, and
 * its ready claims. A description runs nothing. A reader in a browser, `commit` and the agent use the same one.
 */
import type { Shape } from '../claim/shape.ts';
import type { SignedFacts } from '../evidence/signed-facts.ts';
import type { Parameter } from '../statement/commitment.ts';
import type { Grant } from './grant.ts';
import type { Pack } from './pack.ts';
import type { TargetForm } from './target-form.ts';

/** One parameter of a probe, as claims give it. */
export interface ParameterSpec {
  readonly type: 'text' | 'number' | 'boolean' | 'texts';
  readonly help: string;
  readonly required?: boolean;
  readonly fallback?: Parameter;
  /**
   * Who may give it. `owner`: only the owner of the target, under `options` in targets.yaml; a claim that has it is refused. Such
   * a parameter decides how a connection is checked, where or how a secret of the owner is sent, or what is run. Absent: a claim.
   */
  readonly by?: 'owner';
  /**
   * An absolute path of the agent's machine that the probe reads besides its target. Only of `owner`: the agent is let to read it
   * (`--confine`), and `profile --grants` names it.
   */
  readonly isPath?: true;
}

/** A secret that the owner of a target may give, by name. */
export interface SecretSpec {
  readonly help: string;
  /** Whether it is sent to the target. Then the target must be written in full in targets.yaml; a pattern is not enough. */
  readonly isSent: boolean;
}

/** A probe and parameters that observe the same target, and return what the target signed. */
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
  /** How its targets are written. */
  readonly target: TargetForm;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  /** Secrets that it may ask for. */
  readonly secrets?: Readonly<Record<string, SecretSpec>>;
  /**
   * The members that it can observe with these parameters, which were checked against `parameters`. A claim that reads any other
   * member is refused, so each new member of the value must be added here.
   */
  observes(params: ReadonlyMap<string, Parameter>): Shape;
  /** The evidence class of each part of the value, in words for people. */
  readonly evidence: string;
  /** What it does to the target, in words: `3 handshakes that end before a request`. */
  readonly blastRadius: string;
  /** Milliseconds that one run may take. */
  readonly timeoutMs: number;
  /** Permissions besides the network that its agent needs. An agent that Node confines gets no others. */
  readonly needs?: readonly ('child-process' | 'fs-read')[];
  /**
   * What the owner of a target must allow the agent there, least first; empty: nothing that not everybody may. A probe that is
   * refused one of them says so in its reason, by `lacks` (grant.ts).
   */
  readonly grants: readonly Grant[];
  /**
   * The probe that finds out who signs at a target, for the claim's parameters. Absent or undefined: its targets sign nothing,
   * or only the collector knows which target it is.
   */
  readonly sight?: (params: ReadonlyMap<string, Parameter>) => Sight | undefined;
  /**
   * Reads the signed facts from its attachments. With them readers judge results of class E3 and E4 again. Absent: nothing is
   * signed, and its results are E1 at most.
   */
  readonly signed?: SignedFacts;
  /** Ready claims by name (`pack: https-tls` in a claims file). */
  readonly packs?: Readonly<Record<string, Pack>>;
}
