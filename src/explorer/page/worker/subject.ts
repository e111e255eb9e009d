/** Answers `subject`: verdicts, and the past of a period, what is on the screen first. */
import { historyCsv } from '../../../appraisal/past/csv.ts';
import { historyJson, type HistoryJson } from '../../../appraisal/past/json.ts';
import { knownHistory } from '../../../appraisal/past/known.ts';
import type { KnownHistory } from '../../../appraisal/past/known-types.ts';
import { subjectJson } from '../../../appraisal/json.ts';
import { isOfOne } from '../../../bytes/nature.ts';
import { parseMoment } from '../../../client/moment.ts';
import { MOST_PROOFS } from '../../../client/past/proofs.ts';
import { readPast } from '../../../client/past/read.ts';
import type { Snapshot } from '../../../client/snapshot.ts';
import { statusOf } from '../../../client/statuses.ts';
import { BY_READING, checkedLine } from '../../../words/checked.ts';
import { marksOf } from './declared.ts';
import { faultOf } from './faults.ts';
import { needHead } from './head.ts';
import type { Lane } from './lane.ts';
import type {
  Common,
  Part,
  Period,
  Results,
  SubjectAsk,
  SubjectShown,
  ToldRow,
  ToldSubject,
} from './protocol.ts';
import { WrongAnswer } from '../state/shape.ts';
import { verifyRows } from './rows.ts';
import { differencesOf, saidTheSame } from './told.ts';
import { isCopy } from './trust.ts';
import { wordOf } from './word.ts';

type Tell = (part: Part) => void;

/** `isServed`: whether the server computes under the same trust policy. */
export async function subjectOf(
  lane: Lane,
  ask: SubjectAsk,
  tell: Tell,
  isServed: boolean,
): Promise<SubjectShown> {
  const word = ask.told === true ? heard(lane, ask, tell) : undefined;
  const head = await needHead(lane, (each) => tell({ kind: 'head', head: each }));
  const now = await lane.client.snapshot();
  const look = ask.at === undefined ? now : await now.at(parseMoment(ask.at, 'as of'));
  const common: Common = isUntimed(look) ? 'looks' : isServed ? 'all' : 'entries';
  const status = subjectJson(await statusOf(look, ask.subject));
  tell({ kind: 'status', status, readFrom: look.readFrom });
  // As of a moment, the period is one that ends there; what was logged in that second counts.
  const then = ask.at === undefined ? look : { ...look, now: look.now + 1 };
  const back = ask.at === undefined ? 0 : Math.max(0, ask.period.until - then.now);
  const period = within(ask.period, then.now, back);
  const visible = within(ask.visible, period.until, back);
  const rows = await rowsFirst(lane, look, ask.subject, await soon(word), period, visible);
  await verifyRows(lane, look, rows, 'proof', tell);
  if (visible.since > period.since || visible.until < period.until) {
    const { past, known, marks } = await pastOf(lane, then, ask.subject, visible, tell);
    tell({ kind: 'past', period: known.period, past, marks });
  }
  const { past, known, marks } = await pastOf(lane, then, ask.subject, period, tell);
  const told = await word;
  await lane.turn();
  return {
    head,
    status,
    past,
    marks,
    common,
    differs: told === undefined ? [] : differencesOf(told, past, common),
    csv: historyCsv(ask.subject, known.claims),
    checked: checkedLine(look, BY_READING),
  };
}

/** The server's word, told as soon as it comes. */
async function heard(
  lane: Lane,
  { subject, period }: SubjectAsk,
  tell: Tell,
): Promise<HistoryJson | undefined> {
  try {
    const past = await wordOf(lane, subject, period);
    if (past !== undefined) tell({ kind: 'told', past });
    return past;
  } catch (error) {
    if (!(error instanceof WrongAnswer)) throw error;
    tell({ kind: 'mistold', text: error.message });
    return undefined;
  }
}

/** Milliseconds that verifying waits for the server's word: it says what to verify first. */
const PATIENCE_MS = 1_500;

async function soon<T>(coming: Promise<T> | undefined): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
  try {
    return await Promise.race([coming, promise]);
  } finally {
    clearTimeout(timer);
  }
}

interface PastRead extends Pick<SubjectShown, 'past' | 'marks'> {
  readonly known: KnownHistory;
}

async function pastOf(
  lane: Lane,
  look: Snapshot,
  subject: string,
  period: Period,
  tell: Tell,
): Promise<PastRead> {
  const progress = (what: string, of: number) => ({
    at: (done: number) => tell({ kind: 'count', done, of, what }),
    end: () => undefined,
  });
  const record = await readPast(look, subject, period, { progress });
  await lane.turn();
  const known = knownHistory(record, period);
  await lane.turn();
  return { known, past: historyJson(known, record.policies), marks: marksOf(record) };
}

/** A period that begins so many seconds earlier, as far as a moment. One that has not begun is refused by who reads it. */
function within({ since, until }: Period, now: number, back: number): Period {
  return { since: Math.max(0, since - back), until: Math.min(until, now) };
}

/** Seconds by which the log's clock may have been set back between two entries. */
const SLACK = 600;

/** The proofs of a period as the log's search names them, newest first. */
async function listed(
  lane: Lane,
  look: Snapshot,
  subject: string,
  { since }: Period,
): Promise<readonly ToldRow[]> {
  const rows: ToldRow[] = [];
  for await (const page of look.pages({ subject, kind: 'proof' })) {
    const fresh = page.rows.filter(({ time }) => time >= since - SLACK);
    rows.push(...fresh);
    if (fresh.length < page.rows.length || rows.length > MOST_PROOFS) break;
    await lane.turn();
  }
  return rows;
}

/** Looks that the server says have failed are verified first; as many as this. */
const MOST_FIRST = 1_000;
const FAILED: ReadonlySet<string> = new Set(['VIOLATED', 'CONTRADICTED', 'REVOKED']);

/**
 * Rows in the order in which they are verified: of the looks that the server tells, the newest that it says have failed, the visible ones
 * and the others; then what its search names beyond them.
 */
async function rowsFirst(
  lane: Lane,
  look: Snapshot,
  subject: string,
  told: HistoryJson | undefined,
  period: Period,
  visible: Period,
): Promise<readonly ToldRow[]> {
  const rows = new Map<number, ToldRow & { readonly rank: number }>();
  const looks = told?.claims.flatMap((each) => each.looks) ?? [];
  const failed = looks.filter(({ verdict }) => FAILED.has(verdict)).map(({ index }) => index);
  const early = new Set(failed.toSorted((a, b) => b - a).slice(0, MOST_FIRST));
  for (const { index, entry, window, logged } of looks) {
    const isVisible = window.end >= visible.since && window.start < visible.until;
    const rank = early.has(index) ? 0 : isVisible ? 1 : 2;
    rows.set(index, { index, id: entry, subject, time: logged ?? window.end, rank });
  }
  if (told === undefined || told.since > period.since || told.until < period.until)
    for (const row of await listed(lane, look, subject, period))
      if (!rows.has(row.index)) rows.set(row.index, { ...row, rank: 3 });
  return [...rows.values()].toSorted((a, b) => a.rank - b.rank || b.index - a.index);
}

/** Whether entries have the bounds of a copy in place of the log's times, since its search does not answer: its pages have them. */
function isUntimed({ times, log }: Snapshot): boolean {
  return times === 'bounds' && !isCopy(log);
}

/** Answers `subjects`: the verdicts of each. One that cannot be read does not end it. */
export async function subjectsOf(
  lane: Lane,
  asked: readonly ToldSubject[],
  tell: Tell,
): Promise<Results['subjects']> {
  await needHead(lane, (head) => tell({ kind: 'head', head }));
  const snapshot = await lane.client.snapshot();
  const { readFrom } = snapshot;
  let verified = 0;
  for (const [i, told] of asked.entries()) {
    const { subject } = told;
    try {
      const status = subjectJson(await statusOf(snapshot, subject));
      tell({
        kind: 'subject',
        subject,
        readFrom,
        status,
        fault: undefined,
        same: isUntimed(snapshot) ? undefined : saidTheSame(told, status),
      });
      verified += 1;
    } catch (error) {
      if (!isOfOne(error)) throw error;
      tell({ kind: 'subject', subject, readFrom, status: undefined, fault: faultOf(error), same: undefined });
    }
    tell({ kind: 'count', done: i + 1, of: asked.length, what: 'subjects' });
    await lane.turn();
  }
  return { verified, of: asked.length };
}
