/** YAML of many names, or of many anchors, takes a time that grows with its length, and aliases mean what they meant. */
import t from 'tap';
import type { Refusal } from '#src/bytes/refusal.ts';
import { parseYaml } from '#src/declare/yaml.ts';

const read = (text: string): unknown => parseYaml(text)[0];

t.test('an alias means the last anchor before it, wherever it is read again', async (t) => {
  t.same(read('- &x 1\n- &y [*x]\n- &x 2\n- *y\n- *x\n'), [1, [1], 2, [1], 2]);
  t.same(read('- &x 1\n- &y [&x 2]\n- &x 3\n- *y\n- *x\n'), [1, [2], 3, [2], 3]);
  t.same(
    read('&k a: 1\nb: *k\n'),
    new Map<string, unknown>([
      ['a', 1],
      ['b', 'a'],
    ]),
  );
  t.throws(() => read('- *x\n- &x 1\n'), { code: 'malformed-text' } satisfies Partial<Refusal>);
  t.throws(() => read('&a [*a]\n'), { code: 'malformed-text' });
});

t.test('names given twice', async (t) => {
  for (const text of ['a: 1\na: 2\n', '{a: 1, "a": 2}\n', '? a\n: 1\n? a\n: 2\n', '&k a: 1\n*k : 2\n'])
    t.throws(
      () => read(text),
      { code: 'malformed-text', message: /line [0-9]+: the name a is given twice; keep one/ },
      text,
    );
});

t.test('many names, many anchors', async (t) => {
  const names = Array.from({ length: 40_000 }, (_, i) => `k${i}: x`).join('\n');
  t.equal((read(names) as ReadonlyMap<string, unknown>).size, 40_000);
  const anchors = Array.from({ length: 40_000 }, (_, i) => `- &a${i} x\n- *a${i}`).join('\n');
  t.equal((read(anchors) as readonly unknown[]).length, 80_000);
});
