/** Room on the disk of a server's data: what pages and metrics tell of it. */
import { tmpdir } from 'node:os';
import t from 'tap';
import { withDisk } from '#src/explorer/facts/home.ts';
import { spaceOf } from '#src/platform/space.ts';
import { logApp } from '../support/explorer-servers.ts';

t.test('of a folder', async (t) => {
  const { free = 0, size = 0 } = spaceOf(tmpdir()) ?? {};
  t.ok(free > 0 && free <= size, `${free} of ${size}`);
  t.equal(spaceOf('/no/such/folder'), undefined);
});

t.test('on the home page and in the metrics, where the server has a folder', async (t) => {
  const { app } = await logApp(t, 2, [], { dataDir: tmpdir() });
  const home = (await app.inject('/')).body;
  t.match(home, /<dt>Disk of its data<\/dt><dd>[\d.,]+ GB free of [\d.,]+ GB \(\d+ %\)<\/dd>/);
  const metrics = (await app.inject('/metrics')).body;
  t.match(metrics, /^tallystick_disk_free_bytes \d+$/m);
  t.match(metrics, /^tallystick_disk_size_bytes \d+$/m);
  const silent = await logApp(t, 2);
  t.notMatch((await silent.app.inject('/')).body, 'Disk of its data');
  t.notMatch((await silent.app.inject('/metrics')).body, 'disk_free');
});

t.test('a folder that is gone tells nothing, and fails nothing', async (t) => {
  const { app } = await logApp(t, 2, [], { dataDir: '/no/such/folder' });
  t.equal((await app.inject('/')).statusCode, 200);
  t.match((await app.inject('/metrics')).body, /^tallystick_disk_free_bytes 0$/m);
  const facts = { what: '', ready: true, reasons: [], figures: [], tables: [], keys: [], links: [] };
  t.equal(withDisk(facts, '/no/such/folder'), facts);
});
