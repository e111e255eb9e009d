/** Proving and planning by pattern: what cannot be read, or is too much, is named and keeps nobody from the others. */
import t from 'tap';
import { Learning } from '#src/agent/learning.ts';
import { entryId } from '#src/bytes/brand.ts';
import { Refusal, refuse } from '#src/bytes/refusal.ts';
import { eachSubject } from '#src/agent/subjects.ts';
import { learnSubjects, someOf } from '#src/agent/subjects.ts';
import type { Page, Wanted } from '#src/client/search.ts';

type Open = Parameters<typeof learnSubjects>[0];

/** A log of one commitment of each subject, of which some cannot be read. */
function openOf(subjects: readonly string[], bad: readonly string[]): Open {
  const pages = async function* ({ subject, from = 0 }: Wanted): AsyncGenerator<Page> {
    if (subject !== undefined && bad.includes(subject)) throw refuse('too-large', `${subject} is too much`);
    const listed = subject === undefined && from === 0 ? subjects : [];
    const rows = listed.map((each, index) => ({
      index,
      id: entryId('0'.repeat(64)),
      subject: each,
      time: 1,
    }));
    yield { rows: rows.toReversed(), next: undefined };
  };
  const store = {
    learntUpto: () => 0,
    setLearnt: () => undefined,
    entry: () => undefined,
    subjects: () => subjects,
    entries: (subject: string) => {
      if (bad.includes(subject)) throw refuse('malformed-statement', 'it is damaged');
      return [];
    },
  };
  const open = { agent: { store }, log: { pages, head: async () => ({ size: subjects.length }) } };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it asks of a log and a ledger
  return open as unknown as Open;
}

t.test('one that cannot be read', async (t) => {
  const found = await learnSubjects(openOf(['dev/a', 'dev/b'], ['dev/b']), ['dev/**', 'prod/x'], undefined);
  t.match(found, { subjects: ['prod/x'], failed: [{ subject: 'dev/b', refusal: { code: 'too-large' } }] });
  const done: string[] = [];
  const failed = await eachSubject(found.subjects, (each) => void done.push(each), found.failed);
  t.strictSame(done, ['prod/x']);
  t.strictSame(failed, found.failed, 'and what failed is still said');
  const alone = await learnSubjects(openOf(['dev/b'], ['dev/b']), ['dev/b'], undefined);
  t.throws(() => someOf(alone, ['dev/b']), { code: 'too-large' });
  t.throws(() => someOf({ subjects: [], failed: [] }, ['dev/**']), { code: 'not-found' });
  const refused = (): never => {
    throw new Refusal('not-found', 'nothing');
  };
  t.match(await eachSubject(['prod/x'], refused, found.failed), [
    { subject: 'dev/b' },
    { subject: 'prod/x', refusal: { code: 'not-found' } },
  ]);
  await t.rejects(eachSubject(['prod/x'], refused), { code: 'not-found' });
});

t.test('a pattern of more subjects than one run takes', async (t) => {
  const many = Array.from({ length: 10_050 }, (_, i) => `dev/${i}`);
  const found = await learnSubjects(openOf(many, []), ['prod/x', 'dev/**'], undefined);
  t.match(found, {
    subjects: ['prod/x'],
    failed: [{ subject: 'dev/**', refusal: { code: 'too-large', message: /50 are left out/ } }],
  });
});

t.test('an agent that starts while its log is away, and keeps a subject that it cannot recall', (t) => {
  const { agent, log } = openOf(['dev/a', 'dev/b'], ['dev/b']);
  const learning = new Learning(log, agent.store, ['dev/**']);
  learning.remember(undefined);
  t.strictSame([...learning.histories.keys()], ['dev/a']);
  t.end();
});
