/** Pairs that a look drew, drawn again by whoever holds the opened matrix and the revealed seed: an agent that chose its pairs is told. */
import t from 'tap';
import { digest, entryId } from '#src/bytes/brand.ts';
import { encodeCbor } from '#src/bytes/cbor.ts';
import { parseHex } from '#src/bytes/text.ts';
import { drawsIn } from '#src/audit/bundle/draws.ts';
import { dueIn, slotAt, slotLength } from '#src/appraisal/slots.ts';
import { equalBytes } from '#src/bytes/compare.ts';
import { declareYaml } from '#src/declare/yaml.ts';
import type { OpenedLeaf } from '#src/declare/openings-file.ts';
import { drawn, drawSeed } from '#src/evidence/draw.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { encodeCommitment, encodeProof } from '#src/statement/payload.ts';
import { leafSalt, openLeaf, saltedTree, SALTED_TREE, type SaltedTree } from '#src/statement/saltedleaf.ts';
import type { RuntimeProof } from '#src/statement/proof.ts';
import { parseClaims } from '#src/declare/claims.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { entryIdOf, ORIGIN, ownStatement, people } from '../support/world.ts';
import { hashOf } from '../support/see-world.ts';

const DAY = 86_400;
const START = 20_000 * DAY;
const SUBJECT = 'net/office';
const NAMES = Array.from({ length: 10 }, (_, i) => `d${i}`);
const MATRIX = `doors:\n${NAMES.map((name, i) => `  ${name}: { at: 'db.example:${i + 1}' }`).join('\n')}\nallow: { app: [d0] }\n`;
const { claims } = parseClaims(
  'claims:\n  - { pack: network-as-declared, cadence: 1h, params: { target: "matrix:app", draw: 3 } }\n',
);
const CADENCE = 3_600;

function treeOf(leaves: readonly { readonly path: string; readonly value: Uint8Array }[]): SaltedTree {
  return saltedTree(leaves.map(({ path, value }, i) => ({ salt: leafSalt(hashOf('salt'), i), path, value })));
}

const seed = (day: number): Uint8Array => hashOf(`seed ${day}`);
const ROOT = hashOf('root');
/** The slot of the look, which begins after the first proof, and when the look is due in it. */
const SLOT = slotAt(START + 7_200 + slotLength(CADENCE), slotLength(CADENCE));
const { number } = SLOT;
const DUE = dueIn(SLOT, seed(0), ROOT);
const SIZE = 2;
const wasHead = (size: number, root: Uint8Array): boolean =>
  (size === 1 || size === SIZE) && equalBytes(root, ROOT);

interface Told {
  readonly names: readonly string[];
  readonly isRevealed?: boolean;
  readonly inSlot?: boolean;
  readonly without?: string;
  /** What the agent says of the slot in place of the truth. */
  readonly slot?: Partial<NonNullable<RuntimeProof['results'][number]['slot']>>;
  /** Whether the look is the proof that commits to its own seed. */
  readonly isFirst?: boolean;
}

/** A commitment, a proof and a look on the first day, and proofs of the next two days, of which the last reveals the first seed. */
async function drawsOf({
  names,
  isRevealed = true,
  inSlot = true,
  without,
  slot: said = {},
  isFirst = false,
}: Told) {
  const declared = treeOf(declareYaml(MATRIX).leaves);
  const statement = await ownStatement(
    'commitment',
    SUBJECT,
    encodeCommitment({
      environment: 'prod',
      tier: 'background',
      source: { kind: 'yaml' },
      canon: { profile: 'yaml@1' },
      tree: { alg: SALTED_TREE, leaves: declared.count, root: digest(declared.root) },
      scope: { world: 'open' },
      claims,
    }),
    people.author,
  );
  const commitment = entryIdOf(statement);
  const look = treeOf(
    names.map((name, i) => ({ path: `/drawn-as-declared/net/drawn/${i}/to`, value: encodeCbor(name) })),
  );
  const proof = (day: number, change: Partial<RuntimeProof>): Promise<Uint8Array> => {
    const start = START + day * DAY + 7_200;
    return ownStatement(
      'proof',
      SUBJECT,
      encodeProof({
        commitment: digest(parseHex(commitment)),
        agent: { name: 'a', version: '0' },
        seq: day + 1,
        prev: hashOf(`before ${day}`),
        challenge: { origin: ORIGIN, size: SIZE, root: ROOT, nonce: new Uint8Array(16) },
        window: { start, end: start },
        results: [],
        cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
        nextDue: start + DAY,
        sampling: {
          seedCommitment: digest(sha256(seed(day))),
          next: digest(sha256(seed(day + 1))),
          ...(day === 2 && isRevealed && { revealed: digest(seed(0)) }),
        },
        ...change,
      }),
      people.agent,
      { confirm: true },
    );
  };
  const slot = { number, due: DUE, actual: DUE, beacon: { size: SIZE, root: ROOT }, ...said };
  const proofs = [
    ...(isFirst ? [] : [await proof(0, {})]),
    await proof(0, {
      window: { start: DUE, end: DUE },
      population: { source: 'pairs', total: 10, sampled: names.length, method: 'slot-seed' },
      observations: { alg: SALTED_TREE, count: look.count, root: digest(look.root) },
      coverage: { declared: declared.count, compared: 0, excluded: 0 },
      results: [
        {
          claim: 'drawn-as-declared',
          verdict: 'PROVEN',
          evidence: 'E1',
          ...(inSlot && { slot }),
          leaves: [0],
        },
      ],
    }),
    await proof(1, {}),
    await proof(2, {}),
  ];
  const entries = [statement, ...proofs].map((bytes, index) => ({
    index,
    id: entryId(entryIdOf(bytes)),
    parsed: parseStatement(bytes),
  }));
  const open = (tree: SaltedTree, entry: string): readonly OpenedLeaf[] =>
    tree.leaves
      .map((_, i) => ({ entry, claim: null, opening: openLeaf(tree, i) }))
      .filter(({ opening }) => opening.path !== without);
  const seen = entries[isFirst ? 1 : 2];
  return drawsIn([...open(declared, commitment), ...open(look, String(seen?.id))], entries, wasHead);
}

const right = drawn(10, 3, drawSeed(seed(0), number, ROOT)).map((i) => NAMES[i] ?? '');

t.test('the pairs of the slot', async (t) => {
  t.same(await drawsOf({ names: right }), { right: 1, open: 0, faults: [] });
});

t.test('other pairs than the slot draws are told', async (t) => {
  const other = NAMES.find((name) => !right.includes(name)) ?? '';
  const { faults } = await drawsOf({ names: [...right.slice(0, 2), other] });
  t.same(faults, ['entry 2 looked at 1 other pairs than its slot draws: its agent chose them']);
  t.match(await drawsOf({ names: right.toReversed() }), { right: 0, faults: [/its agent chose/] });
});

t.test('what nobody can tell is no fault, and not right', async (t) => {
  const open = { right: 0, open: 1, faults: [] };
  const none = { right: 0, open: 0, faults: [] };
  t.same(await drawsOf({ names: right, isRevealed: false }), open, 'the seed is not revealed');
  t.same(await drawsOf({ names: right, inSlot: false }), open, 'a look in no slot');
  t.same(await drawsOf({ names: ['(withheld)'] }), open, 'names that are withheld');
  t.same(
    await drawsOf({ names: ['d9'], without: '/doors/d3/at' }),
    none,
    'a matrix of which a door is not opened',
  );
});

t.test('a look is right only where nobody could choose what is seen of it', async (t) => {
  const open = { right: 0, open: 1, faults: [] };
  const lone = [right[0] ?? '', '(withheld)', '(withheld)'];
  t.same(await drawsOf({ names: lone }), open, 'one pair of three is opened');
  const gone = '/drawn-as-declared/net/drawn/2/to';
  t.same(await drawsOf({ names: right, without: gone }), open, 'a pair is not opened');
  const other = hashOf('another root');
  const byOther = drawn(10, 3, drawSeed(seed(0), number, other)).map((i) => NAMES[i] ?? '');
  const due = dueIn(SLOT, seed(0), other);
  const slot = { due, actual: due, beacon: { size: SIZE, root: other } };
  t.same(await drawsOf({ names: byOther, slot }), open, 'a root that the log never had');
  const next = drawn(10, 3, drawSeed(seed(0), number + 1, ROOT)).map((i) => NAMES[i] ?? '');
  t.same(await drawsOf({ names: next, slot: { number: number + 1 } }), open, 'another slot');
  t.same(await drawsOf({ names: right, slot: { due: DUE - 1 } }), open, 'another due time');
  t.same(
    await drawsOf({ names: right, isFirst: true, slot: { beacon: { size: 1, root: ROOT } } }),
    open,
    'the seed was committed to when the root was known: seeds could be tried',
  );
});
