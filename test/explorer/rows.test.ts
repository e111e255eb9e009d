/** A row of the first screen stands for all claims of its subject. */
import t from 'tap';
import { anyRestsOnList } from '#src/explorer/page/views/subject/listed.ts';

const part = (readFrom: number, ...proofs: readonly number[]) => ({
  readFrom,
  status: { claims: proofs.map((index) => ({ verdict: 'PROVEN' as const, proof_index: index })) },
});

t.test('a row is hollow if any of its claims rests on the list of the server', (t) => {
  t.equal(anyRestsOnList(part(256, 300, 400)), false);
  t.equal(anyRestsOnList(part(256, 300, 10)), true, 'the second claim, too');
  t.equal(anyRestsOnList(part(256, 10, 300)), true);
  t.equal(anyRestsOnList(undefined), false);
  t.end();
});
