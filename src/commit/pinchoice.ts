/**
 * Chooses the identity for an observed server: the CA if one certified the key for its host, because certificates are
 * renewed with new keys; else the key itself.
 */
import { X509Certificate } from 'node:crypto';
import type { Remedy } from '../bytes/remedy.ts';
import { getCACertificates } from 'node:tls';
import { digest } from '../bytes/brand.ts';
import { printable } from '../bytes/printable.ts';
import { parseBase64, parseHex } from '../bytes/text.ts';
import type { VerifiedTls } from '../evidence/tls-verify.ts';
import type { Verified } from '../evidence/verify.ts';
import { findPath } from '../evidence/x509-path.ts';
import type { ResolvedIdentity } from '../statement/target.ts';

const AGAIN = { repin: true } as const;

/** An identity, and its description for people. */
export interface Choice {
  readonly identity: ResolvedIdentity;
  /** `CA ISRG Root X1 for shop.example`. */
  readonly text: string;
  /** When it ends, or its certificate does; POSIX seconds. Undefined: never. */
  readonly ends: number | undefined;
  /** What to do when the server's key or CA changes; undefined where nothing is to be done. */
  readonly note: { readonly text: string; readonly remedy: Remedy } | undefined;
}

/** The choice for each transcript, without duplicates. `now`: POSIX seconds; `known`: further CAs. */
export async function choose(
  seen: readonly Verified[],
  host: string,
  now: number,
  known: readonly X509Certificate[],
): Promise<readonly Choice[]> {
  const choices = new Map<string, Choice>();
  for (const each of seen) {
    const choice = each.protocol === 'ssh' ? sshChoice(each) : await tlsChoice(each, host, now, known);
    choices.set(choice.text, choice);
  }
  return [...choices.values()].toSorted((a, b) => (a.text < b.text ? -1 : 1));
}

function sshChoice({ fingerprint, keyType }: Extract<Verified, { protocol: 'ssh' }>): Choice {
  const ssh = digest(parseBase64(`${fingerprint.slice('SHA256:'.length)}=`));
  return {
    identity: { ssh },
    text: `host key ${fingerprint} (${keyType})`,
    ends: undefined,
    note: undefined,
  };
}

async function tlsChoice(
  { chain, certificate }: VerifiedTls,
  host: string,
  now: number,
  known: readonly X509Certificate[],
): Promise<Choice> {
  for (const ca of candidates(chain, known)) {
    const der = Uint8Array.from(ca.raw);
    const path = await findPath(chain, der, host);
    if (path.kind !== 'valid' || path.from > now || path.to < now) continue;
    const isRoot = ca.checkIssued(ca);
    return {
      identity: { ca: der, host },
      text: `CA ${nameOf(ca)} for ${host}`,
      ends: Math.floor(ca.validToDate.getTime() / 1000),
      note: isRoot
        ? undefined
        : {
            text: 'its own issuer is not known here; when the server gets another issuer, pin it again',
            remedy: AGAIN,
          },
    };
  }
  return {
    identity: { spki: digest(parseHex(certificate.spki)) },
    text: `key ${certificate.spki}`,
    ends: certificate.notAfter,
    note:
      certificate.subject === certificate.issuer
        ? { text: 'when the server gets a new key, pin it again', remedy: AGAIN }
        : {
            text: `no CA is known for it (issuer ${certificate.issuer}): name one, or pin it again when the key is renewed`,
            remedy: { ca: true, ...AGAIN },
          },
  };
}

/** Candidates in order: roots before the certificates that servers send, which change more often. */
function candidates(
  chain: readonly Uint8Array[],
  known: readonly X509Certificate[],
): readonly X509Certificate[] {
  const sent = chain.flatMap((der) => readable(() => new X509Certificate(der)));
  const above = sent.toReversed();
  const roots = above.flatMap((each) =>
    [...known, ...systemRoots()].filter((root) => root.subject === each.issuer && each.checkIssued(root)),
  );
  return [...roots, ...above.slice(0, -1)];
}

let roots: readonly X509Certificate[] | undefined;

/** What Node and the system trust. */
function systemRoots(): readonly X509Certificate[] {
  roots ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])].flatMap((pem) =>
    readable(() => new X509Certificate(pem)),
  );
  return roots;
}

/** The certificates of a PEM file, in order; blocks that are none are skipped. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => readable(() => new X509Certificate(block)));
}

function readable<T>(make: () => T): readonly T[] {
  try {
    return [make()];
  } catch {
    return [];
  }
}

function nameOf({ subject }: X509Certificate): string {
  const line = /(?:^|\n)CN=(.*)/.exec(subject)?.[1] ?? subject.replaceAll('\n', ', ');
  return printable(line, 100);
}
