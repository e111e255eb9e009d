/** The entries of one subject, read and verified: what its status is computed from. */
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { assertFollows } from '../../appraisal/follows.ts';
import { historyOf, type History, type SubjectEntry } from '../../appraisal/history.ts';
import { readsFrom } from '../../appraisal/reach.ts';
import { decisiveProofs } from '../../appraisal/reports.ts';
import { commitmentOf, type SnapshotContext, type SubjectRecord } from '../../appraisal/subject.ts';
import { weighAll } from '../../evidence/weigh.ts';
import type { StatementKind } from '../../statement/kinds.ts';
import type { Snapshot } from '../../client/reader.ts';
import { growthOf, headsOf } from './roots.ts';

const DECLARING: readonly StatementKind[] = ['commitment', 'approval', 'waiver', 'deployment'];

/** Bytes of the proofs of one subject that are read at most: they are held together. */
const MOST_PROOF_BYTES = 67_108_864;
/** Proofs that are read whatever their age: they say what was seen last. */
const LEAST_PROOFS = 16;

/**
 * Reads a subject: what is declared, and of its proofs the newest, as far back as any counts; `least`: so many are read,
 * if there are. Refuses `not-found` when the log has nothing about it, `too-large` when that is more than a reader takes,
 * and `proof-failed` when its entries do not follow from one another: something was left out, or the log admitted what
 * it must not.
 */
export async function readSubject(
  look: Snapshot,
  subject: string,
  least = LEAST_PROOFS,
): Promise<SubjectRecord> {
  const declaring = await readDeclaring(look, subject);
  const early = historyFrom(look, declaring);
  const { proofs, from } = await readProofs(look, subject, early, least);
  const entries = [...declaring, ...proofs].toSorted((a, b) => a.index - b.index);
  const first = declaring.find(({ parsed }) => parsed.kind === 'commitment')?.index;
  assertFollows(look.policies, entries, first === from);
  const history = historyFrom(look, entries);
  const of = commitmentOf({ history });
  const decisive = of === undefined ? [] : decisiveProofs(history.proofs, of.entry.id);
  return {
    subject,
    entries,
    wasHead: await headsOf(decisive, look.view, look.tiles),
    outgrownAt: await growthOf(decisive, entries, look),
    evidence:
      of === undefined
        ? new Map()
        : await weighAll(decisive, { declaration: of.declaration, subject }, entries),
  };
}

/** What appraisal knows of a look, whatever the subject. */
export function contextOf({ now, behind, headTime, view, policies }: Snapshot): SnapshotContext {
  return {
    now,
    behind,
    headTime,
    origin: view.opened.checkpoint.origin,
    revokedSince: (kid) => policies.revokedSince(kid),
  };
}

/**
 * The proofs that may count, and from which index on they were read: those of what went before tell nothing of what is in
 * force, and those that are out of date change no verdict (appraisal/reach.ts).
 */
async function readProofs(
  look: Snapshot,
  subject: string,
  { inForce, pending }: History,
  least: number,
): Promise<{ readonly proofs: readonly SubjectEntry[]; readonly from: number }> {
  const declared = [inForce, pending].filter((each) => each !== undefined);
  if (declared.length === 0) return { proofs: [], from: Infinity };
  let from = Math.min(...declared.map(({ entry }) => entry.index));
  const since = Math.min(...declared.map((each) => readsFrom(each, look.now)));
  const proofs = await look.newest({ subject, kind: 'proof' }, ({ index, time }, taken) => {
    if (index < from) return true;
    if (taken < least || time >= since) return false;
    from = index + 1;
    return true;
  });
  const bytes = proofs.reduce((sum, { parsed }) => sum + parsed.entry.length, 0);
  if (bytes <= MOST_PROOF_BYTES) return { proofs, from };
  throw refuse(
    'too-large',
    `the proofs about "${printable(subject)}" that may count have ${bytes} bytes; it is left out`,
  );
}

/** What is declared about a subject, proofs unread. Refuses as `readSubject` does. */
export async function readHistory(look: Snapshot, subject: string): Promise<History> {
  const declaring = await readDeclaring(look, subject);
  assertFollows(look.policies, declaring, true);
  return historyFrom(look, declaring);
}

async function readDeclaring(look: Snapshot, subject: string): Promise<readonly SubjectEntry[]> {
  const lists = await Promise.all(DECLARING.map((kind) => look.entries({ subject, kind })));
  const declaring = lists.flat().toSorted((a, b) => a.index - b.index);
  if (declaring.length > 0) return declaring;
  throw refuse('not-found', `the log has no commitment about "${printable(subject)}"`);
}

/** The history of a subject under the policies of a look. */
export function historyFrom({ policies }: Snapshot, entries: readonly SubjectEntry[]): History {
  return historyOf(entries, (kid) => policies.revokedSince(kid));
}
