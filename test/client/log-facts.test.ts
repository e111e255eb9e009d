/** What a log says of itself, from a log that says something else: whatever comes is a refusal, and nothing is made up. */
import fc from 'fast-check';
import t from 'tap';
import { askFacts, askReadiness } from '#src/client/log-facts.ts';

const URL_OF_LOG = 'https://log.example';
const FACTS = {
  version: '0.2.0',
  origin: 'log.example/1',
  size: 5,
  root: 'ab',
  time: 1_800_000_000,
  vkeys: ['a', 'b'],
  open: false,
  witnessing: {
    quorum: null,
    met: true,
    witnesses: [{ name: 'w', vkey: 'k', cosigned: null, behind: 0, alarm: null }],
  },
  noticing: { last: { index: 4, size: 4, time: 1_800_000_000 }, fault: null },
};

const serving = (body: string, status = 200) => ({
  fetch: async () => new Response(body, { status, headers: { 'content-type': 'application/json' } }),
  now: () => 0,
});
const factsOf = (value: unknown, status?: number) =>
  askFacts(serving(JSON.stringify(value), status), URL_OF_LOG);

t.test('facts as they are served, unknown members left out', async (t) => {
  t.strictSame(await factsOf({ ...FACTS, more: 1 }), FACTS);
  const { witnessing: _, noticing: __, ...alone } = FACTS;
  t.strictSame(await factsOf(alone), { ...FACTS, witnessing: null, noticing: null });
  const none = { last: null, fault: 'no key' };
  t.strictSame(await factsOf({ ...FACTS, noticing: none }), { ...FACTS, noticing: none });
  t.strictSame(await askReadiness(serving('{"ready":false,"reasons":["full"]}', 503), URL_OF_LOG), {
    ready: false,
    reasons: ['full'],
  });
});

t.test('each member that is of another kind is refused', async (t) => {
  const wrong: readonly unknown[] = [undefined, null, 'x', -1, 1.5, 1e17, true, {}, [1], [{}]];
  for (const [name, right] of Object.entries(FACTS))
    for (const value of wrong) {
      if (typeof value === typeof right && typeof value !== 'number' && !Array.isArray(value)) continue;
      if ((name === 'witnessing' || name === 'noticing') && (value === undefined || value === null)) continue;
      await t.rejects(
        factsOf({ ...FACTS, [name]: value }),
        { code: 'unavailable' },
        `${name}: ${JSON.stringify(value)}`,
      );
    }
  for (const text of ['', '[]', 'null', '7', '<html>', '{"ready":1,"reasons":[]}', '{"ready":true}'])
    await t.rejects(askReadiness(serving(text), URL_OF_LOG), { code: 'unavailable' }, text);
  await t.rejects(factsOf({}, 404), { code: 'not-found' });
});

t.test('no answer makes it crash', async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), async (text) => {
      const answer = await askFacts(serving(text), URL_OF_LOG).catch((error: unknown) => error);
      return typeof answer === 'object' && answer !== null && Reflect.get(answer, 'code') === 'unavailable';
    }),
    { numRuns: 200 },
  );
});
