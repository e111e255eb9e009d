/** The auditors' JSON: what it takes and what it gives. Digests are hex, bytes are base64. */
import { Type, type Static } from 'typebox';
import { STATEMENT_KINDS } from '../statement/kinds.ts';
import { decimal, failures, hex32, TAGS } from './schemas.ts';

const tags = [TAGS.audit];
const index = Type.Integer({ description: 'Zero-based position in the log' });
const size = Type.Integer({ description: 'Number of entries of a tree' });
const root = Type.String({ description: 'Root of the tree at that size, hex' });
const time = Type.Integer({ description: "POSIX seconds, the log's own word" });
const path = Type.Array(Type.String(), {
  description: 'Hashes of the proof, hex, in the order RFC 9162 gives them',
});
const kind = Type.Enum(STATEMENT_KINDS);
const sizeQuery = Type.Optional(decimal('Tree size; default: that of the published checkpoint'));
const strict = { additionalProperties: false };

export const Row = Type.Object({
  index,
  id: Type.String({ description: 'Hex SHA-256 of the entry' }),
  kind,
  subject: Type.String(),
  issuer: Type.String(),
  kid: Type.String({ description: "Thumbprint of the signer's COSE key (RFC 9679), hex" }),
  time,
});
export type Row = Static<typeof Row>;

export const Entry = Type.Object({
  ...Row.properties,
  bytes: Type.String({
    description: 'The entry as logged, base64: a tagged COSE_Sign1 with an empty unprotected header',
  }),
});
export type Entry = Static<typeof Entry>;

export const EntryInFull = Type.Object({
  ...Entry.properties,
  leaf: Type.String({ description: 'SHA-256(0x00 || entry), hex' }),
  algorithm: Type.Integer({ description: 'COSE algorithm of the signature' }),
  contentType: Type.Union([Type.String(), Type.Integer(), Type.Null()]),
  payload: Type.String({ description: 'base64' }),
  payloadHashed: Type.Boolean({
    description: 'The payload is the digest of content kept elsewhere (RFC 9995)',
  }),
});

export const checkpointSchema = {
  tags,
  summary: 'The published checkpoint, taken apart',
  response: {
    200: Type.Object({
      origin: Type.String(),
      size,
      root,
      time,
      note: Type.String({ description: 'The signed note' }),
    }),
    ...failures,
  },
};

export const inclusionSchema = {
  tags,
  summary: 'Proof that an entry is in the tree',
  description:
    'Name the entry in one way: by index, entry id or leaf hash. The root is only worth what signs it: compare it with a checkpoint.',
  querystring: Type.Object(
    {
      index: Type.Optional(decimal('Its index')),
      entry: Type.Optional(hex32('Its entry id')),
      leaf: Type.Optional(hex32('Its leaf hash')),
      size: sizeQuery,
    },
    strict,
  ),
  response: { 200: Type.Object({ index, size, root, path }), ...failures },
};

export const consistencySchema = {
  tags,
  summary: 'Proof that one tree extends another',
  querystring: Type.Object({ from: decimal('The smaller size, 1 at least'), to: sizeQuery }, strict),
  response: {
    200: Type.Object({ from: size, to: size, fromRoot: root, toRoot: root, path }),
    ...failures,
  },
};

export const rangeSchema = {
  tags,
  summary: 'Entries in order',
  description: 'At most 256 entries or about 4 MiB a time; go on from next.',
  querystring: Type.Object({ start: decimal('First index'), end: decimal('Index after the last') }, strict),
  response: {
    200: Type.Object({
      entries: Type.Array(Entry),
      next: Type.Union([Type.Integer(), Type.Null()], {
        description: 'Where to start the next request; null at the end',
      }),
    }),
    ...failures,
  },
};

export const entrySchema = {
  tags,
  summary: 'One entry, decoded',
  params: Type.Object({ key: Type.String({ description: 'Entry id or index' }) }),
  response: { 200: EntryInFull, ...failures },
};

export const searchSchema = {
  tags,
  summary: 'Entries by subject, issuer, kind or key, newest first',
  querystring: Type.Object(
    {
      subject: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
      issuer: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
      kid: Type.Optional(hex32("Thumbprint of the signer's key")),
      kind: Type.Optional(kind),
      before: Type.Optional(decimal('Only entries below this index: next of the last page')),
      limit: Type.Optional(decimal('1 to 1000; default 100')),
    },
    strict,
  ),
  response: {
    200: Type.Object({
      entries: Type.Array(Row),
      next: Type.Union([Type.Integer(), Type.Null()], {
        description: 'Give it as before to go on; null at the end. A page may be short and still go on',
      }),
    }),
    ...failures,
  },
};
