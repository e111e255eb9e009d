/** `tallystick restore`: puts a backup in place, after it was checked entry by entry. */
import { existsSync } from 'node:fs';
import { copyFile, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, refuse } from '../../bytes/refusal.ts';
import { auditLog } from '../../log/audit.ts';
import { indexAudit, storeSource } from '../../log/storeaudit.ts';
import type { Head } from '../../log/ports.ts';
import { SqliteGuard } from '../../storage/guard.ts';
import { SqliteReader } from '../../storage/sqlite-reader.ts';
import { chooseHasher } from '../../workers/kernels.ts';
import { chooseVerifier } from '../../workers/kernels.ts';
import { CONFIG_FILE } from '../config.ts';
import type { Context } from '../context.ts';
import { createFile, flushPath, makeFolder } from '../../platform/files.ts';
import { assertFollows, policyOfStore } from '../../service/guarded.ts';
import { layoutOf } from '../../service/layout.ts';
import type { Flags, Verb } from '../verb.ts';
import { BACKUP_MANIFEST, BACKUP_STORE, fileDigest } from './backup.ts';

export const restoreVerb: Verb = {
  name: 'restore',
  summary: 'put a backup in place, after checking every entry',
  details:
    'Checks the copy against its manifest and from its entry bytes before anything is written, and refuses one that ' +
    'is behind the highest head this log ever signed: going on from it would show two histories.',
  operands: [['<dir>', 'directory that `tallystick backup` made']],
  settings: ['dataDir', 'guardDir'],
  json: true,
  examples: ['tallystick restore /var/backups/log-2026-11-22 --data-dir ./tallystick-data'],
  run: restore,
};

async function restore(context: Context, operands: readonly string[], _flags: Flags): Promise<number> {
  const [source = ''] = operands;
  const { config, output } = context;
  const layout = layoutOf(config);
  if (existsSync(layout.store)) {
    throw refuse('exists-already', `${layout.store} exists: move it away first, nothing is ever overwritten`);
  }
  const copy = join(source, BACKUP_STORE);
  const manifest = await readManifest(source);
  if ((await fileDigest(copy)) !== manifest.sha256) {
    throw refuse('corrupt-store', `${copy} is not the file its manifest describes: use another backup`);
  }
  const store = SqliteReader.open(copy);
  try {
    const head = await store.head();
    if (head === undefined) throw refuse('corrupt-store', `${copy} holds no log`);
    await checkEntries(context, store, head);
    const guarded = await checkGuard(layout.guard, layout.guardDir, store, head);
    const partial = `${layout.store}.partial`;
    await makeFolder(config.dataDir, 0o700);
    await copyFile(copy, partial);
    await flushPath(partial);
    await rename(partial, layout.store);
    await flushPath(config.dataDir);
    const [first] = await store.entries(0, 1);
    if (first !== undefined) await createFile(layout.genesis, first.bytes); // else `serve` would start a new log
    const settings = join(config.dataDir, CONFIG_FILE);
    if (!existsSync(settings) && existsSync(join(source, CONFIG_FILE)))
      await copyFile(join(source, CONFIG_FILE), settings);
    output.result('restore', {
      origin: store.origin(),
      size: head.size,
      root: head.root.toHex(),
      dataDir: config.dataDir,
      guard: guarded ? 'checked' : 'made',
    });
    output.print(`${config.dataDir}: restored ${head.size} entries of ${store.origin()}, every one checked`);
    if (!guarded)
      output.warn(
        `there was no guard in ${layout.guardDir}: the new one believes this backup. If a head above ${head.size} entries was ` +
          'ever signed, the log would show two histories: read "A lost guard" in spec/operations.md before you start it',
      );
    for (const key of [layout.ed25519, layout.mldsa44, layout.receipt]) {
      if (!existsSync(key)) output.warn(`the key ${key} is not there: put it back before you start the log`);
    }
    return EXIT.ok;
  } finally {
    await store.close();
  }
}

async function readManifest(dir: string): Promise<{ readonly sha256: string }> {
  let manifest: unknown;
  try {
    manifest = JSON.parse(await readFile(join(dir, BACKUP_MANIFEST), 'utf8'));
  } catch (cause) {
    throw refuse('not-found', `${dir} is no backup: it has no readable ${BACKUP_MANIFEST}`, { cause });
  }
  if (
    typeof manifest === 'object' &&
    manifest !== null &&
    'sha256' in manifest &&
    typeof manifest.sha256 === 'string'
  ) {
    return { sha256: manifest.sha256 };
  }
  throw refuse('corrupt-store', `${join(dir, BACKUP_MANIFEST)} does not say which file it describes`);
}

async function checkEntries({ output }: Context, store: SqliteReader, head: Head): Promise<void> {
  const progress = output.progress('entries', head.size);
  const { findings, stopped } = await auditLog(storeSource(store, head, store.origin()), {
    hasher: chooseHasher(),
    verify: chooseVerifier(),
    statements: true,
    onProgress: (done) => progress.at(done),
    ...indexAudit(store, head),
  });
  progress.end();
  if (stopped !== undefined) throw stopped;
  const [first] = findings;
  if (first !== undefined) {
    throw refuse(
      'corrupt-store',
      `the backup has ${findings.length} faults, the first: ${first.what}; use another one`,
    );
  }
}

/** The backup must contain the highest head ever signed. Without a guard file, it becomes what was signed. */
async function checkGuard(path: string, dir: string, store: SqliteReader, head: Head): Promise<boolean> {
  await makeFolder(dir, 0o700);
  const guard = SqliteGuard.open(path, store.origin(), true);
  try {
    const signed = await guard.read();
    if (signed === undefined) {
      await guard.raise(head, await policyOfStore(store, head, undefined));
      return false;
    }
    await assertFollows(signed, store, head, 'the backup');
    await policyOfStore(store, head, signed);
    return true;
  } finally {
    await guard.close();
  }
}
