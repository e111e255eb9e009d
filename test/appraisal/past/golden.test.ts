/**
 * The golden half year, audited to numbers that were worked out by hand: see test/support/golden-half-year.ts for what happens.
 * The period has 181 days, 15,638,400 seconds. A due time is inclusive: a claim is overdue from one second after it.
 */
import t from 'tap';
import { knownHistory } from '#src/appraisal/past/known.ts';
import type { ClaimPast, Span } from '#src/appraisal/past/known-types.ts';
import { formatTime } from '#src/bytes/time.ts';
import { goldenHalfYear, PERIOD } from '../../support/golden-half-year.ts';
import { agentThree, agentTwo, DAY, HOUR, kidOf, people, T } from '../../support/past-story.ts';

const golden = await goldenHalfYear();
const { story } = golden;
const past = knownHistory(story.record(), PERIOD);
const claimNamed = (id: string): ClaimPast => {
  const found = past.claims.find(({ claim }) => claim === id);
  if (found === undefined) throw new Error(`no claim ${id}`);
  return found;
};
const tls = claimNamed('tls');

/** `from … to: kind`, with what a reader must see. */
const lineOf = ({ from, to, kind, hides, why, verdict, evidence }: Span): string =>
  [formatTime(from), formatTime(to), kind, hides, why, verdict, evidence]
    .filter((each) => each !== undefined)
    .join(' ');

const at = (time: string): string => formatTime(T(time));
const spanLine = (from: string, to: string, rest: string): string => `${at(from)} ${at(to)} ${rest}`;

t.test('the spans of tls, each with its reason', async (t) => {
  const covered = 'covered PROVEN E1';
  t.strictSame(tls.spans.map(lineOf), [
    // C1 from 20 December. The look of 9 January is due again by the 10th, 08:00:00.
    spanLine('2026-01-01', '2026-01-10 08:00:01', covered),
    spanLine('2026-01-10 08:00:01', '2026-01-13 08:00', 'uncovered missed STALE'),
    spanLine('2026-01-13 08:00', '2026-02-03 14:20', covered),
    spanLine('2026-02-03 14:20', '2026-02-03 15:00', 'failed VIOLATED'),
    spanLine('2026-02-03 15:00', '2026-02-20 10:00', covered),
    spanLine('2026-02-20 10:00', '2026-02-20 11:00', 'failed VIOLATED'),
    spanLine('2026-02-20 11:00', '2026-02-22 11:00', 'waived failed VIOLATED'),
    spanLine('2026-02-22 11:00', '2026-02-23 09:00', 'failed VIOLATED'),
    spanLine('2026-02-23 09:00', '2026-03-05 08:00', covered),
    // Agent two's revoked look of the 9th is in time until the 10th, 08:00:00, that second included, and the worst decides.
    spanLine('2026-03-05 08:00', '2026-03-10 08:00:01', 'uncovered revoked REVOKED'),
    spanLine('2026-03-10 08:00:01', '2026-04-01 18:00', covered),
    // C2 is pending until 18:00, and C1 in force. Then nothing is proven of C2 until the next morning.
    spanLine('2026-04-01 18:00', '2026-04-02 08:00', 'uncovered awaited UNKNOWN'),
    spanLine('2026-04-02 08:00', '2026-04-15 08:00', covered),
    spanLine('2026-04-15 08:00', '2026-04-15 20:00', 'failed CONTRADICTED'),
    spanLine('2026-04-15 20:00', '2026-05-01 08:00:01', covered),
    // The last head was witnessed on 1 May 00:00:03, the next one on 3 May 06:00:03. The four proofs of the last minute are one
    // look, made somewhere between 1 May 00:00:01 and 3 May 06:00:03: it covers nothing.
    spanLine('2026-05-01 08:00:01', '2026-05-03 06:00:03', 'uncovered log-away STALE'),
    spanLine('2026-05-03 06:00:03', '2026-05-03 08:00', 'uncovered somewhere STALE'),
    spanLine('2026-05-03 08:00', '2026-05-20 08:00:01', covered),
    spanLine('2026-05-20 08:00:01', '2026-05-22 08:00', 'uncovered agent-away STALE'),
    spanLine('2026-05-22 08:00', '2026-05-23 08:00', 'waived uncovered agent-away STALE'),
    spanLine('2026-05-23 08:00', '2026-05-25 08:00', 'uncovered agent-away STALE'),
    spanLine('2026-05-25 08:00', '2026-06-10 13:00', covered),
    spanLine('2026-06-10 13:00', '2026-06-12 12:00', 'uncovered withdrawn'),
    spanLine('2026-06-12 12:00', '2026-06-12 14:00', 'uncovered awaited UNKNOWN'),
    // C4 is pending until after the period, and C3 in force.
    spanLine('2026-06-12 14:00', '2026-07-01', covered),
  ]);
  const failed = tls.spans.filter(({ kind, hides }) => kind === 'failed' || hides === 'failed');
  t.strictSame(
    failed.map(({ startedAfter }) => startedAfter && formatTime(startedAfter)),
    [
      at('2026-02-03 08:00'),
      at('2026-02-20 08:00'),
      at('2026-02-20 08:00'),
      at('2026-02-20 08:00'),
      at('2026-04-14 08:00'),
    ],
    'a violation began after the claim was last PROVEN, and before the look that saw it',
  );
  const waived = tls.spans.flatMap(({ waiver }) => (waiver === undefined ? [] : [waiver.id]));
  t.strictSame(
    waived,
    golden.waivers.map((id) => id.toHex()),
  );
});

t.test('the figures of tls', async (t) => {
  const { figures } = tls;
  t.strictSame(figures, {
    grades: { looks: 'word', time: 'word' },
    // C1: cadences end at 09:00, 1 January to 1 April: 31 + 28 + 31 + 1. C2, from 1 April 18:00: 2 April to 9 June, 29 + 31 + 9.
    // C3, from 12 June 12:00: 13 to 30 June, 18.
    expected: 91 + 69 + 18,
    // January 31 - 3; February 28 + 4; March 9 + 22; April 30 + 1; May 1 + 17 + 7; June 10 + 19.
    looks: 28 + 32 + 31 + 31 + 25 + 29,
    // 3 Feb; 20, 21, 22, 23 Feb; 15 Apr. Revoked: 5 to 9 March.
    proven: 176 - 6 - 5,
    failed: 6,
    other: 5,
    // January 3; the revoked ones 5; 1 and 2 May; 20 to 24 May.
    missed: 3 + 5 + 2 + 5,
    // 13 January; 3 May 05:00 and 08:00; 25 May.
    late: 4,
    seconds: {
      covered: 15_638_400 - 1_436_398 - 128_400 - 259_200,
      // 3 Feb 40 min; 20 Feb 1 h, 22 Feb 22 h; 15 Apr 12 h.
      failed: 2_400 + 3_600 + 79_200 + 43_200,
      // missed; revoked; awaited; log away; somewhere; agent away but for a day; withdrawn; awaited.
      uncovered: 259_199 + 432_001 + 50_400 + 165_602 + 7_197 + (431_999 - 86_400) + 169_200 + 7_200,
      waived: 172_800 + 86_400,
    },
    hidden: { failed: 172_800, uncovered: 86_400 },
    coveredBy: { E1: 15_638_400 - 1_436_398 - 128_400 - 259_200 },
    // Five days and a second; the agent's absence is two seconds shorter, the waiver in it included.
    longestUncovered: { from: T('2026-03-05 08:00'), to: T('2026-03-10 08:00:01') },
  });
});

t.test('login: claimed by the first commitment alone', async (t) => {
  const { spans, figures, looks, differences } = claimNamed('login');
  t.strictSame(spans.map(lineOf), [
    spanLine('2026-01-01', '2026-03-01 08:00:01', 'covered PROVEN E1'),
    // Agent one looks half an hour after it was due: 29 minutes and 59 seconds.
    spanLine('2026-03-01 08:00:01', '2026-03-01 08:30', 'uncovered late STALE'),
    spanLine('2026-03-01 08:30', '2026-04-01 18:00', 'covered PROVEN E1'),
    spanLine('2026-04-01 18:00', '2026-07-01', 'uncovered unclaimed'),
  ]);
  t.match(figures, {
    // Cadences of seven days end at 09:00 on 3 January … 28 March.
    expected: 13,
    looks: 13,
    proven: 13,
    missed: 0,
    late: 1,
    seconds: {
      covered: 90 * DAY + 18 * HOUR - 1_799,
      failed: 0,
      uncovered: 90 * DAY + 6 * HOUR + 1_799,
      waived: 0,
    },
    longestUncovered: { from: T('2026-03-01 08:00:01'), to: T('2026-03-01 08:30') },
  });
  t.equal(looks.length, 13);
  t.strictSame(differences, []);
});

t.test('the looks: who made them, between which times, and who vouches for that', async (t) => {
  const look = tls.looks.find((each) => each.at === T('2026-01-20 08:00'));
  t.match(look, {
    kid: kidOf(people.agent),
    name: 'agent one',
    commitment: golden.first.toHex(),
    stated: 'PROVEN',
    verdict: 'PROVEN',
    evidence: 'E1',
    // The notice of 06:00 holds a head that a witness cosigned at 06:00:01; the one of 12:00 had both by 12:00:03.
    bounds: { notBefore: T('2026-01-20 06:00:01'), notAfter: T('2026-01-20 12:00:03') },
    vouched: 'witnesses',
    isSomewhere: false,
    isLate: false,
    wrong: [],
    due: T('2026-01-21 08:00'),
  });
  t.equal(look?.oneWith, look?.entry.index);
  const revoked = tls.looks.filter(({ verdict }) => verdict === 'REVOKED');
  t.strictSame(
    revoked.map(({ at: time, name, stated }) => [time, name, stated]),
    [5, 6, 7, 8, 9].map((day) => [T(`2026-03-0${day} 08:00`), 'agent two', 'PROVEN']),
  );
  const minute = tls.looks.filter(({ isSomewhere }) => isSomewhere);
  t.strictSame(
    minute.map(({ entry }) => entry.id),
    golden.minute.map((id) => id.toHex()),
  );
  t.equal(
    new Set(minute.map(({ oneWith }) => oneWith)).size,
    1,
    'two days of proofs in a minute are one look',
  );
  for (const { bounds } of minute)
    t.strictSame(bounds, { notBefore: T('2026-05-01 00:00:01'), notAfter: T('2026-05-03 06:00:03') });
});

t.test('what was believed, and what changed it', async (t) => {
  const [revoked, minute, ...rest] = tls.differences;
  t.match(revoked, {
    from: T('2026-03-05 08:00'),
    to: T('2026-03-10 08:00:01'),
    believed: { verdict: 'PROVEN' },
    known: { verdict: 'REVOKED' },
    changedBy: [{ id: golden.revocation.toHex(), why: /^it revokes .* 5 entries before it do not count$/ }],
  });
  // The third proof of the minute says 2 May 08:00, so readers took the claim for PROVEN from then on.
  t.match(minute, {
    from: T('2026-05-03 05:00:02'),
    to: T('2026-05-03 08:00'),
    believed: { verdict: 'PROVEN' },
    known: { verdict: 'STALE' },
  });
  t.strictSame(
    minute?.changedBy.map(({ id }) => id),
    golden.minute.map((id) => id.toHex()),
  );
  t.strictSame(rest, []);
});

t.test('every agent key that may prove, and how complete its proofs are', async (t) => {
  const keys = new Map(past.keys.map((each) => [each.kid, each]));
  t.equal(keys.size, 3);
  // 167 looks of its own and three more that count as one with another; `login` alone 11 Jan, 1 and 8 Mar; a heartbeat 12 Jan.
  t.match(keys.get(kidOf(people.agent)), { names: ['agent one'], proofs: 167 + 3 + 3 + 1, grade: 'chain' });
  t.match(keys.get(kidOf(agentTwo)), {
    names: ['agent two'],
    proofs: 9,
    grade: 'word',
    why: /no link of its chain after the period/,
    revoked: { since: story.indexOf(golden.fallen), by: story.indexOf(golden.revocation) },
  });
  t.match(keys.get(kidOf(agentThree)), { names: ['agent three'], proofs: 0, grade: 'word', why: /no proof/ });
  t.strictSame(past.grades, {
    policy: 'word',
    commitment: 'chain',
    approval: 'word',
    waiver: 'word',
    deployment: 'word',
    proof: 'word',
  });
  t.strictSame(past.wrong, []);
});

t.test('the commitments of the period, and the heads around it', async (t) => {
  t.strictSame(
    past.declared.map(({ entry }) => entry.id),
    [golden.first, golden.second, golden.third, golden.pending].map((id) => id.toHex()),
  );
  t.strictSame(
    past.withdrawals.map(({ entry }) => entry.id),
    [golden.withdrawal.toHex()],
  );
  t.match(past.heads.before, { notAfter: T('2025-12-31 18:00:03') });
  t.match(past.heads.after, { notBefore: T('2026-07-01 00:00:01') });
  t.match(past, { vouched: 'witnesses', size: story.entries.length, asOf: T('2026-07-09') });
});

t.test('moments: nobody revealed a seed', async (t) => {
  for (const { moments } of tls.moments) t.match(moments, { kind: 'chosen' });
  t.equal(tls.moments.length, 4, 'agent one under three commitments, agent two under one');
});
