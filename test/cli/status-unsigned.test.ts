/** `status` without a checkpoint that a trusted key signed: whatever the log says of itself, the exit code is 2. */
import t from 'tap';
import { EXIT } from '#src/cli/exit.ts';
import { tallystick } from './support/run-cli.ts';
import { BASE, ServedLog, TIME } from '../support/served-log.ts';
import { ORIGIN, vkeys } from '../support/world.ts';

const FACTS = { version: '0.2.0', origin: ORIGIN, size: 5, root: 'ab', time: TIME, vkeys, open: false };

t.test('status exits with 2 where a key is trusted and nothing is signed', async (t) => {
  const cwd = t.testdir({ 'log.vkey': `${vkeys.join('\n')}\n` });
  const log = await ServedLog.start();
  let checkpoint: (() => Response) | undefined;
  log.meddle = (path) => {
    if (path === '/v1/log') return Response.json(FACTS);
    if (path === '/readyz') return Response.json({ ready: true, reasons: [] });
    return path === '/checkpoint' ? checkpoint?.() : undefined;
  };
  const status = (flags: string) => tallystick(`status --log ${BASE} ${flags}`, { cwd, fetch: log.fetch });
  t.match(await status('--vkey log.vkey'), {
    code: EXIT.ok,
    out: /checked +a checkpoint of 1 entries: signed/,
  });

  const answers: Readonly<Record<string, () => Response>> = {
    'not found': () => new Response(null, { status: 404 }),
    'a failure': () => new Response(null, { status: 500 }),
    'none yet': () => Response.json({ title: 'Not Yet', code: 'not-yet' }, { status: 503 }),
    forbidden: () => new Response('<html>', { status: 403 }),
    'a page': () => new Response('<html><body>hello</body></html>'),
  };
  for (const [what, answer] of Object.entries(answers)) {
    checkpoint = answer;
    const told = await status('--vkey log.vkey');
    t.not(told.code, EXIT.ok, what);
    t.match(told, { code: EXIT.notFound }, `${what}: ${told.code} ${told.err}`);
    t.notMatch(told.out, /checked +a checkpoint/, what);
    t.match(await status('--vkey log.vkey --json'), { json: { exit_code: EXIT.notFound } }, what);
    t.match(await status(''), { code: EXIT.ok, out: /checked +no: / }, `${what}, and no key is trusted`);
  }
});
