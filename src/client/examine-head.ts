/**
 * Examines the newest head of a log as a list of checks: signed by keys of the log, cosigned by a quorum, and of one history
 * with the head that was seen last. The client (client.ts) decides; this says which of its checks met what.
 */
import { Checklist, type Check } from '../bytes/checklist.ts';
import { natureOf } from '../bytes/nature.ts';
import { Refusal } from '../bytes/refusal.ts';
import type { Incident } from '../incident/incident.ts';
import { parseCheckpoint } from '../note/checkpoint.ts';
import { parseNote } from '../note/note.ts';
import type { LogClient } from './client.ts';
import { examineCheckpoint } from './examine-log.ts';
import type { HeadMemory, RememberedHead } from './ports.ts';
import type { LogView } from './view.ts';

/**
 * How a served head relates to the one that was seen last:
 *
 *     first  none was seen before: nothing to compare with
 *     older  it is smaller, and the log still serves the rest: a cache, or a copy that is behind
 *     back   it is smaller, and the log no longer serves the rest
 *     fork   the two are not one history
 */
export type Seen = 'first' | 'same' | 'newer' | 'older' | 'back' | 'fork';

export interface ExaminedHead {
  /** `checkpoint`, `quorum`, `consistency`, as far as they could be made. */
  readonly checks: readonly Check[];
  /** The head, if it is accepted. */
  readonly view: LogView | undefined;
  /** Undefined if no head came that could be compared. */
  readonly seen: Seen | undefined;
  /** Size of the head that was seen last. */
  readonly before: number | undefined;
  /** Evidence that the log broke its word. */
  readonly incident: Incident | undefined;
  /** Why there is no view. Of nature `away` or `absent`: nobody answered, which is no lie. */
  readonly refusal: Refusal | undefined;
}

/** A `HeadMemory` that tells what was seen before a head was examined, and which incident came of it. */
export class WatchedMemory implements HeadMemory {
  readonly #inner: HeadMemory;
  #before: RememberedHead | undefined;
  #incident: Incident | undefined;

  constructor(inner: HeadMemory) {
    this.#inner = inner;
  }

  /** Forgets what it would tell. */
  begin(): void {
    this.#before = undefined;
    this.#incident = undefined;
  }

  /** Size of the head that was seen before; undefined for a damaged one, too, which the client refuses. */
  get before(): number | undefined {
    try {
      return this.#before && parseCheckpoint(parseNote(this.#before.note).text).size;
    } catch (error) {
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }

  get incident(): Incident | undefined {
    return this.#incident;
  }

  async head(origin: string): Promise<RememberedHead | undefined> {
    const found = await this.#inner.head(origin);
    this.#before ??= found;
    return found;
  }

  async remember(origin: string, note: Uint8Array): Promise<void> {
    // What is remembered now was not seen before.
    await this.#inner.remember(origin, note);
  }

  keep(incident: Incident): Promise<string> {
    this.#incident = incident;
    return this.#inner.keep(incident);
  }
}

/** Examines the newest head. `memory`: the one that the client was opened with. Refuses nothing; throws bugs. */
export async function examineHead(client: LogClient, memory: WatchedMemory): Promise<ExaminedHead> {
  memory.begin();
  const list = new Checklist();
  try {
    const view = await client.view();
    examineCheckpoint(list, view.note, { ...client.trust, verify: client.verify });
    const seen = seenOf(view, memory.before);
    list.run('consistency', () => [undefined, consistencyText(seen, view, memory.before)]);
    return {
      checks: list.checks,
      view,
      seen,
      before: memory.before,
      incident: undefined,
      refusal: undefined,
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { incident, before } = memory;
    const seen = incident?.evidence.kind === 'rollback' ? 'back' : incident && 'fork';
    failed(list, error);
    return { checks: list.checks, view: undefined, seen, before, incident, refusal: error };
  }
}

/** Writes down which check a refusal ended. That nobody answered is no check. */
function failed(list: Checklist, refusal: Refusal): void {
  const broken = brokenCheck(refusal);
  if (broken === undefined) return;
  if (broken !== 'checkpoint') list.run('checkpoint', () => [undefined, 'signed with a key of the log']);
  list.run(broken, () => {
    throw refusal;
  });
}

/** The check of a head that a refusal of `LogClient.view` ended; undefined for one that says that nobody answered. */
export function brokenCheck({ code }: Refusal): 'checkpoint' | 'quorum' | 'consistency' | undefined {
  if (code === 'inconsistent' || code === 'config-invalid') return 'consistency';
  if (code === 'quorum-unmet') return 'quorum';
  return ['away', 'absent'].includes(natureOf(code)) ? undefined : 'checkpoint';
}

function seenOf({ head }: LogView, before: number | undefined): Seen {
  if (before === undefined) return 'first';
  if (head.size === before) return 'same';
  return head.size > before ? 'newer' : 'older';
}

function consistencyText(seen: Seen, { head }: LogView, before = 0): string {
  if (seen === 'first')
    return 'first visit: no head of this log was seen before, so there is nothing to compare with';
  if (seen === 'same') return `the head of ${head.size} entries that was seen before`;
  if (seen === 'newer') return `one history with the head of ${before} entries that was seen before`;
  return `older: a head of ${before} entries was seen before, and this one of ${head.size} is the beginning of it`;
}
