/**
 * Keeps the newest head of each log in this browser (IndexedDB), and incidents, so that the next visit can be compared with this
 * one. Where the browser keeps nothing, each visit is a first one; whoever opens it is told.
 */
import { refuse } from '../../../bytes/refusal.ts';
import type { HeadMemory, RememberedHead } from '../../../client/ports.ts';
import { formatIncident, type Incident } from '../../../incident/incident.ts';

const NAME = 'tallystick';
const PLACE = "this browser's storage";

type StoreName = 'heads' | 'incidents';

/** Opens the memory; undefined where the browser gives none. */
export async function openHeads(): Promise<BrowserHeads | undefined> {
  try {
    const request = indexedDB.open(NAME, 1);
    request.addEventListener('upgradeneeded', () => {
      request.result.createObjectStore('heads');
      request.result.createObjectStore('incidents');
    });
    return new BrowserHeads(await settled(request));
  } catch {
    return undefined; // Private windows, full disks, policies of the browser.
  }
}

export class BrowserHeads implements HeadMemory {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async head(origin: string): Promise<RememberedHead | undefined> {
    const note: unknown = await settled(this.#store('heads', 'readonly').get(origin));
    return note instanceof Uint8Array ? { note, place: PLACE } : undefined;
  }

  async remember(origin: string, note: Uint8Array): Promise<void> {
    await this.#put('heads', origin, note);
  }

  async keep(incident: Incident): Promise<string> {
    await this.#put('incidents', incident.id, formatIncident(incident));
    return PLACE;
  }

  async #put(name: StoreName, key: string, value: Uint8Array | string): Promise<void> {
    try {
      await settled(this.#store(name, 'readwrite').put(value, key));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw refuse('store-failed', `this browser did not keep it: ${why}`, { cause: error });
    }
  }

  #store(name: StoreName, mode: IDBTransactionMode): IDBObjectStore {
    return this.#database.transaction(name, mode).objectStore(name);
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('the browser says no more')));
  });
}
