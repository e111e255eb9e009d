/** Looks at pairs of a declared matrix, drawn by a seed that the agent cannot choose, and compares them with what is declared. */
import { Refusal } from '../../bytes/refusal.ts';
import type { Observed } from '../../claim/observed.ts';
import type { ValueMap } from '../../claim/value.ts';
import { drawn } from '../../evidence/draw.ts';
import { declaredLeaves } from '../declared.ts';
import { nameOrWithheld } from '../harmless.ts';
import type { ProbeTask } from '../probe.ts';
import { lookAtPair, type LookOptions, type PairSeen } from './look.ts';
import { pairsOf, type DeclaredPair } from './matrix.ts';
import { asDeclared } from './outcome.ts';
import type { Pace } from './pace.ts';
import { perMinuteOf, type Drawing } from './parameters.ts';

/** Pairs that are looked at at a time, and milliseconds after which no further one is begun. */
const AT_A_TIME = 4;
const LAST_BEGIN_MS = 130_000;

/** One pair of the draw: what was seen, or why nothing was. */
interface Compared {
  readonly value: ValueMap;
  /** Why it is not known whether the pair is as declared; undefined if it is known. */
  readonly unproven: string | undefined;
}

/** Throws `Ended`, or the reason of the signal, if the probe is stopped. Refuses `config-invalid` for what is no matrix. */
export async function lookAtMany(
  task: ProbeTask,
  { source, draw }: Drawing,
  pace: Pace,
  options: LookOptions,
): Promise<Omit<Observed, 'bytes'>> {
  const pairs = pairsOf(source, declaredLeaves('net@1', task));
  const numbers = drawn(pairs.length, draw, task.draw ?? task.challenge);
  const chosen = numbers.flatMap((i) => pairs[i] ?? []);
  const begun = performance.now();
  const found = await eachOf(chosen, async (each) => {
    if (performance.now() - begun > LAST_BEGIN_MS) return notSeen(each, 'no time was left for it');
    try {
      await pace.turn(each.pair.host, perMinuteOf(task, each.pair));
      return compared(each, await lookAtPair(each.pair, options));
    } catch (error) {
      if (!(error instanceof Refusal) || task.signal.aborted) throw error;
      return notSeen(each, error.message);
    }
  });
  return observe(source, pairs.length, found, task.draw !== undefined);
}

/** Calls `look` for each, a few at a time; the results keep the order. */
async function eachOf<T, R>(all: readonly T[], look: (each: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const left = all.entries();
  const work = async (): Promise<void> => {
    for (const [i, each] of left) results[i] = await look(each);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return results;
}

function compared({ door, allowed }: DeclaredPair, seen: PairSeen): Compared {
  const { is, why } = asDeclared(allowed, seen);
  return {
    value: {
      to: nameOrWithheld(door),
      allowed,
      outcome: seen.outcome,
      ...(is !== undefined && { asDeclared: is }),
      ...(why !== undefined && { why }),
    },
    unproven: why,
  };
}

function notSeen({ door, allowed }: DeclaredPair, why: string): Compared {
  return { value: { to: nameOrWithheld(door), allowed, why }, unproven: why };
}

function observe(
  source: string,
  total: number,
  found: readonly Compared[],
  bySlot: boolean,
): Omit<Observed, 'bytes'> {
  const isIt = (wanted: boolean): number =>
    found.filter(({ value }) => value['asDeclared'] === wanted).length;
  const [right, wrong] = [isIt(true), isIt(false)];
  const part = `${right} of ${total} pairs of ${source} were seen to be as declared`;
  const whole = wrong > 0 ? false : right === total ? true : undefined;
  const open = found.flatMap(({ unproven }, i) =>
    unproven === undefined ? [] : [{ path: `/drawn/${i}`, reason: unproven }],
  );
  return {
    value: {
      matrix: {
        source,
        pairs: total,
        drawn: found.length,
        right,
        wrong,
        by: bySlot ? 'slot' : 'nonce',
        ...(whole !== undefined && { whole }),
      },
      drawn: found.map(({ value }) => value),
    },
    grades: [],
    attachments: [],
    contradictions: [],
    population: {
      source: `pairs of ${source}`,
      total,
      sampled: right + wrong,
      method: bySlot ? 'slot-seed' : 'own-nonce',
    },
    // That none is known to be wrong shows nothing of those of which nothing is known.
    unproven: [
      ...open,
      ...(open.length > 0 ? [{ path: '/matrix/wrong', reason: part }] : []),
      ...(whole === undefined ? [{ path: '/matrix/whole', reason: part }] : []),
    ],
  };
}
