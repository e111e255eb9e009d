/** What a watch tells: a verdict that changed, or a claim that is there no more. Each for people, machines and receivers. */
import { createHash } from 'node:crypto';
import type { ClaimStatus } from '../../appraisal/appraise.ts';
import { changesSince, newsOf, type ClaimEnd, type VerdictChange } from '../../appraisal/changes.ts';
import { formatTime } from '../../bytes/time.ts';
import type { JsonValue, Output } from '../output.ts';
import type { Seen } from './seen.ts';
import { changeLine } from './show.ts';
import { snapshotJson } from '../../client/snapshot-json.ts';
import { claimJson } from '../../appraisal/json.ts';
import { keyOf, type WatchState } from './watchstate.ts';
import { line } from './words.ts';

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
  return seen.flatMap((each) =>
    changesSince(state.claimsOf(each.subject), each).map((change) => {
      const id = change.kind === 'ended' ? change.claim : change.claim.claim.id;
      const news = newsOf(change, state.isAlerted(keyOf(each.subject, id)));
      const type = news === undefined ? undefined : (`claim.${news}` as const);
      const told = change.kind === 'ended' ? endChange(each, change) : verdictChange(output, each, change);
      return { seen: each, claim: id, type, ...told };
    }),
  );
}

type Told = Pick<Change, 'standing' | 'same' | 'text' | 'data'>;

function verdictChange(output: Output, seen: Seen, { claim: standing, before }: VerdictChange): Told {
  const { claim, verdict, proof, due } = standing;
  return {
    standing,
    same: [claim.id, verdict, proof?.id ?? '', String(due)],
    text: changeLine(output, seen, standing, before),
    data: { ...about(seen), before: before ?? null, ...claimJson(standing) },
  };
}

function endChange(seen: Seen, { claim, before, how, by }: ClaimEnd): Told {
  const words = {
    void: 'no longer claimed: its commitment does not count any more',
    withdrawn: `withdrawn, by entry ${by?.index}`,
    superseded: `no longer claimed, by entry ${by?.index}`,
  }[how];
  return {
    standing: undefined,
    same: [claim, 'ended', by?.id ?? ''],
    text: `${formatTime(seen.look.now)}  ${line(seen.subject)}  ${claim}  ${before} → ${words}`,
    data: {
      ...about(seen),
      before,
      claim,
      verdict: null,
      ended: how,
      ended_by: by?.id ?? null,
      ended_index: by?.index ?? null,
    },
  };
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
