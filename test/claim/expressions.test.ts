/** Expressions of strangers: what each costs, where it ends, and that nothing passes by absence (spec/claims.md). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import t from 'tap';
import { BUDGET, OverBudget, Unjudged } from '../../src/claim/cel/meter.ts';
import { weightOf } from '../../src/claim/cel/pattern.ts';
import { Run } from '../../src/claim/cel/run.ts';
import { parseTyped } from '../../src/claim/cel/syntax.ts';
import type { Cel } from '../../src/claim/cel/value.ts';
import { checkExpression, evaluate, languageFault } from '../../src/claim/expression.ts';
import { judgeClaim } from '../../src/claim/judge.ts';
import type { Grade, Observed } from '../../src/claim/observed.ts';
import { readFault } from '../../src/claim/reads.ts';
import { misfit, type Shape } from '../../src/claim/shape.ts';
import { judgeSigned } from '../../src/claim/signed.ts';
import { isMap, type Value, type ValueMap } from '../../src/claim/value.ts';
import type { Withheld } from '../../src/claim/withheld.ts';
import { cutLists } from '../../src/probe/members.ts';
import type { Claim, Parameter } from '../../src/statement/commitment.ts';

const names = (n: number): string[] => Array.from({ length: n }, (_, i) => `k${i}`);
const nested = (depth: number): string =>
  Array.from({ length: depth }).reduce<string>((body, _, i) => `p.l.all(v${i}, ${body})`, 'true');
const repeat = (what: string, n: number, by = ''): string => Array.from({ length: n }, () => what).join(by);
const doubled = `.map(a, ${repeat('a', 40, '+')})`;

const BIG: ValueMap = {
  tls: {
    text: 'a'.repeat(60_000),
    list: names(15_000),
    map: Object.fromEntries(names(15_000).map((name) => [name, 1])),
    port: 22,
  },
};
const PARAMS = new Map<string, Parameter>([
  ['s', `${'a'.repeat(1_000)}!`],
  ['l', names(64)],
  ['t', 'a'.repeat(1_024)],
]);

t.test('the published vectors have these costs', async (t) => {
  const file = JSON.parse(readFileSync(new URL('../../spec/cost-vectors.json', import.meta.url), 'utf8')) as {
    budget: number;
    o: ValueMap;
    p: Record<string, Parameter>;
    vectors: { expr: string; answer: boolean | null; cost: number | 'over' }[];
  };
  t.equal(file.budget, BUDGET);
  for (const { expr, answer, cost } of file.vectors) {
    const outcome = evaluate({ expr, params: new Map(Object.entries(file.p)) }, file.o);
    t.strictSame(
      [outcome.holds ?? null, outcome.cost > BUDGET ? 'over' : outcome.cost],
      [answer, cost],
      expr,
    );
  }
});

function freeze(value: Value): void {
  if (typeof value !== 'object' || value === null) return;
  for (const each of Object.values(value)) freeze(each);
  Object.freeze(value);
}

t.test('every hostile expression ends, with the same end for everyone', async (t) => {
  const OVER = /costs more than/;
  const hostile: readonly (readonly [expr: string, end: boolean | RegExp])[] = [
    // Patterns: what backtracks elsewhere, repeats within repeats, folds every letter.
    ['p.s.matches("^(a+)+$")', false],
    ['"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!".matches("^(a|a)*$")', false],
    ['o.tls.text.matches("(a|b)*a(a|b){60}$")', OVER],
    ['o.tls.list.all(x, x.matches("(x|y)*[0-9]{1,200}$"))', OVER],
    ['"x".matches("((((x{1,10}){1,10}){1,10}){1,10}){1,10}")', OVER],
    [`"x".matches("(?i)${repeat('[\\\\x{0}-\\\\x{1e942}]', 20)}")`, OVER],
    [`"x".matches("${repeat('x', 600)}")`, /pattern is longer/],
    ['"x".matches("\\\\Q(((\\\\E")', /quotes with/],
    ['"x".matches("(")', /no RE2 pattern/],
    // Macros within macros, over lists and maps.
    [nested(2), true],
    [nested(4), OVER],
    ['o.tls.list.all(x, o.tls.map.size() > 0 && x.size() > 0 && o.tls.list.size() > 0)', OVER],
    ['o.tls.list.all(x, o.tls.map.all(k, true))', OVER],
    ['o.tls.list.all(x, o.tls.map.exists(k, o.tls.map.exists(l, o.tls.map.exists(m, true))))', OVER],
    ['o.tls.list.all(x, x in o.tls.list)', OVER],
    ['o.tls.list.all(x, o.tls.list == o.tls.list)', OVER],
    ['o.tls.map.all(k, o.tls.map == o.tls.map)', OVER],
    ['o.tls.list.filter(x, o.tls.list.filter(y, y == x).size() == 1).size() > 0', OVER],
    // Values that double, and values that share parts.
    [`["a"]${repeat(doubled, 4)}[0].size() > 0`, /text is longer|costs more than/],
    [`[[1]]${repeat(doubled, 4)}[0].size() > 0`, /list is longer|costs more than/],
    [`[[1]]${repeat('.map(a, [a, a])', 40)} == [[2]]`, OVER],
    [`[[1]]${repeat('.map(a, [a, a])', 40)} == [[1]]${repeat('.map(a, [a, a])', 40)}`, OVER],
    ['[9223372036854775807].map(a, a * a)[0] > 0', /beyond 64 bits/],
    ['-9223372036854775808 / -1 > 0', /beyond 64 bits/],
    ['9223372036854775808 > 0', /beyond 64 bits/],
    ['1 / 0 == 1 || 1 % 0 == 1', /division by zero/],
    // Texts: searched, compared, built, taken apart.
    ['o.tls.list.all(x, !o.tls.text.contains(p.t + "b"))', OVER],
    ['o.tls.list.all(x, o.tls.text.lastIndexOf("b") < 0)', OVER],
    ['o.tls.list.all(x, o.tls.text < o.tls.text + "a")', OVER],
    ['o.tls.list.all(x, o.tls.text.split("").size() > 0)', /list is longer|costs more than/],
    ['o.tls.list.all(x, o.tls.list.join(",").size() > 0)', /costs more than|text is longer/],
    ['o.tls.list.all(x, o.tls.text.lowerAscii().size() > 0)', OVER],
    ['o.tls.list.all(x, o.tls.text.substring(59999).size() == 1)', OVER],
    ['o.tls.list.all(x, !((p.t + p.t + p.t + p.t) in o.tls.map))', OVER],
    // Errors are no way around: each costs what led to it.
    ['o.tls.list.all(x, o.tls.list.all(y, o.tls.nothing))', OVER],
    ['o.tls.list.exists(x, o.tls.nothing[x] == 1)', /No such key: nothing/],
    // Large at once.
    ['('.repeat(32_768) + 'true' + ')'.repeat(32_768), /longer than 4096/],
    ['('.repeat(2_000) + 'true' + ')'.repeat(2_000), /maxDepth/],
    [`${'!'.repeat(1_000)}true`, /nested deeper|maxDepth/],
    [repeat('true', 600, '&&'), /nested deeper|maxAstNodes/],
    [`${'['.repeat(60)}${']'.repeat(60)} == []`, /maxDepth/],
  ];
  // Neither can be changed by what is evaluated over it.
  const copy = structuredClone(BIG);
  freeze(BIG);
  freeze(copy);
  for (const [expr, end] of hostile) {
    const outcome = evaluate({ expr, params: PARAMS }, BIG);
    const what = `${expr.slice(0, 90)}: ${outcome.why ?? String(outcome.holds)}`;
    if (typeof end === 'boolean') t.equal(outcome.holds, end, what);
    else t.match(outcome.why, end, what);
    // A copy is what a reader has; a second look is another time.
    const again = evaluate({ expr, params: new Map(PARAMS) }, copy);
    // 15,000 reads, compared without the text of a difference: printing that takes longer than all the rest.
    t.ok(isDeepStrictEqual(again, outcome), 'and the same again');
  }
});

t.test('what is not in the language is refused when it is made, and UNKNOWN when it is read', async (t) => {
  const claim = (expr: string, more: Partial<Claim> = {}): Claim => ({
    id: 'c',
    expr,
    probe: 'tls@1',
    minEvidence: 'E1',
    cadence: 60,
    severity: 'high',
    ...more,
  });
  const seen: Observed = { ...NOTHING, value: { port: 22, text: 'a', open: true } };
  for (const expr of [
    '!(o.tls.port in [22u])',
    'o.tls.port != 22u',
    "o.tls.text != b'a'",
    "o.tls.text == 'b' || size(b'') == 0",
    'timestamp("2026-01-01T00:00:00Z") < timestamp("2027-01-01T00:00:00Z")',
    'duration("1s") < duration("2s")',
    'type(o.tls.port) == int',
    'cel.bind(x, o.tls.port, x == 22)',
    'optional.of(o.tls.port).hasValue()',
    'o.tls.text.bytes() == 1',
    'o.tls.text.reverse() == "a"',
    '[3, 1].sort() == [1, 3]',
    'q == 1',
    'o.tls.port = 22',
    '{1: 2} == {1: 2}',
    '"a" + 1 == "a1"',
    '"a" < 1',
    'all(o.tls, true)',
  ]) {
    t.throws(() => checkExpression(expr), { code: 'malformed-payload' }, expr);
    t.match(judgeClaim(claim(expr), seen), { verdict: 'UNKNOWN', evidence: 'E0' }, expr);
  }
  t.equal(judgeClaim(claim('o.tls.port in [22]'), seen).verdict, 'PROVEN');
  t.match(judgeClaim(claim('o.tls.open', { language: 3 }), seen), {
    verdict: 'UNKNOWN',
    explain: /version 3 of the language .* update/,
  });
  t.match(languageFault({ language: 3 }), /update/);
  t.equal(languageFault({}), undefined);
});

const NOTHING: Observed = {
  value: {},
  grades: [],
  attachments: [],
  contradictions: [],
  population: { source: 'test', total: 1, sampled: 1, method: 'all' },
  bytes: 0,
};

t.test('what is withheld is neither there nor absent', async (t) => {
  const value: ValueMap = {
    headers: { server: 'x', cut: 'abc' },
    cookies: [{ secure: true }, { secure: true }],
    status: 200,
  };
  const withheld: Withheld[] = [
    { path: '/headers/cut', reason: 'it was cut' },
    { path: '/headers/hsts', reason: 'it was not asked for' },
    { path: '/cookies', reason: 'there are more cookies', only: 'members' },
    { path: '/burst', reason: 'no burst was sent' },
  ];
  const seen: Observed = { ...NOTHING, value, withheld };
  const judge = (expr: string): unknown => {
    const claim: Claim = { id: 'c', expr, probe: 'http@1', minEvidence: 'E1', cadence: 60, severity: 'high' };
    const { verdict, explain } = judgeClaim(claim, seen);
    return explain === undefined ? verdict : [verdict, explain];
  };
  for (const [expr, want] of [
    ['o.http.status == 200', 'PROVEN'],
    ['o.http.headers.server == "x"', 'PROVEN'],
    ['!has(o.http.headers.other)', 'PROVEN'],
    ['o.http.headers.cut == "abc"', 'it was cut'],
    ['has(o.http.headers.cut)', 'it was cut'],
    ['!has(o.http.headers.hsts)', 'it was not asked for'],
    ['!("hsts" in o.http.headers)', 'it was not asked for'],
    ['o.http.headers.hsts == "x"', 'it was not asked for'],
    ['size(o.http.headers) == 2', 'it was not asked for'],
    ['o.http.headers.all(h, h != "bad")', 'it was cut'],
    ['o.http.headers == {"server": "x", "cut": "abc"}', 'it was cut'],
    ['o.http.cookies[0].secure', 'PROVEN'],
    ['o.http.cookies.all(c, c.secure)', 'there are more cookies'],
    ['!o.http.cookies.exists(c, !c.secure)', 'there are more cookies'],
    ['size(o.http.cookies) == 2', 'there are more cookies'],
    ['size(o.http.cookies) < 3', 'there are more cookies'],
    ['size(o.http.cookies) + 1 == 3', 'there are more cookies'],
    // Two at least are more than none.
    ['size(o.http.cookies) == 0', 'VIOLATED'],
    ['o.http.cookies.size() > 1', 'PROVEN'],
    ['[o.http.cookies.size()] != [0]', 'PROVEN'],
    ['o.http.cookies.filter(c, !c.secure).size() == 0', 'there are more cookies'],
    ['o.http.cookies[2].secure', 'there are more cookies'],
    // One item is enough to show that there is one, or that not all are.
    ['o.http.cookies.exists(c, c.secure)', 'PROVEN'],
    ['o.http.cookies.all(c, !c.secure)', 'VIOLATED'],
    // What decides otherwise does not need it.
    ['o.http.status == 200 || o.http.burst.enforced', 'PROVEN'],
    ['o.http.status == 500 && o.http.burst.enforced', 'VIOLATED'],
    ['o.http.burst.enforced', 'no burst was sent'],
    ['!has(o.http.burst)', 'no burst was sent'],
    ['has(o.http.burst) ? o.http.burst.enforced : true', 'no burst was sent'],
  ] as const)
    t.strictSame(judge(expr), ['PROVEN', 'VIOLATED'].includes(want) ? want : ['UNKNOWN', want], expr);
});

t.test('what a target did not sign whole is not E3, for agents and readers alike', async (t) => {
  const accepted = { 'TLSv1.3': true };
  const signed: ValueMap = { tls: { accepted, spki: { 'TLSv1.3': 'ab' } }, ssh: { kex: ['a', 'b'] } };
  const rows: ValueMap = { exec: { transcripts: [{ version: 'TLSv1.3' }] } };
  const by = (expr: string, value = signed): unknown => judgeSigned({ expr }, value, 'E3');
  for (const expr of [
    // The agent left TLS 1.2 out.
    "o.tls.accepted.all(v, v == 'TLSv1.3' || !o.tls.accepted[v])",
    "!('TLSv1.2' in o.tls.accepted)",
    "!has(o.tls.accepted.other) && o.tls.accepted['TLSv1.3']",
    "has(o.tls.accepted.old) ? false : o.tls.accepted['TLSv1.3']",
    "!o.tls.accepted.exists(v, v == 'TLSv1.2')",
    'size(o.tls.accepted) == 1 && o.tls.accepted["TLSv1.3"]',
    'o.tls.accepted == {"TLSv1.3": true}',
    'o.tls.accepted.map(v, v) == ["TLSv1.3"]',
    "o.tls.accepted.filter(v, v != 'TLSv1.3').size() == 0",
    'o.tls.accepted.exists_one(v, o.tls.accepted[v])',
    '[o.tls.accepted] == [{"TLSv1.3": true}]',
    'o.tls.accepted in [{"TLSv1.3": true}]',
    'true',
  ])
    t.equal(by(expr), undefined, expr);
  for (const expr of ['o.exec.transcripts.all(x, x.version == "TLSv1.3")', 'size(o.exec.transcripts) == 1'])
    t.equal(by(expr, rows), undefined, expr);
  for (const [expr, want] of [
    ["o.tls.accepted['TLSv1.3']", true],
    ["o.tls.accepted.exists(v, v == 'TLSv1.3')", true],
    ["o.tls.accepted.all(v, v != 'TLSv1.3')", false],
    ["o.tls.accepted['TLSv1.3'] || !has(o.tls.accepted.old)", true],
    // The offer of an SSH server is signed from its first name to its last.
    ["o.ssh.kex.all(k, k != 'c')", true],
    ["!('c' in o.ssh.kex)", true],
    ['size(o.ssh.kex) == 2', true],
  ] as const)
    t.equal(by(expr), want, expr);
  t.equal(by('o.exec.transcripts.exists(x, x.version == "TLSv1.3")', rows), true);
  // The agent that grades a whole map E3 is not believed beyond its members either.
  const grades: Grade[] = [{ path: '/accepted', evidence: 'E3', attachments: [0] }];
  const seen: Observed = { ...NOTHING, value: { accepted }, grades };
  const classOf = (expr: string): string =>
    judgeClaim({ id: 'c', expr, probe: 'tls@1', minEvidence: 'E1', cadence: 1, severity: 'low' }, seen)
      .evidence;
  t.equal(classOf("o.tls.accepted['TLSv1.3']"), 'E3');
  t.equal(classOf('o.tls.accepted.all(v, v != "SSLv3")'), 'E1');
  t.equal(classOf('!has(o.tls.accepted.SSLv3)'), 'E1');
});

t.test('lists that probes cut say so', async (t) => {
  const cut = cutLists({ full: [1, 2], short: [1], none: [] }, 2, '/below');
  t.match(cut, [{ path: '/below/full', only: 'members' }]);
  t.equal(cut.length, 1);
});

const NAMES = ['a', 'b', 'c'];
const leaf = fc.constantFrom<Value>(0, 1, 'x', 'y', true, false);
const tree: fc.Arbitrary<ValueMap> = fc.dictionary(
  fc.constantFrom(...NAMES),
  fc.oneof(leaf, fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(leaf, fc.array(leaf, { maxLength: 3 })))),
);
/** Expressions that have a truth value more often than not. */
const { truth } = fc.letrec<{ truth: string; place: string; scalar: string }>((tie) => ({
  place: fc.constantFrom('o', 'o.a', 'o.b', 'o.a.b', 'o["c"]', 'o.b.a', 'o.c.c'),
  scalar: fc.oneof(tie('place'), fc.constantFrom('0', '1', '"x"', '"a"', 'true', '[1, 0]', '{"a": 1}')),
  truth: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('true', 'false', 'has(o.a)', 'has(o.b.c)', 'o.a.b', '"a" in o', '"b" in o.a'),
    fc.tuple(tie('scalar'), fc.constantFrom('==', '!=', 'in'), tie('scalar')).map((p) => p.join(' ')),
    fc.tuple(tie('place'), fc.integer({ min: 0, max: 2 })).map(([at, n]) => `size(${at}) == ${n}`),
    fc
      .tuple(tie('truth'), fc.constantFrom('&&', '||'), tie('truth'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    tie('truth').map((each) => `!(${each})`),
    fc.tuple(tie('truth'), tie('truth'), tie('truth')).map(([a, b, c]) => `((${a}) ? (${b}) : (${c}))`),
    fc
      .tuple(
        tie('place'),
        fc.constantFrom('all', 'exists', 'exists_one'),
        tie('truth'),
        fc.constantFrom('x == "a"', 'o[x] == 1', 'x in o.a', 'x == 1'),
      )
      .map(([at, macro, each, about]) => `${at}.${macro}(x, (${about}) || (${each}))`),
    fc.tuple(tie('place'), tie('truth')).map(([at, each]) => `${at}.filter(x, ${each}).size() > 0`),
    tie('place').map((at) => `${at}.map(x, x) == ["a", "b"]`),
  ),
}));

t.test('property: reads tell all that an answer rests on', async (t) => {
  // An agent leaves members of maps out. Where no read is of an absence or of a map as a whole, the answer is the same with them.
  fc.assert(
    fc.property(truth, tree, fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), (expr, whole, coins) => {
      let coin = 0;
      const thinned = (value: Value): Value =>
        isMap(value)
          ? Object.fromEntries(
              Object.entries(value)
                .filter(() => (coins[coin++ % coins.length] ?? 0) % 3 !== 0)
                .map(([name, each]) => [name, thinned(each)]),
            )
          : value;
      const partial = thinned(whole);
      if (!isMap(partial)) return;
      const shown = evaluate({ expr }, partial);
      const rests = shown.reads.some(({ kind, map }) => kind === 'absent' || map === true);
      if (shown.holds !== undefined && !rests)
        t.equal(evaluate({ expr }, whole).holds, shown.holds, expr, { expr, whole, partial });
    }),
    { numRuns: 3_000 },
  );
});

t.test('property: an answer and its cost depend on nothing but the claim and the values', async () => {
  fc.assert(
    fc.property(
      fc.oneof(
        truth,
        fc.string(),
        fc.string({ unit: fc.constantFrom(...'oab.[]()"\'!&|{}:?1u \\/'.split('')) }),
      ),
      tree,
      (expr, o) => {
        const first = evaluate({ expr }, o);
        const again = evaluate({ expr }, JSON.parse(JSON.stringify(o)) as ValueMap);
        if (JSON.stringify(first) !== JSON.stringify(again)) throw new Error(expr);
        if (first.holds === undefined && first.why === undefined)
          throw new Error('neither an answer nor a reason');
      },
    ),
    { numRuns: 3_000 },
  );
});

t.test('property: a pattern weighs no less than what it is compiled to', async () => {
  const atom = fc.constantFrom(
    'a',
    'é',
    '.',
    '\\d',
    '\\pL',
    '[a-z]',
    '[^]x]',
    '[[:alpha:]]',
    '(?i)k',
    '\\x{1f600}',
    '^',
    '\\b',
    '$',
    '|',
  );
  const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
    pattern: fc.oneof(
      { depthSize: 'small' },
      atom,
      fc.array(tie('pattern'), { maxLength: 4 }).map((parts) => parts.join('')),
      tie('pattern').map((each) => `(${each})`),
      tie('pattern').map((each) => `(?:${each})*`),
      tie('pattern').map((each) => `(?:${each})+?`),
      fc
        .tuple(tie('pattern'), fc.constantFrom('{3}', '{2,}', '{0,7}', '{0}', '{1,}'))
        .map(([each, n]) => `(?P<n>${each})${n}`),
    ),
  }));
  fc.assert(
    fc.property(pattern, (text) => {
      let size: number;
      try {
        size = RE2JS.compile(text).programSize();
      } catch {
        return;
      }
      if (text.length > 512) return;
      const { steps } = weightOf(text);
      if (size > 2 * steps + 2) throw new Error(`${text} weighs ${steps} and has ${size} instructions`);
    }),
    { numRuns: 3_000 },
  );
});

t.test('claims that read what a probe cannot observe', async (t) => {
  const shape: Shape = {
    members: {
      port: 'scalar',
      accepted: { map: 'scalar' },
      names: { list: 'scalar' },
      rows: { list: { members: { on: 'scalar' } } },
      more: 'any',
    },
  };
  const fault = (expr: string): string | undefined => readFault(expr, 'tls@1', shape, new Set(['x']));
  for (const expr of [
    'o.tls.acepted["TLSv1.3"]',
    '!has(o.tls.weak)',
    '!("weak" in o.tls)',
    'has(o.ssh)',
    'o.ssh.kex.size() == 0',
    'o["ssh"].kex == []',
    'o.tls.port.number == 1',
    'o.tls.names.first == "a"',
    'o.tls.rows.all(r, r.off)',
    'o.tls.rows.filter(r, r.on).all(r, r.off)',
    'o.tls.rows.map(r, r).exists(x, x.off)',
    'o.tls.rows[0].off',
    '[1].all(x, o.tls.nope == x)',
    '(o.tls.port == 1 ? o.tls : o.tls).nope == 1',
    'p.y == 1',
    '[1].all(x, p.y == x)',
  ])
    t.type(fault(expr), 'string', expr);
  t.match(fault('o.tls.acepted'), /o\.tls\.acepted is nothing that tls@1 observes .*o\.tls\.accepted/);
  for (const expr of [
    'o.tls.accepted["TLSv1.3"] && o.tls.port == p.x',
    'has(o.tls.accepted.anything) && "TLSv1.2" in o.tls.accepted',
    'o.tls.rows.all(r, r.on) && o.tls.more.what.ever[3] == 1',
    'has(p.y) || o.tls.port == 1',
    '[{"a": 1}].all(p, p["y"] == 1) && o.tls.port == 1',
    'o.tls.names.all(o, o == "a")',
  ])
    t.equal(fault(expr), undefined, expr);
  t.equal(misfit({ port: 1, rows: [{ on: true }], accepted: { any: null }, more: [{}] }, shape), undefined);
  t.equal(misfit({ port: { a: 1 } }, shape), '/port');
  t.equal(misfit({ rows: [{ on: true }, { off: 1 }] }, shape), '/rows/1/off');
});

t.test('the conformance cases of CEL', async (t) => {
  const folder = process.env['TALLYSTICK_VECTORS'];
  const file = folder === undefined ? '' : join(folder, 'cel-spec.json');
  if (!existsSync(file)) {
    t.comment('TALLYSTICK_VECTORS is not set: only the answers known here are checked');
    return;
  }
  const tally = { right: 0, outside: 0 };
  for (const each of JSON.parse(readFileSync(file, 'utf8')) as Case[]) {
    const want = each.err !== undefined ? 'error' : each.v == null ? undefined : wanted(each.v);
    if (want === undefined || each.b !== undefined) continue;
    const got = answerOf(each.e);
    if (got === want) tally.right += 1;
    else if (got === 'error') tally.outside += 1;
    else t.fail(`${each.n}: ${each.e} is ${want}, and not ${got}`);
  }
  t.ok(tally.right >= 628, `${tally.right} right, ${tally.outside} not in the language, none wrong`);
});

interface Case {
  readonly n: string;
  readonly e: string;
  readonly b?: unknown;
  readonly err?: unknown;
  readonly v?: Expected | null;
}
type Expected =
  | { readonly t: 'list'; readonly v: readonly Expected[] }
  | { readonly t: 'map'; readonly v: readonly (readonly [Expected, Expected])[] }
  | { readonly t: string; readonly v?: string | boolean };

function wanted(value: Expected): string | undefined {
  if (value.t === 'list' && Array.isArray(value.v)) return `[${value.v.map(wanted).join()}]`;
  if (value.t === 'map' && Array.isArray(value.v))
    return `{${value.v
      .map((pair: readonly Expected[]) => pair.map(wanted).join('='))
      .toSorted()
      .join()}}`;
  if (value.t === 'double') return `double:${Number(String(value.v).replace(/inf$/i, 'Infinity'))}`;
  if (value.t === 'null') return 'null';
  if (typeof value.v !== 'string' && typeof value.v !== 'boolean') return undefined;
  return ['int', 'string', 'bool'].includes(value.t) ? `${value.t}:${value.v}` : undefined;
}

function answerOf(expr: string): string {
  try {
    return shown(new Run({}, {}).value(parseTyped(expr).ast));
  } catch (error) {
    if (error instanceof Unjudged || error instanceof OverBudget) return 'error';
    throw error;
  }
}

function shown(value: Cel): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map(shown).join()}]`;
  if (value instanceof Map)
    return `{${[...value]
      .map(([name, each]) => `string:${name}=${shown(each)}`)
      .toSorted()
      .join()}}`;
  if (typeof value === 'number') return `double:${value === 0 ? 0 : value}`;
  if (typeof value === 'bigint') return `int:${value}`;
  if (typeof value === 'boolean') return `bool:${value}`;
  return typeof value === 'string' ? `string:${value}` : 'something';
}
