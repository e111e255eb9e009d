/**
 * Whether a claim supports an item of a framework, and who says so. The author may say so in the commitment, which is
 * signed; the table of Tallystick may (data/); or a file of the user's. A claim that merely has the id of a ready claim
 * does not count by the table, since whoever writes a claim chooses its id: it has to ask the same.
 */
import { READY } from '../../probe/ready.ts';
import type { Claim } from '../../statement/commitment.ts';
import type { ClaimMatch, Framework, Item } from './framework.ts';

/** `commitment`: its author names the item. `table`: Tallystick's data does. `file`: a file of the user's does. */
export type SaidBy = 'commitment' | 'table' | 'file';

/** Who says that a claim supports an item, the most reliable first; undefined if nobody does. */
export function supportedBy(framework: Framework, item: Item, claim: Claim): SaidBy | undefined {
  const named = claim.controls?.some((each) => each.framework === framework.id && each.id === item.id);
  if (named === true) return 'commitment';
  const match = item.claims.find((each) => isMatch(each, claim));
  if (match === undefined) return undefined;
  return match.probe === undefined ? 'file' : 'table';
}

function isMatch(match: ClaimMatch, claim: Claim): boolean {
  if (match.probe === undefined) return match.claim === claim.id;
  return match.probe === claim.probe && isReadyClaim(match.probe, match.claim, claim);
}

/** Whether a claim asks what the ready claim `id` of a probe asks. A pack's user may put a prefix before its id. */
function isReadyClaim(probe: string, id: string, claim: Claim): boolean {
  const drafts = Object.values(READY.get(probe) ?? {}).flatMap((pack) =>
    pack.claims.filter((draft) => draft.id === id),
  );
  return claim.id.endsWith(id) && drafts.some(({ expr }) => expr === claim.expr);
}
