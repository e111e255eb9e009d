/** The one replay of admission: every caller gives the same answer to the same entries; policies, their order and counts. */
import { sha256 } from '@noble/hashes/sha2.js';
import t from 'tap';
import { digest, entryId, type Digest } from '#src/bytes/brand.ts';
import { encodeCbor, decodeCbor, type CborMap } from '#src/bytes/cbor.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { encodeSign1 } from '#src/cose/sign1.ts';
import { kidOf } from '#src/cose/key.ts';
import { judge } from '#src/incident/judge.ts';
import { auditLog } from '#src/log/audit.ts';
import { packBatch } from '#src/log/batch.ts';
import { checkBatch } from '#src/log/check.ts';
import { policyOf } from '#src/log/recover.ts';
import { indexAudit, storeSource } from '#src/log/storeaudit.ts';
import { Replay } from '#src/monitor/replay.ts';
import { PolicyHistory } from '#src/registration/history.ts';
import { nextDocument, wholeDocument } from '#src/registration/next.ts';
import type { InForce } from '#src/registration/rules.ts';
import { lockOutWarnings } from '#src/registration/successor.ts';
import { verifyWithNoble } from '#src/sign/algorithm.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { encodePolicy } from '#src/statement/payload.ts';
import { compilePolicy, RULES, type PolicyDocument } from '#src/statement/policy.ts';
import { MemoryGuard, MemoryStore } from '../support/memory-store.ts';
import { emptyEdge, grow } from '#src/tree/grow.ts';
import { hashLeaf, nobleHasher } from '#src/tree/hash.ts';
import * as hostile from '../support/hostile-entries.ts';
import { NOW, posted } from '../support/posted.ts';
import {
  commitmentStatement,
  entryIdOf,
  nextPolicyStatement,
  ORIGIN,
  otherStatement,
  people,
  policyDocumentOf,
  policyStatement,
} from '../support/world.ts';
import { seedSigner } from '../support/seed-signer.ts';

const idOf = (entry: Uint8Array): Digest => digest(sha256(entry));

/** The same of entries that a log holds: what `fsck` finds in each. */
async function audited(entries: readonly Uint8Array[]): Promise<readonly string[]> {
  const growth = grow(emptyEdge(), concatBytes(...entries.map(hashLeaf)), nobleHasher);
  const { findings } = await auditLog(
    {
      origin: ORIGIN,
      size: entries.length,
      root: growth.root,
      tile: async (level, index) => {
        const tile = growth.tiles.find((each) => each.level === level && each.index === index);
        return tile?.hashes ?? new Uint8Array();
      },
      bundle: async () => entries,
    },
    { hasher: nobleHasher, verify: verifyWithNoble, statements: true },
  );
  return entries.map((_, i) => {
    const found = findings.find(({ index }) => index === i)?.what.split(':')[0];
    return found ?? 'logged';
  });
}

/** What the monitor finds, and the policy in force before each entry. */
async function followed(
  entries: readonly Uint8Array[],
): Promise<{ codes: readonly string[]; before: readonly (InForce | undefined)[] }> {
  const replay = await Replay.over(new MemoryStore(), ORIGIN, verifyWithNoble);
  const codes: string[] = [];
  const before: (InForce | undefined)[] = [];
  for (const [start, bytes] of entries.entries()) {
    before.push(replay.inForce);
    const { memory } = packBatch([bytes]);
    const refused =
      replay.inForce === undefined
        ? []
        : checkBatch(memory, { policy: replay.inForce.policy, verify: verifyWithNoble });
    const { decided } = await replay.decide({
      start,
      entries: [bytes],
      ids: [entryId(entryIdOf(bytes))],
      refused,
    });
    codes.push(decided[0]?.fault?.code ?? 'logged');
  }
  return { codes, before };
}

/** What an incident check makes of the last entry, given the policy before it. */
function convicted(entries: readonly Uint8Array[], inForce: InForce | undefined, code: string): string {
  const index = entries.length - 1;
  const shown = (at: number) => {
    const bytes = entries[at] ?? new Uint8Array();
    const head = { size: entries.length } as never;
    return { index: at, id: entryId(entryIdOf(bytes)), bytes, head };
  };
  const before = index > 0 ? shown(index - 1) : undefined;
  return judge({ origin: ORIGIN, entry: shown(index), before, inForce, code })?.code ?? 'logged';
}

/** What a reader makes of the policies among the entries. */
function read(entries: readonly Uint8Array[]): string {
  const policies = entries.flatMap((bytes, index) => {
    const parsed = parseStatement(bytes);
    return parsed.kind === 'policy' ? [{ index, id: entryId(entryIdOf(bytes)), parsed }] : [];
  });
  try {
    PolicyHistory.of(ORIGIN, policies, verifyWithNoble);
    return 'logged';
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

const WEAK = {
  algorithm: 'ed25519',
  bytes: Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0)),
} as const;
const { keys } = policyDocumentOf();
const withWeak = [...keys, { key: WEAK, name: 'weak', roles: ['agent'], subjects: ['**'] }] as typeof keys;
const without = (name: string) => keys.filter((each) => each.name !== name);
const adminWith = (more: object) => keys.map((each) => (each.name === 'admin' ? { ...each, ...more } : each));
const genesis = await policyStatement();
const second = await nextPolicyStatement(genesis, { selfProof: true });
const revoked = (name: keyof typeof people, since: number) => ({
  revoked: [{ kid: digest(Uint8Array.fromHex(kidOf(people[name].publicKey))), since }],
});

/** Policies that must not be where they stand; the last of the entries is at fault. */
const POLICIES: readonly (readonly [what: string, code: string, entries: readonly Uint8Array[]])[] = [
  ['replaces none', 'overtaken', [genesis, await policyStatement({ approvals: 1 })]],
  [
    'replaces an earlier one',
    'overtaken',
    [genesis, second, await nextPolicyStatement(genesis, { approvals: 1 })],
  ],
  ['replaces what is no policy', 'overtaken', [genesis, await policyStatement({ replaces: idOf(second) })]],
  ['entry 0 replaces one', 'policy-rejected', [await policyStatement({ replaces: idOf(genesis) })]],
  ['by an author', 'wrong-role', [genesis, await nextPolicyStatement(genesis, {}, people.author)]],
  ['by a stranger', 'unknown-key', [genesis, await nextPolicyStatement(genesis, {}, people.stranger)]],
  ['a weak key', 'weak-key', [genesis, await nextPolicyStatement(genesis, { keys: withWeak })]],
  ['a weak key in entry 0', 'weak-key', [await policyStatement({ keys: withWeak })]],
  ['no admin', 'policy-rejected', [genesis, await nextPolicyStatement(genesis, { keys: without('admin') })]],
  ['entry 0 by another', 'wrong-role', [await policyStatement({}, people.author)]],
  [
    'an admin of 100 bytes',
    'policy-rejected',
    [genesis, await nextPolicyStatement(genesis, { keys: adminWith({ maxBytes: 100 }) })],
  ],
  [
    'entries of 1,024 bytes',
    'policy-rejected',
    [genesis, await nextPolicyStatement(genesis, { limits: { entryBytes: 1024 } })],
  ],
  [
    'a revoked key comes back two policies later',
    'policy-rejected',
    await (async () => {
      const out = await nextPolicyStatement(genesis, { keys: without('agent'), ...revoked('agent', 1) });
      const quiet = await nextPolicyStatement(out, { keys: without('agent'), approvals: 1 });
      return [genesis, out, quiet, await nextPolicyStatement(quiet)];
    })(),
  ],
  [
    'a revoked key is believed for longer',
    'policy-rejected',
    await (async () => {
      const out = await nextPolicyStatement(genesis, { keys: without('agent'), ...revoked('agent', 1) });
      return [
        genesis,
        out,
        await nextPolicyStatement(out, { keys: without('agent'), ...revoked('agent', 2) }),
      ];
    })(),
  ],
];

t.test('log, fsck, monitor, incident check and reader agree on policies', async (t) => {
  for (const [what, code, entries] of POLICIES) {
    const { codes, before } = await followed(entries);
    t.equal((await posted(entries)).at(-1), code, `log: ${what}`);
    t.equal((await audited(entries)).at(-1), code, `fsck: ${what}`);
    t.equal(codes.at(-1), code, `monitor: ${what}`);
    t.equal(convicted(entries, before.at(-1), code), code, `incident: ${what}`);
    t.equal(read(entries), code, `reader: ${what}`);
    const good = entries.slice(0, -1);
    if (good.length > 0) t.equal(read(good), 'logged', `and nothing before it: ${what}`);
  }
});

t.test('log, fsck, monitor and incident check agree on other entries', async (t) => {
  const cases: hostile.Refused[] = [
    await hostile.badSignature('a'),
    await hostile.wrongRole('a'),
    await hostile.unknownKey('a'),
    await hostile.duplicate('a'),
    hostile.noStatement(),
    await hostile.brokenChain('a'),
    await hostile.gapInChain('a'),
    await hostile.ownApproval('a'),
    await hostile.forkedOrder('a'),
    await hostile.orderBegunAgain('a'),
    await hostile.lateApproval('a'),
  ];
  const open = await policyStatement({
    keys: keys.map((each) => (each.name === 'approver' ? { ...each, roles: ['author', 'approver'] } : each)),
  });
  for (const { code, entries } of cases) {
    const all = [code === 'own-commitment' ? open : genesis, ...entries];
    const { codes } = await followed(all);
    t.equal(codes.at(-1), code, `monitor: ${code}`);
    t.equal((await audited(all)).at(-1), code, `fsck: ${code}`);
    t.equal((await posted(all)).at(-1), code, `log: ${code}`);
  }
  const elsewhere = await policyStatement({
    origin: 'else.example',
    log: { vkeys: ['else.example+00000000+AA=='], receiptKeys: [people.admin.publicKey] },
  });
  for (const first of [elsewhere, await otherStatement('no policy')]) {
    const all = [first, await otherStatement('x')];
    t.same((await followed(all)).codes, ['policy-rejected', 'logged'], 'without rules nothing breaks them');
    t.same(await audited(all), ['policy-rejected', 'logged']);
    t.same(await posted(all), ['policy-rejected']);
  }
});

t.test('policy A, B, A again, on every algorithm', async (t) => {
  for (const algorithm of ['ed25519', 'ecdsa-p256', 'ml-dsa-44'] as const) {
    const admin = seedSigner(algorithm, new Uint8Array(32).fill(7));
    const mine = [
      ...without('admin'),
      { key: admin.publicKey, name: 'me', roles: ['admin'], subjects: ['**'] },
    ];
    const all = [await policyStatement({ keys: mine as typeof keys }, admin)];
    for (const approvals of [1, 2, 1, 2])
      all.push(
        await nextPolicyStatement(all.at(-1) ?? genesis, { keys: mine as typeof keys, approvals }, admin),
      );
    t.same(
      await posted(all),
      all.map(() => 'logged'),
      algorithm,
    );
    t.same(
      await audited(all),
      all.map(() => 'logged'),
    );
    t.equal(new Set(all.map(entryIdOf)).size, 5, 'each is an entry of its own');
    const back = [...all, all[1] ?? genesis];
    t.equal((await posted(back)).at(-1), 'duplicate', 'an old one does nothing');
  }
});

t.test('a policy of other rules is named as that', async (t) => {
  const fields = decodeCbor(encodePolicy(policyDocumentOf())) as CborMap;
  const parsed = parseStatement(genesis);
  const spelled = (change: (fields: CborMap) => CborMap): Uint8Array =>
    encodeSign1({ ...parsed.statement.sign1, payload: encodeCbor(change(fields)) });
  const old = spelled((all) => new Map([...[...all].filter(([name]) => name !== 'rules'), ['version', 1]]));
  t.throws(() => parseStatement(old), { code: 'older-version', message: /tallystick 0\.1.*make a new log/ });
  const newer = spelled((all) => new Map([...all, ['rules', RULES + 1], ['unheard', true]]));
  t.throws(() => parseStatement(newer), { code: 'newer-version', message: /update tallystick/ });
  const current = compilePolicy({ ...policyDocumentOf(), rules: RULES + 1 });
  const inForce = { policy: current, index: 0, id: entryId(entryIdOf(genesis)), entry: genesis };
  t.equal(convicted([genesis, second], inForce, 'policy-rejected'), 'policy-rejected', 'and never goes back');
});

t.test('what would lock everybody out is refused or warned of', async (t) => {
  const at = async (change: Partial<PolicyDocument>) =>
    (await posted([genesis, await nextPolicyStatement(genesis, change)])).at(-1);
  t.equal(await at({ keys: adminWith({ notBefore: NOW + 1 }) }), 'policy-rejected', 'not yet');
  t.equal(await at({ keys: adminWith({ notAfter: NOW - 1 }) }), 'policy-rejected', 'no longer');
  t.equal(await at({ keys: adminWith({ notAfter: NOW }) }), 'logged');
  const two = [
    ...adminWith({ maxBytes: 100 }),
    { ...keys[0], key: people.stranger.publicKey, name: 'second' },
  ];
  t.equal(await at({ keys: two as typeof keys }), 'logged', 'another admin can');
  const warned = (change: Partial<PolicyDocument>, length = 2000) =>
    lockOutWarnings(compilePolicy(policyDocumentOf(change)), length, NOW);
  t.same(warned({}), []);
  t.match(warned({ keys: adminWith({ notAfter: NOW + 29 * 86_400 }) }), [/ends in 29 days/]);
  t.same(warned({ keys: adminWith({ notAfter: NOW + 31 * 86_400 }) }), []);
  t.match(warned({}, 50_000), [/50000 of at most 65535 bytes/]);
  t.match(warned({ keys: adminWith({ notAfter: NOW - 1 }) }), [/nobody can change/]);
});

t.test('what was revoked stays in the whole document, and is listed once', async (t) => {
  const out = await nextPolicyStatement(genesis, { keys: without('agent'), ...revoked('agent', 1) });
  const quiet = await nextPolicyStatement(out, { keys: without('agent') });
  const entries = [genesis, out, quiet].map((bytes, index) => ({
    index,
    id: entryId(entryIdOf(bytes)),
    parsed: parseStatement(bytes),
  }));
  const history = PolicyHistory.of(ORIGIN, entries, verifyWithNoble);
  t.equal(history.revokedSince(kidOf(people.agent.publicKey)), 1);
  const whole = wholeDocument(history.inForce);
  t.equal(whole.revoked?.length, 1);
  t.equal(nextDocument(history.newest, whole).revoked, undefined);
  t.throws(() => nextDocument(history.newest, { ...whole, revoked: [] }), { code: 'policy-rejected' });
});

t.test('counts of a key', async (t) => {
  const limited = (limits: object) => policyStatement({ limits: { entryBytes: 65_535, ...limits } });
  const about = (subject: string) => commitmentStatement(subject);
  const check = async (entries: readonly Uint8Array[], codes: readonly string[], what: string) => {
    t.same(await posted(entries), codes, `log: ${what}`);
    t.same((await followed(entries)).codes, codes, `monitor: ${what}`);
    t.same(await audited(entries), codes, `fsck: ${what}`);
  };
  const [a, b, c] = [await about('a'), await about('b'), await about('c')];
  const two = await limited({ keyCommitments: 2 });
  await check([two, a, b, c], ['logged', 'logged', 'logged', 'limit-exceeded'], 'commitments');
  const again = await commitmentStatement('a', { supersedes: idOf(a), claims: [] });
  const subjects = await limited({ keySubjects: 1 });
  await check([subjects, a, again, b], ['logged', 'logged', 'logged', 'limit-exceeded'], 'subjects');
  const others = await Promise.all([1, 2, 3, 4].map((n) => otherStatement(`o${n}`)));
  const one = await limited({ keyStatements: 1 });
  const next = await nextPolicyStatement(one, { limits: { entryBytes: 65_535, keyStatements: 1 } });
  const [o1 = a, o2 = a, o3 = a, o4 = a] = others;
  await check(
    [one, o1, o2, next, o3, o4],
    ['logged', 'logged', 'limit-exceeded', 'logged', 'logged', 'limit-exceeded'],
    'statements, anew with each policy, which does not count',
  );
  const mine = keys.map((each) => (each.name === 'author' ? { ...each, maxCommitments: 1 } : each));
  const own = await policyStatement({ keys: mine, limits: { entryBytes: 65_535, keyCommitments: 9 } });
  await check([own, a, b], ['logged', 'logged', 'limit-exceeded'], 'of one key');
  const inForce = (await followed([two, a, b])).before[2];
  t.equal(convicted([two, a, b, c], inForce, 'limit-exceeded'), 'limit-exceeded');
  t.equal(
    convicted([genesis, a], { ...policyInForce(genesis) }, 'limit-exceeded'),
    'logged',
    'nothing limits it',
  );
});

function policyInForce(entry: Uint8Array): InForce {
  return { policy: policyOf(entry), index: 0, id: entryId(entryIdOf(entry)), entry };
}

t.test('without a guard the policies are found by reading', async (t) => {
  const store = new MemoryStore();
  await posted([genesis, await otherStatement('x'), second, await otherStatement('y')], {
    store,
    guard: new MemoryGuard(),
  });
  const head = await store.head();
  if (head === undefined) throw new Error('no head');
  const [{ policyAt }, { tileLoader }] = await Promise.all([
    import('#src/log/policies.ts'),
    import('#src/log/recover.ts'),
  ]);
  const deps = { store, origin: ORIGIN, hasher: nobleHasher, load: tileLoader(store, nobleHasher) };
  t.equal((await policyAt(head, undefined, deps)).index, 2);
  const signed = { ...head, size: 2 as never, policy: { index: 0, id: entryId(entryIdOf(genesis)) } };
  t.equal((await policyAt(head, signed, deps)).index, 2, 'or past the head of the guard');
  const wrong = { ...signed, policy: { index: 1, id: entryId(entryIdOf(genesis)) } };
  await t.rejects(policyAt(head, wrong, deps), { code: 'corrupt-store' });
  const report = await auditLog(storeSource(store, head, ORIGIN), {
    hasher: nobleHasher,
    verify: verifyWithNoble,
    statements: true,
    ...indexAudit(store, head),
  });
  t.same(report.findings, [], 'counts and chains are stored as they are replayed');
});
