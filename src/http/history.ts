/** GET /v1/subjects/{subject}/history: what the log itself makes of a subject's past. Nobody signs it. */
import { Type } from 'typebox';
import { refuse } from '../bytes/refusal.ts';
import { parseDecimal } from '../bytes/text.ts';
import type { LogService } from '../log/ports.ts';
import { asBuffer, FRESH } from '../web/media.ts';
import { decimal, failures, TAGS } from '../web/schemas.ts';
import type { App } from './context.ts';

/** Seconds of one period. A longer one is asked for in parts. */
const LONGEST = 31 * 86_400;

const any = (description: string) => Type.Array(Type.Any(), { description });

export const historySchema = {
  tags: [TAGS.audit],
  summary: 'What was so of a subject in a period, by the log’s own computation',
  description:
    'Spans, figures and looks of each claim, as spec/audit.md says. It is the word of the log: nobody signs it, and nothing shows that ' +
    'nothing was left out. `tallystick history` computes the same from verified entries. A period has at most 31 days; `next` is where the next one begins.',
  params: Type.Object(
    { subject: Type.String({ description: 'Percent-encoded' }) },
    { additionalProperties: false },
  ),
  querystring: Type.Object(
    {
      since: Type.Optional(decimal('Begin, POSIX seconds; default: 30 days before `until`')),
      until: Type.Optional(decimal('End, POSIX seconds; default: now, or 31 days after `since`')),
      claim: Type.Optional(Type.String({ description: 'One claim alone' })),
    },
    { additionalProperties: false },
  ),
  response: {
    200: Type.Object({
      computed_by: Type.Literal('log'),
      subject: Type.String(),
      origin: Type.String(),
      since: Type.Integer(),
      until: Type.Integer(),
      size: Type.Integer({ description: 'Entries of the log' }),
      as_of: Type.Integer({ description: 'When it was computed' }),
      vouched: Type.Enum(['witnesses', 'log'], { description: 'Who bounds the times' }),
      heads: Type.Any({ description: 'Witnessed heads before and after the period' }),
      grades: Type.Any({ description: 'Completeness of each kind of entry' }),
      declared: any('Commitments of the period'),
      withdrawals: any('Withdrawals'),
      claims: any('Figures, spans, differences, looks and moments of each claim'),
      keys: any('Agent keys that the policies of the period allow'),
      wrong: any('Times of the log outside of its witnesses’ bounds'),
      next: Type.Union([Type.Null(), Type.Integer()], { description: 'Begin of the next period' }),
    }),
    ...failures,
  },
};

/** `now`: milliseconds. */
export function histories(app: App, service: LogService, now: () => number): void {
  app.get('/v1/subjects/:subject/history', { schema: historySchema }, async ({ params, query }, reply) => {
    const period = periodOf(query, Math.floor(now() / 1000));
    const json = await service.history?.({ subject: params.subject, claim: query.claim, ...period });
    if (json === undefined)
      throw refuse('not-found', 'this log computes no history; tallystick history does, from its entries');
    return reply
      .header('content-type', 'application/json; charset=utf-8')
      .header('cache-control', FRESH)
      .send(asBuffer(json));
  });
}

/** Refuses `bad-request` for a period that is empty, too long, or has not begun. */
function periodOf(
  { since, until }: { readonly since?: string; readonly until?: string },
  now: number,
): { readonly since: number; readonly until: number } {
  const from = since === undefined ? undefined : parseDecimal(since);
  const to = until === undefined ? Math.min(now, (from ?? now) + LONGEST) : parseDecimal(until);
  const begin = from ?? to - 30 * 86_400;
  if (begin >= to || begin >= now || to - begin > LONGEST)
    throw refuse(
      'bad-request',
      'a period has 1 second to 31 days, and begins in the past: since, until in POSIX seconds',
    );
  return { since: begin, until: to };
}
