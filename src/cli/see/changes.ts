/** What a watch tells: a verdict that changed, or a claim that is there no more. Each for people, machines and receivers. */
import { createHash } from 'node:crypto';
import type { EntryOf } from '../../appraisal/history.ts';
import type { ClaimStatus } from '../../appraisal/appraise.ts';
import { formatTime } from '../../bytes/time.ts';
import { isWithdrawal } from '../../statement/commitment.ts';
import type { Verdict } from '../../statement/vocabulary.ts';
import type { JsonValue, Output } from '../output.ts';
import type { Seen } from './seen.ts';
import { changeLine } from './show.ts';
import { snapshotJson } from '../../client/snapshot-json.ts';
import { claimJson } from '../../appraisal/json.ts';
import { keyOf, type WatchState } from './watchstate.ts';
import { line } from './words.ts';

/** Verdicts that somebody must hear of. */
const ALERTING: ReadonlySet<Verdict> = new Set(['VIOLATED', 'CONTRADICTED', 'STALE', 'REVOKED']);

export interface Change {
  readonly seen: Seen;
  /** Its id. */
  readonly claim: string;
  /** Undefined: it is no longer claimed. */
  readonly standing: ClaimStatus | undefined;
  /** What makes it the same change, whoever sees it. */
  readonly same: readonly string[];
  readonly text: string;
  readonly data: { readonly [key: string]: JsonValue };
  /** Type of the event that a receiver gets; undefined when nobody must hear of it. */
  readonly type: 'claim.failed' | 'claim.recovered' | 'claim.ended' | undefined;
}

/** What differs from what was told last, subject by subject. */
export function changesOf(output: Output, state: WatchState, seen: readonly Seen[]): readonly Change[] {
  return seen.flatMap((each) => {
    const told = state.claimsOf(each.subject);
    const changed = each.claims.filter(({ claim, verdict }) => told.get(claim.id) !== verdict);
    const gone = [...told].filter(([id]) => each.claims.every(({ claim }) => claim.id !== id));
    return [
      ...changed.map((standing) => verdictChange(output, state, each, standing)),
      ...gone.map(([id, before]) => endChange(each, id, before)),
    ];
  });
}

function verdictChange(output: Output, state: WatchState, seen: Seen, standing: ClaimStatus): Change {
  const { claim, verdict, proof, due } = standing;
  const before = state.claimsOf(seen.subject).get(claim.id);
  const isGood = verdict === 'PROVEN' || verdict === 'WAIVED';
  const isRecovered = isGood && state.isAlerted(keyOf(seen.subject, claim.id));
  return {
    seen,
    claim: claim.id,
    standing,
    same: [claim.id, verdict, proof?.id ?? '', String(due)],
    text: changeLine(output, seen, standing, before),
    data: { ...about(seen), before: before ?? null, ...claimJson(standing) },
    type: isRecovered ? 'claim.recovered' : ALERTING.has(verdict) ? 'claim.failed' : undefined,
  };
}

/** Somebody took it away, on purpose or not: whoever relied on it hears so, whatever its verdict was. */
function endChange(seen: Seen, id: string, before: Verdict): Change {
  const by = endedBy(seen);
  const how = by === undefined ? 'void' : isWithdrawal(by.parsed.commitment) ? 'withdrawn' : 'superseded';
  const words = {
    void: 'no longer claimed: its commitment does not count any more',
    withdrawn: `withdrawn, by entry ${by?.index}`,
    superseded: `no longer claimed, by entry ${by?.index}`,
  }[how];
  return {
    seen,
    claim: id,
    standing: undefined,
    same: [id, 'ended', by?.id ?? ''],
    text: `${formatTime(seen.look.now)}  ${line(seen.subject)}  ${id}  ${before} → ${words}`,
    data: {
      ...about(seen),
      before,
      claim: id,
      verdict: null,
      ended: how,
      ended_by: by?.id ?? null,
      ended_index: by?.index ?? null,
    },
    type: 'claim.ended',
  };
}

/** Undefined when what was declared last is by a key that was revoked: nobody's entry ended it. */
function endedBy({ entries, history }: Seen): EntryOf<'commitment'> | undefined {
  const { inForce, pending, declared } = history;
  if (inForce !== undefined) return inForce.entry;
  const newest = entries.findLast(
    ({ parsed }) => parsed.kind === 'commitment' && !isWithdrawal(parsed.commitment),
  );
  if (declared.at(-1)?.entry.id !== newest?.id) return undefined;
  return declared.findLast(({ ended }) => ended !== undefined)?.ended ?? pending?.entry;
}

function about(seen: Seen): { readonly [key: string]: JsonValue } {
  const { look, subject, history } = seen;
  return { ...snapshotJson(look), subject, commitment: history.inForce?.entry.id ?? null };
}

/** The same change has the same name, also to another watch: receivers see it once. */
export function eventOf({ seen, same, data, type }: Change): {
  readonly name: string;
  readonly body: string;
} {
  const { look, subject } = seen;
  const what = [look.view.opened.checkpoint.origin, subject, ...same].join('\n');
  return {
    name: `claim_${createHash('sha256').update(what).digest('hex').slice(0, 40)}`,
    body: JSON.stringify({ type, timestamp: new Date(look.now * 1000).toISOString(), data }),
  };
}
