/**
 * Made configurations of sshd against `sshd -T` of this machine: node test/corpus/sshd-made.ts [--runs N] [--seed N]. Run by
 * hand; spec/claims.md has the counts. Prints what was read right, refused by both, by one, and wrong.
 */
import fc from 'fast-check';
import { parseArgs } from 'node:util';
import { differences, read, SshdOracle } from '../support/sshd-oracle.ts';
import { sshdTexts } from '../support/sshd-texts.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});
const oracle = new SshdOracle();
const counts: Record<string, number> = {};
const shown: Record<string, number> = {};
const by = { user: 'alice', host: 'a.example', addr: '10.0.0.1' };
for (const text of fc.sample(sshdTexts, { numRuns: Number(values.runs), seed: Number(values.seed) })) {
  const here = read(text);
  const there = oracle.ask(text, by);
  const wrong = typeof here !== 'string' && 'out' in there ? differences(here, there.out, by) : [];
  const kind =
    typeof here === 'string'
      ? 'err' in there
        ? 'refused by both'
        : `refused here alone: ${here.replace(/^[^:]*: /, '').slice(0, 40)}`
      : 'err' in there
        ? 'refused by sshd alone'
        : wrong.length === 0
          ? 'right'
          : 'wrong';
  counts[kind] = (counts[kind] ?? 0) + 1;
  shown[kind] = (shown[kind] ?? 0) + 1;
  if (kind.includes('alone') || kind === 'wrong')
    if ((shown[kind] ?? 0) <= 4)
      console.log(kind, JSON.stringify(text), wrong, 'err' in there ? there.err.slice(-200) : '');
}
console.log(counts);
oracle.end();
