/** A text that looks like a person is remarked on before it is logged, and logged all the same. */
import t from 'tap';
import { SUBJECT } from '../support/see-world.ts';
import { SeeWorld } from './support/see-world.ts';

t.test('waive, approve, withdraw and policy remark on persons', async (t) => {
  const w = await SeeWorld.start(t);
  const id = (await w.commit({ approvals: 1 })).toHex();
  const approved = await w.tally(
    'approve',
    id,
    '--yes',
    '--reason',
    'Alice Smith <alice@example.com> looked at it',
  );
  t.match(approved, {
    code: 0,
    err: /warning: "alice@example\.com", "Alice Smith" looks like a person, and what is logged cannot/,
  });
  const waive = (owner: string) =>
    w.tally('waive', SUBJECT, 'tls-min', '--owner', owner, '--reason', 'old terminal', '--until', '7d');
  t.match(await waive('Jürgen Müller'), { code: 0, err: /"Jürgen Müller" looks like a person/ });
  t.notMatch((await waive('Payments Team')).err, /looks like a person/);
  const revoked = await w.tally('policy', 'revoke', 'submitter', '--reason', 'Bob Jones left');
  t.match(revoked, { code: 0, err: /"Bob Jones" looks like a person/ });
  const again = await w.tally('policy', 'revoke', 'agent', '--reason', 'laptop stolen');
  t.match(again.code, 0);
  t.notMatch(again.err, /looks like a person/, 'what was said before is not said again');
  t.match(await w.tally('withdraw', SUBJECT, '--reason', 'ask carol@example.com'), {
    code: 0,
    err: /carol@example\.com/,
  });
});
