/** An agent that runs until it is closed: its directory is locked, and its daemon works. */
import { setTimeout as pause } from 'node:timers/promises';
import { refuse } from '../bytes/refusal.ts';
import { makeFolder } from '../platform/files.ts';
import { budgetUs } from './budget.ts';
import { Daemon } from './daemon.ts';
import { agentFiles, lockAgent } from './database.ts';
import type { AgentEvent } from './event.ts';
import { openAgent, type AgentOptions, type OpenedAgent } from './open.ts';
import { readTargets } from './targets.ts';

/** The options of a running agent. */
export interface DaemonOptions extends Omit<AgentOptions, 'signal'> {
  /** The subjects to prove; if empty, those in the targets file. */
  readonly subjects: readonly string[];
  /** Share of one core that it may use over an hour, in thousandths. */
  readonly cpuBudget: number;
  /** Seconds without a proof after which the agent logs a heartbeat. */
  readonly heartbeatSeconds: number;
  readonly pollSeconds: number;
  readonly tell: (event: AgentEvent) => void;
}

/** An agent at work. */
export interface RunningAgent {
  readonly opened: OpenedAgent;
  readonly subjects: readonly string[];
  /** Reads the targets file again. Refuses `config-invalid`; the rules then stay as they were. */
  reload(): Promise<void>;
  /** Resolves with the error after which the agent cannot go on; the caller then closes it. */
  readonly failed: Promise<Error>;
  /** Stops the work under way. Proofs that were signed are not lost. */
  close(): Promise<void>;
}

/** Refuses `locked`, `usage` without a subject, and as `openAgent` does. */
export async function startAgent(options: DaemonOptions): Promise<RunningAgent> {
  const { dir } = options.place;
  await makeFolder(dir, 0o700, { remedy: { agentDir: true } });
  const unlock = lockAgent(dir);
  const ending = new AbortController();
  let opened: OpenedAgent | undefined;
  try {
    opened = await openAgent({ ...options, signal: ending.signal });
    return assemble(options, opened, ending, unlock);
  } catch (error) {
    opened?.close();
    unlock();
    throw error;
  }
}

function assemble(
  options: DaemonOptions,
  opened: OpenedAgent,
  ending: AbortController,
  unlock: () => void,
): RunningAgent {
  const { targets } = agentFiles(options.place.dir);
  const subjects = options.subjects.length > 0 ? options.subjects : opened.home.subjects;
  if (subjects.length === 0)
    throw refuse(
      'usage',
      `say what to look after: add a rule to ${targets}, or give a subject and its targets`,
      {
        remedy: { subject: true, target: true },
      },
    );
  const running = daemonOf(options, opened, subjects).run(ending.signal);
  return {
    opened,
    subjects,
    reload: async () => opened.setRules(await readTargets(targets)),
    failed: running.then(
      () => new Promise<Error>(() => undefined),
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    ),
    close: async () => {
      ending.abort();
      await running.catch(() => undefined);
      opened.close();
      unlock();
    },
  };
}

function daemonOf(options: DaemonOptions, opened: OpenedAgent, subjects: readonly string[]): Daemon {
  const { agent, log } = opened;
  return new Daemon({
    agent,
    log,
    subjects,
    assertMayProve: (policy, subject) => opened.assertMayProve(policy, subject),
    budget: budgetUs(options.cpuBudget),
    heartbeat: options.heartbeatSeconds,
    pollMs: options.pollSeconds * 1000,
    random: Math.random,
    sleep: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
    tell: options.tell,
  });
}
