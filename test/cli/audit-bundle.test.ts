/** `audit bundle`, `verify FILE.zip` and `trust show`: what is asked before a file is written, and each exit code. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readContainer } from '#src/audit/zip/read.ts';
import { readManifest } from '#src/audit/bundle/manifest.ts';
import { lookForFourDays } from '../support/bundle-world.ts';
import { withWitnesses, type Past } from '../support/past-world.ts';
import { SUBJECT } from '../support/see-world.ts';
import { SeeWorld } from './support/see-world.ts';

type World = SeeWorld & Past;

const PERIOD = ['--since', '2027-01-16T08:00Z', '--until', '2027-01-18T08:00Z'];

async function start(t: Test): Promise<World> {
  return lookForFourDays(withWitnesses(await SeeWorld.start(t)));
}

t.test('made, asked about, verified, made again', async (t) => {
  const w = await start(t);
  const file = join(w.dir, 'audit.zip');
  const make = (...more: string[]) => w.tally('audit', 'bundle', ...w.policy, ...more);
  t.match(await make(SUBJECT, ...PERIOD), { code: 1 }, 'no file is named');
  t.match(await make('-o', 'audit.zip', ...PERIOD), { code: 1 }, 'no subject is named');
  const asked = await make(SUBJECT, ...PERIOD, '-o', 'audit.zip');
  t.match(asked, { code: 1 });
  t.match(asked.err, /it holds names of keys: .*agent/);
  t.notOk(existsSync(file), 'nothing was written');
  const made = await make(SUBJECT, ...PERIOD, '-o', 'audit.zip', '--yes');
  t.equal(made.code, 0, made.err);
  const verified = await w.tally('verify', 'audit.zip', ...w.policy);
  t.match(verified, { code: 0 });
  t.match(verified.out, /VERIFIED, AUTHENTIC under your policy .*2 PROVEN, 2 VIOLATED or CONTRADICTED/);
  const again = await make('--like', 'audit.zip', '-o', 'again.zip', '--yes');
  t.equal(again.code, 0, again.err);
  t.ok(readFileSync(join(w.dir, 'again.zip')).equals(readFileSync(file)), 'the same bytes');
  t.match(await make('--like', 'audit.zip', '-o', 'audit.zip', '--yes'), { code: 1 });
  const damaged = Buffer.from(readFileSync(file));
  damaged.writeUInt8(damaged.readUInt8(5000) ^ 1, 5000);
  writeFileSync(join(w.dir, 'damaged.zip'), damaged);
  t.match(await w.tally('verify', 'damaged.zip', ...w.policy), { code: 3, out: /NOT VERIFIED/ });
  t.match(await w.tally('verify', 'audit.zip', 'other', ...w.policy), { code: 1 });
  const manifest = readManifest(readContainer(readFileSync(file)));
  t.strictSame(manifest.subjects, [SUBJECT]);
});

t.test('a bundle is read as a log', async (t) => {
  const w = await start(t);
  const made = await w.tally('audit', 'bundle', SUBJECT, ...PERIOD, '-o', 'audit.zip', '--yes', ...w.policy);
  t.equal(made.code, 0, made.err);
  const from = ['--log', 'audit.zip', ...w.policy];
  const live = await w.tally('history', SUBJECT, ...PERIOD, '--json', ...w.policy);
  const read = await w.tally('history', SUBJECT, ...PERIOD, '--json', ...from);
  t.equal(read.code, live.code, read.err);
  t.strictSame(read.json.claims[0].figures.proven, live.json.claims[0].figures.proven);
  t.strictSame(read.json.claims[0].figures.failed, live.json.claims[0].figures.failed);
  t.match(await w.tally('status', SUBJECT, ...from), { out: /tls-min/ });
  t.match(await w.tally('why', SUBJECT, 'tls-min', ...from), { out: /tls-min/ });
  t.match(await w.tally('status', SUBJECT, '--at', '16', ...from), { out: /tls-min/ });
  t.match(await w.tally('registry', ...from), { out: /db\/payments/ });
  t.match(await w.tally('status', 'web/other', ...from), { code: 2 }, 'what is not in it is not known');
});

t.test('a fingerprint to read over the telephone', async (t) => {
  const w = await start(t);
  const shown = await w.tally('trust', 'show', ...w.policy);
  t.match(shown, { code: 0 });
  t.match(shown.out, /^log .*\n(.*\n)*quorum both\n\nfingerprint ([0-9a-f]{4} ){15}[0-9a-f]{4}\n$/);
});
