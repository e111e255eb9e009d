/**
 * Manifests of an image's index, for each platform, as an author names them in the parameter `platforms`. A node may tell the
 * digest of either, so both are right where the declaration names the index.
 */

/** One item of the parameter: a declared digest, and those that stand for it. */
export const PLATFORM = /^sha256:[0-9a-f]{64}(?: sha256:[0-9a-f]{64})+$/;
export const PLATFORM_FORM = 'is a declared digest and the digests that stand for it, `sha256:… sha256:…`';

/** The digests of manifests, by the digest of their index. */
export function manifestsByIndex(platforms: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const manifests = new Map<string, ReadonlySet<string>>();
  for (const each of platforms) {
    const [index = '', ...others] = each.split(' ');
    manifests.set(index, new Set([...(manifests.get(index) ?? []), ...others]));
  }
  return manifests;
}
