/** Both ends enrol what `net@1` contacts: a rule of whoever runs the agent, and a consent that the owner of the target signed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { AgentStore } from '#src/agent/agent-store.ts';
import {
  assertBothEnds,
  consentFor,
  openConsent,
  signConsent,
  type ConsentTerms,
} from '#src/agent/consent.ts';
import { openAgentDatabase } from '#src/agent/database.ts';
import { confinement } from '#src/agent/grants.ts';
import { netDoors, netProfile } from '#src/agent/net-profile.ts';
import { profileOf } from '#src/agent/profile.ts';
import { runProbe } from '#src/agent/runs.ts';
import { readTargets } from '#src/agent/targets.ts';
import { formatVkey, noteVerifier } from '#src/note/key.ts';
import { groupClaims } from '#src/probe/groups.ts';
import { netProbe } from '#src/probe/net/probe.ts';
import type { Claim, Parameter } from '#src/statement/commitment.ts';
import { folder, hashOf, listen, NOW } from '../support/e3-targets.ts';
import { claimOf } from '../support/probe-targets.ts';
import { seedSigner } from '../support/seed-signer.ts';

const [owner, stranger] = [seedSigner('ed25519', hashOf('owner')), seedSigner('ed25519', hashOf('stranger'))];
const SECONDS = NOW / 1_000;
const VKEY = formatVkey('db-team.example', 1, owner.publicKey);
const verifier = noteVerifier('db-team.example', 1, owner.publicKey);
const TERMS: ConsentTerms = {
  probe: 'net@1',
  targets: ['db.example:5432', '[2001:db8::1]:22'],
  subject: 'prod/**',
  pairsPerMinute: 6,
  until: SECONDS + 3_600,
};

t.test('a consent is read as it was signed, and no other way', async (t) => {
  const note = Buffer.from(await signConsent(TERMS, 'db-team.example', owner)).toString();
  t.same(openConsent(Buffer.from(note), verifier, 'f'), { ...TERMS, by: 'db-team.example' });
  const bad = (text: string, says: RegExp): void =>
    void t.throws(
      () => openConsent(Buffer.from(text), verifier, 'f'),
      { code: 'config-invalid', message: says },
      text,
    );
  bad(note.replace('5432', '5433'), /not a consent that db-team\.example signed/);
  bad(note.replace('\n\n', '\ntarget x.example:1\n\n'), /not a consent/);
  bad('', /not a consent/);
  bad(Buffer.from(await signConsent(TERMS, 'db-team.example', stranger)).toString(), /not a consent/);
  bad(Buffer.from(await signConsent(TERMS, 'other.example', owner)).toString(), /not a consent/);
});

t.test('terms that no consent may have', async (t) => {
  const bad = (terms: Partial<ConsentTerms>, says: RegExp): Promise<unknown> =>
    t.rejects(signConsent({ ...TERMS, ...terms }, 'db-team.example', owner), {
      code: 'config-invalid',
      message: says,
    });
  await bad({ targets: [] }, /first line|expected/);
  await bad({ targets: ['*:22'] }, /target/);
  await bad({ targets: ['db.example'] }, /target/);
  await bad({ targets: ['db.example:22', 'db.example:22'] }, /each once/);
  await bad({ targets: Array.from({ length: 65 }, (_, i) => `db.example:${i + 1}`) }, /1 to 64/);
  await bad({ targets: ['db.example:22\nsubject **'] }, /target|subject/);
  await bad({ subject: 'a b' }, /subject/);
  await bad({ pairsPerMinute: 61 }, /60 at most/);
  await bad({ pairsPerMinute: 0 }, /pairs-a-minute/);
  await bad({ probe: 'net' }, /first line/);
  await t.rejects(signConsent(TERMS, 'a name', owner), { code: 'malformed-key' });
});

t.test('what a consent covers', async (t) => {
  const consent = openConsent(await signConsent(TERMS, 'db-team.example', owner), verifier, 'f');
  const asked = { probe: 'net@1', target: 'db.example:5432', subject: 'prod/db', now: SECONDS };
  t.equal(consentFor([consent], asked), consent);
  t.equal(consentFor([consent, { ...consent, pairsPerMinute: 9 }], asked)?.pairsPerMinute, 9);
  for (const other of [
    { probe: 'net@2' },
    { target: 'db.example:22' },
    { target: 'DB.example:5432' },
    { subject: 'test/db' },
    { now: SECONDS + 3_600 },
  ])
    t.equal(consentFor([consent], { ...asked, ...other }), undefined, JSON.stringify(other));
  t.throws(() => assertBothEnds([{ consentFiles: [{ verifier }] }], owner), {
    code: 'config-invalid',
    message: /own/,
  });
  assertBothEnds([{ consentFiles: [{ verifier }] }], stranger);
  t.end();
});

/** A folder with a targets.yaml, and consents by name. */
async function targetsFile(rule: object, consents: Readonly<Record<string, ConsentTerms>>): Promise<string> {
  const dir = join(folder(), 'agent');
  mkdirSync(dir);
  for (const [name, terms] of Object.entries(consents))
    writeFileSync(join(dir, name), await signConsent(terms, 'db-team.example', owner));
  const path = join(dir, 'targets.yaml');
  writeFileSync(path, JSON.stringify([{ subject: 'prod/**', probe: 'net@1', ...rule }]));
  return path;
}

t.test('targets.yaml names consents, and who must have signed them', async (t) => {
  const consents = [{ file: 'db.consent', vkey: VKEY }];
  const path = await targetsFile(
    { targets: ['db.example:*'], consents, options: { pairsPerMinute: 2 } },
    { 'db.consent': TERMS },
  );
  const rules = await readTargets(path);
  t.match(rules[0]?.consents, [{ by: 'db-team.example', targets: TERMS.targets }]);
  const doors = netDoors(rules, SECONDS);
  t.match(
    doors,
    [{ target: 'db.example:5432', pairsPerMinute: 2, by: 'db-team.example' }],
    'only what both enrolled',
  );
  t.equal(doors.length, 1);
  t.match(
    netProfile(doors),
    /tallystick net@1.*\n.*\ndb\.example:5432 {2}at most 2 pairs a minute, for prod\/\*\*, by consent of db-team\.example until 2027/,
  );
  t.match(netProfile(netDoors(rules, SECONDS + 3_600)), /^nothing/);
  const home = { dir: folder(), keyName: 'agent.pem', rules };
  t.match(
    profileOf(home).text,
    /"consents":\[\{"by":"db-team\.example"/,
    'the digest in proofs is of the consents as well',
  );
  const around = { program: '/opt/x', state: '/s', proofs: '/p', files: [] };
  t.ok(
    confinement(home, around).some((flag) => flag.endsWith('/agent/db.consent')),
    'a confined agent reads it',
  );
  const broken: readonly (readonly [unknown, RegExp])[] = [
    ['db.consent', /expected a list of \{ file/],
    [[], /expected a list/],
    [[{ file: 'db.consent' }], /expected a list/],
    [[{ file: 'db.consent', vkey: VKEY, more: 1 }], /expected a list/],
    [[{ file: 'db.consent', vkey: 'x' }], /consents: a verifier key is <name>/],
    [[{ file: 'db.consent', vkey: VKEY.replace('db-team', 'bd-team') }], /consents/],
    [[null], /expected a list/],
  ];
  for (const [value, says] of broken) {
    const file = await targetsFile(
      { targets: ['db.example:5432'], consents: value },
      { 'db.consent': TERMS },
    );
    await t.rejects(readTargets(file), { code: 'config-invalid', message: says }, JSON.stringify(value));
  }
  const missing = await targetsFile({ targets: ['db.example:5432'], consents }, {});
  await t.rejects(readTargets(missing));
});

t.test('nothing is sent without the consent of both ends', async (t) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.end('TALLY');
  });
  const target = await listen(server);
  t.teardown(() => target.stop());
  const at = `127.0.0.1:${target.port}`;
  const file = [{ file: 'c', vkey: VKEY }];
  const terms = { ...TERMS, targets: [at] };
  const cases: readonly (readonly [
    string,
    object,
    ConsentTerms,
    Readonly<Record<string, Parameter>>,
    RegExp,
  ])[] = [
    ['no consent', { targets: [at] }, terms, {}, /consent of both ends.*nothing was sent/],
    [
      'another target',
      { targets: ['127.0.0.1:*'], consents: file },
      { ...terms, targets: ['127.0.0.1:1'] },
      {},
      /both ends/,
    ],
    ['another subject', { targets: [at], consents: file }, { ...terms, subject: 'test/**' }, {}, /both ends/],
    ['it has ended', { targets: [at], consents: file }, { ...terms, until: SECONDS }, {}, /both ends/],
    [
      'the control is not enrolled',
      { targets: [at], consents: file },
      terms,
      { control: 9 },
      /127\.0\.0\.1:9/,
    ],
    ['no rule', { targets: ['127.0.0.1:1'], consents: file }, terms, {}, /not enrolled|has not enrolled/],
  ];
  for (const [what, rule, consent, params, says] of cases) {
    const path = await targetsFile(rule, { c: consent });
    const seen = await run(t, path, at, params);
    t.match(seen, { message: says }, what);
  }
  t.equal(connections, 0);
  const path = await targetsFile({ targets: [at], consents: file }, { c: terms });
  t.match(await run(t, path, at, {}), { value: { reachable: true } });
  t.equal(connections, 1);
});

async function run(
  t: Test,
  path: string,
  target: string,
  more: Readonly<Record<string, Parameter>>,
): Promise<unknown> {
  const database = openAgentDatabase(folder());
  t.teardown(() => database.close());
  const params = new Map(Object.entries({ answer: 'banner', banner: 'TALLY', target, ...more }));
  const claim: Claim = { ...claimOf(netProbe, 'o.net.reachable'), params };
  const [group] = groupClaims([claim], { claims: [claim] } as never);
  if (group === undefined) throw new Error('one run');
  const { seen } = await runProbe(
    group,
    { subject: 'prod/db', challenge: hashOf('challenge'), declared: undefined },
    {
      probes: () => Promise.resolve(netProbe),
      rules: await readTargets(path),
      readSecret: () => Promise.resolve(''),
      store: new AgentStore(database),
      now: () => NOW,
      cpu: () => 0,
      spent: () => undefined,
      signal: new AbortController().signal,
      onBug: (error) => t.fail(String(error)),
    },
  );
  return seen;
}
