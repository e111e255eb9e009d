/**
 * Decides whether a signature is the target's: compares the signer of a transcript with the identity that the
 * commitment names for the claim's locator. Agents, readers and verifiers all call `signerOf`. A result has class E3
 * only if the answer is `target` (spec/claims.md, "Who signed").
 */
import { equalBytes } from '../bytes/compare.ts';
import { printable } from '../bytes/printable.ts';
import { Refusal } from '../bytes/refusal.ts';
import { shellWord } from '../bytes/shellword.ts';
import { formatBase64, parseHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import type { Claim, Declaration, Parameter } from '../statement/commitment.ts';
import { identitiesOf, sameIdentity, type ResolvedIdentity } from '../statement/target.ts';
import { addressBytes, parseAddress, type Address } from './address.ts';
import type { VerifiedSsh } from './ssh-verify.ts';
import type { VerifiedTls } from './tls-verify.ts';
import type { Verified } from './verify.ts';

/** The target that a claim is about. */
export interface Aim {
  readonly subject: string;
  /** Undefined if the claim names none and the commitment does not have exactly one. */
  readonly locator: string | undefined;
  /** Name or IP address of the server; undefined if the locator is no address. */
  readonly host: string | undefined;
  readonly identities: readonly ResolvedIdentity[];
  /** Identities of the other locators. */
  readonly elsewhere: readonly ResolvedIdentity[];
  /** True if claims ask for several host names at this locator. */
  readonly severalHosts: boolean;
}

/** The earliest and latest time of a handshake, POSIX seconds; undefined if not known. */
export interface Between {
  readonly from: number | undefined;
  readonly to: number;
}

export type Signer =
  | { readonly kind: 'target' }
  /** Somebody else signed, or the target under another name: the transcript shows nothing about the locator. */
  | { readonly kind: 'other'; readonly why: string }
  /** It cannot be decided here; the result counts as the agent's statement, E1. */
  | { readonly kind: 'unchecked'; readonly why: string };

/** The locator of a claim: its parameter `target`, else the only one of the commitment. */
export function locatorOf(
  { params }: Pick<Claim, 'params'>,
  target: Declaration['target'],
): string | undefined {
  const named = params?.get('target');
  if (typeof named === 'string') return named;
  const [only, ...more] = target?.locators ?? [];
  return more.length === 0 ? only?.at : undefined;
}

/** The server that is asked for at an address: parameter `servername`, else the host of the address. */
function hostMeant(host: string, params: ReadonlyMap<string, Parameter> | undefined): Parameter {
  return params?.get('servername') ?? host;
}

/** The target of a claim of a declaration about `subject`. */
export function aimOf(claim: Claim, { target = {}, claims }: Declaration, subject: string): Aim {
  const locator = locatorOf(claim, target);
  const host = hostOf(claim, locator);
  const others = (target.locators ?? []).filter(({ at }) => at !== locator);
  const hosts = claims
    .filter((each) => locatorOf(each, target) === locator)
    .flatMap((each) => hostOf(each, locator) ?? []);
  return {
    subject,
    locator,
    host,
    identities: locator === undefined ? [] : identitiesOf(target, locator),
    elsewhere: others.flatMap(({ at }) => identitiesOf(target, at)),
    severalHosts: new Set(hosts).size > 1,
  };
}

function hostOf({ params, probe }: Claim, locator: string | undefined): string | undefined {
  // What a collector (`exec`) contacts cannot be read from its command line in a unique way.
  const address = locator === undefined || probe.startsWith('exec@') ? undefined : addressIn(locator);
  const meant = address && hostMeant(address.host, params);
  return typeof meant === 'string' ? meant.toLowerCase() : undefined;
}

/** A locator may be a path or a command line too. */
function addressIn(locator: string): Address | undefined {
  try {
    return parseAddress(locator, 1);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}

/** The worst answer of `signerOf` for several transcripts. Without a transcript, the answer is `unchecked`. */
export async function signersOf(all: readonly Verified[], aim: Aim, between: Between): Promise<Signer> {
  if (all.length === 0) return unchecked('there is no signature');
  const signers = await Promise.all(all.map((each) => signerOf(each, aim, between)));
  return (
    signers.find(({ kind }) => kind === 'other') ??
    signers.find(({ kind }) => kind === 'unchecked') ?? { kind: 'target' }
  );
}

/** Decides who signed a transcript whose signature verifies. Pure; X.509 paths are checked with WebCrypto. */
export async function signerOf(verified: Verified, aim: Aim, between: Between): Promise<Signer> {
  const { protocol } = verified;
  const own = aim.identities.filter((each) => ('ssh' in each ? 'ssh' : 'tls') === protocol);
  if (own.length === 0)
    return unchecked(
      `the commitment names no ${protocol === 'ssh' ? 'SSH key' : 'key or CA'} for ` +
        `${printable(aim.locator ?? 'the claim', 120)}: tallystick commit --repin --subject ${shellWord(printable(aim.subject, 1024))}`,
    );
  return verified.protocol === 'ssh' ? sshSigner(verified, own, aim) : tlsSigner(verified, own, aim, between);
}

/** SSH signs no name of the server. Only a key that belongs to one locator alone shows which server it was. */
function sshSigner(
  { fingerprint }: VerifiedSsh,
  own: Aim['identities'],
  { elsewhere, locator }: Aim,
): Signer {
  const match = own.find((each) => 'ssh' in each && fingerprint === fingerprintText(each.ssh));
  if (match === undefined)
    return other(
      `the host key ${fingerprint} is none of those that the commitment names for ${locator ?? ''}`,
    );
  if (elsewhere.some((each) => sameIdentity(each, match)))
    return unchecked(`SSH signs no name, and the key ${fingerprint} is that of several locators`);
  return { kind: 'target' };
}

/** As `ssh-keygen -l` prints it. */
function fingerprintText(digest: Uint8Array): string {
  return `SHA256:${formatBase64(digest).replaceAll('=', '')}`;
}

async function tlsSigner(
  verified: VerifiedTls,
  own: Aim['identities'],
  aim: Aim,
  between: Between,
): Promise<Signer> {
  const { offered, certificate } = verified;
  const asked = offered.serverName?.toLowerCase();
  if (aim.host !== undefined && asked !== sniOf(aim.host))
    return other(
      `the handshake asked for ${asked === undefined ? 'no name' : `the name ${printable(asked, 100)}`}, ` +
        `and ${printable(aim.locator ?? '', 120)} is ${printable(aim.host, 100)}`,
    );
  const why: string[] = [];
  let open: string | undefined;
  for (const each of own) {
    const found = await matchOf(verified, each, aim, between);
    if (found.kind === 'target') return found;
    if (found.kind === 'unchecked') open ??= found.why;
    else if (found.why !== '') why.push(found.why);
  }
  if (open !== undefined) return unchecked(open);
  const reasons = why.length === 0 ? '' : ` (${why.slice(0, 3).join('; ')})`;
  return other(
    `the key ${certificate.spki.slice(0, 16)}… is none that the commitment names for ${printable(aim.locator ?? '', 120)}${reasons}`,
  );
}

/** The server name that a client sends; none for an IP address (RFC 6066 §3). */
function sniOf(host: string): string | undefined {
  return addressBytes(host) === undefined ? host : undefined;
}

async function matchOf(
  verified: VerifiedTls,
  identity: ResolvedIdentity,
  aim: Aim,
  between: Between,
): Promise<Signer> {
  const isSigned = verified.signed.includes('offered');
  if ('ca' in identity) {
    const host = identity.host.toLowerCase();
    const asked = aim.host ?? verified.offered.serverName?.toLowerCase();
    if (asked !== host) return other(`the CA is named for ${printable(host, 100)}`);
    return certifiedBy(verified, identity, aim, between);
  }
  if (!('spki' in identity) || !equalBytes(identity.spki, parseHex(verified.certificate.spki)))
    return other('');
  if (isSigned && aim.host !== undefined) return { kind: 'target' };
  const names = verified.certificate.names.filter((name) => /^(?:DNS|IP Address):/.test(name));
  const shared =
    aim.severalHosts ||
    names.length > 1 ||
    names.some((name) => name.includes('*')) ||
    aim.elsewhere.some((each) => sameIdentity(each, identity));
  return shared ? unchecked(sharedKey(verified)) : { kind: 'target' };
}

async function certifiedBy(
  verified: VerifiedTls,
  identity: Extract<ResolvedIdentity, { readonly ca: Uint8Array }>,
  aim: Aim,
  { from = -Infinity, to }: Between,
): Promise<Signer> {
  const { findPath } = await import('./x509-path.ts');
  const path = await findPath(verified.chain, identity.ca, identity.host);
  if (path.kind === 'unchecked') return path;
  if (path.kind === 'none') return other(path.why);
  if (path.from > to) return other(`its certificates are valid from ${formatTime(path.from)} only`);
  if (path.to < from) return other(`its certificates were valid until ${formatTime(path.to)} only`);
  if (verified.signed.includes('offered')) return { kind: 'target' };
  const shared = !path.nothingElse || aim.elsewhere.some((each) => sameIdentity(each, identity));
  return shared ? unchecked(sharedKey(verified)) : { kind: 'target' };
}

function sharedKey({ version, certificate, signed }: VerifiedTls): string {
  const why = signed.includes('offered')
    ? 'nothing says which server is meant'
    : `nobody signs in ${version} which server was asked for`;
  return `${why}, and the key ${certificate.spki.slice(0, 16)}… is that of several names`;
}

const other = (why: string): Signer => ({ kind: 'other', why });
const unchecked = (why: string): Signer => ({ kind: 'unchecked', why });
