/** The thread that computes the first screen: it does not work on for those who have gone. */
import t from 'tap';
import { Overviews } from '#src/explorer/overview/overviews.ts';
import { policyOfLogs } from '#src/note/trust.ts';

const QUESTION = { query: { limit: 1 }, note: new Uint8Array(), policy: policyOfLogs([]) };

/** Threads that answer when they are told to. */
class Threads {
  started = 0;
  ended = Promise.withResolvers<number>();
  answer: () => Promise<Uint8Array> = () => new Promise(() => undefined);
  readonly start = (_: unknown, onExit: () => void) => {
    const number = ++this.started;
    return {
      ask: () => this.answer(),
      terminate: async () => {
        this.ended.resolve(number);
        this.ended = Promise.withResolvers();
        onExit();
      },
    };
  };
}

// The timers of a server keep no process alive.
const alive = setInterval(() => undefined, 1_000);
t.teardown(() => clearInterval(alive));

const SOURCE = { role: 'log', origin: 'log.example', path: '' } as const;
/** Longer than any test. */
const LONG = 3_600_000;

t.test('a question that is not answered in time leaves no thread behind', async (t) => {
  const threads = new Threads();
  const overviews = new Overviews(SOURCE, { timeoutMs: 5, leftMs: 5, idleMs: LONG, start: threads.start });
  const { promise: ended } = threads.ended;
  await t.rejects(overviews.page(QUESTION), { code: 'overloaded', message: /ask again/ });
  t.equal(await ended, 1, 'the thread was ended, though it never said a word');
  threads.answer = async () => new Uint8Array([1]);
  t.same(await overviews.page(QUESTION), new Uint8Array([1]), 'a later question starts another one');
  t.equal(threads.started, 2);
  await overviews.close();
});

t.test(
  'as long as somebody asks, a slow thread goes on: else a large log would never be computed',
  async (t) => {
    const threads = new Threads();
    const overviews = new Overviews(SOURCE, {
      timeoutMs: 5,
      leftMs: LONG,
      idleMs: LONG,
      start: threads.start,
    });
    await t.rejects(overviews.page(QUESTION), { code: 'overloaded' });
    await t.rejects(overviews.page(QUESTION), { code: 'overloaded' });
    t.equal(threads.started, 1, 'the same one is asked');
    threads.answer = async () => new Uint8Array([2]);
    t.same(await overviews.page(QUESTION), new Uint8Array([2]));
    t.equal(threads.started, 1);
    await overviews.close();
  },
);
