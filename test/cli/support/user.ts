/** Somebody at a command line, in this process: a folder, the author's key, and a log in memory. */
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeUtf8 } from '../../../src/bytes/text.ts';
import type { World } from '../../../src/cli/frame/context.ts';
import { run } from '../../../src/cli/main.ts';
import { BASE, ServedLog, TIME } from '../../support/served-log.ts';
import { vkeys } from '../../support/world.ts';

export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape of --json is what is tested
  readonly json: any;
}

export interface User {
  readonly dir: string;
  log: ServedLog;
  /** In place of what the world is otherwise. */
  around?: Partial<World>;
  readonly run: (...argv: string[]) => Promise<Told>;
}

/** Somebody with a folder, the author's key, and the log's verifier keys. */
export async function user(t: Test, files: Files = {}): Promise<User> {
  // Not t.testdir: that lies inside this repository, and commit asks git about what it finds.
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'tallystick-')));
  t.teardown(() => rmSync(dir, { recursive: true }));
  write(dir, { ...files, 'log.vkey': `# of the log\n${vkeys.join('\n')}\n` });
  const key = createPrivateKey({
    key: Buffer.from(sha256(encodeUtf8('tallystick test author'))),
    format: 'raw-private',
    asymmetricKeyType: 'ed25519',
  });
  writeFileSync(join(dir, 'author.pem'), key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  const me: User = { dir, log: await ServedLog.start(), run: (...argv) => tell(me, argv) };
  return me;
}

export interface Files {
  readonly [name: string]: string | Files;
}

export function write(dir: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(dir, name);
    if (typeof content === 'string') writeFileSync(path, content, { mode: 0o644 });
    else {
      mkdirSync(path);
      write(path, content);
    }
  }
}

async function tell({ dir, log, around }: User, argv: readonly string[]): Promise<Told> {
  let [out, err] = ['', ''];
  const code = await run(argv, {
    env: {
      XDG_STATE_HOME: join(dir, 'state'),
      TALLYSTICK_LOG: BASE,
      TALLYSTICK_VKEY: 'log.vkey',
      TALLYSTICK_KEY: 'author.pem',
    },
    cwd: dir,
    fetch: log.fetch,
    now: () => TIME * 1000,
    stdout: { write: (text) => (out += String(text)) },
    stderr: { write: (text) => (err += String(text)) },
    ...around,
  });
  return { code, out, err, json: argv.includes('--json') && out !== '' ? JSON.parse(out) : undefined };
}
