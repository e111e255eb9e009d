/** Whether agents probed in the slots that their seeds drew, as `why` and `status --full` print it. */
import { isEarly, type Sampling } from '../appraisal/sampling.ts';
import { formatTime } from '../bytes/time.ts';
import type { Snapshot } from '../client/snapshot.ts';
import { line } from './plain.ts';

/** Lines for people: one for each agent with anything to report, and one for each of its faults. */
export function slotLines(look: Snapshot, samplings: readonly Sampling[]): readonly string[] {
  return samplings
    .filter((each) => !isEarly(each))
    .flatMap((each) => {
      const who = line(look.policies.nameOf(each.kid, look.size), 128);
      return [
        `${who}: ${summaryOf(each)}`,
        ...each.faults.map((fault) => `${who} CHOSE ITS MOMENTS: ${line(fault)}`),
      ];
    });
}

function summaryOf({ kept, open, missed, late, outside, faults }: Sampling): string {
  if (kept + open + faults.length === 0)
    return 'no proof lies in a drawn slot: the agent chose the times itself';
  const parts = [
    `${kept} proofs at the times that the seed drew`,
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
