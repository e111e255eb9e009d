/**
 * Checks Sigstore bundles offline, with @sigstore/verify: the certificate's path to a CA of the pinned root, the signed certificate
 * timestamp, the entry of the transparency log, the signature. Whose certificate it must be is compared here and not by the library,
 * which takes a wanted identity for a regular expression that may match anywhere. No clock and no network is asked.
 */
import { bundleFromJSON, type Bundle } from '@sigstore/bundle';
import { X509Certificate } from '@sigstore/core';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, VerificationError, Verifier, type Signer } from '@sigstore/verify';
import { sha256 } from '@noble/hashes/sha2.js';
import { printable } from '../../bytes/printable.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { decodeUtf8, formatHex } from '../../bytes/text.ts';
import type { Claim } from '../../statement/commitment.ts';
import { assertSignerPin, isPinned, type SignerPin } from '../certificate-identity.ts';
import { manifestsIn } from '../image-index.ts';
import {
  parseSignatures,
  SIGNATURES_TYPE,
  type SignatureRecord,
  type SignedBundle,
} from '../signature-record.ts';
import {
  INTOTO_TYPE,
  readIntoto,
  readSimpleSigning,
  SIGNATURE_KINDS,
  type SignedStatement,
} from '../signed-artefact.ts';
import type { Attested, AttestedResult } from '../trail-facts.ts';

/** What a bundle shows under a root and a pin. */
export type BundleVerdict =
  | {
      readonly kind: 'signed';
      readonly statement: SignedStatement;
      readonly identity: string;
      readonly issuer: string;
    }
  /** It was made with a CA or a log that the root does not name. */
  | { readonly kind: 'newer'; readonly why: string }
  /** `detail`: who signed, or what; a text of the bundle, which an agent does not repeat. */
  | { readonly kind: 'wrong'; readonly why: string; readonly detail?: string };

/** The keys of a file trusted_root.json. Refuses `malformed-text`. */
export function readTrustedRoot(file: Uint8Array): TrustedRoot {
  const root = guarded(() => TrustedRoot.fromJSON(JSON.parse(decodeUtf8(file))));
  // A log or authority without a beginning would count as valid from the beginning of time.
  const begins =
    root?.certificateAuthorities.every(({ validFor }) => validFor?.start !== undefined) === true &&
    [...root.tlogs, ...root.ctlogs].every(({ publicKey }) => publicKey?.validFor?.start !== undefined);
  const fine = begins && root.mediaType.startsWith('application/vnd.dev.sigstore.trustedroot');
  if (root === undefined || !fine || root.certificateAuthorities.length === 0 || root.tlogs.length === 0)
    throw refuse(
      'malformed-text',
      'this is no trusted_root.json of Sigstore with certificate authorities and logs that say since when they are valid; `cosign trusted-root create` or `gh attestation trusted-root` writes one',
    );
  return root;
}

/** Who signed a bundle, and the bundle; whoever it is. */
export type BundleSigner =
  | { readonly kind: 'signer'; readonly identity: string; readonly issuer: string; readonly bundle: Bundle }
  | Exclude<BundleVerdict, { kind: 'signed' }>;

/** Checks one bundle under a root. This alone shows little: anybody with an account can sign. Never throws for what a bundle says. */
export function verifyBundle({ bundle: bytes, payload }: SignedBundle, root: TrustedRoot): BundleSigner {
  const bundle = guarded(() => bundleFromJSON(JSON.parse(decodeUtf8(bytes))));
  if (bundle === undefined) return wrong('it is no Sigstore bundle of a version that is known');
  const lacks = lackOf(bundle, root);
  if (lacks !== undefined)
    return {
      kind: 'newer',
      why: `it needs ${lacks}, which the pinned root does not have: pin again, with the root of today (if that does not help, the bundle is forged)`,
    };
  const signer = signerOf(bundle, root, payload);
  if (typeof signer === 'string') return wrong(signer);
  const { subjectAlternativeName: identity, extensions } = signer.identity ?? {};
  const issuer = extensions?.issuer;
  if (identity === undefined || issuer === undefined)
    return wrong('its certificate names no identity or no issuer');
  return { kind: 'signer', identity, issuer, bundle };
}

/** Checks one bundle under a root and a pin. `kinds`: kinds of statements that count. Never throws for what a bundle says. */
export function checkBundle(
  signed: SignedBundle,
  root: TrustedRoot,
  pin: SignerPin,
  kinds: readonly string[] = SIGNATURE_KINDS,
): BundleVerdict {
  const verified = verifyBundle(signed, root);
  if (verified.kind !== 'signer') return verified;
  const { identity, issuer, bundle } = verified;
  if (!isPinned(pin, identity, issuer))
    return wrong(
      'another than the pinned identity signed it',
      `${printable(identity, 200)} of ${printable(issuer, 100)}`,
    );
  try {
    const statement = statementIn(bundle, signed.payload);
    if (!kinds.includes(statement.kind))
      return wrong(
        'its statement is of a kind that does not count as a signature here',
        printable(statement.kind, 100),
      );
    return { kind: 'signed', statement, identity, issuer };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'malformed-proof') return wrong(error.message);
    // A refusal of the signed JSON quotes it.
    return wrong('its statement is no JSON that all readers read alike', printable(error.message, 200));
  }
}

const wrong = (why: string, detail?: string): Extract<BundleVerdict, { kind: 'wrong' }> => ({
  kind: 'wrong',
  why,
  ...(detail !== undefined && { detail }),
});

function hasLog(logs: TrustedRoot['tlogs'], id: Uint8Array): boolean {
  return logs.some(({ logId, checkpointKeyId }) =>
    [logId, checkpointKeyId].some((each) => each !== undefined && formatHex(each.keyId) === formatHex(id)),
  );
}

/** What the bundle names and the root does not have; undefined if the root has all of it. */
function lackOf(bundle: Bundle, root: TrustedRoot): string | undefined {
  const { content, tlogEntries } = bundle.verificationMaterial;
  if (tlogEntries.some(({ logId }) => logId !== undefined && !hasLog(root.tlogs, logId.keyId)))
    return 'a transparency log';
  if (content.$case === 'publicKey') return undefined;
  const leaf =
    content.$case === 'certificate' ? content.certificate : content.x509CertificateChain.certificates[0];
  return guarded(() => {
    if (leaf === undefined) return undefined;
    const { extAuthorityKeyID, extSCT } = X509Certificate.parse(Buffer.from(leaf.rawBytes));
    const issuer = extAuthorityKeyID?.keyIdentifier;
    const authorities = root.certificateAuthorities.flatMap(({ certChain }) => certChain?.certificates ?? []);
    const isKnown = authorities.some(
      ({ rawBytes }) =>
        issuer !== undefined &&
        X509Certificate.parse(Buffer.from(rawBytes)).extSubjectKeyID?.keyIdentifier.equals(issuer) === true,
    );
    if (issuer !== undefined && !isKnown) return 'a certificate authority';
    const logs = extSCT?.signedCertificateTimestamps ?? [];
    return logs.every(({ logID }) => hasLog(root.ctlogs, logID)) ? undefined : 'a log of certificates';
  });
}

/** Who signed, or why the signature does not hold. */
function signerOf(bundle: Bundle, root: TrustedRoot, payload: Uint8Array | undefined): Signer | string {
  const { verificationMaterial, content } = bundle;
  if (verificationMaterial.content.$case === 'publicKey')
    return 'it was signed with a bare key, which has no identity';
  if (content.$case === 'messageSignature' && payload === undefined)
    return 'it signs bytes that are not at hand';
  if (content.$case === 'dsseEnvelope' && content.dsseEnvelope.signatures.length !== 1)
    return 'its envelope has not one signature';
  try {
    const entity = toSignedEntity(bundle, payload && Buffer.from(payload));
    // One timestamp, one entry of the log and one certificate timestamp are the library's own least.
    return new Verifier(toTrustMaterial(root)).verify(entity);
  } catch (error) {
    return error instanceof VerificationError ? REASONS[error.code] : 'it is not well formed';
  }
}

/** In words of our own, since the library's messages quote the bundle. */
const REASONS: Readonly<Record<VerificationError['code'], string>> = {
  NOT_IMPLEMENTED_ERROR: 'it uses something that is not supported',
  TLOG_ERROR: 'it is not in a transparency log that the root names, or in one twice',
  TLOG_INCLUSION_PROOF_ERROR: 'its proof of inclusion in the transparency log does not hold',
  TLOG_INCLUSION_PROMISE_ERROR: "the transparency log's promise does not hold, or the log was not valid then",
  TLOG_MISSING_INCLUSION_ERROR: 'nothing shows that it is in a transparency log',
  TLOG_BODY_ERROR: 'the entry in the transparency log is about something else',
  CERTIFICATE_ERROR:
    'its certificate does not hold under the root at the time of the signature, or its certificate timestamp does not',
  PUBLIC_KEY_ERROR: 'its key is not known',
  SIGNATURE_ERROR: 'the signature is not over these bytes',
  TIMESTAMP_ERROR: 'nothing that the root knows says when it was signed',
};

function statementIn({ content }: Bundle, payload: Uint8Array | undefined): SignedStatement {
  if (content.$case === 'messageSignature') return readSimpleSigning(payload ?? new Uint8Array());
  const { payloadType, payload: signed } = content.dsseEnvelope;
  if (payloadType !== INTOTO_TYPE) throw refuse('malformed-proof', 'its envelope is of no in-toto statement');
  return readIntoto(signed);
}

/** The libraries throw any error for bytes that are not what they should be, so each is one of the input. */
function guarded<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The pin and the image in a claim's parameters. Refuses `config-invalid`. */
export interface SignaturePin extends SignerPin {
  readonly image: string;
  /** `sha256:…` of the file trusted_root.json. */
  readonly root: string;
  readonly kinds: readonly string[];
}

export function signaturePinOf(params: Claim['params']): SignaturePin {
  const text = (name: string): string => {
    const value = params?.get(name);
    if (typeof value === 'string') return value;
    throw refuse(
      'config-invalid',
      `the parameter ${name} of oci@1 is needed: without it anybody with an account could have signed`,
    );
  };
  const kinds = params?.get('kinds');
  const pin = {
    image: text('image'),
    root: text('root'),
    identity: text('identity'),
    issuer: text('issuer'),
  };
  assertSignerPin(pin);
  return {
    ...pin,
    kinds: Array.isArray(kinds)
      ? kinds.filter((each): each is string => typeof each === 'string')
      : SIGNATURE_KINDS,
  };
}

/** What the bundles of a record show of the image. `newer` and `wrong` if no bundle shows that it was signed. */
export type RecordVerdict =
  | {
      readonly kind: 'signed';
      readonly digests: readonly string[];
      readonly identity: string;
      readonly issuer: string;
      readonly statement: string;
      /** The bundle that shows it. */
      readonly bundle: SignedBundle;
    }
  | { readonly kind: 'newer' | 'wrong'; readonly why: string; readonly detail?: string };

/** Checks a record under a pin. The root in it must be the pinned one. */
export function checkSignatures(record: SignatureRecord, pin: SignaturePin): RecordVerdict {
  const { root: file, bundles, index } = record;
  if (`sha256:${formatHex(sha256(file))}` !== pin.root)
    return { kind: 'wrong', why: 'the trusted root is not the one that the commitment names' };
  const root = guarded(() => readTrustedRoot(file));
  if (root === undefined) return { kind: 'wrong', why: 'the trusted root cannot be read' };
  const named = index === undefined ? undefined : guarded(() => manifestsIn(index));
  let newer: string | undefined;
  let last: Extract<BundleVerdict, { kind: 'wrong' }> | undefined;
  for (const each of bundles) {
    const verdict = checkBundle(each, root, pin, pin.kinds);
    if (verdict.kind === 'newer') newer ??= verdict.why;
    else if (verdict.kind === 'wrong') last ??= verdict;
    else {
      const { identity, issuer, statement } = verdict;
      const own = new Set(statement.digests);
      if (named !== undefined && own.has(named.digest)) for (const digest of named.manifests) own.add(digest);
      if (own.has(pin.image))
        return {
          kind: 'signed',
          digests: [...own].toSorted(),
          identity,
          issuer,
          statement: statement.kind,
          bundle: each,
        };
      last ??= wrong('it is about another artefact');
    }
  }
  return newer === undefined ? (last ?? wrong('there is no bundle')) : { kind: 'newer', why: newer };
}

/** What the pinned signer signed of a result of class E4 of `oci@1`. */
export async function examineSignatures(
  { proof, result }: AttestedResult,
  { params }: Claim,
): Promise<Attested> {
  const who = 'the pinned signer';
  const attached = (result.attachments ?? []).flatMap((index) => proof.attachments?.[index] ?? []);
  const [first] = attached;
  if (first?.data === undefined || first.mediaType !== SIGNATURES_TYPE || attached.length !== 1)
    return { kind: 'unseen', why: 'the signatures are not in the log' };
  try {
    const pin = signaturePinOf(params);
    const found = checkSignatures(parseSignatures(first.data), pin);
    if (found.kind !== 'signed') return { kind: 'wrong', who, why: found.why };
    const { identity, issuer } = found;
    return {
      kind: 'signed',
      who,
      value: { oci: { signed: signedValue(found, pin) } },
      told: [`${printable(identity, 300)} (${printable(issuer, 200)}) signed ${pin.image}`],
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { kind: 'wrong', who, why: error.message };
  }
}

/** `o.oci.signed`: the same for the agent and for readers. */
export function signedValue(
  { digests, identity, issuer, statement }: Extract<RecordVerdict, { kind: 'signed' }>,
  { image }: SignaturePin,
): Readonly<Record<string, string | readonly string[]>> {
  return { image, digests, identity, issuer, kind: statement };
}
