/**
 * An OCI image layout: a folder with `oci-layout`, `index.json` and `blobs/sha256/…` ("OCI Image Layout", image spec 1.1). Every blob that
 * is read is hashed. No registry is asked.
 */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { within } from '../../../bytes/within.ts';
import { partsOfNamed, readNamedFile } from '../../../platform/files.ts';
import { DIGEST, parseManifest, type Descriptor, type Index, type Manifest } from '../../oci/manifest.ts';

/** Largest manifest (registries allow 4 MiB), and largest bundle or bill of materials. */
const MAX_MANIFEST = 4_194_304;
const MAX_BLOB = 67_108_864;
/** Most bytes that are read of one layout, but for layers, which are hashed alone. What is read twice counts twice. */
const MAX_READ = 268_435_456;

export class ImageLayout {
  readonly #folder: string;
  readonly entries: readonly Descriptor[];
  /** Manifests by digest and media type, and digests of blobs that were hashed: each is read once. */
  readonly #manifests = new Map<string, Manifest | Index>();
  readonly #checked = new Set<string>();
  /** Bytes read. */
  #read = 0;

  private constructor(folder: string, entries: readonly Descriptor[]) {
    this.#folder = folder;
    this.entries = entries;
  }

  /** Refuses `not-found` for what is no layout, with the commands that make one. */
  static async at(folder: string): Promise<ImageLayout> {
    const name = printable(folder, 200);
    if (!existsSync(folder)) throw refuse('not-found', `there is no folder ${name}`);
    if (!statSync(folder).isDirectory())
      throw refuse(
        'not-found',
        `${name} is a file; an image layout is a folder: unpack it first, \`mkdir image && tar -xf FILE -C image\``,
      );
    if (!existsSync(join(folder, 'index.json')) || !existsSync(join(folder, 'oci-layout')))
      throw refuse(
        'not-found',
        `${name} is no OCI image layout (it has no index.json or no oci-layout); make one with \`oras copy -r --to-oci-layout NAME DIR\`, ` +
          '`skopeo copy --all docker://NAME oci:DIR`, or `docker save NAME | tar -x -C DIR` of Docker 25 or newer',
      );
    const bytes = await readNamedFile(join(folder, 'index.json'), MAX_MANIFEST);
    const index = within('same', 'index.json', () => parseManifest(bytes));
    if (index.kind !== 'index') throw refuse('malformed-text', 'index.json names no manifests');
    return new ImageLayout(folder, index.manifests);
  }

  has(digest: string): boolean {
    return existsSync(this.#pathOf(digest));
  }

  /** A blob's bytes, which have its digest. Refuses `not-found`, `too-large`, and `proof-failed` for other bytes. */
  async blob(digest: string, most = MAX_BLOB): Promise<Uint8Array> {
    const bytes = await readNamedFile(this.#pathOf(digest), most);
    if ((this.#read += bytes.length) > MAX_READ)
      throw refuse('too-large', `the layout names documents of more than ${MAX_READ} bytes in all`);
    if (bytes.length > most) throw refuse('too-large', `the blob ${digest} has more than ${most} bytes`);
    const found = createHash('sha256').update(bytes).digest('hex');
    if (digest !== `sha256:${found}`) throw otherBytes(digest);
    return bytes;
  }

  async manifest({ digest, mediaType }: Pick<Descriptor, 'digest' | 'mediaType'>): Promise<Manifest | Index> {
    const key = `${digest} ${mediaType}`;
    const known = this.#manifests.get(key);
    if (known !== undefined) return known;
    const bytes = await this.blob(digest, MAX_MANIFEST);
    const read = within('same', digest, () => parseManifest(bytes, mediaType));
    this.#manifests.set(key, read);
    return read;
  }

  /** Hashes a blob of any size. Refuses `proof-failed` for other bytes. */
  async check(digest: string): Promise<void> {
    if (this.#checked.has(digest)) return;
    const hash = createHash('sha256');
    for await (const chunk of partsOfNamed(this.#pathOf(digest))) hash.update(chunk);
    if (digest !== `sha256:${hash.digest('hex')}`) throw otherBytes(digest);
    this.#checked.add(digest);
  }

  #pathOf(digest: string): string {
    // Nothing but hexadecimal digits reaches the path.
    if (!DIGEST.test(digest)) throw new Error(`${digest} is no digest`);
    return join(this.#folder, 'blobs', 'sha256', digest.slice('sha256:'.length));
  }
}

function otherBytes(digest: string): Error {
  return refuse(
    'proof-failed',
    `the blob ${digest} has other bytes than its name says; make the layout again`,
  );
}
