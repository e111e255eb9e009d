/**
 * Whether a CA certified a server's key for a host (RFC 5280 §6). pkijs validates the path. The checks here are those
 * that its engine lacks (spec/decisions.md, 46): path lengths, purposes, and the name constraints of each CA. A path
 * counts only if both find no fault.
 */
import { CertificateChainValidationEngine } from 'pkijs';
import { printable } from '../bytes/printable.ts';
import { forbiddenName, isFor, isForNothingElse } from './x509-names.ts';
import { nameOf, readIssued, signedBy, type Issued } from './x509.ts';

/** What came of looking for a path. Times are POSIX seconds, inclusive. */
export type Path =
  | {
      readonly kind: 'valid';
      /** When all certificates of the path are valid. */
      readonly from: number;
      readonly to: number;
      /** The certificate names this host and no other. */
      readonly nothingElse: boolean;
    }
  | { readonly kind: 'none'; readonly why: string }
  /** The path uses something unsupported, so that it is neither valid nor invalid. */
  | { readonly kind: 'unchecked'; readonly why: string };

/** Most certificates of a path, both ends included, and most signatures that are checked to find one. */
const MAX_PATH = 8;
const MAX_SIGNATURES = 32;

/** `id-kp-serverAuth` and `anyExtendedKeyUsage` (RFC 5280 §4.2.1.12). */
const SERVER = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];

/**
 * Looks for a path from the first certificate of a chain to a CA, through the others, in whatever order the server
 * sent them. `ca` and `chain`: DER. `host`: a name or an IP address.
 */
export async function findPath(chain: readonly Uint8Array[], ca: Uint8Array, host: string): Promise<Path> {
  const [leaf, ...others] = chain.map(readIssued);
  const anchor = readIssued(ca);
  if (leaf === undefined) return { kind: 'unchecked', why: 'the certificate is none that is read here' };
  if (anchor === undefined)
    return { kind: 'unchecked', why: 'the certificate of the CA is none that is read here' };
  if (!isFor(leaf, host))
    return { kind: 'none', why: `the certificate is not made out to ${printable(host, 100)}` };
  const search = new Search(
    anchor,
    others.filter((each) => each !== undefined),
  );
  for await (const path of search.from([leaf])) {
    const found = await examine(path);
    if (found.kind === 'valid') return found;
    search.note(found);
  }
  return search.outcome();
}

/** Paths by name and signature, one after another. */
class Search {
  readonly #anchor: Issued;
  readonly #others: readonly Issued[];
  #signatures = 0;
  #lacks: string | undefined;
  #why: string | undefined;

  constructor(anchor: Issued, others: readonly Issued[]) {
    this.#anchor = anchor;
    this.#others = others;
  }

  /** Paths that begin with these certificates, each from the server's own to the CA. */
  async *from(begun: readonly Issued[]): AsyncGenerator<readonly Issued[]> {
    const last = begun.at(-1);
    if (last === undefined || begun.length >= MAX_PATH) return;
    const isIssuer = ({ certificate }: Issued): boolean =>
      last.certificate.issuer.isEqual(certificate.subject);
    for (const issuer of [this.#anchor, ...this.#others].filter(isIssuer)) {
      if (begun.includes(issuer) || this.#signatures >= MAX_SIGNATURES) continue;
      this.#signatures += 1;
      const signed = await signedBy(last, issuer);
      if (typeof signed !== 'boolean') this.#lacks ??= `nothing here checks ${signed.lacks}`;
      if (signed !== true) continue;
      if (issuer === this.#anchor) yield [...begun, issuer];
      else yield* this.from([...begun, issuer]);
    }
  }

  /** Keeps why a path does not count. */
  note(path: Exclude<Path, { kind: 'valid' }>): void {
    if (path.kind === 'unchecked') this.#lacks ??= path.why;
    else this.#why ??= path.why;
  }

  outcome(): Path {
    if (this.#lacks !== undefined) return { kind: 'unchecked', why: this.#lacks };
    return { kind: 'none', why: this.#why ?? `no path leads to the CA ${nameOf(this.#anchor)}` };
  }
}

async function examine(path: readonly Issued[]): Promise<Path> {
  const from = Math.max(...path.map(({ notBefore }) => notBefore));
  const to = Math.min(...path.map(({ notAfter }) => notAfter));
  const why = from > to ? 'its certificates are never valid together' : faultIn(path);
  if (why !== undefined) return { kind: 'none', why };
  const said = await askEngine(path, from);
  if (said !== undefined) return said;
  const [leaf] = path;
  return { kind: 'valid', from, to, nothingElse: leaf !== undefined && isForNothingElse(leaf) };
}

/**
 * The fault of a path by the checks that the engine lacks; some are made by both, so that one mistake does not suffice.
 */
function faultIn(path: readonly Issued[]): string | undefined {
  for (const [at, each] of path.entries()) {
    const who = at === 0 ? 'the certificate' : `the CA ${nameOf(each)}`;
    if (each.unknown.length > 0)
      return `${who} has a critical extension that is not known here (${printable(String(each.unknown[0]), 60)})`;
    if (each.purposes !== undefined && !each.purposes.some((purpose) => SERVER.includes(purpose)))
      return `${who} is not for servers (extended key usage)`;
    const fault = at === 0 ? leafFault(each) : caFault(each, path.slice(0, at));
    if (fault !== undefined) return `${who} ${fault}`;
  }
  return undefined;
}

function leafFault({ keyUsage }: Issued): string | undefined {
  return keyUsage?.signs === false ? 'is not for signing handshakes (key usage)' : undefined;
}

/** `below`: the path from the server's certificate to just below the CA. */
function caFault(ca: Issued, below: readonly Issued[]): string | undefined {
  if (!ca.isCa) return 'is none: it has no basicConstraints that say so';
  if (ca.keyUsage?.certifies === false) return 'is not for signing certificates (key usage)';
  const between = below
    .slice(1)
    .filter(({ certificate }) => !certificate.subject.isEqual(certificate.issuer));
  if (between.length > (ca.pathLength ?? Infinity)) return 'allows no path as long as this one';
  const names = below.map((each) => forbiddenName(ca, each)).filter((each) => each !== undefined);
  return names.length === 0
    ? undefined
    : `may not certify ${printable(String(names[0]), 100)} (name constraints)`;
}

/** What pkijs says of a path that is given whole; undefined when nothing is wrong. */
async function askEngine(
  path: readonly Issued[],
  at: number,
): Promise<Exclude<Path, { kind: 'valid' }> | undefined> {
  const certificates = path.map(({ certificate }) => certificate);
  const anchor = path.at(-1);
  if (anchor === undefined) throw new Error('a path has an end');
  const engine = new CertificateChainValidationEngine({
    trustedCerts: [anchor.certificate],
    certs: certificates.slice(0, -1).toReversed(),
    checkDate: new Date(at * 1000),
    findIssuer: (certificate) => {
      const next = certificates[certificates.indexOf(certificate) + 1];
      return Promise.resolve(next === undefined ? [] : [next]);
    },
  });
  // The signatures were checked before (signedBy); if the engine is given the issuers, it checks none.
  const { result, resultCode, resultMessage } = await engine.verify({
    initialPermittedSubtreesSet: [...anchor.permitted],
    initialExcludedSubtreesSet: [...anchor.excluded],
  });
  if (result) return undefined;
  const why = `the path does not validate: ${printable(resultMessage, 200)}`;
  // The engine's policy rules throw a TypeError on some valid paths.
  return { kind: resultCode === -1 ? 'unchecked' : 'none', why };
}
