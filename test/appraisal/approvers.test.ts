/** Fewer approvers than something in force asks for is told before nobody can replace it (src/appraisal/approvers.ts). */
import t from 'tap';
import { approverFault, approversFor, tooFew } from '../../src/appraisal/approvers.ts';
import { historyOf, type SubjectEntry } from '../../src/appraisal/history.ts';
import { compilePolicy } from '../../src/statement/policy.ts';
import { encodeCommitment } from '../../src/statement/payload.ts';
import { declaration, kidOf, NOW, policy, signAs, signers, SUBJECT } from '../support/statement-examples.ts';

t.test('too few approvers are told', async (t) => {
  const author = kidOf('author').toHex();
  const closed = compilePolicy(policy);
  t.equal(approversFor(closed, SUBJECT, author), 1);
  t.equal(approversFor(closed, SUBJECT, kidOf('approver').toHex()), 0, "the author's own key does not count");
  t.equal(approversFor(closed, 'dev/x', author), 0, 'nor one for other subjects');
  t.equal(approversFor(compilePolicy({ ...policy, open: true }), SUBJECT, author), Infinity);
  t.equal(tooFew(1, 1), undefined);
  t.match(tooFew(2, 1), /^2 approvals are needed, and 1 other key may approve: let an admin enrol/);
  const { id, parsed } = await signAs(
    'author',
    'commitment',
    encodeCommitment({ ...declaration, approvals: 2 }),
    { signer: signers.author },
  );
  const entry: SubjectEntry = { index: 1, id, time: NOW, parsed };
  const history = historyOf([entry]);
  t.match(approverFault(history, closed, SUBJECT), /2 approvals are needed/);
  t.equal(approverFault(historyOf([]), closed, SUBJECT), undefined);
});
