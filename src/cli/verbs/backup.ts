/** `tallystick backup`: one consistent copy of the log, taken while it runs, with a manifest that says what it is. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EXIT, refuse } from '../../bytes/refusal.ts';
import { copyStore } from '../../storage/backup.ts';
import { SqliteReader } from '../../storage/sqlite-reader.ts';
import { CONFIG_FILE } from '../config.ts';
import type { Context } from '../context.ts';
import { layoutOf } from '../layout.ts';
import type { Flags, Verb } from '../verb.ts';
import { VERSION } from '../version.ts';

/** The copy of the store inside a backup, and the file that describes it. */
export const BACKUP_STORE = 'log.db';
export const BACKUP_MANIFEST = 'manifest.json';

export const backupVerb: Verb = {
  name: 'backup',
  summary: 'copy a log, also while it runs',
  details:
    'Writes a consistent copy of the store, the configuration and a manifest with the tree head to a new directory. ' +
    'Private keys are not in it: keep them elsewhere, once. Neither is the signed-head guard: it must never go back.',
  operands: [['<dir>', 'directory to make']],
  settings: ['dataDir'],
  json: true,
  examples: [
    'tallystick backup /var/backups/log-$(date +%F)',
    'tallystick restore /var/backups/log-2026-11-22 --data-dir ./restored',
  ],
  run: backup,
};

async function backup(context: Context, operands: readonly string[], _flags: Flags): Promise<number> {
  const [target = ''] = operands;
  const { config, output } = context;
  const { store } = layoutOf(config);
  if (!existsSync(store))
    throw refuse('no-such-log', `there is no log in ${config.dataDir}: give --data-dir`);
  if (existsSync(target)) throw refuse('exists-already', `${target} exists: name a new directory`);
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const copy = join(partial, BACKUP_STORE);
  const progress = output.progress('pages', 0);
  await copyStore(store, copy, (done) => progress.at(done));
  progress.end();
  const reader = SqliteReader.open(copy);
  const head = await reader.head();
  const origin = reader.origin();
  await reader.close();
  if (head === undefined) throw refuse('no-such-log', `the log in ${config.dataDir} is empty`);
  const configFile = join(config.dataDir, CONFIG_FILE);
  if (existsSync(configFile)) await copyFile(configFile, join(partial, CONFIG_FILE));
  const manifest = {
    schema: 'tallystick.backup.v1',
    version: VERSION,
    origin,
    size: head.size,
    root: head.root.toHex(),
    time: head.time,
    sha256: await fileDigest(copy),
  };
  await writeFile(join(partial, BACKUP_MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const name of [BACKUP_STORE, BACKUP_MANIFEST]) await syncPath(join(partial, name));
  await rename(partial, target); // until here a crash leaves only DIR.partial, which the next run removes
  output.result('backup', { ...manifest, schema: undefined, dir: target });
  output.print(`${target}: ${head.size} entries of ${origin}, root ${manifest.root}`);
  return EXIT.ok;
}

/** SHA-256 of a file, lower-case hex. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Flushes a file or a directory to the disk. */
export async function syncPath(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}
