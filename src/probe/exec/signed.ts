/** What targets of `exec@1` sign. Readers load this without the rest of the probe's description. */
import type { SignedFacts } from '../../evidence/signed-facts.ts';
import { transcriptLists } from '../../evidence/transcript-facts.ts';

export const EXEC_FACTS: SignedFacts = {
  byTarget: (_, placed) => transcriptLists(placed).map((transcripts) => ({ exec: { transcripts } })),
};
