/** When agents observed: recomputes the slots of proofs with the heads that the log had (appraisal/sampling.ts). */
import { beaconsOf, samplingOf, type Sampling } from '../appraisal/sampling.ts';
import { commitmentOf } from '../appraisal/history.ts';
import type { SubjectStatus } from '../appraisal/subject.ts';
import type { Claim } from '../statement/commitment.ts';
import { wasHeadAt } from './challenges.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Number of newest proofs of a subject whose slots are recomputed: months of hourly ones. `Snapshot.subject` reads as
 * many.
 */
export const SLOT_PROOFS = 2_000;

/** The times of each agent's proofs of a claim, against its slots. Refuses as `prefixOf` does. */
export async function samplingsOf(
  { view, tiles }: Pick<Snapshot, 'view' | 'tiles'>,
  subject: SubjectStatus,
  claim: Claim,
): Promise<readonly Sampling[]> {
  const declared = commitmentOf(subject);
  if (declared === undefined) return [];
  const history = { ...subject.history, proofs: subject.history.proofs.slice(-SLOT_PROOFS) };
  const sizes = beaconsOf(claim, history).map(({ size }) => size);
  return samplingOf(claim, declared, history, await wasHeadAt(sizes, view, tiles));
}
