/** A change of the registration policy without a command line: planned, refused, signed, logged. */
import t from 'tap';
import { openClient, type LogClient } from '#src/client/client.ts';
import { trustKeys } from '#src/client/trust.ts';
import { kidOf } from '#src/cose/key.ts';
import { parseVkey } from '#src/note/key.ts';
import { logChange, planChange } from '#src/policy/change.ts';
import { editable, editTo, formatEditable, parseEditable } from '#src/policy/editable.ts';
import { policyInForce } from '#src/policy/in-force.ts';
import { enrol, revoke } from '#src/registration/edits.ts';
import { wholeDocument } from '#src/registration/next.ts';
import type { EnrolledKey, PolicyDocument } from '#src/statement/policy.ts';
import { BASE, ServedLog, TIME } from '../support/served-log.ts';
import { people, vkeys } from '../support/world.ts';

const now = (): number => TIME * 1000;
const stranger: EnrolledKey = {
  key: people.stranger.publicKey,
  name: 'CI',
  roles: ['author'],
  subjects: ['prod/**'],
};
const enrolling = (document: PolicyDocument): PolicyDocument => enrol(document, stranger, false);

async function opened(): Promise<{ readonly log: ServedLog; readonly client: LogClient }> {
  const log = await ServedLog.start();
  const trust = trustKeys(vkeys.map(parseVkey));
  return { log, client: openClient({ log: BASE, trust, fetch: log.fetch, now, patienceMs: 0 }) };
}

t.test('planning logs nothing; the plan is logged, and is nothing to do afterwards', async (t) => {
  const { log, client } = await opened();
  const before = log.entries.length;
  const plan = await planChange(client, enrolling, { now });
  t.match(plan.difference.join('\n'), /^\+ .*CI/m);
  t.equal(log.entries.length, before);
  const logged = await logChange(client, plan, people.admin);
  t.equal(log.entries.length, before + 1);
  const inForce = await policyInForce(client);
  t.equal(inForce.index, logged.index);
  t.ok(inForce.policy.keys.has(kidOf(stranger.key)));
  t.strictSame((await planChange(client, enrolling, { now })).difference, []);
});

t.test('what the log would refuse is refused before anything is sent', async (t) => {
  const { log, client } = await opened();
  const before = log.entries.length;
  const plan = await planChange(client, enrolling, { now });
  await t.rejects(logChange(client, plan, people.author), { code: 'wrong-role' });
  await t.rejects(logChange(client, plan, people.stranger), { code: 'unknown-key' });
  const noAdmin = (document: PolicyDocument): PolicyDocument => ({ ...document, keys: [stranger] });
  await t.rejects(planChange(client, noAdmin, { now }), { code: 'policy-rejected' });
  const kid = kidOf(people.admin.publicKey);
  const suicide = planChange(
    client,
    (document, { view }) =>
      revoke(
        enrol(document, { ...stranger, roles: ['admin'], subjects: ['**'] }, false),
        { who: kid, since: undefined, reason: undefined },
        view.head.size,
      ),
    { now },
  );
  await t.rejects(logChange(client, await suicide, people.admin), {
    code: 'policy-rejected',
    message: /would revoke itself/,
  });
  t.equal(log.entries.length, before, 'nothing of it was logged');
});

t.test('an edited file is refused when another policy came in between', async (t) => {
  const { client } = await opened();
  const { policy, id } = await policyInForce(client);
  const whole = wholeDocument(policy);
  const edited = parseEditable(formatEditable({ ...whole, approvals: 2 }, id, 'edited'), 'it');
  t.equal(editable(whole, id)['base'], id);
  await logChange(client, await planChange(client, enrolling, { now }), people.admin);
  await t.rejects(planChange(client, editTo(edited), { now }), {
    code: 'policy-rejected',
    message: /was logged since/,
  });
});
