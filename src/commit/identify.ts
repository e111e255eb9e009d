/**
 * The identities of a commitment's targets: as written in the claims file, as in the commitment before, or found by
 * connecting once.
 */
import { printable } from '../bytes/printable.ts';
import type { LogClient } from '../client/client.ts';
import type { Declaration } from '../statement/commitment.ts';
import { identitiesOf } from '../statement/target.ts';
import { comparedCommitments } from './downgrade.ts';
import { assertPinned, keepIdentities, pinTargets, unpinned, type Identified, type Pinning } from './pin.ts';
import type { CommitRemark, CommitRequest, Known } from './request.ts';

/** What is committed, with identities. Refuses `usage` for a pack of class E3 without one, and as `pinTargets`. */
export async function identify(
  client: LogClient,
  { subject, declaration, packed }: CommitRequest,
  { newest, policy }: Known,
  pinning: Pinning | undefined,
  remark: (remark: CommitRemark) => void,
): Promise<Identified> {
  const lacks = (declaration.target?.locators ?? []).some(({ identity }) => identity === undefined);
  const before =
    newest === undefined || !lacks ? [] : await comparedCommitments(client, subject, newest, policy);
  const kept = keepIdentities(declaration, before[0]?.declaration);
  const identified =
    pinning === undefined
      ? { declaration: kept, pinned: [] }
      : await pinTargets(kept, subject, false, pinning);
  assertPinned(identified.declaration, packed);
  const open = unpinned(identified.declaration);
  if (open.length > 0)
    remark({
      level: 'warning',
      text:
        `claims of class E3 stay UNKNOWN while nothing says who must sign: ${open.map((id) => printable(id, 64)).join(', ')}; ` +
        'pin their targets, or write the identity into target.locators (spec/claims.md)',
      remedy: { pin: true },
    });
  for (const { at } of kept.target?.locators ?? [])
    if (isNew(at, declaration, kept))
      remark({
        level: 'note',
        text: `the identity of ${printable(at, 200)} stays as entry ${before[0]?.index} has it`,
      });
  return identified;
}

function isNew(at: string, before: Declaration, after: Declaration): boolean {
  const count = ({ target }: Declaration): number => (target && identitiesOf(target, at).length) ?? 0;
  return count(before) === 0 && count(after) > 0;
}
