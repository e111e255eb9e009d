/** `tallystick backup`: one consistent copy of the log, taken while it runs, with a manifest that says what it is. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EXIT, refuse } from '../../bytes/refusal.ts';
import { copyStore } from '../../storage/backup.ts';
import { SqliteReader } from '../../storage/sqlite-reader.ts';
import { CONFIG_FILE } from '../config.ts';
import type { Context } from '../context.ts';
import { flushPath, makeFolder, writeFlushed } from '../../platform/files.ts';
import { layoutOf } from '../../service/layout.ts';
import type { Flags, Verb } from '../verb.ts';
import { VERSION } from '../../platform/version.ts';

/** The copy of the store inside a backup, and the file that describes it. */
export const BACKUP_STORE = 'log.db';
export const BACKUP_MANIFEST = 'manifest.json';
/** All that a backup that was cut off can have in it. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  ...['', '-journal', '-wal', '-shm'].map((suffix) => `${BACKUP_STORE}${suffix}`),
  BACKUP_MANIFEST,
  CONFIG_FILE,
]);

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
  const { config, output, world } = context;
  const [named = ''] = operands;
  const target = resolve(world.cwd, named);
  const { store } = layoutOf(config);
  if (!existsSync(store))
    throw refuse('no-such-log', `there is no log in ${config.dataDir}: give --data-dir`);
  if (existsSync(target)) throw refuse('exists-already', `${named} exists: name a new directory`);
  const partial = `${target}.partial`;
  await clearAway(partial);
  await makeFolder(partial);
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
  await writeFlushed(join(partial, BACKUP_MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const path of [join(partial, BACKUP_STORE), partial]) await flushPath(path);
  await rename(partial, target); // until here a crash leaves only DIR.partial, which the next run removes
  await flushPath(dirname(target));
  output.result('backup', { ...manifest, schema: undefined, dir: named });
  output.print(`${named}: ${head.size} entries of ${origin}, root ${manifest.root}`);
  return EXIT.ok;
}

/** What a run left that was cut off goes; what somebody else made stays. Refuses `exists-already`. */
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
