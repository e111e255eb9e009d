/** `tallystick agent`: the process around the daemon. Signed proofs are stored, so none is lost when it ends. */
import { startAgent } from '../../../agent/running.ts';
import type { Context } from '../../frame/context.ts';
import { serveUntilStopped } from '../../frame/serving.ts';
import { agentBanner } from '../../views/agent-banner.ts';
import { tellAgent } from '../../views/agent-events.ts';
import { confine } from './confine.ts';
import { agentOptions } from './options.ts';

export interface AgentAsked {
  readonly subjects: readonly string[];
  readonly targets: readonly string[];
  readonly vantage: string | undefined;
  readonly confine: boolean;
}

/** How long one request may be repeated (milliseconds); after that, the daemon asks again later. */
const PATIENCE_MS = 2_000;

/** Proves until a signal; resolves to the exit code. */
export async function runAgent(context: Context, asked: AgentAsked): Promise<number> {
  const { config } = context;
  const { subjects, targets, vantage } = asked;
  if (asked.confine) await confine(context, targets);
  return serveUntilStopped(context, {
    open: (logger) =>
      startAgent({
        ...agentOptions(context),
        targets,
        vantage,
        onBug: (error) => logger.error({ err: error }, 'a probe failed'),
        patienceMs: PATIENCE_MS,
        subjects,
        cpuBudget: config.cpuBudget,
        heartbeatSeconds: config.heartbeat,
        pollSeconds: config.poll,
        tell: (event) => tellAgent(context, logger, event),
      }),
    banner: (running) => agentBanner(context, running.opened, running.subjects),
    reload: (running, logger) =>
      void running.reload().then(
        () => logger.info('targets.yaml was read again'),
        (error: unknown) => logger.warn({ err: error }, 'targets stay as they were'),
      ),
  });
}
