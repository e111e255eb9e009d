/** The description of the probe `tls@1`. */
import type { TlsVersion } from '../../evidence/tls-names.ts';
import type { Parameter } from '../../statement/commitment.ts';
import type { ParameterSpec, ProbeDescription } from '../description.ts';
import { addressAt } from '../target-form.ts';
import { TLS_PACKS } from './pack.ts';
import { TOLD_OF_EACH } from '../../evidence/tls-facts.ts';
import { TLS_FACTS } from './signed.ts';
import { scalars, type Shape } from '../../claim/shape.ts';

const BY_VERSION: Shape = { map: 'scalar' };

const ALWAYS: Readonly<Record<string, Shape>> = {
  ...scalars('host', 'port', 'starttls', 'servername'),
  accepted: BY_VERSION,
  why: BY_VERSION,
  suite: BY_VERSION,
  group: BY_VERSION,
  scheme: BY_VERSION,
  sentinel: BY_VERSION,
  spki: BY_VERSION,
  negotiated: { members: scalars('version', 'suite', 'group', 'scheme') },
  certificate: {
    members: {
      ...scalars(
        'subject',
        'issuer',
        'serial',
        'notBefore',
        'notAfter',
        'daysLeft',
        'ageDays',
        'spki',
        'sha256',
      ),
      ...scalars('keyType', 'keyBits', 'curve', 'chainLength', 'coversHost'),
      names: { list: 'scalar' },
    },
  },
  certificates: { list: { members: scalars(...TOLD_OF_EACH) } },
};

/** What the probe observes. It observes `suites` only with `enumerate`. */
export function tlsShape(params: ReadonlyMap<string, Parameter>): Shape {
  const suites: Shape = { map: { list: 'scalar' } };
  return { members: { ...ALWAYS, ...(params.get('enumerate') === true && { suites }) } };
}

export const VERSION_NAMES: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'];

/** Most handshakes that `enumerate` makes for one version. */
export const MAX_HANDSHAKES = 40;

const PARAMETERS: Readonly<Record<string, ParameterSpec>> = {
  servername: {
    type: 'text',
    help: 'name to ask for (SNI); by default the host of the target, if it is a name',
  },
  starttls: {
    type: 'text',
    help: 'protocol that is spoken before TLS: none, postgres (SSLRequest) or smtp',
    fallback: 'none',
  },
  versions: {
    type: 'texts',
    help: `versions to try: ${VERSION_NAMES.join(', ')}; all of them by default`,
    fallback: VERSION_NAMES,
  },
  suites: {
    type: 'texts',
    help: 'IANA names of the only cipher suites to offer; with it, only the alert protocol_version refuses a version',
  },
  enumerate: {
    type: 'boolean',
    help: `find every suite that each version accepts, by up to ${MAX_HANDSHAKES} more handshakes for each version`,
    fallback: false,
  },
  days: { type: 'number', help: 'days that a certificate must still be valid, for the expression: p.days' },
  spki: { type: 'text', help: 'hex SHA-256 of the expected public key, for the expression: p.spki' },
  protocols: {
    type: 'text',
    help: "versions that are declared, with blanks between them, as nginx's ssl_protocols has them, for the expression: p.protocols",
  },
};

export const TLS: ProbeDescription = {
  name: 'tls@1',
  summary: 'the versions, suites, key and certificate of a TLS server, signed by the server itself',
  target: addressAt('443, or that of the STARTTLS protocol'),
  parameters: PARAMETERS,
  observes: tlsShape,
  evidence:
    'E3: that TLS 1.3 or 1.2 is accepted, with its group, signature scheme and public key; for TLS 1.3 also the suite, the certificate and `negotiated`. ' +
    'E1: every refusal (nobody signs an alert), TLS 1.1 and older, suites whose handshake signs nothing that is read here, the suite of TLS 1.2, and days left, by the clock of the agent.',
  blastRadius: `at most 12 handshakes, one after another; none is finished, and no request is sent. enumerate: up to ${MAX_HANDSHAKES} more for each version`,
  timeoutMs: 60_000,
  grants: [],
  sight: (params) => ({ probe: 'tls@1', params: sameServer(params) }),
  signed: TLS_FACTS,
  packs: TLS_PACKS,
};

/** The parameters that decide which server answers. */
function sameServer(params: ReadonlyMap<string, Parameter>): ReadonlyMap<string, Parameter> {
  return new Map([...params].filter(([name]) => name === 'servername' || name === 'starttls'));
}
