/** Reads and verifies the entries of one subject, from which its status is computed. */
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { assertFollows } from '../appraisal/follows.ts';
import {
  commitmentOf,
  historyOf,
  type Declared,
  type EntryOf,
  type History,
  type SubjectEntry,
} from '../appraisal/history.ts';
import { isOverTime, readsFrom } from '../appraisal/reach.ts';
import { decisiveProofs } from '../appraisal/reports.ts';
import type { SubjectRecord } from '../appraisal/subject.ts';
import type { PastRecord } from '../appraisal/past/types.ts';
import type { Weighed } from '../evidence/weigh.ts';
import type { Result } from '../statement/proof.ts';
import { readDeclaring } from './declaring.ts';
import type { Snapshot } from './snapshot.ts';
import { outgrownAtFor, wasHeadFor } from './challenges.ts';

/** The parts of a snapshot that reading a subject needs. */
export type SubjectSource = Pick<
  Snapshot,
  'view' | 'tiles' | 'policies' | 'now' | 'entries' | 'pages' | 'newest' | 'loggedAt' | 'times' | 'isExcerpt'
>;

/** Most bytes of the proofs of one subject, since they are held in memory together. */
const MOST_PROOF_BYTES = 67_108_864;
/** Number of proofs that are read whatever their age, so that the last observation can be shown. */
export const LEAST_PROOFS = 16;

/**
 * Reads what is declared about a subject, and its newest proofs as far back as any counts. `least`: number of proofs
 * that are read in any case. Refuses `not-found` if the log has nothing about it, `too-large` if there is more than a
 * reader takes, and `proof-failed` if its entries do not follow from one another: the log omitted one, or admitted one
 * that it should have refused.
 */
export async function readSubject(
  snapshot: Snapshot,
  subject: string,
  least = LEAST_PROOFS,
): Promise<SubjectRecord> {
  const declaring = await readDeclaring(snapshot, subject);
  const early = historyFrom(snapshot, declaring);
  const { proofs, from } = await readProofs(snapshot, subject, early, least);
  const entries = [...declaring, ...proofs].toSorted((a, b) => a.index - b.index);
  const first = declaring.find(({ parsed }) => parsed.kind === 'commitment')?.index;
  assertFollows(snapshot.policies, entries, first === from && !snapshot.isExcerpt);
  const history = historyFrom(snapshot, entries);
  const of = commitmentOf({ history });
  const decisive = of === undefined ? [] : decisiveProofs(history.proofs, of.entry.id);
  return {
    subject,
    entries,
    ...(of !== undefined && isOverTime(of) && { past: await readEarlier(snapshot, subject) }),
    wasHead: await wasHeadFor(decisive, snapshot.view, snapshot.tiles),
    outgrownAt: await outgrownAtFor(decisive, entries, snapshot),
    evidence: await weigh(decisive, of, entries),
  };
}

/**
 * The past of a subject that has claims over time: its first second is enough, since what these rest on is read from the first of
 * them on. Undefined if there are more earlier proofs than a reader takes: then nobody can say.
 */
async function readEarlier(snapshot: Snapshot, subject: string): Promise<PastRecord | undefined> {
  const { readPast } = await import('./past/read.ts');
  try {
    return await readPast(
      snapshot,
      subject,
      { since: snapshot.now - 1, until: snapshot.now },
      { slots: false },
    );
  } catch (error) {
    if (error instanceof Refusal && error.code === 'too-large') return undefined;
    throw error;
  }
}

/**
 * Checks the signatures in the attachments of these proofs. The certificate library is loaded only if there are proofs.
 */
async function weigh(
  proofs: readonly EntryOf<'proof'>[],
  of: Declared | undefined,
  entries: readonly SubjectEntry[],
): Promise<ReadonlyMap<Result, Weighed>> {
  if (of === undefined || proofs.length === 0) return new Map();
  const [{ weighAll }, { signedFactsFor }] = await Promise.all([
    import('../evidence/weigh.ts'),
    import('../probe/signed.ts'),
  ]);
  const { declaration, entry } = of;
  return weighAll(proofs, { declaration, subject: entry.parsed.subject, signed: signedFactsFor }, entries);
}

/**
 * The proofs that may count, and the index from which on they were read. Proofs from before the commitment in force and
 * proofs that are out of date are not read, since they change no verdict (appraisal/reach.ts).
 */
async function readProofs(
  snapshot: SubjectSource,
  subject: string,
  { inForce, pending }: History,
  least: number,
): Promise<{ readonly proofs: readonly SubjectEntry[]; readonly from: number }> {
  const declared = [inForce, pending].filter((each) => each !== undefined);
  if (declared.length === 0) return { proofs: [], from: Infinity };
  let from = Math.min(...declared.map(({ entry }) => entry.index));
  const since = Math.min(...declared.map((each) => readsFrom(each, snapshot.now)));
  const proofs = await snapshot.newest({ subject, kind: 'proof' }, ({ index, time }, taken) => {
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

/** What is declared about a subject; proofs are not read. Refuses as `readSubject` does. */
export async function readHistory(snapshot: SubjectSource, subject: string): Promise<History> {
  const declaring = await readDeclaring(snapshot, subject);
  assertFollows(snapshot.policies, declaring, true);
  return historyFrom(snapshot, declaring);
}

/** The history of a subject under the policies of a snapshot. */
function historyFrom({ policies }: SubjectSource, entries: readonly SubjectEntry[]): History {
  return historyOf(entries, (kid) => policies.revokedSince(kid));
}
