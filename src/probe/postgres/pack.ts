/** Ready claims of the probe `postgres@1`. */
import { TRANSMISSION } from '../controls.ts';
import type { Pack } from '../pack.ts';

/** Claims about `wire` and `plaintext` need no log-in. The others do, and some need rights (README.md here). */
const POSTGRES_SETTINGS: Pack = {
  summary: 'PostgreSQL runs with TLS alone, as its configuration says, and nothing overrides that',
  needs: [],
  defaults: { min: 'TLSv1.3' },
  claims: [
    {
      id: 'postgres-tls-on',
      title: 'TLS is on, and the oldest version allowed is the one declared (p.min)',
      expr: "o.postgres.settings.ssl.setting == 'on' && o.postgres.settings.ssl_min_protocol_version.setting == p.min",
      minEvidence: 'E0',
      severity: 'high',
    },
    {
      id: 'postgres-old-tls-refused',
      title: 'Refuses older versions of TLS',
      expr:
        "(!o.postgres.wire.accepted['TLSv1.2'] || p.min == 'TLSv1.2') && " +
        "!o.postgres.wire.accepted['TLSv1.1'] && !o.postgres.wire.accepted['TLSv1']",
      severity: 'critical',
      controls: TRANSMISSION,
    },
    {
      id: 'postgres-plaintext-refused',
      title: 'Refuses a session without TLS (from where the agent is)',
      expr: '!o.postgres.plaintext.accepted',
      severity: 'critical',
      controls: TRANSMISSION,
    },
    {
      id: 'postgres-hba-tls',
      title: 'No rule of pg_hba.conf lets anybody in from another machine without TLS',
      expr: 'size(o.postgres.lets.clear) == 0 && o.postgres.lets.whole',
      minEvidence: 'E0',
      severity: 'critical',
      controls: TRANSMISSION,
    },
    {
      id: 'postgres-hba-proof',
      title: 'No rule of pg_hba.conf lets anybody in who proves nothing (trust, or ident over a network)',
      expr: 'size(o.postgres.lets.unproven) == 0 && o.postgres.lets.whole',
      minEvidence: 'E0',
      severity: 'critical',
    },
    {
      id: 'postgres-passwords',
      title: 'Keeps new passwords as SCRAM-SHA-256',
      expr: "o.postgres.settings.password_encryption.setting == 'scram-sha-256'",
      minEvidence: 'E0',
    },
    {
      id: 'postgres-unaltered',
      title:
        'ALTER SYSTEM overrides nothing (the role of the agent needs pg_read_all_settings; src/probe/postgres/README.md)',
      expr: 'size(o.postgres.altered) == 0',
      minEvidence: 'E0',
    },
  ],
};

const POSTGRES_READ_ONLY: Pack = {
  summary: 'a role of PostgreSQL can read and cannot write, whichever role it becomes',
  needs: ['tables'],
  defaults: { plaintext: false, wire: false, accepted: ['nothing'] },
  claims: [
    {
      id: 'role-writes-refused',
      title: 'The server refuses writes of the role to these tables',
      expr: 'o.postgres.writes.all(t, !o.postgres.writes[t].insert && !o.postgres.writes[t].update && !o.postgres.writes[t].delete)',
      severity: 'critical',
    },
    {
      id: 'role-grants',
      title:
        'The role, and each role that it can become, has no privilege but SELECT on any table of its database, and no special right',
      expr:
        "o.postgres.grants.privileges.all(x, x == 'SELECT') && " +
        'o.postgres.grants.rights.all(r, r in p.accepted) && o.postgres.grants.whole',
      minEvidence: 'E0',
      severity: 'high',
    },
  ],
};

const COMPARING = { compare: true, plaintext: false, wire: false };

const POSTGRESQL_AS_DECLARED: Pack = {
  summary: 'PostgreSQL runs with the settings that are declared (`commit postgresql`), and with no others',
  needs: [],
  defaults: COMPARING,
  claims: [
    {
      id: 'postgres-as-declared',
      title: 'Each declared setting has its declared value',
      expr: 'size(o.postgres.asDeclared.settings.different) == 0 && size(o.postgres.asDeclared.settings.absent) == 0',
      minEvidence: 'E0',
      severity: 'high',
    },
    {
      id: 'postgres-not-overridden',
      title: 'ALTER ROLE and ALTER DATABASE give no session another value of a declared setting',
      expr: 'size(o.postgres.asDeclared.settings.overridden) == 0',
      minEvidence: 'E0',
    },
    {
      id: 'postgres-nothing-else',
      title: 'No other setting is set: in a file, by ALTER SYSTEM, or when the server was started',
      expr: 'size(o.postgres.asDeclared.settings.undeclared) == 0',
      minEvidence: 'E0',
    },
    {
      id: 'postgres-loaded',
      title:
        'The files say of the declared settings what the server runs with, and have no line that it cannot take',
      expr: 'size(o.postgres.asDeclared.settings.waiting) == 0 && o.postgres.asDeclared.settings.faults == 0',
      minEvidence: 'E0',
    },
  ],
};

const PG_HBA_AS_DECLARED: Pack = {
  summary: 'pg_hba.conf has the rules that are declared (`commit postgresql`), in their order, and no others',
  needs: [],
  defaults: COMPARING,
  claims: [
    {
      id: 'pg-hba-as-declared',
      title: 'The file of the server has the declared rules in their order, and no others',
      expr:
        'size(o.postgres.asDeclared.hba.missing) == 0 && size(o.postgres.asDeclared.hba.extra) == 0 && ' +
        'o.postgres.asDeclared.hba.ordered',
      minEvidence: 'E0',
      severity: 'critical',
    },
    {
      id: 'pg-hba-loaded',
      title: 'The file did not change since the server loaded it, so its rules are in force',
      expr: 'o.postgres.asDeclared.hba.loaded',
      minEvidence: 'E0',
    },
  ],
};

/** By name. */
export const POSTGRES_PACKS: Readonly<Record<string, Pack>> = {
  'postgres-settings': POSTGRES_SETTINGS,
  'postgres-read-only': POSTGRES_READ_ONLY,
  'postgresql-as-declared': POSTGRESQL_AS_DECLARED,
  'pg-hba-as-declared': PG_HBA_AS_DECLARED,
};
