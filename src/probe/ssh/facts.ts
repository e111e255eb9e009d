/** The signed facts of `ssh@1`. */
import { sshIn, type SignedFacts } from '../../evidence/signed-facts.ts';
import { signedBySsh } from '../../evidence/ssh-facts.ts';

export const SSH_FACTS: SignedFacts = {
  byTarget: (_, placed) => sshIn(placed).map((each) => ({ ssh: signedBySsh(each) })),
};
