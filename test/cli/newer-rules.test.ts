/** A policy of rules that this program does not know: every replay stops there, says "update", and accuses nobody. */
import t, { type Test } from 'tap';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeCbor, encodeCbor, type CborMap } from '../../src/bytes/cbor.ts';
import { EXIT } from '../../src/cli/exit.ts';
import { formatIncident } from '../../src/incident/incident.ts';
import { verifyIncident } from '../../src/incident/verify.ts';
import { parseVkey } from '../../src/note/key.ts';
import { policyOfLogs } from '../../src/note/trust.ts';
import type { OwnHeaders } from '../../src/statement/sign.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { encodePolicy } from '../../src/statement/payload.ts';
import { RULES } from '../../src/statement/policy.ts';
import { Following } from '../support/followed.ts';
import { HostileLog } from '../support/hostile-log.ts';
import { incidentOf, logged } from '../support/incident-examples.ts';
import { tallystick } from './support/run-cli.ts';
import {
  ORIGIN,
  otherStatement,
  ownStatement,
  people,
  policyDocumentOf,
  policyStatement,
} from '../support/world.ts';

t.setTimeout(120_000);

const FIRST = await policyStatement();
const others = (count: number, what: string): Promise<readonly Uint8Array[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => otherStatement(`${what}/${n}`)));

/** A policy with fields and rules that nobody here knows. */
function strangePolicy(
  rules: number,
  signer: Signer = people.admin,
  more: Partial<OwnHeaders> = {},
  subject = ORIGIN,
): Promise<Uint8Array> {
  const fields = decodeCbor(encodePolicy(policyDocumentOf())) as CborMap;
  const payload = encodeCbor(new Map([...fields, ['rules', rules], ['unheard', true]]));
  return ownStatement('policy', subject, payload, signer, more);
}

const newer = await strangePolicy(RULES + 1);

/** What is no statement to us: under the rules of the policy before it, it may be one. */
const UNHEARD = new TextEncoder().encode('a kind of entry that only newer rules have');

async function started(t: Test, ...entries: readonly Uint8Array[]): Promise<HostileLog> {
  const log = await HostileLog.start({ entries });
  t.teardown(() => log.close());
  return log;
}

/** `fsck` and `monitor --once` of a log. */
async function looked(t: Test, log: HostileLog) {
  const cwd = t.testdir({ 'log.vkey': `${log.vkeys.join('\n')}\n` });
  const around = { cwd, fetch };
  const flags = `--vkey log.vkey --state-dir ${join(cwd, 'state')}`;
  const fsck = await tallystick(`fsck ${log.url} ${flags} --json`, around);
  const monitor = await tallystick(
    `monitor ${log.url} --vkey log.vkey --once --monitor-dir ${join(cwd, 'mon')} --json`,
    around,
  );
  return { cwd, around, fsck, monitor };
}

t.test('fsck and monitors stop at it, find nothing, and say what to do', async (t) => {
  const before = await others(300, 'before');
  const log = await started(t, FIRST, ...before, newer, UNHEARD, ...(await others(3, 'after')));
  const { fsck, monitor } = await looked(t, log);
  t.match(fsck, { code: EXIT.notFound, err: /newer-version/ });
  t.match(fsck.err, new RegExp(`entry 301 of .*knows rules ${RULES}: update tallystick`, 's'));
  t.match(monitor, { code: EXIT.notFound });
  t.match(monitor.json, { clean: false, incidents: [] });
  t.match(monitor.json, {
    logs: [{ size: 306, copied: 301, reachable: true, fault: /entry 301 .*update tallystick/ }],
  });
});

t.test('what is wrong before it is still found', async (t) => {
  const bad = Uint8Array.from(await otherStatement('bad'));
  bad.set([1, 2, 3], bad.length - 3);
  const log = await started(t, FIRST, bad, newer, UNHEARD);
  const { fsck, monitor } = await looked(t, log);
  t.match(fsck, { code: EXIT.verification });
  t.match(fsck.json, { findings: [{ index: 1, what: /bad-signature/ }], stopped: /update tallystick/ });
  t.match(fsck.json, { findings: { length: 1 } }, 'and nothing else');
  t.match(monitor, { code: EXIT.verification });
  t.match(monitor.json, { incidents: { length: 1 } });
});

t.test('a monitor goes on where it stopped', async (t) => {
  const log = await started(t, FIRST, ...(await others(3, 'before')), newer, UNHEARD);
  const following = new Following(log);
  t.teardown(() => following.remove());
  const follower = await following.open();
  const stops = { kind: 'outdated', why: /entry 4 .*update tallystick/, alarms: [] };
  t.match(await follower.step(), stops);
  t.match(await follower.step(), stops, 'and again');
  t.equal(follower.copied, 4);
  await follower.close();
  t.strictSame(await following.audit(), [], 'the copy is good as far as it goes');
  const again = await following.open();
  t.match(await again.step(), stops, 'also after a restart');
  await again.close();
  t.strictSame(following.alarms, []);
  t.equal(following.seen.length, 4, 'watches are shown nothing that was not decided');
});

t.test('a log that begins with other rules is no log of other software', async (t) => {
  for (const [rules, code, says] of [
    [RULES + 1, EXIT.notFound, /update tallystick/],
    [4, EXIT.config, /rules 4 and was made by tallystick 0\.6\.0.*make a new log/],
    [2, EXIT.config, /rules 2 and was made by tallystick 0\.2, 0\.3 or 0\.4\.0.*make a new log/],
    [1, EXIT.config, /tallystick 0\.1,.*make a new log/],
  ] as const) {
    const log = await started(t, await strangePolicy(rules), UNHEARD);
    const { fsck, monitor } = await looked(t, log);
    t.match(fsck, { code, err: says }, `fsck, rules ${rules}`);
    t.match(monitor.json, { incidents: [], logs: [{ copied: 0, fault: says }] }, `monitor, rules ${rules}`);
    for (const [i, verb] of ['policy show', 'status x/0', 'status x/0 --full', 'registry'].entries()) {
      const { cwd, around } = {
        cwd: t.testdir({ 'log.vkey': `${log.vkeys.join('\n')}\n` }),
        around: { fetch },
      };
      const flags = `--log ${log.url} --vkey log.vkey --state-dir ${join(cwd, `state${rules}-${i}`)}`;
      const told = await tallystick(`${verb} ${flags}`, { ...around, cwd });
      t.match(told, { code, err: says }, `${verb}, rules ${rules}`);
    }
  }
});

t.test('only an admin of the policy before it makes anybody stop', async (t) => {
  const bad = Uint8Array.from(newer);
  bad.set([1, 2, 3], bad.length - 3);
  const table: readonly (readonly [what: string, code: string, entry: Uint8Array])[] = [
    ['by a stranger', 'unknown-key', await strangePolicy(RULES + 1, people.stranger)],
    ['by an author', 'wrong-role', await strangePolicy(RULES + 1, people.author)],
    ['with a bad signature', 'bad-signature', bad],
    [
      'for another log',
      'wrong-audience',
      await strangePolicy(RULES + 1, people.admin, { log: 'other.example' }),
    ],
    ['about something else', 'policy-rejected', await strangePolicy(RULES + 1, people.admin, {}, 'web/shop')],
    ['of 0.1', 'older-version', await strangePolicy(1)],
    ['of 0.3', 'older-version', await strangePolicy(2)],
  ];
  for (const [what, code, entry] of table) {
    const log = await started(t, FIRST, entry, ...(await others(2, what)));
    const { cwd, around, fsck, monitor } = await looked(t, log);
    t.match(fsck, { code: EXIT.verification }, what);
    t.match(fsck.json, { stopped: null, findings: [{ index: 1, what: new RegExp(code) }] }, what);
    t.match(monitor.json, { incidents: [{ kind: 'entry-rejected' }], logs: [{ copied: 4 }] }, what);
    const policy = await logged(log, 0);
    const evidence = { kind: 'entry-rejected', entry: await logged(log, 1), code, policy } as const;
    writeFileSync(join(cwd, 'incident.json'), formatIncident(incidentOf(log, evidence)));
    const verified = await tallystick('verify-incident incident.json --vkey log.vkey --json', around);
    t.match(verified, { code: EXIT.ok, json: { outcome: 'proven' } }, `${what}: the incident holds`);
  }
});

t.test('an incident that rests on it says nothing against anybody', async (t) => {
  const log = await started(t, FIRST, newer, await otherStatement('x', people.stranger));
  const trust = policyOfLogs(log.vkeys.map(parseVkey));
  const [first, second, third] = [await logged(log, 0), await logged(log, 1), await logged(log, 2)];
  for (const [what, entry, policy, code] of [
    ['an accusation of it', second, first, 'newer-version'],
    ['an accusation of it as something else', second, first, 'policy-rejected'],
    ['an accusation under it', third, second, 'unknown-key'],
  ] as const) {
    const incident = incidentOf(log, { kind: 'entry-rejected', entry, code, policy });
    t.throws(
      () => verifyIncident(incident, trust),
      { code: 'newer-version', message: /update tallystick/ },
      what,
    );
    const cwd = t.testdir({ 'log.vkey': `${log.vkeys.join('\n')}\n`, 'i.json': formatIncident(incident) });
    const told = await tallystick('verify-incident i.json --vkey log.vkey', { cwd, fetch });
    t.match(told, { code: EXIT.notFound, err: /update tallystick/ }, what);
  }
});

t.test('readers do not read on under the old policy', async (t) => {
  const log = await started(t, FIRST, newer, ...(await others(2, 'x')));
  const cwd = t.testdir({ 'log.vkey': `${log.vkeys.join('\n')}\n` });
  // Each with a directory of its own, of which nothing is remembered.
  const verbs = ['policy show', 'status x/0', 'get 3', 'watch --once', 'registry'];
  for (const [i, verb] of verbs.entries()) {
    const flags = `--log ${log.url} --vkey log.vkey --state-dir ${join(cwd, `state${i}`)}`;
    const told = await tallystick(`${verb} ${flags}`, { cwd, fetch });
    t.match(told, { code: EXIT.notFound, err: /update tallystick/ }, verb);
  }
});
