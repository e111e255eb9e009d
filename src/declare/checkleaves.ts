/** Checks whether the leaves of a source hash to the root that was logged: all leaves, or those that were disclosed. */
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { Checklist, type Check } from '../bytes/checklist.ts';
import { isWithdrawal, type Commitment, type Declaration } from '../statement/commitment.ts';
import { verifyOpening } from '../statement/saltedleaf.ts';
import { leafTree, showPath, type Disclosure, type OpenedLeaves } from './leafopening.ts';
import { showValue } from '../statement/leaf-text.ts';

/** A logged commitment and its subject. */
interface Logged {
  readonly commitment: Commitment;
  readonly subject: string;
}

/** Checks the owner's file against the commitment. */
export function checkLeaves(logged: Logged, owned: OpenedLeaves): readonly Check[] {
  const list = new Checklist();
  list.run('declaration', () => {
    const { tree } = declarationOf(logged, owned);
    const { root, count } = leafTree(owned);
    if (count !== tree.leaves || !equalBytes(root, tree.root))
      throw refuse(
        'proof-failed',
        'leaves.json does not lead to the declared root; restore it from a backup',
      );
    return [root, `${count} ${count === 1 ? 'leaf leads' : 'leaves lead'} to the root that was committed to`];
  });
  return list.checks;
}

/** Checks each disclosed leaf against the commitment, and shows its value. */
export function checkDisclosure(logged: Logged, disclosure: Disclosure): readonly Check[] {
  const list = new Checklist();
  const declared = list.run('disclosure', () => {
    const declaration = declarationOf(logged, disclosure);
    const { leaves } = declaration.tree;
    return [declaration, `${disclosure.openings.length} of ${leaves} leaves are shown`];
  });
  if (declared === undefined) return list.checks;
  for (const opening of disclosure.openings) {
    list.run('leaf', () => {
      verifyOpening(opening, { root: declared.tree.root, count: declared.tree.leaves });
      return [undefined, `${showPath(opening.path)} = ${showValue(opening.value)}`];
    });
  }
  return list.checks;
}

function declarationOf(
  { commitment, subject }: Logged,
  shown: { readonly subject: string; readonly profile: string },
): Declaration {
  if (isWithdrawal(commitment))
    throw refuse('proof-failed', 'the statement withdraws a commitment and declares nothing');
  if (shown.subject !== subject)
    throw refuse('proof-failed', `the leaves are about "${shown.subject}", another subject`);
  if (shown.profile !== commitment.canon.profile)
    throw refuse(
      'proof-failed',
      `the leaves were made by ${shown.profile}, the commitment by ${commitment.canon.profile}`,
    );
  return commitment;
}
