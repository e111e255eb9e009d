/**
 * The probe `net@1` finds out by behaviour whether a port can be reached from the machine of the agent. A policy says what is
 * meant, and an API says what it stores; only a connection shows what is let through.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { refuse } from '../../bytes/refusal.ts';
import type { Grade, Observed } from '../../claim/observed.ts';
import type { ValueMap } from '../../claim/value.ts';
import { declaredLeaves } from '../declared.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { Ended } from '../wire.ts';
import { NET } from './describe.ts';
import { lookAtPair, type Pair, type PairSeen, type Times } from './look.ts';
import { lookAtMany } from './many.ts';
import { asDeclared, LOSS_MS } from './outcome.ts';
import { Pace } from './pace.ts';
import { perMinuteOf, podsOf, readParameters } from './parameters.ts';
import { policiesSay, type Allowed } from '../kubernetes/policies.ts';

/** The probe, with times of its own. One probe has one pace, for all of its runs. */
export function makeNetProbe(times: Times, pace: Pace): Probe {
  return { ...NET, run: (task) => run(task, times, pace) };
}

/** `net@1`: 3.5 s for a handshake of TCP, 5 s for the first bytes. */
export const netProbe: Probe = makeNetProbe(
  { connectMs: 3_500, answerMs: 5_000, lossMs: LOSS_MS },
  new Pace(
    () => performance.now(),
    async (ms, signal) => {
      await pause(ms, undefined, { signal }).catch(() => undefined);
      signal.throwIfAborted();
    },
  ),
);

async function run(task: ProbeTask, times: Times, pace: Pace): Promise<Observed> {
  const wanted = readParameters(task);
  let bytes = 0;
  const { challenge, signal } = task;
  const count = (more: number): void => void (bytes += more);
  const options = { challenge, times, signal, count };
  try {
    if ('draw' in wanted) return { ...(await lookAtMany(task, wanted, pace, options)), bytes };
    const turn = { last: pace.deadline(), signal };
    await pace.turn(wanted.host, perMinuteOf(task, wanted), turn);
    const declared = declaredOf(task, wanted);
    return { ...observe(wanted, await lookAtPair(wanted, options), declared), bytes };
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    throw refuse('unavailable', `${error.message}; nothing was observed`, { cause: error });
  }
}

/** What the declared NetworkPolicies say of the pair; undefined if the claim does not ask. */
function declaredOf(task: ProbeTask, pair: Pair): Allowed | undefined {
  const pods = podsOf(task, pair);
  return pods && policiesSay(pods, declaredLeaves('net@1', task));
}

function observe(pair: Pair, seen: PairSeen, declared: Allowed | undefined): Omit<Observed, 'bytes'> {
  const { signed, byListener, unproven, addresses } = seen;
  const compared = declared === undefined ? undefined : comparedWith(declared, seen);
  const unknown = [
    ...(unproven === undefined ? [] : PARTS.map((path) => ({ path, reason: unproven }))),
    ...(compared?.why === undefined ? [] : [{ path: '/asDeclared', reason: compared.why }]),
  ];
  return {
    value: { ...valueOf(pair, seen), ...compared?.value },
    grades: gradesOf(signed.length, byListener),
    attachments: signed,
    contradictions: [],
    population: {
      source: 'addresses of the target',
      total: addresses.total,
      sampled: addresses.looked,
      method: addresses.looked === addresses.total ? 'all' : 'first',
    },
    ...(unknown.length > 0 && { unproven: unknown }),
  };
}

/** A listener signs what it received under the nonce; a transcript, only that the target itself answered. */
function gradesOf(signed: number, byListener: boolean): readonly Grade[] {
  const attachments = Array.from({ length: signed }, (_, i) => i);
  if (byListener) return [{ path: '/reachable', evidence: 'E2', attachments }];
  return signed === 0 ? [] : [{ path: '', evidence: 'E1', attachments, ofTarget: true }];
}

/** The pair against the declared policies. `why`: why it is not known whether it is as declared. */
function comparedWith(
  declared: Allowed,
  seen: PairSeen,
): { readonly value: ValueMap; readonly why: string | undefined } {
  if (typeof declared !== 'string')
    return { value: {}, why: `what is declared is not known: ${declared.unknown}` };
  const allowed = declared === 'allowed';
  const { is, why } = asDeclared(allowed, seen);
  return { value: { allowed, ...(is !== undefined && { asDeclared: is }) }, why };
}

/** What a claim may take for "not reachable": each must prove as little as `reachable`. */
const PARTS = ['/reachable', '/outcome', '/code', '/why'];

function valueOf({ host, port, transport, control }: Pair, seen: PairSeen): ValueMap {
  const { outcome, reachable, unproven, code, tries, controls, addresses } = seen;
  return {
    host,
    port,
    transport,
    outcome,
    tries,
    addresses,
    ...(reachable !== undefined && { reachable }),
    ...(unproven !== undefined && { why: unproven }),
    ...(code !== undefined && { code }),
    ...(control !== undefined && controls !== undefined && { control: { port: control.port, ...controls } }),
  };
}
