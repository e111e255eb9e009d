/** What must hold of a log of ours whose policy asks for a witness that no one here wrote. */
import { writeFile } from 'node:fs/promises';
import { parseVkey, sameVerifier } from '../../src/note/key.ts';
import type { OurLog } from './ourlog.ts';
import type { Programs } from './programs.ts';
import type { Stage } from './stage.ts';
import type { Tap } from './tap.ts';

export interface Cosigned {
  readonly tap: Tap;
  readonly stage: Stage;
  readonly programs: Programs;
  readonly log: OurLog;
  /** File of the log's `--witness-policy`; the witness's keys are its quorum. */
  readonly policy: string;
  readonly name: string;
  readonly vkeys: readonly string[];
}

/** Leaves the log running; false when it was never cosigned at all. */
export async function cosignedLog(parts: Cosigned): Promise<boolean> {
  const { tap, log, policy, name } = parts;
  const check = async (what: string, run: () => Promise<void>): Promise<boolean> => {
    const held = await tap.check(`${name}: ${what}`, run);
    if (!held) tap.note(`${await log.readiness()}\n${log.said.slice(-4000)}`);
    return held;
  };
  const first = await check('cosigns the first checkpoint of our log', async () => {
    await log.start(policy);
    await hasEveryKey(parts, 1);
  });
  if (!first) return false;
  await check('cosigns as the log grows, from a size that is not 0', async () => {
    for (const size of [2, 5, 6]) {
      await log.add(size - (await hasEveryKey(parts, 1)));
      await hasEveryKey(parts, size);
    }
  });
  await check('cosigns across the edge of a tile', async () => {
    await log.add(255);
    await log.add(40);
    await hasEveryKey(parts, 301);
  });
  await check('after a crash our log learns from it where it stands (409)', async () => {
    await log.stop('SIGKILL');
    await log.start(policy);
    await log.add(1);
    await hasEveryKey(parts, 302);
  });
  await readByTheirs(parts);
  return true;
}

/** The checkpoint of at least this size, cosigned with every key of the witness; returns its size. */
async function hasEveryKey({ log, policy, vkeys }: Cosigned, size: number): Promise<number> {
  const { opened } = await log.cosigned(policy, size);
  for (const verifier of vkeys.map(parseVkey)) {
    const line = opened.cosignatures.find((each) => sameVerifier(each.verifier, verifier));
    if (line === undefined) throw new Error(`no cosignature by ${verifier.name} of type 0${verifier.type}`);
    if (Math.abs(line.time - Date.now() / 1000) > 120) throw new Error(`cosigned at ${line.time}`);
  }
  return opened.checkpoint.size;
}

/** Programs of the other side on what our log serves. */
async function readByTheirs({ tap, stage, programs, log, name, vkeys }: Cosigned): Promise<void> {
  const formats = `${name}: transparency-dev/formats verifies our lines and the cosignatures`;
  const unread = programs.why('opennote');
  if (unread !== undefined) tap.skip(formats, unread);
  else
    await tap.check(formats, async () => {
      const file = stage.path(`${name}.note`);
      await writeFile(file, await log.checkpoint());
      const ran = await stage.run(programs.path('opennote'), ['cosigned', file, ...log.vkeys, ...vkeys]);
      if (ran.code !== 0) throw new Error(ran.err);
      if (ran.out.trim().split('\n').length !== log.vkeys.length + vkeys.length) throw new Error(ran.out);
    });
  const fsck = `${name}: Tessera's fsck finds our log whole`;
  const unchecked = programs.why('fsck');
  if (unchecked !== undefined) tap.skip(fsck, unchecked);
  else await tap.check(fsck, () => tesseraFsck(stage, programs, log.url, log.vkeys[0] ?? ''));
}

/** Its exit code is 0 whatever it finds: what it says decides. */
export async function tesseraFsck(
  stage: Stage,
  programs: Programs,
  url: string,
  vkey: string,
): Promise<void> {
  const key = stage.path('fsck.vkey');
  await writeFile(key, vkey);
  const flags = ['--logtostderr', '-v', '1', '--ui=false', '--public_key', key, '--storage_url', `${url}/`];
  const { code, err } = await stage.run(programs.path('fsck'), flags);
  if (code !== 0 || err.includes('fsck failed') || !err.includes("Successfully fsck'd log"))
    throw new Error(err);
}
