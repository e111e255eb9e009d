/**
 * Images by their digests. A container runs one image, which has several: of its configuration (the runtime's id), of the
 * manifest for this platform, and of the index that names manifests for all platforms. A declaration names one of them.
 */
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

/** Finds the digests of containers' images. `images`: all that the runtime has. */
export function imageIndex(images: readonly Image[]): (container: Pick<Container, 'images'>) => KnownImage {
  const byDigest = new Map<string, Image[]>();
  for (const image of images)
    for (const each of [image.id, ...image.digests]) {
      const digest = digestIn(each);
      if (digest !== undefined) byDigest.set(digest, [...(byDigest.get(digest) ?? []), image]);
    }
  return ({ images: references }) => {
    const digests = new Set<string>();
    let fromRegistry = false;
    for (const reference of references) {
      const own = digestIn(reference);
      if (own === undefined) continue;
      digests.add(own);
      if (reference.includes('@')) fromRegistry = true;
      for (const image of byDigest.get(own) ?? [])
        for (const each of image.digests) {
          const digest = digestIn(each);
          if (digest === undefined) continue;
          digests.add(digest);
          fromRegistry = true;
        }
    }
    return { digests, fromRegistry };
  };
}

/** Whether a runtime's image is one of the declared; undefined if the runtime does not say enough to tell. */
export function isOneOf(known: KnownImage, declared: ReadonlySet<string>): boolean | undefined {
  for (const each of declared) if (known.digests.has(each)) return true;
  return known.fromRegistry && declared.size > 0 ? false : undefined;
}
