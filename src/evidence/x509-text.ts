/** Names in certificates as text, for claims and for people: as OpenSSL prints them. */
import type { GeneralName, RelativeDistinguishedNames } from 'pkijs';
import { RelativeDistinguishedNames as Names } from 'pkijs';
import { printable } from '../bytes/printable.ts';
import { alternativeNamesIn, NAME_TYPE, octetsOf, type Parsed } from './x509.ts';

const MAX_NAMES = 100;

/** Attributes by their object identifier, under the short names of OpenSSL; of others the identifier is told. */
const SHORT: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.13': 'description',
  '2.5.4.15': 'businessCategory',
  '2.5.4.17': 'postalCode',
  '2.5.4.42': 'GN',
  '2.5.4.43': 'initials',
  '2.5.4.46': 'dnQualifier',
  '2.5.4.65': 'pseudonym',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** `C=DE, O=Example, CN=shop.example`, in the order of the certificate, escaped as RFC 4514 §2.4 has it. */
export function distinguishedName({ typesAndValues }: RelativeDistinguishedNames): string {
  const parts = typesAndValues.map(({ type, value }) => {
    const text: unknown = value.valueBlock.value;
    return `${SHORT[type] ?? type}=${typeof text === 'string' ? escaped(text) : '?'}`;
  });
  return printable(parts.join(', '), 1_024);
}

function escaped(text: string): string {
  return text.replaceAll(/[,+"\\<>;]|^[ #]| $/g, (each) => `\\${each}`);
}

/** `DNS:a`, `IP Address:192.0.2.1`, `email:a@b`, `URI:…`; none where the extension cannot be read. */
export function alternativeNames(parsed: Parsed): readonly string[] {
  return alternativeNamesIn(parsed)
    .slice(0, MAX_NAMES)
    .map((each) => printable(nameText(each), 512));
}

function nameText({ type, value }: GeneralName): string {
  const known: unknown = value;
  if (type === NAME_TYPE.ip) return `IP Address:${addressText(octetsOf(value))}`;
  const label = LABELS[type];
  if (label !== undefined && typeof known === 'string') return `${label}:${known}`;
  return known instanceof Names ? `DirName:${distinguishedName(known)}` : 'othername:<unsupported>';
}

const LABELS: Readonly<Record<number, string>> = { 1: 'email', 2: 'DNS', 6: 'URI', 8: 'Registered ID' };

/** IPv6 as eight groups, none of them shortened. */
function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return '<invalid>';
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  return groups.map((each) => each.toString(16).toUpperCase()).join(':');
}
