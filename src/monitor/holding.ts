/**
 * What a monitor stores of one log: the copy of its entries, and two heads as signed notes. `seen` is the newest head
 * that was proven to continue all earlier ones; the log must never contradict it. `held` is the newest head whose
 * entries are copied completely.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';
import { codeOf } from '../platform/fault.ts';
import { makeFolder, replaceFileSync } from '../platform/files.ts';
import type { CommitStep } from '../storage/sqlite.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { Copy } from './copy.ts';
import { openHead, type SeenHead, type Trust } from './head.ts';

export class Holding {
  readonly copy: Copy;
  readonly #folder: string;
  #seen: SeenHead | undefined;
  #held: SeenHead | undefined;

  private constructor(folder: string, copy: Copy) {
    this.#folder = folder;
    this.copy = copy;
  }

  /**
   * Opens what is in a folder, or makes it. Refuses `corrupt-store`, `foreign-log`, `store-failed`, and
   * `config-invalid` for a head remembered that the log's known keys did not sign.
   */
  static async open(
    folder: string,
    trust: Trust,
    hasher: BatchHasher,
    commitStep: ((step: CommitStep) => void) | undefined,
  ): Promise<Holding> {
    await makeFolder(folder, 0o700, { remedy: { monitorDir: true } });
    const path = join(folder, 'log.db');
    const copy = await Copy.open({ path, origin: trust.origin, hasher, commitStep });
    const holding = new Holding(folder, copy);
    try {
      await holding.#remember(trust);
      return holding;
    } catch (error) {
      await copy.close();
      throw error;
    }
  }

  get seen(): SeenHead | undefined {
    return this.#seen;
  }

  get held(): SeenHead | undefined {
    return this.#held;
  }

  /** Whether the copy has all that a head covers. */
  covers(head: SeenHead): boolean {
    return this.#held !== undefined && sizeOf(this.#held) >= sizeOf(head);
  }

  /**
   * Stores a head as seen, durably, unless a note of the same tree with more signatures is stored. Returns the stored
   * head. Refuses `store-failed`.
   */
  async accept(head: SeenHead): Promise<SeenHead> {
    const before = this.#seen;
    const grown = before === undefined || sizeOf(head) > sizeOf(before);
    if (!grown && !isBetterSigned(head, before)) return before;
    this.#write('seen', head);
    this.#seen = head;
    if (!grown && this.#held !== undefined && sizeOf(this.#held) === sizeOf(head)) await this.cover(head);
    return head;
  }

  /**
   * Records that the copy has every entry under a head. Refuses `corrupt-store` if the copy does not hash to the head's
   * root.
   */
  async cover(head: SeenHead): Promise<void> {
    const { size, root } = head.opened.checkpoint;
    if (!equalBytes(await this.copy.reader.root(size), root))
      throw refuse(
        'corrupt-store',
        `the copy does not hash to the signed root of ${size} entries: move it away`,
      );
    if (this.#held?.note !== head.note) this.#write('held', head);
    this.#held = head;
    this.copy.publish(head.note, { size, root, time: this.copy.head.time });
  }

  close(): Promise<void> {
    return this.copy.close();
  }

  /** Restores what the last run stored. */
  async #remember(trust: Trust): Promise<void> {
    this.#seen = await this.#read('seen', trust);
    const held = await this.#read('held', trust);
    const covered = [this.#seen, held].find((head) => head !== undefined && sizeOf(head) <= this.copy.size);
    this.#seen ??= held;
    if (covered !== undefined) await this.cover(covered);
  }

  async #read(which: 'seen' | 'held', trust: Trust): Promise<SeenHead | undefined> {
    const path = this.#path(which);
    try {
      return openHead(await readFile(path), trust);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      if (!(error instanceof Refusal)) throw error;
      throw refuse(
        'config-invalid',
        `${path} was not signed by the keys given for ${trust.origin} (${error.message}): keep the old keys too`,
        { cause: error },
      );
    }
  }

  #write(which: 'seen' | 'held', head: SeenHead): void {
    replaceFileSync(this.#path(which), decodeUtf8(head.note));
  }

  #path(which: 'seen' | 'held'): string {
    return join(this.#folder, `${which}.note`);
  }
}

/** Of two notes of one tree, whether this one has more witness signatures. */
function isBetterSigned(head: SeenHead, before: SeenHead): boolean {
  if (head.quorum !== before.quorum) return head.quorum;
  return head.opened.cosignatures.length > before.opened.cosignatures.length;
}

function sizeOf(head: SeenHead): number {
  return head.opened.checkpoint.size;
}
