/** What a monitor's own routes give, for the types and for whoever reads. */
import { Type } from 'typebox';
import { bytesOf, decimal, failures, hex32, TAGS } from '../web/schemas.ts';

const tags = [TAGS.audit];
const Nullable = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>>(type: T) =>
  Type.Union([type, Type.Null()]);

const Peer = Type.Object({ url: Type.String(), result: Type.String(), why: Nullable(Type.String()) });

const Notices = Type.Object(
  {
    written: Type.Integer({ description: 'Notices that were logged since the start' }),
    failures: Type.Integer({ description: 'Attempts that failed since the start' }),
    fault: Nullable(Type.String({ description: 'Why the last attempt failed' })),
    witnessed: Type.Union([
      Type.Null(),
      Type.Object(
        {
          index: Type.Integer({ description: 'Entry that holds it' }),
          size: Type.Integer({ description: 'Entries that it covers' }),
          time: Type.String({ description: 'RFC 3339: when its quorum had cosigned' }),
        },
        { description: 'The newest witnessed head in the log, whoever logged it' },
      ),
    ]),
    inventory: Type.Union([
      Type.Null(),
      Type.Object(
        {
          subject: Type.String(),
          size: Type.Integer({ description: 'Of the tree whose entries it counts' }),
          time: Type.String({ description: 'RFC 3339: when it was logged' }),
        },
        { description: 'The newest inventory that was logged since the start' },
      ),
    ]),
  },
  { description: 'The notices that the monitor logs there; null without a key for them' },
);

const Log = Type.Object({
  origin: Type.String(),
  id: Type.String({ description: 'Hex SHA-256 of the origin: its name in URLs' }),
  url: Type.String(),
  size: Type.Integer({ description: 'Of the newest head that was verified' }),
  root: Nullable(Type.String()),
  copied: Type.Integer({ description: 'Entries in the verified copy' }),
  reachable: Type.Boolean({ description: 'Whether it answered the last look' }),
  fault: Nullable(Type.String({ description: 'Why it did not' })),
  lookedAt: Nullable(Type.String({ description: 'RFC 3339' })),
  openIncidents: Type.Integer(),
  peers: Type.Array(Peer),
  notices: Type.Union([Type.Null(), Notices]),
});

export const Incident = Type.Object({
  id: Type.String(),
  origin: Type.String(),
  kind: Type.String(),
  state: Type.Union([Type.Literal('open'), Type.Literal('resolved')]),
  what: Type.String(),
  firstSeen: Type.String(),
  lastSeen: Type.String(),
  seen: Type.Integer({ description: 'How often' }),
  resolved: Nullable(Type.String()),
});

export const logsSchema = {
  tags,
  summary: 'The logs that are followed',
  response: { 200: Type.Object({ logs: Type.Array(Log) }), ...failures },
};

export const incidentsSchema = {
  tags,
  summary: 'Incidents, newest first',
  querystring: Type.Object(
    {
      open: Type.Optional(Type.Literal('true')),
      origin: Type.Optional(Type.String()),
      before: Type.Optional(hex32('Id of the last incident of the page before')),
      limit: Type.Optional(decimal('1 to 1000; default 100')),
    },
    { additionalProperties: false },
  ),
  response: {
    200: Type.Object({ incidents: Type.Array(Incident), next: Nullable(Type.String()) }),
    ...failures,
  },
};

export const incidentSchema = {
  tags,
  summary: 'The file of an incident, with all its evidence',
  params: Type.Object({ id: hex32('Id of the incident') }),
  response: { 200: bytesOf('application/json', 'tallystick.incident.v1'), ...failures },
};

export const headSchema = {
  tags: [TAGS.tiles],
  summary: 'The newest head of a log that was verified (C2SP tlog-witness, monitoring)',
  params: Type.Object({ log: hex32('Hex SHA-256 of the origin') }),
  response: { 200: bytesOf('text/plain', 'A checkpoint with the cosignatures that verified'), ...failures },
};
