/** Looks at pairs of a declared matrix, drawn by a seed that the agent cannot choose, and compares them with what is declared. */
import { groupBy } from '../../bytes/group.ts';
import { printable } from '../../bytes/printable.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import type { Observed } from '../../claim/observed.ts';
import type { ValueMap } from '../../claim/value.ts';
import { drawn } from '../../evidence/draw.ts';
import { declaredLeaves } from '../declared.ts';
import { nameOrWithheld } from '../harmless.ts';
import type { ProbeTask } from '../probe.ts';
import { lookAtPair, type LookOptions, type PairSeen } from './look.ts';
import { pairsOf, type DeclaredPair } from './matrix.ts';
import { asDeclared } from './outcome.ts';
import { gateOf } from './gate.ts';
import { mostPairs, type Pace } from './pace.ts';
import { perMinuteOf, type Drawing } from './parameters.ts';

/** Pairs that are looked at at a time. */
const AT_A_TIME = 4;

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
  assertFits(pairs, draw, task);
  const turn = { last: pace.deadline(), signal: task.signal, gate: gateOf(AT_A_TIME) };
  const found = await Promise.all(
    chosen.map(async (each) => {
      try {
        await pace.turn(each.pair.host, perMinuteOf(task, each.pair), turn);
      } catch (error) {
        return failed(each, error, task);
      }
      try {
        return compared(each, await lookAtPair(each.pair, options));
      } catch (error) {
        return failed(each, error, task);
      } finally {
        turn.gate.leave();
      }
    }),
  );
  return observe(source, pairs.length, found, task.draw !== undefined);
}

/** What is told of a pair of which a refusal says that nothing was seen. Throws what is no refusal. */
function failed(each: DeclaredPair, error: unknown, { signal }: Pick<ProbeTask, 'signal'>): Compared {
  if (!(error instanceof Refusal) || signal.aborted) throw error;
  return notSeen(each, error.message);
}

/**
 * Refuses `config-invalid` if some draw could have more pairs of one host than fit into a run at the pace that both ends allow. It
 * does not depend on the draw: else the same commitment would be judged by luck.
 */
function assertFits(pairs: readonly DeclaredPair[], draw: number, task: ProbeTask): void {
  for (const [host, each] of groupBy(pairs, ({ pair }) => pair.host)) {
    const perMinute = Math.min(...each.flatMap(({ pair }) => paceOf(pair, task) ?? []));
    const worst = Math.min(draw, each.length);
    if (worst <= mostPairs(perMinute)) continue;
    throw refuse(
      'config-invalid',
      `${worst} pairs of one draw may be of the host ${printable(host, 64)}; both ends allow ${perMinute} a minute with it, and ` +
        `${mostPairs(perMinute)} fit into one run: allow more (tallystick agent consent, pairsPerMinute in targets.yaml), or give ` +
        `the claim draw: ${mostPairs(perMinute)}`,
    );
  }
}

/** Undefined for a pair that both ends did not enrol: it is not looked at, and so takes no time. */
function paceOf(pair: DeclaredPair['pair'], task: ProbeTask): number | undefined {
  try {
    return perMinuteOf(task, pair);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
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
