/** Incidents: what is proven stays proven, and nothing else ever is: every field changed, false accusations, bombs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Refusal } from '#src/bytes/refusal.ts';
import { formatBase64 } from '#src/bytes/text.ts';
import {
  formatIncident,
  incidentId,
  makeIncident,
  type Evidence,
  type Incident,
  type LoggedEvidence,
} from '#src/incident/incident.ts';
import { MAX_INCIDENT_BYTES, parseIncident } from '#src/incident/parse.ts';
import { verifyIncident } from '#src/incident/verify.ts';
import { cosign } from '#src/note/checkpoint.ts';
import { parseVkey } from '#src/note/key.ts';
import { appendSignatures } from '#src/note/note.ts';
import { parseTrustPolicy, policyOfLogs, type TrustPolicy } from '#src/note/trust.ts';
import { verifyWithNoble, type VerifySignature } from '#src/sign/algorithm.ts';
import {
  badSignature,
  brokenChain,
  forkedOrder,
  lateApproval,
  orderBegunAgain,
  duplicate,
  gapInChain,
  noStatement,
  ownApproval,
  unknownKey,
  wrongRole,
} from '../support/hostile-entries.ts';
import { foreign, HostileLog } from '../support/hostile-log.ts';
import {
  examples,
  incidentOf,
  logged,
  note,
  quorumPolicy,
  splitOf,
  witness,
  witnessVkey,
} from '../support/incident-examples.ts';
import {
  approvalStatement,
  commitmentStatement,
  entryIdOf,
  headKeys,
  otherStatement,
  people,
  policyStatement,
  proofStatement,
} from '../support/world.ts';

async function start(t: Test, ...options: Parameters<typeof HostileLog.start>): Promise<HostileLog> {
  const log = await HostileLog.start(...options);
  t.teardown(() => log.close());
  return log;
}

const policies = new WeakMap<object, TrustPolicy>();
function trustIn(log: Pick<HostileLog, 'vkeys'>): TrustPolicy {
  const known = policies.get(log) ?? policyOfLogs(log.vkeys.map(parseVkey));
  policies.set(log, known);
  return known;
}
const ed25519Of = (log: Pick<HostileLog, 'vkeys'>) => policyOfLogs(log.vkeys.slice(0, 1).map(parseVkey));

/** Any JSON value. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests break it on purpose
type Json = any;

/** Most changes leave most signatures as they were: each is verified once. */
const answers = new Map<string, boolean>();
const verifyOnce: VerifySignature = (key, message, signature) => {
  const id = [key.algorithm, ...[key.bytes, message, signature].map((each) => each.toHex())].join();
  const good = answers.get(id) ?? verifyWithNoble(key, message, signature);
  answers.set(id, good);
  return good;
};

/** Runs the file of an incident through everything: what comes out, or the code it was refused with. */
function outcomeOf(text: string, log: Pick<HostileLog, 'vkeys'>, trust = trustIn(log)): string {
  try {
    return verifyIncident(parseIncident(text), trust, verifyOnce).outcome;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

t.test('every kind, with what it proves and what it reports', async (t) => {
  const log = await start(t);
  for (const [name, { evidence, outcome }] of Object.entries(await examples(log))) {
    const incident = incidentOf(log, evidence);
    const text = formatIncident(incident);
    t.strictSame(parseIncident(text), incident, `${name}: reads back`);
    t.strictSame(parseIncident(new TextEncoder().encode(text)), incident);
    const verdict = verifyIncident(incident, trustIn(log));
    t.equal(verdict.outcome, outcome, `${name}: ${verdict.what}`);
    t.equal(verdict.proven, outcome === 'proven');
    t.ok(verdict.checks.every((check) => check.outcome === 'ok') && verdict.heads.length > 0);
    t.ok(verdict.proves.length > 0);
    t.equal(
      verdict.reports.length > 0,
      outcome === 'reported' || evidence.kind === 'unexpected-issuer',
      name,
    );
    t.equal(verifyIncident(incident, ed25519Of(log)).outcome, outcome, 'one of the log keys is enough');

    const stranger = await start(t, foreign(log.origin));
    t.match(verifyIncident(incident, trustIn(stranger)), { outcome: 'failed', proven: false }, 'another key');
    const claimed = { ...incident, vkeys: stranger.vkeys };
    t.equal(outcomeOf(formatIncident(claimed), log), outcome, 'keys in the file count for nothing');
    t.equal(verifyIncident(claimed, policyOfLogs([])).outcome, 'failed');
    const other = {
      ...incident,
      origin: 'other.example',
      id: incidentId(evidence.kind, 'other.example', 'a test'),
    };
    t.equal(outcomeOf(formatIncident(other), log), 'failed', 'another log');
  }
});

/** Every change of one place of a JSON value: texts by a character, numbers by one, lists by an item, fields gone. */
function* changesOf(value: Json, every: number): Generator<Json, void, undefined> {
  if (typeof value === 'string') {
    for (let at = 0; at < value.length; at += value.length > 100 ? every : 1) {
      const c = value.charCodeAt(at);
      yield value.slice(0, at) + String.fromCharCode(c % 2 === 0 ? c + 1 : c - 1) + value.slice(at + 1);
    }
    yield value.slice(1);
    yield value.slice(0, -1);
    yield `${value}A`;
  } else if (typeof value === 'number') {
    yield value + 1;
    yield value === 0 ? 2 ** 40 : value - 1;
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      yield value.toSpliced(i, 1);
      yield value.toSpliced(i, 0, item);
      for (const changed of changesOf(item, every)) yield value.with(i, changed);
    }
  } else {
    for (const [name, field] of Object.entries(value)) {
      yield Object.fromEntries(Object.entries(value).filter(([each]) => each !== name));
      for (const changed of changesOf(field, every)) yield { ...value, [name]: changed };
    }
  }
}

t.test('a change anywhere in the evidence ends the proof', async (t) => {
  // An Ed25519 log: notes are short, and every single character is tried.
  const log = await start(t, foreign('short.example/log', 5));
  log.fork(
    2,
    'b',
    [1, 2, 3, 4].map((n) => new TextEncoder().encode(`b ${n}`)),
  );
  const trust = trustIn(log);
  const [one, two] = [await splitOf(log, [5, 'main'], [5, 'b']), await splitOf(log, [3, 'main'], [6, 'b'])];
  for (const evidence of [one, two]) {
    const incident = incidentOf(log, evidence);
    t.equal(outcomeOf(formatIncident(incident), log), 'proven');
    let tried = 0;
    for (const changed of changesOf(evidence, 1)) {
      tried += 1;
      const outcome = outcomeOf(formatIncident({ ...incident, evidence: changed }), log, trust);
      if (outcome === 'proven') t.fail(`still proven: ${JSON.stringify(changed).slice(0, 300)}`);
    }
    t.ok(tried > 300, `${tried} changes`);
    for (const id of changesOf(incident.id, 1))
      t.not(outcomeOf(formatIncident({ ...incident, id }), log), 'proven');
    t.equal(outcomeOf(formatIncident({ ...incident, about: 'else' }), log), 'failed');
  }
  if (two.kind !== 'split-view') throw new Error('no split view');
  const swapped: Evidence = { ...two, heads: [two.heads[1], two.heads[0]] };
  t.equal(outcomeOf(formatIncident(incidentOf(log, swapped)), log), 'failed', 'heads in the wrong order');
});

t.test('the same of entries, sampled where texts are long', async (t) => {
  for (const signers of [headKeys.checkpoint.slice(0, 1), headKeys.checkpoint]) {
    const log = await start(t, { signers });
    const all = await examples(log);
    for (const name of ['rejected', 'chain', 'issuer']) {
      const { evidence } = all[name] ?? {};
      if (evidence === undefined) throw new Error(name);
      const incident = incidentOf(log, evidence);
      let tried = 0;
      for (const changed of changesOf(evidence, signers.length === 1 ? 61 : 997)) {
        // What was expected is for people.
        if (evidence.kind === 'unexpected-issuer' && changed.expected?.[0] !== evidence.expected[0]) continue;
        tried += 1;
        const text = formatIncident({ ...incident, evidence: changed });
        if (outcomeOf(text, log) !== 'proven') continue;
        // A line whose key id was changed is by nobody we know; the other key's line convicts by itself.
        const { heads } = verifyIncident(parseIncident(text), trustIn(log));
        const fewer = heads.some((head) => head.signers.length < signers.length);
        const twice =
          JSON.stringify(changed.expected) ===
          JSON.stringify(['https://somebody.else', 'https://somebody.else']);
        if (!fewer && !twice) t.fail(`${name} is still proven: ${JSON.stringify(changed)}`);
      }
      t.ok(tried > 40, `${name}: ${tried} changes`);
    }
  }
});

t.test('entries: what the log can refute is not proven', async (t) => {
  const log = await start(t);
  const policy = await policyStatement({ approvals: 2 });
  // [what was logged, which entry is shown as the earlier one, what it comes to]
  const cases: [string, { code: string; entries: readonly Uint8Array[] }, number | undefined, string][] = [
    ['bad signature', await badSignature('urn:a'), undefined, 'proven'],
    ['no statement', noStatement(), undefined, 'proven'],
    ['duplicate', await duplicate('urn:b'), 1, 'proven'],
    ['duplicate of nothing', await duplicate('urn:c'), undefined, 'failed'],
    ['chain, the same number', await brokenChain('urn:d'), 1, 'proven'],
    ['chain, the link it should have named', await brokenChain('urn:e'), 2, 'proven'],
    ['chain, nothing before', await brokenChain('urn:f'), undefined, 'reported'],
    ['chain, a gap', await gapInChain('urn:g'), 1, 'reported'],
    ['own approval', await ownApproval('urn:h'), 1, 'proven'],
    ['forked order', await forkedOrder('urn:l'), 1, 'proven'],
    ['forked order, the one it names', await forkedOrder('urn:m'), 2, 'failed'],
    ['forked order, nothing before', await forkedOrder('urn:n'), undefined, 'failed'],
    ['order begun again', await orderBegunAgain('urn:o'), 2, 'proven'],
    ['order begun again, the newest', await orderBegunAgain('urn:p'), 1, 'reported'],
    ['late approval', await lateApproval('urn:q'), 1, 'proven'],
    ['wrong role, later', await wrongRole('urn:i'), undefined, 'reported'],
    ['unknown key, later', await unknownKey('urn:j'), undefined, 'reported'],
  ];
  for (const [name, { code, entries }, back, outcome] of cases) {
    const first = log.append(...entries);
    const last = first + entries.length - 1;
    const before = back === undefined ? {} : { before: await logged(log, last - back) };
    const entry = await logged(log, last);
    const evidence: Evidence = {
      kind: 'entry-rejected',
      entry,
      code,
      policy: await logged(log, 0),
      ...before,
    };
    const verdict = verifyIncident(incidentOf(log, evidence), trustIn(log));
    t.equal(verdict.outcome, outcome, `${name}: ${verdict.what}`);
    if (outcome === 'failed') continue;
    const { policy: _, ...without } = evidence;
    t.not(verifyIncident(incidentOf(log, without), trustIn(log)).outcome, 'proven', `${name}: by no policy`);
    t.equal(
      verifyIncident(incidentOf(log, { ...evidence, code: 'weak-key' }), trustIn(log)).outcome,
      'failed',
    );
  }

  // Directly after its policy there is nothing left to refute.
  const at = log.append(policy, ...(await wrongRole('urn:k')).entries);
  const wrong = {
    kind: 'entry-rejected',
    entry: await logged(log, at + 1),
    code: 'wrong-role',
    policy: await logged(log, at),
  } as const;
  t.equal(verifyIncident(incidentOf(log, wrong), trustIn(log)).outcome, 'proven');
  t.equal(
    verifyIncident(incidentOf(log, { ...wrong, policy: await logged(log, 0) }), trustIn(log)).outcome,
    'reported',
    'an older policy may have been replaced',
  );
  const later: Evidence = {
    ...wrong,
    entry: await logged(log, at - 1),
    policy: await logged(log, at),
    code: 'unknown-key',
  };
  t.match(verifyIncident(incidentOf(log, later), trustIn(log)), {
    outcome: 'failed',
    what: /not logged before the entry/,
  });
});

t.test('false accusations', async (t) => {
  const log = await start(t);
  const commitment = await commitmentStatement('urn:s');
  const id = entryIdOf(commitment);
  const proof0 = await proofStatement('urn:s', id, 0, undefined);
  const proof1 = await proofStatement('urn:s', id, 1, entryIdOf(proof0));
  const [c, p0, p1] = [log.append(commitment), log.append(proof0), log.append(proof1)];
  const approval = log.append(await approvalStatement('urn:s', id));
  const free = log.append(await otherStatement('urn:free'));
  // An agent that a later policy enrols: under the first one it would be unknown.
  const enrol = log.append(await policyStatement({ open: true }));
  const stranger = log.append(await otherStatement('urn:late', people.stranger));
  const policy = await logged(log, 0);
  const accuse = async (
    index: number,
    code: string,
    more: { policy?: LoggedEvidence; before?: LoggedEvidence } = {},
  ): Promise<string> => {
    const evidence: Evidence = {
      kind: 'entry-rejected',
      entry: await logged(log, index),
      code,
      policy,
      ...more,
    };
    return verifyIncident(incidentOf(log, evidence), trustIn(log)).outcome;
  };
  for (const index of [0, c, p0, approval, free, enrol]) {
    for (const code of [
      'bad-signature',
      'malformed-cbor',
      'unknown-key',
      'wrong-role',
      'own-commitment',
      'duplicate',
    ]) {
      t.equal(await accuse(index, code), 'failed', `${index} as ${code}`);
    }
  }
  t.equal(await accuse(p1, 'chain-broken'), 'reported', 'the link before is left out');
  t.equal(await accuse(p1, 'chain-broken', { before: await logged(log, p0) }), 'failed', 'it continues');
  t.equal(
    await accuse(p0, 'chain-broken', { before: await logged(log, p1) }),
    'failed',
    'the later as the earlier',
  );
  t.equal(await accuse(p1, 'chain-broken', { before: await logged(log, c) }), 'reported');
  t.equal(await accuse(approval, 'unknown-commitment'), 'reported', 'nobody can show a lack');
  t.equal(
    await accuse(approval, 'unknown-commitment', { before: await logged(log, p0) }),
    'reported',
    'some entry',
  );
  t.equal(await accuse(approval, 'unknown-commitment', { before: await logged(log, c) }), 'failed');
  t.equal(await accuse(stranger, 'unknown-key'), 'reported', 'an old policy convicts nobody');
  t.not(await accuse(stranger, 'unknown-key', { policy: await logged(log, enrol) }), 'proven');

  // A policy of another log, in this one; this log's policy, in another one.
  const foreignPolicy = log.append(
    await policyStatement({
      origin: 'else.example',
      log: { vkeys: ['else.example+00000000+AA=='], receiptKeys: [people.admin.publicKey] },
    }),
  );
  const last = log.append(await otherStatement('urn:x', people.stranger));
  t.equal(await accuse(last, 'unknown-key', { policy: await logged(log, foreignPolicy) }), 'failed');
  const other = await start(t, { ...foreign(), entries: log.entriesOf() });
  const elsewhere: Evidence = {
    kind: 'entry-rejected',
    entry: await logged(other, free),
    code: 'bad-signature',
    policy: await logged(other, 0),
  };
  t.equal(verifyIncident(incidentOf(other, elsewhere), trustIn(other)).outcome, 'failed');

  // Entry 0 is judged by itself: forged, it convicts; of another log, or none at all, it may be of other software.
  const genesis = await policyStatement();
  const last0 = genesis.length - 1;
  const first: readonly (readonly [entry: Uint8Array, code: string, outcome: string])[] = [
    [genesis.with(last0, ((genesis[last0] ?? 0) + 1) % 256), 'bad-signature', 'proven'],
    [genesis, 'bad-signature', 'failed'],
    [
      await policyStatement({
        origin: 'else.example',
        log: { vkeys: ['else.example+00000000+AA=='], receiptKeys: [people.admin.publicKey] },
      }),
      'policy-rejected',
      'reported',
    ],
    [await otherStatement('no policy'), 'policy-rejected', 'reported'],
  ];
  for (const [bytes, code, outcome] of first) {
    const begun = await start(t, { entries: [bytes, commitment] });
    const entry = await logged(begun, 0);
    const judged = (more: { policy?: LoggedEvidence }): string =>
      verifyIncident(incidentOf(begun, { kind: 'entry-rejected', entry, code, ...more }), trustIn(begun))
        .outcome;
    t.equal(judged({}), outcome, `entry 0, ${code}`);
    t.equal(judged({ policy: entry }), outcome);
    t.equal(judged({ policy: await logged(begun, 1) }), 'failed');
  }

  // A log of other software logs what it likes, also twice.
  const twice = await start(t, { ...foreign(), entries: [new Uint8Array(3), new Uint8Array(3)] });
  const again: Evidence = {
    kind: 'entry-rejected',
    entry: await logged(twice, 1),
    code: 'duplicate',
    before: await logged(twice, 0),
  };
  t.equal(verifyIncident(incidentOf(twice, again), trustIn(twice)).outcome, 'reported');
});

t.test('heads: honest ones convict nobody', async (t) => {
  const log = await start(t);
  log.append(await otherStatement('a'), await otherStatement('b'), await otherStatement('c'));
  const judge = (evidence: Evidence, trust = trustIn(log)): string =>
    verifyIncident(incidentOf(log, evidence), trust).outcome;
  const [two, three, four] = [await note(log, 2), await note(log, 3), await note(log, 4)];
  const signed = [two, three, four] as const;
  for (const a of signed)
    for (const b of signed) t.equal(judge({ kind: 'split-view', heads: [a, b] }), 'failed');
  const root = formatBase64(log.checkpoint(2).root);
  const prefixes = [root, formatBase64(log.checkpoint(3).root), formatBase64(new Uint8Array(32))];
  for (const each of prefixes) {
    for (const proof of [[], [root], prefixes, [root, root, root]])
      t.equal(judge({ kind: 'split-view', heads: [two, four], prefix: { root: each, proof } }), 'failed');
  }
  t.equal(judge({ kind: 'rollback', heads: [three, four] }), 'failed', 'it grew');
  t.equal(judge({ kind: 'rollback', heads: [three, three] }), 'failed');
  const stale = { kind: 'stale-head', head: three, ageSeconds: 10, limitSeconds: 60 } as const;
  t.equal(judge(stale), 'failed', 'within the limit');
  t.equal(judge({ ...stale, newer: two }), 'failed', 'the newer one is smaller');
  log.cosigners = [witness];
  const cosigned = new TextDecoder().decode(
    appendSignatures(four, [await cosign(log.checkpoint(4), witness, log.time)]),
  );
  t.equal(
    judge({ kind: 'quorum-lost', head: cosigned, policy: quorumPolicy }),
    'failed',
    'the quorum is there',
  );
  t.equal(judge({ kind: 'quorum-lost', head: four, policy: 'quorum none\n' }), 'failed');
  t.equal(judge({ kind: 'quorum-lost', head: four, policy: 'nonsense' }), 'failed');
  const own = parseTrustPolicy(`log ${log.vkeys[0]}\n${quorumPolicy}`);
  t.equal(
    judge({ kind: 'quorum-lost', head: four, policy: 'nonsense' }, own),
    'reported',
    'our own policy counts',
  );
  t.equal(judge({ kind: 'quorum-lost', head: cosigned, policy: quorumPolicy }, own), 'failed');
  t.equal(
    judge({ kind: 'forged-cosignature', head: cosigned, vkey: witnessVkey }),
    'failed',
    'it is genuine',
  );
  t.equal(judge({ kind: 'forged-cosignature', head: four, vkey: witnessVkey }), 'failed', 'there is no line');
  t.equal(judge({ kind: 'forged-cosignature', head: cosigned, vkey: log.vkeys[0] ?? '' }), 'failed');
  t.equal(judge({ kind: 'forged-cosignature', head: cosigned, vkey: 'nonsense' }), 'failed');
  for (const path of ['tile/0/001', 'tile/entries/001.p/4', '../checkpoint', 'checkpoint'])
    t.equal(judge({ kind: 'tampered-data', head: four, path, served: '' }), 'failed', path);

  const examined = await examples(await start(t));
  for (const name of ['missed', 'missed claim', 'missed claim, never proven']) {
    const { evidence } = examined[name] ?? {};
    if (evidence?.kind !== 'missed-proof') throw new Error(name);
    const wrong = { due: '2027-01-15T08:00:01Z', subject: 'urn:else', claim: 'd' };
    for (const [field, value] of Object.entries(wrong)) {
      if (name.endsWith('never proven') && field === 'due') continue; // the time began to run when it was deployed
      t.equal(judge({ ...evidence, [field]: value }), 'failed', `${name}: ${field}`);
    }
    if (evidence.commitment === undefined) continue;
    const { commitment: _, ...rest } = evidence;
    t.equal(judge(rest), 'failed', 'no commitment');
    t.equal(
      judge({ ...evidence, commitment: { ...evidence.last, index: evidence.last.index + 1 } }),
      'failed',
    );
  }

  // The log's own timestamps say more, and still no proof: a clock may have been set back.
  const late = new TextDecoder().decode(await log.note(2, 'main', log.time + 100));
  const back = verifyIncident(incidentOf(log, { kind: 'rollback', heads: [four, late] }), trustIn(log));
  t.match(back, { outcome: 'reported', proves: [/tree of 4/, /its own timestamps/] });
});

t.test('files are read strictly', async (t) => {
  const log = await start(t);
  const all = Object.values(await examples(log)).map(({ evidence }) => incidentOf(log, evidence));
  const refused = (file: Uint8Array | string, why: string, code = 'malformed-incident'): void =>
    void t.throws(() => parseIncident(file), { name: 'Refusal', code }, why);
  const places = (value: Json, path: readonly (string | number)[] = []): (readonly (string | number)[])[] =>
    typeof value === 'object' && !Array.isArray(value)
      ? [path, ...Object.entries(value).flatMap(([name, each]) => places(each, [...path, name]))]
      : [];
  for (const incident of all) {
    for (const path of places(incident)) {
      const copy: Json = structuredClone(incident);
      const object = path.reduce((value: Json, name) => value[name], copy);
      object.extra = 1;
      refused(JSON.stringify(copy), `${incident.evidence.kind}: an unknown field in ${path.join('.')}`);
      delete object.extra;
      for (const name of Object.keys(object)) {
        const optional =
          ['prefix', 'newer', 'policy', 'before', 'claim', 'commitment'].includes(name) &&
          incident.evidence.kind !== 'quorum-lost';
        const { [name]: value, ...rest } = object;
        const put = (other: Json): string => {
          const whole: Json = structuredClone(incident);
          const parent = path.slice(0, -1).reduce((each: Json, key) => each[key], whole);
          const at = path.at(-1);
          if (at === undefined) return JSON.stringify(other);
          parent[at] = other;
          return JSON.stringify(whole);
        };
        if (!optional) refused(put(rest), `${name} is missing`);
        for (const wrong of [null, true, [1], [[]], -1, 1.5, { a: 1 }, '']) {
          if (['served', 'entry', 'policy'].includes(name) && wrong === '') continue; // no bytes
          refused(put({ ...rest, [name]: wrong }), `${name} is ${JSON.stringify(wrong)}`);
        }
        if (typeof value === 'string')
          refused(put({ ...rest, [name]: '\ud800' }), `${name}: a lone surrogate`);
      }
    }
  }
  const [one] = all;
  if (one === undefined) throw new Error('no incident');
  const text = formatIncident(one);
  refused(text.slice(0, -3), 'cut off');
  refused(text.slice(0, 40), 'cut off within a text');
  refused(`${text}{}`, 'more than one');
  refused('', 'nothing');
  refused('null', 'no object');
  refused('[]', 'a list');
  refused(Uint8Array.of(0xff, 0xfe), 'not UTF-8');
  refused(text.replace('"id"', '"id":1,"id"'), 'a name twice');
  refused(text.replace('"id"', `"id"${' '.repeat(500)}:1,"id"`), 'a name twice, with room');
  refused(text.replace('"id"', String.raw`"\u0069d":1,"id"`), 'a name twice, once in disguise');
  refused(text.replace('"kind": "split-view"', '"kind": "made-up"'), 'an unknown kind');
  refused(text.replace('"kind": "split-view"', '"kind": "constructor"'), 'an unknown kind');
  refused(text.replace('"id"', '"__proto__":{"id":1},"id"'), 'a prototype');
  refused(text.replace('incident.v1', 'incident.v2'), 'a newer file');
  refused(text.replace(/"detected": "[^"]*"/, '"detected": "2027-13-45T00:00:00Z"'), 'no such time');
  refused(text.replace(/"what": "[^"]*"/, String.raw`"what": "\u001b[2J"`), 'a control character');
  refused('['.repeat(3_000_000), 'a deep nest');
  refused(`{"a":${'['.repeat(1_000_000)}`, 'another');
  refused(`{${'"a":1,'.repeat(600_000)}`, 'one name very often');
  refused(' '.repeat(MAX_INCIDENT_BYTES + 1), 'too large', 'too-large');
  refused(JSON.stringify({ ...one, what: 'x'.repeat(3000) }), 'a sentence too long');
  t.equal(
    makeIncident({ ...sighting(one), what: 'x\u001b'.repeat(3000) }).what.length,
    2000,
    'which none is',
  );
  t.not(incidentId('rollback', 'a', 'b'), incidentId('rollback', 'a\nb', ''));
});

function sighting({ origin, vkeys, detector, detected, what, about, evidence }: Incident) {
  return { origin, vkeys, detector, detected, what, about, evidence };
}

t.test('the example of the page is proven, and only as it stands', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../spec/incidents.md'), 'utf8');
  const [, text = ''] = /```json\n([^]*?)```/.exec(page) ?? [];
  const [, vkey = ''] = /one Ed25519 key, `([^`]+)`/.exec(page) ?? [];
  const incident = parseIncident(text);
  t.strictSame(JSON.parse(formatIncident(incident)), JSON.parse(text), 'as we write it');
  const trust = policyOfLogs([parseVkey(vkey)]);
  t.match(verifyIncident(incident, trust), { outcome: 'proven', heads: [{ size: 3 }, { size: 4 }] });
  const { evidence } = incident;
  if (evidence.kind !== 'split-view') throw new Error(evidence.kind);
  t.equal(incident.id, incidentId('split-view', incident.origin, incident.about));
  t.equal(
    verifyIncident(
      { ...incident, evidence: { ...evidence, heads: [evidence.heads[0], evidence.heads[0]] } },
      trust,
    ).outcome,
    'failed',
  );
});
