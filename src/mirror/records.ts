/** The files in a mirror's directory besides the log: heads, incidents, manifest. */
import { Refusal, refuse } from '../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatHex } from '../bytes/text.ts';
import { formatMilliseconds } from '../bytes/time.ts';
import type { SignedHead } from '../client/history.ts';
import { parseCheckpoint } from '../note/checkpoint.ts';
import { parseNote } from '../note/note.ts';
import { openTrusted, type TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { CHECKPOINT, INCIDENTS, KEYS, MANIFEST, PENDING, POLICIES, type Folder } from './folder.ts';
import { vkeyOf } from '../note/key.ts';

export class Records {
  readonly #folder: Folder;
  readonly #policy: TrustPolicy;
  readonly #verify: VerifySignature;

  constructor(folder: Folder, policy: TrustPolicy, verify: VerifySignature) {
    this.#folder = folder;
    this.#policy = policy;
    this.#verify = verify;
  }

  /**
   * The mirrored checkpoint. It had its quorum when it was stored. Under a stricter policy it still is the history that
   * the log must continue. Refuses `foreign-log` if no key of the policy signed it.
   */
  async held(): Promise<SignedHead | undefined> {
    const note = await this.#folder.read(CHECKPOINT);
    if (note === undefined) return undefined;
    try {
      return { note, opened: openTrusted(note, { ...this.#policy, quorum: 'none' }, this.#verify) };
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      throw refuse(
        'foreign-log',
        `${this.#folder.path} mirrors "${originIn(note)}", whose checkpoint the trust policy does not accept (${cause.message}); give that log's keys or take another directory; if the file is damaged, delete it and sync again`,
        { cause },
      );
    }
  }

  /** The head that was being fetched. If the policy no longer accepts it, it is ignored. */
  async pending(): Promise<SignedHead | undefined> {
    const note = await this.#folder.read(PENDING);
    if (note === undefined) return undefined;
    try {
      return { note, opened: openTrusted(note, this.#policy, this.#verify) };
    } catch (error) {
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }

  async keepPending(note: Uint8Array): Promise<void> {
    await this.#folder.ensure(PENDING, note);
    await this.#folder.flush();
  }

  async dropPending(): Promise<void> {
    await this.#folder.remove(PENDING);
  }

  async policies(): Promise<readonly number[]> {
    const text = await this.#folder.read(POLICIES);
    const lines = text === undefined ? [] : decodeUtf8(text).split('\n');
    return lines.filter((line) => /^[0-9]{1,16}$/.test(line)).map(Number);
  }

  async keepPolicies(indices: Iterable<number>): Promise<void> {
    const lines = Array.from(indices).toSorted((a, b) => a - b);
    await this.#folder.ensure(POLICIES, encodeUtf8(lines.map((index) => `${index}\n`).join('')));
  }

  async keepKeys(bytes: Uint8Array): Promise<void> {
    await this.#folder.ensure(KEYS, bytes);
    await this.#folder.flush();
  }

  /** Incidents of earlier runs. If one of them is a split view, the mirror does not follow the log. */
  async incidents(): Promise<{ readonly count: number; readonly halted: string | undefined }> {
    const names = (await this.#folder.list(INCIDENTS)).filter((name) => name.endsWith('.json'));
    let halted: string | undefined;
    for (const name of names) {
      const path = `${INCIDENTS}/${name}`;
      const text = await this.#folder.read(path);
      if (text !== undefined && isSplitView(text)) {
        halted = `the log showed two histories (${path} in the mirror's directory); move that file away to follow the log again`;
      }
    }
    return { count: names.length, halted };
  }

  async keepIncident(id: string, text: string): Promise<{ readonly path: string; readonly isNew: boolean }> {
    const path = `${INCIDENTS}/${id}.json`;
    const isNew = (await this.#folder.read(path)) === undefined;
    if (isNew) await this.#folder.replace(path, text);
    return { path, isNew };
  }

  /** Writes `mirror.json`, a description of the copy for people and auditors. The mirror never reads it. */
  async keepManifest(
    head: SignedHead,
    facts: { readonly url: string; readonly name: string; readonly version: string; readonly now: number },
  ): Promise<void> {
    const { origin, size, root } = head.opened.checkpoint;
    const manifest = {
      schema: 'tallystick.mirror.v1',
      origin,
      url: facts.url,
      size,
      root: formatHex(root),
      synced: formatMilliseconds(facts.now),
      vkeys: head.opened.logSignatures.map(({ verifier }) => vkeyOf(verifier)),
      cosigned: head.opened.cosignatures.map(({ verifier }) => vkeyOf(verifier)),
      by: facts.name,
      version: facts.version,
    };
    await this.#folder.replace(MANIFEST, `${JSON.stringify(manifest, undefined, 2)}\n`);
  }
}

/** Whether an incident file is about two histories. A file that cannot be read counts as such. */
function isSplitView(text: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(decodeUtf8(text));
    const evidence: unknown =
      typeof value === 'object' && value !== null && 'evidence' in value ? value.evidence : undefined;
    return (
      typeof evidence !== 'object' ||
      evidence === null ||
      !('kind' in evidence) ||
      evidence.kind === 'split-view'
    );
  } catch {
    return true;
  }
}

function originIn(note: Uint8Array): string {
  try {
    return parseCheckpoint(parseNote(note).text).origin;
  } catch {
    return 'nothing that can be read';
  }
}
