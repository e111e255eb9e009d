/**
 * What of a probe's observation somebody signed: the one registry, by which readers judge results of class E3 and E4
 * again, and without which an agent calls nothing E3 or E4. A probe that is not here is believed at E1 at most.
 */
import type { ValueMap } from '../claim/value.ts';
import type { Claim } from '../statement/commitment.ts';
import { signedBySsh } from './ssh-facts.ts';
import { signedByTls } from './tls-facts.ts';
import { examineTrail, type Attested, type AttestedResult } from './trail-facts.ts';
import { transcriptLists, type Placed } from './transcript-facts.ts';

/** One line of the registry. */
export interface SignedFacts {
  /**
   * Class E3: as much of the observation as the targets signed, under the probe's name. Several where the proof does not
   * say which of them the agent saw, and it is the agent's word in any case.
   */
  readonly byTarget?: (claim: Claim, placed: readonly Placed[]) => readonly ValueMap[];
  /** Class E4: what a third party signed. */
  readonly byOther?: (result: AttestedResult, claim: Claim) => Promise<Attested>;
}

const REGISTRY: ReadonlyMap<string, SignedFacts> = new Map<string, SignedFacts>([
  ['tls@1', { byTarget: ({ params }, placed) => [{ tls: signedByTls(tlsIn(placed), hostIn(params)) }] }],
  ['postgres@1', { byTarget: (_, placed) => [{ postgres: { wire: signedByTls(tlsIn(placed), '') } }] }],
  ['ssh@1', { byTarget: (_, placed) => sshIn(placed).map((each) => ({ ssh: signedBySsh(each) })) }],
  [
    'exec@1',
    { byTarget: (_, placed) => transcriptLists(placed).map((transcripts) => ({ exec: { transcripts } })) },
  ],
  ['iam@1', { byOther: examineTrail }],
]);

/** What is known of who signs for a probe, by its name@version; nothing of one that is not in the registry. */
export function signedFactsFor(probe: string): SignedFacts {
  return REGISTRY.get(probe) ?? {};
}

const tlsIn = (placed: readonly Placed[]) =>
  placed.map(({ verified }) => verified).filter((each) => each.protocol === 'tls');

/** A connection to an SSH server shows one key. */
const sshIn = (placed: readonly Placed[]) =>
  placed
    .map(({ verified }) => verified)
    .filter((each) => each.protocol === 'ssh')
    .slice(0, 1);

function hostIn(params: Claim['params']): string {
  const host = params?.get('servername');
  return typeof host === 'string' ? host : '';
}
