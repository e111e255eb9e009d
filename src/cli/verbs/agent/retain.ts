/** `tallystick agent retain`: announces what an agent destroys of its observations, or that it destroys nothing. */
import { openAgent } from '../../../agent/open.ts';
import { announceRetention, type RetentionRule } from '../../../agent/retention.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { formatTime } from '../../../bytes/time.ts';
import { EXIT } from '../../exit.ts';
import { durationOf } from '../../frame/flagtext.ts';
import type { Context } from '../../frame/context.ts';
import { line } from '../../../words/plain.ts';
import { agentOptions } from './options.ts';

export interface RetainAsked {
  readonly subjects: readonly string[];
  /** How old observations get: `400d`. */
  readonly observations: string | undefined;
  readonly hold: boolean;
  readonly after: string | undefined;
  readonly reason: string | undefined;
}

const PATIENCE_MS = 20_000;
/** Longest age of a rule: a hundred years. */
const MOST_DAYS = 36_525;

export async function runRetain(context: Context, asked: RetainAsked): Promise<number> {
  const { output, world } = context;
  const { observations, hold } = asked;
  if (hold && observations !== undefined)
    throw refuse('usage', 'say --observations or --hold: a hold destroys nothing, however old it is');
  const age = observations === undefined ? undefined : durationOf(observations, '--observations', MOST_DAYS);
  const after = durationOf(asked.after ?? '7d', '--after');
  const opened = await openAgent({
    ...agentOptions(context),
    onBug: () => undefined,
    patienceMs: PATIENCE_MS,
  });
  try {
    const { retention, spool, signing } = opened.agent;
    const now = Math.floor(world.now() / 1000);
    if (age !== undefined || hold) {
      const reason = asked.reason ?? (hold ? 'hold' : `observations are kept for ${age} seconds`);
      const subjects = asked.subjects.length > 0 ? asked.subjects : spool.subjects();
      const rule = { subjects, age, from: hold ? now : now + after, reason };
      await announceRetention({ log: opened.log, retention, signing }, rule, ({ subject, index }) =>
        output.print(`logged     entry ${index}, about ${line(subject)}`),
      );
    }
    const rules = retention.rules();
    output.print(
      rules.length === 0 ? 'nothing is ever destroyed: there is no rule' : rules.map(lineOf).join('\n'),
    );
    const due = retention.due(now);
    if (due > 0) output.print(`the running agent destroys the observations of ${due} proofs within an hour`);
    output.result('agent-retain', {
      rules: rules.map(({ subject, index, age: seconds, from }) => ({
        subject,
        index,
        age: seconds ?? null,
        from,
      })),
      due,
    });
    return EXIT.ok;
  } finally {
    opened.close();
  }
}

function lineOf({ subject, index, age, from }: RetentionRule): string {
  const what =
    age === undefined
      ? 'hold: nothing is destroyed'
      : `observations older than ${days(age)} are destroyed, not before ${formatTime(from)}`;
  return `${line(subject)}  ${what} (entry ${index})`;
}

function days(seconds: number): string {
  return seconds % 86_400 === 0 ? `${seconds / 86_400} days` : `${seconds} s`;
}
