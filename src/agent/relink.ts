/**
 * A proof that the log has in the other spelling of its signature (cose/twin.ts): somebody who saw it on its way
 * posted that first. What it says is logged; its id is another, so what continues from it is signed again.
 */
import { digest } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { parseHex } from '../bytes/text.ts';
import { parseStatement } from '../statement/parse.ts';
import { signProof, type SigningIdentity } from './draft.ts';
import type { Spelled, Spool, Waiting } from './spool.ts';

/** Others that add to the chain at the same time. */
const MAX_RACES = 50;

/**
 * Goes on from the logged spelling. What waits behind it by a key that is not here any more can never be logged: it
 * is set aside, and stays in the file.
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

/** What of the same chain waits behind a proof, oldest first. */
function behind(spool: Spool, { n, kid, subject }: Waiting): readonly Waiting[] {
  return spool.waiting().filter((each) => each.n > n && each.kid === kid && each.subject === subject);
}

/** The same proof, after another. */
async function continued(
  { statement, subject }: Waiting,
  before: Spelled,
  signing: SigningIdentity,
): Promise<Spelled> {
  const parsed = parseStatement(statement);
  if (parsed.kind !== 'proof') throw new Error('the spool holds a statement that is no proof');
  return signProof({ ...parsed.proof, prev: digest(parseHex(before.id)) }, subject, signing);
}
