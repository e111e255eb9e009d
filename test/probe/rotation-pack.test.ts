/** Parameters of the packs for keys that rotate: those under which the claim would say nothing are refused. */
import t from 'tap';
import { packOf } from '#src/declare/packs.ts';
import type { Parameter } from '#src/statement/commitment.ts';

const of = (params: Readonly<Record<string, Parameter>>): (() => unknown) => {
  return () =>
    ['key-rotation', 'ssh-key-rotation'].map((name) => packOf(name, new Map(Object.entries(params))));
};

t.test('days and settle', (t) => {
  t.doesNotThrow(of({ days: 90 }));
  t.doesNotThrow(of({ days: 1, settle: 0 }));
  for (const days of [0, -1, 3_661, '90', true])
    t.throws(of({ days }), { code: 'malformed-payload', message: /days is a whole number/ }, String(days));
  for (const settle of [-1, 30, 366, '2'])
    t.throws(of({ days: 30, settle }), { code: 'malformed-payload', message: /settle/ }, String(settle));
  t.throws(of({ days: 7 }), { message: /settle/ }, 'the settle that is usual');
  t.end();
});
