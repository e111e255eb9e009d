/** Ready claims of the probe `tls@1`. */
import { printable } from '../../bytes/printable.ts';
import type { Parameter } from '../../statement/commitment.ts';
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

/** Versions that the probe tries. A server that allows an older one cannot be compared with its declaration. */
const TRIED = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'];

function protocolsFault(params: ReadonlyMap<string, Parameter>): string | undefined {
  const protocols = params.get('protocols');
  const named = typeof protocols === 'string' ? protocols.split(' ') : [];
  const unknown = named.find((each) => !TRIED.includes(each));
  return unknown === undefined
    ? undefined
    : `protocols has ${printable(unknown, 40) || 'a blank too many'}; it takes ${TRIED.join(', ')}, with one blank between them`;
}

export const TLS_PACKS: Readonly<Record<string, Pack>> = {
  'https-tls': {
    summary: 'a server speaks TLS 1.3 and nothing older, and its certificate does not end soon',
    needs: [],
    defaults: { days: 14 },
    claims: CLAIMS,
  },
  'key-rotation': rotationPack('key-rotation', "the key of the server's certificate", 'tls.certificate.spki'),
  'tls-as-declared': {
    summary:
      'a server accepts the versions of TLS that are declared (params.protocols: `ssl_protocols` of nginx), all of them and no other from 1.0 to 1.3; SSLv3 and SSLv2 are not tried',
    needs: ['protocols'],
    fault: protocolsFault,
    claims: [
      {
        id: 'tls-undeclared-refused',
        title:
          'Accepts no version from TLS 1.0 to 1.3 that is not declared (nobody signs a refusal: class E1)',
        // Each by its name: a version that was not tried is not refused.
        expr: `[${TRIED.map((each) => `'${each}'`).join(', ')}].all(version, !o.tls.accepted[version] || version in p.protocols.split(' '))`,
        severity: 'critical',
        controls: TRANSMISSION,
      },
      {
        id: 'tls-declared-accepted',
        title: 'Accepts every version that is declared',
        expr: "p.protocols.split(' ').all(version, o.tls.accepted[version])",
        severity: 'medium',
        controls: TRANSMISSION,
      },
    ],
  },
  'postgres-tls': {
    summary: 'the same for PostgreSQL, through its SSLRequest',
    needs: [],
    defaults: { days: 14, starttls: 'postgres' },
    claims: CLAIMS,
  },
};
