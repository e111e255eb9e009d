/** `net@1` without a network: what the tries show, who may set what, and how often it may try. */
import fc from 'fast-check';
import t from 'tap';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { combine, outcomeOfErrno, settle, type ControlLook, type Outcome } from '#src/probe/net/outcome.ts';
import { Pace } from '#src/probe/net/pace.ts';
import { makeNetProbe } from '#src/probe/net/probe.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import { tcp } from '../support/e3-targets.ts';
import { claimOf, look } from '../support/probe-targets.ts';
import { quickPace } from '../support/net-pace.ts';

/** A minute passes before each run. */
const pace = quickPace();
const probe = makeNetProbe({ connectMs: 500, answerMs: 200, lossMs: 900 }, pace);
const verdict = (expr: string, seen: Observed): string => judgeClaim(claimOf(probe, expr), seen).verdict;

const OUTCOMES: readonly Outcome[] = ['answered', 'other', 'connected', 'reset', 'icmp', 'silence', 'local'];
const good: ControlLook = { outcome: 'answered', connectMs: 1 };
const four = [good, good, good, good];

t.test('"not reachable" is never shown but by three tries between four answers of the control', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...OUTCOMES), { minLength: 1, maxLength: 4 }),
      fc.option(
        fc.array(
          fc.record({
            outcome: fc.constantFrom(...OUTCOMES),
            connectMs: fc.constantFrom(1, 899, 900, 5_000),
          }),
          { maxLength: 5 },
        ),
        { nil: undefined },
      ),
      (tries, controls) => {
        const { reachable, unproven } = settle({ tries, controls });
        if (reachable !== false || unproven !== undefined) return;
        t.ok(tries.length >= 3 && ['silence', 'icmp'].includes(tries.at(-1) ?? ''));
        t.ok(controls !== undefined && controls.length >= 4);
        t.ok(controls?.every(({ outcome, connectMs }) => outcome === 'answered' && connectMs < 900));
      },
    ),
  );
  t.match(settle({ tries: ['silence', 'icmp', 'icmp'], controls: four }), {
    outcome: 'silence',
    reachable: false,
    unproven: undefined,
  });
  t.match(settle({ tries: ['silence', 'silence'], controls: four }).unproven, /only 2 of 3/);
  t.match(
    settle({ tries: ['silence', 'silence', 'silence'], controls: four.slice(1) }).unproven,
    /before and after/,
  );
  t.match(settle({ tries: ['local'], controls: undefined }), { reachable: undefined });
  t.end();
});

t.test('one address of several decides only "reachable"', (t) => {
  const shut = settle({ tries: ['silence', 'silence', 'silence'], controls: four });
  const open = settle({ tries: ['answered'], controls: [good] });
  const reset = settle({ tries: ['reset'], controls: [good] });
  const proxy = settle({ tries: ['connected'], controls: [good] });
  t.equal(combine([shut, open], false).reachable, true, 'IPv6 is open and IPv4 is not');
  t.match(combine([shut, reset], false), { reachable: false, unproven: /reset/ });
  t.match(combine([shut, proxy], false), { reachable: undefined });
  t.match(combine([shut, shut], false), { reachable: false, unproven: undefined });
  t.match(
    combine([shut, shut], true),
    { reachable: undefined, unproven: /more addresses/ },
    'one that was not looked at may be open',
  );
  t.throws(() => combine([], false));
  t.end();
});

t.test('an errno of the call itself is of this machine', (t) => {
  for (const code of ['ECONNREFUSED', 'EHOSTUNREACH', 'EACCES', 'EADDRNOTAVAIL', 'EPERM'])
    t.equal(outcomeOfErrno(code, false), 'local', code);
  t.equal(outcomeOfErrno('ECONNREFUSED', true), 'reset');
  t.equal(outcomeOfErrno('ETIMEDOUT', true), 'silence');
  t.equal(outcomeOfErrno('EACCES', true), 'icmp');
  t.equal(outcomeOfErrno('EMFILE', true), 'local');
  t.end();
});

/** Claims that would take a reset for a denial, each in other words. */
const TRAPS = [
  '!o.net.reachable',
  'o.net.reachable == false',
  '!has(o.net.reachable) || !o.net.reachable',
  'o.net.outcome != "answered"',
  'o.net.outcome in ["reset", "silence"]',
  'has(o.net.why)',
  'o.net.code == "ECONNREFUSED"',
];

t.test('what shows a failure never shows a success, in whatever words', async (t) => {
  const closed = await tcp(() => undefined);
  await closed.stop();
  const seen = await look(probe, `127.0.0.1:${closed.port}`, { answer: 'banner', banner: 'x' });
  t.equal(seen.value['outcome'], 'reset');
  t.equal(verdict('o.net.reachable', seen), 'VIOLATED');
  for (const expr of TRAPS) t.equal(verdict(expr, seen), 'UNKNOWN', expr);
  t.equal(verdict('o.net.tries == 1', seen), 'PROVEN', 'what was done is what it is');
  const silent = await tcp((socket) => void socket.resume());
  const bare = await look(probe, `127.0.0.1:${silent.port}`, { answer: 'banner', banner: 'x' });
  await silent.stop();
  t.equal(bare.value['outcome'], 'connected');
  for (const expr of [
    'o.net.reachable',
    '!o.net.reachable',
    '!has(o.net.reachable)',
    'o.net.outcome == "connected"',
  ])
    t.equal(verdict(expr, bare), 'UNKNOWN', expr);
});

t.test('bytes count as the target only if they are what the claim expects', async (t) => {
  const heard: string[] = [];
  const server = await tcp((socket) => {
    socket.on('data', (data) => heard.push(data.toString()));
    socket.write('220 mail');
  });
  const at = `127.0.0.1:${server.port}`;
  const outcome = async (params: Readonly<Record<string, Parameter>>): Promise<unknown> =>
    (await look(probe, at, params)).value['outcome'];
  t.equal(await outcome({ answer: 'banner', banner: '220 ' }), 'answered');
  t.equal(await outcome({ answer: 'banner', banner: '221' }), 'other');
  t.equal(
    await outcome({ answer: 'banner', banner: '220 mail.example' }),
    'other',
    'a part of it is another',
  );
  t.equal(await outcome({ answer: 'ssh' }), 'other');
  t.equal(await outcome({}), 'other', 'no TLS');
  await server.stop();
  t.match(heard[0], /^tallystick net@1 [0-9a-f]{64}\n$/);
});

t.test('nothing that a target says leaves', async (t) => {
  const server = await tcp((socket) => void socket.end('host=db1 password=c4n4ry'));
  for (const params of [
    {},
    { answer: 'ssh' },
    { answer: 'banner', banner: 'host' },
    { answer: 'banner', banner: 'x' },
  ]) {
    const seen = await look(probe, `127.0.0.1:${server.port}`, params);
    t.notMatch(JSON.stringify(seen), /c4n4ry|db1/);
  }
  await server.stop();
});

t.test('parameters', async (t) => {
  const bad = (target: string, params: Readonly<Record<string, Parameter>>, why: RegExp): Promise<unknown> =>
    t.rejects(look(probe, target, params), { code: 'config-invalid', message: why });
  await bad('db.example', {}, /one port/);
  await bad('db.example:99999', {}, /host:port/);
  await bad('db.example:22', { answer: 'banner' }, /parameter banner of net@1 is needed/);
  await bad('db.example:22', { answer: 'pigeon' }, /tls, ssh, banner/);
  await bad('db.example:22', { answer: 'banner', banner: 'ä' }, /ASCII/);
  await bad('db.example:22', { control: 22 }, /another port/);
  await bad('db.example:22', { control: 80, controlAnswer: 'banner' }, /controlBanner/);
  await bad('db.example:22', { transport: 'udp' }, /"banner"/);
  await bad('db.example:22', { transport: 'udp', answer: 'banner', banner: 'x', control: 80 }, /of no use/);
  await bad('db.example:22', { transport: 'sctp' }, /tcp or udp/);
  await bad('db.example:22', { starttls: 'ldap' }, /postgres/);
  await bad('db.example:22', { pairsPerMinute: 61 }, /from 1 to 60/);
  await t.rejects(look(probe, 'no-such-name.invalid:22', {}), { code: 'unavailable' });
  const stopped = AbortSignal.abort(new Error('stopped'));
  await t.rejects(look(probe, '127.0.0.1:22', {}, { signal: stopped }), /stopped/);
});

t.test('pairs a minute', async (t) => {
  let now = 0;
  const waited: number[] = [];
  const own = new Pace(
    () => now,
    (ms) => {
      waited.push(ms);
      now += ms;
      return Promise.resolve();
    },
  );
  const signal = new AbortController().signal;
  const turn = (host: string, perMinute: number, last = now + 30_000) =>
    own.turn(host, perMinute, { last, signal });
  await turn('a', 2);
  await turn('a', 2);
  await t.rejects(turn('a', 2), { code: 'unavailable', message: /2 pairs a minute.*agent consent/ });
  await turn('b', 2);
  t.same(waited, [], 'each host has its own');
  now = 40_000;
  await turn('a', 2);
  t.same(waited, [20_000], 'it waits for its turn');
  now = 200_000;
  await turn('a', 1);
  t.same(waited, [20_000]);
  const stopped = AbortSignal.abort(new Error('stopped'));
  await t.rejects(own.turn('c', 1, { last: now, signal: stopped }), /stopped/);
  await turn('c', 1);
});
