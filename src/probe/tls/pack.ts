/** Ready claims of the probe `tls@1`. */
import { TRANSMISSION } from '../controls.ts';
import { HOUR, type Draft, type Pack } from '../pack.ts';
import { rotationPack } from '../rotation.ts';

const CLAIMS: readonly Draft[] = [
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
    title: 'Every certificate of the server is valid now, and for at least p.days more days',
    // A certificate that is not valid yet has many days left, but a negative age.
    expr: 'o.tls.certificates.all(c, c.daysLeft >= p.days && c.ageDays >= 0)',
    severity: 'high',
    fastest: 24 * HOUR,
  },
];

export const TLS_PACKS: Readonly<Record<string, Pack>> = {
  'https-tls': {
    summary: 'a server speaks TLS 1.3 and nothing older, and its certificate does not end soon',
    needs: [],
    defaults: { days: 14 },
    claims: CLAIMS,
  },
  'key-rotation': rotationPack('key-rotation', "the key of the server's certificate", 'tls.certificate.spki'),
  'postgres-tls': {
    summary: 'the same for PostgreSQL, through its SSLRequest',
    needs: [],
    defaults: { days: 14, starttls: 'postgres' },
    claims: CLAIMS,
  },
};
