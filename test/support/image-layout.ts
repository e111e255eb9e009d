/** OCI image layouts made for tests: images, what is attached to them, and each thing that can be wrong. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from './sigstore-world.ts';

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX = 'application/vnd.oci.image.index.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

export interface Named {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  readonly platform?: object;
  readonly annotations?: Record<string, string>;
  readonly artifactType?: string;
}

/** A layout that is being made; `write` puts its index.json there. */
export class LayoutMaker {
  readonly folder: string;
  readonly entries: Named[] = [];

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
    writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  }

  blob(content: Uint8Array | string | object, mediaType: string): Named {
    const plain = typeof content === 'string' || content instanceof Uint8Array;
    const bytes = Buffer.from(plain ? content : JSON.stringify(content));
    const hex = sha256(bytes).toString('hex');
    writeFileSync(join(this.folder, 'blobs/sha256', hex), bytes);
    return { digest: `sha256:${hex}`, mediaType, size: bytes.length };
  }

  /** The manifest of a platform, with layers of these contents. */
  image(
    platform: { readonly os: string; readonly architecture: string; readonly variant?: string },
    layers: readonly string[],
  ): Named {
    const config = this.blob({ ...platform, rootfs: { type: 'layers', diff_ids: [] } }, CONFIG);
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config,
      layers: layers.map((each) => this.blob(each, LAYER)),
    };
    return { ...this.blob(manifest, MANIFEST), platform };
  }

  index(manifests: readonly Named[]): Named {
    return this.blob({ schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
  }

  /** A manifest that is attached to `subject` with one layer. */
  attach(subject: Named, artifactType: string, layer: Named): Named {
    const config = this.blob('{}', 'application/vnd.oci.empty.v1+json');
    const { digest, mediaType, size } = subject;
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      artifactType,
      config,
      layers: [layer],
      subject: { digest, mediaType, size },
    };
    const made = this.blob(manifest, MANIFEST);
    this.entries.push(made);
    return made;
  }

  /** cosign's older way: a manifest under a tag that is named after the digest. */
  tagged(of: string, suffix: string, layers: readonly Named[]): void {
    const config = this.blob('{}', CONFIG);
    const made = this.blob({ schemaVersion: 2, mediaType: MANIFEST, config, layers }, MANIFEST);
    const annotations = { 'org.opencontainers.image.ref.name': `${of.replace(':', '-')}${suffix}` };
    this.entries.push({ ...made, annotations });
  }

  name(image: Named, name: string): this {
    const { platform: _, ...rest } = image;
    this.entries.push({ ...rest, annotations: { 'org.opencontainers.image.ref.name': name } });
    return this;
  }

  write(): string {
    writeFileSync(
      join(this.folder, 'index.json'),
      JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: this.entries }),
    );
    return this.folder;
  }
}

/** An image for two platforms, under the name v1. */
export function twoPlatforms(folder: string): {
  readonly layout: LayoutMaker;
  readonly index: Named;
  readonly manifests: readonly Named[];
} {
  const layout = new LayoutMaker(folder);
  const manifests = [
    layout.image({ os: 'linux', architecture: 'amd64' }, ['base', 'shop for amd64']),
    layout.image({ os: 'linux', architecture: 'arm64', variant: 'v8' }, ['base of arm', 'shop for arm64']),
  ];
  const index = layout.index(manifests);
  layout.name(index, 'v1');
  return { layout, index, manifests };
}
