/** When agents looked, as `why` and `status --full` tell it: the slots that they had to keep, recomputed. */
import { beaconsOf, samplingOf, type Sampling } from '../../appraisal/sampling.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Claim } from '../../statement/commitment.ts';
import type { JsonValue } from '../output.ts';
import { wasHeadAt } from '../../client/challenges.ts';
import { commitmentOf } from '../../appraisal/subject.ts';
import { type Seen } from './seen.ts';
import { line } from './words.ts';

/** Newest proofs of a subject that are recomputed: months of hourly ones. */
export const SLOT_PROOFS = 2_000;

/** What each agent's proofs of a claim show of when it looked. Refuses as `prefixOf` does. */
export async function slotsOf(seen: Seen, claim: Claim): Promise<readonly Sampling[]> {
  const declared = commitmentOf(seen);
  if (declared === undefined) return [];
  const history = { ...seen.history, proofs: seen.history.proofs.slice(-SLOT_PROOFS) };
  const { view, tiles } = seen.look;
  const sizes = beaconsOf(claim, history).map(({ size }) => size);
  return samplingOf(claim, declared, history, await wasHeadAt(sizes, view, tiles));
}

/** Lines for people, one for each agent of whose looks something can be told, and one for each fault. */
export function slotLines({ look }: Seen, samplings: readonly Sampling[]): readonly string[] {
  return samplings
    .filter((each) => !isEarly(each))
    .flatMap((each) => {
      const who = line(look.policies.nameOf(each.kid, look.view.head.size), 128);
      return [
        `${who}: ${summaryOf(each)}`,
        ...each.faults.map((fault) => `${who} CHOSE ITS MOMENTS: ${line(fault)}`),
      ];
    });
}

/** Whether none of its looks can be recomputed yet: seeds are revealed days later. */
function isEarly(sampling: Sampling): boolean {
  return sampling.kept === 0 && sampling.open > 0 && !isNotable(sampling);
}

/** Whether there is something to say of an agent that not every honest one gives cause to. */
export function isNotable({ missed, late, outside, faults }: Sampling): boolean {
  return [missed, late, outside, faults].some(({ length }) => length > 0);
}

function summaryOf({ kept, open, missed, late, outside, faults }: Sampling): string {
  if (kept + open + faults.length === 0) return 'in no slot that was drawn: when to look was its own choice';
  const parts = [
    `${kept} looks were when the seed said`,
    ...(open > 0 ? [`${open} cannot be recomputed yet`] : []),
    ...timesText('slots without a proof', missed),
    ...timesText('late in their slot', late),
    ...timesText('in no slot', outside),
  ];
  return parts.join('; ');
}

function timesText(what: string, times: readonly number[]): readonly string[] {
  const newest = times.at(-1);
  return newest === undefined ? [] : [`${times.length} ${what}, the newest at ${formatTime(newest)}`];
}

export function slotsJson(samplings: readonly Sampling[]): JsonValue {
  return samplings.map(({ kid, kept, open, missed, late, outside, faults }) => ({
    kid,
    kept,
    open,
    missed,
    late,
    outside,
    faults,
  }));
}
