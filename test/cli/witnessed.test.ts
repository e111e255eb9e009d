/** Witnessed heads of a running log: logged with a key of its own, from the first start and after `policy witnessed`. */
import { renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { RunningLog } from '#src/service/running.ts';
import { parseAddCheckpoint } from '#src/note/addcheckpoint.ts';
import { cosign, parseCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey, parseVkey } from '#src/note/key.ts';
import { formatSignatures, parseNote } from '#src/note/note.ts';
import { parseTrustPolicy } from '#src/note/trust.ts';
import { leafIndex } from '#src/bytes/brand.ts';
import { openWitnessed } from '#src/registration/notices.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { beginLog, dataIn, serveLog, startLog } from '../support/running-log.ts';
import { tallystick } from './support/run-cli.ts';
import { seedSigner } from '../support/seed-signer.ts';

const ORIGIN = 'log.example/w?';
const witness = {
  name: 'witness.example',
  type: 4,
  signer: seedSigner('ed25519', new Uint8Array(32).fill(7)),
} as const;
const POLICY = parseTrustPolicy(
  `witness w ${formatVkey(witness.name, 4, witness.signer.publicKey)} http://witness.example\nquorum w\n`,
);

/** A clock in milliseconds, and a witness that cosigns whatever it is shown. */
class World {
  now = Date.now();
  readonly warnings: string[] = [];
  readonly fetch: typeof fetch = async (_, init) => {
    if (!(init?.body instanceof Uint8Array)) return new Response(null, { status: 404 });
    const { text } = parseNote(parseAddCheckpoint(init.body).checkpoint);
    const line = await cosign(parseCheckpoint(text), witness, Math.floor(this.now / 1000));
    return new Response(formatSignatures([line]));
  };

  start(t: Test, data: string): Promise<RunningLog> {
    const transport = { fetch: this.fetch, now: () => this.now, timeoutMs: 5_000 };
    return startLog(t, data, ORIGIN, 100, {
      witnessing: { policy: POLICY, transport, refreshMs: 600_000, publishedPath: join(data, 'published') },
      onWarning: (text) => this.warnings.push(text),
    });
  }
}

/** Waits until everything that was logged is published, then looks whether a notice is due. */
async function look(log: RunningLog): Promise<void> {
  const { size } = log.reader.head();
  await log.reader.published(leafIndex(size - 1), 20_000);
  await log.lookForNotice();
}

t.test('a log with witnesses logs its own heads; restarts write no more', async (t) => {
  const begun = await beginLog(t, ORIGIN);
  await begun.log.close();
  const data = dataIn(begun.cwd);
  const world = new World();
  let log = await world.start(t, data);
  await look(log);
  t.match(log.noticing(), { last: { index: 1, size: 1 }, written: 1, failures: 0, fault: undefined });
  const entry = await log.reader.entry(leafIndex(1));
  const parsed = parseStatement(entry.bytes);
  if (parsed.kind !== 'notice' || parsed.notice.topic !== 'witnessed') throw new Error('no notice');
  t.equal(parsed.subject, ORIGIN);
  const trust = { ...POLICY, logs: log.info.vkeys.map((vkey) => ({ verifier: parseVkey(vkey) })) };
  const opened = openWitnessed(1, parsed.notice, trust);
  t.match(opened, { checkpoint: { size: 1 }, cosignatures: { length: 1 }, logSignatures: { length: 2 } });

  const { statement } = begun;
  t.match(await log.submit([await statement('one')]), [{ kind: 'logged', index: 2 }]);
  await look(log);
  await log.close();
  log = await world.start(t, data);
  await look(log);
  t.match(log.noticing(), { last: { index: 1 }, written: 0 }, 'the log tells a new start of the last one');
  world.now += 3_600_000;
  await look(log);
  t.match(log.noticing(), { last: { index: 3, size: 3 }, written: 1 });
  t.match(log.readiness(), { ready: true, warnings: [] });
  t.strictSame(world.warnings, []);
  await log.close();
});

t.test('without the key: a warning, and `policy witnessed` mends it in a running log', async (t) => {
  const begun = await beginLog(t, ORIGIN);
  await begun.log.close();
  const data = dataIn(begun.cwd);
  const key = join(data, 'keys', 'notary.pem');
  const old = join(begun.cwd, 'old.pem');
  renameSync(key, old);
  const world = new World();
  const log = await world.start(t, data);
  const url = await serveLog(t, log);
  await look(log);
  t.match(log.noticing(), { last: undefined, failures: 1, fault: /key-file.*tallystick policy witnessed/ });
  t.match(log.readiness(), { ready: true, warnings: [/notary.pem is not there/] });
  t.equal(world.warnings.length, 1);

  const admin = `--log ${url} --data-dir ${data}`;
  const dry = await tallystick(`policy witnessed --dry-run ${admin}`, { cwd: begun.cwd, fetch });
  t.match(dry, { code: 0, out: /\+ key.*the log itself, for witnessed heads/s, err: /made .*notary.pem/ });
  t.equal(statSync(key).mode % 0o1000, 0o600);
  const done = await tallystick(`policy witnessed --json ${admin}`, { cwd: begun.cwd, fetch });
  t.match(done, { code: 0, json: { changed: true } }, done.err);
  const again = await tallystick(`policy witnessed --json ${admin}`, { cwd: begun.cwd, fetch });
  t.match(again, { code: 0, json: { changed: false } }, again.err);
  world.now += 120_000;
  await look(log);
  t.match(log.noticing(), { written: 1, fault: undefined });
  t.strictSame(log.readiness().warnings, []);

  rmSync(key);
  renameSync(old, key);
  const first = await tallystick(`policy witnessed --json ${admin}`, { cwd: begun.cwd, fetch });
  t.match(first, { code: 0, json: { changed: false } }, 'the key that init made is enrolled still');
  const kid = (await tallystick(`policy show --json ${admin}`, { cwd: begun.cwd, fetch })).json;
  t.match(JSON.stringify(kid), /"subjects":\["log\.example\/w\*"\]/, 'a pattern that matches the origin');
});

t.test('a log without witnesses says that its history is its own word', async (t) => {
  const begun = await beginLog(t, ORIGIN);
  t.equal(begun.log.noticing(), undefined);
  await begun.log.lookForNotice();
  t.equal(begun.log.reader.head().size, 1);
  await begun.log.close();
});
