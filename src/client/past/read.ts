/**
 * Reads the past of one subject: every entry of a period, what is needed from before it and after it, and what bounds it in
 * time. All of it is verified; `knownHistory` (appraisal/past) says what follows from it.
 *
 *     const record = await readPast(snapshot, 'db/payments', { since, until });
 *     const { claims } = knownHistory(record, { since, until });
 *
 * Memory: the entries of one subject, at most `MOST_BYTES` of proofs, and a few numbers for each of the log's heads.
 */
import { assertFollows } from '../../appraisal/follows.ts';
import type { SubjectEntry } from '../../appraisal/history.ts';
import type { PastEntry, PastPolicy, PastRecord, Period } from '../../appraisal/past/types.ts';
import { claimsIn, overTimeFrom, secondsBefore } from '../../appraisal/reach.ts';
import { epochFor } from '../../appraisal/slots.ts';
import { refuse } from '../../bytes/refusal.ts';
import { wasHeadAt } from '../challenges.ts';
import type { Progress } from '../ports.ts';
import type { Listed } from '../search.ts';
import type { Snapshot } from '../snapshot.ts';
import { readDeclaring } from '../declaring.ts';
import { completeFor } from './complete.ts';
import { evidenceOf } from './evidence.ts';
import { linksAround, MOST_PROOFS, proofsBetween, readProofs } from './proofs.ts';
import { reachOf, type Reach } from './reach.ts';
import { timesOf, withinBounds } from './times.ts';

/** How a period is read. */
export interface PastOptions {
  /** Thumbprints of monitors' keys, hex: inventories that these signed vouch for completeness. Default: none. */
  readonly monitors?: ReadonlySet<string> | undefined;
  /** Whether proofs after the period are read that reveal its seeds. Default: true. */
  readonly slots?: boolean | undefined;
  /** Most proofs that are read. Default: 100,000. */
  readonly most?: number | undefined;
  /** Default: nothing is shown. */
  readonly progress?: ((label: string, total: number) => Progress) | undefined;
}

/** Epochs after which the seeds of a period are revealed. */
const EPOCHS_TO_REVEAL = 3;

/**
 * Reads the past of a subject in `[since, until)`. Refuses `not-found` if the log has nothing about it, `usage` for a period
 * that is empty or has not begun, `too-large` for more than a reader takes, and `proof-failed` if its entries do not follow
 * from one another: the log's search left one out.
 */
export async function readPast(
  snapshot: Snapshot,
  subject: string,
  period: Period,
  options: PastOptions = {},
): Promise<PastRecord> {
  return readPlanned(snapshot, await planPast(snapshot, subject, period, options), options);
}

/** What will be read of a subject. */
export interface PastPlan {
  readonly subject: string;
  readonly declaring: readonly SubjectEntry[];
  readonly reach: Reach;
  /** Rows of the proofs in reach. */
  readonly rows: readonly Listed[];
}

/**
 * The first half of `readPast`: what is declared about a subject, and which proofs are in reach. Whoever reads many subjects makes
 * many plans, and fetches the entries of all of them at once (`Snapshot.gather`). Refuses as `readPast` does.
 */
export async function planPast(
  snapshot: Snapshot,
  subject: string,
  period: Period,
  { slots = true, most = MOST_PROOFS }: PastOptions = {},
): Promise<PastPlan> {
  assertPeriod(period, snapshot.now);
  const declaring = await readDeclaring(snapshot, subject);
  const claims = declaring.flatMap(claimsIn);
  // What was logged before the period may count in it, and covers its begin.
  const over = overTimeFrom(declaring);
  const since = Math.min(period.since - secondsBefore(claims), over?.time ?? Infinity);
  const further = slots ? EPOCHS_TO_REVEAL * epochFor(claims) : 0;
  const found = await reachOf(snapshot, { ...period, since }, further);
  // By its index: a log that states a time too late would cut off the first proofs.
  const reach = { ...found, from: Math.min(found.from, over?.index ?? Infinity) };
  return { subject, declaring, reach, rows: await proofsBetween(snapshot, subject, reach, most) };
}

/** The second half of `readPast`. */
export async function readPlanned(
  snapshot: Snapshot,
  { subject, declaring, reach, rows }: PastPlan,
  { monitors = new Set(), progress = () => SILENT }: PastOptions = {},
): Promise<PastRecord> {
  const inReach = await readProofs(snapshot, subject, rows);
  const around = await linksAround(snapshot, subject, reach, inReach);
  const proofs = [...around.before, ...inReach, ...around.after];
  const entries = inOrder([...declaring, ...proofs]);
  assertFollows(snapshot.policies, entries, false);
  const times = await timesOf(snapshot, entries);
  const sizes = proofs.flatMap(sizesIn);
  return {
    subject,
    origin: snapshot.view.opened.checkpoint.origin,
    size: snapshot.size,
    now: snapshot.now,
    headTime: snapshot.headTime,
    entries: entries.map((each): PastEntry => ({ ...each, time: times.of(each) })),
    policies: snapshot.policies,
    policyEntries: await policyEntries(snapshot, times.of),
    heads: reach.heads,
    evidence: await evidenceOf(withinBounds(entries, times.of, reach.heads), progress),
    wasHead: await wasHeadAt(sizes, snapshot.view, snapshot.tiles),
    loggedAt: times.at,
    complete: await completeFor(snapshot, subject, reach, monitors),
  };
}

function assertPeriod({ since, until }: Period, now: number): void {
  if (!(since < until))
    throw refuse('usage', 'the period is empty: it ends where it begins, or before', {
      remedy: { since: true, until: true },
    });
  if (since >= now)
    throw refuse('usage', 'the period has not begun: it begins in the past', { remedy: { since: true } });
}

/** The sizes of trees that a proof names: of its challenge, and of the beacons of its slots. */
function sizesIn({ parsed }: SubjectEntry): readonly number[] {
  if (parsed.kind !== 'proof') return [];
  const { challenge, results } = parsed.proof;
  const beacons = results.flatMap(({ slot }) => (slot?.beacon === undefined ? [] : [slot.beacon.size]));
  return [challenge.size, ...beacons];
}

/** Each entry once, in the order of the log. */
function inOrder(entries: readonly SubjectEntry[]): readonly SubjectEntry[] {
  const byIndex = new Map(entries.map((each) => [each.index, each]));
  return [...byIndex.values()].toSorted((a, b) => a.index - b.index);
}

/** The policies of snapshots: every subject has the same. */
const POLICIES = new WeakMap<Snapshot, readonly PastPolicy[]>();

async function policyEntries(
  snapshot: Snapshot,
  timeOf: (entry: { readonly time: number }) => number | undefined,
): Promise<readonly PastPolicy[]> {
  const known = POLICIES.get(snapshot) ?? (await readPolicies(snapshot, timeOf));
  POLICIES.set(snapshot, known);
  return known;
}

async function readPolicies(
  snapshot: Snapshot,
  timeOf: (entry: { readonly time: number }) => number | undefined,
): Promise<readonly PastPolicy[]> {
  const found: PastPolicy[] = [];
  for await (const { rows } of snapshot.pages({ kind: 'policy' }))
    found.push(...rows.map((row) => ({ index: row.index, id: row.id, time: timeOf(row) })));
  return found.toReversed();
}

const SILENT: Progress = { at: () => undefined, end: () => undefined };
