/** Claims: what an expression reads decides what its verdict is worth (src/claim). */
import t from 'tap';
import { assembleProof } from '../../src/claim/assemble.ts';
import { checkExpression, evaluate } from '../../src/claim/expression.ts';
import { judgeClaim } from '../../src/claim/judge.ts';
import type { Observed } from '../../src/claim/observed.ts';
import { encodeValue, leavesOf, type Value, type ValueMap } from '../../src/claim/value.ts';
import type { Claim } from '../../src/statement/commitment.ts';
import { encodeProof, parsePayload } from '../../src/statement/payload.ts';
import { hashOf, NOW } from '../support/statement-examples.ts';

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
    rows: [{ on: true }, { on: false }],
  };
  const reads = (expr: string): unknown[] => {
    const outcome = evaluate({ expr, params: new Map([['max', 31]]) }, o);
    const marks = { value: '', absent: '!', members: '/-', least: '/+', whole: '/**' };
    return [outcome.holds, ...outcome.reads.map(({ path, kind }) => path + marks[kind])];
  };
  for (const [expr, ...want] of [
    ["o.accepted['TLSv1.3'] && !o.accepted['TLSv1.2']", true, '/accepted/TLSv1.2', '/accepted/TLSv1.3'],
    // What decides was read, and nothing else.
    ['o.days > 29 || o.deep.er == 2', true, '/days'],
    ['o.days < 29 || o.deep.er == 1', true, '/deep/er'],
    ['o.nothing || o.deep.er == 1', true, '/deep/er'],
    ['o.days > 29 && o.deep.er == 2', false, '/deep/er'],
    ['o.days > 29 ? o.deep.er == 1 : o.nothing', true, '/days', '/deep/er'],
    ['o.days < p.max', true, '/days'],
    // Presence and absence are read at the name.
    ["!('TLSv1.1' in o.accepted)", true, '/accepted/TLSv1.1!'],
    ['has(o.nothing)', false, '/nothing!'],
    ['!has(o.deep.other)', true, '/deep/other!'],
    ['has(o.deep) && o.deep.er == 1', true, '/deep/er'],
    ['has(o.deep)', true, '/deep'],
    // A collection that is counted or gone through to the end was read for its members, a list as a map.
    ['size(o.accepted) == 2', true, '/accepted/-'],
    ['o.suites.size() == 2', true, '/suites/-'],
    ['o.suites.all(s, s != "c")', true, '/suites/-', '/suites/0', '/suites/1'],
    ['o.rows.map(r, r.on) == [true, false]', true, '/rows/-', '/rows/0/on', '/rows/1/on'],
    ['o.suites.filter(s, true) == ["a", "b"]', true, '/suites/-', '/suites/0', '/suites/1'],
    ['o.rows.exists_one(r, r.on)', true, '/rows/-', '/rows/0/on', '/rows/1/on'],
    ["!('c' in o.suites)", true, '/suites/**'],
    ['o.accepted == {"TLSv1.2": false, "TLSv1.3": true}', true, '/accepted/**'],
    ['o.suites[5] == "a"', undefined, '/suites/-'],
    // One that was listed and read by name is still read for its members.
    [
      "o.accepted.all(v, v == 'TLSv1.3' || !o.accepted[v])",
      true,
      '/accepted/-',
      '/accepted/TLSv1.2',
      '/accepted/TLSv1.3',
    ],
    // What shows that there is one, or that not all are, needs no others.
    ['o.accepted.exists(v, v == "TLSv1.3" && o.accepted[v])', true, '/accepted/TLSv1.3'],
    ['o.accepted.all(v, !o.accepted[v])', false, '/accepted/TLSv1.3'],
    ['"b" in o.suites', true, '/suites/1'],
  ] as const)
    t.strictSame(reads(expr), want, expr);
  t.match(evaluate({ expr: 'o.nothing == 1' }, o), { holds: undefined, why: /No such key: nothing/ });
  t.match(evaluate({ expr: 'o.days' }, o), { holds: undefined, why: /neither true nor false/ });
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

t.test('a proof is assembled from runs, and reads back', async (t) => {
  const frame = {
    commitment: hashOf('commitment'),
    agent: { name: 'agent', version: '1' },
    seq: 0,
    challenge: { origin: 'log.example', size: 3, root: hashOf('root'), nonce: new Uint8Array(16) },
    window: { start: NOW, end: NOW + 1 },
    cost: { cpuUs: 1, wallUs: 2, bytes: 3 },
    nextDue: NOW + 3600,
  };
  const declared = { leaves: 4, excluded: 3 };
  const named = (id: string, expr: string, minEvidence: Claim['minEvidence'] = 'E1'): Claim => ({
    ...claim(expr, minEvidence),
    id,
  });
  const tls = seen(
    { accepted: { 'TLSv1.2': { suite: 'x' }, 'TLSv1.3': { suite: 'y' } }, long: 'z'.repeat(2_000) },
    {
      grades: [
        { path: '/accepted/TLSv1.2', evidence: 'E3', attachments: [0] },
        { path: '/accepted/TLSv1.3', evidence: 'E3', attachments: [1] },
      ],
      attachments: [
        { mediaType: 'a/one', data: new Uint8Array(20_000) },
        { mediaType: 'a/two', data: new Uint8Array(20_000) },
      ],
      undeclared: ['x'],
      compared: { declared: 4, compared: 3, excluded: 0 },
    },
  );
  const runs = [
    {
      claims: [
        named('min', "!('TLSv1.2' in o.tls.accepted)", 'E3'),
        named('some', "'TLSv1.3' in o.tls.accepted", 'E3'),
      ],
      seen: tls,
    },
    { claims: [named('absent', 'has(o.tls.hsts)')], seen: seen({ a: 1 }) },
    { claims: [named('silent', 'o.tls.x == 1')], seen: { code: 'unavailable', message: 'nobody answers' } },
  ];
  const { proof, tree, kept } = assembleProof(frame, runs, declared, hashOf('salt'));
  const payload = parsePayload('proof', encodeProof(proof));
  t.strictSame(payload.kind === 'proof' && payload.proof, proof, 'every rule of the schema holds');
  t.strictSame(
    proof.results.map(({ claim: id, verdict, evidence, attachments }) => [
      id,
      verdict,
      evidence,
      attachments,
    ]),
    [
      ['min', 'VIOLATED', 'E3', [0]],
      ['some', 'PROVEN', 'E3', [1]],
      ['absent', 'VIOLATED', 'E1', undefined],
      ['silent', 'UNKNOWN', 'E0', undefined],
    ],
  );
  t.strictSame(
    proof.disclosed?.map(({ path }) => path),
    ['/min/tls/accepted/TLSv1.2/suite'],
    'the violation, and nothing else',
  );
  t.match(proof.results[2]?.explain, /nothing was observed at \/tls\/hsts/);
  t.strictSame(proof.coverage, { declared: 4, compared: 3, excluded: 0, undeclared: 1 });
  t.match(proof.errors, [{ code: 'unavailable', claim: 'silent' }]);
  t.equal(tree.count, 4);
  t.strictSame(
    kept.map(({ mediaType }) => mediaType),
    ['a/two'],
    'what had no room is kept, and named by its digest',
  );
  t.strictSame(assembleProof(frame, [], declared, hashOf('salt')).proof.results, [], 'a heartbeat');
});
