/** GET /v1/overview: the verdicts of every subject, as the server computes them. Nobody signs it. */
import { Type, type TSchema } from 'typebox';
import { refuse } from '../../bytes/refusal.ts';
import { parseDecimal } from '../../bytes/text.ts';
import { EVIDENCE_CLASSES, SEVERITIES, VERDICTS } from '../../statement/vocabulary.ts';
import { asBuffer, FRESH } from '../../web/media.ts';
import { decimal, failures, TAGS } from '../../web/schemas.ts';
import type { App } from '../../web/types.ts';
import type { ServedLog } from '../port.ts';
import { OVERVIEW_MOST, OVERVIEW_PAGE, OVERVIEW_PATH } from '../shared/overview.ts';

const orNull = <T extends TSchema>(type: T) => Type.Union([Type.Null(), type]);
const time = (description: string) => orNull(Type.Integer({ description }));
const verdict = Type.Enum([...VERDICTS]);
const counts = Type.Record(Type.String(), Type.Integer());
const claim = Type.Object({ claim: Type.String(), verdict, hidden: orNull(verdict) });
const groups = (description: string) =>
  Type.Array(Type.Object({ name: Type.String(), subjects: Type.Integer(), counts }), { description });

const row = Type.Object({
  subject: Type.String(),
  verdict,
  hidden: orNull(Type.Enum([...VERDICTS], { description: 'What the waiver hides' })),
  claim: orNull(Type.String({ description: 'The worst claim; null for a subject that cannot be read' })),
  severity: orNull(Type.Enum([...SEVERITIES])),
  evidence: orNull(Type.Enum([...EVIDENCE_CLASSES])),
  since: time('Since when the claim has had this verdict, as far as its entries show'),
  or_longer: Type.Boolean({ description: 'It may have been so for longer' }),
  explain: orNull(Type.String()),
  waived_by: orNull(Type.String()),
  waived_until: time('End of the waiver'),
  owner: orNull(
    Type.String({ description: 'As the commitment names it; else the name of the key that signed it' }),
  ),
  environment: orNull(Type.String()),
  due: time('When the next proof of any claim is due'),
  missed: Type.Integer({ description: 'Claims whose proof is past due' }),
  approvals_lacking: Type.Integer(),
  deployments_open: Type.Integer({
    description: 'Deployments that no look at a claim with a deadline followed',
  }),
  claims: Type.Array(claim),
  commitment_index: orNull(Type.Integer()),
  proof_index: orNull(Type.Integer()),
  fault: orNull(Type.String({ description: 'Why the subject cannot be read' })),
  outdated: Type.Boolean({ description: 'It is being computed again' }),
});

export const overviewSchema = {
  tags: [TAGS.audit],
  summary: 'The verdicts of every subject, the worst first, by the server’s own computation',
  description:
    'One row a subject, by its worst claim (spec/status.md). It is the word of the server: nobody signs it. The computation begins with the ' +
    'first question, and goes on while somebody asks; `computing` says how far it is. `tallystick status` computes the same from verified entries.',
  querystring: Type.Object(
    {
      prefix: Type.Optional(Type.String({ maxLength: 8_192, description: 'What subjects begin with' })),
      owner: Type.Optional(Type.String({ maxLength: 1_024 })),
      verdict: Type.Optional(Type.Enum([...VERDICTS], { description: 'The worst verdict of the subject' })),
      cursor: Type.Optional(Type.String({ maxLength: 16_384, description: '`next` of the page before' })),
      limit: Type.Optional(decimal(`Rows, 1 to ${OVERVIEW_MOST}; default ${OVERVIEW_PAGE}`)),
    },
    { additionalProperties: false },
  ),
  response: {
    200: Type.Object({
      computed_by: Type.Enum(['log', 'monitor', 'mirror']),
      origin: Type.String(),
      as_of: Type.Object({
        size: Type.Integer({ description: 'Entries of the head' }),
        head_time: time('When the head was signed'),
        time: Type.Integer({ description: 'At which moment the rows hold that are not outdated' }),
      }),
      computing: orNull(Type.Object({ done: Type.Integer(), of: Type.Integer() })),
      subjects: Type.Integer({ description: 'Subjects that match, whatever their verdict' }),
      without_claims: Type.Integer({
        description: 'Subjects of the log that claim nothing: they have no row',
      }),
      left_out: Type.Integer({ description: 'Subjects of the log that found no place here' }),
      counts,
      claims: counts,
      covered_until: time('When the first proof of those that are PROVEN is due'),
      longest_uncovered: orNull(Type.Object({ subject: Type.String(), since: Type.Integer() })),
      prefixes: groups('Names up to the next slash, the one with the worst row first; at most 100'),
      owners: groups('The one with the worst row first; at most 100'),
      rows: Type.Array(row),
      next: orNull(Type.String({ description: '`cursor` of the next page' })),
    }),
    ...failures,
  },
};

/** Of one log; nothing where nobody computes it. */
export function overview(app: App, { base, overview: served }: Pick<ServedLog, 'base' | 'overview'>): void {
  if (served === undefined) return;
  app.addHook('onClose', () => served.close());
  app.get(`${base}${OVERVIEW_PATH}`, { schema: overviewSchema }, async ({ query }, reply) => {
    const { limit, ...rest } = query;
    const most = limit === undefined ? OVERVIEW_PAGE : parseDecimal(limit);
    if (most < 1 || most > OVERVIEW_MOST) throw refuse('bad-request', `limit is from 1 to ${OVERVIEW_MOST}`);
    const json = await served.page({ ...rest, limit: most });
    return reply
      .header('content-type', 'application/json; charset=utf-8')
      .header('cache-control', FRESH)
      .send(asBuffer(json));
  });
}
