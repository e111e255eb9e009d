/**
 * Cosigning by a real `tallystick witness` over loopback: checked, signed with Ed25519 and ML-DSA-44, stored in
 * database and guard, answered. Each connection follows one log from size to size. "Per core" is per second of
 * processor time that the witness used: the load generator stands on the same machine and is left out.
 *
 *     node bench/witness.ts [seconds per row]
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { treeSize, type Digest } from '../src/bytes/brand.ts';
import { encodeUtf8 } from '../src/bytes/text.ts';
import { nodeSigner } from '../src/keys/native.ts';
import { formatAddCheckpoint } from '../src/note/addcheckpoint.ts';
import { cosign, signCheckpoint } from '../src/note/checkpoint.ts';
import { formatVkey, type NoteSigner } from '../src/note/key.ts';
import type { Signer } from '../src/sign/signer.ts';
import { hashLeaf, hashNode } from '../src/tree/hash.ts';
import { proveConsistency, rootAt, type NodeReader } from '../src/tree/prove.ts';
import { HeadGuard } from '../src/witness/guard.ts';
import { statePaths, WitnessState } from '../src/witness/state.ts';
import { machine, printRows, processCpu, type Row } from './machine.ts';
import { seedSigner } from '../test/support/seed-signer.ts';

const PORT = 16_963;
const MAIN = new URL('../src/cli/bin.cjs', import.meta.url).pathname;
const LOGS = 64;

/** One tree for all logs, since who signs tells them apart. Grown as far as it is read. */
const nodes = new Map<string, Digest>();
const read: NodeReader = (height, index) => {
  const key = `${height}/${index}`;
  let node = nodes.get(key);
  if (node === undefined) {
    node =
      height === 0
        ? hashLeaf(encodeUtf8(`leaf ${index}`))
        : hashNode(read(height - 1, 2 * index), read(height - 1, 2 * index + 1));
    nodes.set(key, node);
  }
  return node;
};

interface BenchLog extends NoteSigner {
  size: number;
}

/** The next request of a log, and the size it leads to. */
async function nextRequest(log: BenchLog): Promise<Uint8Array> {
  const [old, size] = [treeSize(log.size), treeSize(log.size + 1)];
  const head = { origin: log.name, size, root: rootAt(read, size), extensions: [] };
  const proof = old === 0 ? [] : proveConsistency(read, old, size);
  return formatAddCheckpoint({ old, proof, checkpoint: await signCheckpoint(head, [log], 1) });
}

/** A connection that posts the requests of one log, one after another, until it is told to stop. */
async function follow(log: BenchLog, until: () => boolean, onReply: (ms: number) => void): Promise<void> {
  const socket = connect(PORT, '127.0.0.1').setNoDelay();
  let received = '';
  let wake: (() => void) | undefined;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    wake?.();
  });
  while (!until()) {
    const body = await nextRequest(log);
    const begun = performance.now();
    socket.write(`POST /add-checkpoint HTTP/1.1\r\nHost: bench\r\nContent-Length: ${body.length}\r\n\r\n`);
    socket.write(body);
    while (!isWhole(received)) await new Promise<void>((resolve) => (wake = resolve));
    if (!received.startsWith('HTTP/1.1 200')) throw new Error(received.slice(0, 400));
    received = '';
    log.size++;
    onReply(performance.now() - begun);
  }
  socket.destroy();
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
  return end >= 0 && text.length >= end + 4 + length;
}

interface Measured {
  readonly perSecond: number;
  readonly perCore: number;
  readonly p50: number;
}

async function measure(pid: number, logs: readonly BenchLog[], seconds: number): Promise<Measured> {
  const times: number[] = [];
  const [begun, cpu] = [performance.now(), processCpu(pid).own];
  const until = (): boolean => performance.now() - begun > seconds * 1000;
  await Promise.all(logs.map((log) => follow(log, until, (ms) => times.push(ms))));
  const [wall, used] = [(performance.now() - begun) / 1000, processCpu(pid).own - cpu];
  const p50 = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
  return { perSecond: times.length / wall, perCore: times.length / used, p50 };
}

/** Cosignatures (both keys) a second and core, by signing alone. */
async function signing(ed25519: Signer, mldsa44: Signer, ms: number): Promise<number> {
  const head = { origin: 'log.example', size: treeSize(5), root: read(0, 0), extensions: [] };
  const begun = performance.now();
  let count = 0;
  for (; performance.now() - begun < ms; count++) {
    await cosign(head, { name: 'w', type: 4, signer: ed25519 }, count + 1);
    await cosign(head, { name: 'w', type: 6, signer: mldsa44 }, count + 1);
  }
  return (count * 1000) / (performance.now() - begun);
}

/** Heads a second when each has a write of its own, to the same disk as the witness. */
function oneByOne(dir: string, ms: number): number {
  mkdirSync(dirname(statePaths(dir).guard), { recursive: true });
  HeadGuard.open(statePaths(dir).guard, 'w').close();
  const state = WitnessState.open({ dir, name: 'w' });
  const begun = performance.now();
  let size = 1;
  for (; performance.now() - begun < ms; size++) {
    const root = read(0, size);
    state.commit([
      { origin: 'log', size: treeSize(size), root, time: 1, signed: undefined, keys: '', halted: '' },
    ]);
  }
  state.close();
  return (size * 1000) / (performance.now() - begun);
}

async function startWitness(
  dir: string,
  logs: readonly BenchLog[],
): Promise<{ readonly pid: number; readonly stop: () => Promise<void> }> {
  const list = join(dir, 'logs.policy');
  const lines = logs.map(({ name, type, signer }) => `log ${formatVkey(name, type, signer.publicKey)}\n`);
  writeFileSync(list, `${lines.join('')}quorum none\n`);
  const flags = ['--port', String(PORT), '--log-level', 'warn', '--rate-limit', '0', '--known-logs', list];
  const args = [
    MAIN,
    'witness',
    '--witness-dir',
    join(dir, 'witness'),
    '--name',
    'bench.example/w',
    ...flags,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  for (let tries = 0; !errors.includes('tlog-policy'); tries++) {
    if (tries > 300 || child.exitCode !== null) throw new Error(`the witness did not start: ${errors}`);
    await pause(50);
  }
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  return { pid: child.pid ?? 0, stop };
}

/** Requests that shared a write, on average since the start. */
async function cosignedPerRound(): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${PORT}/metrics`)).text();
  const valueOf = (name: string): number =>
    Number(new RegExp(`^tallystick_witness_${name}_total (.*)$`, 'm').exec(metrics)?.[1]);
  return valueOf('signed') / valueOf('rounds');
}

/** The whole table. */
export async function witnessRows(seconds: number): Promise<readonly Row[]> {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-bench-'));
  const logs = Array.from({ length: LOGS }, (_, i): BenchLog => {
    const signer = nodeSigner(generateKeyPairSync('ed25519').privateKey);
    return { name: `log.example/${i}`, type: 1, signer, size: 0 };
  });
  const { pid, stop } = await startWitness(dir, logs);
  try {
    await measure(pid, logs, seconds / 4); // warm up
    const many = await measure(pid, logs, seconds);
    const perWrite = await cosignedPerRound();
    const one = await measure(pid, logs.slice(0, 1), seconds / 2);
    const alone = oneByOne(join(dir, 'alone'), seconds * 250);
    const noble = await signing(
      seedSigner('ed25519', new Uint8Array(32)),
      seedSigner('ml-dsa-44', new Uint8Array(32)),
      seconds * 250,
    );
    const native = await signing(
      nodeSigner(generateKeyPairSync('ed25519').privateKey),
      nodeSigner(generateKeyPairSync('ml-dsa-44').privateKey),
      seconds * 250,
    );
    const rate = (n: number): string => `${Math.round(n).toLocaleString('en')}/s`;
    const row = (what: string, { perSecond, perCore, p50 }: Measured): Row => ({
      what,
      value: rate(perSecond),
      against: `${rate(perCore)} per core, p50 ${p50.toFixed(1)} ms; ${(perSecond / alone).toFixed(1)} × one write per request (${rate(alone)}, nothing else done)`,
    });
    return [
      row(`${LOGS} logs, a connection each (${perWrite.toFixed(1)} per write)`, many),
      row('one log, one connection', one),
      {
        what: 'signing alone: OpenSSL',
        value: rate(native),
        against: `${(native / noble).toFixed(1)} × noble (${rate(noble)}), one core`,
      },
    ];
  } finally {
    await stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  console.log(machine());
  printRows('Cosigning: checked, signed twice, durable', await witnessRows(Number(process.argv[2] ?? 4)));
}
