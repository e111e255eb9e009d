/** `--at`: a look at the past says what a reader of then was told, and nothing that was logged later counts. */
import t from 'tap';
import { digest } from '#src/bytes/brand.ts';
import { formatTime } from '#src/bytes/time.ts';
import { parseMoment, parseMomentTime } from '#src/client/moment.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { HOUR, SUBJECT } from '../support/see-world.ts';
import { SeeWorld } from './support/see-world.ts';
import { nextPolicyStatement, people, policyDocumentOf } from '../support/world.ts';

const violated = { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' } as const;

interface Recorded {
  readonly size: number;
  readonly time: number;
  readonly subjects: unknown;
  readonly code: number;
}

t.test('--at says what status said then', async (t) => {
  const w = await SeeWorld.start(t);
  const recorded: Recorded[] = [];
  const look = async (seconds: number): Promise<void> => {
    w.now += seconds;
    const { json, code } = await w.tally('status', SUBJECT, '--json');
    recorded.push({ size: json.size, time: json.time, subjects: json.subjects, code });
    // What is said next is of another second.
    w.now += 1;
  };
  const commitment = await w.commit({ approvals: 1 });
  await look(10);
  await w.approve(commitment);
  await look(10);
  await w.prove(commitment);
  await look(50);
  await look(3 * HOUR);
  await w.prove(commitment, violated);
  await look(1);
  await w.waive(commitment);
  await look(1);
  await look(2 * HOUR);
  const second = await w.commit({ approvals: 1, environment: 'test' });
  await look(1);
  await w.approve(second);
  await look(1);
  await w.prove(second);
  await look(20);
  const since = w.log.entries.length - 1;
  const revoked = [{ kid: digest(keyThumbprint(people.agent.publicKey)), since }];
  const keys = policyDocumentOf().keys.filter(({ name }) => name !== 'agent');
  w.log1(await nextPolicyStatement(w.log.entries[0] ?? new Uint8Array(), { keys, revoked }));
  await look(1);
  const verdicts = (subjects: unknown): string =>
    JSON.stringify(subjects).match(/"verdict":"[A-Z]+"/)?.[0] ?? '';
  t.ok(new Set(recorded.map(({ subjects }) => verdicts(subjects))).size >= 5, 'many kinds of verdicts');
  w.now += 30 * 86_400;
  for (const { size, time, subjects, code } of recorded) {
    const at = formatTime(time);
    const told = await w.tally('status', SUBJECT, '--at', at, '--json');
    t.strictSame(told.json.subjects, subjects, `as at ${at}`);
    t.match(told, { code, json: { size, time, at: { size, time, rests_on: 'log', contradicted: false } } });
    t.equal(told.json.at.root, w.log.root(size).toHex());
    const bySize = await w.tally('status', SUBJECT, '--at', String(size), '--json');
    t.equal(bySize.json.size, size);
    t.ok(bySize.json.time <= time, 'the time of its last entry');
  }
  const shown = await w.tally('status', SUBJECT, '--at', formatTime(w.times[3] ?? 0));
  t.match(shown.out, /^at {7}2027-.*: the first 4 entries, root [0-9a-f]{16}…, by the log's word/);
  const why = await w.tally('why', SUBJECT, 'tls-min', '--at', '4');
  t.match(why, { code: 0, out: /PROVEN/ });
  t.match(await w.tally('registry', 'show', SUBJECT, '--at', '4'), { code: 0, out: /author {2}in force/ });
  t.match(await w.tally('registry', 'list', '--at', '2', '--json'), {
    json: { size: 2, subjects: [{ index: 1 }] },
  });
});

t.test('moments that are none', async (t) => {
  const w = await SeeWorld.start(t);
  await w.commit();
  w.now += HOUR;
  const at = (text: string) => w.tally('status', SUBJECT, '--at', text);
  t.match(await at('3'), { code: 2, err: /beyond-head: the log has 2 entries so far/ });
  t.match(await at('0'), { code: 1, err: /before entry 0/ });
  t.match(await at('2026'), { code: 1, err: /size:2026/ });
  t.match(await at('2026-01-05'), { code: 2, err: /the log had no entry at 2026-01-05T23:59:59Z/ });
  t.match(await at('2099-01-05'), { code: 1, err: /has not come/ });
  t.match(await at('2027-01-15T09:00'), { code: 1, err: /time zone/ });
  t.match(await w.tally('status', '--at', '2'), { code: 1, err: /name the subjects/ });
});

t.test('how a moment is written', async (t) => {
  const read = (text: string): unknown => parseMoment(text, '--at');
  t.strictSame(read('812'), { kind: 'size', size: 812 });
  t.strictSame(read('size:2026'), { kind: 'size', size: 2026 });
  const second = Date.UTC(2026, 0, 5, 12) / 1000;
  for (const text of [
    '2026-01-05T12:00Z',
    '2026-01-05T12:00:00Z',
    '2026-01-05T13:00+01:00',
    '2026-01-05T06:30:00-05:30',
  ])
    t.strictSame(read(text), { kind: 'time', time: second }, text);
  t.strictSame(read('2026-01-05'), { kind: 'time', time: Date.UTC(2026, 0, 5, 23, 59, 59) / 1000 });
  t.equal(parseMomentTime('2026-01-05', '--since', 'start'), Date.UTC(2026, 0, 5) / 1000);
  for (const text of [
    '',
    '2026',
    '20260105',
    '1767225600',
    '1767225600000',
    '00',
    '1.5',
    '-1',
    '2026-02-30',
    '2026-1-5',
  ])
    t.throws(() => read(text), { code: 'usage' }, text);
  for (const text of [
    '2026-01-05T24:00Z',
    '2026-01-05T12:00+15:00',
    '2026-01-05 12:00Z',
    'now',
    '812 ',
    'size:-1',
  ])
    t.throws(() => read(text), { code: 'usage' }, text);
});
