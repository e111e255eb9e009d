/** A `BundleMemory` in a directory: `bundles/<SHA-256 of the origin>/…`, named as on the host (C2SP tlog-tiles). */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Refusal } from '../../bytes/refusal.ts';
import { originHash } from '../../note/checkpoint.ts';
import { isSystemError } from '../../platform/fault.ts';
import { readNamedFile, UNFINISHED } from '../../platform/files.ts';
import { bundlePath, TILE_WIDTH } from '../../tree/tile.ts';
import type { BundleMemory } from '../kept-bundles.ts';

/** The largest bundle: 256 entries of 65,535 bytes, each with its length. */
const MOST_BYTES = 2 ** 24 + 512;
/** Most bytes that one run reads from the directory and writes to it. What is beyond is fetched each time. */
const MOST_KEPT = 2 ** 31;

/** How much is kept, and why no more is. */
export interface KeptSoFar {
  readonly entries: number;
  readonly bytes: number;
  readonly folder: string;
  /** The fault of the disk after which nothing more was kept. */
  readonly fault: Error | undefined;
}

/** Bundles are not flushed to the disk one by one: a half one is found when it is read. */
export class BundleFiles implements BundleMemory {
  readonly #folder: string;
  #bundles = 0;
  #bytes = 0;
  #fault: Error | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get soFar(): KeptSoFar {
    return {
      entries: this.#bundles * TILE_WIDTH,
      bytes: this.#bytes,
      folder: this.#folder,
      fault: this.#fault,
    };
  }

  async bundle(origin: string, index: number): Promise<Uint8Array | undefined> {
    if (this.#bytes >= MOST_KEPT) return undefined;
    try {
      const bytes = await readNamedFile(this.#pathOf(origin, index), MOST_BYTES);
      this.#count(bytes);
      return bytes;
    } catch (error) {
      if (error instanceof Refusal || isSystemError(error)) return undefined;
      throw error;
    }
  }

  async keep(origin: string, index: number, bytes: Uint8Array): Promise<void> {
    if (this.#fault !== undefined || this.#bytes + bytes.length > MOST_KEPT) return;
    const path = this.#pathOf(origin, index);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(`${path}${UNFINISHED}`, bytes, { mode: 0o600 });
      // Whoever sees the file finds it counted.
      this.#count(bytes);
      await rename(`${path}${UNFINISHED}`, path);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#fault = error instanceof Error ? error : new Error(String(error));
    }
  }

  #count({ length }: Uint8Array): void {
    this.#bundles += 1;
    this.#bytes += length;
  }

  #pathOf(origin: string, index: number): string {
    return join(this.#folder, 'bundles', originHash(origin), bundlePath(index, TILE_WIDTH));
  }
}
