/** `tallystick/commit` without a command line: what it logs and keeps, what it says, and what it must not do in silence. */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { openClient } from '#src/client/client.ts';
import { trustKeys } from '#src/client/trust.ts';
import {
  commit,
  declareFiles,
  declareSource,
  requestOf,
  saltingBy,
  type CommitRemark,
  type Declared,
} from '#src/commit/index.ts';
import { parseClaims } from '#src/declare/claims.ts';
import { ENV_SOURCE } from '#src/declare/sources/env.ts';
import { parseVkey } from '#src/note/key.ts';
import { BASE, ServedLog } from '../support/served-log.ts';
import { people, vkeys } from '../support/world.ts';

const SECRET = new Uint8Array(32).fill(9);
const CLAIMS = 'claims: [{ id: up, probe: tls@1, expr: o.tls.certificate.daysLeft > 7 }]';

async function world(t: Test) {
  const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'tallystick-commit-')));
  t.teardown(() => rmSync(cwd, { recursive: true }));
  writeFileSync(join(cwd, 'a.conf'), 'a');
  writeFileSync(join(cwd, 'app.env'), 'PORT=8080\n');
  const log = await ServedLog.start();
  const client = openClient({
    log: BASE,
    trust: trustKeys(vkeys.map(parseVkey)),
    fetch: log.fetch,
    now: () => log.clock() * 1000,
    patienceMs: 0,
  });
  const remarks: CommitRemark[] = [];
  const options = {
    signer: people.author,
    folder: join(cwd, 'proof'),
    onRemark: (remark: CommitRemark) => void remarks.push(remark),
  };
  const common = { cwd, stdin: Readable.from([]), subject: 'web/shop' };
  const files = (): Promise<Declared> =>
    declareFiles({ ...common, operands: ['a.conf'], omit: new Map(), saltSecret: SECRET });
  const source = (): Promise<Declared> =>
    declareSource({
      ...common,
      operands: ['app.env'],
      recursive: false,
      reading: {
        source: ENV_SOURCE,
        literal: false,
        ignore: [],
        sensitive: new Set(),
        notSecret: new Set(),
        salting: saltingBy(SECRET),
      },
    });
  return { cwd, log, client, remarks, options, files, source };
}

t.test('files, then a source: each is logged after the other, and its proof is kept', async (t) => {
  const { log, client, remarks, options, files, source } = await world(t);
  const first = await commit(client, requestOf(await files(), undefined), options);
  t.match(first, { subject: 'web/shop', leaves: 1, already: false, supersedes: undefined, pinned: [] });
  t.equal(log.entries.length, 2);
  t.same(readdirSync(options.folder).toSorted(), [...first.files].toSorted());
  t.match(readFileSync(join(options.folder, 'opening.json'), 'utf8'), /"path": "a.conf"/);
  const again = await commit(client, requestOf(await files(), undefined), options);
  t.match(again, { already: true, logged: { id: first.logged.id } });
  t.equal(log.entries.length, 2, 'the same again is nothing new');
  const second = await commit(client, requestOf(await source(), undefined), options);
  t.match(second, { already: false, supersedes: first.logged.id });
  t.ok(readdirSync(join(options.folder, 'earlier')).includes(first.logged.id), 'what it replaces is kept');
  t.same(remarks, []);
});

t.test('claims are not lost in silence, and what nobody can look at is said', async (t) => {
  const { log, client, remarks, options, files } = await world(t);
  await commit(client, requestOf(await files(), parseClaims(CLAIMS)), options);
  t.match(remarks, [{ level: 'warning', text: /do not say where to look stay UNKNOWN: up/ }]);
  await t.rejects(commit(client, requestOf(await files(), undefined), options), {
    code: 'usage',
    message: /would be replaced without 1 claim \(up\)/,
  });
  t.equal(log.entries.length, 2, 'and nothing was logged');
  const dropped = requestOf(await files(), undefined, { dropClaims: true });
  t.match(await commit(client, dropped, options), { already: false });
  t.throws(() => requestOf(dropped, parseClaims(CLAIMS.replace('tls@1', 'toy@1'))), {
    code: 'malformed-payload',
    message: /there is no probe toy@1/,
  });
});

t.test('where the proof cannot be kept, nothing is logged', async (t) => {
  const { cwd, log, client, options, files } = await world(t);
  writeFileSync(join(cwd, 'taken'), '');
  const folder = join(cwd, 'taken', 'proof');
  await t.rejects(commit(client, requestOf(await files(), undefined), { ...options, folder }), {
    code: 'store-failed',
  });
  t.equal(log.entries.length, 1);
});
