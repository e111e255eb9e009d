/** What the agent's benchmark proves, and who proves it: subjects committed to in a real log, `tallystick agent` as a process. */
import Database from 'better-sqlite3';
import { spawn } from 'node:child_process';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { digest } from '../src/bytes/brand.ts';
import { signStatement } from '../src/cose/statement.ts';
import { packOf } from '../src/declare/packs.ts';
import { loadKeyFile } from '../src/keys/load.ts';
import { parseStatement } from '../src/statement/parse.ts';
import { contentTypeOf } from '../src/statement/kinds.ts';
import { encodeCommitment } from '../src/statement/payload.ts';
import type { RuntimeProof } from '../src/statement/proof.ts';
import { SALTED_TREE } from '../src/statement/saltedleaf.ts';
import { processCpu } from './machine.ts';
import type { Server } from './server.ts';

const MAIN = new URL('../src/cli/bin.cjs', import.meta.url).pathname;

/** Commits a subject to the claims of a pack, each proven once in 9/20 of `cadence` seconds. */
export async function commit(
  server: Server,
  subject: string,
  { pack, target, cadence }: { readonly pack: string; readonly target: string; readonly cadence: number },
): Promise<void> {
  const payload = encodeCommitment({
    environment: 'bench',
    tier: 'critical-path',
    source: { kind: 'files' },
    canon: { profile: 'files@1' },
    tree: { alg: SALTED_TREE, leaves: 1, root: digest(new Uint8Array(32)) },
    scope: { world: 'open' },
    target: { locators: [{ at: target }] },
    claims: packOf(pack, new Map()).map((claim) => ({ ...claim, cadence })),
  });
  const author = await loadKeyFile(join(server.dir, 'keys', 'author.pem'));
  const headers = { issuer: 'https://bench.example', subject, contentType: contentTypeOf('commitment') };
  const body = await signStatement(headers, payload, author);
  const reply = await fetch(`${server.url}/entries`, {
    method: 'POST',
    headers: { 'content-type': 'application/cose' },
    body,
  });
  if (!reply.ok) throw new Error(`committing: ${reply.status} ${await reply.text()}`);
}

/** A way to a server that counts the bytes that pass, both directions together. */
export interface Counted {
  readonly url: string;
  bytes(): number;
  close(): Promise<void>;
}

export async function counted(url: string): Promise<Counted> {
  let bytes = 0;
  const proxy = createServer((socket) => {
    const far = connect(Number(new URL(url).port), '127.0.0.1');
    for (const [from, to] of [
      [socket, far],
      [far, socket],
    ] as const) {
      from.on('data', (chunk: Buffer) => (bytes += chunk.length));
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    bytes: () => bytes,
    close: () => new Promise((resolve) => proxy.close(() => resolve())),
  };
}

/** What lies in an agent's spool, bytes. */
export interface Spooled {
  readonly proofs: number;
  readonly statement: number;
  readonly receipt: number;
  /** The file, indices and free space included. */
  readonly file: number;
}

/** A running agent that can be held and let go at once. */
export class RunningAgent {
  readonly pid: number;
  readonly #dir: string;
  readonly #db: Database.Database;
  readonly #end: () => Promise<void>;

  private constructor(pid: number, dir: string, end: () => Promise<void>) {
    this.pid = pid;
    this.#dir = dir;
    this.#end = end;
    this.#db = new Database(join(dir, 'agent.db'), { readonly: true });
  }

  /** `subjects`: exact, or a pattern. `log`: URL. `poll`: seconds. Ready when `first` proofs are logged. */
  static async start(
    server: Server,
    asked: {
      readonly log: string;
      readonly subjects: string;
      readonly target: string;
      readonly poll: number;
      readonly first: number;
      readonly nodeArgs?: readonly string[];
    },
  ): Promise<RunningAgent> {
    const dir = join(server.dir, '..', `agent-${asked.subjects.replaceAll(/\W+/g, '-')}`);
    const what = ['--subject', asked.subjects, '--target', asked.target];
    const how = ['--poll', String(asked.poll), '--cpu-budget', '1000', '--log-level', 'warn'];
    const where = ['--data-dir', server.dir, '--agent-dir', dir, '--log', asked.log];
    const args = [...(asked.nodeArgs ?? []), MAIN, 'agent', 'run', ...what, ...how, ...where];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, XDG_STATE_HOME: join(dir, 'state') },
    });
    const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const end = async (): Promise<void> => {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await exited;
    };
    for (let tries = 0; !said.includes('waiting'); tries++) {
      if (tries > 600 || child.exitCode !== null) throw new Error(`the agent did not start: ${said}`);
      await pause(50);
    }
    const agent = new RunningAgent(child.pid ?? 0, dir, end);
    for (let tries = 0; agent.spooled().proofs < asked.first; tries++) {
      if (tries > 600 || child.exitCode !== null) {
        await agent.stop();
        throw new Error(`the agent does not prove: ${said}`);
      }
      await pause(50);
    }
    return agent;
  }

  /** Neither proves nor costs anything until `resume`. */
  hold(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Of the proofs that were logged. Throws when a claim was ever found to be anything but PROVEN. */
  spooled(): Spooled {
    const bad = this.#db.prepare("SELECT claim, verdict FROM proven WHERE verdict <> 'PROVEN'").get();
    if (bad !== undefined) throw new Error(`not PROVEN: ${JSON.stringify(bad)}`);
    return this.#db
      .prepare(
        `SELECT count(*) AS proofs, coalesce(avg(length(statement)), 0) AS statement,
          coalesce(avg(length(receipt)), 0) AS receipt, (SELECT page_count FROM pragma_page_count) *
          (SELECT page_size FROM pragma_page_size) AS file FROM proof WHERE idx IS NOT NULL`,
      )
      .get() as Spooled;
  }

  /** What each proof says that it cost, oldest first. */
  costs(): readonly RuntimeProof['cost'][] {
    const rows = this.#db.prepare('SELECT statement FROM proof ORDER BY n').all() as {
      statement: Uint8Array;
    }[];
    return rows.map(({ statement }) => {
      const parsed = parseStatement(new Uint8Array(statement));
      if (parsed.kind !== 'proof') throw new Error('a proof is a proof');
      return parsed.proof.cost;
    });
  }

  /** Where its directory is. */
  get dir(): string {
    return this.#dir;
  }

  async stop(): Promise<void> {
    this.#db.close();
    await this.#end();
  }
}

/** Seconds of CPU that one `tallystick prove` takes from its start to its end. */
export async function proveOnce(server: Server, subject: string, target: string): Promise<number> {
  const before = processCpu(process.pid).reaped;
  const dir = join(server.dir, '..', 'agent-once');
  const args = [MAIN, 'prove', '--subject', subject, '--target', target, '--data-dir', server.dir];
  const child = spawn(process.execPath, [...args, '--agent-dir', dir, '--log', server.url, '--quiet'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, XDG_STATE_HOME: join(dir, 'state') },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`prove ended with ${code}: ${said}`);
  return processCpu(process.pid).reaped - before;
}
