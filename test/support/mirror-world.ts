/** Mirrors for tests: opened on a directory, against a hostile log, audited as auditors would. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';
import { TileReader } from '#src/client/tiles.ts';
import { auditLog, type AuditReport } from '#src/log/audit.ts';
import { CHECKPOINT, Folder, readerOf, type FolderStep } from '#src/mirror/folder.ts';
import { LocalTiles } from '#src/mirror/local.ts';
import { Mirror, type MirrorParts } from '#src/mirror/mirror.ts';
import { parseVkey } from '#src/note/key.ts';
import { openTrusted, policyOfLogs } from '#src/note/trust.ts';
import { verifyWithNoble } from '#src/sign/algorithm.ts';
import { nobleHasher } from '#src/tree/hash.ts';
import { foreign, HostileLog } from './hostile-log.ts';

export const NOW = 1_800_000_000_000;

type Around = Partial<Omit<MirrorParts, 'folder'>> & {
  readonly step?: (step: FolderStep, path: string) => void;
};

/** A mirror of the log in a directory. */
export async function mirrorOf(log: HostileLog, dir: string, around: Around = {}): Promise<Mirror> {
  const { step, ...rest } = around;
  return Mirror.open({
    folder: await Folder.open(dir, step),
    url: log.url,
    policy: policyOfLogs(log.vkeys.map(parseVkey)),
    transport: { fetch, now: () => NOW, sleep: async () => {}, patienceMs: 1_000, timeoutMs: 5_000 },
    verify: verifyWithNoble,
    hasher: nobleHasher,
    name: 'test mirror',
    version: '0',
    ...rest,
  });
}

/** Files below tile/, by path, in order. */
export function tileFiles(dir: string): Map<string, Buffer> {
  const names = readdirSync(join(dir, 'tile'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .toSorted();
  return new Map(names.map((name) => [name, readFileSync(join(dir, name))]));
}

/** The names of those whose bytes the log does not serve. */
export async function unlike(log: HostileLog, dir: string): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const [name, held] of tileFiles(dir)) {
    const reply = await fetch(`${log.url}/${name}`);
    if (reply.status !== 200 || !Buffer.from(await reply.arrayBuffer()).equals(held)) wrong.push(name);
  }
  return wrong;
}

/** Audits the files of a directory under its checkpoint; size 0 when it has none. */
export async function auditFiles(log: HostileLog, dir: string, statements = false): Promise<AuditReport> {
  const read = readerOf(dir);
  const note = await read(CHECKPOINT);
  if (note === undefined) return { entries: 0, findings: [], stopped: undefined };
  const { checkpoint } = openTrusted(note, policyOfLogs(log.vkeys.map(parseVkey)));
  const tiles = new LocalTiles(read, () => checkpoint.size, nobleHasher);
  return auditLog(
    {
      origin: checkpoint.origin,
      size: checkpoint.size,
      root: checkpoint.root,
      tile: (level, index, width) => tiles.tile(level, index, width),
      bundle: (index, width) => tiles.bundle(index, width),
    },
    { hasher: nobleHasher, verify: verifyWithNoble, statements },
  );
}

/** Audits a log by URL, as `fsck URL` does. */
export async function auditUrl(log: HostileLog, url: string, statements: boolean): Promise<AuditReport> {
  const tiles = new TileReader({ fetch, now: () => NOW }, url);
  const { checkpoint } = openTrusted(await tiles.checkpoint(), policyOfLogs(log.vkeys.map(parseVkey)));
  const { origin, size, root } = checkpoint;
  return auditLog(
    {
      origin,
      size,
      root,
      tile: (level, index, width) => tiles.tile(level, index, width),
      bundle: (index, width) => tiles.bundle(index, width),
    },
    { hasher: nobleHasher, verify: verifyWithNoble, statements },
  );
}

/** Any static file server: maps paths to files, knows nothing else. */
export async function staticServer(dir: string): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(join(dir, new URL(request.url ?? '/', 'http://x').pathname)));
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Entries nobody but their author can read. */
export function opaque(from: number, to: number): Uint8Array[] {
  return Array.from({ length: to - from }, (_, i) => new TextEncoder().encode(`opaque ${from + i}`));
}

/** A log of other software, that many entries long. */
export async function foreignLog(t: Test, size: number): Promise<HostileLog> {
  const log = await HostileLog.start({ ...foreign(), entries: opaque(0, size) });
  t.teardown(() => log.close());
  return log;
}
