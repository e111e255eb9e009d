/** What a server says is looked at before a page uses it: whatever is of another shape is told as the server's fault. */
import fc from 'fast-check';
import t from 'tap';
import { Computing } from '#src/explorer/overview/computing.ts';
import { historyIn } from '#src/explorer/page/worker/word.ts';
import { overviewIn, toldOverview } from '#src/explorer/page/state/told-overview.ts';
import { csvOf } from '#src/explorer/page/views/home/csv.ts';
import { WrongAnswer } from '#src/explorer/page/state/shape.ts';
import type { Boot } from '#src/explorer/shared/boot.ts';
import type { OverviewJson } from '#src/explorer/shared/overview.ts';
import { claim, SeeWorld } from '../support/see-world.ts';

async function overviewOf(): Promise<OverviewJson> {
  const w = await SeeWorld.start(t);
  const one = await w.commit({ claims: [claim], target: { owner: 'team-pay' } }, 'pay/db');
  await w.commit({ claims: [claim], approvals: 1 }, 'web/shop');
  await w.waive(one, { notAfter: w.now + 100 }, 'pay/db');
  const clock = { now: () => w.now * 1000, pause: async () => undefined, turn: async () => undefined };
  const computing = new Computing(w.client(), 'log', { clock });
  let told = await computing.answer({ limit: 10 }, new Uint8Array());
  while (told.computing !== null) told = await computing.answer({ limit: 10 }, new Uint8Array());
  return JSON.parse(JSON.stringify(told));
}

/** Every value in it, with what puts another one in its place. */
function* places(
  value: unknown,
  path = '',
): Generator<readonly [path: string, put: (other: unknown) => void]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const at = `${path}/${name}`;
    yield [at, (other) => Reflect.set(value, name, other)];
    yield* places(inner, at);
  }
}

/** Members that no page reads. */
const UNREAD = /\/(?:head_time|commitment_index|proof_index)$/;

const refuses = (read: () => unknown): boolean => {
  try {
    read();
    return false;
  } catch (error) {
    if (error instanceof WrongAnswer) return true;
    throw error;
  }
};

t.test('an overview: no member that is read may be of another kind, or be missing', async (t) => {
  const told = await overviewOf();
  t.equal(overviewIn(told), told);
  const count = [...places(told)].length;
  t.ok(count > 60, `${count} members`);
  for (let i = 0; i < count; i++)
    for (const other of [undefined, {}, -1, 1.5, ['x'], Infinity]) {
      const copy: unknown = structuredClone(told);
      const [path, put] = [...places(copy)][i] ?? ['', () => undefined];
      put(other);
      // An empty count is one.
      const isFine =
        UNREAD.test(path) || (/\/(?:counts|claims)$/.test(path) && JSON.stringify(other) === '{}');
      if (!isFine)
        t.ok(
          refuses(() => overviewIn(copy)),
          `${path} = ${JSON.stringify(other)}`,
        );
    }
  for (const other of ['FINE', 'constructor', '__proto__'])
    t.ok(
      refuses(() => overviewIn({ ...told, rows: [{ ...told.rows[0], verdict: other }] })),
      other,
    );
  t.ok(refuses(() => overviewIn({ ...told, counts: { FINE: 1 } })));
  t.throws(() => overviewIn({ ...told, rows: [told.rows[0], { ...told.rows[1], since: 'now' }] }), {
    name: 'WrongAnswer',
    message: /rows\[1\]\.since$/,
  });
});

t.test('whatever JSON a server answers, nothing else is thrown', async () => {
  fc.assert(
    fc.property(fc.jsonValue(), (said) => {
      for (const read of [overviewIn, historyIn]) refuses(() => read(said));
    }),
  );
});

const SITE = { base: '', origin: 'see.example/log' };

t.test('what comes over the network', async (t) => {
  const told = await overviewOf();
  const answering = (answer: () => Response): Promise<unknown> => {
    t.intercept(globalThis, 'fetch', { value: async () => answer(), configurable: true });
    return toldOverview({ ...SITE, origin: told.origin }, new URLSearchParams());
  };
  t.strictSame(await answering(() => Response.json(told)), told);
  for (const answer of [
    () => new Response('<!doctype html>'),
    () => new Response(''),
    () => new Response(Buffer.from('"\xff"', 'latin1')),
    () => Response.json({ ...told, origin: 'another.example' }),
    () => Response.json(null),
  ])
    await t.rejects(answering(answer), WrongAnswer);
  await t.rejects(
    answering(() => Response.json({ detail: 'too many ask' }, { status: 503 })),
    {
      name: 'Unsaid',
      message: 'too many ask',
    },
  );
  for (const detail of [{ toString: 'x' }, null, 7])
    await t.rejects(
      answering(() => Response.json({ detail }, { status: 503 })),
      {
        message: 'it answers 503',
      },
    );
});

t.test('a list that does not end is no file', async (t) => {
  const told = await overviewOf();
  const boot = { name: 'x', site: { ...SITE, origin: told.origin, policy: '' } } as unknown as Boot;
  t.intercept(globalThis, 'fetch', {
    value: async () => Response.json({ ...told, next: 'x' }),
    configurable: true,
  });
  const none = { prefix: '', owner: '', verdict: '' };
  await t.rejects(csvOf(boot, none, 'log.example'), { name: 'WrongAnswer', message: /does not end/ });
  t.intercept(globalThis, 'fetch', {
    value: async () => Response.json({ ...told, rows: [], next: 'x' }),
    configurable: true,
  });
  await t.rejects(csvOf(boot, none, 'log.example'), { name: 'WrongAnswer' });
});
