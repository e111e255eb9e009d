/** `prove --data-dir D`: whom to trust and where to ask both come from D, unless something says where. */
import t from 'tap';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '#src/cli/main.ts';

t.test('where the log beside an agent answers', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-own-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const asked = new Set<string>();
  const told = async (...argv: readonly string[]): Promise<void> => {
    asked.clear();
    await run(argv, {
      env: { XDG_STATE_HOME: join(dir, 'state') },
      cwd: dir,
      fetch: async (input) => {
        asked.add(new URL(input instanceof Request ? input.url : input).origin);
        throw new TypeError('nobody is there');
      },
      now: Date.now,
      sleep: async () => undefined,
      stdout: { write: () => true },
      stderr: { write: () => true },
    });
  };
  const log = ['--data-dir', 'd', '--url', 'http://127.0.0.1:7111', '--port', '7111'];
  await told('init', ...log);
  const prove = ['prove', '--subject', 'x/y', '--data-dir', 'd'];
  await told(...prove, '--agent-dir', 'a');
  t.strictSame([...asked], ['http://127.0.0.1:7111']);
  const text = readFileSync(join(dir, 'a/tallystick.yaml'), 'utf8');
  t.match(text, /^policy: .*d\/trust\.policy$/m);
  t.match(text, /^log: http:\/\/127\.0\.0\.1:7111$/m, 'the next command finds both');
  await told('prove', '--subject', 'x/y', '--agent-dir', 'a');
  t.strictSame([...asked], ['http://127.0.0.1:7111']);

  await told(...prove, '--agent-dir', 'b', '--log', 'http://127.0.0.1:7222');
  t.strictSame([...asked], ['http://127.0.0.1:7222'], 'a flag wins');
  await told(...prove, '--agent-dir', 'b');
  t.strictSame([...asked], ['http://127.0.0.1:7222'], 'and so does what the agent keeps of it');
  writeFileSync(join(dir, 'd/tallystick.yaml'), 'host: 127.0.0.1\nport: 7333\n');
  await told(...prove, '--agent-dir', 'c');
  t.strictSame([...asked], ['http://127.0.0.1:7333'], 'without a url, where it listens');
});
