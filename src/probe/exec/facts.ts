/** The signed facts of `exec@1`: those of the transcripts that a collector hands over. */
import type { SignedFacts } from '../../evidence/signed-facts.ts';
import { transcriptLists } from '../../evidence/transcript-facts.ts';

export const EXEC_FACTS: SignedFacts = {
  byTarget: (_, placed) => transcriptLists(placed).map((transcripts) => ({ exec: { transcripts } })),
};
