/**
 * A log by Tessera (POSIX storage, posix-oneshot), cosigned by our witness, and read by our fsck, mirror and
 * monitor.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes } from '../../src/bytes/compare.ts';
import { openCheckpoint } from '../../src/note/checkpoint.ts';
import { formatVkey, parseVkey } from '../../src/note/key.ts';
import { tesseraFsck } from './cosignedlog.ts';
import { startTallystick, tallystick, urlOf } from './ourlog.ts';
import { monitoredByUs } from './ourmonitor.ts';
import { OurWitness } from './ourwitness.ts';
import type { Programs } from './programs.ts';
import type { Ran, Stage } from './stage.ts';
import type { Tap } from './tap.ts';
import { TesseraLog } from './tesseralog.ts';

const ORIGIN = 'tessera.example/posix';

export async function tessera(tap: Tap, stage: Stage, programs: Programs): Promise<void> {
  const why = programs.why('posix-oneshot', 'generate_keys', 'fsck', 'opennote');
  if (why !== undefined) return tap.skip('our witness and auditors on a Tessera log', why);
  const { file, vkey } = await makeLogKey(stage, programs);
  const witness = await OurWitness.start(stage, 'witness.example/ours', [vkey]);
  const log = new TesseraLog(stage, programs, { keyFile: file, vkey, witness, name: 'tessera' });
  if (await cosignedByUs(tap, stage, programs, log, witness)) {
    await log.listen();
    try {
      await auditedByUs(tap, stage, programs, log);
      await monitoredByUs({ tap, stage, programs, log, witness, fork: stage.path('fork-600') });
      await mirroredByUs(tap, stage, programs, log);
    } finally {
      await log.close();
    }
  }
  await witness.stop();
}

async function makeLogKey(stage: Stage, programs: Programs): Promise<{ file: string; vkey: string }> {
  const made = await stage.run(programs.path('generate_keys'), ['-origin', ORIGIN, '-print']);
  const [skey = '', cosigner = ''] = made.out.split('\n');
  const file = stage.path('tessera.skey');
  await writeFile(file, skey, { mode: 0o600 });
  // The tool prints the key as a witness's (type 04); the log signs with it as type 01.
  return { file, vkey: formatVkey(ORIGIN, 1, parseVkey(cosigner).key) };
}

async function cosignedByUs(
  tap: Tap,
  stage: Stage,
  programs: Programs,
  log: TesseraLog,
  witness: OurWitness,
): Promise<boolean> {
  const first = await tap.check('tessera: our witness cosigns the first checkpoint', async () => {
    await log.add(3);
    await log.cosigned(3);
  });
  if (!first) return false;
  await tap.check('tessera: our witness cosigns as the log grows, across the edge of a tile', async () => {
    for (const [more, size] of [
      [1, 4],
      [253, 257],
      [300, 557],
    ] as const) {
      await log.add(more);
      await log.cosigned(size);
    }
  });
  await tap.check('tessera: our witness goes on after a crash', async () => {
    await witness.restart('SIGKILL');
    await log.add(10);
    await log.cosigned(567);
  });
  await tap.check('tessera: our witness serves the checkpoint with both of its cosignatures', async () => {
    const { checkpoint, cosignatures } = openCheckpoint(await witness.serves(ORIGIN), {
      logKeys: [parseVkey(log.vkey)],
      witnessKeys: witness.vkeys.map(parseVkey),
    });
    if (checkpoint.size !== 567 || cosignatures.length !== 2)
      throw new Error(`size ${checkpoint.size}, ${cosignatures.length} cosignatures`);
  });
  await tap.check('tessera: torchwood and transparency-dev/formats verify our cosignatures', async () => {
    const [note, served] = [join(log.dir, 'checkpoint'), stage.path('served.note')];
    await writeFile(served, await witness.serves(ORIGIN));
    for (const args of [
      ['policy', log.policyFile, note],
      ['policy', log.policyFile, served],
      ['cosigned', note, log.vkey, witness.vkeys[0] ?? ''],
      ['cosigned', served, log.vkey, ...witness.vkeys],
    ]) {
      const { code, err } = await stage.run(programs.path('opennote'), args);
      if (code !== 0) throw new Error(`${args.join(' ')}: ${err}`);
    }
  });
  await tap.check('tessera: our witness cosigns no fork of it', () =>
    refusesFork(stage, programs, log, witness),
  );
  return true;
}

/** The same key on another tree: Tessera asks, and must publish nothing. */
async function refusesFork(
  stage: Stage,
  programs: Programs,
  { vkey, keyFile }: TesseraLog,
  witness: OurWitness,
): Promise<void> {
  const before = await witness.serves(ORIGIN);
  for (const [size, answer] of [
    [600, /says that the consistency proof is bad: 422/],
    [20, /x\.tlog\.size 567, larger than log size 21/],
  ] as const) {
    const fork = new TesseraLog(stage, programs, { keyFile, vkey, witness, name: `fork-${size}` });
    const grown = await fork.attempt(size, 30_000, 'none');
    if (grown.code !== 0) throw new Error(grown.err);
    const { code, err } = await fork.attempt(1, 2000);
    if (code === 0) throw new Error(`the fork of ${size} entries was published`);
    if (!answer.test(err)) throw new Error(err);
  }
  if (!equalBytes(await witness.serves(ORIGIN), before)) throw new Error('the witness serves something else');
}

async function auditedByUs(tap: Tap, stage: Stage, programs: Programs, log: TesseraLog): Promise<void> {
  await tap.check("tessera: Tessera's own fsck finds it whole", () =>
    tesseraFsck(stage, programs, log.url, log.vkey),
  );
  const fsck = async (url: string, ...flags: readonly string[]): Promise<Ran> =>
    tallystick(stage, 'fsck', url, '--hashes', '--json', ...flags);
  await tap.check('tessera: our fsck --hashes finds it whole, with the quorum of its policy', async () => {
    const { code, out, err } = await fsck(log.url, '--policy', log.policyFile);
    if (code !== 0) throw new Error(`${out}${err}`);
    const { entries, findings }: { entries: number; findings: unknown[] } = JSON.parse(out);
    if (entries !== 567 || findings.length > 0) throw new Error(out);
  });
  await tap.check('tessera: our fsck --hashes sees a byte of an entry change, as theirs does', async () => {
    const bundle = join(log.dir, 'tile', 'entries', '001');
    const bytes = await readFile(bundle);
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(20) ^ 1, 20);
    await writeFile(bundle, changed);
    try {
      const { code, out } = await fsck(log.url, '--vkey', log.vkey);
      if (code !== 3) throw new Error(`exit code ${code}: ${out}`);
      await assert.rejects(tesseraFsck(stage, programs, log.url, log.vkey), /fsck failed/);
    } finally {
      await writeFile(bundle, bytes);
    }
  });
}

/** The last one: the log is gone after it. */
async function mirroredByUs(tap: Tap, stage: Stage, programs: Programs, log: TesseraLog): Promise<void> {
  const dir = stage.path('mirror');
  const sync = async (size: number): Promise<void> => {
    const flags = ['--policy', log.policyFile, '--once', '--json'];
    const { code, out, err } = await tallystick(stage, 'mirror', log.url, dir, ...flags);
    if (code !== 0) throw new Error(`${code}: ${out}${err}`);
    const checked = await tallystick(stage, 'fsck', dir, '--hashes', '--policy', log.policyFile, '--json');
    const { entries }: { entries: number } = JSON.parse(checked.out);
    if (checked.code !== 0 || entries !== size) throw new Error(checked.out + checked.err);
    await tesseraFsck(stage, programs, `file://${dir}`, log.vkey);
  };
  await tap.check('tessera: our mirror copies it; both fscks find the copy whole', () => sync(600));
  await tap.check('tessera: our mirror follows it over two edges of tiles', async () => {
    await log.add(500);
    await sync(1100);
  });
  await tap.check('tessera: our mirror serves it when it is gone', async () => {
    const old = log.url;
    await log.close();
    const mirror = startTallystick(stage, 'mirror', old, dir, '--port', '0', '--log-level', 'error');
    const url = await urlOf(mirror);
    await tesseraFsck(stage, programs, url, log.vkey);
    await mirror.stop();
  });
}
