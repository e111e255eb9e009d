/** Reads an image from a layout: its platforms, what is attached to it, and who signed it under the given root and identity. */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { didYouMean } from '../../../bytes/suggest.ts';
import type { SignedBundle } from '../../../evidence/signature-record.ts';
import { platformOfConfig, type Descriptor, type Index, type Manifest } from '../../oci/manifest.ts';
import { digestsOf, type Image, type PlatformImage } from '../../oci/image.ts';
import { attachmentsOf, isAttached, type Attached } from './attached.ts';
import type { ImageLayout } from './layout.ts';
import { signatureOf, signedBills, type Pinned } from './signed.ts';

export interface ImageToRead {
  /** A digest, a tag or a name of index.json; undefined where the layout has one image. */
  readonly image?: string | undefined;
  /** Bundles that lie beside the layout. */
  readonly bundles: readonly SignedBundle[];
  /** Undefined: the owner said that no signature is checked. */
  readonly pinned?: Pinned | undefined;
  readonly components: boolean;
}

export interface ReadImage {
  readonly image: Image;
  /** What the image lacks in this layout: sentences. */
  readonly remarks: readonly string[];
  /** The bundles that were found, and the index: what an agent shows to readers. */
  readonly attached: Attached;
}

const NAMES = ['org.opencontainers.image.ref.name', 'io.containerd.image.name'];

/** Refuses `not-found` for an image that is not there, and as the verification does. */
export async function readImage(layout: ImageLayout, asked: ImageToRead): Promise<ReadImage> {
  const { digest, kind, platforms, remarks, index } = await platformsIn(layout, asked.image);
  const found = { digest, kind, platforms };
  const attached = await attachmentsOf(layout, digestsOf(found), index);
  const bundles = [...asked.bundles, ...attached.bundles];
  const bills = { ...attached, bundles };
  const how = { image: digest, pinned: asked.pinned, components: asked.components };
  if (asked.pinned === undefined) {
    const unread =
      bundles.length === 0
        ? []
        : [`${bundles.length} signatures are attached to the image, and none was checked`];
    return {
      image: { ...found, sboms: signedBills(bills, platforms, how) },
      remarks: [...remarks, ...unread],
      attached: bills,
    };
  }
  const signature = signatureOf(bundles, digest, asked.pinned, attached.index);
  return {
    image: { ...found, sboms: signedBills(bills, platforms, how), signature },
    remarks,
    attached: bills,
  };
}

/** The image's platforms. Blobs that are there are hashed; layers that are not are named by their number. */
export async function platformsIn(
  layout: ImageLayout,
  name: string | undefined,
): Promise<
  Pick<Image, 'digest' | 'kind' | 'platforms'> & {
    readonly remarks: readonly string[];
    readonly index: Index | undefined;
  }
> {
  const entry = await imageIn(layout, name);
  const top = await layout.manifest(entry);
  const remarks: string[] = [];
  const platforms = new Map<string, PlatformImage>();
  if (top.kind === 'manifest') {
    const config = await layout.blob(top.config.digest);
    const says = platformOfConfig(config) ?? 'unknown';
    platforms.set(says, await platformOf(layout, entry.digest, top, remarks));
    return { digest: entry.digest, kind: 'manifest', platforms, remarks, index: undefined };
  }
  for (const each of top.manifests) {
    if (each.platform === undefined) continue;
    if (platforms.has(each.platform))
      throw refuse(
        'malformed-text',
        `the index ${entry.digest} names two manifests for ${each.platform}; which of them runs depends on the runtime`,
      );
    if (!layout.has(each.digest)) {
      remarks.push(
        `the manifest for ${each.platform} is not in this layout: its digest is declared, and not its layers`,
      );
      platforms.set(each.platform, { manifest: each.digest });
      continue;
    }
    const manifest = await layout.manifest(each);
    if (manifest.kind === 'index')
      throw refuse(
        'malformed-text',
        `the index ${entry.digest} names another index, which runtimes read differently`,
      );
    platforms.set(each.platform, await platformOf(layout, each.digest, manifest, remarks));
  }
  if (platforms.size === 0)
    throw refuse('malformed-text', `the index ${entry.digest} names no manifest of a platform`);
  return { digest: entry.digest, kind: 'index', platforms, remarks, index: top };
}

async function platformOf(
  layout: ImageLayout,
  digest: string,
  { config, layers }: Manifest,
  remarks: string[],
): Promise<PlatformImage> {
  const absent = layers.filter((each) => !layout.has(each.digest)).length;
  if (absent > 0)
    remarks.push(
      `${absent} of ${layers.length} layers of ${digest} are not in this layout: their digests are declared unread`,
    );
  for (const each of new Set(layers.map((layer) => layer.digest)))
    if (layout.has(each)) await layout.check(each);
  const says = layout.has(config.digest) ? platformOfConfig(await layout.blob(config.digest)) : undefined;
  return {
    manifest: digest,
    config: config.digest,
    ...(says !== undefined && { says }),
    layers: layers.map((each) => each.digest),
  };
}

function namesOf({ digest, annotations }: Descriptor): readonly string[] {
  return [digest, ...NAMES.flatMap((key) => annotations.get(key) ?? [])];
}

/** The one image that is named, or that there is. */
async function imageIn(layout: ImageLayout, name: string | undefined): Promise<Descriptor> {
  const images: Descriptor[] = [];
  for (const each of layout.entries) if (!(await isAttached(layout, each))) images.push(each);
  const found = name === undefined ? images : images.filter((each) => namesOf(each).includes(name));
  const digests = new Set(found.map(({ digest }) => digest));
  const [first] = found;
  if (first !== undefined && digests.size === 1) return first;
  const known = images.flatMap(namesOf);
  const list = printable(known.slice(0, 8).join(', '), 600);
  if (name === undefined || digests.size > 1)
    throw refuse(
      'usage',
      images.length === 0
        ? 'there is no image in this layout'
        : `say which image of the layout is declared: ${list}`,
      {
        remedy: images.length === 0 ? {} : { image: true },
      },
    );
  throw refuse(
    'not-found',
    `there is no image ${printable(name, 200)} in this layout${didYouMean(name, known)}; there is ${list}`,
  );
}
