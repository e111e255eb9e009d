/** Long answers go from the verifier to the page in pieces, and are what they were. */
import fc from 'fast-check';
import t from 'tap';
import { cut, Joiner, type Wire } from '#src/explorer/page/worker/pieces.ts';
import type { Reply } from '#src/explorer/page/worker/protocol.ts';

/** What arrives of replies that are sent one after another. */
function arrived(...replies: readonly Reply[]): {
  readonly joined: readonly Reply[];
  readonly sent: readonly Wire[];
} {
  const joiner = new Joiner();
  const sent = replies.flatMap((reply) => [...cut(reply)]);
  return { sent, joined: sent.flatMap((each) => joiner.take(structuredClone(each)) ?? []) };
}

const entries = (id: number, count: number): Reply => ({
  id,
  say: 'part',
  part: { kind: 'entries', verified: Array.from({ length: count }, (_, i) => i), wrong: [] },
});

t.test('a short answer is one message', async (t) => {
  const reply = entries(1, 250);
  const { sent, joined } = arrived(reply);
  t.equal(sent.length, 1);
  t.equal(sent[0], reply);
  t.strictSame(joined, [reply]);
});

t.test('a long one is many, none of them long', async (t) => {
  const replies = [entries(1, 1_001), entries(2, 3), entries(1, 0), entries(3, 251)];
  const { sent, joined } = arrived(...replies);
  t.strictSame(joined, replies);
  t.equal(sent.filter(({ say }) => say === 'piece').length, 5 + 2);
  for (const each of sent) if (each.say === 'piece') t.ok(each.items.length <= 250);
});

t.test('any answer is what it was', async (t) => {
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean(), fc.uint8Array());
  const long = fc
    .tuple(fc.integer({ min: 200, max: 900 }), leaf)
    .map(([length, each]) => Array.from({ length }, (_, i) => ({ each, i })));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      long,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string({ minLength: 1 }), tie('value'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), (values) => {
      const replies = values.map(
        (result, id) => ({ id, say: 'done', result: { result } }) as unknown as Reply,
      );
      t.strictSame(arrived(...replies).joined, structuredClone(replies));
    }),
    { numRuns: 60 },
  );
});

t.test('what is no message of the verifier is a bug', async (t) => {
  for (const message of [
    null,
    {},
    { id: 1, say: 'rest', holes: [], rest: null },
    { id: 1, say: 'rest', holes: [['a', 'b']], rest: { id: 1 } },
    { id: 1, say: 'rest', holes: [[]], rest: { id: 1 } },
  ])
    t.throws(() => new Joiner().take(message), Error);
});
