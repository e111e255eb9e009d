/** Events of a running agent as lines of its log. */
import type { Logger } from 'pino';
import type { AgentEvent } from '../../agent/event.ts';
import { clockFault } from '../../appraisal/clock.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Context } from '../frame/context.ts';
import { messageOf } from '../frame/remedy.ts';
import { enrolLine, unenrolledText } from './unenrolled.ts';

// oxlint-disable-next-line max-lines-per-function -- a list: one case for each event
export function tellAgent(context: Context, logger: Logger, event: AgentEvent): void {
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
    case 'missed':
      return logger.warn(
        { slots: event.slots, subjects: event.subjects },
        'slots passed without a proof: the agent has more to prove than it can, or was stopped; give it fewer subjects or ' +
          'longer cadences, or start a second agent',
      );
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
        'this tallystick is too old for the log: update it, and start the agent again; proofs made meanwhile are stored',
      );
    case 'stuck':
      return logger.error({ why: event.why, retryMs: event.retryMs }, 'proofs cannot be stored');
    case 'ending':
      return logger.warn(
        { node: event.node, until: formatTime(event.notAfter) },
        'the delegation of this node ends soon: whoever delegates renews it with `tallystick agent delegate`',
      );
    case 'pruned':
      return logger.info({ count: event.count }, 'observations were destroyed, by the rule of retention');
    case 'unenrolled':
      for (const each of event.left)
        logger.warn(
          {
            subject: each.subject,
            claims: each.claims.map(({ id }) => id),
            enrol: enrolLine(context, each) ?? null,
          },
          unenrolledText(each),
        );
      return;
    case 'reread': {
      const { subjects, beyond } = event;
      logger.info({ subjects }, 'targets.yaml changed and was read again');
      if (beyond.length > 0)
        logger.warn(
          { paths: beyond },
          'this agent is confined, and may read these only after it was started again',
        );
      return;
    }
    case 'kept-rules':
      return logger.warn(
        { err: event.error },
        'targets.yaml changed and cannot be used: the rules stay as they were',
      );
    case 'back':
      return logger.info('the log is back');
    case 'left-out':
      return event.count === 0
        ? logger.info('all subjects of the patterns are being proven')
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
      const { code } = event.refusal;
      return logger.error({ subject: event.subject, code, message: messageOf(event.refusal) }, 'not proven');
    }
  }
}
