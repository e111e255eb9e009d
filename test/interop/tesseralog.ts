/** A log by Tessera's posix-oneshot, which adds entries and ends; its directory is served as it is. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join, normalize } from 'node:path';
import type { OpenedCheckpoint } from '../../src/note/checkpoint.ts';
import { parseVkey } from '../../src/note/key.ts';
import { openTrusted, parseTrustPolicy } from '../../src/note/trust.ts';
import type { OurWitness } from './ourwitness.ts';
import type { Programs } from './programs.ts';
import type { Ran, Stage } from './stage.ts';

export interface TesseraParts {
  readonly name: string;
  readonly keyFile: string;
  readonly vkey: string;
  readonly witness: OurWitness;
}

export class TesseraLog {
  readonly dir: string;
  readonly vkey: string;
  readonly keyFile: string;
  readonly policyFile: string;
  readonly origin: string;
  url = '';
  /** The directory that is served; undefined: every connection is cut. */
  shown: string | undefined;
  readonly #stage: Stage;
  readonly #oneshot: string;
  readonly #parts: TesseraParts;
  #server: Server | undefined;
  #made = 0;

  constructor(stage: Stage, programs: Programs, parts: TesseraParts) {
    this.#stage = stage;
    this.#oneshot = programs.path('posix-oneshot');
    this.#parts = parts;
    this.vkey = parts.vkey;
    this.keyFile = parts.keyFile;
    this.dir = stage.path(parts.name);
    this.shown = this.dir;
    this.origin = parseVkey(parts.vkey).name;
    this.policyFile = stage.path(`${parts.name}.policy`);
  }

  /** Adds entries and waits until their checkpoint is published. */
  async add(count: number): Promise<void> {
    const { code, err } = await this.attempt(count, 30_000);
    if (code !== 0) throw new Error(err.slice(-4000));
  }

  /** As `add`, for a log that may wait for its witness for ever, or has none (quorum `none`). */
  async attempt(count: number, timeoutMs: number, quorum = 'ours'): Promise<Ran> {
    const { witness, name, keyFile } = this.#parts;
    const lines = [`log ${this.vkey}`, `witness ours ${witness.vkeys[0]} ${witness.url}`, `quorum ${quorum}`];
    await writeFile(this.policyFile, `${lines.join('\n')}\n`);
    const batch = this.#stage.path(`${name}-entries`, String(this.#made));
    await mkdir(batch, { recursive: true });
    for (const end = this.#made + count; this.#made < end; this.#made++)
      await writeFile(join(batch, String(this.#made)), `${name} entry ${this.#made}\n`);
    const flags = ['--logtostderr', '--storage_dir', this.dir, '--private_key', keyFile];
    const asked = ['--witness_policy_file', this.policyFile, '--entries', join(batch, '*')];
    return this.#stage.run(this.#oneshot, [...flags, ...asked], { timeoutMs });
  }

  /** The published checkpoint, which must have this size and meet the policy. */
  async cosigned(size: number): Promise<OpenedCheckpoint> {
    const policy = parseTrustPolicy(await readFile(this.policyFile));
    const opened = openTrusted(await readFile(join(this.dir, 'checkpoint')), policy);
    if (opened.checkpoint.size !== size) throw new Error(`size ${opened.checkpoint.size}, not ${size}`);
    return opened;
  }

  /** Serves its files, as a plain web server would. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      if (this.shown === undefined) return request.destroy();
      const path = join(this.shown, normalize(new URL(request.url ?? '/', 'http://any').pathname));
      return void stat(path)
        .then(async (found) => response.end(found.isFile() ? await readFile(path) : undefined))
        .catch(() => response.writeHead(404).end());
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    this.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
    this.#server = undefined;
  }
}
