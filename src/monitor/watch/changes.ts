/** A change that a watch reports (appraisal/changes.ts): as data, and as the event that the receiver of alerts gets. */
import { createHash } from 'node:crypto';
import type { ClaimStatus } from '../../appraisal/appraise.ts';
import { changesSince, newsOf, type ClaimEnd } from '../../appraisal/changes.ts';
import { claimJson } from '../../appraisal/json.ts';
import type { SubjectStatus } from '../../appraisal/subject.ts';
import { snapshotJson } from '../../client/snapshot-json.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import type { Verdict } from '../../statement/vocabulary.ts';
import type { WatchEvent, WatchState } from './state.ts';
import { formatMilliseconds } from '../../bytes/time.ts';

/** What the watch reported before. */
type ReportedBefore = Pick<WatchState, 'claimsOf' | 'isAlerted'>;

export interface Change {
  /** When the watch saw the change, POSIX seconds. */
  readonly at: number;
  readonly status: SubjectStatus;
  /** Id of the claim. */
  readonly claim: string;
  /** The verdict that was reported last; undefined if none was. */
  readonly before: Verdict | undefined;
  /** The present status of the claim, or how it ended. */
  readonly now: ClaimStatus | ClaimEnd;
  /** The change as plain data: the `data` of its event. */
  readonly data: ReturnType<typeof aboutOf> & Readonly<Record<string, Plain>>;
  /** Type of the event; undefined if the receiver gets none. */
  readonly type: 'claim.failed' | 'claim.waived' | 'claim.recovered' | 'claim.ended' | undefined;
  /** The event, if its type says that there is one. */
  readonly event: WatchEvent;
}

type Plain = string | number | boolean | null | readonly string[];

/** Whether a claim ended, in what a change says of now. */
export function isEnd(now: ClaimStatus | ClaimEnd): now is ClaimEnd {
  return 'how' in now;
}

/** The differences from what was reported last, subject by subject. */
export function changesOf(
  told: ReportedBefore,
  snapshot: Snapshot,
  statuses: readonly SubjectStatus[],
): readonly Change[] {
  return statuses.flatMap((status) => {
    const { subject } = status;
    return changesSince(told.claimsOf(subject), status).map((change) => {
      const claim = change.kind === 'ended' ? change.claim : change.claim.claim.id;
      const news = newsOf(change, told.isAlerted(subject, claim));
      const type = news === undefined ? undefined : (`claim.${news}` as const);
      const now = change.kind === 'ended' ? change : change.claim;
      const data = { ...aboutOf(snapshot, status), before: change.before ?? null, ...dataOf(now) };
      return changeOf(snapshot, { status, claim, before: change.before, now, data, type });
    });
  });
}

function dataOf(now: Change['now']) {
  if (!isEnd(now)) return claimJson(now);
  const { claim, how, by } = now;
  return { claim, verdict: null, ended: how, ended_by: by?.id ?? null, ended_index: by?.index ?? null };
}

function changeOf(snapshot: Snapshot, change: Omit<Change, 'at' | 'event'>): Change {
  const { type, data, status } = change;
  const name = eventName('claim', [originOf(snapshot), status.subject, ...sameOf(change)]);
  const event = { name, body: eventBody(type ?? '', snapshot.now * 1000, data) };
  return { at: snapshot.now, ...change, event };
}

/** Identifies the change independently of who sees it, so that every watch gives its event the same name. */
function sameOf({ status, claim: id, now }: Pick<Change, 'status' | 'claim' | 'now'>): readonly string[] {
  if (isEnd(now)) return [id, 'ended', now.by?.id ?? ''];
  const { verdict, proof, due } = now;
  // When a waiver ends, the verdict and the proof may be those of an earlier change; the waiver distinguishes the two.
  const waiver = status.history.waivers.findLast((each) => each.parsed.waiver.claims.includes(id));
  return [id, verdict, proof?.id ?? '', String(due), ...(waiver === undefined ? [] : [waiver.id])];
}

function aboutOf(snapshot: Snapshot, { subject, history }: SubjectStatus) {
  // A watch looks at now alone.
  const { at: _, ...now } = snapshotJson(snapshot);
  return { ...now, subject, commitment: history.inForce?.entry.id ?? null };
}

function originOf({ view }: Snapshot): string {
  return view.opened.checkpoint.origin;
}

/** `webhook-id` of an event: what it is about, and 40 hex digits that identify the change. */
export function eventName(about: 'claim' | 'subject' | 'watch', same: readonly (string | number)[]): string {
  return `${about}_${createHash('sha256').update(same.join('\n')).digest('hex').slice(0, 40)}`;
}

/** JSON of an event. `time`: milliseconds. */
export function eventBody(type: string, time: number, data: object): string {
  return JSON.stringify({ type, timestamp: formatMilliseconds(time), data });
}
