/** The database of this browser in which heads and incidents are kept. */

const NAME = 'tallystick';

/** Opens it. Rejects where the browser has none, or another one of that name. */
export async function openStores(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.addEventListener('upgradeneeded', () => {
    request.result.createObjectStore('heads');
    request.result.createObjectStore('incidents');
  });
  const database = await settled(request);
  const names = database.objectStoreNames;
  if (names.contains('heads') && names.contains('incidents')) return database;
  database.close();
  throw new Error('the database is another one');
}

/** Forgets the head of a log: the next visit is a first one. */
export async function forgetHead(origin: string): Promise<void> {
  const database = await openStores();
  await settled(database.transaction('heads', 'readwrite').objectStore('heads').delete(origin));
  database.close();
}

export function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('the browser says no more')));
  });
}
