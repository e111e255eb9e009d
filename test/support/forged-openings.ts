/** A commitment whose claim names a declared leaf, and what a forger would log in its place: payloads for every reader. */
import { digest } from '#src/bytes/brand.ts';
import {
  decodeCbor,
  encodeCbor,
  isCborMap,
  type CborKey,
  type CborMap,
  type CborValue,
} from '#src/bytes/cbor.ts';
import { commitment, type Claim, type Declaration } from '#src/statement/commitment.ts';
import { encodeCommitment } from '#src/statement/payload.ts';
import {
  openLeaf,
  saltedTree,
  SALTED_TREE,
  valueInLeaf,
  type Opening,
  type SaltedTree,
} from '#src/statement/saltedleaf.ts';

export const CIPHERS = 'aes256-gcm@openssh.com,aes128-gcm@openssh.com';
export const marked = (name: string, value: CborValue): Uint8Array => encodeCbor(new Map([[name, value]]));

export const VALUES: readonly (readonly [path: string, value: Uint8Array])[] = [
  ['/Ciphers', encodeCbor(CIPHERS)],
  ['/Empty', encodeCbor([])],
  [
    '/File',
    encodeCbor(
      new Map<string, CborValue>([
        ['type', 'file'],
        ['size', 1],
        ['sha256', new Uint8Array(32)],
      ]),
    ),
  ],
  ['/Fraction', marked('number', '1.10')],
  ['/Kex', marked('list', 2)],
  ['/Kex/0', encodeCbor('curve25519-sha256')],
  ['/Kex/1', encodeCbor('sntrup761x25519-sha512')],
  ['/Long', encodeCbor('x'.repeat(1025))],
  ['/Longer', encodeCbor('x'.repeat(60_000))],
  ['/Match/user/Ciphers', encodeCbor('aes128-ctr')],
  ['/Mixed', marked('list', 2)],
  ['/Mixed/0', encodeCbor('a')],
  ['/Mixed/1', encodeCbor(2)],
  ['/Named', marked('list', ['a', 'b'])],
  ['/None', encodeCbor(null)],
  ['/Port', encodeCbor(22)],
  ['/Raw', new Uint8Array([0xff, 0x01])],
  ['/Secret', marked('sensitive', new Uint8Array(32))],
  ['/Strict', encodeCbor(true)],
];

export function treeOf(rows: typeof VALUES, salt = 7): SaltedTree {
  return saltedTree(
    rows.map(([path, value]) => ({ path, value: valueInLeaf(value), salt: new Uint8Array(16).fill(salt) })),
  );
}
export const TREE = treeOf(VALUES);

export function opened(path: string, tree = TREE): Opening {
  return openLeaf(
    tree,
    tree.leaves.findIndex((leaf) => leaf.path === path),
  );
}

export function claimOf(declared: Readonly<Record<string, string>>, change: Partial<Claim> = {}): Claim {
  return {
    id: 'ciphers',
    expr: 'p.ciphers == ""',
    probe: 'ssh@1',
    minEvidence: 'E1',
    cadence: 3_600,
    severity: 'low',
    declared: new Map(Object.entries(declared)),
    ...change,
  };
}

export function declarationOf(
  claims: readonly Claim[],
  openings: readonly Opening[],
  tree = TREE,
): Declaration {
  return {
    environment: 'test',
    tier: 'background',
    source: { kind: 'sshd' },
    canon: { profile: 'sshd@1' },
    tree: { alg: SALTED_TREE, leaves: tree.count, root: digest(tree.root) },
    scope: { world: 'open' },
    claims,
    ...(openings.length > 0 && { openings }),
  };
}

export const good = (): Declaration =>
  declarationOf([claimOf({ ciphers: '/Ciphers' })], [opened('/Ciphers')]);

export const OTHER = treeOf(VALUES, 9);
export const changed = VALUES.map(
  ([path, value]) => [path, path === '/Port' ? encodeCbor(2222) : value] as const,
);

/** A commitment, as a signer who does not check it would log it. */
export const FORGED: Readonly<
  Record<string, readonly [change: (payload: Map<CborKey, CborValue>) => void, says: RegExp]>
> = {
  'no opening at all': [(p) => p.delete('openings'), /"\/Ciphers" is not opened/],
  'the opening of another path': [
    (p) => p.set('openings', [raw(opened('/Match/user/Ciphers'))]),
    /"\/Ciphers" is not opened/,
  ],
  'the value of another leaf under this path': [
    (p) => p.set('openings', [raw({ ...opened('/Ciphers'), value: encodeCbor('aes128-cbc') })]),
    /openings\[0\]: leaf 0 does not lead to the root/,
  ],
  'another leaf renamed to this path': [
    (p) => p.set('openings', [raw({ ...opened('/Match/user/Ciphers'), path: '/Ciphers' })]),
    /does not lead to the root/,
  ],
  'the leaf of another commitment': [
    (p) => p.set('openings', [raw(opened('/Ciphers', OTHER))]),
    /does not lead to the root/,
  ],
  'the same leaf at another index': [
    (p) => p.set('openings', [raw({ ...opened('/Ciphers'), index: 1 })]),
    /does not lead to the root/,
  ],
  'an index outside of the tree': [
    (p) => p.set('openings', [raw({ ...opened('/Ciphers'), index: 10_000 })]),
    /is not in a tree of/,
  ],
  'a proof that is cut short': [
    (p) => p.set('openings', [raw({ ...opened('/Ciphers'), proof: opened('/Ciphers').proof.slice(1) })]),
    /openings\[0\]/,
  ],
  'the same opening twice': [
    (p) => p.set('openings', [raw(opened('/Ciphers')), raw(opened('/Ciphers'))]),
    /openings\[1\]: indices and paths must ascend/,
  ],
  'openings out of order': [
    (p) => p.set('openings', [raw(opened('/Port')), raw(opened('/Ciphers'))]),
    /openings\[1\]: indices and paths must ascend/,
  ],
  'an opening that no claim names': [
    (p) => p.set('openings', [raw(opened('/Ciphers')), raw(opened('/Port'))]),
    /no claim names the leaf "\/Port"/,
  ],
  'an empty list of openings': [(p) => p.set('openings', []), /openings: expected 1 to 64 items/],
  'a root that the opening does not lead to': [
    (p) =>
      p.set(
        'tree',
        new Map<string, CborValue>([
          ['alg', SALTED_TREE],
          ['leaves', TREE.count],
          ['root', OTHER.root],
        ]),
      ),
    /does not lead to the root/,
  ],
  'a tree that is said to be smaller': [
    (p) =>
      p.set(
        'tree',
        new Map<string, CborValue>([
          ['alg', SALTED_TREE],
          ['leaves', 1],
          ['root', TREE.root],
        ]),
      ),
    /openings\[0\]/,
  ],
  'a constant beside the leaf': [
    (p) => p.set('claims', [claimMap(p, (claim) => claim.set('params', new Map([['ciphers', 'none']])))]),
    /claims\[0\]\.declared\["ciphers"\]: the parameter has a constant, too/,
  ],
  'a name that is no text': [
    (p) => p.set('claims', [claimMap(p, (claim) => claim.set('declared', new Map([[1, '/Ciphers']])))]),
    /claims\[0\]\.declared/,
  ],
  'a path that is no text': [
    (p) => p.set('claims', [claimMap(p, (claim) => claim.set('declared', new Map([['ciphers', 7]])))]),
    /expected text, got 7/,
  ],
  'no names': [
    (p) => p.set('claims', [claimMap(p, (claim) => claim.set('declared', new Map()))]),
    /expected 1 to 64 entries/,
  ],
};

function raw({ index, salt, path, value, proof }: Opening): CborMap {
  return new Map<string, CborValue>([
    ['index', index],
    ['salt', salt],
    ['path', path],
    ['value', value instanceof Uint8Array ? value : [value.digest, value.size]],
    ['proof', [...proof]],
  ]);
}

function claimMap(payload: CborMap, change: (claim: Map<CborKey, CborValue>) => void): CborMap {
  const [first] = payload.get('claims') as readonly CborValue[];
  if (first === undefined || !isCborMap(first)) throw new Error('no claim');
  const claim = new Map<CborKey, CborValue>(first);
  change(claim);
  return claim;
}

/** The payload of each forgery. */
export function forgedPayload(change: (payload: Map<CborKey, CborValue>) => void): Uint8Array {
  const payload = decodeCbor(encodeCommitment(good()));
  if (!isCborMap(payload)) throw new Error('no map');
  const forged = new Map<CborKey, CborValue>(payload);
  change(forged);
  return encodeCbor(forged);
}

/** Leaves that no parameter can be, with what is opened of each. */
export const UNFIT: Readonly<Record<string, readonly [paths: readonly string[], says: RegExp]>> = {
  'a sensitive leaf': [['/Secret'], /is sensitive/],
  'a whole file': [['/File'], /is a whole file/],
  'a fraction': [['/Fraction'], /no value that a parameter can have/],
  null: [['/None'], /is null/],
  'an empty list': [['/Empty'], /is an empty list/],
  'a list of items with names': [['/Named'], /no value that a parameter can have/],
  'a list with a number': [['/Mixed', '/Mixed/0', '/Mixed/1'], /has an item that is no text/],
  'a list without its items': [['/Kex'], /"\/Kex\/0" is not opened/],
  'a list with an item left out': [['/Kex', '/Kex/0'], /"\/Kex\/1" is not opened/],
  'a text that is too long': [['/Long'], /1,024 bytes/],
  'a text of which the tree has a digest': [['/Longer'], /longer than a leaf that can be shown/],
  'bytes that are no CBOR': [['/Raw'], /is no CBOR/],
};

/** A payload whose claim names the first of these paths, as a writer that checks nothing would make it. */
export function unfitPayload(paths: readonly string[]): Uint8Array {
  const named = claimOf({ ciphers: paths[0] ?? '' });
  return encodeCbor(
    commitment.encode(
      declarationOf(
        [named],
        paths.map((path) => opened(path)),
      ),
    ),
  );
}
