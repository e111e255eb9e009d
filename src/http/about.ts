/** GET /v1/log: the log's keys, policy switches, newest head, witnesses and URLs. */
import { formatBase64Url, formatHex } from '../bytes/text.ts';
import { Type, type Static, type TSchema } from 'typebox';
import { FRESH } from '../web/media.ts';
import { failures, TAGS } from '../web/schemas.ts';
import type { LogService } from '../log/ports.ts';
import type { App, HttpContext } from './context.ts';

const tags = [TAGS.audit];
const size = Type.Integer({ description: 'Number of entries of a tree' });
const root = Type.String({ description: 'Root of the tree at that size, hex' });
const time = Type.Integer({ description: "POSIX seconds, the log's own word" });

const orNull = <T extends TSchema>(type: T) => Type.Union([Type.Null(), type]);

const witnessing = Type.Object(
  {
    quorum: orNull(Type.String({ description: "The policy's name for it; null when none is asked for" })),
    met: Type.Boolean({
      description: 'A checkpoint is out, and nothing keeps the next one from getting its quorum',
    }),
    witnesses: Type.Array(
      Type.Object({
        name: Type.String({ description: "The policy's name for it" }),
        vkey: Type.String(),
        cosigned: orNull(
          Type.Integer({ description: 'Time of its line on the published checkpoint, POSIX seconds' }),
        ),
        behind: Type.Integer({ description: 'Entries that the tree it is known to have cosigned lacks' }),
        alarm: orNull(Type.String({ description: 'Why it says that this log went back or forked' })),
      }),
    ),
  },
  { description: 'How the log stands with its witnesses; null without a witness policy' },
);

const noticing = Type.Object(
  {
    last: orNull(
      Type.Object({
        index: Type.Integer({ description: 'Entry that holds it' }),
        size: Type.Integer({ description: 'Entries that it covers' }),
        time: Type.Integer({ description: 'When its quorum had cosigned, POSIX seconds' }),
      }),
    ),
    fault: orNull(Type.String({ description: 'Why the last attempt failed; null if it did not' })),
  },
  { description: 'The newest witnessed head in the log; null for a log without witnesses' },
);

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
      witnessing: Type.Union([Type.Null(), witnessing]),
      noticing: Type.Union([Type.Null(), noticing]),
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
      witnessing: witnessingOf(service),
      noticing: noticingOf(service),
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

function noticingOf(service: LogService): Static<typeof noticing> | null {
  const known = service.noticing?.();
  return known === undefined ? null : { last: known.last ?? null, fault: known.fault ?? null };
}

function witnessingOf(service: LogService): Static<typeof witnessing> | null {
  const known = service.witnessing?.();
  if (known === undefined) return null;
  return {
    quorum: known.quorum ?? null,
    met: known.met,
    witnesses: known.witnesses.map(({ name, vkey, cosigned, behind, alarm }) => ({
      name,
      vkey,
      cosigned: cosigned ?? null,
      behind,
      alarm: alarm ?? null,
    })),
  };
}
