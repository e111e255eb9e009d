/** A backup: one consistent copy of a log's store, also while it runs, with a manifest that says what it is. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { refuse } from '../bytes/refusal.ts';
import { flushPath, makeFolder, writeFlushed } from '../platform/files.ts';
import { CONFIG_FILE } from '../platform/names.ts';
import { VERSION } from '../platform/place.ts';
import { copyStore } from '../storage/backup.ts';
import { SqliteReader } from '../storage/sqlite-reader.ts';
import { layoutOf } from './layout.ts';

/** The copy of the store inside a backup, and the file that describes it. */
export const BACKUP_STORE = 'log.db';
export const BACKUP_MANIFEST = 'manifest.json';
/** All file names that an interrupted backup can contain. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  ...['', '-journal', '-wal', '-shm'].map((suffix) => `${BACKUP_STORE}${suffix}`),
  BACKUP_MANIFEST,
  CONFIG_FILE,
]);

/** The content of `manifest.json`. Root and digest are lower-case hex; the time is POSIX seconds. */
export interface BackupManifest {
  readonly schema: 'tallystick.backup.v1';
  readonly version: string;
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  readonly time: number;
  /** Of the copy of the store. */
  readonly sha256: string;
}

/**
 * Copies the log in `dataDir` to the new directory `target`. Until the copy is complete, the directory is called
 * `target.partial`; a later run removes that. Refuses `no-such-log`, `exists-already`.
 */
export async function backUp(
  dataDir: string,
  target: string,
  onPages: (done: number) => void,
): Promise<BackupManifest> {
  const { store } = layoutOf({ dataDir });
  if (!existsSync(store))
    throw refuse('no-such-log', `there is no log in ${dataDir}: name its directory`, {
      remedy: { dataDir: true },
    });
  if (existsSync(target)) throw refuse('exists-already', `${target} exists: name a new directory`);
  const partial = `${target}.partial`;
  await clearAway(partial);
  await makeFolder(partial);
  const copy = join(partial, BACKUP_STORE);
  await copyStore(store, copy, onPages);
  const manifest = await describe(copy, dataDir);
  const configFile = join(dataDir, CONFIG_FILE);
  if (existsSync(configFile)) await copyFile(configFile, join(partial, CONFIG_FILE));
  await writeFlushed(join(partial, BACKUP_MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const path of [copy, partial]) await flushPath(path);
  await rename(partial, target);
  await flushPath(dirname(target));
  return manifest;
}

async function describe(copy: string, dataDir: string): Promise<BackupManifest> {
  const reader = SqliteReader.open(copy);
  const head = await reader.head();
  const origin = reader.origin();
  await reader.close();
  if (head === undefined) throw refuse('no-such-log', `the log in ${dataDir} is empty`);
  return {
    schema: 'tallystick.backup.v1',
    version: VERSION,
    origin,
    size: head.size,
    root: head.root.toHex(),
    time: head.time,
    sha256: await fileDigest(copy),
  };
}

/** Removes what an interrupted run left. Refuses `exists-already` if there are other files. */
async function clearAway(partial: string): Promise<void> {
  if (!existsSync(partial)) return;
  const names = await readdir(partial);
  if (!names.every((name) => OWN_NAMES.has(name)))
    throw refuse('exists-already', `${partial} exists and no backup made it: move it away`);
  await rm(partial, { recursive: true });
}

/** SHA-256 of a file, lower-case hex. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
