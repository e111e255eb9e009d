/** A Tallystick log as a process of its own, started through the command, as an operator would. */
import { readFile } from 'node:fs/promises';
import { submitBatch } from '../../src/client/batch.ts';
import { TileReader } from '../../src/client/tiles.ts';
import { TILE_WIDTH, tileWidthAt } from '../../src/tree/tile.ts';
import { treeSize } from '../../src/bytes/brand.ts';
import { signStatement } from '../../src/cose/statement.ts';
import { encodeUtf8 } from '../../src/bytes/text.ts';
import { loadSigner } from '../../src/keys/load.ts';
import { openTrusted, parseTrustPolicy } from '../../src/note/trust.ts';
import { parseCheckpoint, type OpenedCheckpoint } from '../../src/note/checkpoint.ts';
import { parseNote } from '../../src/note/note.ts';
import { parseTlogProof } from '../../src/note/tlogproof.ts';
import { until, type Program, type Ran, type Stage } from './stage.ts';

const BIN = new URL('../../src/cli/bin.cjs', import.meta.url).pathname;

/** Runs one command of ours to its end. */
export function tallystick(stage: Stage, ...args: readonly string[]): Promise<Ran> {
  return stage.run(process.execPath, [BIN, ...args]);
}

/** Starts a command of ours that runs until it is stopped. */
export function startTallystick(stage: Stage, ...args: readonly string[]): Program {
  return stage.start(args[0] ?? 'tallystick', process.execPath, [BIN, ...args]);
}

/** The line ` URL http://…` of a server's banner. */
export async function urlOf(program: Program): Promise<string> {
  const [, url = ''] = await program.says(/^ +URL +(http:\S+)/m);
  return url;
}

export class OurLog {
  readonly origin: string;
  readonly dir: string;
  /** Ed25519, then ML-DSA-44. */
  readonly vkeys: readonly string[];
  url = '';
  readonly #stage: Stage;
  #program: Program | undefined;
  #made = 0;

  private constructor(stage: Stage, origin: string, dir: string, vkeys: readonly string[]) {
    this.#stage = stage;
    this.origin = origin;
    this.dir = dir;
    this.vkeys = vkeys;
  }

  /** Makes keys and an empty log; nothing runs yet, so that a witness can be told the keys first. */
  static async init(stage: Stage, origin: string): Promise<OurLog> {
    const dir = stage.path('logs', origin.replaceAll('/', '-'));
    const { code, out, err } = await tallystick(
      stage,
      'init',
      '--origin',
      origin,
      '--data-dir',
      dir,
      '--json',
    );
    if (code !== 0) throw new Error(err);
    const { vkeys }: { vkeys: string[] } = JSON.parse(out);
    return new OurLog(stage, origin, dir, vkeys);
  }

  async start(witnessPolicy: string): Promise<void> {
    const flags = ['--data-dir', this.dir, '--witness-policy', witnessPolicy];
    this.#program = startTallystick(this.#stage, 'serve', '--port', '0', '--log-level', 'warn', ...flags);
    this.url = await urlOf(this.#program);
  }

  /** `SIGKILL`: a crash. */
  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.#program?.stop(signal);
  }

  get said(): string {
    return this.#program?.output ?? '';
  }

  /** What it says of itself and its witnesses, for whoever looks into a failure. */
  async readiness(): Promise<string> {
    try {
      return await (await fetch(`${this.url}/readyz`)).text();
    } catch (error) {
      return String(error);
    }
  }

  /** Logs that many statements, and waits for their receipts: cosigned ones. */
  async add(count: number): Promise<void> {
    const signer = await loadSigner(`${this.dir}/keys/submitter.pem`);
    const headers = { issuer: 'https://interop.example', subject: 'interop', contentType: 'text/plain' };
    const statements: Uint8Array[] = [];
    for (const end = this.#made + count; this.#made < end; this.#made++)
      statements.push(await signStatement(headers, encodeUtf8(`statement ${this.#made}`), signer));
    const results = await submitBatch({ fetch, now: Date.now }, this.url, statements);
    const refused = results.find(({ kind }) => kind === 'refused');
    if (refused !== undefined) throw new Error(JSON.stringify(refused));
  }

  /** The `.tlog-proof` of an entry as a client gets it, under a checkpoint that meets the policy; the entry. */
  async proofOf(index: number, policyFile: string): Promise<{ proof: string; entry: Uint8Array }> {
    const flags = ['--log', this.url, '--policy', policyFile, '--print', 'proof'];
    const { code, out, err } = await tallystick(this.#stage, 'get', String(index), ...flags);
    if (code !== 0) throw new Error(err);
    const bundle = Math.floor(index / TILE_WIDTH);
    const { size } = parseCheckpoint(parseNote(parseTlogProof(out).checkpoint).text);
    const tiles = new TileReader({ fetch, now: Date.now }, this.url);
    const entry = (await tiles.bundle(bundle, tileWidthAt(0, bundle, size)))[index % TILE_WIDTH];
    if (entry === undefined) throw new Error(`no entry ${index}`);
    return { proof: out, entry };
  }

  async checkpoint(): Promise<Uint8Array> {
    const reply = await fetch(`${this.url}/checkpoint`);
    if (reply.status !== 200) throw new Error(`checkpoint: ${reply.status} ${await reply.text()}`);
    return reply.bytes();
  }

  /** The published checkpoint once it has at least this size; it must meet the policy whenever it is seen. */
  async cosigned(policyFile: string, size: number): Promise<{ note: Uint8Array; opened: OpenedCheckpoint }> {
    const policy = parseTrustPolicy(await readFile(policyFile));
    let unmet: unknown;
    const found = await until(`a cosigned checkpoint of size ${size}`, async () => {
      const note = await this.checkpoint();
      try {
        const opened = openTrusted(note, policy);
        return opened.checkpoint.size >= treeSize(size) ? { note, opened } : undefined;
      } catch (error) {
        unmet = error;
        return { note, opened: undefined };
      }
    });
    if (found.opened === undefined) throw unmet;
    return { note: found.note, opened: found.opened };
  }
}
