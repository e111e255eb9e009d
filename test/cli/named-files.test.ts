/** Every verb that reads a file that a user names refuses what is no file, and does not wait for it. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { SUBJECT } from '../support/see-world.ts';
import { SeeWorld } from './support/see-world.ts';

const skip = process.platform === 'win32' && 'Windows has no such files';

/** P: a pipe to which nobody writes. */
const VERBS: readonly (readonly string[])[] = [
  ['verify', 'P.zip'],
  ['verify', 'audit.zip', '--policy', 'P'],
  ['verify', 'P'],
  ['verify', 'x.tlog-proof', '--receipt-key', 'P'],
  ['trust', 'show', '--policy', 'P'],
  ['trust', 'show', '--config', 'P'],
  ['status', SUBJECT, '--policy', 'P'],
  ['status', SUBJECT, '--log', 'P.zip'],
  ['history', SUBJECT, '--log', 'P.zip'],
  ['audit', '--inventory', 'P'],
  ['audit', SUBJECT, '--frameworks', 'P'],
  ['audit', 'bundle', '-o', 'o.zip', '--like', 'P'],
  ['audit', 'bundle', SUBJECT, '-o', 'o.zip', '--openings', 'P'],
  ['audit', 'bundle', SUBJECT, '-o', 'o.zip', '--people', 'P'],
  ['audit', 'bundle', SUBJECT, '-o', 'o.zip', '--attachment', 'P'],
  ['verify-incident', 'P'],
  ['submit', 'P'],
  ['policy', 'set', 'P'],
  ['commit', 'json', 'P', '--subject', 'web/x', '--key', 'author.pem'],
  ['commit', 'json', 'x.json', '--claims', 'P', '--subject', 'web/x', '--key', 'author.pem'],
  ['status', SUBJECT, '--vkey', 'P'],
];

t.test('a pipe in the place of a file', { skip, timeout: 60_000 }, async (t) => {
  const w = await SeeWorld.start(t);
  execFileSync('mkfifo', [join(w.dir, 'P'), join(w.dir, 'P.zip')]);
  for (const name of ['audit.zip', 'x.tlog-proof']) writeFileSync(join(w.dir, name), '');
  writeFileSync(join(w.dir, 'x.json'), '{"a":1}');
  t.match(await w.tally('keygen', '--out', 'author.pem'), { code: 0 });
  for (const argv of VERBS) {
    const { code, err } = await w.tally(...argv);
    t.not(code, 0, argv.join(' '));
    t.match(err, /P(?:\.zip)?: it is a pipe/, argv.join(' '));
  }
});
