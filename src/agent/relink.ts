/**
 * Handles a proof that the log has in the other spelling of its signature (cose/twin.ts), because somebody who saw the
 * proof on its way submitted that spelling first. Its content is logged under another entry id, so the proofs that
 * continue from it must be signed again.
 */
import { digest } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { parseHex } from '../bytes/text.ts';
import { parseStatement } from '../statement/parse.ts';
import { signProof, type SigningIdentity } from './draft.ts';
import type { Spelled, Spool, Waiting } from './spool.ts';

/** Most tries while other processes add to the chain. */
const MAX_RACES = 50;

/**
 * Continues the chain from the logged spelling. Proofs behind it that were signed by a key which is no longer here can
 * never be logged; they are marked as dropped, and stay in the file.
 */
export async function relink(
  spool: Spool,
  signing: SigningIdentity,
  waiting: Waiting,
  logged: Spelled,
): Promise<void> {
  for (let races = 0; races < MAX_RACES; races++) {
    const next: (Spelled & { n: number })[] = [];
    const following = behind(spool, waiting);
    if (following.length > 0 && waiting.kid !== signing.kid) {
      spool.adopt(waiting.kid, waiting.subject, { ...waiting, id: logged.id });
      return;
    }
    for (const each of following) {
      next.push({ n: each.n, ...(await continued(each, next.at(-1) ?? logged, signing)) });
    }
    if (spool.relink(waiting, logged, next)) return;
  }
  throw refuse('store-failed', `other processes keep adding to the chain of ${waiting.subject}; try again`);
}

/** The proofs of the same chain that wait behind a proof, oldest first. */
function behind(spool: Spool, { n, kid, subject }: Waiting): readonly Waiting[] {
  return spool.waiting().filter((each) => each.n > n && each.kid === kid && each.subject === subject);
}

/** The same proof, signed again as the link after another. */
async function continued(
  { statement, subject }: Waiting,
  before: Spelled,
  signing: SigningIdentity,
): Promise<Spelled> {
  const parsed = parseStatement(statement);
  if (parsed.kind !== 'proof') throw new Error('the spool holds a statement that is no proof');
  return signProof({ ...parsed.proof, prev: digest(parseHex(before.id)) }, subject, signing);
}
