/** The commitments of a subject by name, what can be approved of it, and since when something is as it is; through the library alone. */
import t from 'tap';
import { approvableIn, approvableNamed, assertMayApprove } from '#src/appraisal/approvable.ts';
import { appraiseSubject, type SubjectStatus } from '#src/appraisal/subject.ts';
import { asItIsSince, currentOf, predecessorOf, versionJson, versionNamed } from '#src/appraisal/versions.ts';
import { commitmentNamed } from '#src/client/commitment-named.ts';
import { SeeWorld, SUBJECT } from '../support/see-world.ts';
import { people } from '../support/world.ts';

async function statusOf(w: SeeWorld, subject = SUBJECT): Promise<SubjectStatus> {
  const snapshot = await w.client().snapshot();
  return appraiseSubject(await snapshot.subject(subject), snapshot.context);
}

t.test('names, and since when', async (t) => {
  const w = await SeeWorld.start(t);
  const tiers = ['critical-path', 'background', 'background'] as const;
  const ids: string[] = [];
  for (const tier of tiers) ids.push((await w.commit({ tier })).toHex());
  const status = await statusOf(w);
  const [first, second, third] = status.history.declared;
  t.equal(versionNamed(status, '2'), second);
  t.equal(versionNamed(status, ids[2]?.slice(0, 8) ?? ''), third);
  for (const name of ['9', '', ids[2]?.slice(0, 7) ?? '']) {
    t.throws(() => versionNamed(status, name), { code: 'not-found' }, `"${name}"`);
  }
  t.equal(predecessorOf(status.history, second), first);
  t.equal(predecessorOf(status.history, first), undefined);
  t.equal(currentOf(status), third);
  const now = currentOf(status);
  const tier = asItIsSince(status.history, now, ({ declaration }) => declaration.tier);
  t.strictSame([tier.since.entry.index, tier.isUnknown], [2, false]);
  const hidden = asItIsSince(status.history, now, (each) => (each === first ? { unknown: true } : 'same'));
  t.strictSame([hidden.since.entry.index, hidden.isUnknown], [2, true], 'it may have been so before');
  const snapshot = await w.client().snapshot();
  t.match(
    status.history.declared.map((each) => versionJson(snapshot.policies, each)),
    [{ author: 'author', state: 'ended by entry 2' }, { state: 'ended by entry 3' }, { state: 'in force' }],
  );
  t.match(await commitmentNamed(snapshot, '3'), { index: 3, subject: SUBJECT });
  t.equal(await commitmentNamed(snapshot, SUBJECT), undefined, 'a subject');
  await t.rejects(commitmentNamed(snapshot, '77'), { code: 'not-found' });
});

t.test('a subject that is called like an entry comes first', async (t) => {
  const w = await SeeWorld.start(t);
  await w.commit();
  await w.commit({}, '1');
  t.equal(await commitmentNamed(await w.client().snapshot(), '1'), undefined);
});

t.test('what can be approved', async (t) => {
  const w = await SeeWorld.start(t);
  await w.commit({ approvals: 1 });
  const waiting = await statusOf(w);
  const about = approvableIn(waiting);
  t.equal(about.entry.index, 1);
  t.throws(() => assertMayApprove(about, about.entry.parsed.kid), { code: 'own-commitment' });
  await w.approve(await w.commit({ approvals: 1 }), people.approver);
  const status = await statusOf(w);
  const [old, newest] = status.history.declared;
  t.throws(() => approvableNamed(status, old?.entry ?? { index: 0, id: '' }), {
    code: 'superseded-meanwhile',
  });
  t.throws(() => approvableNamed(status, { index: 9, id: 'f'.repeat(64) }), { code: 'not-found' });
  t.equal(approvableNamed(status, newest?.entry ?? { index: 0, id: '' }), newest);
  t.throws(() => approvableIn(status), { code: 'usage', message: /has all the approvals/ });
  const kid = newest?.approvals[0]?.parsed.kid ?? '';
  t.throws(() => newest && assertMayApprove(newest, kid), { code: 'usage', message: /approved it already/ });
});
