/**
 * What is attached to an image in its layout: by `subject` (referrers, OCI 1.1), by cosign's tags (`sha256-….sig`), and as BuildKit does
 * it, as one more manifest of the index.
 */
import { parseJson, type JsonValue } from '../../../bytes/json.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { decodeUtf8 } from '../../../bytes/text.ts';
import type { SignedBundle } from '../../../evidence/signature-record.ts';
import { bundleOfLayer, ENVELOPE_TYPE, SIMPLE_SIGNING_TYPE } from '../../oci/cosign.ts';
import { type Descriptor, type Index } from '../../oci/manifest.ts';
import type { Sbom } from '../../oci/image.ts';
import { SBOM_KINDS, SBOM_TYPES } from '../../oci/sbom.ts';
import type { ImageLayout } from './layout.ts';

/** A bill of materials, and the digest of what it is of. */
export interface Bill {
  readonly of: string;
  readonly format: Sbom['format'];
  readonly digest: string;
  readonly bill: JsonValue;
}

export interface Attached {
  readonly bundles: readonly SignedBundle[];
  /** Those that nobody signed. */
  readonly bills: readonly Bill[];
  /** Bytes of the image's index. */
  readonly index: Uint8Array | undefined;
}

const REF = 'org.opencontainers.image.ref.name';
/** cosign's tags, and those of the fallback for registries without referrers. */
const TAG = /(?:^|:)sha256-([0-9a-f]{64})(?:\.(?:sig|att|sbom))?$/;
const BUNDLE_TYPE = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v0\.\d)?\+json/;
const INTOTO = 'application/vnd.in-toto+json';
const NESTING = { most: 200, advice: 'no statement is nested so deep', values: 4_000_000 };

/** Most bundles and bills of materials of one image, and most descriptors that are followed to find them. */
const MAX_ATTACHED = 1_024;
const MAX_FOLLOWED = 65_536;

/** What an entry of index.json is attached to by its tag. */
function taggedTo({ annotations }: Descriptor): string | undefined {
  const [, hex] = TAG.exec(annotations.get(REF) ?? '') ?? [];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

/** Whether an entry of index.json is something attached, and no image. */
export async function isAttached(layout: ImageLayout, entry: Descriptor): Promise<boolean> {
  if (taggedTo(entry) !== undefined || entry.artifactType !== '') return true;
  if (!layout.has(entry.digest)) return false;
  const manifest = await layout.manifest(entry);
  return manifest.kind === 'manifest' && (manifest.subject !== undefined || manifest.artifactType !== '');
}

/** What is attached to any of the digests. `index`: the image's own. */
export async function attachmentsOf(
  layout: ImageLayout,
  digests: readonly string[],
  index: Index | undefined,
): Promise<Attached> {
  const bundles: SignedBundle[] = [];
  const bills: Bill[] = [];
  const own = new Set(digests);
  const visited = new Set<string>();
  let followed = 0;
  const visit = async (entry: Descriptor, tagged: string | undefined, isListed: boolean): Promise<void> => {
    if (++followed > MAX_FOLLOWED)
      throw refuse('too-large', `the layout says ${MAX_FOLLOWED} times and more what is attached to what`);
    const of = tagged !== undefined && own.has(tagged) ? tagged : undefined;
    const key = `${entry.digest} ${of ?? ''}`;
    if (visited.has(key) || !layout.has(entry.digest)) return;
    const manifest = await layout.manifest(entry);
    if (manifest.kind === 'index') {
      // The list of referrers, under the tag of a registry without them. It lists manifests, and no other lists.
      if (isListed) return;
      visited.add(key);
      for (const each of manifest.manifests) await visit(each, of, true);
      return;
    }
    visited.add(key);
    const to = manifest.subject ?? of;
    if (to === undefined || !own.has(to)) return;
    for (const layer of manifest.layers) {
      const found = layout.has(layer.digest) ? await contentOf(layout, layer, to) : undefined;
      if (found === undefined) continue;
      if ('bundle' in found) bundles.push(found);
      else bills.push(found);
      if (bundles.length + bills.length > MAX_ATTACHED)
        throw refuse('too-large', `more than ${MAX_ATTACHED} bundles and bills of materials are attached`);
    }
  };
  for (const entry of layout.entries)
    if (await isAttached(layout, entry)) await visit(entry, taggedTo(entry), false);
  for (const entry of index?.manifests ?? []) {
    const of = entry.annotations.get('vnd.docker.reference.digest');
    if (entry.platform === undefined && of !== undefined) await visit(entry, of, false);
  }
  const [image = ''] = digests;
  return { bundles, bills, index: index === undefined ? undefined : await layout.blob(image) };
}

async function contentOf(
  layout: ImageLayout,
  layer: Descriptor,
  of: string,
): Promise<SignedBundle | Bill | undefined> {
  const { mediaType, digest } = layer;
  if (BUNDLE_TYPE.test(mediaType)) return { bundle: await layout.blob(digest) };
  if (mediaType === SIMPLE_SIGNING_TYPE || mediaType === ENVELOPE_TYPE)
    return bundleOfLayer(layer, await layout.blob(digest));
  const format = SBOM_TYPES[mediaType];
  if (format !== undefined) return { of, format, digest, bill: await jsonIn(layout, digest) };
  if (mediaType !== INTOTO) return undefined;
  const statement = await jsonIn(layout, digest);
  const kind = statement instanceof Map ? statement.get('predicateType') : undefined;
  const said = SBOM_KINDS[typeof kind === 'string' ? kind : ''];
  const bill = statement instanceof Map ? statement.get('predicate') : undefined;
  return said === undefined || bill === undefined ? undefined : { of, format: said, digest, bill };
}

async function jsonIn(layout: ImageLayout, digest: string): Promise<JsonValue> {
  return parseJson(decodeUtf8(await layout.blob(digest)), NESTING);
}
