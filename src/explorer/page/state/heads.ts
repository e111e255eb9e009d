/**
 * Keeps the newest head of each log in this browser (IndexedDB), and incidents, so that the next visit can be compared with this
 * one. Where the browser keeps nothing, each visit is a first one; whoever opens it is told.
 */
import { refuse } from '../../../bytes/refusal.ts';
import type { HeadMemory, RememberedHead } from '../../../client/ports.ts';
import { formatIncident, type Incident } from '../../../incident/incident.ts';
import { parseCheckpoint } from '../../../note/checkpoint.ts';
import { parseNote } from '../../../note/note.ts';
import { openStores, settled } from './stores.ts';

const PLACE = "this browser's storage";

/** Milliseconds in which a browser opens it. */
const PATIENCE_MS = 5_000;

/** Opens the memory; undefined where the browser gives none. */
export async function openHeads(): Promise<BrowserHeads | undefined> {
  try {
    const late = new Promise<undefined>((resolve) => void setTimeout(resolve, PATIENCE_MS));
    const opening = openStores();
    const stores = await Promise.race([opening, late]);
    // One that is opened too late is used by nobody, and would stand in the way of a later version.
    if (stores === undefined) void opening.then((each) => each.close()).catch(() => undefined);
    return stores && new BrowserHeads(stores);
  } catch {
    return undefined; // Private windows, full disks, policies of the browser, a database of that name that is another one.
  }
}

export class BrowserHeads implements HeadMemory {
  readonly #database: IDBDatabase;
  /** Whether what was given to it is there at the next visit, as far as the browser said. */
  lasts = true;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** Undefined, too, where the browser does not give it back. */
  async head(origin: string): Promise<RememberedHead | undefined> {
    try {
      const note: unknown = await settled(this.#store('heads', 'readonly').get(origin));
      return note instanceof Uint8Array ? { note, place: PLACE } : undefined;
    } catch {
      this.lasts = false;
      return undefined;
    }
  }

  /** Another page may have remembered a newer head meanwhile: that one stays. */
  async remember(origin: string, note: Uint8Array): Promise<void> {
    await this.#keeping(async () => {
      const heads = this.#store('heads', 'readwrite');
      const other: unknown = await settled(heads.get(origin));
      if (sizeOf(other) < sizeOf(note)) await settled(heads.put(note, origin));
    });
  }

  async keep(incident: Incident): Promise<string> {
    await this.#keeping(async () => {
      await settled(this.#store('incidents', 'readwrite').put(formatIncident(incident), incident.id));
    });
    return PLACE;
  }

  async #keeping(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.lasts = false;
      const why = error instanceof Error ? error.message : String(error);
      throw refuse('store-failed', `this browser did not keep it: ${why}`, { cause: error });
    }
  }

  #store(name: 'heads' | 'incidents', mode: IDBTransactionMode): IDBObjectStore {
    return this.#database.transaction(name, mode).objectStore(name);
  }
}

/** Entries of a head that was kept; fewer than any head has for what is none. */
function sizeOf(note: unknown): number {
  try {
    return note instanceof Uint8Array ? parseCheckpoint(parseNote(note).text).size : -1;
  } catch {
    return -1;
  }
}
