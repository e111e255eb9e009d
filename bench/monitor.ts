/**
 * Following a real log of 50,000 signed statements from nothing: everything verified, decided again and copied
 * durably. Beside it, in the same run, what a single thread that only checks makes of the same log, and how
 * fast the log took the statements in.
 *
 *     node bench/monitor.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TileReader } from '../src/client/tiles.ts';
import { auditLog } from '../src/log/audit.ts';
import { Follower } from '../src/monitor/follow.ts';
import { openTrusted, policyOfLogs } from '../src/note/trust.ts';
import { parseVkey } from '../src/note/key.ts';
import { chooseHasher, chooseVerifier } from '../src/workers/kernels.ts';
import { machine, printRows, type Row } from './machine.ts';
import { startServer, type Server } from './server.ts';

const PORT = 16_968;
const ENTRIES = 50_000;
const PER_POST = 1000;
const CONNECTIONS = 4;

/** Posts statements signed beforehand; entries a second. */
async function fill(server: Server): Promise<number> {
  const statements = server.statements(ENTRIES);
  const bodies = Array.from({ length: ENTRIES / PER_POST }, (_, i) =>
    Buffer.concat(statements.slice(i * PER_POST, (i + 1) * PER_POST)),
  );
  return rate(ENTRIES, async () => {
    const post = async (): Promise<void> => {
      for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
        const headers = { 'content-type': 'application/cbor-seq' };
        const reply = await fetch(`${server.url}/entries`, { method: 'POST', headers, body });
        if (!reply.ok) throw new Error(`filling the log: ${reply.status}`);
        await reply.arrayBuffer();
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, post));
  });
}

async function rate(count: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (count / (performance.now() - start)) * 1000;
}

/** Origin and keys, as the log tells them. */
async function about(
  server: Server,
): Promise<{ readonly origin: string; readonly vkeys: readonly string[] }> {
  const reply = await fetch(`${server.url}/v1/log`);
  return (await reply.json()) as { origin: string; vkeys: string[] };
}

/** The whole table. */
export async function monitorRows(): Promise<readonly Row[]> {
  const server = await startServer(PORT);
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-bench-monitor-'));
  try {
    const taken = await fill(server);
    const { origin, vkeys } = await about(server);
    const policy = policyOfLogs(vkeys.map(parseVkey));
    const tiles = new TileReader({ fetch, now: Date.now }, server.url);
    const { checkpoint } = openTrusted(await tiles.checkpoint(), policy);
    const audited = await rate(checkpoint.size, async () => {
      const source = {
        origin,
        size: checkpoint.size,
        root: checkpoint.root,
        tile: (level: number, index: number, width: number) => tiles.tile(level, index, width),
        bundle: (index: number, width: number) => tiles.bundle(index, width),
      };
      const options = { hasher: chooseHasher(), verify: chooseVerifier(), statements: true };
      const { findings } = await auditLog(source, options);
      if (findings.length > 0) throw new Error(findings[0]?.what);
    });
    const follower = await Follower.open({
      dir,
      origin,
      tiles,
      policy,
      statements: 'auto',
      alarms: { raise: ({ what }) => Promise.reject(new Error(what)), isOpen: () => true },
      now: () => Math.floor(Date.now() / 1000),
    });
    const followed = await rate(checkpoint.size, async () => {
      const step = await follower.step();
      if (step.kind !== 'advanced') throw new Error(step.kind === 'unreachable' ? step.why : step.kind);
    });
    await follower.close();
    const times = (value: number): string => `${(followed / value).toFixed(1)}×`;
    const shown = (value: number): string => `${Math.round(value).toLocaleString('en')}/s`;
    return [
      {
        what: `following ${ENTRIES.toLocaleString('en')} entries from nothing`,
        value: shown(followed),
        against: `${times(audited)} an audit on one thread, which keeps nothing (${shown(audited)})`,
      },
      {
        what: 'the same against the log',
        value: shown(followed),
        against: `${times(taken)} the log's own rate, ${PER_POST} per POST (${shown(taken)}); both on this machine`,
      },
    ];
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  console.log(machine());
  printRows('Following a log', await monitorRows());
}
