/** Restores a backup, after every entry of it was checked. */
import { existsSync } from 'node:fs';
import { copyFile, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { refuse } from '../bytes/refusal.ts';
import { auditLog } from '../log/audit.ts';
import type { Head } from '../log/ports.ts';
import { indexAudit, storeSource } from '../log/storeaudit.ts';
import { createFile, flushPath, makeFolder } from '../platform/files.ts';
import { CONFIG_FILE } from '../platform/names.ts';
import { SqliteGuard } from '../storage/guard.ts';
import { SqliteReader } from '../storage/sqlite-reader.ts';
import { chooseHasher, chooseVerifier } from '../workers/kernels.ts';
import { BACKUP_MANIFEST, BACKUP_STORE, fileDigest } from './backup.ts';
import { assertFollows, policyOfStore } from './guarded.ts';
import { layoutOf, type Layout, type LogHome } from './layout.ts';

/** Told how many entries of how many were checked. */
type OnChecked = (done: number, of: number) => void;

/** A log that was restored. */
export interface Restored {
  readonly layout: Layout;
  readonly origin: string;
  readonly head: Head;
  /** True if the backup was compared with an existing guard; false if a new guard was made from the backup. */
  readonly guarded: boolean;
}

/**
 * Puts the backup in `source` into the directory of a log that has no store. Nothing is written before every entry was
 * checked. Refuses `exists-already`, `not-found`, `corrupt-store`, and `behind-signed-head` for a backup that is behind
 * the highest head this log ever signed.
 */
export async function restoreFrom(source: string, home: LogHome, onChecked: OnChecked): Promise<Restored> {
  const layout = layoutOf(home);
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
    await checkEntries(store, head, onChecked);
    const guarded = await checkGuard(layout.guard, layout.guardDir, store, head);
    await putInPlace(copy, home.dataDir, layout);
    const [first] = await store.entries(0, 1);
    if (first !== undefined) await createFile(layout.genesis, first.bytes); // else `serve` would start a new log
    const settings = join(home.dataDir, CONFIG_FILE);
    if (!existsSync(settings) && existsSync(join(source, CONFIG_FILE)))
      await copyFile(join(source, CONFIG_FILE), settings);
    return { layout, origin: store.origin(), head, guarded };
  } finally {
    await store.close();
  }
}

async function putInPlace(copy: string, dataDir: string, layout: Layout): Promise<void> {
  const partial = `${layout.store}.partial`;
  await makeFolder(dataDir, 0o700);
  await copyFile(copy, partial);
  await flushPath(partial);
  await rename(partial, layout.store);
  await flushPath(dataDir);
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

async function checkEntries(store: SqliteReader, head: Head, onChecked: OnChecked): Promise<void> {
  const { findings, stopped } = await auditLog(storeSource(store, head, store.origin()), {
    hasher: chooseHasher(),
    verify: chooseVerifier(),
    statements: true,
    onProgress: (done) => onChecked(done, head.size),
    ...indexAudit(store, head),
  });
  if (stopped !== undefined) throw stopped;
  const [first] = findings;
  if (first !== undefined) {
    throw refuse(
      'corrupt-store',
      `the backup has ${findings.length} faults, the first: ${first.what}; use another one`,
    );
  }
}

/**
 * The backup must contain the highest head that was ever signed. If there is no guard file, the backup's own head
 * becomes the guard's.
 */
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
