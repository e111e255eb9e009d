/**
 * `tallystick agent`: the process around the daemon. On SIGTERM or SIGINT it stops the work under way; proofs that were
 * signed are stored and not lost.
 */
import type { Logger } from 'pino';
import { assertEnrolled } from '../../../agent/enrolled.ts';
import { operatorRule } from '../../../agent/enrolment.ts';
import type { AgentEvent } from '../../../agent/event.ts';
import { startAgent } from '../../../agent/running.ts';
import { clockFault } from '../../../appraisal/clock.ts';
import type { Context } from '../../frame/context.ts';
import { makeLogger } from '../../frame/logger.ts';
import { stopOnSignal } from '../../frame/stop.ts';
import { agentBanner } from '../../views/agent-banner.ts';
import { confine } from './confine.ts';
import { enrolCommand } from './enrolled.ts';
import { agentOptions } from './setup.ts';

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
  const { config, output } = context;
  if (asked.confine) await confine(context, asked.targets);
  const logger = makeLogger(config.logLevel);
  const running = await startAgent({
    ...agentOptions(context),
    rules: asked.targets.length === 0 ? [] : [operatorRule(asked.targets)],
    vantage: asked.vantage,
    onBug: (error) => logger.error({ err: error }, 'a probe failed'),
    patienceMs: PATIENCE_MS,
    subjects: asked.subjects,
    cpuBudget: config.cpuBudget,
    heartbeatSeconds: config.heartbeat,
    pollSeconds: config.poll,
    assertMayProve: ({ agent, home }, policy, subject) =>
      assertEnrolled(policy, agent.signing.kid, subject, enrolCommand(context, home, subject)),
    tell: (event) => tell(logger, event),
  });
  const reload = (): void =>
    void running.reload().then(
      () => logger.info('targets.yaml was read again'),
      (error: unknown) => logger.warn({ err: error }, 'targets stay as they were'),
    );
  const stopped = stopOnSignal(() => running.close(), running.failed, logger, reload);
  output.note(agentBanner(context, running.opened, running.subjects));
  return stopped;
}

// oxlint-disable-next-line max-lines-per-function -- a list: one case for each event
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
