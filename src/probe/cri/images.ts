/**
 * Images by their digests. A container runs one image, which has several: of its configuration (the runtime's id), of the
 * manifest for this platform, and of the index that names manifests for all platforms. A declaration names one of them.
 */
import { refuse } from '../../bytes/refusal.ts';
import type { Container, Image } from './messages.ts';

/** Digests under which the runtime knows the image of a container. */
export interface KnownImage {
  readonly digests: ReadonlySet<string>;
  /** Whether a registry's digest is among them. Of an image that was loaded from a file there is none. */
  readonly fromRegistry: boolean;
}

const HEX = /^[0-9a-f]{64}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** `sha256:…` at the end of a reference, or an id with or without that prefix; undefined for a tag or other text. */
export function digestIn(reference: string): string | undefined {
  if (HEX.test(reference)) return `sha256:${reference}`;
  const at = reference.slice(reference.lastIndexOf('@') + 1);
  return DIGEST.test(at) ? at : undefined;
}

/** Most registries' digests of one image. */
const MAX_DIGESTS = 200;

/** Finds the digests of containers' images. `images`: all that the runtime has. Refuses `too-large` for one with too many digests. */
export function imageIndex(images: readonly Image[]): (container: Pick<Container, 'images'>) => KnownImage {
  const byDigest = new Map<string, Image[]>();
  for (const image of images) {
    if (image.digests.length > MAX_DIGESTS)
      throw refuse(
        'too-large',
        `the runtime has an image with more than ${MAX_DIGESTS} digests of registries`,
      );
    for (const digest of new Set([image.id, ...image.digests].map(digestIn))) {
      if (digest === undefined) continue;
      const known = byDigest.get(digest);
      if (known === undefined) byDigest.set(digest, [image]);
      else known.push(image);
    }
  }
  // Many containers run one image.
  const registered = new Map<string, ReadonlySet<string>>();
  const registeredOf = (own: string): ReadonlySet<string> => {
    const found = registered.get(own) ?? registeredIn(byDigest.get(own) ?? []);
    registered.set(own, found);
    return found;
  };
  return ({ images: references }) => {
    const digests = new Set<string>();
    let fromRegistry = false;
    for (const reference of references) {
      const own = digestIn(reference);
      if (own === undefined) continue;
      digests.add(own);
      const others = registeredOf(own);
      for (const each of others) digests.add(each);
      fromRegistry ||= reference.includes('@') || others.size > 0;
    }
    return { digests, fromRegistry };
  };
}

function registeredIn(images: readonly Image[]): ReadonlySet<string> {
  return new Set(
    images
      .flatMap((image) => image.digests)
      .map(digestIn)
      .filter((each) => each !== undefined),
  );
}

/** Whether a runtime's image is one of the declared; undefined if the runtime does not say enough to tell. */
export function isOneOf(known: KnownImage, declared: ReadonlySet<string>): boolean | undefined {
  for (const each of declared) if (known.digests.has(each)) return true;
  return known.fromRegistry && declared.size > 0 ? false : undefined;
}
