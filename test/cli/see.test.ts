/** Seeing where claims stand: status, why, wait, gate, watch, waive, approve, registry; and the lies they must not believe. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { digest } from '#src/bytes/brand.ts';
import { assembleProof, type Run } from '#src/claim/assemble.ts';
import type { Observed } from '#src/claim/observed.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { packOf } from '#src/declare/packs.ts';
import { challengeOf } from '#src/evidence/challenge.ts';
import { readCollected } from '#src/probe/exec/collected.ts';
import { exitOfLook } from '#src/cli/verbs/watch.ts';
import { watchJson } from '#src/cli/views/watch.ts';
import { postgresProbe } from '#src/probe/postgres/probe.ts';
import { tlsProbe } from '#src/probe/tls/probe.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { readTrailKey } from '#src/evidence/cloudtrail-key.ts';
import type { Claim, Parameter } from '#src/statement/commitment.ts';
import { encodeApproval, encodeProof, encodeWaiver } from '#src/statement/payload.ts';
import {
  aws,
  call,
  deliver,
  END,
  PARAMS,
  probe as trailProbe,
  publicKey,
  type Delivered,
} from '../support/cloudtrail-world.ts';
import { certificate, folder, nodeTls, pinnedTo, postgres, probeAt } from '../support/e3-targets.ts';
import { claim, hashOf, HOOK, HOUR, MONITOR, SUBJECT } from '../support/see-world.ts';
import { SeeWorld, type Told } from './support/see-world.ts';
import { people, nextPolicyStatement, policyDocumentOf } from '../support/world.ts';

const violated = { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' } as const;

/** The first claim as status tells it. */
const first = ({ json }: Told): unknown => json.subjects[0].claims[0];

t.test('from a commitment to silence', async (t) => {
  const w = await SeeWorld.start(t);
  const status = (): Promise<Told> => w.tally('status', SUBJECT, '--json');
  t.match(await status(), { code: 2, err: /no commitment about/ });
  const commitment = await w.commit();
  t.match(await status(), { code: 5, json: { subjects: [{ claims: [{ verdict: 'UNKNOWN' }] }] } });
  w.now += 10;
  const proof = await w.prove(commitment);
  w.now += 50;
  const proven = await status();
  t.match(proven, {
    code: 0,
    json: { schema: 'tallystick.status-subjects.v1', size: 3, complete: 'search', exit_code: 0 },
  });
  t.match(first(proven), {
    verdict: 'PROVEN',
    evidence: 'E1',
    age: 50,
    proof: proof.toHex(),
    seq: 0,
    proof_index: 2,
  });
  const shown = await w.tally('status', SUBJECT);
  t.match(shown.out, /tls-min +PROVEN +E1 agent-saw +50 s +in 1 h 59 min +critical/);
  t.match(
    shown.out,
    /search was trusted to leave nothing out \(--monitor or --full checks it\)/,
    'what was not checked is said',
  );
  w.now += 2 * HOUR;
  t.match(first(await status()), { verdict: 'STALE', explain: /did not come/ });
  t.equal((await status()).code, 5);
  await w.prove(commitment, violated);
  t.match(await status(), { code: 3, json: { subjects: [{ claims: [{ explain: violated.explain }] }] } });
  await w.waive(commitment, { notAfter: w.now + 100 });
  t.match(await status(), {
    code: 0,
    json: { subjects: [{ claims: [{ verdict: 'WAIVED', waived_by: 'Alice' }] }] },
  });
  w.now += 100;
  t.equal((await status()).code, 3, 'an expired waiver waives nothing');
});

t.test('why', async (t) => {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit({ approvals: 1, change: { ticket: 'CHG-1' } });
  await w.approve(commitment);
  await w.deploy(commitment);
  w.now += 5;
  await w.prove(commitment, violated);
  const { code, out } = await w.tally('why', SUBJECT, 'tls-min');
  t.equal(code, 3);
  t.match(out, /^tls-min +VIOLATED \[E1 agent-saw\] +TLS 1\.2 was accepted$/m);
  t.match(out, /^commitment +entry 1 .* by author, .*; git 3b18e512dba7; CHG-1$/m);
  t.match(out, /^approval +entry 2 .* by approver, .* \(1 of 1\)$/m);
  t.match(out, /^deployment +entry 3 .*: deployed 2027-/m);
  t.match(out, /^proof +entry 4 .* by agent, .*, seq 0\n +agent agent 1 0\.1\.0, from eu-1/m);
  t.match(out, /^evidence +E1: false only if this lies: the agent that looked/m);
  t.ok(out.split('\n').length <= 18, 'about fifteen lines');
  t.match(await w.tally('why', SUBJECT, 'tls-max'), { code: 2, err: /it has: tls-min/ });
  t.match((await w.tally('why', SUBJECT, 'tls-min', '--json')).json, {
    schema: 'tallystick.why.v1',
    committed: { index: 1, by: 'author' },
    approvals: [{ index: 2, by: 'approver' }],
    challenge: /^[0-9a-f]{64}$/,
    who_lies: /agent/,
  });
});

t.test('a closed world', async (t) => {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit({ scope: { world: 'closed' } });
  await w.prove(commitment);
  const status = ['status', SUBJECT];
  t.match(await w.tally(...status), {
    code: 0,
    out: /^ {2}closed world: no proof has searched for undeclared items$/m,
  });
  t.match((await w.tally(...status, '--json')).json.subjects[0], { world: 'closed', undeclared: null });
  await w.prove(commitment, {}, { coverage: { declared: 1, compared: 1, excluded: 0, undeclared: 3 } });
  await w.prove(commitment);
  t.match((await w.tally(...status)).out, /closed world: 3 undeclared in the newest search/);
  t.match((await w.tally(...status, '--json')).json.subjects[0], { undeclared: 3 });
});

t.test('an agent that is exchanged', async (t) => {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit();
  await w.prove(commitment);
  t.notMatch((await w.tally('why', SUBJECT, 'tls-min')).out, /another program/);
  const agent = { name: 'agent 1', version: '0.1.1' };
  await w.prove(commitment, {}, { agent });
  t.match(
    (await w.tally('why', SUBJECT, 'tls-min')).out,
    /up to entry 2 the agent had another program or profile: 0\.1\.0/,
  );
});

t.test('nothing seen', async (t) => {
  const w = await SeeWorld.start(t);
  const explain = 'unavailable: nobody answers';
  await w.prove(await w.commit(), { verdict: 'UNKNOWN', evidence: 'E0', explain });
  t.match((await w.tally('status', SUBJECT)).out, /tls-min +UNKNOWN +nothing seen +0 s/);
  const { out } = await w.tally('why', SUBJECT, 'tls-min');
  t.match(out, /^tls-min +UNKNOWN \[nothing seen\] +unavailable: nobody answers$/m);
  t.notMatch(out, /false only if this lies/, 'nobody said anything that could be a lie');
  t.match((await w.tally('status', SUBJECT, '--json')).json.subjects[0].claims[0], { evidence: null });
  t.match(await w.tally('gate', SUBJECT, '--require', 'all'), {
    code: 1,
    err: /is invalid; allowed choices are fresh, proven; see --help/,
  });
});

t.test('a log that hides something', async (t) => {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit();
  await w.prove(commitment);
  await w.prove(commitment, violated);
  await w.prove(commitment);
  const see = (...more: string[]): Promise<Told> => w.tally('status', SUBJECT, ...more);
  t.equal((await see('--full', '--monitor', MONITOR)).code, 0);
  w.hidden.add(3);
  t.match(
    await see(),
    { code: 3, err: /proof-failed: entry 4 does not follow .*chain-broken/ },
    'a gap in the chain',
  );
  w.hidden.clear();
  w.hidden.add(1);
  t.match(await see(), { code: 2 }, 'without its commitment there is nothing to see');
  w.hidden.clear();
  await w.prove(commitment, violated);
  w.hidden.add(5);
  t.equal((await see()).code, 0, 'the newest entry can be hidden from search alone');
  t.match(await see('--full'), {
    code: 3,
    err: /leaves out entry 5 about "db\/payments" \(it is in the tree\)/,
  });
  t.match(await see('--monitor', MONITOR), {
    code: 3,
    err: /leaves out entry 5 .* http:\/\/monitor\.example has it/,
  });
  w.unseen.add(5);
  t.equal((await see('--monitor', MONITOR)).code, 0, 'a monitor that is behind, or in league');
  w.hidden.clear();
  t.equal((await see('--full')).code, 3);
  const lie = (change: Record<string, unknown>): void => {
    const { log } = w;
    const { meddle } = log;
    log.meddle = async (path, method) => {
      const answer = await meddle(path, method);
      if (answer === undefined || !path.includes('kind=proof')) return answer;
      const page = (await answer.json()) as { entries: Record<string, unknown>[]; next: null };
      return Response.json({
        ...page,
        entries: page.entries.map((row, i) => (i === 0 ? { ...row, ...change } : row)),
      });
    };
  };
  lie({ index: 0 });
  t.match(await see(), { code: 2, err: /proof-failed|answered a search/ }, 'an entry under another index');
});

t.test('what the log should have refused', async (t) => {
  const cases: readonly (readonly [RegExp, (w: SeeWorld) => Promise<unknown>])[] = [
    [/wrong-role|does not follow/, async (w) => w.prove(await w.commit(), {}, {}, people.author)],
    [/wrong-role/, async (w) => w.approve(await w.commit({ approvals: 1 }), people.author)],
    [/unknown-commitment/, async (w) => [await w.commit(), await w.approve(hashOf('nothing'))]],
    [/unknown-key/, async (w) => w.prove(await w.commit(), {}, {}, people.stranger)],
  ];
  for (const [why, tell] of cases) {
    const w = await SeeWorld.start(t);
    await tell(w);
    t.match(await w.tally('status', SUBJECT), { code: 3, err: why });
  }
});

t.test('proofs that show nothing', async (t) => {
  const lies: readonly (readonly [
    string,
    (w: SeeWorld, id: ReturnType<typeof digest>) => Promise<unknown>,
  ])[] = [
    [
      'a root that the log never had',
      (w, id) => w.prove(id, {}, { challenge: { ...w.frame(id).challenge, root: hashOf('x') } }),
    ],
    [
      'a tree that did not exist yet',
      (w, id) => w.prove(id, {}, { challenge: { ...w.frame(id).challenge, size: 9 } }),
    ],
    [
      'of another log',
      (w, id) => w.prove(id, {}, { challenge: { ...w.frame(id).challenge, origin: 'other.example' } }),
    ],
    [
      'the clock of the agent is wrong',
      (w, id) => w.prove(id, {}, { window: { start: w.now, end: w.now + HOUR }, nextDue: w.now + 2 * HOUR }),
    ],
    [
      'signature is not in the log',
      (w, id) =>
        w.prove(
          id,
          { evidence: 'E3', attachments: [0] },
          { attachments: [{ mediaType: 'text/plain', data: hashOf('x') }] },
        ),
    ],
  ];
  for (const [why, lie] of lies) {
    const w = await SeeWorld.start(t);
    await lie(w, await w.commit());
    w.now += 1;
    t.match(await w.tally('status', SUBJECT), { code: 5, out: new RegExp(why) }, why);
  }
});

t.test('approvals and revocations', async (t) => {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit({ approvals: 2 });
  await w.approve(commitment);
  w.now += 1;
  await w.approve(commitment);
  await w.prove(commitment);
  t.match(await w.tally('status', SUBJECT), { code: 5, out: /lacks 1 approvals/ }, 'one key, twice');
  await w.approve(commitment, people.submitter);
  t.match(await w.tally('status', SUBJECT), { code: 3, err: /wrong-role/ }, 'the role is looked at');
  const again = await SeeWorld.start(t);
  const id = await again.commit();
  await again.prove(id);
  const { keys } = policyDocumentOf();
  const kid = digest(keyThumbprint(people.agent.publicKey));
  let before = again.log.entries[0] ?? new Uint8Array();
  const revoke = async (since: number) => {
    const rest = keys.filter(({ name }) => name !== 'agent');
    before = await nextPolicyStatement(before, { keys: rest, revoked: [{ kid, since }] });
    again.log1(before);
  };
  await revoke(3);
  t.equal((await again.tally('status', SUBJECT)).code, 0, 'what was said before is still believed');
  t.match(await again.tally('get', '2'), {
    code: 0,
    out: /^revoked +the signer's key, from entry 3 on: this one is believed$/m,
  });
  await revoke(2);
  t.match(await again.tally('status', SUBJECT), {
    code: 3,
    out: /REVOKED[^]*the key that signed the proof is revoked/,
  });
  t.match(await again.tally('get', '2'), {
    code: 0,
    out: /^revoked +the signer's key, from entry 2 on: this one is not believed$/m,
  });
  t.equal((await again.tally('get', '2', '--json')).json.revoked_since, 2);
  t.notMatch((await again.tally('get', '1')).out, /revoked/);
  t.equal((await again.tally('get', '1', '--json')).json.revoked_since, null);
});

t.test('what the target signed is verified and judged again', async (t) => {
  const { key, cert } = certificate(folder(), 'p256', 'DNS:localhost');
  const server = await nodeTls({ key, cert, minVersion: 'TLSv1.2' });
  const target = pinnedTo({ cert }, `localhost:${server.port}`);
  t.teardown(() => server.stop());
  const claims = [
    { ...claim, minEvidence: 'E1' },
    { ...claim, id: 'tls13', expr: "o.tls.accepted['TLSv1.3']", minEvidence: 'E3' },
  ] as const;
  const prepare = async (): Promise<{ w: SeeWorld; commitment: ReturnType<typeof digest> }> => {
    const w = await SeeWorld.start(t);
    return { w, commitment: await w.commit({ claims, target }) };
  };
  const record = async (w: SeeWorld, id: ReturnType<typeof digest>, nonce?: Uint8Array) => {
    const { challenge } = w.frame(id);
    const random = challengeOf(challenge.root, id, nonce ?? challenge.nonce);
    return { challenge, seen: await probeAt(tlsProbe, server.port, {}, { challenge: random }) };
  };
  const tell = async (
    w: SeeWorld,
    id: ReturnType<typeof digest>,
    { challenge, seen }: Awaited<ReturnType<typeof record>>,
  ) => {
    const frame = { ...w.frame(id), challenge };
    const { proof } = assembleProof(frame, [{ claims, seen }], { leaves: 1, excluded: 0 }, hashOf('salts'));
    await w.say('proof', encodeProof(proof), people.agent);
    return w.tally('status', SUBJECT);
  };
  const prove = async (
    w: SeeWorld,
    id: ReturnType<typeof digest>,
    change: (seen: Observed) => Observed,
    nonce?: Uint8Array,
  ) => {
    const recorded = await record(w, id, nonce);
    return tell(w, id, { ...recorded, seen: change(recorded.seen) });
  };
  const honest = await prepare();
  const seen = await prove(honest.w, honest.commitment, (each) => each);
  t.match(seen, { code: 3, out: /tls-min +VIOLATED +E3 target-signed/ });
  t.match(seen.out, /observed \/tls-min\/tls\/accepted\/TLSv1\.2 = true[^]*tls13 +PROVEN +E3/);
  t.match(first(await honest.w.tally('status', SUBJECT, '--json')), {
    observed: ['/tls-min/tls/accepted/TLSv1.2 = true'],
  });
  const why = await honest.w.tally('why', SUBJECT, 'tls-min');
  t.match(
    why.out,
    /^signature +verified: key [0-9a-f]{16}… of .* signed a TLSv1\.2 handshake .*sentinel DOWNGRD/m,
  );
  t.match(why.out, /^limits +The operator owns the target's key/m);
  const { limits } = (await honest.w.tally('why', SUBJECT, 'tls-min', '--json')).json;
  t.ok(
    limits.every((each: string) => why.out.includes(each)) && limits.length === 4,
    'the limits of TLS 1.2 too',
  );

  // Openssl alone comes to the same, from the files that `get` writes.
  const entry = String(honest.w.log.entries.length - 1);
  const got = await honest.w.tally('get', entry, '--transcripts', 'by-hand', '--json');
  t.match(got.json, { transcripts: [{ folder: 'by-hand/0', commands: [/^openssl x509/, /^openssl/] }, {}] });
  if (spawnSync('openssl', ['version']).status !== 0) t.comment('openssl is not installed: not tested');
  else
    for (const { folder } of got.json.transcripts) {
      const cwd = join(honest.w.dir, folder);
      const { status, stderr } = spawnSync('sh', ['check.sh'], { cwd, encoding: 'utf8' });
      t.equal(status, 0, stderr);
    }
  t.match(await honest.w.tally('get', '0', '--transcripts', 'x'), { code: 1, err: /is a policy/ });
  t.equal((await honest.w.tally('get', entry, '--transcripts', 'by-hand')).code, 0, 'the same again');
  const another = join(honest.w.dir, 'by-hand', '7');
  mkdirSync(another);
  writeFileSync(join(another, 'transcript.cbor'), 'of another entry');
  t.match(await honest.w.tally('get', entry, '--transcripts', 'by-hand'), {
    code: 1,
    err: /by-hand\/7 is not of this entry; name a directory of its own/,
  });
  rmSync(another, { recursive: true });
  writeFileSync(join(honest.w.dir, 'by-hand', '0', 'transcript.cbor'), 'of another entry');
  t.match(await honest.w.tally('get', entry, '--transcripts', 'by-hand'), { code: 1, err: /by-hand\/0/ });

  // So does `verify`, offline: the signatures from the proof alone, the verdicts with the commitment beside it.
  /** Fetches an entry's proofs; `verify --strict` of those and of the `others`. */
  const verified = async (w: SeeWorld, index: number, ...others: readonly string[]): Promise<Told> => {
    const out = `proof-${index}`;
    t.equal((await w.tally('get', String(index), '--out', out)).code, 0);
    return w.tally('verify', out, ...others, '--strict');
  };
  const newest = ({ log }: SeeWorld): number => log.entries.length - 1;
  const alone = await verified(honest.w, newest(honest.w));
  t.match(alone.out, /✓ transcript +attachment 0: key [0-9a-f]{16}… of .* signed a TLSv1/);
  t.match(alone, {
    code: 3,
    out: /– verdict +tls-min is VIOLATED \[E3\], says the agent; name the proof of/,
  });
  t.match(alone.out, /NOT VERIFIED: not checked: verdict, verdict/);
  await honest.w.tally('get', '1', '--out', 'declared');
  t.match(await verified(honest.w, newest(honest.w), 'declared'), {
    code: 0,
    out: /✓ verdict +tls13 is PROVEN \[E3\]: what was signed shows it/,
  });

  const replayed = await prepare();
  const old = await prove(replayed.w, replayed.commitment, (each) => each, hashOf('of yesterday'));
  t.match(old, { code: 5, out: /its transcript does not hold: .*random is not the challenge/ });

  const kept = await prepare();
  const handshake = await record(kept.w, kept.commitment);
  const DAY = 24 * HOUR;
  for (let day = 0; day < 30; day++) {
    kept.w.now += DAY;
    await kept.w.commit({ claims: [] }, 'another subject');
  }
  const outgrown = /tls13 +STALE +E3 target-signed +29 d[^]*log had outgrown its challenge 2505600 s before/;
  t.match(await tell(kept.w, kept.commitment, handshake), { code: 5, out: outgrown }, 'kept for 30 days');
  const fresh = ['gate', SUBJECT, '--require', 'fresh', '--min-evidence', 'E3'];
  t.match(await kept.w.tally(...fresh), { code: 5, out: /not passed: tls13 is STALE/ });
  kept.w.hidden.add(2);
  t.match(
    await kept.w.tally('status', SUBJECT),
    {
      code: 3,
      out: /tls-min +VIOLATED +E3[^]*tls13 +UNKNOWN[^]*nobody says when the log outgrew its challenge/,
    },
    'a log that does not tell: it takes PROVEN away, and no failure',
  );

  const quiet = await prepare();
  const early = await record(quiet.w, quiet.commitment);
  quiet.w.now += 30 * DAY;
  t.match(
    await tell(quiet.w, quiet.commitment, early),
    { code: 3, out: /tls13 +PROVEN +E3 .* 0 s/ },
    'no newer head',
  );
  const trailing = await record(quiet.w, quiet.commitment);
  await quiet.w.commit({ claims: [] }, 'another subject');
  quiet.w.now += 400;
  await quiet.w.deploy(quiet.commitment);
  const wait = ['wait', SUBJECT, '--within', '1s'];
  t.match(
    await tell(quiet.w, quiet.commitment, trailing),
    { out: /tls13 +PROVEN +E3 .* 6 min/ },
    'its age is said',
  );
  t.match(
    await quiet.w.tally(...wait),
    { code: 5, out: /no proof of tls13 that began since 20\S+Z/ },
    'older than the deployment',
  );

  const forged = await prepare();
  const flip = ({ attachments, ...rest }: Observed): Observed => ({
    ...rest,
    attachments: attachments.map(({ mediaType, data }) => ({
      mediaType,
      data: data.with(data.length - 1, (data.at(-1) ?? 0) ^ 1),
    })),
  });
  t.match(await prove(forged.w, forged.commitment, flip), { code: 5, out: /says VIOLATED \[E3\]/ });
  t.match((await forged.w.tally('status', SUBJECT)).out, /tls13 +UNKNOWN +not believed/);
  const { out: story } = await forged.w.tally('why', SUBJECT, 'tls13');
  t.match(story, /^signature +NOT VERIFIED/m);
  t.notMatch(story, /^evidence/m, 'what does not hold is of no class');
  t.match(await verified(forged.w, newest(forged.w)), { code: 3, out: /✗ transcript/ });

  const relabelled = await prepare();
  const swap = (each: Observed): Observed => ({ ...each, attachments: each.attachments.toReversed() });
  const swapped = await prove(relabelled.w, relabelled.commitment, swap);
  t.match(
    swapped,
    { code: 5, out: /tls-min +UNKNOWN[^]*what the target signed does not show it/ },
    'TLS 1.3 shown for 1.2',
  );
  await relabelled.w.tally('get', '1', '--out', 'declared');
  t.match(
    await verified(relabelled.w, newest(relabelled.w), 'declared'),
    { code: 3, out: /✗ verdict +tls-min: .*does not show it/ },
    'good signatures, and not of what is said',
  );
});

t.test('signatures of a swapped key, of PostgreSQL, and those that a collector hands over', async (t) => {
  const home = folder();
  const pair = certificate(home, 'p256', 'DNS:localhost');
  let at = '';
  /** Proves claims of one probe, and says what a reader makes of it. */
  const told = async (
    claims: readonly Claim[],
    look: (challenge: Uint8Array) => Promise<Observed>,
    before: readonly Run[] = [],
  ): Promise<Told> => {
    const w = await SeeWorld.start(t);
    const all = [...before.flatMap((run) => run.claims), ...claims];
    const id = await w.commit({ claims: all, target: pinnedTo(pair, at) });
    const frame = w.frame(id);
    const seen = await look(challengeOf(frame.challenge.root, id, frame.challenge.nonce));
    const runs = [...before, { claims, seen }];
    const { proof } = assembleProof(frame, runs, { leaves: 1, excluded: 0 }, hashOf('salts'));
    await w.say('proof', encodeProof(proof), people.agent);
    return w.tally('status', SUBJECT);
  };
  const server = await nodeTls({ key: pair.key, cert: pair.cert, minVersion: 'TLSv1.2' });
  t.teardown(() => server.stop());
  at = `localhost:${server.port}`;
  const tls = await probeAt(tlsProbe, server.port);
  const spki = String(Reflect.get(Object(tls.value['spki']), 'TLSv1.3'));
  const collector = (id: string, expr: string): Claim => ({
    ...claim,
    id,
    expr,
    probe: 'exec@1',
    minEvidence: 'E3',
  });
  const collect = async (challenge: Uint8Array): Promise<Observed> => {
    const { attachments } = await probeAt(tlsProbe, server.port, {}, { challenge });
    const transcripts = attachments.map(({ data }) => data.toBase64());
    const text = JSON.stringify({ schema: 'tallystick.collected.v1', value: { n: 1 }, transcripts });
    return readCollected(text, challenge, 1);
  };
  const collected = [
    collector('key', `o.exec.transcripts[0].spki == '${spki}'`),
    collector('second', `o.exec.transcripts[1].version == 'TLSv1.2'`),
    collector('no-12', `o.exec.transcripts.all(t, t.version != 'TLSv1.2')`),
  ];
  // Attachments of another run come first, so that places in the list are not places in the proof.
  const swapped = async (challenge: Uint8Array): Promise<Observed> =>
    probeAt(tlsProbe, server.port, {}, { challenge });
  const pinned = (id: string, key: string): Claim => ({
    ...claim,
    id,
    expr: `o.tls.certificate.spki == '${key}'`,
    minEvidence: 'E3',
  });
  t.match(
    await told([pinned('key-pinned', spki), pinned('key-other', 'f'.repeat(64))], swapped),
    { code: 3, out: /key-pinned +PROVEN +E3[^]*key-other +VIOLATED +E3/ },
    'another key than the declared one is shown by its own signature',
  );
  const noise = { ...tls, grades: [], attachments: [{ mediaType: 'text/plain', data: hashOf('x') }] };
  const first = [{ claims: [{ ...claim, id: 'first', expr: 'true' }], seen: noise }];
  const seen = await told(collected, collect, first);
  t.match(seen, { code: 3, out: /key +PROVEN +E3[^]*second +PROVEN +E3[^]*no-12 +VIOLATED +E3/ });

  const db = await postgres(home, pair, 'ssl_min_protocol_version=TLSv1.2');
  if (db === undefined) return t.comment('PostgreSQL is not installed: its part was not tested');
  t.teardown(() => db.stop());
  const admin = process.getuid?.() === 0 ? 'postgres' : userInfo().username;
  at = `127.0.0.1:${db.port}`;
  const answer = await told(packOf('postgres-settings', new Map()), (challenge) =>
    postgresProbe.run({
      target: `127.0.0.1:${db.port}`,
      params: new Map(),
      challenge,
      secret: () => Promise.resolve(`postgresql://${admin}@127.0.0.1:${db.port}/postgres`),
      spent: () => undefined,
      signal: new AbortController().signal,
      now: () => Date.now(),
    }),
  );
  t.match(
    answer,
    { code: 3, out: /postgres-old-tls-refused +VIOLATED +E3/ },
    'the server signed that it accepts 1.2',
  );
});

t.test('what AWS signed is verified, and what cannot be is the word of the agent', async (t) => {
  const quiet = (): Delivered => {
    const trail = deliver([[[call('GetObject')]], [[call('GetObject')]], [[call('ListObjects')]]]);
    t.teardown(() => trail.remove());
    return trail;
  };
  const at = END / 1_000 + 1_800;
  const told = async (
    change: Readonly<Record<string, Parameter | undefined>>,
    seenOf: (seen: Observed) => Observed = (seen) => seen,
    now = at,
  ) => {
    const w = await SeeWorld.start(t);
    w.now = now;
    const params = new Map(
      Object.entries({ ...PARAMS, ...change }).flatMap(([name, value]): [string, Parameter][] =>
        value === undefined ? [] : [[name, value]],
      ),
    );
    const claims = packOf('iam-read-only', params).filter(({ id }) => id === 'iam-trail-signed');
    const id = await w.commit({ claims });
    const keyFile = publicKey(aws);
    const seen = seenOf(await trailProbe(quiet().dir, change, { keyFile }));
    const runs = [{ claims, seen }];
    const { proof } = assembleProof(w.frame(id), runs, { leaves: 1, excluded: 0 }, hashOf('salts'));
    await w.say('proof', encodeProof(proof), people.agent);
    return {
      status: await w.tally('status', SUBJECT),
      why: await w.tally('why', SUBJECT, 'iam-trail-signed'),
    };
  };
  const honest = await told({});
  t.match(honest.status, { code: 0, out: /iam-trail-signed +PROVEN +E4/ });
  t.match(honest.why.out, /^signature +verified: AWS signed 3 digests of the trail main of 111122223333/m);
  const pinned = await told({ publicKeys: undefined, keySha256: [readTrailKey(publicKey(aws)).sha256] });
  t.match(pinned.status, {
    code: 5,
    out: /UNKNOWN +E1[^]*known at class E1; the claim asks for E4 \(E4 on the agent's word alone: the commitment does not hold the keys/,
  });
  const changed =
    (data: (each: Uint8Array) => Uint8Array) =>
    (seen: Observed): Observed => ({
      ...seen,
      attachments: seen.attachments.map(({ mediaType, data: bytes }) => ({ mediaType, data: data(bytes) })),
    });
  const forged = await told(
    {},
    changed((each) => each.with(each.length - 1, (each.at(-1) ?? 0) ^ 1)),
  );
  t.match(forged.status, {
    code: 5,
    out: /UNKNOWN +not believed[^]*what AWS signed does not hold: the signature/,
  });
  const short = await told({}, (seen) => ({
    ...seen,
    grades: seen.grades.map((grade) => ({ ...grade, attachments: [0] })),
    attachments: seen.attachments.slice(0, 1),
  }));
  t.match(
    short.status,
    { code: 5, out: /does not hold: the digests reach back 3600 s only/ },
    'part of the chain',
  );
  const old = await told({}, undefined, at + 30 * 86_400);
  t.match(old.status, { code: 5, out: /does not hold: the newest digest is 2593800 s older than the proof/ });
  const large = await told(
    {},
    changed(() => new Uint8Array(40_000)),
  );
  t.match(large.status, { code: 5, out: /not all of the digests that AWS signed are in the log/ });
});

t.test('gate and wait', async (t) => {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit();
  t.match(await w.tally('gate', SUBJECT), { code: 5, out: /not passed: tls-min is UNKNOWN: no proof yet/ });
  await w.prove(commitment);
  w.now += 30;
  t.match(await w.tally('gate', SUBJECT), { code: 0, out: /passed: 1 PROVEN/ });
  t.match(await w.tally('gate', SUBJECT, '--min-evidence', 'E3'), { code: 5, out: /class E1 only/ });
  t.match(await w.tally('gate', SUBJECT, '--max-age', '20s'), { code: 5, out: /proven 30 s ago/ });
  t.match(await w.tally('gate', SUBJECT, '--max-age', 'soon'), { code: 1, err: /--max-age takes a time/ });
  await w.commit({ claims: [] }, 'empty');
  t.match(await w.tally('gate', 'empty'), { code: 5, out: /has no claims/ }, 'nothing to prove is no pass');
  await w.prove(commitment, violated);
  t.equal((await w.tally('gate', SUBJECT)).code, 3);
  await w.waive(commitment);
  t.equal((await w.tally('gate', SUBJECT)).code, 0);
  t.equal((await w.tally('gate', SUBJECT, '--require', 'proven')).code, 5, 'a waiver is no proof');

  const x = await SeeWorld.start(t);
  const id = await x.commit();
  await x.prove(id);
  x.now += 10;
  t.match(await x.tally('gate', SUBJECT), { code: 0 });
  t.match(
    await x.tally('wait', SUBJECT, '--within', '2s'),
    { code: 5, err: /no deployment of .*\n?.*deploy mark --subject .*\n.*tallystick gate / },
    'a proof from before the command counts for gate alone, and wait says so',
  );
  await x.deploy(id);
  const from = x.now;
  t.match(await x.tally('wait', SUBJECT, '--within', '1m', '--json'), {
    code: 5,
    json: { passed: false, waited: 60, hindrances: [/^no proof of tls-min that began since 20\S+Z$/] },
  });
  t.equal(x.now - from, 60, 'and not longer');
  let looks = 0;
  x.asleep = async () => {
    looks += 1;
    x.away = looks < 3;
    if (looks === 4) await x.prove(id);
  };
  t.match(
    await x.tally('wait', SUBJECT, '--json'),
    { code: 0, json: { passed: true, waited: 8 } },
    'past a log that is away',
  );
  x.asleep = () => undefined;
  x.now += 1;
  t.equal((await x.tally('wait', SUBJECT)).code, 0, 'it was proven after the deployment');
  t.equal((await x.tally('wait', SUBJECT, '--from', 'now', '--within', '4s')).code, 5);
  x.asleep = async () => void (await x.prove(id, violated));
  const before = x.now;
  t.match(await x.tally('wait', SUBJECT, '--from', 'now'), { code: 3, out: /tls-min is VIOLATED/ });
  t.ok(x.now - before < 10, 'a violation is told at once');
});

t.test('watch', async (t) => {
  const w = await SeeWorld.start(t);
  writeFileSync(join(w.dir, 'secret'), `whsec_${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  const watch = (): Promise<Told> =>
    w.tally('watch', '--once', '--webhook', HOOK, '--webhook-secret', 'secret');
  const commitment = await w.commit();
  t.match(await watch(), { code: 5, out: /tls-min {2}UNKNOWN/ });
  t.equal(w.posted.length, 0, 'what is not known yet alarms nobody');
  w.now += 3 * HOUR;
  t.match(await watch(), { code: 5, out: /UNKNOWN → STALE/ });
  t.match(w.posted, [
    { body: { type: 'claim.failed', data: { subject: SUBJECT, claim: 'tls-min', verdict: 'STALE' } } },
  ]);
  t.match(await watch(), { code: 5, out: '' }, 'told once');
  t.equal(w.posted.length, 1);
  w.hookStatus = 500;
  await w.prove(commitment, violated);
  t.match(await watch(), { code: 3, out: /STALE → VIOLATED/, err: /it answered 500/ });
  w.hookStatus = 204;
  w.now += HOUR;
  await w.prove(commitment);
  t.match(await watch(), { code: 0, out: /VIOLATED → PROVEN/ });
  t.strictSame(
    w.posted.map(({ body }) => toldIn(body)),
    ['claim.failed STALE', 'claim.failed VIOLATED', 'claim.failed VIOLATED', 'claim.recovered PROVEN'],
    'sent again, in order',
  );
  t.equal(w.posted[1]?.id, w.posted[2]?.id, 'with one id');
  t.match(await w.tally('watch', '--once', '--webhook', HOOK), { code: 78, err: /--webhook-secret/ });
  t.match(await w.tally('watch', '--once', '--webhook', HOOK, '--webhook-secret', 'none'), {
    code: 78,
    err: /none does not exist; make one with: .*whsec_.*openssl rand -base64 32/,
  });
  await w.prove(commitment);
  w.hidden.add(3);
  t.match(await watch(), { code: 3, err: /does not follow/ });
  const folder = join(w.dir, 'tallystick', 'watch');
  for (const file of readdirSync(folder)) if (file.endsWith('.db')) writeFileSync(join(folder, file), '{}');
  w.hidden.clear();
  t.match(await watch(), { code: 3, err: /corrupt-store: .*move it away, and the watch makes a new one/ });
});

t.test('watch: a claim that is there no more', async (t) => {
  const w = await SeeWorld.start(t);
  writeFileSync(join(w.dir, 'secret'), `whsec_${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  const watch = (...flags: readonly string[]): Promise<Told> =>
    w.tally('watch', '--once', '--webhook', HOOK, '--webhook-secret', 'secret', ...flags);
  const commitment = await w.commit({ claims: [claim, { ...claim, id: 'other' }] });
  await w.prove(commitment, violated);
  t.match(await watch(), { code: 3, out: /tls-min {2}VIOLATED/ });
  const supersedes = await w.commit({ supersedes: commitment, claims: [{ ...claim, id: 'other' }] });
  t.match(await watch('--json'), {
    code: 5,
    objects: [
      {
        schema: 'tallystick.watch.v1',
        changes: [
          {
            subject: SUBJECT,
            claim: 'tls-min',
            before: 'VIOLATED',
            verdict: null,
            ended: 'superseded',
            ended_by: supersedes.toHex(),
            ended_index: 3,
          },
        ],
      },
    ],
  });
  t.equal((await watch()).out, '', 'told once');
  t.equal((await w.tally('withdraw', SUBJECT)).code, 0);
  t.match(await watch(), { code: 0, out: /other {2}UNKNOWN → withdrawn, by entry 4\n$/ });
  t.match(await watch('--json'), { json: { subjects: [], changes: [], left_out: 0 } });
  t.match(
    w.posted.map(({ body }) => body),
    [
      { type: 'claim.failed' },
      { type: 'claim.ended', data: { claim: 'tls-min', commitment: supersedes.toHex() } },
      { type: 'claim.ended', data: { claim: 'other', ended: 'withdrawn' } },
    ],
  );
  w.now = Math.ceil(w.now);
  const last = await w.commit({ tier: 'background' });
  await w.prove(last);
  t.equal((await watch()).code, 0);
  const keys = policyDocumentOf().keys.filter(({ name }) => name !== 'author');
  const revoked = [{ kid: digest(keyThumbprint(people.author.publicKey)), since: 5 }];
  w.log1(await nextPolicyStatement(w.log.entries[0] ?? new Uint8Array(), { keys, revoked }));
  t.match(await watch(), { out: /PROVEN → no longer claimed: its commitment does not count any more\n$/ });
});

t.test('watch: nobody is pushed out', async (t) => {
  const w = await SeeWorld.start(t);
  const seen = await w.commit({}, 'b/seen');
  for (let i = 0; i < 110; i++) await w.commit({ claims: [] }, `a/${i}`);
  t.match((await w.tally('watch', '--once', '--json')).json, {
    subjects: [{ subject: 'b/seen' }],
    left_out: 0,
  });
  t.match((await w.tally('registry', 'list', '--json')).json, { subjects: { length: 100 }, left_out: 11 });
  // What lacks approvals claims nothing yet that counts, and what was approved does.
  const approved = await w.commit({ approvals: 1 }, 'a/0');
  await w.commit({ supersedes: seen, approvals: 1, claims: [] }, 'b/seen');
  await w.say('approval', encodeApproval({ commitment: approved }), people.approver, 'a/0');
  const watched = (await w.tally('watch', '--once', '--json')).json.subjects as { subject: string }[];
  t.strictSame(
    watched.map(({ subject }) => subject),
    ['b/seen', 'a/0'],
  );

  await w.commit({}, 'a/1');
  for (const [subject, about] of [
    ['b/seen', seen],
    ['a/0', approved],
  ] as const) {
    const waiver = { claims: ['tls-min'], owner: 'A', reason: 'r', notAfter: w.now + HOUR };
    await w.say('waiver', encodeWaiver({ commitment: about, ...waiver }), people.approver, subject);
  }
  const watch = await w.watch({ limits: { subjects: 2, examined: Infinity } }, 'tallystick/watch');
  const cut = await watch.once();
  await watch.close();
  t.match(watch.remarks, [/^1 subjects are not watched, or not yet: 2 are;/]);
  t.equal(exitOfLook(cut), 5);
  t.match(watchJson(cut), { left_out: 1, subjects: [{ subject: 'b/seen' }, { subject: 'a/0' }] });
});

t.test('watch --json: a line for each change while it goes on', async (t) => {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit();
  let looks = 0;
  w.asleep = async () => {
    looks += 1;
    if (looks === 1) await w.prove(commitment, violated);
    if (looks === 2) process.emit('SIGTERM');
  };
  const told = await w.tally('watch', '--json');
  t.equal(told.code, 0, 'until it is told to stop');
  t.match(told.objects, [
    {
      schema: 'tallystick.watch-change.v1',
      subject: SUBJECT,
      claim: 'tls-min',
      before: null,
      verdict: 'UNKNOWN',
    },
    { before: 'UNKNOWN', verdict: 'VIOLATED', commitment: commitment.toHex(), size: 3 },
  ]);
});

t.test('a notice of silence', async (t) => {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit();
  const proof = await w.prove(commitment);
  w.now += 3 * HOUR;
  t.match(await w.tally('watch', SUBJECT, '--once', '--notice'), { code: 5, err: /notice logged: entry 3/ });
  t.match(parseStatement(w.log.entries[3] ?? new Uint8Array()), {
    kind: 'notice',
    subject: SUBJECT,
    notice: {
      topic: 'stale',
      claim: 'tls-min',
      last: { seq: 0, id: proof },
      about: commitment,
    },
  });
  await w.tally('watch', SUBJECT, '--once', '--notice');
  t.equal(w.log.entries.length, 4, 'once');
  const wrong = await w.tally('watch', '--once', '--notice', '--key', 'keys/author.pem');
  t.match(wrong, { code: 3, err: /wrong-role/ });
});

t.test('approve, waive, withdraw', async (t) => {
  const w = await SeeWorld.start(t);
  await w.commit({ approvals: 1 });
  t.match(await w.tally('approve', '1', '--key', 'keys/author.pem'), { code: 3, err: /own-commitment/ });
  const asked = await w.tally('approve', SUBJECT);
  t.match(asked, {
    code: 1,
    out: /declares\n[^]*\+ claims\.tls-min\.cadence = 3600\n[^]*the contents are not shown: the root covers 1 leaves/,
    err: /nothing is approved: there is nobody to ask\. To do it without being asked: tallystick approve/,
  });
  const [, shown = ''] = /tallystick approve ([0-9a-f]{64}) --yes\n/.exec(asked.err) ?? [];
  t.match(await w.tally('approve', shown), { code: 1, err: /nobody to ask/ }, 'an entry is no answer');
  w.answers = ['', 'no', 'yes!', '\u{ff59}'];
  for (const answer of w.answers)
    t.match(
      await w.tally('approve', SUBJECT),
      { code: 1, err: /error: usage: nothing is approved\n/ },
      answer,
    );
  t.same(
    w.questions,
    Array.from({ length: 4 }, () => 'Approve this as approval 1 of 1? [y/N] '),
  );
  w.answers = ['y'];
  t.match(
    await w.tally('approve', SUBJECT, '--json'),
    { code: 1, err: /nobody to ask/ },
    'a script is not asked',
  );
  t.match(await w.tally('approve', shown, '--reason', 'seen'), {
    code: 0,
    out: /approvals +1 of 1: it counts now/,
  });
  t.match(await w.tally('approve', SUBJECT), { code: 1, err: /has all the approvals/ });
  const id = (await w.tally('status', SUBJECT, '--json')).json.subjects[0].commitment;
  for (const name of [id, id.slice(0, 16), '1'])
    t.match(await w.tally('approve', name), { code: 1, err: /approved it already, in entry 2/ }, name);
  t.match(await w.tally('approve', '7'), { code: 2, err: /no commitment 7; name a subject, an index/ });
  t.match(await w.tally('waive', SUBJECT, 'tls-min'), { code: 1, err: /--owner/ });
  const why = ['--owner', 'Bob', '--reason', 'old terminal'];
  t.match(
    await w.tally('waive', SUBJECT, 'tls-min', '--owner', '', '--reason', 'x', '--until', '7d'),
    { code: 1, err: /owner/ },
    'a flag of ours is no refusal of the log',
  );
  t.match(await w.tally('waive', SUBJECT, 'tls-max', ...why, '--until', '7d'), {
    code: 2,
    err: /it has: tls-min/,
  });
  t.match(await w.tally('waive', SUBJECT, 'tls-min', ...why, '--until', '2027-02-30'), {
    code: 1,
    err: /--until/,
  });
  t.match(await w.tally('waive', SUBJECT, 'tls-min', ...why, '--until', '2020-01-01'), {
    code: 1,
    err: /2020-01-01 has passed; to end a waiver pass --until now/,
  });
  t.match(await w.tally('waive', SUBJECT, 'tls-min', ...why, '--until', '2099-01-01'), {
    code: 1,
    err: /2099-01-01 is too far: a year at most/,
  });
  const until = Math.floor(w.now) + 7 * 86_400;
  t.match(await w.tally('waive', SUBJECT, 'tls-min', ...why, '--until', '7d', '--json'), {
    code: 0,
    json: { schema: 'tallystick.waive.v1', claims: ['tls-min'], until },
  });
  t.match(await w.tally('status', SUBJECT), {
    code: 0,
    out: /WAIVED[^]*until \d{4}-.*Z, Bob answers for it: old terminal/,
  });
  t.equal((await w.tally('waive', SUBJECT, 'tls-min', ...why, '--until', 'now')).code, 0);
  w.now += 1;
  t.equal((await w.tally('status', SUBJECT)).code, 5, 'a waiver can be ended');
  t.match(await w.tally('withdraw', SUBJECT, '--key', 'keys/approver.pem'), { code: 3, err: /wrong-role/ });
  t.match(await w.tally('withdraw', SUBJECT, '--reason', 'moved'), {
    code: 0,
    out: /it stays in force until/,
  });
  t.match(await w.tally('status', SUBJECT), {
    code: 5,
    out: /its withdrawal, entry 5, lacks 1 of 1 approvals/,
  });
  t.match(await w.tally('approve', id, '--yes'), { code: 3, err: /entry 5 followed entry 1/ });
  t.match(await w.tally('approve', SUBJECT, '--yes'), {
    code: 0,
    out: /withdraws +entry 1[^]*- claim tls-min/,
  });
  t.match(await w.tally('status', SUBJECT), { code: 0, out: /nothing is declared/ });
  t.equal((await w.tally('gate', SUBJECT)).code, 5);
  t.equal((await w.tally('withdraw', SUBJECT)).code, 2);

  await w.commit({}, 'other');
  const { meddle } = w.log;
  let taken = false;
  w.log.meddle = (path, method) => {
    if (method === 'POST') taken = true;
    return taken && path === '/checkpoint' ? new Response(null, { status: 404 }) : meddle(path, method);
  };
  t.match(await w.tally('withdraw', 'other'), {
    code: 2,
    err: /the log took it as entry [0-9a-f]{64}, and then: .*Do not say it again/,
  });
  w.log.meddle = meddle;
  t.match(await w.tally('status', 'other'), { code: 0, out: /nothing is declared/ });
});

t.test('deploy mark', async (t) => {
  const w = await SeeWorld.start(t);
  const mark = (...flags: readonly string[]): Promise<Told> =>
    w.tally('deploy', 'mark', '--subject', SUBJECT, ...flags);
  t.match(await mark(), { code: 2, err: /no commitment about/ });
  await w.commit({ approvals: 2 });
  t.match(await mark(), {
    code: 2,
    err: /is in force: entry 1 lacks 2 approvals; let .* approve/,
  });
  t.equal(w.log.entries.length, 2, 'no deadline runs for what nobody may prove');
  const supersedes = await w.commit({ claims: [{ ...claim, id: 'other' }] });
  await w.commit({ supersedes, approvals: 1 });
  t.match(await mark('--artifact', 'x'), { code: 1, err: /--artifact/ });
  t.match(await mark(), { code: 0, out: /deadline +other within 300 s\nnewer +entry 3 lacks approvals/ });
  t.match((await mark('--json')).json, {
    schema: 'tallystick.deploy-mark.v1',
    commitment: supersedes.toHex(),
    deadlines: [{ id: 'other', deadline: 300 }],
  });
});

t.test('commit loses no claims and no approvals by accident', async (t) => {
  const w = await SeeWorld.start(t);
  writeFileSync(join(w.dir, 'app.conf'), 'a');
  writeFileSync(
    join(w.dir, 'claims.yaml'),
    'approvals: 1\nclaims: [{ pack: https-tls, params: { days: 30 } }]\n',
  );
  const commit = (...flags: readonly string[]): Promise<Told> =>
    w.tally('commit', 'app.conf', '--subject', SUBJECT, '--key', 'keys/author.pem', ...flags);
  t.match(await commit(), { code: 0 }, 'the first has nothing to lose');
  t.match(await commit('--claims', 'claims.yaml', '--drop-claims'), {
    code: 1,
    err: /give either --claims or --drop-claims/,
  });
  t.match(await commit('--claims', 'claims.yaml', '--approvals', '0'), { code: 0 });
  const before = w.log.entries.length;
  t.match(await commit(), {
    code: 1,
    err: /entry 2 about db\/payments .*without 4 claims \(\S+, \S+, \S+, …\); give them again, or say that they are dropped \(--claims, --drop-claims\)\n/,
  });
  t.match(
    await commit('--approvals', '1'),
    { code: 1, err: /--drop-claims/ },
    'pending it would be lost later',
  );
  t.equal(w.log.entries.length, before, 'nothing was logged');
  t.match(await commit('--claims', 'claims.yaml'), { code: 0 }, 'more approvals are no loss');
  t.match(await commit('--claims', 'claims.yaml'), { code: 0, out: /already logged/ });
  t.match(await commit('--drop-claims', '--approvals', '0'), { code: 0 });
  t.match(await commit(), { code: 0, out: /already logged/ }, 'nothing more is lost');

  t.match(await commit('--claims', 'claims.yaml'), { code: 0 });
  t.match(await commit('--drop-claims'), {
    code: 1,
    err: /entry 5 .*without the 1 approval that it asks for; give them again, .* \(--approvals 0\)/,
  });
  t.equal((await w.tally('approve', SUBJECT, '--yes')).code, 0);
  writeFileSync(join(w.dir, 'bare.yaml'), 'claims: [{ pack: https-tls, params: { days: 30 } }]\n');
  t.match(await commit('--claims', 'bare.yaml'), { code: 1, err: /--approvals 0/ });
  t.match(await commit('--drop-claims', '--approvals', '1'), { code: 0 });
  t.match(
    await commit('--approvals', '1', '--tier', 'critical-path'),
    {
      code: 1,
      err: /entry 5 .*4 claims/,
    },
    'what is in force counts, whatever waits for approval',
  );
  t.equal((await w.tally('approve', SUBJECT, '--yes')).code, 0);
  t.match(
    await commit('--approvals', '1', '--tier', 'critical-path'),
    { code: 0 },
    'they were dropped before',
  );
  const other = ['commit', 'app.conf', '--key', 'keys/author.pem'];
  t.match(await w.tally(...other, '--claims', 'bare.yaml'), { code: 0 });
  t.equal((await w.tally('withdraw', 'app.conf')).code, 0);
  t.match(await w.tally(...other), { code: 0 }, 'to withdraw is to say so');
});

t.test('registry', async (t) => {
  const w = await SeeWorld.start(t);
  const before = await w.commit();
  w.now += HOUR;
  const other = { ...claim, id: 'other' };
  await w.commit({ supersedes: before, tier: 'background', claims: [{ ...claim, cadence: 60 }, other] });
  await w.commit({ environment: 'test', claims: [] }, 'web\u202e/shop');
  const list = await w.tally('registry');
  t.match(list.out, /^db\/payments +prod +background +author +3b18e512db +0 s +2 UNKNOWN$/m);
  t.match(list.out, /^web\?\/shop +test .* no claims$/m, "a stranger's text turns nothing around");
  t.match((await w.tally('registry', 'list', '--environment', 'test', '--json')).json.subjects.length, 1);
  const show = await w.tally('registry', 'show', SUBJECT);
  t.match(show.out, /claims\.tls-min\.cadence = 60[^]*entry 2 .* in force\n.*entry 1 .* ended by entry 2/);
  const diff = await w.tally('registry', 'diff', SUBJECT);
  t.match(diff.out, /^~ claims\.tls-min\.cadence: 3600 → 60$/m);
  t.match(diff.out, /^\+ claims\.other\.expr = /m);
  t.match(diff.out, /^~ tier: critical-path → background$/m);
  t.match((await w.tally('registry', 'diff', SUBJECT, '2', '1')).out, /^- claims\.other\.expr = /m);
  t.match(await w.tally('registry', 'diff', SUBJECT, '7'), { code: 2, err: /no commitment about/ });
  t.match((await w.tally('registry', 'blame', SUBJECT, 'tls-min')).out, /since entry 2 /);
  t.match(
    (await w.tally('registry', 'blame', SUBJECT, 'environment')).out,
    /since entry 1 [^]*approved by nobody/,
  );
  t.match(await w.tally('registry', 'blame', SUBJECT, '/ssl'), {
    code: 2,
    err: /no claim, fact or known leaf/,
  });
});

t.test('leaves of files are compared, and blamed', async (t) => {
  const w = await SeeWorld.start(t);
  const few = join(w.dir, 'few');
  const commit = () =>
    w.tally('commit', 'files', few, '--subject', 'x', '--key', join(w.dir, 'keys', 'author.pem'), '--json');
  mkdirSync(few);
  writeFileSync(join(few, 'a'), 'one', { mode: 0o644 });
  writeFileSync(join(few, 'b'), 'two', { mode: 0o644 });
  const first = await commit();
  writeFileSync(join(few, 'b'), 'three');
  t.match(await commit(), { code: 0 });
  const compared = {
    code: 0,
    out: /\nleaves {5}1 leaf differs, and 1 is the same\n~ few\/b: file 0644, 3 bytes.* → file 0644, 5 bytes.*\n$/,
  };
  t.match(await w.tally('registry', 'diff', 'x'), compared);
  t.match(await w.tally('registry', 'blame', 'x', 'few/a'), { code: 0, out: /since entry 1 / });
  t.match(await w.tally('registry', 'blame', 'x', 'few/b'), { code: 0, out: /since entry 2 / });

  const earlier = join(w.dir, 'tallystick-proofs', 'x', 'earlier', first.json.entry, 'opening.json');
  renameSync(earlier, join(w.dir, 'kept.json'));
  t.match(await w.tally('registry', 'diff', 'x'), {
    code: 0,
    out: /2 were opened in one of them alone, and not compared; 2 of the earlier and 0 of the later are salted and not opened/,
    err: /--leaves takes the leaves\.json or opening\.json that commit wrote/,
  });
  t.match(await w.tally('registry', 'diff', 'x', '--leaves', 'kept.json'), compared);
  writeFileSync(join(w.dir, 'other.json'), '{}');
  t.match(await w.tally('registry', 'diff', 'x', '--leaves', 'other.json'), { code: 1, err: /other\.json/ });
  t.match(await w.tally('registry', 'blame', 'x', 'few/a'), {
    out: /since entry 2 /,
    err: /the earlier value is not known/,
  });
});

t.test('a summary of many', async (t: Test) => {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit();
  await w.prove(commitment, violated);
  const about = { version: '1', root: 'r', time: w.now, vkeys: [], open: false };
  const { meddle } = w.log;
  w.log.meddle = (path, method) => {
    if (path === '/v1/log') return Response.json({ ...about, origin: 'log.example/tally', size: 3 });
    return path === '/readyz' ? Response.json({ ready: true, reasons: [] }) : meddle(path, method);
  };
  const { code, out } = await w.tally('status');
  t.equal(code, 0, 'the log is well; subjects are asked about by name');
  t.match(out, /^subjects 1: 1 with claims\n +db\/payments +VIOLATED +1 VIOLATED +prod$/m);
  w.hidden.add(0);
  t.match(await w.tally('status'), { code: 0, err: /subjects are not shown: .*registration policy/ });
});

/** Type and verdict of an alert. */
function toldIn({ type, data }: SeeWorld['posted'][number]['body']): string {
  return typeof type === 'string' && typeof data === 'object' ? `${type} ${data['verdict'] ?? ''}` : '';
}
