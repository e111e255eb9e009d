/** Asks the server for a subject's past: its word, which is drawn hollow. */
import type { HistoryJson } from '../../../appraisal/past/json.ts';
import { GRADES } from '../../../appraisal/past/types.ts';
import { EVIDENCE_CLASSES, VERDICTS } from '../../../statement/vocabulary.ts';
import { WHY } from '../../../words/history.ts';
import { Unsaid, wordsOf } from '../state/said.ts';
import { assertShape, list, oneOf, orNull, shape, text, whole } from '../state/shape.ts';
import type { Lane } from './lane.ts';
import type { Period } from './protocol.ts';

/** Seconds of the longest period that a server answers (src/http/history.ts). */
export const LONGEST_TOLD = 31 * 86_400;

/**
 * Undefined where the server has no such route, or nobody answers: then nothing is drawn hollow. Throws `WrongAnswer` for an answer that
 * is no history. The word is of the end of a period that is longer than a server answers.
 */
export async function wordOf(
  { fetch, client: { log }, signal }: Pick<Lane, 'fetch' | 'client' | 'signal'>,
  subject: string,
  { since, until }: Period,
): Promise<HistoryJson | undefined> {
  const from = Math.max(since, until - LONGEST_TOLD);
  const url = `${log}/v1/subjects/${encodeURIComponent(subject)}/history?since=${from}&until=${until}`;
  try {
    return historyIn(await wordsOf(url, signal, fetch));
  } catch (error) {
    if (error instanceof Unsaid) return undefined;
    throw error;
  }
}

const verdict = oneOf(VERDICTS);
const look = shape({
  entry: text,
  index: whole,
  kid: text,
  name: text,
  verdict,
  stated: verdict,
  evidence: orNull(oneOf(EVIDENCE_CLASSES)),
  explain: orNull(text),
  window: shape({ start: whole, end: whole }),
  logged: orNull(whole),
  at: whole,
});
const span = shape({
  from: whole,
  to: whole,
  kind: oneOf(['covered', 'failed', 'uncovered', 'waived']),
  hides: orNull(oneOf(['failed', 'uncovered'])),
  why: orNull(oneOf(Object.keys(WHY))),
  verdict: orNull(verdict),
  evidence: orNull(oneOf(EVIDENCE_CLASSES)),
  waived_by: orNull(text),
  waived_until: orNull(whole),
});
const figures = shape({
  grade_looks: oneOf(GRADES),
  grade_time: oneOf(GRADES),
  looks: whole,
  proven: whole,
  failed: whole,
  other: whole,
  missed: whole,
  expected: whole,
  seconds: shape({ covered: whole, failed: whole, uncovered: whole, waived: whole }),
});
const declared = shape({ index: whole, time: whole, author: text });
const HISTORY = shape({
  since: whole,
  until: whole,
  size: whole,
  declared: list(declared),
  claims: list(shape({ claim: text, figures, spans: list(span), looks: list(look) })),
});

/** A history as a server said it. Throws `WrongAnswer` if it lacks something that is drawn. */
export function historyIn(said: unknown): HistoryJson {
  assertHistory(said);
  return said;
}

function assertHistory(said: unknown): asserts said is HistoryJson {
  assertShape(HISTORY, said);
}
