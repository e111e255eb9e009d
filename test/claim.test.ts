/** Claims: what an expression reads decides what its verdict is worth (src/claim). */
import t from 'tap';
import { checkExpression, evaluate } from '../src/claim/expression.ts';
import { judgeClaim } from '../src/claim/judge.ts';
import type { Observed } from '../src/claim/observed.ts';
import { encodeValue, leavesOf, type Value, type ValueMap } from '../src/claim/value.ts';
import type { Claim } from '../src/statement/commitment.ts';

const seen = (value: ValueMap, rest: Partial<Observed> = {}): Observed => ({
  value,
  grades: [],
  attachments: [],
  contradictions: [],
  population: { source: 'test', total: 1, sampled: 1, method: 'all' },
  bytes: 0,
  ...rest,
});

const claim = (expr: string, minEvidence: Claim['minEvidence'] = 'E1'): Claim => ({
  id: 'c',
  expr,
  probe: 'tls@1',
  minEvidence,
  cadence: 3600,
  severity: 'high',
});

t.test('leaves', async (t) => {
  t.strictSame(leavesOf({ b: [1, { 'x/y~': null }], a: {}, c: '' }), [
    { path: '/a', value: {} },
    { path: '/b/0', value: 1 },
    { path: '/b/1/x~1y~0', value: null },
    { path: '/c', value: '' },
  ]);
  t.equal(encodeValue({ b: 1, a: [true, null] }).toHex(), 'a2616182f5f6616201', 'deterministic CBOR');
  let deep: Value = 1;
  for (let i = 0; i < 20; i++) deep = [deep];
  t.throws(() => leavesOf(deep), { code: 'too-large' });
  t.throws(() => leavesOf(Array.from({ length: 20_001 }, (_, i) => i)), { code: 'too-large' });
  t.throws(() => leavesOf(['x'.repeat(65_537)]), { code: 'too-large' });
});

t.test('expressions tell what they read', async (t) => {
  const o = {
    accepted: { 'TLSv1.2': false, 'TLSv1.3': true },
    suites: ['a', 'b'],
    days: 30,
    deep: { er: 1 },
  };
  const reads = (text: string): unknown[] => {
    const { holds, touched } = evaluate(text, o, { max: 31 });
    return [holds, ...touched];
  };
  t.strictSame(reads("o.accepted['TLSv1.3'] && !o.accepted['TLSv1.2']"), [
    true,
    '/accepted/TLSv1.2',
    '/accepted/TLSv1.3',
  ]);
  t.strictSame(reads('o.days > 29 || o.deep.er == 2'), [true, '/days'], 'what was not needed was not read');
  t.strictSame(reads('o.days < p.max'), [true, '/days'], 'parameters are no observations');
  t.strictSame(reads("!('TLSv1.1' in o.accepted)").slice(0, 2), [true, '/accepted/TLSv1.1']);
  t.strictSame(reads('o.suites.all(s, s != "c")'), [true, '/suites/0', '/suites/1']);
  t.strictSame(reads('has(o.nothing)'), [false, '/nothing']);
  t.strictSame(reads('size(o.accepted) == 2'), [true, '/accepted/TLSv1.2', '/accepted/TLSv1.3']);
  t.throws(() => evaluate('o.nothing == 1', o, {}), /No such key/);
  t.throws(() => evaluate('o.days', o, {}), /not true or false/);
  for (const bad of ['o.days +', 'q == 1', '1 + 1', '"yes"', `${'('.repeat(60)}true${')'.repeat(60)}`])
    t.throws(() => checkExpression(bad), { code: 'malformed-payload' }, bad.slice(0, 20));
  t.doesNotThrow(() => checkExpression('o.a.b == p.c && size(o.d) < 3'));
});

t.test('a verdict is worth its weakest observation', async (t) => {
  const o = seen(
    { accepted: { 'TLSv1.2': false, 'TLSv1.3': true }, api: { min: 'TLSv1.3' } },
    {
      grades: [
        { path: '/accepted/TLSv1.3', evidence: 'E3', attachments: [1] },
        { path: '/api', evidence: 'E0' },
      ],
      attachments: [
        { mediaType: 'a/b', data: new Uint8Array(1) },
        { mediaType: 'a/b', data: new Uint8Array(2) },
      ],
    },
  );
  const judge = (expr: string, min?: Claim['minEvidence']): unknown => {
    const { verdict, evidence, attachments } = judgeClaim(claim(expr, min), o);
    return [verdict, evidence, ...attachments];
  };
  t.strictSame(judge("o.tls.accepted['TLSv1.3']", 'E3'), ['PROVEN', 'E3', 1]);
  t.strictSame(judge("o.tls.accepted['TLSv1.3'] && !o.tls.accepted['TLSv1.2']"), ['PROVEN', 'E1', 1]);
  t.strictSame(
    judge("!o.tls.accepted['TLSv1.2']", 'E3'),
    ['UNKNOWN', 'E1'],
    'true, and not well enough known',
  );
  t.strictSame(judge('o.tls.api.min == "TLSv1.3"'), ['UNKNOWN', 'E0']);
  t.strictSame(judge("o.tls.accepted['TLSv1.2']"), ['VIOLATED', 'E1']);
  t.strictSame(judge('true', 'E1'), ['UNKNOWN', 'E0'], 'an expression that reads nothing proves nothing');
  t.strictSame(judge('o.tls.accepted.none == 1'), ['UNKNOWN', 'E0']);
  t.match(judgeClaim(claim('o.x'), { code: 'unavailable', message: 'nobody answers' }), {
    verdict: 'UNKNOWN',
    explain: 'unavailable: nobody answers',
  });
});

t.test('a contradiction is its own verdict, whichever side the claim reads', async (t) => {
  const o = seen(
    { configured: 'TLSv1.3', accepted: { 'TLSv1.2': true } },
    { contradictions: [{ paths: ['/configured', '/accepted/TLSv1.2'], explain: 'says 1.3, takes 1.2' }] },
  );
  for (const expr of [
    'o.tls.configured == "TLSv1.3"',
    "!o.tls.accepted['TLSv1.2']",
    "o.tls.accepted['TLSv1.2']",
  ])
    t.match(judgeClaim(claim(expr), o), { verdict: 'CONTRADICTED', explain: 'says 1.3, takes 1.2' }, expr);
  t.equal(judgeClaim(claim('!has(o.tls.other)'), o).verdict, 'PROVEN', 'and no other claim is touched by it');
});
