/** `watch` of everything under a flood: what is known is looked at first, what is new in bounded steps. Reads are counted, not time. */
import t from 'tap';
import type { Snapshot } from '#src/client/snapshot.ts';
import type { LogClient } from '#src/client/client.ts';
import type { WatchedLog } from '#src/monitor/watch/watch.ts';
import { Claiming, WATCH_LIMITS, WATCH_ONCE, watchedSubjects } from '#src/monitor/watch/subjects.ts';
import { Roster } from '#src/client/roster.ts';
import type { Listed, Page, Wanted } from '#src/client/search.ts';
import { entryId } from '#src/bytes/brand.ts';
import { claim, SeeWorld, SUBJECT } from '../support/see-world.ts';

const violated = { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' } as const;

/** A log whose entries are one commitment of each subject, of one key. */
class Made {
  readonly subjects: string[] = [];
  readonly roster = new Roster();
  reads = 0;
  claims = (subject: string): boolean => subject.startsWith('prod/');

  readonly #pages = async function* (
    this: Made,
    { from = 0, before = Infinity }: Wanted,
  ): AsyncGenerator<Page> {
    for (let end = Math.min(before, this.subjects.length); ; end -= 512) {
      const low = Math.max(from, end - 512);
      const rows = this.subjects
        .slice(low, end)
        .map((subject, i): Listed => ({ index: low + i, id: entryId('0'.repeat(64)), subject, time: 1 }));
      yield { rows: rows.toReversed(), next: low > from ? low : undefined };
      if (low <= from) return;
    }
  }.bind(this);

  look(): Snapshot {
    const made = {
      policies: { newest: { index: 0 }, revokedSince: () => undefined },
      roster: async () => {
        await this.roster.advance(this.#pages, this.subjects.length);
        return this.roster;
      },
      read: async ([row]: readonly Listed[]) => {
        this.reads++;
        const claims = this.claims(row?.subject ?? '') ? [claim] : [];
        return [{ parsed: { kind: 'commitment', kid: 'k', commitment: { claims } } }];
      },
      entries: async () => Promise.reject(new Error('the newest commitment decides alone')),
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it asks of a look
    return made as unknown as Snapshot;
  }
}

t.test('100,500 commitments of one key: a bounded step a look, oldest first', async (t) => {
  const log = new Made();
  for (let i = 0; i < 10; i++) log.subjects.push(`prod/${i}`);
  for (let i = 0; i < 100_500; i++) log.subjects.push(`dev/${i}`);
  const claiming = new Claiming();
  const watched = new Set<string>();
  for (let looks = 1; looks <= 5; looks++) {
    const { subjects, leftOut, unexamined } = await watchedSubjects(log.look(), watched, claiming);
    if (looks === 1) t.equal(subjects.length, 10, 'who was there first is found first');
    for (const each of subjects) watched.add(each);
    t.ok(log.reads <= looks * WATCH_LIMITS.examined, `${log.reads} reads`);
    t.equal(unexamined + log.reads + (looks === 1 ? 0 : watched.size - 10), 100_510);
    t.equal(leftOut, unexamined, 'what is not examined is counted');
  }
  t.equal(log.reads, 5 * 256, 'nothing is read twice');
  t.equal(watched.size, 10);
  const once = await watchedSubjects(log.look(), new Set(), new Claiming(), WATCH_ONCE);
  t.equal(log.reads, 5 * 256 + 10_000);
  t.match(once, { subjects: { length: 10 }, leftOut: 90_510, unexamined: 90_510 });
});

t.test('a flood that claims something takes the places that are left, and no other', async (t) => {
  const log = new Made();
  log.claims = () => true;
  log.subjects.push('prod/0');
  for (let i = 0; i < 1_000; i++) log.subjects.push(`dev/${i}`);
  log.subjects.push('prod/1');
  const watched = new Set(['prod/0', 'prod/1']);
  const claiming = new Claiming();
  const limits = { subjects: 100, examined: 256 };
  const first = await watchedSubjects(log.look(), watched, claiming, limits);
  t.match(first, { subjects: { length: 98 }, leftOut: 902, unexamined: 744 });
  for (const each of first.subjects) watched.add(each);
  for (let looks = 0; looks < 3; looks++)
    t.match(await watchedSubjects(log.look(), watched, claiming, limits), { subjects: [], leftOut: 902 });
  t.match(await watchedSubjects(log.look(), watched, claiming, limits), { unexamined: 0, leftOut: 902 });
  t.equal(log.reads, 1_000);
});

t.test('news of what is watched is told before, and without, the examination of what is new', async (t) => {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit();
  let looks = 0;
  let examined = 0;
  // The roster is asked for where the examination begins: from the second look on, the log is away then.
  const client = w.client();
  const snapshot = async () => {
    const taken = await client.snapshot();
    return {
      ...taken,
      roster: () => {
        examined++;
        w.away ||= looks > 0;
        return taken.roster();
      },
    };
  };
  const watch = await w.watch({ client: watched(client, snapshot), limits: { subjects: 100, examined: 3 } });
  w.asleep = async () => {
    looks += 1;
    if (looks === 1) {
      await w.prove(commitment, violated);
      for (let i = 0; i < 10; i++) await w.commit({ claims: [] }, `dev/${i}`);
    }
    if (looks === 2) void watch.close();
  };
  await watch.start();
  t.equal(examined, 2);
  t.match(watch.remarks, [/cannot be looked at/]);
  t.match(watch.changes, [
    { before: undefined, now: { verdict: 'UNKNOWN' } },
    { status: { subject: SUBJECT }, before: 'UNKNOWN', now: { verdict: 'VIOLATED' } },
  ]);
});

/** The client, with another way to look. */
function watched(client: LogClient, snapshot: LogClient['snapshot']): WatchedLog {
  const { log, trust } = client;
  return { log, trust, snapshot, logStatement: (...given) => client.logStatement(...given) };
}

t.test('what is not examined yet is told once, and the daemon goes on with it soon', async (t) => {
  const w = await SeeWorld.start(t);
  await w.commit();
  for (let i = 0; i < 10; i++) await w.commit({ claims: [] }, `dev/${i}`);
  await w.commit({}, 'prod/late');
  const limits = { subjects: 100, examined: 3 };
  const client = w.client();
  let calls = 0;
  const counted = watched(client, () => {
    calls++;
    return client.snapshot();
  });
  const watch = await w.watch({ client: counted, limits });
  const times: number[] = [w.now];
  w.asleep = () => {
    times.push(w.now);
    if (times.length === 6) void watch.close();
  };
  const last = await watch.start();
  t.match(watch.remarks, [/9 subjects are not examined yet/, /all subjects with claims are watched again/]);
  t.equal(watch.remarks.length, 2);
  t.equal(calls, 5);
  t.strictSame(
    times.slice(1).map((each, i) => Math.round(each - (times[i] ?? 0))),
    [1, 1, 1, 10, 10],
  );
  t.match(last, { leftOut: 0, statuses: [{ subject: SUBJECT }, { subject: 'prod/late' }] });
  await watch.close();
  const again = await w.watch({ limits });
  t.match(await again.once(), { leftOut: 7 });
  t.match(again.remarks, [/subjects are not examined yet/]);
  await again.close();
});
