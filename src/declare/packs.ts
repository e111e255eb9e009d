/**
 * Ready claims. A pack takes parameters, which its claims hand to their probe; `cadence` and the like can be
 * overridden in the claims file. What a claim supports is named as a control, which no claim fulfils alone.
 */
import { refuse } from '../bytes/refusal.ts';
import type { Claim, Parameter } from '../statement/commitment.ts';

type Draft = Omit<Claim, 'probe' | 'params' | 'cadence' | 'severity' | 'minEvidence'> &
  Partial<Pick<Claim, 'cadence' | 'severity' | 'minEvidence'>>;

export interface Pack {
  /** One line. */
  readonly summary: string;
  readonly probe: string;
  /** Parameters it needs, and those with defaults; others go to the probe as they are. */
  readonly needs: readonly string[];
  readonly defaults?: Readonly<Record<string, Parameter>>;
  readonly claims: readonly Draft[];
}

const HOUR = 3_600;
const TRANSMISSION = [
  { framework: 'SOC2-2017', id: 'CC6.7' },
  { framework: 'HIPAA-164.312', id: '(e)(1)' },
];

const TLS: readonly Draft[] = [
  {
    id: 'tls13-accepted',
    title: 'Accepts TLS 1.3',
    expr: "o.tls.accepted['TLSv1.3']",
    minEvidence: 'E3',
    severity: 'high',
    controls: TRANSMISSION,
  },
  {
    id: 'tls12-refused',
    title: 'Refuses TLS 1.2 (nobody signs a refusal: class E1)',
    expr: "!o.tls.accepted['TLSv1.2']",
    severity: 'critical',
    controls: TRANSMISSION,
  },
  {
    id: 'old-tls-refused',
    title: 'Refuses TLS 1.1 and 1.0',
    expr: "!o.tls.accepted['TLSv1.1'] && !o.tls.accepted['TLSv1']",
    severity: 'critical',
    controls: TRANSMISSION,
  },
  {
    id: 'certificate-lasts',
    title: 'The certificate is good for some days more',
    expr: 'o.tls.certificate.daysLeft >= p.days',
    severity: 'high',
    cadence: 24 * HOUR,
  },
];

export const PACKS: Readonly<Record<string, Pack>> = {
  'https-tls': {
    summary: 'a server speaks TLS 1.3, nothing older, with a certificate that lasts',
    probe: 'tls@1',
    needs: [],
    defaults: { days: 14 },
    claims: TLS,
  },
  'postgres-tls': {
    summary: 'the same of PostgreSQL, through its SSLRequest',
    probe: 'tls@1',
    needs: [],
    defaults: { days: 14, starttls: 'postgres' },
    claims: TLS,
  },
  'ssh-hardening': {
    summary: 'an SSH server offers no broken algorithm, and has the host key it should have',
    probe: 'ssh@1',
    needs: ['fingerprint'],
    claims: [
      {
        id: 'ssh-host-key',
        title: 'Its host key is the one declared',
        expr: 'o.ssh.hostKey.fingerprint == p.fingerprint',
        minEvidence: 'E3',
        severity: 'critical',
      },
      {
        id: 'ssh-ciphers',
        title: 'Offers no CBC, 3DES, RC4 or Blowfish',
        expr: "o.ssh.ciphers.all(c, !c.matches('cbc|3des|arcfour|blowfish|cast'))",
        minEvidence: 'E3',
        severity: 'high',
      },
      {
        id: 'ssh-macs',
        title: 'Offers no MAC on MD5, SHA-1 or with 64 bits',
        expr: "o.ssh.macs.all(m, !m.matches('md5|sha1|umac-64'))",
        minEvidence: 'E3',
        severity: 'medium',
      },
      {
        id: 'ssh-kex',
        title: 'Offers no key exchange on SHA-1',
        expr: "o.ssh.kex.all(k, !k.endsWith('sha1'))",
        minEvidence: 'E3',
        severity: 'high',
      },
    ],
  },
};

/** The claims of a pack. Refuses `malformed-payload` for an unknown pack or a parameter it needs. */
export function packOf(name: string, params: ReadonlyMap<string, Parameter>): readonly Claim[] {
  const pack = Object.hasOwn(PACKS, name) ? PACKS[name] : undefined;
  if (pack === undefined)
    throw refuse('malformed-payload', `there is no pack ${name}; there are ${Object.keys(PACKS).join(', ')}`);
  const missing = pack.needs.find((each) => !params.has(each));
  if (missing !== undefined)
    throw refuse('malformed-payload', `the pack ${name} needs the parameter ${missing}: add it under params`);
  const all = new Map<string, Parameter>([...Object.entries(pack.defaults ?? {}), ...params]);
  return pack.claims.map(({ cadence = HOUR, severity = 'medium', minEvidence = 'E1', ...draft }) => ({
    ...draft,
    probe: pack.probe,
    minEvidence,
    cadence,
    severity,
    deadline: 300,
    grace: 1,
    ...(all.size > 0 && { params: all }),
  }));
}
