/** Draws of the matrix at the pace that both ends allow: what fits into a run is looked at, and what never fits is refused. */
import fc from 'fast-check';
import t from 'tap';
import { netProfile } from '#src/agent/net-profile.ts';
import { NET } from '#src/probe/net/describe.ts';
import { LAST_BEGIN_MS, mostPairs, Pace } from '#src/probe/net/pace.ts';
import { makeNetProbe } from '#src/probe/net/probe.ts';
import { tcp } from '../support/e3-targets.ts';
import { openedMatrix } from '../support/net-matrix.ts';
import { look } from '../support/probe-targets.ts';

/** Twelve doors of one host, of which one is allowed. */
const doors = (port: number, count: number): string =>
  `doors:\n${Array.from(
    { length: count },
    (_, i) => `  d${i}: { at: '127.0.0.1:${i === 0 ? port : i}', answer: banner, banner: TALLY }`,
  ).join('\n')}\nallow: { app: [d0] }\n`;

/** A pace whose clock goes on by what is waited; when each pair began. */
function paced() {
  let now = 0;
  const begun: number[] = [];
  const pace = new Pace(
    () => now,
    async (ms) => {
      await Promise.resolve();
      now = Math.max(now, now + ms);
    },
  );
  const turn = pace.turn.bind(pace);
  pace.turn = async (host, perMinute, options) => {
    await turn(host, perMinute, options);
    begun.push(now);
  };
  return { pace, begun };
}

t.test(
  'twelve doors of one host, and six pairs a minute: all are looked at, and no minute has more',
  async (t) => {
    const target = await tcp((socket) => void socket.end('TALLY\r\n'));
    t.teardown(() => target.stop());
    const { port } = target;
    const { pace, begun } = paced();
    const probe = makeNetProbe({ connectMs: 300, answerMs: 300, lossMs: 900 }, pace);
    const at = (declared: string, draw: number, pairs = 6) =>
      look(
        probe,
        'matrix:app',
        { draw, pairsPerMinute: 6 },
        {
          declared: openedMatrix(declared),
          consented: () => ({ pairsPerMinute: pairs }),
        },
      );
    const { value } = await at(doors(port, 12), 12);
    t.equal(begun.length, 12);
    for (const from of begun) t.ok(begun.filter((each) => each >= from && each < from + 60_000).length <= 6);
    const drawn = value['drawn'];
    t.ok(Array.isArray(drawn) && drawn.every((each) => !JSON.stringify(each).includes('used up')));
    await t.rejects(at(doors(port, 30), 19), {
      code: 'config-invalid',
      message: /19 pairs of one draw may be of the host 127\.0\.0\.1; .* 6 a minute .* 18 fit .* draw: 18/s,
    });
    await t.rejects(at(doors(port, 30), 12, 3), { message: /3 a minute with it, and 9 fit/ });
  },
);

t.test('a run that is stopped waits for no turn', async (t) => {
  const stop = new AbortController();
  const pace = new Pace(
    () => 0,
    async (_, signal) => {
      stop.abort(new Error('the agent stops'));
      await Promise.resolve();
      signal.throwIfAborted();
    },
  );
  const options = { last: LAST_BEGIN_MS, signal: stop.signal };
  await pace.turn('a', 1, options);
  await t.rejects(pace.turn('a', 1, options), /the agent stops/);
});

t.test('whatever is asked, no minute has more pairs than the owners allow', async (t) => {
  const asked = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(100_000)), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), asked, async (perMinute, all) => {
      let now = 0;
      const begun = new Map<string, number[]>();
      const pace = new Pace(
        () => now,
        (ms) => Promise.resolve(void (now += ms)),
      );
      const { signal } = new AbortController();
      for (const [host, later] of all) {
        now += later;
        await pace.turn(host, perMinute, { last: pace.deadline(), signal }).then(
          () => void begun.set(host, [...(begun.get(host) ?? []), now]),
          () => undefined,
        );
      }
      for (const times of begun.values())
        for (const from of times)
          t.ok(times.filter((each) => each >= from && each < from + 60_000).length <= perMinute);
    }),
    { numRuns: 50 },
  );
});

t.test('pairs are one word, and one number, wherever an owner reads of them', (t) => {
  const profile = netProfile([
    { target: 'db.example:5432', subjects: ['net/db'], pairsPerMinute: 6, by: 'db.example', until: 2e9 },
  ]);
  for (const text of [profile, NET.blastRadius]) t.match(text, /a pair is at most 7 connections to each/);
  t.match(profile, /at most 6 pairs a minute/);
  t.equal(mostPairs(6), 18);
  t.end();
});
