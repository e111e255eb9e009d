/** Claims over time that rest on what was not seen: without earlier looks nothing was seen, and that shows nothing. */
import t from 'tap';
import { checkExpression, evaluateOver } from '#src/claim/expression.ts';
import { needsFacts, type Earlier } from '#src/claim/prev.ts';
import type { Claim } from '#src/statement/commitment.ts';
import { parseExpression } from '#src/claim/cel/syntax.ts';
import { daily, noon, overClaim, recordOf, START, statusIn } from '../support/rotation-story.ts';
import { HOUR, PastStory } from '../support/past-story.ts';

const NONE = '!prev.seen.exists(k, k.o.tls.host != o.tls.host)';
const LOOK = "o.tls.host != ''";

const REFUSED: readonly (readonly [expr: string, says: RegExp])[] = [
  [`${LOOK} && ${NONE}`, /for how long/],
  [`${LOOK} && !prev["seen"].exists(k, k.first > 5)`, /for how long/],
  [`${LOOK} && size(prev.seen) == 0`, /for how long/],
  [`${LOOK} && !(prev.failed < 864000)`, /for how long/],
  [`${LOOK} && (prev.covered >= 5 || ${NONE})`, /for how long/],
  [`${LOOK} && prev.covered <= 5 && ${NONE}`, /for how long/],
  [`${LOOK} && !(prev.covered >= 5) && ${NONE}`, /for how long/],
  [`${LOOK} && prev.covered >= prev.covered && ${NONE}`, /for how long/],
  [`${LOOK} && prev == {} && prev.covered >= 5`, /by its members/],
  [`${LOOK} && size(prev) > 0`, /by its members/],
  [`${LOOK} && prev[o.tls.host] > 5`, /by its members/],
  [`${LOOK} && has(prev.seen) && prev.covered > 5 && ${NONE} && prev.exists(x, x == '')`, /by its members/],
];

t.test('what commit refuses', (t) => {
  for (const [expr, message] of REFUSED)
    t.throws(() => checkExpression(expr), { code: 'malformed-payload', message }, expr);
  for (const cover of ['prev.covered >= 86400', '86400 < prev.unbroken', "prev['covered'] > 1"])
    t.equal(checkExpression(`${LOOK} && ${cover} && ${NONE}`), 2);
  t.equal(checkExpression(`${LOOK} && prev.covered >= 5`), 2, 'a length alone rests on nothing absent');
  t.end();
});

t.test('what is read by another spelling is read', (t) => {
  t.ok(needsFacts({ expr: `${LOOK} && prev['seen'].exists(k, k.first > 5)`, language: 2 }));
  t.notOk(needsFacts({ expr: `${LOOK} && prev['covered'] > 5`, language: 2 }));
  t.ok(parseExpression(`prev['seen']`, 2));
  t.end();
});

t.test('a claim that another program committed is UNKNOWN', (t) => {
  const nothing = { least: 0 };
  const earlier: Earlier = {
    seen: [],
    missing: undefined,
    covered: nothing,
    unbroken: nothing,
    failed: { least: 1e12 },
  };
  for (const [expr] of REFUSED)
    t.not(evaluateOver({ expr, language: 2 }, { tls: { host: 'a' } }, earlier).holds, true, expr);
  t.end();
});

/** Bounds that are no length: the claim would hold however short a time the looks cover. */
const NO_LENGTHS: readonly (readonly [bound: string, params?: Claim['params']])[] = [
  ['prev.covered >= 0'],
  ['prev.covered > -5'],
  ['0 <= prev.unbroken'],
  ["prev['covered'] >= 30 - 30"],
  ['prev.covered >= 0.0'],
  ['prev.covered >= (1 == 1 ? 0 : 5)'],
  ['prev.covered >= o.tls.days'],
  ['prev.covered >= 1 - size(o)'],
  ['prev.covered >= p.days * 86400', new Map([['days', 0]])],
  ['prev.covered >= p.days', new Map([['days', -1]])],
  ['prev.covered >= p.days', new Map([['other', 1]])],
];

t.test('a length is above 0, and no look decides it', (t) => {
  const none = { least: 0 };
  const earlier: Earlier = {
    seen: [],
    missing: undefined,
    covered: none,
    unbroken: none,
    failed: { least: 1e12 },
  };
  for (const [bound, params = new Map()] of NO_LENGTHS) {
    const expr = `${LOOK} && ${bound} && ${NONE}`;
    const message = /in seconds above 0 that no look decides/;
    t.throws(() => checkExpression(expr, params), { code: 'malformed-payload', message }, bound);
    const { holds, why } = evaluateOver(
      { expr, params, language: 2 },
      { tls: { host: 'a', days: 0 } },
      earlier,
    );
    t.equal(holds, undefined, bound);
    t.match(why, message, bound);
  }
  const expr = `${LOOK} && prev.covered >= p.days * 86400 && ${NONE}`;
  t.equal(checkExpression(expr, new Map([['days', 1]])), 2);
  t.end();
});

t.test('nothing is PROVEN at the first look, whatever the claim asks for', async (t) => {
  const story = await PastStory.start(START);
  const expr = `o.tls.certificate.spki != '' && prev.covered > -5`;
  const commitment = await story.at(noon(1) - 2 * HOUR).commit([overClaim(1, { expr })]);
  const whole = { complete: { proof: 'whole' } } as const;
  await daily(story, commitment, [1, 1], () => 'A');
  t.match(statusIn(recordOf(story, whole)), { verdict: 'UNKNOWN', explain: /the first look/ });
});
