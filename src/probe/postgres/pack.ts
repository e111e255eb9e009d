/** Ready claims of the probe `postgres@1`. */
import { TRANSMISSION } from '../controls.ts';
import type { Pack } from '../pack.ts';

/** Those of `wire` and `plaintext` need no log-in; the others do, and some need rights (README.md here). */
export const POSTGRES_SETTINGS: Pack = {
  summary: 'PostgreSQL runs with TLS alone, as its configuration says, and nothing overrides that',
  needs: [],
  defaults: { min: 'TLSv1.3' },
  claims: [
    {
      id: 'postgres-tls-on',
      title: 'TLS is on, from the version declared',
      expr: "o.postgres.settings.ssl.setting == 'on' && o.postgres.settings.ssl_min_protocol_version.setting == p.min",
      minEvidence: 'E0',
      severity: 'high',
    },
    {
      id: 'postgres-old-tls-refused',
      title: 'Refuses what is older',
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
        'ALTER SYSTEM overrides nothing (its role needs pg_read_all_settings; to tell the files too, src/probe/postgres/README.md has the grants)',
      expr: 'size(o.postgres.altered) == 0',
      minEvidence: 'E0',
    },
  ],
};

export const POSTGRES_READ_ONLY: Pack = {
  summary: 'a role of PostgreSQL can read and cannot write, whatever role it becomes',
  needs: ['tables'],
  defaults: { plaintext: false, wire: false, accepted: ['nothing'] },
  claims: [
    {
      id: 'role-writes-refused',
      title: 'The server refuses its writes to these tables',
      expr: 'o.postgres.writes.all(t, !o.postgres.writes[t].insert && !o.postgres.writes[t].update && !o.postgres.writes[t].delete)',
      severity: 'critical',
    },
    {
      id: 'role-grants',
      title:
        'Neither it nor a role that it can become has a privilege but SELECT on any table of its database, or a special right',
      expr:
        "o.postgres.grants.privileges.all(x, x == 'SELECT') && " +
        'o.postgres.grants.rights.all(r, r in p.accepted) && o.postgres.grants.whole',
      minEvidence: 'E0',
      severity: 'high',
    },
  ],
};
