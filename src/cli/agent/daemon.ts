/** `tallystick agent`: the process around the daemon. On SIGTERM or SIGINT what is under way is given up; nothing signed is. */
import { clockFault } from '../../appraisal/clock.ts';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { budgetUs } from '../../agent/budget.ts';
import { Daemon } from '../../agent/daemon.ts';
import { agentFiles, lockAgent } from '../../agent/database.ts';
import type { AgentEvent } from '../../agent/event.ts';
import { operatorRule } from '../../agent/enrolment.ts';
import { refuse } from '../../bytes/refusal.ts';
import type { Context } from '../context.ts';
import { makeLogger } from '../logger.ts';
import { makeFolder } from '../../platform/files.ts';
import { stopOnSignal } from '../serve/process.ts';
import { agentBanner } from './banner.ts';
import { confine } from './confine.ts';
import { assertEnrolled, enrolCommand } from './enrolled.ts';
import { openAgent, type OpenAgent } from './open.ts';
import { readTargets } from './setup.ts';

export interface AgentAsked {
  readonly subjects: readonly string[];
  readonly targets: readonly string[];
  readonly vantage: string | undefined;
  readonly confine: boolean;
}

/** Milliseconds that one request may be repeated for; the daemon itself asks again later. */
const PATIENCE_MS = 2_000;

/** Proves until it is told to stop; resolves with the exit code. */
export async function runAgent(context: Context, asked: AgentAsked): Promise<number> {
  const { config } = context;
  if (asked.confine) await confine(context, asked.targets);
  const logger = makeLogger(config.logLevel);
  await makeFolder(config.agentDir, 0o700, { setting: '--agent-dir' });
  const unlock = lockAgent(config.agentDir);
  const ending = new AbortController();
  let open: OpenAgent;
  try {
    open = await openAgent(context, {
      rules: asked.targets.length === 0 ? [] : [operatorRule(asked.targets)],
      vantage: asked.vantage,
      onBug: (error) => logger.error({ err: error }, 'a probe failed'),
      signal: ending.signal,
      patienceMs: PATIENCE_MS,
    });
  } catch (error) {
    unlock();
    throw error;
  }
  const subjects = asked.subjects.length > 0 ? asked.subjects : open.home.subjects;
  if (subjects.length === 0) {
    open.close();
    unlock();
    throw refuse(
      'usage',
      `say what to look after: add a rule to ${agentFiles(config.agentDir).targets}, or give --subject and --target`,
    );
  }
  const daemon = daemonOf(context, open, subjects, logger);
  const running = daemon.run(ending.signal);
  const stop = async (): Promise<void> => {
    ending.abort();
    await running.catch(() => undefined);
    open.close();
    unlock();
  };
  const fatal = running.then(
    () => new Promise<Error>(() => undefined),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  const stopped = stopOnSignal(stop, fatal, logger, () => void reload(context, open, logger));
  context.output.note(agentBanner(context, open, subjects));
  return stopped;
}

function daemonOf(context: Context, open: OpenAgent, subjects: readonly string[], logger: Logger): Daemon {
  const { config } = context;
  const { agent, log, home } = open;
  return new Daemon({
    agent,
    log,
    subjects,
    assertMayProve: (policy, subject) =>
      assertEnrolled(policy, agent.hand.kid, subject, enrolCommand(context, home, subject)),
    budget: budgetUs(config.cpuBudget),
    heartbeat: config.heartbeat,
    pollMs: config.poll * 1000,
    random: Math.random,
    sleep: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
    tell: (event) => tell(logger, event),
  });
}

function tell(logger: Logger, event: AgentEvent): void {
  switch (event.kind) {
    case 'proven': {
      const { subject, seq, id, results } = event.proof;
      const verdicts = Object.fromEntries(
        results.map(({ claim, verdict, evidence }) => [claim, `${verdict} ${evidence}`]),
      );
      const bad = results.some(({ verdict }) => verdict !== 'PROVEN');
      logger[bad ? 'warn' : 'info'](
        { subject, seq, entry: id, verdicts },
        results.length === 0 ? 'heartbeat' : 'proven',
      );
      return;
    }
    case 'skipped':
      return logger.warn({ subject: event.subject, claims: event.claims }, 'left out for lack of CPU');
    case 'delivered':
      return logger.info({ subject: event.subject, seq: event.seq, index: event.index }, 'logged');
    case 'away':
      return logger.warn(
        { why: event.why, retryMs: event.retryMs, waiting: event.waiting },
        'the log is away',
      );
    case 'outdated':
      return logger.error(
        { why: event.why, waiting: event.waiting },
        'this tallystick is too old for the log: update it, and start the agent again; what is proven meanwhile is kept',
      );
    case 'stuck':
      return logger.error({ why: event.why, retryMs: event.retryMs }, 'nothing can be kept');
    case 'back':
      return logger.info('the log is back');
    case 'left-out':
      return event.count === 0
        ? logger.info('all subjects of its patterns are looked after')
        : logger.warn(
            { count: event.count },
            'subjects are left out, or not listed yet: name them, or narrow the patterns',
          );
    case 'clock': {
      const why = clockFault(event);
      return why === undefined
        ? logger.info('the clock is right again')
        : logger.error({ why }, 'nothing is proven');
    }
    case 'idle':
      return logger.info({ subject: event.subject }, 'no commitment is in force; waiting for one');
    case 'begun':
      return logger.info({ subject: event.subject }, 'a commitment is in force');
    case 'barred': {
      const { code, message } = event.refusal;
      return logger.error({ subject: event.subject, code, message }, 'not proven');
    }
  }
}

/** A file that cannot be read changes nothing. */
async function reload({ config }: Context, open: OpenAgent, logger: Logger): Promise<void> {
  try {
    open.setRules(await readTargets(agentFiles(config.agentDir).targets));
    logger.info('targets.yaml was read again');
  } catch (error) {
    logger.warn({ err: error }, 'targets stay as they were');
  }
}
