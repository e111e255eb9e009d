/**
 * What of a probe's observation somebody signed: by it readers judge results of class E3 and E4 again, and without it an
 * agent calls nothing E3 or E4. Each probe has its own (probe/NAME/facts.ts, found by probe/registry.ts).
 */
import type { ValueMap } from '../claim/value.ts';
import type { Claim } from '../statement/commitment.ts';
import type { VerifiedSsh } from './ssh-verify.ts';
import type { VerifiedTls } from './tls-verify.ts';
import type { Attested, AttestedResult } from './trail-facts.ts';
import type { Placed } from './transcript-facts.ts';

/** What is signed of one probe. */
export interface SignedFacts {
  /**
   * Class E3: as much of the observation as the targets signed, under the probe's name. Several where the proof does not
   * say which of them the agent saw, and it is the agent's word in any case.
   */
  readonly byTarget?: (claim: Claim, placed: readonly Placed[]) => readonly ValueMap[];
  /** Class E4: what a third party signed. */
  readonly byOther?: (result: AttestedResult, claim: Claim) => Promise<Attested>;
}

/** What is known of who signs for a probe, by its name@version; nothing of one that is not known: its results are E1 at most. */
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
