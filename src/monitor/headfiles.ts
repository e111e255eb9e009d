/** The heads of one log that a monitor remembers, as the signed notes they are: what the log may not take back. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';
import { placeFile } from './files.ts';
import { openHead, type SeenHead, type Trust } from './head.ts';

/** `seen`: shown to continue all before it. `held`: copied wholly, too. */
export type HeadFile = 'seen' | 'held';

export class HeadFiles {
  readonly #folder: string;
  readonly #trust: Trust;

  constructor(folder: string, trust: Trust) {
    this.#folder = folder;
    this.#trust = trust;
  }

  /** Undefined when there is none. Refuses `config-invalid` for one that the log's known keys did not sign. */
  async read(which: HeadFile): Promise<SeenHead | undefined> {
    const path = this.#path(which);
    try {
      return openHead(readFileSync(path), this.#trust);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      if (!(error instanceof Refusal)) throw error;
      throw refuse(
        'config-invalid',
        `${path} was not signed by the keys given for ${this.#trust.origin} (${error.message}): keep the old keys too`,
        { cause: error },
      );
    }
  }

  /** Durable when it returns. Refuses `store-failed`. */
  write(which: HeadFile, head: SeenHead): void {
    placeFile(this.#path(which), decodeUtf8(head.note));
  }

  #path(which: HeadFile): string {
    return join(this.#folder, `${which}.note`);
  }
}
