/** Reads and checks the parameters of the probe `tls@1`. */
import { isIP } from 'node:net';
import { printable } from '../../bytes/printable.ts';
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import { TLS_VERSIONS, type TlsVersion } from '../../evidence/tls-names.ts';
import { SUITE_NAMES } from '../../evidence/tls-registry.ts';
import type { Parameter } from '../../statement/commitment.ts';
import { parseAddress, type Address } from '../../evidence/address.ts';
import { VERSION_NAMES } from './describe.ts';
import { PREAMBLES, type Preamble } from './starttls.ts';
import type { Plan } from './survey.ts';

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
  // A server name is sent without a final dot (RFC 6066 §3).
  const named = params.get('servername') ?? address.host;
  const servername = typeof named === 'string' ? named.replace(/\.$/, '') : named;
  if (
    typeof servername !== 'string' ||
    (isIP(servername) === 0 && !/^[A-Za-z0-9._-]{1,253}$/.test(servername))
  )
    throw wrong('servername', 'is a host name');
  return {
    ...address,
    preamble,
    plan: {
      serverName: isIP(servername) === 0 ? servername : undefined,
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
