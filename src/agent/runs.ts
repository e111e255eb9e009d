/**
 * Runs one probe at one target: checks that the target is enrolled and the parameters are valid, runs the probe, and
 * measures the cost. A failure is a result, too (`Unobserved`): the claims are then UNKNOWN, which never passes.
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import { printable } from '../bytes/printable.ts';
import type { Observed, Unobserved } from '../claim/observed.ts';
import { leavesOf, type Value } from '../claim/value.ts';
import type { ClaimGroup } from '../probe/groups.ts';
import { parametersOf } from '../probe/parameters.ts';
import type { Probe, ProbeTask } from '../probe/probe.ts';
import { consentWithin } from './consented.ts';
import { ruleFor, type Rule } from './enrolment.ts';
import type { Cost, AgentStore } from './agent-store.ts';

/** What a run needs besides the commitment. */
export interface ProbeDeps {
  readonly probes: (name: string) => Promise<Probe | undefined>;
  readonly rules: readonly Rule[];
  readonly readSecret: (path: string) => Promise<string>;
  readonly store: AgentStore;
  /** Milliseconds. */
  readonly now: () => number;
  /** Microseconds of CPU used so far, by this process and by programs reported to `spent`. */
  readonly cpu: () => number;
  readonly spent: (cpuUs: number) => void;
  readonly signal: AbortSignal;
  /** Called with a bug of a probe; the claim is UNKNOWN then. */
  readonly onBug: (error: unknown) => void;
}

/** The commitment that a run is for. */
export interface About {
  readonly subject: string;
  readonly challenge: Uint8Array;
  readonly declared: ReadonlyMap<string, Value> | undefined;
  /** What a sample is drawn by, for a run in a slot. */
  readonly draw?: Uint8Array | undefined;
}

/** Runs once. Throws only for a bug of this program. */
export async function runProbe(
  { probe: name, target, params }: ClaimGroup,
  about: About,
  probeDeps: ProbeDeps,
): Promise<{ readonly seen: Observed | Unobserved; readonly cost: Cost }> {
  const probe = await probeDeps.probes(name);
  if (probe === undefined) return unseen('unknown-probe', `this agent has no probe ${name}`);
  if (target === undefined) return unseen('target-missing', TARGET_MISSING);
  const rule = ruleFor(probeDeps.rules, about.subject, name, target);
  if (rule === undefined) return unseen('target-not-enrolled', notEnrolled(name, target));
  const at = Math.floor(probeDeps.now() / 1000);
  if (probeDeps.store.runsInHour(target, at) >= (rule.maxPerHour ?? Infinity))
    return unseen('target-limit', `the owner allows ${rule.maxPerHour} runs an hour against ${target}`);
  const [cpu, start] = [probeDeps.cpu(), performance.now()];
  const seen = await attempt(probe, rule, { target, params, about, probeDeps });
  const cost = {
    cpuUs: Math.max(0, Math.round(probeDeps.cpu() - cpu)),
    wallUs: Math.round((performance.now() - start) * 1000),
    bytes: 'code' in seen ? 0 : seen.bytes,
  };
  probeDeps.store.ran(name, target, at, cost);
  return { seen, cost };
}

const TARGET_MISSING =
  'the claim does not say where to look: give it a parameter "target", or the commitment exactly one locator';

function notEnrolled(probe: string, target: string): string {
  return `the owner of ${printable(target)} has not enrolled it for ${probe}; nothing was sent there`;
}

interface Attempt {
  readonly target: string;
  readonly params: ClaimGroup['params'];
  readonly about: About;
  readonly probeDeps: ProbeDeps;
}

async function attempt(
  probe: Probe,
  rule: Rule,
  { target, params, about, probeDeps }: Attempt,
): Promise<Observed | Unobserved> {
  const ended = new AbortController();
  const signal = AbortSignal.any([probeDeps.signal, ended.signal]);
  const late = refuse('request-timeout', `${probe.name} did not finish within ${probe.timeoutMs} ms`);
  const timer = setTimeout(() => ended.abort(late), probe.timeoutMs);
  try {
    const task: ProbeTask = {
      target,
      params: parametersOf(probe, params, rule.options),
      challenge: about.challenge,
      ...(about.declared !== undefined && { declared: about.declared }),
      ...(about.draw !== undefined && { draw: about.draw }),
      secret: async (name) => {
        const path = rule.secrets.get(name);
        if (path === undefined) return undefined;
        assertWritten(probe, name, rule, target);
        return probeDeps.readSecret(path);
      },
      consented: (at) => consentWithin(probeDeps, { subject: about.subject, probe: probe.name, target }, at),
      spent: probeDeps.spent,
      signal,
      now: probeDeps.now,
    };
    // A probe that ignores the signal must not delay the others.
    const seen = await Promise.race([probe.run(task), aborted(signal)]);
    leavesOf(seen.value);
    return seen;
  } catch (error) {
    probeDeps.signal.throwIfAborted();
    if (error instanceof Refusal) return { code: error.code, message: printable(error.message, 500) };
    const bug = withoutWords(probe.name, error);
    probeDeps.onBug(bug);
    return { code: 'probe-failed', message: bug.message };
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}

/**
 * Refuses a target that only a pattern matches if the probe sends a secret to it: within a pattern, the author of a
 * claim chooses the target, and could have the secret sent anywhere.
 */
function assertWritten({ name, secrets }: Probe, secret: string, { written }: Rule, target: string): void {
  if (secrets?.[secret]?.isSent !== true || written.includes(target)) return;
  throw refuse(
    'config-invalid',
    `the secret "${secret}" of ${name} is sent only to a target that targets.yaml writes in full, and ` +
      `${printable(target)} is there by a pattern; give it a rule of its own`,
  );
}

/**
 * A bug without its message, as far as it may be reported: JavaScript messages quote what was parsed, which came from
 * the target.
 */
function withoutWords(probe: string, error: unknown): Error {
  const kind = error instanceof Error ? error.constructor.name : typeof error;
  const bug = new Error(`${probe} has a bug (${kind}); the log of the agent has where`);
  const frames = (error instanceof Error ? (error.stack ?? '') : '')
    .split('\n')
    .filter((line) =>
      /^ {4}at (?:async )?(?:[\w.<>#$ [\]]+ \()?(?:file:|node:|\/)[^()]*:\d+:\d+\)?$/.test(line),
    );
  bug.stack = [bug.message, ...frames].join('\n');
  return bug;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('stopped'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

function unseen(code: string, message: string): { seen: Unobserved; cost: Cost } {
  return { seen: { code, message }, cost: { cpuUs: 0, wallUs: 0, bytes: 0 } };
}
