/** Alarms: when a state is one, who is expected to speak, what was due; kept through crashes, delivered at least once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { digest, entryId, treeSize } from '../../src/bytes/brand.ts';
import { parseHex } from '../../src/bytes/text.ts';
import { parseIncident } from '../../src/incident/parse.ts';
import { DueStore } from '../../src/monitor/due-store.ts';
import {
  confirmedAt,
  longestGap,
  NOTHING_OBSERVED,
  observe,
  observeFailure,
  parseObserved,
  staleness,
  type Observed,
} from '../../src/monitor/conditions.ts';
import { lockDirectory, openMonitorDatabase, openDatabaseToRead } from '../../src/monitor/database.ts';
import { DueProofs } from '../../src/monitor/due-proofs.ts';
import { parseExpectations, unexpected } from '../../src/monitor/expectations.ts';
import { IncidentStore } from '../../src/monitor/incidents.ts';
import { Overdue } from '../../src/monitor/missed-proofs.ts';
import { Webhook, type WebhookParts } from '../../src/monitor/webhook.ts';
import { formatSecret, parseSecrets, signWebhook } from '../../src/monitor/webhook-secret.ts';
import { noteVerifier, parseVkey } from '../../src/note/key.ts';
import type { LogReader } from '../../src/log/ports.ts';
import type { Step } from '../../src/monitor/follow.ts';
import { openHead } from '../../src/monitor/head.ts';
import { LogWatch, type Followed } from '../../src/monitor/logwatch.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import { Observations } from '../../src/monitor/observations.ts';
import { signCheckpoint } from '../../src/note/checkpoint.ts';
import { verifyWithNoble } from '../../src/sign/algorithm.ts';
import { parseTrustPolicy, policyOfLogs } from '../../src/note/trust.ts';
import { formatVkey } from '../../src/note/key.ts';
import { parseStatement } from '../../src/statement/parse.ts';
import { encodeCommitment, encodeProof } from '../../src/statement/payload.ts';
import { SALTED_TREE } from '../../src/statement/saltedleaf.ts';
import { Clock, incidentOf, Receiver } from '../support/monitored.ts';
import {
  approvalStatement,
  commitmentStatement,
  entryIdOf,
  headKeys,
  ORIGIN,
  otherStatement,
  people,
  policyDocumentOf,
  policyStatement,
  proofStatement,
  vkeys,
  ownStatement,
} from '../support/world.ts';
import { seedSigner } from '../support/seed-signer.ts';

const NOW = 1_800_000_000;
const POLL = 10_000;

function directory(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-monitor-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

// States.

const witnesses = ['one', 'two', 'three'].map((name, i) => {
  const { publicKey } = seedSigner('ed25519', new Uint8Array(32).fill(90 + i));
  return { name, vkey: formatVkey(name, 4, publicKey), verifier: noteVerifier(name, 4, publicKey) };
});
const lines = witnesses.map(({ name, vkey }) => `witness ${name} ${vkey}\n`).join('');
const twoOfThree = parseTrustPolicy(`${lines}group all 2 one two three\nquorum all\n`);
const noQuorum = parseTrustPolicy(`${lines}quorum none\n`);
const cosigned = (...times: readonly number[]) =>
  times.flatMap((time, i) => {
    const verifier = witnesses[i]?.verifier;
    return verifier === undefined ? [] : [{ verifier, time }];
  });

t.test('a head is as fresh as the quorum says', async (t) => {
  const at = (...times: readonly number[]) => confirmedAt(twoOfThree, cosigned(...times), NOW * 1000);
  t.equal(at(NOW - 100, NOW - 900, NOW - 500), NOW - 500, 'two of three said so then or later');
  t.equal(at(NOW - 100), undefined, 'one is no quorum: whether that is an alarm, the quorum says');
  t.equal(at(NOW + 100, NOW - 900), NOW - 900);
  t.equal(at(NOW + 9999, NOW - 900, NOW - 800), NOW - 900, 'a clock far ahead says nothing');
  t.equal(at(0, 0, 0), undefined, 'a timestamp of 0 claims nothing');
  t.equal(confirmedAt(noQuorum, cosigned(NOW - 9, NOW - 5), NOW * 1000), NOW - 5, 'without a quorum, anyone');
  t.equal(confirmedAt(noQuorum, [], NOW * 1000), undefined);
  t.equal(
    staleness(NOTHING_OBSERVED, undefined, NOW * 1000, 60),
    undefined,
    'no witness, no growth: no telling',
  );
  t.equal(staleness(NOTHING_OBSERVED, NOW - 60, NOW * 1000, 60), undefined);
  t.match(staleness(NOTHING_OBSERVED, NOW - 61, NOW * 1000, 60), { why: 'unconfirmed', ageSeconds: 61 });
});

t.test('only time that was watched counts', async (t) => {
  const unmet = (before: Observed, now: number, began = now): Observed =>
    observe(before, { began, now, size: 5, met: false, knownSize: undefined }, POLL);
  let observed = unmet(NOTHING_OBSERVED, 0);
  t.equal(observed.unmetMs, 0, 'the first look begins it');
  observed = unmet(observed, 10_000);
  t.equal(observed.unmetMs, 10_000);
  observed = unmet(observed, 10_000 + longestGap(POLL) + 1);
  t.equal(observed.unmetMs, 10_000, 'through a longer gap nobody watched: the monitor was down');
  observed = unmet(observed, 5_000);
  t.equal(observed.unmetMs, 10_000, 'a clock that goes back adds nothing');
  observed = unmet(parseObserved(JSON.stringify(observed)), 9_000);
  t.equal(observed.unmetMs, 14_000, 'a quick restart goes on');
  const away = observeFailure(observed, 12_000);
  t.equal(away.failedAt, 12_000);
  t.equal(unmet(away, 14_000).unmetMs, 14_000, 'nor while the log was away');
  const met = { began: 20_000, now: 20_000, size: 5, met: true, knownSize: undefined };
  t.equal(unmet(observed, 99_000, 15_000).unmetMs, 104_000, 'a log that takes its time is watched meanwhile');
  t.equal(observe(observed, met, POLL).unmetMs, undefined, 'once met, it begins anew');
  for (const damaged of ['', '[]', 'null', '{"unmetMs":-1}', '{"unmetMs":"9"}', '{"behind":{"size":1}}'])
    t.strictSame(parseObserved(damaged), NOTHING_OBSERVED);
});

t.test('behind a peer', async (t) => {
  const look = (before: Observed, now: number, size: number, peerSize?: number): Observed =>
    observe(before, { began: now, now, size, met: true, knownSize: peerSize }, POLL);
  let observed = look(NOTHING_OBSERVED, 0, 100, 120);
  for (let now = 10_000; now <= 60_000; now += 10_000) observed = look(observed, now, 100, 130 + now);
  t.strictSame(observed.behind, { size: 120, ms: 60_000 }, 'it counts from the first newer head');
  t.match(staleness(observed, undefined, 0, 59), { why: 'behind', ageSeconds: 60 });
  t.equal(staleness(observed, undefined, 0, 60), undefined);
  const silent = look(observed, 70_000, 119);
  t.equal(silent.behind?.ms, 70_000, 'a peer that is away now said it before');
  t.equal(look(silent, 80_000, 120).behind, undefined, 'caught up');
  t.strictSame(look(silent, 80_000, 120, 150).behind, { size: 150, ms: 0 }, 'and behind again, from now');
  const outage = observeFailure(observed, 70_000);
  t.equal(look(outage, 86_400_000, 100).behind?.ms, 60_000, 'a day of outage is no day of staleness');
});

// Who is expected.

t.test('expectations', async (t) => {
  const kid = 'ab'.repeat(32);
  const rules = parseExpectations(
    `# who may speak
- subject: prod/payments/*
  issuers: [https://pay.example]
  kids: ${kid}
- {subject: prod/**, issuers: [https://ci.example, https://pay.example], kinds: commitment}
- {subject: '**', issuers: [nobody], origin: other.example}
`,
    'who.yaml',
  );
  const says = (subject: string, issuer: string, by = kid, kind = 'commitment' as 'commitment' | 'proof') =>
    unexpected(rules, 'log.example', { kind, subject, issuer, kid: by })?.subject;
  t.equal(says('prod/payments/db', 'https://pay.example'), undefined);
  t.equal(
    says('prod/payments/db', 'https://pay.example', 'cd'.repeat(32)),
    'prod/payments/*',
    'both must fit',
  );
  t.equal(says('prod/payments/db', 'https://ci.example'), 'prod/payments/*', 'the first rule decides');
  t.equal(says('prod/payments/db/x', 'https://ci.example'), undefined);
  t.equal(says('prod/web', 'https://evil.example'), 'prod/**');
  t.equal(says('prod/web', 'https://evil.example', kid, 'proof'), undefined, 'of commitments alone');
  t.equal(says('test/web', 'https://evil.example'), undefined, 'nothing is said of it');
  const other = { kind: 'proof', subject: 'x', issuer: 'y', kid } as const;
  t.equal(unexpected(rules, 'other.example', other)?.subject, '**', 'a rule for one log');

  const refused: readonly (readonly [file: string, says: RegExp])[] = [
    ['', /list of 1 to/],
    ['subject: x', /list of 1 to/],
    ['[]', /list of 1 to/],
    ['- x', /rule 1: expected fields/],
    ['- {subject: x}', /issuers, kids or both/],
    ['- {issuers: [a]}', /subject is missing/],
    ['- {subject: x, issuers: []}', /issuers takes 1 to/],
    ['- {subject: x, issuers: [[a]]}', /issuers takes 1 to/],
    ['- {subject: x, issuer: a}', /"issuer" is none of/],
    ['- {subject: x, issuers: a, kids: [AB]}', /64 lower-case/],
    ['- {subject: x, issuers: a, kinds: [comitment]}', /no kind/],
    ['- {subject: "a?", issuers: a}', /pattern/],
    ['- {subject: [a], issuers: a}', /takes one text/],
    ['- &a {subject: x, issuers: a}\n- *a', /rule 2/],
    ['- {subject: x, subject: y, issuers: a}', /unique/],
    ['- {subject: x, issuers: a', /who.yaml/],
  ];
  for (const [file, says] of refused)
    t.throws(() => parseExpectations(file, 'who.yaml'), { code: 'config-invalid', message: says }, file);
});

// What is due.

/** Due proofs, from statements in the order they come. */
class Reading {
  due = new DueProofs();
  index = 0;

  read(statement: Uint8Array, now = NOW): string {
    const id = entryIdOf(statement);
    this.due.read({ index: this.index++, id: entryId(id), parsed: parseStatement(statement) }, now);
    return id;
  }

  dues(): readonly (readonly [subject: string, claim: string | undefined, due: number])[] {
    return Array.from(this.due.all(), ({ subject, claim, due }) => [subject, claim, due]);
  }
}

const DUE = 1_800_003_600;
const claims = [
  { id: 'tls', expr: 'true', probe: 'tls@1', minEvidence: 'E0', cadence: 600, severity: 'low' },
  {
    id: 'ssh',
    expr: 'true',
    probe: 'ssh@1',
    minEvidence: 'E0',
    cadence: 60,
    severity: 'low',
    grace: 2,
    deadline: 30,
  },
] as const;

/** A proof with results of some claims, whose window ended at `end`. */
function proofOf(
  subject: string,
  commitment: string,
  wanted: readonly string[],
  end: number,
  seq = 0,
  prev?: string,
) {
  const root = digest(new Uint8Array(32).fill(1));
  const payload = encodeProof({
    commitment: digest(parseHex(commitment)),
    agent: { name: 'agent', version: '0' },
    seq,
    ...(prev === undefined ? {} : { prev: digest(parseHex(prev)) }),
    challenge: { origin: 'log.example/tally', size: 1, root, nonce: root },
    window: { start: end - 60, end },
    results: wanted.map((claim) => ({ claim, verdict: 'PROVEN' as const, evidence: 'E0' as const })),
    population: { source: 'x', total: 1, sampled: 1, method: 'all' },
    observations: { alg: SALTED_TREE, count: 1, root },
    coverage: { declared: 1, compared: 1, excluded: 0 },
    cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
    nextDue: DUE,
  });
  return ownStatement('proof', subject, payload, people.agent);
}

t.test('chains and claims are due as they say', async (t) => {
  const reading = new Reading();
  reading.read(await policyStatement());
  const commitment = reading.read(await commitmentStatement('a', { claims }));
  t.strictSame(reading.dues(), [
    ['a', 'tls', NOW + 600],
    ['a', 'ssh', NOW + 180],
  ]);
  const first = reading.read(await proofOf('a', commitment, ['tls', 'ssh'], NOW + 60), NOW + 60);
  t.strictSame(reading.dues(), [
    ['a', 'tls', NOW + 660],
    ['a', 'ssh', NOW + 60 + 180],
    ['a', undefined, DUE],
  ]);
  reading.read(await proofOf('a', commitment, ['tls'], NOW + 600, 1, first), NOW + 600);
  t.strictSame(reading.dues().slice(0, 2), [
    ['a', 'tls', NOW + 1200],
    ['a', 'ssh', NOW + 240],
  ]);
  const next = await commitmentStatement('a', {
    claims: claims.slice(0, 1),
    supersedes: digest(parseHex(commitment)),
  });
  const successor = reading.read(next, NOW + 700);
  t.strictSame(
    reading.dues(),
    [
      ['a', 'tls', NOW + 1300],
      ['a', undefined, DUE],
    ],
    'the new commitment counts from now; the chain goes on',
  );
  const withdrawal = encodeCommitment({ withdraws: digest(parseHex(successor)) });
  reading.read(await ownStatement('commitment', 'a', withdrawal, people.author));
  t.strictSame(reading.dues(), [], 'with the commitment, chain and claims end');
});

t.test('what ends a due, and what delays it', async (t) => {
  const reading = new Reading();
  reading.read(await policyStatement());
  const commitment = reading.read(
    await commitmentStatement('a', { claims: claims.slice(0, 1), approvals: 2 }),
  );
  const overdue = new Overdue();
  const judge = (now: number) =>
    overdue.missedAt(reading.due, { now, upMs: now * 1000, graceSeconds: 0, upSeconds: 0 }).length;
  t.equal(judge(NOW + 9999), 0, 'not approved, not in force');
  reading.read(await approvalStatement('a', commitment, people.approver), NOW + 5000);
  reading.read(await otherStatement('noise'));
  t.equal(judge(NOW + 99_999), 0, 'one of two approvals');
  reading.read(await approvalStatement('a', commitment, people.admin), NOW + 6000);
  t.strictSame(reading.dues(), [['a', 'tls', NOW + 6600]]);
  t.equal(judge(NOW + 6600), 0);
  t.equal(judge(NOW + 6601), 1);

  reading.read(
    await commitmentStatement('b', { claims: claims.slice(0, 1), validity: { notAfter: NOW + 500 } }),
  );
  t.equal(judge(NOW + 6601), 1, 'after its validity nothing is due');

  reading.read(await proofStatement('a', commitment, 0, undefined));
  t.equal(reading.dues().length, 3);
  const keys = policyDocumentOf().keys.filter(({ name }) => name !== 'agent');
  reading.read(await policyStatement({ keys }));
  t.equal(reading.dues().length, 2, 'a key that may not submit has no chain to go on with');
});

t.test('a proof is missed only when it could have come', async (t) => {
  const reading = new Reading();
  reading.read(await policyStatement());
  const commitment = reading.read(await commitmentStatement('a'));
  const first = reading.read(await proofStatement('a', commitment, 0, undefined));
  const grace = { graceSeconds: 300, upSeconds: 300 };
  const overdue = new Overdue();
  const judge = (now: number, upMs: number) =>
    overdue.missedAt(reading.due, { now, upMs, ...grace }).map(({ key }) => key);
  t.strictSame(judge(DUE, 0), []);
  t.strictSame(judge(DUE + 1, 1_000), [], 'noticed');
  t.strictSame(judge(DUE + 86_400, 1_000), [], 'a day later: but the log was away all day');
  t.strictSame(judge(DUE + 86_690, 291_000), [], 'it is back, and the agent has its grace');
  t.match(judge(DUE + 86_700, 301_000), [/^chain /], 'and now it was missed');
  t.strictSame(
    new Overdue().missedAt(reading.due, { now: DUE + 86_700, upMs: 301_000, ...grace }),
    [],
    'a restart waits',
  );

  const due = [...reading.due.all()].find(({ claim }) => claim === undefined);
  reading.due.missed(due?.key ?? '', 'the incident');
  t.strictSame(judge(DUE + 90_000, 900_000), [], 'said once');
  t.strictSame(reading.due.settled(), []);
  reading.read(await proofStatement('a', commitment, 1, first));
  t.strictSame(reading.due.settled(), ['the incident'], 'the late proof settles it');
  t.strictSame(reading.due.settled(), []);
});

const byKey = (dues: DueProofs) => [...dues.all()].toSorted((a, b) => a.key.localeCompare(b.key));

t.test('due proofs are the same after a crash', async (t) => {
  const dir = directory(t);
  const db = openMonitorDatabase(dir);
  t.teardown(() => db.close());
  const dueStore = new DueStore(db);
  const reading = new Reading();
  reading.due = dueStore.load('log');
  reading.read(await policyStatement());
  const commitment = reading.read(await commitmentStatement('a', { claims }));
  dueStore.save('log', reading.due);
  const proof = await proofStatement('a', commitment, 0, undefined);
  reading.read(proof);
  const again = new Reading();
  again.due = dueStore.load('log');
  t.equal(again.due.upto, 2, 'what was not saved is read again');
  again.index = 1;
  again.read(await commitmentStatement('z', { claims }));
  again.read(proof);
  t.strictSame(byKey(again.due), byKey(reading.due), 'and what was read already is not');
  reading.due.missed(`claim ${commitment} tls`, 'x');
  dueStore.save('log', reading.due);
  t.strictSame(byKey(dueStore.load('log')), byKey(reading.due));
  t.equal(dueStore.load('other').size, 0);
  db.prepare('UPDATE due SET body = ?').run('{"key":1}');
  t.throws(() => dueStore.load('log'), { code: 'corrupt-store' });
});

// Incidents on disk.

function openStore(t: Test, dir: string, now = () => 5000, keep = 1000): IncidentStore {
  const db = openMonitorDatabase(dir);
  t.teardown(() => db.close());
  return new IncidentStore(db, dir, { now, keep });
}

t.test('incidents are kept once', async (t) => {
  const dir = directory(t);
  let now = 1000;
  const store = openStore(t, dir, () => now);
  const incident = incidentOf('a');
  t.equal(store.raise(incident), 'opened');
  t.strictSame(parseIncident(readFileSync(store.fileOf(incident.id))), incident);
  now = 2000;
  t.equal(store.raise(incident), 'again');
  t.match(store.find(incident.id), { firstSeen: 1000, lastSeen: 2000, seen: 2, resolved: undefined });
  t.equal(store.outbox.waiting, 1, 'one event');
  now = 3000;
  t.ok(store.resolve(incident.id));
  t.notOk(store.resolve(incident.id), 'once');
  t.notOk(store.resolve('00'.repeat(32)));
  t.match(store.find(incident.id), { resolved: 3000 });
  now = 4000;
  t.equal(store.raise(incident), 'opened', 'it came back');
  t.match(store.find(incident.id), { firstSeen: 1000, lastSeen: 4000, seen: 3, resolved: undefined });
  t.equal(store.outbox.waiting, 1, 'what nobody heard of need not be taken back');
  store.raise(incidentOf('b'));
  t.strictSame(
    store.list({ limit: 9 }).map(({ what }) => what),
    ['b', 'a'],
  );
  t.strictSame(
    store.list({ limit: 9, before: store.list({ limit: 1 })[0]?.id ?? '' }).map(({ what }) => what),
    ['a'],
  );
  store.resolve(incident.id);
  t.strictSame(
    store.list({ limit: 9, open: true }).map(({ what }) => what),
    ['b'],
  );
  t.equal(store.begins(incident.id.slice(0, 6))[0]?.id, incident.id);

  rmSync(store.fileOf(incident.id));
  writeFileSync(join(dir, 'incidents', 'x.json.tmp'), 'half');
  openStore(t, dir).repair();
  t.strictSame(readdirSync(join(dir, 'incidents')).length, 2, 'the missing file is back, the half one gone');

  const unlock = lockDirectory(dir);
  t.throws(() => lockDirectory(dir), { code: 'locked' });
  unlock();
  lockDirectory(dir)();
  t.equal(new IncidentStore(openDatabaseToRead(dir), dir, { now: () => 0 }).list({ limit: 9 }).length, 2);
  t.throws(() => openDatabaseToRead(join(dir, 'nowhere')), { code: 'not-found' });
  writeFileSync(join(directory(t), 'x'), '');
});

t.test('incidents are bounded, and those of other kinds are not in the way', async (t) => {
  const store = openStore(t, directory(t), () => 7, 3);
  for (const about of ['a', 'b', 'c']) t.equal(store.raise(incidentOf(about)), 'opened');
  t.equal(store.raise(incidentOf('d')), 'uncounted');
  t.equal(store.raise(incidentOf('d')), 'uncounted');
  t.match(store.uncounted(), [{ kind: 'quorum-lost', seen: 2 }]);
  t.equal(store.raise(incidentOf('d', 'forged-cosignature')), 'opened');
  store.resolve(incidentOf('a').id);
  t.equal(store.raise(incidentOf('d')), 'uncounted', 'the resolved one is still to be told');
  for (let event = store.outbox.next(9); event !== undefined; event = store.outbox.next(9))
    store.outbox.delivered(event, 9);
  t.equal(store.raise(incidentOf('d')), 'opened', 'the oldest resolved one made room');
  t.equal(store.find(incidentOf('a').id), undefined);
  t.notOk(existsSync(store.fileOf(incidentOf('a').id)));

  const dir = directory(t);
  const db = openMonitorDatabase(dir);
  t.teardown(() => db.close());
  const silent = new IncidentStore(db, dir, { now: () => 7, keep: 1, delivers: false });
  silent.raise(incidentOf('a'));
  t.equal(silent.raise(incidentOf('b')), 'uncounted');
  silent.resolve(incidentOf('a').id);
  t.equal(silent.raise(incidentOf('b')), 'opened', 'without a webhook, nobody is to be told first');
  t.equal(silent.outbox.waiting, 1);
});

t.test('a disk that fails: raised again, it is there', async (t) => {
  const dir = directory(t);
  const store = openStore(t, dir);
  rmSync(join(dir, 'incidents'), { recursive: true });
  t.throws(() => store.raise(incidentOf('a')), { code: 'store-failed' });
  const again = openStore(t, dir);
  t.equal(again.raise(incidentOf('a')), 'again', 'the row was durable, and now the file is');
  t.ok(existsSync(again.fileOf(incidentOf('a').id)));
});

t.test('killed at any moment, nothing that was raised is lost', async (t) => {
  const dir = directory(t);
  for (const after of [3, 11]) {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../support/incident-child.ts'), dir]);
    const told: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      told.push(line);
      if (told.length === after) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    t.equal(child.signalCode, 'SIGKILL');
    const store = openStore(t, dir);
    store.repair();
    for (const id of told) {
      t.ok(store.find(id), id);
      t.equal(parseIncident(readFileSync(store.fileOf(id))).id, id);
    }
    const files = readdirSync(join(dir, 'incidents'));
    t.equal(files.length, store.list({ limit: 1000 }).length, 'a file each, and none that is half');
    t.ok(store.outbox.waiting >= told.length, 'and an event');
  }
});

// Webhooks.

const SECRET = formatSecret(new Uint8Array(32).fill(7));
const secrets = parseSecrets(new TextEncoder().encode(`# ours\n${SECRET}\n`), 'file');

t.test('secrets and signatures', async (t) => {
  // The vector of the specification's own libraries.
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', time: 1614265330, body: '{"test": 2432232314}' };
  const bytes = (text: string) => new TextEncoder().encode(text);
  const known = parseSecrets(bytes('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'), 'f');
  t.equal(signWebhook(known, message), 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  t.equal(
    signWebhook([...known, ...known], message).split(' ').length,
    2,
    'both secrets, while they are exchanged',
  );
  for (const bad of ['', '# none', 'secret', 'whsec_', 'whsec_AAAA', SECRET.slice(0, -1), `${SECRET}=`])
    t.throws(() => parseSecrets(bytes(bad), 'f'), { code: 'key-file' }, bad);
  t.throws(() => parseSecrets(bytes(Array(5).fill(SECRET).join('\n')), 'f'), { code: 'key-file' });
});

interface Hooked {
  readonly store: IncidentStore;
  readonly receiver: Receiver;
  readonly clock: Clock;
  readonly failures: string[];
  readonly hook: (change?: Partial<WebhookParts>) => Webhook;
}

async function hooked(t: Test): Promise<Hooked> {
  const clock = new Clock();
  const store = openStore(t, directory(t), () => clock.now);
  const receiver = await Receiver.start(SECRET);
  const failures: string[] = [];
  const open: Webhook[] = [];
  t.teardown(async () => {
    await Promise.all(open.map((each) => each.close()));
    await receiver.close();
  });
  const hook: Hooked['hook'] = (change = {}) => {
    const made = new Webhook({
      url: receiver.url,
      secrets,
      outbox: store.outbox,
      version: 'test',
      fetch,
      now: () => clock.now,
      // A third: a pause drawn with it is no whole number of milliseconds, which the outbox would not take.
      random: () => 1 / 3,
      setTimer: clock.setTimer,
      onFailure: (what) => void failures.push(what),
      timeoutMs: 200,
      ...change,
    });
    open.push(made);
    return made;
  };
  return { store, receiver, clock, failures, hook };
}

t.test('a hostile receiver gets every event, at least once', async (t) => {
  const { store, receiver, clock, failures, hook } = await hooked(t);
  const incident = incidentOf('a');
  store.raise(incident);
  receiver.moods = [500, 'slow', 'drop', { status: 307, headers: { location: '/elsewhere' } }, 429, 404];
  let webhook = hook();
  await webhook.settle();
  const pauses: number[] = [];
  for (let tries = 1; tries < 7; tries++) {
    t.equal(receiver.got.length, tries);
    t.equal(store.outbox.waiting, 1);
    const before = clock.now;
    clock.ring();
    pauses.push(clock.now - before);
    if (tries === 3) {
      await webhook.close();
      webhook = hook();
      t.ok(webhook.fault === undefined, 'started again, it has not tried yet');
    }
    await webhook.settle();
  }
  t.equal(store.outbox.waiting, 0);
  t.equal(webhook.fault, undefined);
  t.ok(
    pauses.slice(0, 3).every((pause, i) => pause >= 1000 * 2 ** i && pause <= 2000 * 2 ** i),
    String(pauses),
  );
  t.strictSame(
    new Set(receiver.got.map(({ id }) => id)),
    new Set([`${incident.id}-opened-1`]),
    'always one id',
  );
  t.ok(
    receiver.got.every(({ good, path }) => good === 1 && path === '/hook'),
    'signed, and no redirect followed',
  );
  t.strictSame(
    receiver.got.map(({ time }) => time),
    receiver.got.map(({ time }) => time).toSorted((a, b) => a - b),
    'each attempt has its own time',
  );
  t.match(receiver.got[0]?.body, {
    type: 'incident.opened',
    data: { id: incident.id, kind: 'quorum-lost', state: 'open', what: 'a' },
  });
  t.equal(failures.length, 6);
  t.notMatch(failures.join('\n'), /Sqlite/, 'what failed is put off, and stored so');
  t.match(
    failures.join('\n'),
    /answered 500\n.*no answer in time\n.*cannot be reached.*\n.*redirects \(307\)/,
  );
  t.ok(store.find(incident.id)?.delivered);
});

t.test('in order for each incident; one that is refused does not stop the others', async (t) => {
  const { store, receiver, clock, hook } = await hooked(t);
  const [a, b] = [incidentOf('a'), incidentOf('b')];
  store.raise(a);
  receiver.moods = [422, 'endless', 200, 200];
  const webhook = hook();
  await webhook.settle();
  t.equal(receiver.got.length, 1);
  store.resolve(a.id);
  store.raise(b);
  await webhook.settle();
  t.strictSame(
    receiver.got.map(({ id }) => id),
    [`${a.id}-opened-1`, `${b.id}-opened-1`],
    'b goes on; that a is over waits for its opening',
  );
  clock.ring();
  await webhook.settle();
  t.strictSame(
    receiver.got.slice(2).map(({ body }) => [body.type, body.data['id'], body.data['state']]),
    [
      ['incident.opened', a.id, 'open'],
      ['incident.resolved', a.id, 'resolved'],
    ],
  );
  t.equal(store.outbox.waiting, 0, 'an endless reply is acknowledged by its status');
});

t.test('what the receiver wishes', async (t) => {
  const { store, receiver, clock, hook } = await hooked(t);
  store.raise(incidentOf('a'));
  receiver.moods = [{ status: 503, headers: { 'retry-after': '7200' } }, 410];
  const webhook = hook();
  await webhook.settle();
  t.equal(clock.next, clock.now + 7_200_000, 'Retry-After');
  store.raise(incidentOf('b'));
  await webhook.settle();
  t.equal(receiver.got.length, 1, 'nothing is sent meanwhile');
  clock.ring();
  await webhook.settle();
  t.equal(receiver.got.length, 2);
  t.match(webhook.fault, /410 Gone/);
  t.equal(clock.next, undefined);
  webhook.wake();
  await webhook.settle();
  t.equal(receiver.got.length, 2, 'no more, for this run');
  t.equal(store.outbox.waiting, 2, 'nothing is thrown away');
  const restarted = hook();
  await restarted.settle();
  t.equal(receiver.got.length, 4);
  t.equal(store.outbox.waiting, 0);
});

t.test('a receiver that is never there', async (t) => {
  const { store, clock, hook } = await hooked(t);
  for (let n = 0; n < 5; n++) store.raise(incidentOf(`a ${n}`));
  let asked = 0;
  const webhook = hook({ fetch: () => (asked++, Promise.reject(new TypeError('fetch failed'))) });
  await webhook.settle();
  const pauses: number[] = [];
  for (let i = 0; i < 20; i++) {
    const before = clock.now;
    clock.ring();
    pauses.push(clock.now - before);
    await webhook.settle();
  }
  t.equal(asked, 21, 'one attempt at a time, not one an event');
  t.equal(Math.max(...pauses), 3_600_000 * (2 / 3), 'and at last once an hour');
  for (let n = 0; n < 50; n++) {
    store.resolve(incidentOf('a 0').id);
    store.raise(incidentOf('a 0'));
  }
  t.ok(store.outbox.waiting <= 7, 'what flaps meanwhile leaves no queue');
});

// The schedule.

const trust = { origin: ORIGIN, policy: policyOfLogs(vkeys.map(parseVkey)), verify: verifyWithNoble };
const headOf = async (size: number, fill: number) => {
  const root = digest(new Uint8Array(32).fill(fill));
  const checkpoint = { origin: ORIGIN, size: treeSize(size), root, extensions: [] };
  return openHead(await signCheckpoint(checkpoint, headKeys.checkpoint, NOW), trust);
};

/** A monitor of one log whose steps are the test's, and what it slept. */
async function scheduled(t: Test, followed: Partial<Followed>, fetching: typeof fetch = fetch) {
  const dir = directory(t);
  const db = openMonitorDatabase(dir);
  const clock = new Clock();
  const store = new IncidentStore(db, dir, { now: () => clock.now });
  const none = async (): Promise<never> => Promise.reject(new Error('not asked for'));
  const reader = {
    entries: async () => [],
    head: () => ({ size: 0 }),
    checkpoint: none,
  } as unknown as LogReader;
  const watch = new LogWatch({
    onWarning: () => {},
    url: 'http://log.example',
    trust,
    policyText: undefined,
    peers: ['http://peer.example'],
    expectations: [],
    follow: async () => ({
      reader,
      seen: undefined,
      copied: 0,
      step: none,
      close: async () => {},
      ...followed,
    }),
    store,
    dueStore: new DueStore(db),
    observations: new Observations(db),
    detector: 'test',
    transport: { fetch: fetching, now: () => clock.now },
    now: () => clock.now,
    pollMs: POLL,
    limits: { staleAfterSeconds: 600, quorumGraceSeconds: 60, missedGraceSeconds: 300 },
    once: false,
  });
  await watch.open();
  const slept: number[] = [];
  const bugs: string[] = [];
  const stop = new AbortController();
  const monitor = new Monitor({
    watches: [watch],
    store,
    webhook: undefined,
    stop,
    pollMs: POLL,
    random: () => 0.5,
    sleep: async (ms) => {
      slept.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
      if (slept.length > 200) stop.abort();
    },
    onBug: (error) => void bugs.push(String(error)),
  });
  t.teardown(async () => {
    await monitor.close();
    db.close();
  });
  return { monitor, watch, slept, bugs, store, stop };
}

t.test('a log that is away is looked at less and less often; a bug is told and outlived', async (t) => {
  let steps = 0;
  const step = async (): Promise<Step> => {
    if (++steps % 7 === 0) throw new Error('ours');
    return { kind: 'unreachable', why: 'gone fishing', head: undefined, alarms: [] };
  };
  const { monitor, slept, bugs, store, stop } = await scheduled(t, { step });
  monitor.start();
  while (!stop.signal.aborted) await new Promise((resolve) => setImmediate(resolve));
  const pauses = slept.filter((ms) => ms !== POLL);
  t.strictSame(pauses.slice(0, 7), [15_000, 30_000, 60_000, 120_000, 240_000, 450_000, 450_000]);
  t.match(bugs[0], /ours/);
  t.ok(steps > 14, 'it goes on');
  t.strictSame(store.list({ limit: 9 }), [], 'and none of it is an incident');
  t.match(monitor.readiness(), { ready: false });
  t.match(monitor.readiness().reasons.join(), /log\.example\/tally/);
  store.raise(incidentOf('told later'));
  t.strictSame([store.outbox.waiting, monitor.undelivered], [1, 0], 'events wait, and no webhook is late');
});

t.test('peers are compared with while a look does not end', async (t) => {
  const [seen, other] = [await headOf(5, 1), await headOf(5, 2)];
  const peer: typeof fetch = async () => new Response(other.served);
  const step = (signal?: AbortSignal): Promise<Step> =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('stopped'))));
  const { monitor, store, bugs } = await scheduled(t, { step, seen }, peer);
  monitor.start();
  for (let i = 0; i < 1000 && store.list({ limit: 1 }).length === 0; i++)
    await new Promise((resolve) => setImmediate(resolve));
  t.match(store.list({ limit: 9 }), [{ kind: 'split-view', what: /http:\/\/peer\.example holds/ }]);
  await monitor.close();
  t.strictSame(bugs, [], 'what ends because it is told to is no bug');
});
