/** An agent that runs until it is closed: its directory is locked, and its daemon works. */
import { statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { refuse } from '../bytes/refusal.ts';
import { makeFolder } from '../platform/files.ts';
import { budgetUs } from './budget.ts';
import { Daemon } from './daemon.ts';
import { agentFiles, lockAgent } from './database.ts';
import type { AgentEvent } from './event.ts';
import { openAgent, type AgentOptions, type OpenedAgent } from './open.ts';
import { subjectsOf } from './enrolment.ts';
import { beyondReach } from './grants.ts';
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
  /** Calls back when a file changes, until the returned function is called. The system's watch, unless a test says otherwise. */
  readonly watch?: (path: string, changed: () => void) => () => void;
}

/** An agent at work. */
export interface RunningAgent {
  readonly opened: OpenedAgent;
  /** The subjects that it proves now. */
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
    return await assemble(options, opened, ending, unlock);
  } catch (error) {
    opened?.close();
    unlock();
    throw error;
  }
}

async function assemble(
  options: DaemonOptions,
  opened: OpenedAgent,
  ending: AbortController,
  unlock: () => void,
): Promise<RunningAgent> {
  const { targets } = agentFiles(options.place.dir);
  const work = new Work(options, opened, ending.signal);
  const turns = new Turns();
  const read = async (): Promise<readonly string[]> => {
    const rules = await readTargets(targets);
    opened.setRules(rules);
    return subjectsOf(rules);
  };
  const reload = (): Promise<void> => turns.take(async () => work.again(await read()));
  // The watch begins first, and the file is read after that: it may have changed while the agent waited for its log.
  const begun = turns.take(async () => {
    const subjects = await read();
    assertSubjects(options, subjects, targets);
    work.begin(subjects);
  });
  const unwatch = (options.watch ?? watchPath)(
    targets,
    () =>
      void reload().then(
        () => options.tell({ kind: 'reread', subjects: work.subjects, beyond: beyondReach(opened.rules()) }),
        (error: unknown) => options.tell({ kind: 'kept-rules', error }),
      ),
  );
  await begun.catch((error: unknown) => {
    unwatch();
    throw error;
  });
  return {
    opened,
    get subjects() {
      return work.subjects;
    },
    reload,
    failed: work.failed,
    close: async () => {
      unwatch();
      ending.abort();
      await turns.taken();
      await work.ended();
      opened.close();
      unlock();
    },
  };
}

/** Refuses `usage` without a subject. */
function assertSubjects(
  options: Pick<DaemonOptions, 'subjects'>,
  named: readonly string[],
  targets: string,
): void {
  if (options.subjects.length > 0 || named.length > 0) return;
  throw refuse(
    'usage',
    `say what to look after: enrol a target with \`tallystick agent enrol SUBJECT PROBE TARGET\`, which adds a rule to ${targets}, ` +
      'or give a subject and its targets',
    {
      remedy: { subject: true, target: true },
    },
  );
}

/** One step after another: an older reading of the file never takes effect after a newer one. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(step);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async taken(): Promise<void> {
    await this.#last;
  }
}

/** The daemon, and the one that takes its place when the rules change. What it must not forget is in the directory. */
class Work {
  readonly #options: DaemonOptions;
  readonly #opened: OpenedAgent;
  readonly #ending: AbortSignal;
  readonly #failure = Promise.withResolvers<Error>();
  #subjects: readonly string[] = [];
  #stop = new AbortController();
  #hasFailed = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: DaemonOptions, opened: OpenedAgent, ending: AbortSignal) {
    this.#options = options;
    this.#opened = opened;
    this.#ending = ending;
  }

  get subjects(): readonly string[] {
    return this.#subjects;
  }

  get failed(): Promise<Error> {
    return this.#failure.promise;
  }

  /** `named`: the subjects of the targets file, which count unless the options name others. */
  begin(named: readonly string[]): void {
    const { subjects } = this.#options;
    this.#subjects = subjects.length > 0 ? subjects : named;
    this.#stop = new AbortController();
    const signal = AbortSignal.any([this.#ending, this.#stop.signal]);
    this.#running = daemonOf(this.#options, this.#opened, this.#subjects).run(signal);
    this.#running.catch((error: unknown) => {
      this.#hasFailed = true;
      this.#failure.resolve(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Begins again after the step under way. The caller waits before it asks once more. */
  async again(named: readonly string[]): Promise<void> {
    this.#stop.abort();
    await this.ended();
    if (!this.#ending.aborted && !this.#hasFailed) this.begin(named);
  }

  async ended(): Promise<void> {
    await this.#running.catch(() => undefined);
  }
}

/**
 * Looks each second: a watch by name alone would lose a file that takes the place of another. What a change is compared with is known when
 * this returns; `watchFile` would look later, and lose a change before that.
 */
function watchPath(path: string, changed: () => void): () => void {
  let known = markOf(path);
  const timer = setInterval(() => {
    const found = markOf(path);
    if (found === known) return;
    known = found;
    changed();
  }, 1_000).unref();
  return () => clearInterval(timer);
}

/** Changes with the file; empty for none that can be seen. */
function markOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return '';
  }
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
