/** Who signed an image, under the pinned root, identity and issuer; and which bills of materials are signed so. */
import { refuse } from '../../../bytes/refusal.ts';
import { printable } from '../../../bytes/printable.ts';
import { formatHex } from '../../../bytes/text.ts';
import { assertSignerPin, type SignerPin } from '../../../evidence/certificate-identity.ts';
import { checkBundle, checkSignatures, readTrustedRoot } from '../../../evidence/node/sigstore.ts';
import type { SignedBundle } from '../../../evidence/signature-record.ts';
import { SIGNATURE_KINDS } from '../../../evidence/signed-artefact.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { digestsOf, type ImageSignature, type PlatformImage, type Sbom } from '../../oci/image.ts';
import { componentsOf, SBOM_KINDS } from '../../oci/sbom.ts';
import type { Attached, Bill } from './attached.ts';

/** What the owner pins. */
export interface Pinned extends SignerPin {
  /** Bytes of trusted_root.json. */
  readonly root: Uint8Array;
}

/** `sha256:…` of the root's file. */
export const rootDigest = ({ root }: Pinned): string => `sha256:${formatHex(sha256(root))}`;

/** Refuses `config-invalid` for a pin that names nobody, and `malformed-text` for a root that is none. */
export function assertPinned(pinned: Pinned): void {
  assertSignerPin(pinned);
  readTrustedRoot(pinned.root);
}

/** The signature of the image itself. Refuses `not-found` where there is none, `proof-failed` where none holds. */
export function signatureOf(
  bundles: readonly SignedBundle[],
  image: string,
  pinned: Pinned,
  index: Uint8Array | undefined,
): ImageSignature {
  assertPinned(pinned);
  const { root, identity, issuer } = pinned;
  if (bundles.length === 0)
    throw refuse(
      'not-found',
      'no signature of the image is in the layout; copy it with what is attached (`oras copy -r`), name its bundle, or say that none is checked',
      { remedy: { bundle: true, unsigned: true } },
    );
  const record = { root, bundles, ...(index !== undefined && { index }) };
  const found = checkSignatures(record, {
    image,
    root: rootDigest(pinned),
    identity,
    issuer,
    kinds: SIGNATURE_KINDS,
  });
  if (found.kind !== 'signed')
    throw refuse(
      'proof-failed',
      `no signature of the image ${image} holds under what is pinned: ${found.why}${found.detail === undefined ? '' : ` (${printable(found.detail, 400)})`}`,
    );
  return { identity, issuer, root: rootDigest(pinned), signer: found.identity, kind: found.statement };
}

/** The bills of materials: signed ones, and those that are attached unsigned. */
export function signedBills(
  { bundles, bills }: Pick<Attached, 'bundles' | 'bills'>,
  platforms: ReadonlyMap<string, PlatformImage>,
  {
    image,
    pinned,
    components,
  }: { readonly image: string; readonly pinned?: Pinned | undefined; readonly components: boolean },
): readonly Sbom[] {
  const own = digestsOf({ digest: image, platforms });
  const name = (digest: string): string =>
    [...platforms].find(([, { manifest }]) => manifest === digest)?.[0] ?? 'image';
  const sbomOf = ({ of, format, digest, bill }: Bill, isSigned: boolean): Sbom => ({
    of: name(of),
    format,
    digest,
    isSigned,
    ...(components && { components: componentsOf(bill, format) }),
  });
  const signed = pinned === undefined ? [] : bundles.flatMap((each) => billIn(each, pinned, own) ?? []);
  return [...signed.map((each) => sbomOf(each, true)), ...bills.map((each) => sbomOf(each, false))];
}

/** The bill of materials in a bundle that the pinned signer signed about one of the digests; undefined for any other bundle. */
function billIn(each: SignedBundle, pinned: Pinned, own: readonly string[]): Bill | undefined {
  const found = checkBundle(each, readTrustedRoot(pinned.root), pinned, Object.keys(SBOM_KINDS));
  if (found.kind !== 'signed') return undefined;
  const { statement } = found;
  const of = statement.digests.find((digest) => own.includes(digest));
  const format = SBOM_KINDS[statement.kind];
  if (of === undefined || format === undefined || statement.predicate === undefined) return undefined;
  return { of, format, digest: `sha256:${formatHex(sha256(each.bundle))}`, bill: statement.predicate };
}
