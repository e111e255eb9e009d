/** Our log cosigned by torchwood's litewitness, whose key is in an ssh-agent. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import Database from 'better-sqlite3';
import { parseVkey } from '../../src/note/key.ts';
import { cosignedLog, type Cosigned } from './cosignedlog.ts';
import { OurLog } from './ourlog.ts';
import type { Programs } from './programs.ts';
import { checkStatuses, statusLogs } from './statuses.ts';
import { freePort, onPath, type Program, type Stage } from './stage.ts';
import type { Tap } from './tap.ts';

const NAME = 'witness.example/lite';
/** OpenSSH's, for the key. */
const HELPERS = ['ssh-agent', 'ssh-keygen', 'ssh-add'];

export async function litewitness(tap: Tap, stage: Stage, programs: Programs): Promise<void> {
  const helper = HELPERS.find((name) => !onPath(name));
  const why = programs.why('litewitness') ?? (helper && `no ${helper}: OpenSSH's client is not installed`);
  if (why !== undefined) return tap.skip('our log cosigned by litewitness', why);
  const key = await keyInAgent(stage);
  const witness = await startLitewitness(stage, programs, key);
  const log = await OurLog.init(stage, 'log.example/interop-lite');
  witness.admit(log.origin, log.vkeys[0] ?? '');
  const policy = stage.path('lite.policy');
  const line = `witness lite ${witness.vkey} ${witness.url}`;
  await writeFile(policy, [...log.vkeys.map((vkey) => `log ${vkey}`), line, 'quorum lite', ''].join('\n'));
  const parts = { tap, stage, programs, log, policy, name: 'litewitness', vkeys: [witness.vkey] };
  if (await cosignedLog(parts)) await readByTorchwood(parts, witness, line);
  await log.stop();

  const logs = statusLogs('lite');
  for (const { origin, vkey } of logs) witness.admit(origin, vkey);
  await checkStatuses(tap, 'litewitness', {
    url: witness.url,
    logs,
    keys: [parseVkey(witness.vkey)],
    differs: {
      // An old size of 0 is not looked at any further.
      'a proof from size 0': 200,
      'size 0 with another root than the empty one': 200,
    },
  });
  await witness.program.stop('SIGINT');
}

/** What it stored, and what its library says of our checkpoint. `line`: its own in the policy. */
async function readByTorchwood(
  { tap, stage, programs, log, policy }: Cosigned,
  witness: Litewitness,
  line: string,
): Promise<void> {
  await tap.check('litewitness: it stored the size that our log published', async () => {
    const { opened } = await log.cosigned(policy, 1);
    if (witness.size(log.origin) !== opened.checkpoint.size)
      throw new Error(`it has ${witness.size(log.origin)}, we published ${opened.checkpoint.size}`);
  });
  const name = "litewitness: torchwood's policy reader accepts our checkpoint and our .tlog-proof";
  const why = programs.why('opennote');
  if (why !== undefined) return tap.skip(name, why);
  // It knows no type 06, so it is given the Ed25519 key alone.
  const plain = stage.path('lite-torchwood.policy');
  await writeFile(plain, `log ${log.vkeys[0]}\n${line}\nquorum lite\n`);
  const opennote = async (...args: readonly string[]): Promise<void> => {
    const { code, err } = await stage.run(programs.path('opennote'), args);
    if (code !== 0) throw new Error(`${args.join(' ')}: ${err}`);
  };
  await tap.check(name, async () => {
    await writeFile(stage.path('lite.note'), await log.checkpoint());
    await opennote('policy', plain, stage.path('lite.note'));
    const { proof, entry } = await log.proofOf(300, policy);
    await writeFile(stage.path('lite.tlog-proof'), proof);
    await writeFile(stage.path('lite.entry'), entry);
    await opennote('proof', plain, stage.path('lite.tlog-proof'), stage.path('lite.entry'));
    await writeFile(stage.path('lite.entry'), 'another');
    await assert.rejects(
      opennote('proof', plain, stage.path('lite.tlog-proof'), stage.path('lite.entry')),
      /verification failed for index 300/,
    );
  });
}

/** Makes a key and an agent that holds it; returns the fingerprint by which litewitness finds it. */
async function keyInAgent(stage: Stage): Promise<{ socket: string; fingerprint: string }> {
  const [file, socket] = [stage.path('lite-key'), stage.path('agent.sock')];
  stage.start('ssh-agent', 'ssh-agent', ['-D', '-a', socket]);
  const made = await stage.run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  if (made.code !== 0) throw new Error(made.err);
  for (let attempt = 0; ; attempt++) {
    const added = await stage.run('ssh-add', [file], { env: { SSH_AUTH_SOCK: socket } });
    if (added.code === 0) break;
    if (attempt === 100) throw new Error(added.err);
  }
  const { out } = await stage.run('ssh-keygen', ['-l', '-f', `${file}.pub`]);
  return { socket, fingerprint: out.split(' ')[1] ?? '' };
}

interface Litewitness {
  readonly program: Program;
  readonly url: string;
  readonly vkey: string;
  /** What `witnessctl add-log` and `add-key` write: that program needs a module that is not on every proxy. */
  admit(origin: string, vkey: string): void;
  /** Size it has cosigned. */
  size(origin: string): number;
}

async function startLitewitness(
  stage: Stage,
  programs: Programs,
  key: { socket: string; fingerprint: string },
): Promise<Litewitness> {
  const file = stage.path('litewitness.db');
  const listen = `127.0.0.1:${await freePort()}`;
  const args = ['-name', NAME, '-db', file, '-ssh-agent', key.socket, '-key', key.fingerprint];
  const program = stage.start('litewitness', programs.path('litewitness'), [...args, '-listen', listen]);
  const [, vkey = ''] = await program.says(/vkey=(\S+)/);
  await program.says(/msg=listening/);
  const database = <T>(use: (db: Database.Database) => T): T => {
    const db = new Database(file, { fileMustExist: true });
    try {
      return use(db);
    } finally {
      db.close();
    }
  };
  return {
    program,
    url: `http://${listen}`,
    vkey,
    admit: (origin, logKey) =>
      database((db) => {
        const empty = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
        db.prepare('INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)').run(origin, empty);
        db.prepare('INSERT INTO key (origin, key) VALUES (?, ?)').run(origin, logKey);
      }),
    size: (origin) =>
      database((db) => Number(db.prepare('SELECT tree_size FROM log WHERE origin = ?').pluck().get(origin))),
  };
}
