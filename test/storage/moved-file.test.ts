/** A store whose file is moved, replaced or deleted under the running log promises nothing more. */
import { sha256 } from '@noble/hashes/sha2.js';
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { digest, treeSize } from '#src/bytes/brand.ts';
import type { Head, Plan } from '#src/log/ports.ts';
import { SqliteStore } from '#src/storage/sqlite.ts';
import { ORIGIN } from '../support/world.ts';

function planTo(size: number): Plan {
  const head: Head = { size: treeSize(size), root: digest(sha256(Uint8Array.of(size))), time: 1 };
  return { head, entries: [], tiles: [], chains: new Map() };
}

const change: Readonly<Record<string, (path: string) => void>> = {
  moved: (path) => renameSync(path, `${path}.aside`),
  deleted: (path) => rmSync(path),
  replaced: (path) => {
    copyFileSync(path, `${path}.old`);
    renameSync(path, `${path}.aside`);
    renameSync(`${path}.old`, path);
  },
};

for (const [what, make] of Object.entries(change)) {
  t.test(what, async (t) => {
    const path = join(t.testdir(), 'log.db');
    const store = SqliteStore.openToWrite(path, ORIGIN, true);
    await store.commit(planTo(1), undefined);
    make(path);
    await t.rejects(store.commit(planTo(2), planTo(1).head), {
      code: 'swap-lost',
      message: /put the file back/,
    });
    if (what !== 'deleted') {
      renameSync(`${path}.aside`, path);
      await store.commit(planTo(2), planTo(1).head);
      t.equal((await store.head())?.size, 2, 'and goes on when it is back');
    }
    await store.close();
  });
}
