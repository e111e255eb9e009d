/** The description of the probe `postgres@1`. */
import type { ParameterSpec, ProbeDescription, SecretSpec } from '../description.ts';
import { addressAt } from '../target-form.ts';
import { POSTGRES_GRANTS } from './needed.ts';
import { POSTGRES_PACKS } from './pack.ts';
import { POSTGRES_FACTS } from './signed.ts';
import { scalars, type Shape } from '../../claim/shape.ts';
import { tlsShape } from '../tls/describe.ts';

const NAMES: Shape = { list: 'scalar' };

const PLAIN_MEMBERS: Readonly<Record<string, Shape>> = {
  ...scalars('host', 'port', 'role', 'database', 'version', 'encrypted', 'hint'),
  settings: { map: { map: 'scalar' } },
  files: { map: { map: 'scalar' } },
  altered: { map: { map: 'scalar' } },
  declared: { map: 'scalar' },
  hba: { list: { map: 'any' } },
  lets: { members: { clear: { list: 'any' }, unproven: { list: 'any' }, ...scalars('whole') } },
  roles: {
    members: {
      superusers: NAMES,
      login: NAMES,
      createrole: NAMES,
      createdb: NAMES,
      replication: NAMES,
      bypassrls: NAMES,
      ...scalars('whole'),
    },
  },
  grants: {
    members: {
      memberOf: NAMES,
      tables: { map: NAMES },
      privileges: NAMES,
      rights: NAMES,
      ...scalars('role', 'whole'),
    },
  },
  writes: { map: { map: 'any' } },
  creates: { map: { map: 'any' } },
  plaintext: { members: scalars('accepted', 'why') },
  wire: tlsShape(new Map()),
};

const COMPARED_SHAPE: Shape = {
  members: {
    ...PLAIN_MEMBERS,
    asDeclared: {
      members: {
        settings: {
          members: {
            different: NAMES,
            absent: NAMES,
            overridden: NAMES,
            waiting: NAMES,
            undeclared: NAMES,
            ...scalars('same', 'faults'),
          },
        },
        hba: { members: { missing: NAMES, extra: NAMES, ...scalars('same', 'ordered', 'loaded') } },
      },
    },
  },
};

/** Settings that are read if the claim names none. */
export const SETTINGS = [
  'authentication_timeout',
  'hba_file',
  'listen_addresses',
  'log_connections',
  'log_disconnections',
  'log_statement',
  'password_encryption',
  'row_security',
  'shared_preload_libraries',
  'ssl',
  'ssl_ciphers',
  'ssl_max_protocol_version',
  'ssl_min_protocol_version',
];

const PARAMETERS: Readonly<Record<string, ParameterSpec>> = {
  settings: {
    type: 'texts',
    help: `settings to read; by default ${SETTINGS.join(', ')}`,
    fallback: SETTINGS,
  },
  compare: {
    type: 'boolean',
    help: 'compare all declared settings and rules (`commit postgresql`) with those of the server',
    fallback: false,
  },
  role: {
    type: 'text',
    help: 'role whose privileges and other rights are read; by default that of the connection string',
  },
  tables: {
    type: 'texts',
    help: 'tables (schema.table) that the role of the connection string tries to write to',
  },
  schemas: {
    type: 'texts',
    help: 'schemas in which that role tries to create a table, which is rolled back',
  },
  accepted: { type: 'texts', help: 'rights that a role may have, for the expression: p.accepted' },
  plaintext: { type: 'boolean', help: 'try a session without TLS; needs no login', fallback: true },
  wire: {
    type: 'boolean',
    help: 'observe the TLS handshake too, as tls@1 does; needs no login',
    fallback: true,
  },
  verify: {
    type: 'boolean',
    help: 'the server\'s certificate must verify (secret "ca": PEM of the authorities)',
    fallback: false,
    by: 'owner',
  },
  spki: { type: 'text', help: 'hex SHA-256 of the only public key to talk to', by: 'owner' },
  expect: { type: 'text', help: 'for the expression: p.expect' },
  min: { type: 'text', help: 'for the expression: p.min' },
};

const SECRETS: Readonly<Record<string, SecretSpec>> = {
  dsn: { help: 'connection string; without it only what needs no login is observed', isSent: true },
  ca: { help: 'PEM of the authorities that a certificate must verify with', isSent: false },
};

export const POSTGRES: ProbeDescription = {
  name: 'postgres@1',
  summary: 'settings of PostgreSQL and where each comes from, roles and grants, and what it refuses',
  target: addressAt('5432'),
  parameters: PARAMETERS,
  secrets: SECRETS,
  observes: (params) => (params.get('compare') === true ? COMPARED_SHAPE : { members: PLAIN_MEMBERS }),
  evidence:
    'E0: settings, files, hba, roles and grants, since only the server says so. E1: whether it accepts or refuses a session ' +
    'without TLS, and a write. wire: as tls@1 does, E3 where the server signs it.',
  blastRadius:
    'one read-only session with at most 5 s for each statement, three connections that send no password (two of them without ' +
    'TLS), and the handshakes of tls@1. tables: EXPLAIN of writes, which runs nothing. schemas: an empty table, created and rolled back.',
  timeoutMs: 120_000,
  grants: POSTGRES_GRANTS,
  // Who signs is seen by tls@1 through the SSLRequest. The parameters of a session do not change it.
  sight: () => ({ probe: 'tls@1', params: new Map([['starttls', 'postgres']]) }),
  signed: POSTGRES_FACTS,
  packs: POSTGRES_PACKS,
};
