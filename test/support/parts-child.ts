/**
 * A store that kills itself while it merges. Arguments: the store's path, the step to die at, how often to pass it first.
 * Merges until nothing is left.
 */
import { ORIGIN } from './world.ts';
import { SqliteStore } from '../../src/storage/sqlite.ts';

const [path = '', dieAt = '', passes = '0'] = process.argv.slice(2);
let left = Number(passes);

const store = SqliteStore.openToWrite(path, ORIGIN, false, (step) => {
  if (step === dieAt && left-- <= 0) process.kill(process.pid, 'SIGKILL');
});
while (store.merge());
await store.close();
