/** Ready claims of the probe `postgres@1`. */
import { TRANSMISSION } from '../controls.ts';
import type { Pack } from '../pack.ts';

/** Claims about `wire` and `plaintext` need no log-in. The others do, and some need rights (README.md here). */
export const POSTGRES_SETTINGS: Pack = {
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

export const POSTGRES_READ_ONLY: Pack = {
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
