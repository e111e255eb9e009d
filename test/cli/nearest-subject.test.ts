/** A mistyped subject gets the nearest one that the log lists, wherever a subject is an operand. */
import t from 'tap';
import { nearestSubject } from '#src/client/nearest-subject.ts';
import { refuse } from '#src/bytes/refusal.ts';
import type { Page } from '#src/client/search.ts';
import { SUBJECT } from '../support/see-world.ts';
import { SeeWorld } from './support/see-world.ts';

const WRONG = `${SUBJECT}x`;
const OWN = ['--owner', 'x', '--reason', 'x', '--until', '7d'];
/** Every verb that takes the name of a subject of the log. */
const VERBS: readonly (readonly string[])[] = [
  ['status', WRONG],
  ['why', WRONG, 'x'],
  ['history', WRONG],
  ['gate', WRONG],
  ['wait', WRONG, '--within', '1s'],
  ['watch', WRONG, '--once'],
  ['waive', WRONG, 'x', ...OWN],
  ['withdraw', WRONG],
  ['approve', WRONG],
  ['registry', 'show', WRONG],
  ['registry', 'diff', WRONG],
  ['registry', 'blame', WRONG, '/x'],
  ['deploy', 'mark', '--subject', WRONG],
  ['commit', '--repin', '--subject', WRONG, '--key', 'keys/author.pem'],
  ['prove', '--subject', WRONG],
  ['agent', 'plan', '--subject', WRONG],
];

t.test('every verb says which subject was meant', async (t) => {
  const w = await SeeWorld.start(t);
  await w.commit({}, 'other/db');
  await w.commit();
  const entries = w.log.entries.length;
  for (const argv of VERBS) {
    const { code, err } = await w.tally(...argv);
    t.match(
      err,
      new RegExp(
        `about "?${WRONG}"?.*; did you mean ${SUBJECT}\\?|no commitment to ${WRONG} .*; did you mean ${SUBJECT}\\?`,
      ),
      argv.join(' '),
    );
    t.ok(code !== 0, argv.join(' '));
  }
  t.equal(w.log.entries.length, entries, 'nothing is logged');
  t.notMatch((await w.tally('status', 'zzzzzzzzzz')).err, /did you mean/, 'nothing near, nothing said');
});

t.test('a listing is bounded, and says nothing in its own words', async (t) => {
  let pages = 0;
  const endless = async function* (): AsyncIterable<Page> {
    for (;;) {
      pages++;
      const rows = Array.from({ length: 64 }, (_, i) => ({ subject: `web/${pages}-${i}` }));
      yield { rows, next: 1 } as unknown as Page;
    }
  };
  t.match(await nearestSubject(endless, 'web/1-1x'), /did you mean web\//);
  t.ok(pages <= 32, `${pages} pages`);
  const hostile = async function* (): AsyncIterable<Page> {
    yield { rows: [{ subject: 'web/sho\u001b[31m' }], next: undefined } as unknown as Page;
  };
  t.notOk((await nearestSubject(hostile, 'web/sho')).includes('\u001b'));
  const away = (): AsyncIterable<Page> => {
    throw refuse('unavailable', 'gone');
  };
  t.equal(await nearestSubject(away, 'web/sho'), '');
  t.equal(await nearestSubject(endless, 'x'.repeat(300)), '', 'a long name is not compared');
});
