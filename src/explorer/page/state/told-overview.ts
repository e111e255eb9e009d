/** Asks the server for the verdicts of all subjects (GET /v1/overview): its word, which is drawn hollow. */
import { EVIDENCE_CLASSES, SEVERITIES, VERDICTS } from '../../../statement/vocabulary.ts';
import type { Site } from '../../shared/boot.ts';
import { OVERVIEW_PATH, type OverviewJson } from '../../shared/overview.ts';
import { wordsOf } from './said.ts';
import { assertShape, counts, flag, list, oneOf, orNull, shape, text, whole, WrongAnswer } from './shape.ts';

/** Asks once. Throws as `wordsOf` does, and `WrongAnswer` for what is no such answer, or one about another log. */
export async function toldOverview(
  { base, origin }: Pick<Site, 'base' | 'origin'>,
  query: URLSearchParams,
  signal?: AbortSignal,
): Promise<OverviewJson> {
  const told = overviewIn(await wordsOf(`${base}${OVERVIEW_PATH}?${query}`, signal));
  if (told.origin !== origin) throw new WrongAnswer('it answers about another log');
  return told;
}

/** An overview as a server said it. Throws `WrongAnswer` if it lacks something that is shown. */
export function overviewIn(said: unknown): OverviewJson {
  assertOverview(said);
  return said;
}

function assertOverview(said: unknown): asserts said is OverviewJson {
  assertShape(OVERVIEW, said);
}

const verdict = oneOf(VERDICTS);
const verdicts = counts(VERDICTS);
const claim = shape({ claim: text, verdict, hidden: orNull(verdict) });
const groups = list(shape({ name: text, subjects: whole, counts: verdicts }));
const row = shape({
  subject: text,
  verdict,
  hidden: orNull(verdict),
  claim: orNull(text),
  severity: orNull(oneOf(SEVERITIES)),
  evidence: orNull(oneOf(EVIDENCE_CLASSES)),
  since: orNull(whole),
  or_longer: flag,
  explain: orNull(text),
  waived_by: orNull(text),
  waived_until: orNull(whole),
  owner: orNull(text),
  environment: orNull(text),
  due: orNull(whole),
  missed: whole,
  approvals_lacking: whole,
  deployments_open: whole,
  claims: list(claim),
  fault: orNull(text),
  outdated: flag,
});
const OVERVIEW = shape({
  computed_by: oneOf(['log', 'monitor', 'mirror']),
  origin: text,
  as_of: shape({ size: whole, time: whole }),
  computing: orNull(shape({ done: whole, of: whole })),
  subjects: whole,
  without_claims: whole,
  left_out: whole,
  counts: verdicts,
  claims: verdicts,
  covered_until: orNull(whole),
  longest_uncovered: orNull(shape({ subject: text, since: whole })),
  prefixes: groups,
  owners: groups,
  rows: list(row),
  next: orNull(text),
});
