/**
 * What an agent costs: a real PostgreSQL under pgbench and a real nginx under load, with and without a real
 * `tallystick agent` that proves them over TLS. Log, load and target share the machine with the agent, and all that
 * they lose to it counts against it.
 *
 * A proof a minute is too little to be seen in seconds. So several subjects are proven every second, and what that
 * costs is divided by how many proofs it was. Intervals with and without alternate, the agent being held (SIGSTOP)
 * for those without, and each pair begins with the other one of the two: drift of the machine cancels.
 *
 *     node bench/agent.ts [seconds per interval] [pairs]
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { loadavg, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { certificate, folder, nginx, postgres, program } from '../test/support/e3-targets.ts';
import { load } from './load.ts';
import { goal, machine, median, printRows, processCpu, type Row } from './machine.ts';
import { startServer, type Server } from './server.ts';
import { commit, counted, proveOnce, RunningAgent } from './watched.ts';

const PORT = 16_970;
/** Subjects, each proven once a second: the shortest slot there is. */
const SUBJECTS = 5;
const EVERY_SECOND = 3;
/** Seconds without load in which the CPU of agent and target is read. */
const QUIET_S = 2;
/** Seconds between two looks of the agent that has nothing to do; the daemon's default is 30. */
const IDLE_POLL = 2;
const LOOKS_A_MINUTE = 2;
/** A claim of one hour is proven once in a slot of 27 minutes (spec/agent.md). */
const HOURLY_PER_MINUTE = 20 / 9 / 60;
const WEEK = 7 * 86_400;

/** What is watched and driven. */
interface Target {
  readonly name: string;
  readonly pack: string;
  readonly port: number;
  readonly unit: string;
  /** Seconds of CPU so far. */
  cpu(): number;
  /** Operations a second, driven for some seconds. */
  drive(seconds: number): Promise<number>;
  stop(): Promise<void>;
}

/** Under pgbench, four clients that only read. Undefined where PostgreSQL or pgbench is not installed. */
async function postgresTarget(): Promise<Target | undefined> {
  const pgbench = program('pgbench');
  if (pgbench === undefined) return undefined;
  const dir = folder();
  const server = await postgres(dir, certificate(folder(), 'p256'), 'ssl_min_protocol_version=TLSv1.3');
  if (server === undefined) return undefined;
  const pid = firstNumber(join(dir, 'pg', 'postmaster.pid'));
  const user = process.getuid?.() === 0 ? 'postgres' : userInfo().username;
  const at = ['-h', '127.0.0.1', '-p', String(server.port), '-U', user, 'postgres'];
  await output(pgbench, ['-i', '-q', '-s', '2', ...at]);
  return {
    ...server,
    name: 'PostgreSQL, pgbench -S -c 4 over TLS',
    pack: 'postgres-tls',
    unit: 'tps',
    // Each connection has a process of its own, which counts when it has ended.
    cpu: () => processCpu(pid).own + processCpu(pid).reaped,
    drive: async (seconds) => {
      const said = await output(pgbench, ['-S', '-n', '-c', '4', '-T', String(Math.ceil(seconds)), ...at]);
      return Number(/tps = ([0-9.]+)/.exec(said)?.[1]);
    },
  };
}

/** The load comes over a plain port of the same process. Undefined where nginx is not installed. */
async function nginxTarget(): Promise<Target | undefined> {
  const dir = folder();
  const plain = await freePort();
  const page = `listen 127.0.0.1:${plain}; keepalive_requests 1000000000; return 200 '${'.'.repeat(1000)}';`;
  const server = await nginx(dir, certificate(folder(), 'p256'), 'ssl_protocols TLSv1.3;', page);
  if (server === undefined) return undefined;
  const pid = firstNumber(join(dir, 'nginx.pid'));
  return {
    ...server,
    name: 'nginx, 1 KB over 16 connections',
    pack: 'https-tls',
    unit: 'requests/s',
    cpu: () => processCpu(pid).own,
    drive: async (seconds) => (await load(`http://127.0.0.1:${plain}`, 16, seconds, ['/'])).perSecond,
  };
}

function firstNumber(file: string): number {
  return Number.parseInt(readFileSync(file, 'utf8'), 10);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function output(path: string, args: readonly string[]): Promise<string> {
  const child = spawn(path, args, { env: { ...process.env, PGSSLMODE: 'require' } });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${path} ended with ${code}: ${said}`);
  return said;
}

/** Pairs of intervals: rates without, and what was lost with the agent, as a share. */
interface Compared {
  readonly without: readonly number[];
  readonly lost: readonly number[];
  readonly proofsPerMinute: number;
  /** Seconds of the agent's CPU per proof under this load. */
  readonly cpuPerProof: number;
}

async function compare(
  target: Target,
  agent: RunningAgent,
  { seconds, pairs }: { readonly seconds: number; readonly pairs: number },
): Promise<Compared> {
  const without: number[] = [];
  const lost: number[] = [];
  let [proofs, elapsed, cpu] = [0, 0, 0];
  const plain = async (): Promise<number> => {
    agent.hold();
    return target.drive(seconds);
  };
  const watched = async (): Promise<number> => {
    const before = [agent.spooled().proofs, performance.now(), processCpu(agent.pid).own] as const;
    agent.resume();
    const rate = await target.drive(seconds);
    agent.hold();
    proofs += agent.spooled().proofs - before[0];
    elapsed += (performance.now() - before[1]) / 1000;
    cpu += processCpu(agent.pid).own - before[2];
    return rate;
  };
  await plain(); // warm up
  for (let pair = 0; pair < pairs; pair++) {
    const first = await (pair % 2 === 0 ? plain : watched)();
    const second = await (pair % 2 === 0 ? watched : plain)();
    const [off, on] = pair % 2 === 0 ? [first, second] : [second, first];
    without.push(off);
    lost.push(1 - on / off);
  }
  agent.resume();
  return { without, lost, proofsPerMinute: (proofs / elapsed) * 60, cpuPerProof: cpu / proofs };
}

/** Per proof, while nothing else is asked of the target. */
interface Quiet {
  readonly agentCpu: number;
  readonly targetCpu: number;
  readonly logCpu: number;
  readonly logBytes: number;
  readonly spoolBytes: number;
}

async function quiet(
  server: Server,
  target: Target,
  agent: RunningAgent,
  wire: () => number,
): Promise<Quiet> {
  const read = () => ({
    proofs: agent.spooled().proofs,
    agent: processCpu(agent.pid).own,
    target: target.cpu(),
    log: processCpu(server.pid).own,
    wire: wire(),
    file: agent.spooled().file,
  });
  const before = read();
  await pause(QUIET_S * 1000);
  const after = read();
  const each = (key: keyof typeof before): number =>
    (after[key] - before[key]) / (after.proofs - before.proofs);
  return {
    agentCpu: each('agent'),
    targetCpu: each('target'),
    logCpu: each('log'),
    logBytes: each('wire'),
    spoolBytes: each('file'),
  };
}

/** One target from start to end: its rows, and what a proof costs the agent. */
async function watch(
  server: Server,
  target: Target,
  about: { readonly seconds: number; readonly pairs: number },
): Promise<{ readonly rows: readonly Row[]; readonly proof: Proof }> {
  const locator = `localhost:${target.port}`;
  for (let i = 0; i < SUBJECTS; i++)
    await commit(server, `${target.pack}/${i}`, {
      pack: target.pack,
      target: locator,
      cadence: EVERY_SECOND,
    });
  const wire = await counted(server.url);
  // It looks at the log once: what looks cost is told by the agent that has nothing else to do.
  const agent = await RunningAgent.start(server, {
    log: wire.url,
    subjects: `${target.pack}/*`,
    target: locator,
    poll: 86_400,
    first: 2 * SUBJECTS,
  });
  try {
    const calm = await quiet(server, target, agent, () => wire.bytes());
    const compared = await compare(target, agent, about);
    const costs = agent.costs();
    const { statement, receipt } = agent.spooled();
    return {
      rows: targetRows(target, compared, calm),
      proof: {
        cpu: Math.max(calm.agentCpu, compared.cpuPerProof),
        calm,
        field: median(costs.map(({ cpuUs }) => cpuUs)) / 1e6,
        cold: (costs[0]?.cpuUs ?? Number.NaN) / 1e6,
        probeBytes: median(costs.map(({ bytes }) => bytes)),
        statement,
        receipt,
        peak: memory(agent.pid, 'VmHWM'),
      },
    };
  } finally {
    await agent.stop();
    await wire.close();
  }
}

/** Of one proof: seconds and bytes. */
interface Proof {
  /** The whole daemon, under load or not, whichever is more. */
  readonly cpu: number;
  readonly calm: Quiet;
  /** What proofs say of themselves: looking, without signing, storing and sending; and the first one. */
  readonly field: number;
  readonly cold: number;
  readonly probeBytes: number;
  readonly statement: number;
  readonly receipt: number;
  readonly peak: number;
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.0995 ? 3 : 1)} %`;
const ms = (seconds: number): string => `${(1000 * seconds).toFixed(1)} ms`;
const round = (value: number): string => Math.round(value).toLocaleString('en');

function targetRows(
  { name, unit }: Target,
  { without, lost, proofsPerMinute }: Compared,
  { targetCpu }: Quiet,
): readonly Row[] {
  const spread = (values: readonly number[], shown: (value: number) => string): string =>
    `${shown(Math.min(...values))} to ${shown(Math.max(...values))}`;
  const middle = median(lost);
  const single = lost.map((each) => each / proofsPerMinute);
  const one = median(single);
  return [
    {
      what: name,
      value: `${(1 - middle).toFixed(3)}×`,
      against: `of ${round(median(without))} ${unit} without, at ${round(proofsPerMinute)} proofs a minute; ${lost.length} pairs, lost ${spread(lost, percent)}`,
    },
    {
      what: '  lost to one proof a minute',
      value: percent(one),
      against: `${goal(100 * one, '≤', 1, ' %')} (the above ÷ ${round(proofsPerMinute)}; ${spread(single, percent)})`,
    },
    {
      what: '  lost to a claim of one hour',
      value: `${(100 * one * HOURLY_PER_MINUTE).toFixed(5)} %`,
      against: `${goal(100 * one * HOURLY_PER_MINUTE, '≤', 0.1, ' %')} (a proof every 27 minutes)`,
    },
    {
      what: '  CPU of the target for one proof',
      value: ms(targetCpu),
      against: `${percent(targetCpu / 60)} of one core at one a minute, measured without other load`,
    },
  ];
}

/** Bytes, by the name /proc gives them. */
function memory(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) * 1024;
}

/** An agent with nothing due, in a log that others write to. */
interface Idle {
  /** Seconds of CPU, and bytes, of one look at the log. */
  readonly look: number;
  readonly bytes: number;
  readonly memory: number;
}

async function idleAgent(server: Server, target: Target): Promise<{ read(): Idle; stop(): Promise<void> }> {
  const locator = `localhost:${target.port}`;
  await commit(server, 'idle/0', { pack: target.pack, target: locator, cadence: WEEK });
  const wire = await counted(server.url);
  const wanted = { subjects: 'idle/0', target: locator, poll: IDLE_POLL, first: 1 };
  const agent = await RunningAgent.start(server, { log: wire.url, ...wanted });
  await pause(1000);
  const before = [performance.now(), processCpu(agent.pid).own, wire.bytes()] as const;
  return {
    read: () => {
      const looks = (performance.now() - before[0]) / 1000 / IDLE_POLL;
      return {
        look: (processCpu(agent.pid).own - before[1]) / looks,
        bytes: (wire.bytes() - before[2]) / looks,
        memory: memory(agent.pid, 'VmRSS'),
      };
    },
    stop: async () => {
      await agent.stop();
      await wire.close();
    },
  };
}

function agentRows(proof: Proof, idle: Idle, once: number): readonly Row[] {
  const { calm, statement, receipt } = proof;
  const looks = idle.look * LOOKS_A_MINUTE;
  const minutely = (proof.cpu + looks) / 60;
  const hourly = (proof.cpu * HOURLY_PER_MINUTE + looks) / 60;
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  return [
    {
      what: 'agent: CPU of one proof, all of it',
      value: ms(proof.cpu),
      against: `looking alone ${ms(proof.field)} by its cost field, ${ms(proof.cold)} the first time; the log's side ${ms(calm.logCpu)}`,
    },
    {
      what: 'agent: CPU of one look at the log',
      value: ms(idle.look),
      against: `${LOOKS_A_MINUTE} a minute by default, one subject, other entries logged between looks; ${round(idle.bytes)} bytes`,
    },
    {
      what: 'agent: one core, one proof a minute',
      value: percent(minutely),
      against: `${goal(100 * minutely, '≤', 1, ' %')} (proofs ${percent(proof.cpu / 60)}, looks ${percent(looks / 60)})`,
    },
    {
      what: 'agent: one core, a claim of one hour',
      value: percent(hourly),
      against: `${goal(100 * hourly, '≤', 0.1, ' %')} (proofs ${((100 * proof.cpu * HOURLY_PER_MINUTE) / 60).toFixed(5)} %, looks ${percent(looks / 60)})`,
    },
    {
      what: 'agent: memory (RSS)',
      value: mib(idle.memory),
      against: `idle; at most ${mib(proof.peak)} when proving ${SUBJECTS} subjects a second`,
    },
    {
      what: 'bytes per proof',
      value: `${round(statement)} B`,
      against: `the entry in the log (4 claims); on the wire ${round(proof.probeBytes)} to and from the target, ${round(calm.logBytes)} to and from the log`,
    },
    {
      what: "  kept in the agent's spool",
      value: `${round(calm.spoolBytes)} B`,
      against: `growth of agent.db: the entry, its receipt (${round(receipt)}), openings, what it cost`,
    },
    {
      what: '`tallystick prove` from a timer instead',
      value: ms(once),
      against: `of CPU from start to end: ${percent(once / 60)} of one core at one a minute, ${percent(once / 1620)} every 27 minutes`,
    },
  ];
}

/** The whole table; a target that is not installed is said to be missing. */
export async function agentTable(seconds: number, pairs: number): Promise<readonly Row[]> {
  const targets = [
    { what: 'PostgreSQL and pgbench', target: await postgresTarget() },
    { what: 'nginx', target: await nginxTarget() },
  ];
  const rows: Row[] = targets
    .filter(({ target }) => target === undefined)
    .map(({ what }) => ({ what, value: '-', against: 'not installed here: not measured' }));
  const found = targets.flatMap(({ target }) => (target === undefined ? [] : [target]));
  const [first] = found;
  const stops = found.map((target) => () => target.stop());
  try {
    if (first === undefined) return rows;
    const server = await startServer(PORT);
    stops.push(() => server.stop());
    const idle = await idleAgent(server, first);
    stops.push(() => idle.stop());
    const proofs: Proof[] = [];
    for (const target of found) {
      const { rows: more, proof } = await watch(server, target, { seconds, pairs });
      rows.push(...more);
      proofs.push(proof);
    }
    const seen = idle.read();
    await commit(server, 'once/0', { pack: first.pack, target: `localhost:${first.port}`, cadence: WEEK });
    const once = await proveOnce(server, 'once/0', `localhost:${first.port}`);
    const dearest = proofs.toSorted((a, b) => b.cpu - a.cpu)[0];
    return dearest === undefined ? rows : [...rows, ...agentRows(dearest, seen, once)];
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

/** Others on the machine are part of what is measured; whoever reads the figures should know. */
export function agentTitle(): string {
  return `What an agent costs (load average before ${loadavg()[0]?.toFixed(1) ?? '?'})`;
}

if (import.meta.main) {
  const [seconds, pairs] = [Number(process.argv[2] ?? 2), Number(process.argv[3] ?? 4)];
  console.log(machine());
  printRows(agentTitle(), await agentTable(seconds, pairs));
}
