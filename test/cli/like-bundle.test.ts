/** `audit bundle --like`, whose policy `verify` says it is, and the verifier that a checkout brings. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readContainer } from '#src/audit/zip/read.ts';
import { decodeUtf8 } from '#src/bytes/text.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeUtf8, formatHex } from '#src/bytes/text.ts';
import { refitted } from '../support/bundle-raw.ts';
import { lookForFourDays } from '../support/bundle-world.ts';
import { withWitnesses, type Past } from '../support/past-world.ts';
import { SUBJECT } from '../support/see-world.ts';
import { SeeWorld } from './support/see-world.ts';

const PERIOD = ['--since', '2027-01-16T08:00Z', '--until', '2027-01-18T08:00Z'];

async function start(t: Test): Promise<SeeWorld & Past> {
  return lookForFourDays(withWitnesses(await SeeWorld.start(t)));
}

t.test('what no log has must be given again', async (t) => {
  const w = await start(t);
  const make = (...more: string[]) => w.tally('audit', 'bundle', ...w.policy, '--yes', ...more);
  const at = (name: string): string => join(w.dir, name);
  t.match(await make(SUBJECT, ...PERIOD, '-o', 'plain.zip'), { code: 0 });
  const files = readContainer(readFileSync(at('plain.zip')));
  t.ok(files.has('verify.mjs'), 'a checkout brings the verifier, too');
  const kid = /"kid": "([0-9a-f]{64})"/.exec(decodeUtf8(files.get('keys.json') ?? new Uint8Array()))?.[1];
  writeFileSync(at('people.csv'), `kid,person\n${kid ?? ''},"Lee, Ann"\n`);
  t.match(await make(SUBJECT, ...PERIOD, '-o', 'people.zip', '--people', 'people.csv'), { code: 0 });

  const silent = await make('--like', 'people.zip', '-o', 'again.zip');
  t.match(silent, { code: 1 });
  t.match(
    silent.err,
    /people\.csv \(unzip -p people\.zip people\.csv > people\.csv, then --people people\.csv\)/,
  );
  t.notOk(existsSync(at('again.zip')));
  writeFileSync(at('got.csv'), readContainer(readFileSync(at('people.zip'))).get('people.csv') ?? '');
  const again = await make('--like', 'people.zip', '-o', 'again.zip', '--people', 'got.csv');
  t.match(again.out, /it has the same bytes as people\.zip/, again.err);
  t.ok(readFileSync(at('again.zip')).equals(readFileSync(at('people.zip'))));

  writeFileSync(at('other.csv'), `kid,person\n${kid ?? ''},Bob\n`);
  const other = await make('--like', 'people.zip', '-o', 'other.zip', '--people', 'other.csv');
  t.match(other.out, /it has other bytes than people\.zip: people\.csv\n/);

  const evidence = encodeUtf8('evidence');
  const held = `attachments/${formatHex(sha256(evidence))}`;
  const openings = '{\n  "schema": "tallystick.openings.v1",\n  "openings": []\n}\n';
  writeFileSync(
    at('old.zip'),
    refitted(readFileSync(at('plain.zip')), { [held]: evidence, 'openings.json': openings }),
  );
  const both = await make('--like', 'old.zip', '-o', 'new.zip');
  t.match(both, { code: 1 });
  t.match(both.err, /--openings openings\.json/);
  t.match(both.err, new RegExp(`${held} \\(unzip old\\.zip 'attachments/\\*'`));
});

t.test("a policy of the log's own directory is named as that", async (t) => {
  const w = await start(t);
  const own = join(w.dir, 'tallystick-data');
  mkdirSync(own);
  writeFileSync(join(own, 'trust.policy'), readFileSync(join(w.dir, 'witnessed.policy')));
  writeFileSync(join(own, 'tallystick.yaml'), 'policy: trust.policy\n');
  const made = await w.tally('audit', 'bundle', SUBJECT, ...PERIOD, '-o', 'a.zip', '--yes', ...w.policy);
  t.equal(made.code, 0, made.err);
  const given = await w.tally('verify', 'a.zip', ...w.policy);
  t.match(given.out, /✓ policy {6}yours, [0-9a-f]{64}, from .*witnessed\.policy\n/);
  t.notMatch(given.out, /own directory/);
  const bare = { TALLYSTICK_VKEY: undefined, TALLYSTICK_DATA_DIR: own };
  const found = await w.tallyIn(bare, 'verify', 'a.zip');
  t.equal(found.code, 0, found.err);
  t.match(
    found.out,
    /policy {6}yours, .*tallystick-data\/trust\.policy, by .*tallystick\.yaml:1: the log's own directory/,
  );
  t.match(
    found.out,
    /VERIFIED, AUTHENTIC under your policy .*the log's own directory, which its operator wrote/,
  );
  const json = await w.tallyIn(bare, 'verify', 'a.zip', '--json');
  t.match(json.json.policy_from, /own directory/);
  t.match((await w.tallyIn(bare, 'trust', 'show')).err, /own directory/);
  const none = await w.tallyIn({ ...bare, TALLYSTICK_DATA_DIR: undefined }, 'verify', 'a.zip');
  t.match(none, { code: 0 }, '…also where it lies in the working directory');
  t.match(none.out, /own directory/);
});
