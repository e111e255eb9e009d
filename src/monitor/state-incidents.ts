/**
 * Turns what an observation of a log found into incidents about its state: a stale head, a lost quorum, missed proofs.
 * They are raised while the state lasts, and resolved when it has passed.
 */
import { decodeUtf8, formatBase64 } from '../bytes/text.ts';
import { leafIndex } from '../bytes/brand.ts';
import { formatTime } from '../bytes/time.ts';
import { incidentId, type Evidence, type LoggedEvidence } from '../incident/incident.ts';
import type { LogReader } from '../log/ports.ts';
import type { TrustPolicy } from '../note/trust.ts';
import type { Alarm } from './alarm.ts';
import { confirmedAt, staleness, type Observed, type Stale } from './conditions.ts';
import type { Due, DueProofs } from './due-proofs.ts';
import type { SeenHead } from './head.ts';
import type { IncidentStore } from './incidents.ts';
import { missedText, type Moment, type Overdue } from './missed-proofs.ts';

/** The limits of a state. The names give the units. */
export interface Limits {
  readonly staleAfterSeconds: number;
  readonly quorumGraceSeconds: number;
  readonly missedGraceSeconds: number;
}

/** Seconds by which a proof may be late, since clocks differ and batches take a moment. */
export const MISSED_GRACE_SECONDS = 300;
/** Seconds for which a log may serve heads without the quorum: one failed round of witnesses, and the next. */
export const QUORUM_GRACE_SECONDS = 60;

/** A state of a log: its alarm, if the log is in the state, and the identity of the incident in either case. */
export interface State {
  readonly kind: Evidence['kind'];
  readonly about: string;
  readonly alarm: Omit<Alarm, 'about'> | undefined;
}

/** What is judged: the head that a log serves, and the earlier observations. */
export interface Served {
  readonly head: SeenHead;
  readonly policy: TrustPolicy;
  /** The policy's text, as evidence; undefined if verifier keys were given instead. */
  readonly policyText: string | undefined;
  readonly observed: Observed;
  /** The largest known head, as note, if it is larger than the served one. */
  readonly newer: string | undefined;
  readonly now: number;
}

/** Whether the head that a log serves is stale. */
export function staleState(served: Served, limits: Limits): State {
  const { head, policy, observed, now, newer } = served;
  const limit = limits.staleAfterSeconds;
  const stale = staleness(observed, confirmedAt(policy, head.opened.cosignatures, now), now, limit);
  const alarm = stale && {
    evidence: {
      kind: 'stale-head',
      head: head.served,
      ...(stale.why === 'behind' && newer !== undefined && { newer }),
      ageSeconds: stale.ageSeconds,
      limitSeconds: limit,
    } as const,
    what: staleText(stale, head, observed),
  };
  return { kind: 'stale-head', about: 'head', alarm };
}

function staleText(stale: Stale, { opened: { checkpoint } }: SeenHead, { behind }: Observed): string {
  const age = `${stale.ageSeconds} s`;
  return stale.why === 'behind'
    ? `the log serves a head of ${checkpoint.size} entries, and for ${age} one of ${behind?.size ?? 0} has been known here`
    : `the newest head, of ${checkpoint.size} entries, was last confirmed by its witnesses ${age} ago`;
}

/** Whether a log's heads lack the quorum for longer than they may. */
export function quorumState({ head, policy, policyText, observed }: Served, limits: Limits): State {
  const lost = !head.quorum && (observed.unmetMs ?? 0) >= limits.quorumGraceSeconds * 1000;
  const known = policy.witnesses.length;
  const alarm = lost
    ? {
        evidence: { kind: 'quorum-lost', head: head.served, policy: policyText ?? '' } as const,
        what: `the head of ${head.opened.checkpoint.size} entries has cosignatures of ${head.opened.cosignatures.length} of ${known} known witnesses, which is no quorum`,
      }
    : undefined;
  return { kind: 'quorum-lost', about: 'quorum', alarm };
}

/** Where the incidents of one log are stored. */
export interface IncidentSink {
  readonly origin: string;
  readonly store: Pick<IncidentStore, 'find' | 'resolve'>;
  readonly raise: (alarm: Alarm) => Promise<void>;
}

/** Raises a state that holds and is not stored yet; resolves one that has passed. */
export async function raiseOrResolve(
  { kind, about, alarm }: State,
  { origin, store, raise }: IncidentSink,
): Promise<void> {
  const id = incidentId(kind, origin, about);
  const known = store.find(id);
  const open = known !== undefined && known.resolved === undefined;
  if (alarm === undefined && open) store.resolve(id);
  else if (alarm !== undefined && !open) await raise({ ...alarm, about });
}

/** Most missed proofs that are raised at once; each takes a few proofs from the copy. */
const MAX_MISSED_AT_ONCE = 100;

/** Raises the proofs that were missed, and resolves those that have come since. */
export async function raiseOrResolveMissed(
  dues: DueProofs,
  overdue: Overdue,
  moment: Moment,
  head: SeenHead,
  reader: Pick<LogReader, 'entry' | 'tlogProof'>,
  ledger: IncidentSink,
): Promise<void> {
  for (const id of dues.settled()) ledger.store.resolve(id);
  const missed = inTurn(overdue.missedAt(dues, moment).toSorted((a, b) => placeOf(a) - placeOf(b)));
  for (const due of missed.slice(0, MAX_MISSED_AT_ONCE)) {
    const about = `${due.key} ${due.id}`;
    const evidence: Evidence = {
      kind: 'missed-proof',
      head: head.served,
      last: await logged(reader, due.index),
      due: formatTime(due.due),
      subject: due.subject,
      ...(due.claim !== undefined && {
        claim: due.claim,
        commitment: await logged(reader, due.commitmentIndex ?? due.index),
      }),
    };
    await ledger.raise({ evidence, about, what: missedText(due), source: due.author });
    dues.missed(due.key, incidentId('missed-proof', ledger.origin, about));
  }
}

/**
 * The order in which missed proofs are raised: the first of each author, then the second of each, so that many of one
 * author do not delay those of others.
 */
function inTurn(missed: readonly Due[]): readonly Due[] {
  const before = new Map<string, number>();
  const ranked = missed.map((due) => {
    const rank = before.get(due.author) ?? 0;
    before.set(due.author, rank + 1);
    return { due, rank };
  });
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ due }) => due);
}

function placeOf({ commitmentIndex, index }: Due): number {
  return commitmentIndex ?? index;
}

async function logged(
  reader: Pick<LogReader, 'entry' | 'tlogProof'>,
  index: number,
): Promise<LoggedEvidence> {
  const at = leafIndex(index);
  const [{ bytes }, proof] = await Promise.all([reader.entry(at), reader.tlogProof(at)]);
  return { index, entry: formatBase64(bytes), proof: decodeUtf8(proof) };
}
