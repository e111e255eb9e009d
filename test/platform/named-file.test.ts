/** Files that users name: read within bounds, and refused without waiting where they are no files. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readNamedFile, readNamedFileSync, readPiped } from '#src/platform/files.ts';

const folder = mkdtempSync(join(tmpdir(), 'tallystick-named-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
writeFileSync(at('file'), 'text');
writeFileSync(at('empty'), '');

t.test('a regular file, within its bound', async (t) => {
  t.equal(Buffer.from(await readNamedFile(at('file'))).toString(), 'text');
  t.equal((await readNamedFile(at('file'), 4)).length, 4);
  t.equal((await readNamedFile(at('empty'), 4)).length, 0);
  await t.rejects(readNamedFile(at('file'), 3), { code: 'too-large', message: /file has more than 3 bytes/ });
  t.throws(() => readNamedFileSync(at('file'), 3), { code: 'too-large' });
  await t.rejects(readNamedFile(at('none')), { code: 'not-found', message: /none is not there/ });
  await t.rejects(readNamedFile(folder), { code: 'not-found', message: /is a folder/ });
});

const skip = process.platform === 'win32' && 'Windows has no such files';

t.test('what is no file is refused at once', { skip }, async (t) => {
  execFileSync('mkfifo', [at('pipe')]);
  const server = createServer().listen(at('socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  for (const [path, what] of [
    [at('pipe'), /a pipe/],
    [at('socket'), /a socket/],
    ['/dev/zero', /a device/],
    ['/dev/tty', /a device|ENXIO/],
  ] as const) {
    await t.rejects(readNamedFile(path), { code: 'not-found', message: what }, path);
    t.throws(() => readNamedFileSync(path), { code: 'not-found', message: what }, path);
  }
});

t.test('a file that the kernel writes has no size, and is bounded all the same', { skip }, async (t) => {
  if (process.platform !== 'linux') return;
  t.match(Buffer.from(await readNamedFile('/proc/self/status')).toString(), /^Name:/);
  await t.rejects(readNamedFile('/proc/self/status', 10), { code: 'too-large' });
});

t.test('standard input is bounded', async (t) => {
  const endless = (async function* () {
    for (;;) yield new Uint8Array(1000);
  })();
  await t.rejects(readPiped(endless, 5000), { code: 'too-large', message: /standard input/ });
});
