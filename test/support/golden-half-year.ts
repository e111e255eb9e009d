/**
 * A half year of one subject, by a simulated clock: everything that an audit must tell apart, at times from which its figures can
 * be worked out by hand (test/appraisal/past/golden.test.ts does). The log begins on 20 December 2025 and ends on 9 July 2026; the
 * period is 1 January to 1 July. Two witnesses cosign every six hours, of which the reader asks for both.
 *
 *     1 Jan  – 31 Mar   agent one looks at `tls` daily at 08:00, at `login` every seven days
 *     10–12 Jan         `tls` is not looked at, though the agent logs other things: missed
 *     3 Feb             `tls` is violated from 14:20 to 15:00: 40 minutes
 *     20–23 Feb         it is violated, and waived from 20 Feb 11:00 to 22 Feb 11:00
 *     1 Mar             the look at `login` is half an hour late, at 08:30
 *     1–9 Mar           agent two looks at `tls` instead; on 20 Mar its key is revoked from its look of 5 Mar on
 *     1 Apr             12:00 another commitment, which claims `tls` alone; it is approved at 18:00
 *     15 Apr            `tls` is contradicted from 08:00 to 20:00
 *     1–3 May           the log is away from 1 May 01:00 to 3 May 05:00; then the agent makes two days of proofs in a minute
 *     20–24 May         the agent is away; waived from 22 May 08:00 to 23 May 08:00
 *     10–12 Jun         the commitment is withdrawn (10 Jun 12:00, approved 13:00); another one on 12 Jun 12:00
 *     25 Jun            one more is committed, and lacks two approvals until the end of the period
 *     5 Jul             that one is superseded
 */
import type { Digest } from '#src/bytes/brand.ts';
import {
  agentTwo,
  claimOf,
  DAY,
  HOUR,
  MINUTE,
  PastStory,
  T,
  type ProveOptions,
  type Seen,
} from './past-story.ts';

export const PERIOD = { since: T('2026-01-01'), until: T('2026-07-01') } as const;

/** The commitments and what else the tests name, by entry id. */
export interface Golden {
  readonly story: PastStory;
  readonly first: Digest;
  readonly second: Digest;
  readonly withdrawal: Digest;
  readonly third: Digest;
  readonly pending: Digest;
  readonly fifth: Digest;
  readonly revocation: Digest;
  readonly waivers: readonly [Digest, Digest];
  /** The four proofs of the last minute of the outage. */
  readonly minute: readonly Digest[];
  /** Agent two's look of 5 March, the first one that is revoked. */
  readonly fallen: Digest;
}

interface Step {
  readonly at: number;
  readonly run: () => Promise<unknown>;
}

/** Steps in the order in which they are added where their times are equal. */
class Plan {
  readonly #steps: Step[] = [];

  add(at: number, run: Step['run']): void {
    this.#steps.push({ at, run });
  }

  async run(story: PastStory): Promise<void> {
    for (const { at, run } of this.#steps.toSorted((a, b) => a.at - b.at)) {
      story.at(at);
      await run();
    }
  }
}

/** Makes the half year anew; it is the same in every byte. */
export async function goldenHalfYear(): Promise<Golden> {
  const story = await PastStory.start(T('2025-12-20'));
  const made: Partial<Record<string, Digest>> = {};
  const plan = new Plan();
  const id = (name: string): Digest => {
    const found = made[name];
    if (found === undefined) throw new Error(`${name} is not logged yet`);
    return found;
  };
  const make = (name: string, at: string, run: () => Promise<Digest>): void =>
    plan.add(T(at), async () => void (made[name] = await run()));
  const look = (commitment: string, at: number, seen: Seen, options: ProveOptions = {}, name = ''): void =>
    plan.add(at, async () => void (made[name] = await story.prove(id(commitment), seen, options)));
  /** A look at `tls` at 08:00 of each day from one to another, but for some. */
  const daily = (commitment: string, from: string, to: string, but: readonly string[] = []): void => {
    for (let day = T(from); day <= T(to); day += DAY)
      if (!but.some((each) => T(each) === day)) look(commitment, day + 8 * HOUR, seenOn(day));
  };

  commitments(make, story, id);
  declaredFirst(daily, look);
  agentTwoLooks(look, make, story, id);
  declaredSecond(daily, look);
  outage(plan, story, id, made);
  daily('third', '2026-06-13', '2026-07-08');
  look('third', T('2026-06-12 14:00'), { tls: 'PROVEN' });
  for (let at = T('2025-12-20 12:00'); at <= T('2026-07-09'); at += 6 * HOUR)
    if (at < T('2026-05-01 01:00') || at > T('2026-05-03 05:00')) plan.add(at, () => story.witness());
  await plan.run(story);

  return {
    story,
    first: id('first'),
    second: id('second'),
    withdrawal: id('withdrawal'),
    third: id('third'),
    pending: id('pending'),
    fifth: id('fifth'),
    revocation: id('revocation'),
    waivers: [id('waiver 1'), id('waiver 2')],
    minute: [0, 1, 2, 3].map((i) => id(`minute ${i}`)),
    fallen: id('fallen'),
  };
}

type Make = (name: string, at: string, run: () => Promise<Digest>) => void;
type Id = (name: string) => Digest;
type LookAt = (commitment: string, at: number, seen: Seen, options?: ProveOptions, name?: string) => void;
type Daily = (commitment: string, from: string, to: string, but?: readonly string[]) => void;

/** Days on which `login` is looked at too: every seven days from 21 December. */
function isLoginDay(day: number): boolean {
  return (day - T('2025-12-21')) % (7 * DAY) === 0;
}

function seenOn(day: number): Seen {
  const isViolated = day >= T('2026-02-21') && day <= T('2026-02-23');
  const isContradicted = day === T('2026-04-15');
  const tls = isViolated ? 'VIOLATED' : isContradicted ? 'CONTRADICTED' : 'PROVEN';
  return isLoginDay(day) && day < T('2026-04-01') ? { tls, login: 'PROVEN' } : { tls };
}

function commitments(make: Make, story: PastStory, id: Id): void {
  const tls = claimOf('tls');
  const login = claimOf('login', { cadence: 7 * DAY });
  make('first', '2025-12-20 09:00', () => story.commit([tls, login]));
  make('waiver 1', '2026-02-20 11:00', () => story.waive(id('first'), ['tls'], T('2026-02-22 11:00')));
  make('second', '2026-04-01 12:00', () => story.commit([tls], { approvals: 1 }));
  make('approval 1', '2026-04-01 18:00', () => story.approve(id('second')));
  make('waiver 2', '2026-05-22 08:00', () => story.waive(id('second'), ['tls'], T('2026-05-23 08:00')));
  make('withdrawal', '2026-06-10 12:00', () => story.withdraw(id('second')));
  make('approval 2', '2026-06-10 13:00', () => story.approve(id('withdrawal')));
  make('third', '2026-06-12 12:00', () => story.commit([tls]));
  make('pending', '2026-06-25 12:00', () => story.commit([tls, login], { approvals: 2 }));
  make('fifth', '2026-07-05 12:00', () => story.commit([tls]));
}

function declaredFirst(daily: Daily, look: LookAt): void {
  daily('first', '2025-12-21', '2026-02-28', ['2026-01-10', '2026-01-11', '2026-01-12']);
  look('first', T('2026-01-11 08:00'), { login: 'PROVEN' });
  look('first', T('2026-01-12 08:00'), {});
  look('first', T('2026-02-03 14:20'), { tls: 'VIOLATED' });
  look('first', T('2026-02-03 15:00'), { tls: 'PROVEN' });
  look('first', T('2026-02-20 10:00'), { tls: 'VIOLATED' });
  look('first', T('2026-02-23 09:00'), { tls: 'PROVEN' });
  daily('first', '2026-03-10', '2026-04-01');
}

function agentTwoLooks(look: LookAt, make: Make, story: PastStory, id: Id): void {
  const by = { by: agentTwo };
  for (let day = T('2026-03-01'); day <= T('2026-03-09'); day += DAY) {
    look('first', day + 8 * HOUR, { tls: 'PROVEN' }, by, day === T('2026-03-05') ? 'fallen' : '');
    if (isLoginDay(day)) look('first', day + 8 * HOUR + 30 * MINUTE, { login: 'PROVEN' });
  }
  make('revocation', '2026-03-20 12:00', () => story.revoke(agentTwo, story.indexOf(id('fallen'))));
}

function declaredSecond(daily: Daily, look: LookAt): void {
  daily('second', '2026-04-02', '2026-04-30');
  look('second', T('2026-04-15 20:00'), { tls: 'PROVEN' });
  daily('second', '2026-05-03', '2026-05-19');
  daily('second', '2026-05-25', '2026-06-10');
}

/** Four proofs that claim to be of two days, made from one challenge and logged within a minute. */
function outage(plan: Plan, story: PastStory, id: Id, made: Partial<Record<string, Digest>>): void {
  const windows = ['2026-05-01 08:00', '2026-05-01 20:00', '2026-05-02 08:00', '2026-05-02 20:00'];
  for (const [i, end] of windows.entries())
    plan.add(T('2026-05-03 05:00') + i, async () => {
      const window = { start: T(end), end: T(end) };
      made[`minute ${i}`] = await story.prove(id('second'), { tls: 'PROVEN' }, { change: { window } });
    });
}
