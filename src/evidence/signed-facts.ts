/**
 * The facts of a probe's observation that somebody signed. Readers judge results of class E3 and E4 again from these
 * facts, and agents claim E3 or E4 only for them. Each probe has its own (probe/NAME/facts.ts, found by
 * probe/signed.ts).
 */
import type { ValueMap } from '../claim/value.ts';
import type { Claim } from '../statement/commitment.ts';
import type { VerifiedSsh } from './ssh-verify.ts';
import type { VerifiedTls } from './tls-verify.ts';
import type { Attested, AttestedResult } from './trail-facts.ts';
import type { Placed } from './transcript-facts.ts';

/** The signed facts of one probe. */
export interface SignedFacts {
  /**
   * Class E3: the part of the observation that targets signed, below the probe's name. Several values if the proof does
   * not tell which of them the agent observed.
   */
  readonly byTarget?: (claim: Claim, placed: readonly Placed[]) => readonly ValueMap[];
  /** Class E2 of one proof: a listener at the target, with a key of its own, signed what it received (listener-facts.ts). */
  readonly byListener?: true;
  /** Class E4: what a third party signed. */
  readonly byOther?: (result: AttestedResult, claim: Claim) => Promise<Attested>;
}

/** The signed facts of a probe, by its name@version. Empty for an unknown probe: its results are E1 at most. */
export type SignedFactsOf = (probe: string) => SignedFacts;

/** The handshakes of TLS among transcripts. */
export function tlsIn(placed: readonly Placed[]): readonly VerifiedTls[] {
  return placed.map(({ verified }) => verified).filter((each) => each.protocol === 'tls');
}

/** The key exchange of SSH among transcripts: a connection to an SSH server shows one key. */
export function sshIn(placed: readonly Placed[]): readonly VerifiedSsh[] {
  return placed
    .map(({ verified }) => verified)
    .filter((each) => each.protocol === 'ssh')
    .slice(0, 1);
}
