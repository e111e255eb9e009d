/** What targets of `ssh@1` sign. Readers load this without the rest of the probe's description. */
import { sshIn, type SignedFacts } from '../../evidence/signed-facts.ts';
import { signedBySsh } from '../../evidence/ssh-facts.ts';

export const SSH_FACTS: SignedFacts = {
  byTarget: (_, placed) => sshIn(placed).map((each) => ({ ssh: signedBySsh(each) })),
};
