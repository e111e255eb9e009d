/** fast-check arbitraries for every payload, holding the rules between fields. */
import fc from 'fast-check';
import { digest, treeSize, type Digest } from '#src/bytes/brand.ts';
import { encodeCbor, type CborValue } from '#src/bytes/cbor.ts';
import { withIdentities, type ResolvedIdentity } from '#src/statement/target.ts';
import type { Claim, Declaration, Withdrawal } from '#src/statement/commitment.ts';
import type { Deployment } from '#src/statement/deployment.ts';
import { formatCheckpoint } from '#src/note/checkpoint.ts';
import { formatNote } from '#src/note/note.ts';
import {
  RETAINED,
  type InventoryNotice,
  type Notice,
  type RetentionNotice,
  type StaleNotice,
  type WitnessedNotice,
} from '#src/statement/notice.ts';
import { ENTRY_DEFINITION, ROLES, RULES, type PolicyDocument } from '#src/statement/policy.ts';
import type { Result, RuntimeProof } from '#src/statement/proof.ts';
import type { Waiver } from '#src/statement/waiver.ts';
import type { Parameter } from '#src/statement/parameter.ts';
import {
  declarationTree,
  openLeaf,
  saltedTree,
  SALTED_TREE,
  type SaltedLeaf,
} from '#src/statement/saltedleaf.ts';
import { EVIDENCE_CLASSES, SEVERITIES, TIERS, VERDICTS, type Attachment } from '#src/statement/vocabulary.ts';
import { signDelegation } from '#src/statement/delegation.ts';
import { seedSigner } from './seed-signer.ts';

/** Signing takes a while and is not for generators: two, with and without `apart`. */
export const DELEGATIONS = await Promise.all(
  [{}, { apart: true as const }].map((apart) =>
    signDelegation(
      {
        key: seedSigner('ed25519', new Uint8Array(32).fill(71)).publicKey,
        node: 'ip-1',
        subjects: ['prod/*/nodes/ip-1'],
        notBefore: 0,
        notAfter: 86_400,
        log: 'log.example',
        issuer: 'https://owner.example',
        ...apart,
      },
      seedSigner('ed25519', new Uint8Array(32).fill(72)),
    ),
  ),
);

const { option, array, uniqueArray, constantFrom, boolean, nat, uint8Array } = fc;

/** A record with an ordinary prototype, as parsers make. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

/** Leaves a key out where fast-check made it undefined, as exactOptionalPropertyTypes wants. */
function partial<T>(
  model: { [K in keyof T]-?: fc.Arbitrary<T[K]> },
  requiredKeys: (keyof T)[],
): fc.Arbitrary<T> {
  return fc.record(model, { requiredKeys, noNullPrototype: true });
}

const big = fc.oneof(nat(300), fc.maxSafeNat());
const hash: fc.Arbitrary<Digest> = uint8Array({ minLength: 32, maxLength: 32 }).map(digest);
const line = (max: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: Math.min(max, 12) }).filter((s) => {
    const length = new TextEncoder().encode(s).length;
    return length >= 1 && length <= max && !/\p{Cc}/u.test(s) && s.isWellFormed() && !s.startsWith('\uFEFF');
  });
const prose = line(40).map((s) => `${s}\n\t${s}`);
const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,10}$/);
const moment = nat(4_000_000_000);
const times = fc.tuple(moment, fc.integer({ min: 1, max: 100_000 }));
const mapOf = <T>(key: fc.Arbitrary<string>, value: fc.Arbitrary<T>): fc.Arbitrary<Map<string, T>> =>
  uniqueArray(fc.tuple(key, value), { minLength: 1, maxLength: 4, selector: ([k]) => k }).map(
    (rows) => new Map(rows),
  );
const scalar = fc
  .oneof(
    line(30),
    fc.maxSafeInteger().map((n) => n + 0),
    boolean(),
  )
  .map((v) => (v === 0 ? 0 : v));
const some = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => array(item, { minLength: 1, maxLength: 3 });
const distinct = <T>(item: fc.Arbitrary<T>, selector: (t: T) => unknown): fc.Arbitrary<T[]> =>
  uniqueArray(item, { minLength: 1, maxLength: 3, selector });

const attachment: fc.Arbitrary<Attachment> = fc.oneof(
  record({ mediaType: fc.constant('application/x-tls'), data: uint8Array({ minLength: 1, maxLength: 80 }) }),
  record({ mediaType: line(30).map((s) => `x/${s}`), digest: hash, size: big }),
);
const head = { origin: word, size: big, root: hash };
const change = partial<NonNullable<Withdrawal['change']>>(
  { ticket: line(30), reason: prose, requestedBy: line(30) },
  [],
).filter((c) => Object.keys(c).length > 0);

const claim: fc.Arbitrary<Claim> = partial(
  {
    id: word,
    expr: prose,
    probe: fc.constant('tls@1'),
    minEvidence: constantFrom(...EVIDENCE_CLASSES),
    cadence: fc.integer({ min: 1, max: 100_000 }),
    language: fc.integer({ min: 2, max: 255 }),
    severity: constantFrom(...SEVERITIES),
    title: line(30),
    params: mapOf(line(20), fc.oneof(scalar, some(line(20)))),
    deadline: fc.integer({ min: 1, max: 1000 }),
    grace: fc.integer({ min: 1, max: 100 }),
    controls: some(partial({ framework: line(20), id: line(20), version: line(20) }, ['framework', 'id'])),
  },
  ['id', 'expr', 'probe', 'minEvidence', 'cadence', 'severity'],
);

const source: fc.Arbitrary<Declaration['source']> = partial(
  {
    kind: word,
    tool: line(20),
    toolVersion: line(20),
    versions: mapOf(line(20), line(20)),
    git: partial(
      { commit: constantFrom('a'.repeat(40), '0'.repeat(64)), dirty: boolean(), repository: line(30) },
      ['commit', 'dirty'],
    ),
    digest: hash,
  },
  ['kind'],
);

const identity: fc.Arbitrary<ResolvedIdentity> = fc.oneof(
  record({ spki: hash }),
  record({ ssh: hash }),
  record({
    ca: uint8Array({ minLength: 1, maxLength: 40 }),
    host: constantFrom('a.example', '192.0.2.1', '2001:db8::1'),
  }),
);
const target = fc
  .record({
    owner: line(20),
    locators: distinct(line(30), (each) => each),
    identities: fc.array(
      distinct(identity, (each) => JSON.stringify(each)),
      { maxLength: 5 },
    ),
  })
  .map(({ owner, locators, identities }) =>
    withIdentities(
      { owner, locators: locators.map((at) => ({ at })) },
      new Map(locators.map((at, i) => [at, identities[i] ?? []])),
    ),
  );

const constantsAlone: fc.Arbitrary<Declaration> = partial(
  {
    environment: word,
    tier: constantFrom(...TIERS),
    source,
    canon: partial(
      {
        profile: line(20),
        profileDigest: hash,
        excluded: distinct(record({ path: line(30), reason: line(30) }), (e) => e.path),
      },
      ['profile'],
    ),
    tree: record({ alg: fc.constant(SALTED_TREE), leaves: fc.integer({ min: 1, max: 1e9 }), root: hash }),
    scope: partial(
      { world: constantFrom('open', 'closed'), selector: line(30), members: distinct(line(20), (m) => m) },
      ['world'],
    ),
    claims: uniqueArray(claim, { maxLength: 3, selector: (c) => c.id }),
    target,
    attestors: record({ threshold: fc.constant(1), kids: distinct(hash, (k) => k.toHex()) }),
    approvals: fc.integer({ min: 1, max: 16 }),
    validity: times.map(([t, d]) => ({ notBefore: t, notAfter: t + d })),
    supersedes: hash,
    change,
    seedCommitment: hash,
  },
  ['environment', 'tier', 'source', 'canon', 'tree', 'scope', 'claims'],
);

/** A declaration whose first claim also reads leaves, with these values. */
function naming(declaration: Declaration, values: readonly Parameter[]): Declaration {
  const [first, ...others] = declaration.claims;
  if (first === undefined || values.length === 0) return declaration;
  const rows = values.flatMap((value, i): [path: string, value: CborValue][] =>
    typeof value === 'object'
      ? [
          [`/${i}`, new Map([['list', value.length]])],
          ...value.map((each, j): [string, CborValue] => [`/${i}/${j}`, each]),
        ]
      : [[`/${i}`, value]],
  );
  const tree = declarationTree(
    rows.map(([path, value]) => ({ path, value: encodeCbor(value), salt: new Uint8Array(16).fill(5) })),
  );
  const names = values.map((_, i) => `a declared leaf, number ${i}`);
  return {
    ...declaration,
    tree: { alg: SALTED_TREE, leaves: tree.count, root: tree.root },
    claims: [
      {
        ...first,
        params: new Map([
          ...(first.params ?? []),
          ...values.map((value, i) => [names[i] ?? '', value] as const),
        ]),
        declared: new Map(names.map((name, i) => [name, `/${i}`])),
      },
      ...others,
    ],
    openings: tree.leaves.map((_, i) => openLeaf(tree, i)),
  };
}

/** The second claim of two or more is against the first. */
function contrary(declaration: Declaration): Declaration {
  const [first, second, ...others] = declaration.claims;
  if (first === undefined || second === undefined) return declaration;
  return { ...declaration, claims: [first, { ...second, against: first.id }, ...others] };
}

export const declarations: fc.Arbitrary<Declaration> = fc
  .tuple(constantsAlone, fc.array(fc.oneof(scalar, some(line(20))), { maxLength: 3 }))
  .map(([declaration, values]) => naming(contrary(declaration), values));

export const withdrawals: fc.Arbitrary<Withdrawal> = partial({ withdraws: hash, change }, ['withdraws']);

export const approvals = partial({ commitment: hash, reason: prose }, ['commitment']);

export const waivers: fc.Arbitrary<Waiver> = partial(
  { commitment: hash, claims: some(word), owner: word, reason: prose, notAfter: moment },
  ['commitment', 'claims', 'owner', 'reason', 'notAfter'],
);

export const deployments: fc.Arbitrary<Deployment> = partial(
  { commitment: hash, deployed: moment, version: word, artifact: hash, reason: prose },
  ['commitment', 'deployed'],
);

export const staleNotices: fc.Arbitrary<StaleNotice> = partial<StaleNotice>(
  {
    topic: fc.constant('stale'),
    since: moment,
    checkpoint: record(head),
    reason: prose,
    about: hash,
    claim: word,
    due: moment,
    agent: hash,
    last: record({ seq: big, id: hash }),
  },
  ['topic', 'since', 'checkpoint', 'reason', 'about', 'claim', 'due'],
).map(({ agent, last, ...rest }) =>
  agent === undefined || last === undefined ? rest : { ...rest, agent, last },
);

/** A note in form; its signatures are anybody's. */
const note = fc
  .tuple(word, big, hash, some(uint8Array({ minLength: 1, maxLength: 80 })))
  .map(([origin, size, root, blobs]) =>
    formatNote(
      formatCheckpoint({ origin, size: treeSize(size), root, extensions: [] }),
      blobs.map((blob, id) => ({ name: origin, id, blob })),
    ),
  );

export const notices: fc.Arbitrary<Notice> = fc.oneof(
  staleNotices,
  record<WitnessedNotice>({ topic: fc.constant('witnessed'), note }),
  record<InventoryNotice>({
    topic: fc.constant('inventory'),
    checkpoint: record(head),
    count: big,
    hash,
  }).filter(({ count, checkpoint }) => count <= checkpoint.size),
  record<RetentionNotice>({
    topic: fc.constant('retention'),
    checkpoint: record(head),
    prune: uniqueArray(
      record({
        what: constantFrom(...RETAINED),
        age: fc.integer({ min: 1, max: 4_000_000_000 }),
      }),
      { maxLength: 2, selector: ({ what }) => what },
    ),
    from: moment,
    reason: prose,
  }),
);

export const leaves: fc.Arbitrary<SaltedLeaf> = record({
  salt: uint8Array({ minLength: 16, maxLength: 16 }),
  path: line(30),
  value: fc.oneof(uint8Array({ maxLength: 40 }), record({ digest: hash, size: big })),
});

const result = (claimId: string, leafCount: number, attached: number): fc.Arbitrary<Result> =>
  partial<Result>(
    {
      claim: fc.constant(claimId),
      verdict: constantFrom(...VERDICTS),
      evidence: attached > 0 ? constantFrom(...EVIDENCE_CLASSES) : constantFrom('E0', 'E1', 'E2'),
      explain: prose,
      aspect: constantFrom('running', 'persistent', 'survives-restart'),
      slot: partial({ number: big, due: moment, actual: moment, beacon: record({ size: big, root: hash }) }, [
        'number',
        'due',
        'actual',
      ]),
      leaves: indices(leafCount),
      attachments: indices(attached),
    },
    ['claim', 'verdict', 'evidence', 'explain'],
  )
    .filter((r) => (r.leaves?.length ?? 1) > 0 && (r.attachments?.length ?? 1) > 0)
    .filter((r) => (r.evidence !== 'E3' && r.evidence !== 'E4') || r.attachments !== undefined);

const indices = (end: number): fc.Arbitrary<number[]> =>
  end === 0
    ? fc.constant([])
    : uniqueArray(nat(end - 1), { minLength: 1, maxLength: 4 }).map((all) => all.toSorted((a, b) => a - b));

/** Seq and prev, window and nextDue, and what a heartbeat has too. */
const common = record({
  commitment: hash,
  agent: partial<RuntimeProof['agent']>(
    {
      name: line(20),
      version: line(20),
      binaryDigest: hash,
      profile: hash,
      profileDigest: hash,
      vantage: line(30),
    },
    ['name', 'version'],
  ),
  chain: fc.oneof(fc.constant({ seq: 0 }), record({ seq: fc.integer({ min: 1, max: 1e9 }), prev: hash })),
  challenge: record({ ...head, nonce: uint8Array({ minLength: 16, maxLength: 64 }) }),
  times: times.map(([t, d]) => ({ window: { start: t, end: t + d }, nextDue: t + 2 * d })),
  cost: partial({ cpuUs: big, wallUs: big, bytes: big, peakBytes: big }, ['cpuUs', 'wallUs', 'bytes']),
  extra: partial<Pick<RuntimeProof, 'sampling' | 'errors' | 'delegation'>>(
    {
      sampling: partial(
        { seedCommitment: hash, next: hash, revealed: uint8Array({ minLength: 32, maxLength: 32 }) },
        ['seedCommitment'],
      ),
      errors: some(partial({ code: word, message: prose, claim: word }, ['code', 'message'])),
      delegation: constantFrom(...DELEGATIONS),
    },
    [],
  ),
}).map(({ chain, times: when, extra, ...rest }) => ({ ...rest, ...chain, ...when, ...extra }));

export const heartbeats: fc.Arbitrary<RuntimeProof> = common.map((each) => ({ ...each, results: [] }));

export const proofs: fc.Arbitrary<RuntimeProof> = record({
  common,
  seen: array(leaves, { maxLength: 9 }),
  ids: uniqueArray(word, { minLength: 1, maxLength: 3 }),
  attachments: option(some(attachment), { nil: undefined }),
  source: option(hash, { nil: undefined }),
  coverage: fc.tuple(nat(50), nat(50), nat(50), option(nat(50), { nil: undefined })),
}).chain(
  ({
    common: base,
    seen,
    ids,
    attachments,
    source: file,
    coverage: [compared, excluded, more, undeclared],
  }) => {
    const tree = saltedTree(seen);
    return fc
      .tuple(...ids.map((id) => result(id, tree.count, attachments?.length ?? 0)))
      .map((results): RuntimeProof => {
        const violated = results.filter((r) => r.verdict === 'VIOLATED' || r.verdict === 'CONTRADICTED');
        const shown = [...new Set(violated.flatMap((r) => r.leaves ?? []))].toSorted((a, b) => a - b);
        return {
          ...base,
          results,
          population: {
            source: 'log',
            total: seen.length + more,
            sampled: seen.length,
            method: 'random',
            ...(file === undefined ? {} : { files: [{ digest: file, count: seen.length + more }] }),
          },
          observations: {
            alg: SALTED_TREE,
            count: tree.count,
            root: tree.root,
            byVerdict: new Map([
              ['allow', tree.count],
              ['deny', 0],
            ]),
          },
          coverage: {
            declared: compared + excluded + more,
            compared,
            excluded,
            ...(undeclared === undefined ? {} : { undeclared }),
          },
          ...(shown.length === 0 ? {} : { disclosed: shown.map((i) => openLeaf(tree, i)) }),
          ...(attachments === undefined ? {} : { attachments }),
        };
      });
  },
);

const keys = Array.from(
  { length: 6 },
  (_, i) => seedSigner('ed25519', new Uint8Array(32).fill(i + 1)).publicKey,
);
keys.push(seedSigner('ecdsa-p256', new Uint8Array(32).fill(9)).publicKey);

export const policies: fc.Arbitrary<PolicyDocument> = record({
  origin: constantFrom('log.example', 'log.example/ä'),
  open: boolean(),
  selfProof: boolean(),
  keys: uniqueArray(
    record({
      at: nat(keys.length - 2),
      more: partial<Omit<PolicyDocument['keys'][number], 'key'>>(
        {
          name: line(20),
          roles: uniqueArray(constantFrom(...ROLES), { minLength: 1 }),
          subjects: distinct(constantFrom('**', 'a/*', 'urn:x:*', 'prod/**/db'), (s) => s),
          issuer: line(20),
          maxSubjects: big,
          maxCommitments: big,
          maxStatements: big,
          maxBytes: fc.integer({ min: 1, max: 65_535 }),
          notBefore: nat(1000),
          notAfter: fc.integer({ min: 1001, max: 100_000 }),
        },
        ['name', 'roles', 'subjects'],
      ),
    }),
    { maxLength: 5, selector: (k) => k.at },
  ),
  entryBytes: fc.integer({ min: 1024, max: 65_535 }),
  counts: partial<Omit<PolicyDocument['limits'], 'entryBytes'>>(
    { keySubjects: big, keyCommitments: big, keyStatements: big },
    [],
  ),
  extra: partial<Pick<PolicyDocument, 'approvals' | 'requireAudience' | 'revoked' | 'replaces'>>(
    {
      replaces: hash,
      approvals: fc.integer({ min: 1, max: 16 }),
      requireAudience: fc.boolean(),
      revoked: distinct(partial({ kid: hash, since: big, reason: line(30) }, ['kid', 'since']), (r) =>
        r.kid.toHex(),
      ),
    },
    [],
  ),
}).map(({ origin, open, selfProof, entryBytes, counts, extra, keys: chosen }) => ({
  rules: RULES,
  origin,
  open,
  entry: ENTRY_DEFINITION,
  log: { vkeys: [`${origin}+00000000+AAAA`], receiptKeys: keys.slice(-1) },
  keys: chosen.map(({ at, more }) => ({ ...more, key: keys[at] ?? keys[0]! })),
  selfProof,
  limits: { entryBytes, ...counts },
  ...extra,
}));
