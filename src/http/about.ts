/** What a log says of itself: GET /v1/log. */
import { formatBase64Url, formatHex } from '../bytes/text.ts';
import { Type } from 'typebox';
import { FRESH } from '../web/media.ts';
import { failures, TAGS } from '../web/schemas.ts';
import type { App, HttpContext } from './context.ts';

const tags = [TAGS.audit];
const size = Type.Integer({ description: 'Number of entries of a tree' });
const root = Type.String({ description: 'Root of the tree at that size, hex' });
const time = Type.Integer({ description: "POSIX seconds, the log's own word" });

export const logSchema = {
  tags,
  summary: 'What this log is',
  description:
    'The head is the newest integrated one; /v1/checkpoint may lag behind it while witnesses are asked.',
  response: {
    200: Type.Object({
      software: Type.String(),
      version: Type.String(),
      origin: Type.String(),
      vkeys: Type.Array(Type.String(), { description: 'Verifier keys of checkpoints (C2SP signed-note)' }),
      receiptKeys: Type.Array(Type.String(), {
        description: 'Key ids that receipts are signed with, base64url',
      }),
      open: Type.Boolean({ description: 'Admits any well-signed statement: for evaluation' }),
      witnessed: Type.Boolean({ description: 'Receipts wait for a quorum of witnesses' }),
      size,
      root,
      time,
      urls: Type.Record(Type.String(), Type.String()),
    }),
    ...failures,
  },
};

/** GET /v1/log */
export function about(app: App, context: HttpContext): void {
  const { service } = context;
  app.get('/v1/log', { schema: logSchema }, async (asked, reply) => {
    reply.header('cache-control', FRESH);
    const { info } = service;
    const head = service.reader.head();
    const url = (path: string): string => context.urlOf(asked, path);
    return {
      software: 'tallystick',
      version: context.version,
      origin: info.origin,
      vkeys: [...info.vkeys],
      receiptKeys: info.receiptKeys.map(([kid]) => formatBase64Url(kid)),
      open: info.open,
      witnessed: info.witnessed,
      size: head.size,
      root: formatHex(head.root),
      time: head.time,
      urls: {
        checkpoint: url('/checkpoint'),
        tiles: url('/tile'),
        entries: url('/entries'),
        keys: url('/.well-known/scitt-keys'),
        api: url('/openapi.json'),
        docs: url('/docs/'),
      },
    };
  });
}
