/** The time of a witnessed checkpoint: witnesses that lie widen its bounds, and cannot make them wrong. */
import fc from 'fast-check';
import t from 'tap';
import { formatVkey, parseVkey, type NoteVerifier } from '#src/note/key.ts';
import { quorumTimes } from '#src/note/quorum-time.ts';
import { parseTrustPolicy, quorumMet, type TrustPolicy } from '#src/note/trust.ts';
import { hashOf } from '../support/statement-examples.ts';
import { seedSigner } from '../support/seed-signer.ts';

const vkeys = Array.from({ length: 6 }, (_, i) =>
  formatVkey(`w.example/${i}`, 4, seedSigner('ed25519', hashOf(`quorum witness ${i}`)).publicKey),
);
const verifiers: readonly NoteVerifier[] = vkeys.map(parseVkey);
const lines = vkeys.map((vkey, i) => `witness w${i} ${vkey}\n`).join('');
const policy = (rest: string): TrustPolicy => parseTrustPolicy(`${lines}${rest}\n`);
const two = policy('group q 2 w0 w1 w2\nquorum q');

/** What a witness signed, by its number. */
const signed = (...times: readonly (number | undefined)[]) =>
  times.flatMap((time, i) => {
    const verifier = verifiers[i];
    return time === undefined || verifier === undefined ? [] : [{ verifier, time }];
  });

t.test('the k-th earliest and the k-th latest', async (t) => {
  t.strictSame(quorumTimes(two, signed(100, 200, 300)), { earliest: 200, latest: 200 });
  t.strictSame(quorumTimes(two, signed(100, 200)), { earliest: 200, latest: 100 });
  t.strictSame(quorumTimes(policy('quorum w1'), signed(1, 200, 300)), { earliest: 200, latest: 200 });
  t.equal(quorumTimes(two, signed(100)), undefined, 'no quorum');
  t.equal(quorumTimes(policy('quorum none'), signed(1, 2, 3)), undefined, 'nobody was asked');
});

t.test('a cosignature without a time says nothing', async (t) => {
  t.equal(quorumTimes(two, signed(0, 200)), undefined);
  t.strictSame(quorumTimes(two, signed(0, 200, 300)), { earliest: 300, latest: 200 });
});

t.test('nested groups', async (t) => {
  const nested = policy('group left all w0 w1\ngroup right any w2 w3\ngroup q 2 left right w4\nquorum q');
  // left by 20 (w0, w1), right by 5 (w3), w4 at 30: two of three by 20.
  t.strictSame(quorumTimes(nested, signed(10, 20, 40, 5, 30)), { earliest: 20, latest: 30 });
  t.equal(quorumTimes(nested, signed(10, undefined, 40)), undefined, 'right alone');
});

/** A policy over all six witnesses: groups of some of them, and a group of the groups and of the others. */
const anyPolicy = fc
  .record({
    split: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 6, maxLength: 6 }),
    inner: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 3, maxLength: 3 }),
    outer: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ split, inner, outer }) => {
    const groups = [1, 2].flatMap((group) => {
      const members = split.flatMap((each, i) => (each === group ? [`w${i}`] : []));
      const threshold = Math.min(inner[group] ?? 1, members.length);
      return members.length === 0 ? [] : [{ name: `g${group}`, threshold, members }];
    });
    const top = [
      ...groups.map(({ name }) => name),
      ...split.flatMap((each, i) => (each === 0 ? [`w${i}`] : [])),
    ];
    const text = groups.map(
      ({ name, threshold, members }) => `group ${name} ${threshold} ${members.join(' ')}\n`,
    );
    return policy(`${text.join('')}group q ${Math.min(outer, top.length)} ${top.join(' ')}\nquorum q`);
  });

t.test('property: who cannot meet the quorum alone moves neither time past the honest ones', async (t) => {
  const times = fc.array(fc.option(fc.integer({ min: 0, max: 1_000 }), { nil: undefined }), {
    minLength: 6,
    maxLength: 6,
  });
  const lying = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 });
  let checked = 0;
  fc.assert(
    fc.property(anyPolicy, times, lying, (policy, times, lying) => {
      const all = signed(...times);
      const liars = verifiers.filter((_, i) => lying[i] === true);
      const found = quorumTimes(policy, all);
      if (
        found === undefined ||
        quorumMet(
          policy,
          liars.map((verifier) => ({ verifier })),
        )
      )
        return;
      const honest = all.filter(({ verifier, time }) => time > 0 && !liars.includes(verifier));
      checked += 1;
      // The tree was there when the first honest witness signed it; the last honest one signed before it went on.
      t.ok(found.earliest >= Math.min(...honest.map(({ time }) => time)));
      t.ok(found.latest <= Math.max(...honest.map(({ time }) => time)));
    }),
    { numRuns: 3_000, seed: 12 },
  );
  t.ok(checked > 300, `${checked} policies had liars below the quorum`);
});
