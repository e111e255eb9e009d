/** Answers `why`: what the verdict on one claim rests on. */
import { claimJson } from '../../../appraisal/json.ts';
import { explainClaim } from '../../../client/explain.ts';
import { parseMoment } from '../../../client/moment.ts';
import { SLOT_PROOFS } from '../../../client/samplings.ts';
import { statusOf } from '../../../client/statuses.ts';
import { whyRows } from '../../../words/why.ts';
import type { Lane } from './lane.ts';
import type { WhyShown } from './protocol.ts';

export async function whyOf(
  { client }: Lane,
  subject: string,
  claim: string,
  at: string | undefined,
): Promise<WhyShown> {
  const now = await client.snapshot();
  const look = at === undefined ? now : await now.at(parseMoment(at, 'as of'));
  const told = await explainClaim(look, await statusOf(look, subject, SLOT_PROOFS), claim);
  return {
    status: claimJson(told.status),
    rows: whyRows(look, told),
    proof: told.status.proof?.index ?? null,
    commitment: told.declared.entry.index,
  };
}
