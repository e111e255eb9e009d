/**
 * The attachment of a proof of `oci@1`: Sigstore bundles, what they sign where that is not in them, the image's index, and the
 * trusted root. The commitment names the root by its SHA-256, so that the agent cannot choose it.
 */
import { decodeCbor, encodeCbor } from '../bytes/cbor.ts';
import { within } from '../bytes/within.ts';
import { array, bytes, oneOf, record } from '../statement/schema.ts';

/** Media type of the attachment. */
export const SIGNATURES_TYPE = 'application/vnd.tallystick.sigstore.v1+cbor';

/** Bounds of a file of roots, a bundle, a payload and an index; and how many bundles one record has. */
export const MAX_ROOT_BYTES = 262_144;
export const MAX_BUNDLE_BYTES = 1_048_576;
export const MAX_MANIFEST_BYTES = 4_194_304;
const MAX_BUNDLES = 16;

/** A bundle as JSON. `payload`: what was signed, where the bundle has a digest of it alone. */
export interface SignedBundle {
  readonly bundle: Uint8Array;
  readonly payload?: Uint8Array;
}

export interface SignatureRecord {
  /** The file trusted_root.json, byte for byte. */
  readonly root: Uint8Array;
  readonly bundles: readonly SignedBundle[];
  /** Bytes of the image's index: its digest is signed, and it names the manifests of the platforms. */
  readonly index?: Uint8Array;
}

const schema = record(
  {
    kind: oneOf(['sigstore']),
    root: bytes(2, MAX_ROOT_BYTES),
    bundles: array(
      record({ bundle: bytes(2, MAX_BUNDLE_BYTES) }, { payload: bytes(1, MAX_BUNDLE_BYTES) }),
      MAX_BUNDLES,
      1,
    ),
  },
  { index: bytes(2, MAX_MANIFEST_BYTES) },
);

export function encodeSignatures(made: SignatureRecord): Uint8Array<ArrayBuffer> {
  return encodeCbor(schema.encode({ kind: 'sigstore', ...made }));
}

/** Refuses `malformed-proof`. */
export function parseSignatures(encoded: Uint8Array): SignatureRecord {
  const limits = { maxBytes: 8_388_608, maxDepth: 4 };
  return within('malformed-proof', 'this is no record of signatures', () =>
    schema.parse(decodeCbor(encoded, limits), ''),
  );
}
