/** Asks the server for a subject's past: its word, which is drawn hollow. */
import type { HistoryJson } from '../../../appraisal/past/json.ts';
import { GRADES } from '../../../appraisal/past/types.ts';
import { EVIDENCE_CLASSES, VERDICTS } from '../../../statement/vocabulary.ts';
import { jsonOf } from './bounded.ts';
import type { Site } from '../../shared/boot.ts';
import type { Period } from '../worker/protocol.ts';

/** Seconds of the longest period that a server answers (src/http/history.ts). */
export const LONGEST_TOLD = 31 * 86_400;

/** Undefined where the server has no such route, answers something else, or nobody answers: then nothing is drawn hollow. */
export async function toldHistory(
  { base }: Site,
  subject: string,
  { since, until }: Period,
  signal: AbortSignal,
): Promise<HistoryJson | undefined> {
  const from = Math.max(since, until - LONGEST_TOLD);
  const url = `${base}/v1/subjects/${encodeURIComponent(subject)}/history?since=${from}&until=${until}`;
  try {
    const reply = await fetch(url, { signal, headers: { accept: 'application/json' } });
    const said: unknown = reply.ok ? await jsonOf(reply) : undefined;
    return isHistory(said) ? said : undefined;
  } catch {
    return undefined;
  }
}

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const whole: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const oneOf =
  (words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const shape =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(members).every(([name, check]) => check(Reflect.get(value, name)));

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
  why: orNull(text),
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

/** Whether what a server said has what is drawn of it. */
export function isHistory(value: unknown): value is HistoryJson {
  return HISTORY(value);
}
