/** What is good only if the server left nothing newer out: nobody read all entries since, so it is not green. Pure. */
import type { ClaimJson } from '../../../../appraisal/json.ts';
import type { ClaimJson as ClaimPast, SpanJson } from '../../draw/clusters.ts';

type Judged = Pick<ClaimJson, 'verdict' | 'proof_index'>;

/** Whether a verdict rests on the server's list of newer proofs. `readFrom`: from this index on every entry was read here. */
export function restsOnList({ verdict, proof_index }: Judged, readFrom: number): boolean {
  return verdict === 'PROVEN' && (proof_index ?? -1) < readFrom;
}

interface Part {
  readonly status: { readonly claims: readonly Judged[] } | undefined;
  readonly readFrom: number;
}

/** Whether any claim of a subject does: what is said of the subject in one word stands for all of them. */
export function anyRestsOnList(part: Part | undefined): boolean {
  return part?.status?.claims.some((each) => restsOnList(each, part.readFrom)) === true;
}

/** The last span of a claim, if it is covered until the end and no look after it is known not to be left out. */
export function listedSpan(
  { spans, looks, figures }: Pick<ClaimPast, 'spans' | 'looks' | 'figures'>,
  readFrom: number,
): SpanJson | undefined {
  // Of another grade, somebody shows that nothing was left out until the end.
  const newest = looks.reduce((most, { index }) => Math.max(most, index), -1);
  const last = spans.at(-1);
  return figures.grade_looks === 'word' && newest < readFrom && last?.kind === 'covered' ? last : undefined;
}
