/** `policy revoke --compromised-since`: what falls is shown first, and nothing is signed unasked. */
import t from 'tap';
import { formatHex } from '#src/bytes/text.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { people } from '../support/world.ts';
import { SeeWorld } from './support/see-world.ts';

const SUBJECT = 'db/payments';
const lastPolicy = (w: SeeWorld) => {
  const parsed = parseStatement(w.log.entries.at(-1) ?? new Uint8Array());
  return parsed.kind === 'policy' ? parsed.policy.document : undefined;
};

t.test('an approver: the commitment loses its effect', async (t) => {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit({ approvals: 1 });
  await w.approve(commitment);
  await w.prove(commitment);
  const size = w.log.entries.length;
  const revoke = (...more: readonly string[]) =>
    w.tally('policy', 'revoke', 'approver', '--compromised-since', ...more);
  const asked = await revoke('size:2');
  t.match(asked, {
    code: 1,
    out: /^not believed from entry 2 on\nwhat falls, by the log's search:\n {2}1 of kind approval: they no longer count.*\n {4}.*\n.*in force entry 1 → nothing/,
    err: /nothing is signed yet: this is what falls from entry 2 on; say --yes/,
  });
  t.equal(w.log.entries.length, size);
  const dry = await revoke('size:2', '--dry-run', '--json');
  t.match(dry.json, {
    changed: true,
    entry: null,
    compromised: {
      since: 2,
      witnessed_head: null,
      falls: [{ kind: 'approval', count: 1 }],
      effects: [{ before: 1, after: null }],
    },
  });
  t.match(await revoke('size:3', '--dry-run'), {
    code: 0,
    out: /nothing: by the log's search the key said nothing/,
  });
  t.equal(w.log.entries.length, size);
  const done = await revoke('size:2', '--yes', '--reason', 'stolen');
  t.match(done, { code: 0, out: /logged/ }, done.err);
  t.match(lastPolicy(w)?.revoked, [{ since: 2, reason: 'stolen' }]);
  t.match(await w.tally('status', SUBJECT), { code: 5, out: /lacks 1 approvals/ });
});

t.test('an agent, an author, a time without witnesses, and mistakes', async (t) => {
  const w = await SeeWorld.start(t);
  await w.prove(await w.commit());
  const revoke = (...more: readonly string[]) => w.tally('policy', 'revoke', ...more);
  const agent = formatHex(keyThumbprint(people.agent.publicKey));
  t.match(await revoke(agent, '--compromised-since', 'size:1'), {
    code: 1,
    out: /1 of kind proof: they read REVOKED; a target's/,
  });
  t.match(await revoke('author', '--compromised-since', 'size:1'), {
    out: /1 of kind commitment.*\n.*\n.*in force entry 1 → nothing/,
  });
  const time = new Date((w.now - 60) * 1000).toISOString().replace(/\.\d+/, '');
  const unknown = await revoke('author', '--compromised-since', time, '--yes');
  t.match(unknown, { err: /no witnessed head is as old as/ }, 'time is not taken from the log');
  t.match(await revoke('author', '--compromised-since', 'size:99'), { err: /beyond-head/ });
  t.match(await revoke('author', '--compromised-since', 'yesterday'), { code: 1, err: /usage/ });
  t.match(await revoke('author', '--compromised-since', 'size:1', '--since', '1'), {
    code: 1,
    err: /either --since or/,
  });
  t.match(await revoke('nobody', '--compromised-since', 'size:1'), { code: 2, err: /no-such-key/ });
  t.equal(w.log.entries.length, 3);
});
