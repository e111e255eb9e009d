/** The demonstration, as `npm run demo` gives it: every act comes out as told, or it fails. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { run } from './processes.ts';

t.setTimeout(180_000);

t.test('npm run demo', async (t) => {
  const dir = t.testdir({});
  const { code, out, err } = await run(dir, 'demo');
  t.equal(code, 0, err);
  for (const said of [
    /speaks-tls13 +PROVEN \[E3\]/,
    /tls12-refused +PROVEN \[E1\]/,
    /tls12-refused +VIOLATED \[E3\]/,
    /tls12-refused +STALE/,
    /entry 1: the entry does not hash to its leaf/,
    /Try next/,
  ])
    t.match(out, said);
  const [made = ''] = readdirSync(dir).filter((name) => name.startsWith('tallystick-demo-'));
  t.ok(readdirSync(join(dir, made)).includes('tallystick-data'), 'everything is where it says');
  const audit = await run(join(dir, made), 'fsck');
  t.equal(audit.code, 0, 'and whole again');
});
