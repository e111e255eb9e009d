/**
 * Whether a reader has all earlier proofs of a subject. A proof that is left out could show what makes a claim over time false, so
 * such a claim is PROVEN only where nothing can be missing (spec/claims.md, "Over time"). Pure.
 */
import { groupBy } from '../../bytes/group.ts';
import type { Role } from '../../statement/policy.ts';
import type { EntryOf } from '../history.ts';
import { claimsIn } from '../reach.ts';
import { follows } from './grades.ts';
import type { PastRecord } from './types.ts';

const AGENT: Role = 'agent';
const DELEGATOR: Role = 'delegator';

/**
 * Why proofs of a claim may be missing; undefined if none can be. A chain shows that nothing is missing before its newest link. That
 * no other agent proved anything is shown by a policy that allows no other, or by who read or counted every entry.
 */
export function missingIn(record: PastRecord, claim: string): string | undefined {
  const proofs = record.entries.flatMap(({ index, id, parsed }): readonly Link[] =>
    parsed.kind === 'proof' ? [{ index, id, parsed }] : [],
  );
  const first = firstClaimed(record, claim);
  for (const links of groupBy(proofs, ({ parsed }) => parsed.kid).values()) {
    const gap = gapIn(links, first);
    if (gap !== undefined) return gap;
  }
  const { proof: grade = 'word' } = record.complete;
  if (grade !== 'word') return undefined;
  // Who may delegate may make any number of agents' keys, which no policy names.
  const isOpen =
    record.policies.steps.some(({ policy }) => policy.document.open) || allowed(record, DELEGATOR).length > 0;
  const kids = new Set([...allowed(record, AGENT), ...proofs.map(({ parsed }) => parsed.kid)]);
  return isOpen || kids.size > 1
    ? 'another agent may have proven this subject, and only the search of the log says that it did not: read every entry of the log, ' +
        'or a mirror, or of a period the counts of a monitor that you trust'
    : undefined;
}

type Link = Pick<EntryOf<'proof'>, 'index' | 'id' | 'parsed'>;

/** The first entry that claims it: no earlier proof can be about it. */
function firstClaimed({ entries }: PastRecord, claim: string): number {
  return entries.find((each) => claimsIn(each).some(({ id }) => id === claim))?.index ?? 0;
}

function gapIn(links: readonly Link[], first: number): string | undefined {
  const [begin] = links;
  if (begin !== undefined && begin.parsed.proof.seq > 0 && begin.index > first)
    return `the proofs of its agent before entry ${begin.index} are not here`;
  for (const [i, next] of links.entries()) {
    const last = links[i - 1];
    if (last !== undefined && !follows(last, next))
      return `a proof between the entries ${last.index} and ${next.index} is not here`;
  }
  return undefined;
}

/** Keys in a role that any policy allows for the subject. */
function allowed({ policies, subject }: PastRecord, role: Role): readonly string[] {
  return policies.steps.flatMap(({ policy }) =>
    [...policy.keys].flatMap(([kid, { enrolled, allows }]) =>
      enrolled.roles.includes(role) && allows(subject) ? [kid] : [],
    ),
  );
}
