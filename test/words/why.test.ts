/** `why`: which declared leaves a claim reads. */
import t from 'tap';
import { declaredLines } from '#src/words/why.ts';

const LEAVES = new Map([
  ['name', '/one'],
  ['names', '/many'],
]);
const linesOf = (expr: string, language?: number): readonly string[] =>
  declaredLines({
    expr,
    declared: LEAVES,
    params: new Map(),
    ...(language !== undefined && { language }),
  }).map((each) => each.split(' ', 1)[0] ?? '');

t.test('a leaf is shown that the expression reads, by whatever spelling', async (t) => {
  for (const [expr, shown] of [
    ['o.a == p.name', ['p.name']],
    ['o.a == p.names', ['p.names']],
    ['o.a == p["names"]', ['p.names']],
    ["p['name'] == o.a && has(p.names)", ['p.name', 'p.names']],
    ['o.a == "p.name" && o.b == p.names', ['p.names']],
    ['o.a == 5', ['p.name', 'p.names']],
    ['p.name == o.a && p[o.b] == 5', ['p.name', 'p.names']],
    ['not an expression, p.name', ['p.name', 'p.names']],
  ] as const)
    t.strictSame(linesOf(expr), shown, expr);
});
