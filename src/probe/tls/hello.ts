/** Writes a ClientHello whose random is the challenge (RFC 8446 §4.1.2). It has only the extensions that are needed. */
import { isIP } from 'node:net';
import { concatBytes } from '../../bytes/compare.ts';
import { bigEndian } from '../../bytes/cursor.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { EXTENSION, HANDSHAKE } from '../../evidence/tls-fields.ts';
import { TLS_VERSIONS, type TlsVersion } from '../../evidence/tls-names.ts';
import type { Share } from '../keyshare.ts';

/** The offer of one handshake: code points in the order of preference. */
export interface Offer {
  /** Newest first. */
  readonly versions: readonly TlsVersion[];
  readonly suites: readonly number[];
  readonly groups: readonly number[];
  readonly schemes: readonly number[];
  readonly serverName: string | undefined;
  /** Whether it also has extensions that a few servers require: SRP, encrypt-then-MAC, raw public keys, compressed points. */
  readonly wide: boolean;
}

/** The name in the SRP extension (RFC 5054 §2.4). A server that speaks only SRP does not answer a hello without one. */
const SRP_NAME = 'tallystick';

const u8 = (n: number): Uint8Array => bigEndian(n, 1);
const u16 = (n: number): Uint8Array => bigEndian(n, 2);
const list16 = (numbers: readonly number[]): Uint8Array => concatBytes(...numbers.map(u16));
const vector8 = (bytes: Uint8Array): Uint8Array => concatBytes(u8(bytes.length), bytes);
const vector16 = (bytes: Uint8Array): Uint8Array => concatBytes(u16(bytes.length), bytes);
const extension = (type: number, body: Uint8Array): Uint8Array => concatBytes(u16(type), vector16(body));

/** A whole ClientHello message. `share` and `cookie` belong to TLS 1.3. */
export function clientHello(
  challenge: Uint8Array,
  offer: Offer,
  share: Share | undefined,
  cookie?: Uint8Array,
): Uint8Array {
  const newest = TLS_VERSIONS[offer.versions[0] ?? 'TLSv1.3'];
  const body = concatBytes(
    u16(Math.min(newest, TLS_VERSIONS['TLSv1.2'])),
    challenge,
    vector8(new Uint8Array()), // no session to resume
    vector16(list16(offer.suites)),
    vector8(u8(0)), // no compression
    vector16(concatBytes(...extensions(offer, share, cookie))),
  );
  return concatBytes(u8(HANDSHAKE.clientHello), bigEndian(body.length, 4).subarray(1), body);
}

function extensions(offer: Offer, share: Share | undefined, cookie?: Uint8Array): readonly Uint8Array[] {
  const { versions, serverName, groups, schemes } = offer;
  const is13 = versions.includes('TLSv1.3');
  const older = versions.some((version) => version !== 'TLSv1.3');
  const out: Uint8Array[] = [];
  if (serverName !== undefined && isIP(serverName) === 0) {
    const name = vector16(encodeUtf8(serverName));
    out.push(extension(EXTENSION.serverName, vector16(concatBytes(u8(0), name))));
  }
  if (older) out.push(...olderExtensions(offer.wide));
  out.push(extension(EXTENSION.supportedGroups, vector16(list16(groups))));
  out.push(extension(EXTENSION.signatureAlgorithms, vector16(list16(schemes))));
  if (is13) {
    const codes = versions.map((version) => TLS_VERSIONS[version]);
    out.push(extension(EXTENSION.supportedVersions, vector8(list16(codes))));
    if (cookie !== undefined) out.push(extension(EXTENSION.cookie, vector16(cookie)));
    const shares = share === undefined ? [] : [u16(share.group), vector16(share.public)];
    out.push(extension(EXTENSION.keyShare, vector16(concatBytes(...shares))));
  }
  return out;
}

/** Extensions of TLS 1.2 and older (RFC 8422 §5.1.2, 7627, 5746; wide: RFC 5054, 7366, 7250). */
function olderExtensions(wide: boolean): readonly Uint8Array[] {
  const none = new Uint8Array();
  const usual = [
    extension(EXTENSION.extendedMasterSecret, none),
    extension(EXTENSION.renegotiationInfo, vector8(none)),
  ];
  if (!wide) return [extension(EXTENSION.ecPointFormats, vector8(u8(0))), ...usual];
  return [
    extension(EXTENSION.ecPointFormats, vector8(Uint8Array.of(0, 1, 2))),
    ...usual,
    extension(EXTENSION.srp, vector8(encodeUtf8(SRP_NAME))),
    extension(EXTENSION.encryptThenMac, none),
    extension(EXTENSION.serverCertificateType, vector8(Uint8Array.of(0, 2))),
  ];
}
