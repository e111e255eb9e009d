/** Our monitor on a log that it knows nothing of but the keys: Tessera's. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { originHash } from '../../src/note/checkpoint.ts';
import { openTrusted, parseTrustPolicy } from '../../src/note/trust.ts';
import { startTallystick, tallystick, urlOf } from './ourlog.ts';
import type { OurWitness } from './ourwitness.ts';
import type { Programs } from './programs.ts';
import { until, type Program, type Stage } from './stage.ts';
import type { Tap } from './tap.ts';
import type { TesseraLog } from './tesseralog.ts';

export interface Monitored {
  readonly tap: Tap;
  readonly stage: Stage;
  readonly programs: Programs;
  readonly log: TesseraLog;
  readonly witness: OurWitness;
  /** Directory of another tree of 600 entries, signed with the log's key. */
  readonly fork: string;
}

interface Look {
  readonly code: number | null;
  readonly said: string;
  readonly logs: readonly { readonly size: number; readonly copied: number }[];
  readonly incidents: readonly { readonly id: string; readonly kind: string }[];
}

/** From 567 entries to 600. */
export async function monitoredByUs(parts: Monitored): Promise<void> {
  const { tap, log, fork } = parts;
  await tap.check('tessera: our monitor follows it, without findings', async () => {
    clean(await look(parts), 567);
    clean(await look(parts), 567);
  });
  await tap.check('tessera: our monitor keeps up while it grows, and goes on after a crash', async () => {
    let monitor = await startMonitor(parts);
    await log.add(20);
    await shows(parts, monitor, 587);
    await monitor.stop('SIGKILL');
    await log.add(13);
    monitor = await startMonitor(parts);
    await shows(parts, monitor, 600);
    await monitor.stop();
    clean(await look(parts), 600);
  });
  await tap.check('tessera: that it cannot be reached is no incident', async () => {
    const dir = log.shown;
    log.shown = undefined;
    const { code, incidents, said } = await look(parts);
    log.shown = dir;
    if (code !== 2 || incidents.length > 0) throw new Error(said);
    clean(await look(parts), 600);
  });
  await tap.check('tessera: our monitor proves a fork of it to anyone', async () => {
    log.shown = fork;
    const { code, incidents, said } = await look(parts);
    const split = incidents.find(({ kind }) => kind === 'split-view');
    if (code !== 4 || split === undefined) throw new Error(`${code}: ${said}`);
    log.shown = log.dir;
    await provenToAnyone(parts, split.id);
  });
}

const flagsOf = ({ stage, log, witness }: Monitored): string[] =>
  `${log.url} --hashes --policy ${log.policyFile} --monitor-dir ${stage.path('monitor')} --peer ${witness.url}`.split(
    ' ',
  );

async function look(parts: Monitored): Promise<Look> {
  const { code, out, err } = await tallystick(parts.stage, 'monitor', '--once', '--json', ...flagsOf(parts));
  if (out === '') throw new Error(`${code}: ${err}`);
  return { ...JSON.parse(out), code, said: out + err };
}

function clean({ code, logs, incidents, said }: Look, size: number): void {
  const [one, ...more] = logs;
  const held = one?.size === size && one.copied === size && more.length === 0;
  if (code !== 0 || incidents.length > 0 || !held) throw new Error(`${code}: ${said}`);
}

async function startMonitor(parts: Monitored): Promise<Program> {
  const flags = [...flagsOf(parts), '--poll', '1', '--port', '0', '--log-level', 'warn'];
  return startTallystick(parts.stage, 'monitor', ...flags);
}

/** What it serves to others, with the quorum's cosignature (C2SP tlog-witness, monitoring). */
async function shows({ log }: Monitored, monitor: Program, size: number): Promise<void> {
  const url = await urlOf(monitor);
  const policy = parseTrustPolicy(await readFile(log.policyFile));
  await until(`the monitor shows size ${size}`, async () => {
    const reply = await fetch(`${url}/${originHash(log.origin)}/checkpoint`);
    if (reply.status !== 200) throw new Error(`it answered ${reply.status}`);
    return openTrusted(await reply.bytes(), policy).checkpoint.size === size ? true : undefined;
  });
}

/** By our own checker with the log's key alone, and head by head by theirs. */
async function provenToAnyone({ stage, programs, log }: Monitored, id: string): Promise<void> {
  const shown = await tallystick(stage, 'incidents', 'show', id, '--monitor-dir', stage.path('monitor'));
  const file = stage.path('split-view.json');
  await writeFile(file, shown.out);
  const checked = await tallystick(stage, 'verify-incident', file, '--vkey', log.vkey, '--json');
  if (checked.code !== 0) throw new Error(checked.out + checked.err);
  const { heads }: { heads: { size: number; root: string; note: string }[] } = JSON.parse(checked.out);
  if (new Set(heads.map(({ root }) => root)).size < 2) throw new Error(checked.out);
  for (const { note } of heads) {
    const path = join(stage.dir, 'head.note');
    await writeFile(path, note);
    const { code, err } = await stage.run(programs.path('opennote'), ['cosigned', path, log.vkey]);
    if (code !== 0) throw new Error(err);
  }
}
