/** A directory as a store of evidence. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readNamedFile, replaceFile } from '../../platform/files.ts';
import type { ProofStore } from '../proof-store.ts';

export class ProofFolder implements ProofStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Refuses `not-found` for a file that is there and cannot be read. */
  async read(name: string): Promise<Uint8Array | undefined> {
    const path = join(this.#path, name);
    return existsSync(path) ? readNamedFile(path) : undefined;
  }

  write(name: string, bytes: Uint8Array): Promise<void> {
    return replaceFile(join(this.#path, name), bytes);
  }
}
