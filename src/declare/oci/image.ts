/**
 * An image as leaves (`oci@1`; spec/claims.md, "Images"):
 *
 *     /image/digest                            what a reference to the image names: of its index, or of its one manifest
 *     /image/kind                              index, manifest
 *     /image/digests                           that digest, and those of all platforms' manifests, with blanks between
 *     /image/platforms/linux-amd64/manifest    what a node of that platform runs
 *     /image/platforms/linux-amd64/config      what many runtimes call the id of the image
 *     /image/platforms/linux-amd64/layers/0    digests, in order
 *     /sbom/linux-amd64/spdx/digest            of a software bill of materials; `image` where it is of the index
 *     /signature/image, identity, issuer, …    what was verified when it was declared, and under which root
 */
import type { Declarable } from '../leaf.ts';
import { below, Leaves } from '../leaf.ts';
import type { Component } from './sbom.ts';

/** One platform of an image. `config` and `layers` are absent if the manifest is not at hand. */
export interface PlatformImage {
  readonly manifest: string;
  readonly config?: string;
  /** What the configuration says that it is for, which may be another than the index says. */
  readonly says?: string;
  readonly layers?: readonly string[];
}

export interface Sbom {
  /** The platform, or `image`. */
  readonly of: string;
  readonly format: 'spdx' | 'cyclonedx';
  readonly digest: string;
  /** Whether the pinned signer signed it. */
  readonly isSigned: boolean;
  /** Undefined where they are not asked for. */
  readonly components?: readonly Component[];
}

/** What was verified of the image's signature. */
export interface ImageSignature {
  readonly identity: string;
  readonly issuer: string;
  readonly root: string;
  readonly signer: string;
  readonly kind: string;
}

export interface Image {
  readonly digest: string;
  readonly kind: 'index' | 'manifest';
  readonly platforms: ReadonlyMap<string, PlatformImage>;
  readonly sboms: readonly Sbom[];
  readonly signature?: ImageSignature;
}

export const OCI_PROFILE = 'oci@1';

/** Every digest that stands for the image: its own, and those of the manifests of its platforms. */
export function digestsOf({ digest, platforms }: Pick<Image, 'digest' | 'platforms'>): readonly string[] {
  return [...new Set([digest, ...[...platforms.values()].map(({ manifest }) => manifest).toSorted()])];
}

/** Refuses as `Leaves` does. */
export function declareImage(image: Image): Declarable {
  const leaves = new Leaves();
  leaves.add('/image/digest', image.digest);
  leaves.add('/image/kind', image.kind);
  leaves.add('/image/digests', digestsOf(image).join(' '));
  for (const [name, { manifest, config, says, layers }] of image.platforms) {
    const at = below('/image/platforms', name);
    leaves.add(`${at}/manifest`, manifest);
    if (config !== undefined) leaves.add(`${at}/config`, config);
    if (says !== undefined && says !== name) leaves.add(`${at}/says`, says);
    if (layers !== undefined) leaves.add(`${at}/layers`, layers);
  }
  for (const each of image.sboms) addSbom(leaves, each);
  for (const [name, value] of Object.entries(image.signature ?? {})) leaves.add(`/signature/${name}`, value);
  return { profile: OCI_PROFILE, leaves: leaves.all(), excluded: [], source: { kind: 'oci' } };
}

function addSbom(leaves: Leaves, { of, format, digest, isSigned, components }: Sbom): void {
  const at = freeAt(leaves, `${below('/sbom', of)}/${format}`);
  leaves.add(`${at}/digest`, digest);
  leaves.add(`${at}/signed`, isSigned);
  for (const { name, versions } of components ?? [])
    leaves.add(below(`${at}/components`, name), versions.join(' '));
}

/** The first of `AT`, `AT-2`, `AT-3` … that is free. */
function freeAt(leaves: Leaves, at: string, number = 1): string {
  const name = number === 1 ? at : `${at}-${number}`;
  return leaves.has(`${name}/digest`) ? freeAt(leaves, at, number + 1) : name;
}
