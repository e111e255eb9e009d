/** A Tallystick witness as a process of its own. */
import { writeFile } from 'node:fs/promises';
import { originHash } from '../../src/note/checkpoint.ts';
import { parseVkey } from '../../src/note/key.ts';
import { startTallystick, urlOf } from './ourlog.ts';
import type { Program, Stage } from './stage.ts';
import { checkStatuses, statusLogs } from './statuses.ts';
import type { Tap } from './tap.ts';

export class OurWitness {
  readonly #stage: Stage;
  readonly #flags: readonly string[];
  #program: Program | undefined;
  url = '';
  /** Ed25519, then ML-DSA-44. */
  vkeys: readonly string[] = [];

  private constructor(stage: Stage, flags: readonly string[]) {
    this.#stage = stage;
    this.#flags = flags;
  }

  /** Starts one that knows the logs of these keys. */
  static async start(stage: Stage, name: string, vkeys: readonly string[]): Promise<OurWitness> {
    const dir = stage.path('witnesses', name.replaceAll('/', '-'));
    const known = `${stage.path(name.replaceAll('/', '-'))}.policy`;
    await writeFile(known, [...vkeys.map((vkey) => `log ${vkey}`), 'quorum none', ''].join('\n'));
    const witness = new OurWitness(stage, ['--witness-dir', dir, '--name', name, '--known-logs', known]);
    await witness.#run('0');
    return witness;
  }

  /** `SIGKILL`: a crash. It comes back where it was. */
  async restart(signal: NodeJS.Signals): Promise<void> {
    await this.stop(signal);
    await this.#run(new URL(this.url).port);
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.#program?.stop(signal);
  }

  /** The checkpoint it serves to everybody (C2SP tlog-witness, monitoring). */
  async serves(origin: string): Promise<Uint8Array> {
    const reply = await fetch(`${this.url}/${originHash(origin)}/checkpoint`);
    if (reply.status !== 200) throw new Error(`the witness answered ${reply.status}`);
    return reply.bytes();
  }

  async #run(port: string): Promise<void> {
    const program = startTallystick(this.#stage, 'witness', ...this.#flags, '--port', port);
    this.#program = program;
    this.url = await urlOf(program);
    const { vkeys }: { vkeys: string[] } = JSON.parse(await (await fetch(`${this.url}/v1/witness`)).text());
    this.vkeys = vkeys;
  }
}

/** Ours answers as the text says, in everything. */
export async function ourWitness(tap: Tap, stage: Stage): Promise<void> {
  const logs = statusLogs('ours');
  const vkeys = logs.map(({ vkey }) => vkey);
  const witness = await OurWitness.start(stage, 'witness.example/statuses', vkeys);
  const keys = witness.vkeys.map(parseVkey);
  await checkStatuses(tap, 'tallystick witness', { url: witness.url, logs, keys, differs: {} });
  await witness.stop();
}
