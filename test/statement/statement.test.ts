/** Payload schemas and salted trees: round trips, exact refusals, and the examples of spec/statements.md. */
import { deepStrictEqual } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { digest } from '#src/bytes/brand.ts';
import { decodeCbor, encodeCbor, type CborMap, type CborValue } from '#src/bytes/cbor.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { contentTypeOf, kindOf, STATEMENT_KINDS, type StatementKind } from '#src/statement/kinds.ts';
import {
  encodeApproval,
  encodeCommitment,
  encodeDeployment,
  encodeNotice,
  encodePolicy,
  encodeProof,
  encodeWaiver,
  parsePayload,
} from '#src/statement/payload.ts';
import {
  declarationTree,
  encodeLeaf,
  leafSalt,
  openLeaf,
  saltedTree,
  verifyOpening,
  type SaltedLeaf,
} from '#src/statement/saltedleaf.ts';
import { EMPTY_ROOT, hashLeaf, hashNode } from '#src/tree/hash.ts';
import * as arbitrary from '../support/statement-arbitraries.ts';
import {
  approvals,
  declarations,
  heartbeats,
  notices,
  waivers,
  deployments,
  policies,
  proofs,
  staleNotices,
  withdrawals,
} from '../support/statement-arbitraries.ts';
import { exampleNotices } from '../support/notice-examples.ts';
import { diagnostic, exampleLog, hashOf, kidOf, signers } from '../support/statement-examples.ts';

type Kind = Exclude<StatementKind, 'other'>;

/** What a payload reads as: a policy's document, the payload itself for the others. */
function read(kind: Kind, bytes: Uint8Array): unknown {
  const payload = parsePayload(kind, bytes);
  if (payload.kind === 'policy') return payload.policy.document;
  return Object.entries(payload).find(([name]) => name === kind)?.[1];
}

function refusalOf(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

t.test('what is written reads back as it was', async (t) => {
  const roundTrip = <T>(
    name: string,
    kind: Kind,
    values: fc.Arbitrary<T>,
    encode: (value: T) => Uint8Array,
  ): void => {
    let seen = 0;
    const property = fc.property(values, (value) => {
      const bytes = encode(value);
      deepStrictEqual(read(kind, bytes), value);
      seen++;
    });
    fc.assert(property, { numRuns: 80, seed: 20_261_122 });
    t.equal(seen, 80, name);
  };
  roundTrip('commitment', 'commitment', declarations, encodeCommitment);
  roundTrip('withdrawal', 'commitment', withdrawals, encodeCommitment);
  roundTrip('approval', 'approval', approvals, encodeApproval);
  roundTrip('proof', 'proof', proofs, encodeProof);
  roundTrip('heartbeat', 'proof', heartbeats, encodeProof);
  roundTrip('notice', 'notice', notices, encodeNotice);
  roundTrip('waiver', 'waiver', waivers, encodeWaiver);
  roundTrip('deployment', 'deployment', deployments, encodeDeployment);
  roundTrip('policy', 'policy', policies, encodePolicy);
});

/** Every map of fixed fields in a payload, as [path, the map]; maps of free names are passed by. */
const FREE = new Set(['versions', 'params', 'declared', 'byVerdict']);
function* recordsIn(value: CborValue, at: string): Generator<[string, Map<string, CborValue>]> {
  if (Array.isArray(value)) for (const [i, each] of value.entries()) yield* recordsIn(each, `${at}[${i}]`);
  if (!(value instanceof Map)) return;
  const fields = value as Map<string, CborValue>;
  yield [at, fields];
  for (const [name, each] of fields)
    if (!FREE.has(name)) yield* recordsIn(each, at === '' ? name : `${at}.${name}`);
}

/** Payloads of each kind: together they have every optional field. */
function samples(): readonly (readonly [Kind, Uint8Array])[] {
  const some = <T>(
    kind: Kind,
    values: fc.Arbitrary<T>,
    encode: (value: T) => Uint8Array,
  ): [Kind, Uint8Array][] =>
    fc.sample(values, { numRuns: 15, seed: 6 }).map((value) => [kind, encode(value)]);
  return [
    ...some('commitment', declarations, encodeCommitment),
    ...some('commitment', withdrawals, encodeCommitment),
    ...some('approval', approvals, encodeApproval),
    ...some('proof', proofs, encodeProof),
    ...some('notice', notices, encodeNotice),
    ...some('notice', staleNotices, encodeNotice),
    ...some('waiver', waivers, encodeWaiver),
    ...some('deployment', deployments, encodeDeployment),
    ...some('policy', policies, encodePolicy),
  ];
}

t.test('each unknown, missing and mistyped field is refused by its path', async (t) => {
  const required: Record<string, Set<string>> = {};
  const surprises: string[] = [];
  let tried = 0;
  const expect = (kind: Kind, root: CborValue, start: string): string | undefined => {
    tried++;
    try {
      read(kind, encodeCbor(root));
      return undefined;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code !== 'malformed-payload' || !error.message.startsWith(start)) {
        surprises.push(`${kind}: not ${start} but ${error.message}`);
      }
      return error.message;
    }
  };
  for (const [kind, bytes] of samples()) {
    const root = decodeCbor(bytes);
    const missing = (required[formOf(kind, root as CborMap)] ??= new Set());
    for (const [at, fields] of recordsIn(root, '')) {
      fields.set('zzz', 1);
      const unknown = `${at === '' ? 'the payload' : at}: unknown field "zzz"`;
      if (expect(kind, root, unknown) === undefined) surprises.push(`read: ${unknown}`);
      fields.delete('zzz');
      for (const [name, value] of Array.from(fields)) {
        const path = at === '' ? name : `${at}.${name}`;
        fields.set(name, null);
        if (expect(kind, root, path) === undefined) surprises.push(`read: ${path} of another type`);
        fields.delete(name);
        const without = expect(kind, root, '');
        if (without === `${path}: the field is missing`) missing.add(path.replaceAll(/\[\d+\]/g, '[]'));
        fields.set(name, value);
      }
    }
    t.equal(expect(kind, root, ''), undefined, `${kind}: and put back, it reads`);
  }
  t.same(surprises, [], `${tried} payloads tried`);
  for (const [kind, missing] of Object.entries(required))
    t.same([...missing].toSorted(), REQUIRED[kind], kind);
});

/** The name of a payload's form where its kind has several. */
function formOf(kind: Kind, root: CborMap): string {
  if (root.has('withdraws')) return 'withdrawal';
  return kind === 'notice' ? `notice ${JSON.stringify(root.get('topic')).slice(1, -1)}` : kind;
}

/** The fields no payload may lack, by kind. */
const words = (text: string): string[] => text.trim().split(/\s+/).toSorted();
const REQUIRED: Record<string, string[]> = {
  // Without the field that makes it a withdrawal, it lacks what a declaration has.
  withdrawal: [],
  approval: ['commitment'],
  waiver: words('commitment claims owner reason notAfter'),
  deployment: words('commitment deployed'),
  commitment:
    words(`environment tier source source.kind source.git.commit source.git.dirty canon canon.profile
    canon.excluded[].path canon.excluded[].reason tree tree.alg tree.leaves tree.root scope scope.world claims
    claims[].id claims[].expr claims[].probe claims[].minEvidence claims[].cadence claims[].severity
    claims[].controls[].framework claims[].controls[].id attestors.threshold attestors.kids
    target.locators[].at target.locators[].identity[].ca target.locators[].identity[].host
    openings[].index openings[].salt openings[].path openings[].value openings[].proof`),
  'notice stale':
    words(`topic since reason checkpoint checkpoint.origin checkpoint.size checkpoint.root about claim due last.seq
    last.id`),
  'notice witnessed': words('topic note'),
  'notice inventory': words('topic checkpoint checkpoint.origin checkpoint.size checkpoint.root count hash'),
  'notice retention':
    words(`topic checkpoint checkpoint.origin checkpoint.size checkpoint.root prune prune[].what
    prune[].age from reason`),
  policy:
    words(`rules origin open entry log log.vkeys log.receiptKeys keys keys[].key keys[].name keys[].roles
    keys[].subjects selfProof limits limits.entryBytes revoked[].kid revoked[].since`),
  proof: words(`commitment agent agent.name agent.version seq challenge challenge.origin challenge.size
    challenge.root challenge.nonce window window.start window.end results results[].claim results[].verdict
    results[].evidence results[].slot.number results[].slot.due results[].slot.actual results[].slot.beacon.size
    results[].slot.beacon.root population.files[].digest population.files[].count cost cost.cpuUs cost.wallUs cost.bytes nextDue sampling.seedCommitment
    population.source population.total population.sampled population.method observations.alg observations.count
    observations.root coverage.declared coverage.compared coverage.excluded disclosed[].index disclosed[].salt
    disclosed[].path disclosed[].value disclosed[].proof attachments[].mediaType errors[].code errors[].message`),
};

t.test('the grammar names the same fields', async (t) => {
  const grammar = readFileSync(new URL('../../spec/statements.cddl', import.meta.url), 'utf8').replaceAll(
    /;.*/g,
    '',
  );
  const named = new Set([...grammar.matchAll(/"(\w+)" =>/g)].map(([, name]) => name));
  const used = new Set(
    samples().flatMap(([, bytes]) =>
      [...recordsIn(decodeCbor(bytes), '')].flatMap(([, fields]) => [...fields.keys()]),
    ),
  );
  for (const { statement } of arbitrary.DELEGATIONS)
    for (const [, fields] of recordsIn(decodeCbor(statement.payload), ''))
      for (const name of fields.keys()) used.add(name);
  t.same(named.symmetricDifference(used), new Set());
});

/** A CBOR map with text keys. */
const map = (fields: Record<string, CborValue>): CborMap => new Map(Object.entries(fields));

t.test('rules between fields', async (t) => {
  const [, commitment, , proof] = await exampleLog();
  /** The example payload with some fields of one of its maps changed (undefined: left out). */
  const changed = (
    example: typeof proof,
    path: string,
    change: Record<string, CborValue | undefined>,
  ): Uint8Array => {
    const root = decodeCbor(example.parsed.statement.payload);
    const found = [...recordsIn(root, '')].find(([at]) => at === path);
    if (found === undefined) throw new Error(`no ${path}`);
    for (const [name, value] of Object.entries(change)) {
      if (value === undefined) found[1].delete(name);
      else found[1].set(name, value);
    }
    return encodeCbor(root);
  };
  const id = digest(new Uint8Array(32));
  const claims = (decodeCbor(commitment.parsed.statement.payload) as CborMap).get(
    'claims',
  ) as readonly CborValue[];
  const results = (decodeCbor(proof.parsed.statement.payload) as CborMap).get(
    'results',
  ) as readonly CborValue[];
  const disclosed = (decodeCbor(proof.parsed.statement.payload) as CborMap).get(
    'disclosed',
  ) as readonly CborValue[];

  const ofCommitment: [string, Record<string, CborValue | undefined>, RegExp][] = [
    ['', { claims: [...claims, ...claims] }, /^claims\[1\]: "tls-min" occurs twice/],
    ['', { attestors: map({ threshold: 2, kids: [id] }) }, /^attestors.threshold: more agents/],
    ['', { attestors: map({ threshold: 1, kids: [id, id] }) }, /^attestors.kids\[1\]: .* occurs twice/],
    ['', { validity: map({ notBefore: 5, notAfter: 5 }) }, /^validity: notAfter must be later/],
    ['', { validity: map({}) }, /^validity: the map is empty/],
    ['scope', { members: ['a', 'a'] }, /^scope.members\[1\]: "a" occurs twice/],
    ['scope', { world: 'ajar' }, /^scope.world: expected one of open, closed, got "ajar"/],
    ['', { withdraws: id }, /^the payload: unknown field "/],
    ['claims[0]', { cadence: 0 }, /^claims\[0\].cadence: expected an integer from 1 to 31622400, got 0/],
    ['claims[0]', { grace: 0 }, /^claims\[0\].grace: expected an integer from 1/],
    ['claims[0]', { probe: 'tls' }, /^claims\[0\].probe: expected a probe's name@version/],
    ['claims[0]', { expr: '' }, /^claims\[0\].expr: expected text of 1 to 4096 bytes, got 0/],
    ['claims[0]', { title: '\u001b[2J' }, /^claims\[0\].title: expected text without control/],
    ['claims[0]', { params: map({ a: id }) }, /^claims\[0\].params\["a"\]: expected text, a whole number/],
    ['claims[0]', { params: new Map([[1, 'a']]) }, /^claims\[0\].params\[1\]: expected text, got 1/],
    ['claims[0]', { params: map({}) }, /^claims\[0\].params: expected 1 to 64 entries, got 0; leave/],
    ['claims[0]', { params: map({ a: 2n ** 60n }) }, /params\["a"\]: expected text, a whole number/],
    ['canon', { excluded: [] }, /^canon.excluded: expected 1 to 512 items, got 0/],
    ['tree', { leaves: 0 }, /^tree.leaves: expected an integer from 1/],
    ['tree', { root: new Uint8Array(31) }, /^tree.root: expected a byte string of 32 bytes, got .* 31 bytes/],
    ['source.git', { commit: 'A'.repeat(40) }, /^source.git.commit: expected a git commit/],
    [
      '',
      { target: map({ owner: 'é'.repeat(129) }) },
      /^target.owner: expected text of 1 to 256 bytes, got 258/,
    ],
  ];
  for (const [path, change, message] of ofCommitment) {
    t.match(
      refusalOf(() => read('commitment', changed(commitment, path, change))),
      { code: 'malformed-payload', message },
    );
  }

  const other = saltedTree([{ salt: new Uint8Array(16), path: 'x', value: encodeUtf8('y') }]);
  const result = (fields: Record<string, CborValue>): CborMap =>
    new Map([...(results[0] as CborMap), ...map(fields)]);
  const without = (...names: string[]): CborMap =>
    new Map([...(results[0] as CborMap)].filter(([name]) => !names.includes(String(name))));
  const ofProof: [string, Record<string, CborValue | undefined>, RegExp][] = [
    ['', { seq: 1 }, /^prev: expected in every proof but the first/],
    ['', { prev: id }, /^prev: expected in every proof but the first/],
    ['window', { start: 9e9 }, /^window: it ends before it starts/],
    ['', { nextDue: 1 }, /^nextDue: the next proof is due before/],
    ['', { observations: undefined }, /^observations: a proof with results needs it/],
    ['', { population: undefined }, /^population: a proof with results needs it/],
    ['', { coverage: undefined }, /^coverage: a proof with results needs it/],
    ['', { results: [] }, /^population: a proof without results, a heartbeat, has none/],
    ['population', { sampled: 3 }, /^population.sampled: 3 of 2 is not a sample/],
    ['population', { sampled: 1 }, /^population.sampled: 1 of 2 is not a sample by method all/],
    [
      'population',
      { files: [map({ digest: id, count: 1 })] },
      /^population.files: the counts do not add up to 2/,
    ],
    ['population', { total: 3, sampled: 3 }, /^observations.count: fewer observations than the 3 sampled/],
    [
      'observations',
      { byVerdict: map({ allow: 3 }) },
      /^observations.byVerdict: the counts do not add up to 2/,
    ],
    ['observations', { root: EMPTY_ROOT }, /^observations.root: the root of no leaves/],
    ['coverage', { excluded: 2 }, /^coverage: more compared and excluded than declared/],
    ['', { results: [...results, ...results] }, /^results\[1\]: "tls-min" occurs twice/],
    ['', { results: [result({ leaves: [2] })] }, /^results\[0\].leaves\[0\]: there is no number 2 among 2/],
    ['', { results: [result({ leaves: [1, 1] })] }, /^results\[0\].leaves\[1\]: indices must ascend/],
    [
      '',
      { results: [result({ attachments: [0] })] },
      /^results\[0\].attachments\[0\]: there is no number 0 among 0/,
    ],
    [
      '',
      { results: [result({ leaves: [0] })] },
      /^results\[0\].leaves: a violation is shown: disclose leaf 0/,
    ],
    ['', { results: [without('leaves', 'explain')] }, /^results\[0\]: CONTRADICTED needs the leaves/],
    ['', { results: [result({ evidence: 'E3' })] }, /^results\[0\].attachments: class E3 rests on/],
    ['', { disclosed: [...disclosed, ...disclosed] }, /^disclosed\[1\].index: indices must ascend/],
    ['disclosed[0]', { index: 2 }, /^disclosed\[0\]: leaf 2 is not in a tree of 2/],
    ['disclosed[0]', { value: encodeUtf8('refused') }, /^disclosed\[0\]: leaf 1 does not lead to the root/],
    ['disclosed[0]', { proof: [] }, /^disclosed\[0\]: .*too short/],
    ['disclosed[0]', { proof: [other.root, other.root] }, /^disclosed\[0\]: .*too long/],
    [
      'disclosed[0]',
      { value: [id] },
      /^disclosed\[0\].value: expected bytes or \[SHA-256, length\], got an array/,
    ],
    [
      '',
      { attachments: [map({ mediaType: 'a/b', data: id, digest: id })] },
      /^attachments\[0\]: expected either data/,
    ],
    ['', { attachments: [map({ mediaType: 'a/b', digest: id })] }, /^attachments\[0\]: expected either data/],
    [
      'challenge',
      { nonce: new Uint8Array(15) },
      /^challenge.nonce: expected a byte string of 16 to 64 bytes/,
    ],
    ['challenge', { origin: 'a b' }, /^challenge.origin: expected a log's origin/],
    ['challenge', { size: 2n ** 60n }, /^challenge.size: expected an integer/],
  ];
  for (const [path, change, message] of ofProof) {
    t.match(
      refusalOf(() => read('proof', changed(proof, path, change))),
      { code: 'malformed-payload', message },
    );
  }

  t.match(
    refusalOf(() => read('approval', encodeCbor([1]))),
    { message: 'the payload: expected a map, got an array' },
  );
  t.match(
    refusalOf(() => read('approval', encodeCbor(new Map([[1, 2]])))),
    { message: 'commitment: the field is missing' },
  );
  t.match(
    refusalOf(() =>
      read(
        'approval',
        encodeCbor(
          new Map<string | number, CborValue>([
            ['commitment', id],
            [1, 2],
          ]),
        ),
      ),
    ),
    {
      message: 'the payload: the key 1 is not text',
    },
  );
  t.match(
    refusalOf(() => read('approval', Uint8Array.of(0xa0, 0))),
    { code: 'malformed-cbor' },
  );
  t.match(
    refusalOf(() => encodeApproval({ commitment: id, reason: '' })),
    { code: 'malformed-payload' },
  );
  t.match(
    refusalOf(() => encodeApproval(Object.assign({ commitment: id }, { more: 1 }))),
    { message: /more: no such field/ },
  );
});

/** Reads, or refuses; anything else is thrown on. */
function tried(kind: Kind, bytes: Uint8Array): void {
  try {
    read(kind, bytes);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

t.test('no payload makes a parser do anything but read or refuse', async () => {
  const value = fc.letrec<{ value: CborValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.maxSafeInteger().map((n) => n + 0),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array({ maxLength: 40 }),
      fc.array(tie('value'), { maxLength: 4 }),
      fc
        .uniqueArray(
          fc.tuple(
            fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('claims', 'withdraws', 'keys')),
            tie('value'),
          ),
          { maxLength: 4, selector: ([k]) => k },
        )
        .map((rows) => new Map(rows)),
    ),
  })).value;
  const examples = samples().map(([kind, bytes]) => ({ kind, root: decodeCbor(bytes) }));
  const kinds = STATEMENT_KINDS.filter((kind) => kind !== 'other');
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      value.filter((v) => !hasBom(v)),
      (kind, v) => tried(kind, encodeCbor(v)),
    ),
    { numRuns: 300, seed: 1 },
  );
  // One field of a good payload replaced by anything.
  fc.assert(
    fc.property(
      fc.constantFrom(...examples),
      fc.nat(),
      value.filter((v) => !hasBom(v)),
      ({ kind, root }, at, v) => {
        const fields = [...recordsIn(root, '')].flatMap(([, map]) =>
          [...map.keys()].map((name) => ({ map, name })),
        );
        const place = fields[at % fields.length];
        if (place === undefined) return;
        const before = place.map.get(place.name) ?? null;
        place.map.set(place.name, v);
        try {
          tried(kind, encodeCbor(root));
        } finally {
          place.map.set(place.name, before);
        }
      },
    ),
    { numRuns: 500, seed: 2 },
  );
});

/** Text that our encoder will not write. */
function hasBom(value: CborValue): boolean {
  if (typeof value === 'string') return value.startsWith('\uFEFF') || !value.isWellFormed();
  if (Array.isArray(value)) return value.some(hasBom);
  return value instanceof Map && [...value].some(([k, v]) => hasBom(k as string) || hasBom(v as CborValue));
}

t.test('kinds by content type', async (t) => {
  for (const kind of STATEMENT_KINDS) if (kind !== 'other') t.equal(kindOf(contentTypeOf(kind)), kind);
  for (const other of [undefined, 50, 'application/json', 'toString']) t.equal(kindOf(other), 'other');
  for (const future of [
    'application/vnd.tallystick.commitment.v2+cbor',
    'Application/Vnd.Tallystick.proof.v1+cbor',
  ]) {
    t.match(
      refusalOf(() => kindOf(future)),
      { code: 'malformed-statement' },
    );
  }
});

const leaf = (path: string, value: SaltedLeaf['value'] = encodeUtf8(path)): SaltedLeaf => ({
  salt: leafSalt(hashOf('key'), path.length),
  path,
  value,
});
const h = (each: SaltedLeaf): ReturnType<typeof hashLeaf> => hashLeaf(encodeLeaf(each));
const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte));

t.test('salted trees', async (t) => {
  t.equal(
    encodeLeaf({ salt: new Uint8Array(16), path: 'ssl', value: encodeUtf8('on') }).toHex(),
    `8350${'00'.repeat(16)}6373736c426f6e`,
    'deterministic CBOR [salt, path, value]',
  );
  t.throws(() => encodeLeaf({ salt: new Uint8Array(15), path: 'ssl', value: encodeUtf8('on') }), RangeError);

  t.throws(() => leafSalt(new Uint8Array(31), 0), RangeError);
  t.equal(leafSalt(hashOf('key'), 1).length, 16);
  t.not(leafSalt(hashOf('key'), 0).toHex(), leafSalt(hashOf('key'), 1).toHex());

  t.same(saltedTree([]).root, EMPTY_ROOT);
  const [a, b, c] = ['b', 'a', '\u{10000}'].map((path) => leaf(path));
  const tree = declarationTree([c!, a!, b!]);
  t.same(
    tree.leaves.map((each) => each.path),
    ['a', 'b', '\u{10000}'],
    'in the order of their paths',
  );
  t.same(tree.root, hashNode(hashNode(h(b!), h(a!)), h(c!)), 'an RFC 6962 tree');
  t.same(
    declarationTree([leaf('\u{10000}'), leaf('\uFFFD')]).leaves[0]?.path,
    '\uFFFD',
    'by UTF-8, not by UTF-16',
  );
  t.match(
    refusalOf(() => declarationTree([a!, a!])),
    { code: 'malformed-payload', message: /two leaves have the path "b"/ },
  );

  fc.assert(
    fc.property(fc.array(arbitrary.leaves, { minLength: 1, maxLength: 20 }), fc.nat(19), (leaves, at) => {
      const some = saltedTree(leaves);
      const index = at % leaves.length;
      const opening = openLeaf(some, index);
      verifyOpening(opening, some);
      const wrong = [
        { ...opening, salt: flipped(opening.salt) },
        { ...opening, path: `${opening.path}x` },
        { ...opening, value: encodeUtf8('never seen') },
        { ...opening, index: leaves.length },
        { ...opening, proof: [...opening.proof, some.root] },
        ...opening.proof.map((hash, i) => ({
          ...opening,
          proof: opening.proof.with(i, digest(flipped(hash))),
        })),
        ...opening.proof.map((_, i) => ({ ...opening, proof: opening.proof.toSpliced(i, 1) })),
      ];
      for (const each of wrong) t.equal(refusalOf(() => verifyOpening(each, some)).code, 'proof-failed');
    }),
    { numRuns: 60, seed: 3 },
  );
  t.throws(() => openLeaf(tree, 3), RangeError);
  t.throws(() => tree.read(9, 0), RangeError);
});

/**
 * The generated parts of spec/statements.md. TALLYSTICK_UPDATE_SPEC=1 writes them anew; formats never
 * change once a log exists, so that is for new examples only.
 */
t.test('the examples of spec/statements.md are these bytes', async (t) => {
  const file = new URL('../../spec/statements.md', import.meta.url);
  let text = readFileSync(file, 'utf8');
  const generated = new Map<string, string>([['keys', keysTable()]]);
  for (const [index, example] of (await exampleLog()).entries())
    generated.set(example.kind, exampleText(index, example));
  for (const [i, example] of (await exampleNotices()).entries()) {
    const { parsed } = example;
    generated.set(parsed.kind === 'notice' ? parsed.notice.topic : '', exampleText(7 + i, example));
  }
  for (const [name, block] of generated) {
    const begin = `<!-- generated: ${name} -->\n`;
    const end = `<!-- end: ${name} -->`;
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (!t.ok(from > 0 && to > from, `the document has a place for ${name}`)) continue;
    const was = text.slice(from + begin.length, to);
    if (process.env['TALLYSTICK_UPDATE_SPEC'] === '1') text = text.replace(begin + was, () => begin + block);
    else t.equal(was, block, name);
  }
  if (process.env['TALLYSTICK_UPDATE_SPEC'] === '1') writeFileSync(file, text);
});

function keysTable(): string {
  const rows = Object.entries(signers).map(([who, { publicKey }]) => {
    const kid = kidOf(who as keyof typeof signers).toHex();
    return `| ${who} | "tallystick example: ${who}" | \`${publicKey.bytes.toHex()}\` | \`${kid}\` |`;
  });
  return ['', '| who | seed = SHA-256 of | public key | kid |', '|---|---|---|---|', ...rows, '', ''].join(
    '\n',
  );
}

function exampleText(
  index: number,
  { who, id, bytes, parsed }: Awaited<ReturnType<typeof exampleLog>>[number],
): string {
  const hex = bytes.toHex().replaceAll(/.{96}/g, '$&\n').trimEnd();
  const payload = diagnostic(decodeCbor(parsed.statement.payload));
  const fence = '```';
  return [
    '',
    `Entry ${index}, signed by ${who}: ${bytes.length} bytes, entry id \`${id}\`.`,
    '',
    'Payload:',
    '',
    `${fence}cbor-diag\n${payload}\n${fence}`,
    '',
    'Entry:',
    '',
    `${fence}hex\n${hex}\n${fence}`,
    '',
    '',
  ].join('\n');
}
