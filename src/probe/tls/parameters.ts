/** Parameters of the probe `tls@1`, checked. */
import { isIP } from 'node:net';
import { printable } from '../../bytes/printable.ts';
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import { SUITE_NAMES, TLS_VERSIONS, type TlsVersion } from '../../evidence/tls-names.ts';
import type { Parameter } from '../../statement/commitment.ts';
import { parseAddress, type Address } from '../address.ts';
import type { ParameterSpec } from '../probe.ts';
import { PREAMBLES, type Preamble } from './starttls.ts';
import type { Plan } from './survey.ts';

export const VERSION_NAMES: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'];

export const TLS_PARAMETERS: Readonly<Record<string, ParameterSpec>> = {
  servername: {
    type: 'text',
    help: 'name to ask for (SNI); by default the host of the target, if it is a name',
  },
  starttls: {
    type: 'text',
    help: 'what is said before TLS: none, postgres (SSLRequest) or smtp',
    fallback: 'none',
  },
  versions: {
    type: 'texts',
    help: `versions to try: ${VERSION_NAMES.join(', ')}; all of them by default`,
    fallback: VERSION_NAMES,
  },
  suites: { type: 'texts', help: 'IANA names of the only cipher suites to offer' },
  enumerate: {
    type: 'boolean',
    help: 'find every suite that each version accepts: up to 24 handshakes more a version',
    fallback: false,
  },
  days: { type: 'number', help: 'days a certificate is to be good for, for the expression: p.days' },
  spki: { type: 'text', help: 'hex SHA-256 of the expected public key, for the expression: p.spki' },
};

const PORTS: Readonly<Record<Preamble, number>> = { none: 443, postgres: 5432, smtp: 25 };

export interface TlsSettings extends Address {
  readonly preamble: Preamble;
  readonly plan: Plan;
}

/** Refuses `config-invalid`. */
export function readParameters(target: string, params: ReadonlyMap<string, Parameter>): TlsSettings {
  const preamble = PREAMBLES.find((word) => word === (params.get('starttls') ?? 'none'));
  if (preamble === undefined) throw wrong('starttls', `is one of ${PREAMBLES.join(', ')}`);
  const address = parseAddress(target, PORTS[preamble]);
  const servername = params.get('servername') ?? (isIP(address.host) === 0 ? address.host : undefined);
  if (
    servername !== undefined &&
    (typeof servername !== 'string' || !/^[A-Za-z0-9._-]{1,253}$/.test(servername))
  )
    throw wrong('servername', 'is a host name');
  return {
    ...address,
    preamble,
    plan: {
      serverName: servername === undefined || isIP(servername) !== 0 ? undefined : servername,
      versions: versionsOf(params.get('versions') ?? VERSION_NAMES),
      suites: suitesOf(params.get('suites')),
      enumerate: params.get('enumerate') === true,
    },
  };
}

function versionsOf(value: Parameter): readonly TlsVersion[] {
  const given = isTexts(value) ? value : [];
  const known = VERSION_NAMES.filter((version) => given.includes(version));
  if (known.length === 0 || known.length !== given.length)
    throw wrong('versions', `is a list of ${Object.keys(TLS_VERSIONS).join(', ')}, each at most once`);
  return known;
}

function suitesOf(value: Parameter | undefined): ReadonlySet<number> {
  if (value === undefined) return new Set(SUITE_NAMES.keys());
  const given = isTexts(value) ? value : [];
  const unknown = given.find((name) => ![...SUITE_NAMES.values()].includes(name));
  if (given.length === 0 || unknown !== undefined)
    throw wrong('suites', `is a list of IANA names; "${printable(unknown ?? '', 60)}" is not known`);
  return new Set([...SUITE_NAMES].filter(([, name]) => given.includes(name)).map(([code]) => code));
}

function isTexts(value: Parameter): value is readonly string[] {
  return Array.isArray(value);
}

function wrong(name: string, what: string): Refusal {
  return refuse('config-invalid', `the parameter ${name} of tls@1 ${what}`);
}
