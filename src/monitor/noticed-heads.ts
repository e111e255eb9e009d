/**
 * The heads in notices `witnessed`: one that the log signed and that its tree does not begin with shows that the log signed
 * two histories. Whoever saw the other one may have put it there. A head that the log did not sign is anybody's, and is left.
 */
import { leafIndex } from '../bytes/brand.ts';
import { Refusal } from '../bytes/refusal.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { split } from '../client/compare.ts';
import { contradiction, type NodeSource } from '../client/history.ts';
import type { LogReader } from '../log/ports.ts';
import { openCheckpoint, type OpenedCheckpoint } from '../note/checkpoint.ts';
import { logKeysOf } from '../note/trust.ts';
import { parseStatement } from '../statement/parse.ts';
import type { Alarm, EntryWatch, SeenEntry } from './alarm.ts';
import type { SeenHead, Trust } from './head.ts';

/** Notices that wait for a look, and those that are compared at one. */
const MOST_WAITING = 100_000;
const MOST_COMPARED = 256;

export class NoticedHeadWatch implements EntryWatch {
  readonly #trust: Trust;
  #waiting: number[] = [];

  constructor(trust: Trust) {
    this.#trust = trust;
  }

  entry({ index, parsed }: SeenEntry): readonly Alarm[] {
    const isHead = parsed?.kind === 'notice' && parsed.notice.topic === 'witnessed';
    if (isHead && this.#waiting.length < MOST_WAITING) this.#waiting.push(index);
    return [];
  }

  /** Compares the heads that were noticed since the last call with the head of the copy, some of them at a time. */
  async compare(held: SeenHead, reader: LogReader, nodes: NodeSource): Promise<readonly Alarm[]> {
    const now = this.#waiting.slice(0, MOST_COMPARED);
    this.#waiting = this.#waiting.slice(MOST_COMPARED);
    const alarms: Alarm[] = [];
    for (const index of now) {
      const parsed = parseStatement((await reader.entry(leafIndex(index))).bytes);
      if (parsed.kind !== 'notice' || parsed.notice.topic !== 'witnessed') continue;
      const head = this.#opened(parsed.notice.note);
      if (head === undefined || head.checkpoint.size === 0) continue;
      // A larger tree than ours is compared when the log shows it, or one beyond it.
      if (head.checkpoint.size > held.opened.checkpoint.size) this.#waiting.push(index);
      else alarms.push(...(await this.#compare(held, { index, note: parsed.notice.note, head }, nodes)));
    }
    return alarms;
  }

  async #compare(
    held: SeenHead,
    {
      index,
      note,
      head,
    }: { readonly index: number; readonly note: Uint8Array; readonly head: OpenedCheckpoint },
    nodes: NodeSource,
  ): Promise<readonly Alarm[]> {
    try {
      const found = await contradiction(nodes, held.opened.checkpoint, head.checkpoint);
      if (found === undefined) return [];
      const ours = { note: encodeUtf8(held.served), head: held.opened.checkpoint };
      const { evidence, about, what } = split(ours, { note, head: head.checkpoint }, found);
      return [{ evidence, about, what: `${what} (notice in entry ${index})` }];
    } catch (error) {
      if (error instanceof Refusal) return [];
      throw error;
    }
  }

  /** Undefined for a note that no trusted key of the log signed. */
  #opened(note: Uint8Array): OpenedCheckpoint | undefined {
    const { origin, policy, verify } = this.#trust;
    try {
      return openCheckpoint(note, { origin, logKeys: logKeysOf(policy, origin), verify });
    } catch (error) {
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }
}
