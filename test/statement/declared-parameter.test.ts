/**
 * A claim that names a declared leaf: what is opened is checked wherever a commitment is parsed. Each attack forges one thing, on the
 * bytes as a signer would log them, and is refused.
 */
import fc from 'fast-check';
import t from 'tap';
import {
  changed,
  CIPHERS,
  claimOf,
  declarationOf,
  FORGED,
  forgedPayload,
  good,
  opened,
  treeOf,
  UNFIT,
  unfitPayload,
} from '../support/forged-openings.ts';
import { encodeCbor } from '#src/bytes/cbor.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { evaluate } from '#src/claim/expression.ts';
import { isWithdrawal, type Declaration } from '#src/statement/commitment.ts';
import { MAX_OPENED_BYTES, MAX_OPENINGS } from '#src/statement/declared-parameter.ts';
import { encodeCommitment, parsePayload } from '#src/statement/payload.ts';
import { openLeaf } from '#src/statement/saltedleaf.ts';

function parsed(bytes: Uint8Array): Declaration {
  const payload = parsePayload('commitment', bytes);
  if (payload.kind !== 'commitment' || isWithdrawal(payload.commitment)) throw new Error('no declaration');
  return payload.commitment;
}

void t.test('the parsed claim has the value of the leaf, whoever reads it', async (t) => {
  const bytes = encodeCommitment(good());
  const declaration = parsed(bytes);
  const [claim] = declaration.claims;
  t.equal(claim?.params?.get('ciphers'), CIPHERS);
  t.strictSame(claim?.declared, new Map([['ciphers', '/Ciphers']]));
  t.strictSame(encodeCommitment(declaration), bytes, 'the same bytes again');
  if (claim === undefined) throw new Error('no claim');
  const holds = (expr: string): boolean | undefined => evaluate({ ...claim, expr }, {}).holds;
  t.equal(holds(`p.ciphers == '${CIPHERS}'`), true);
  t.equal(holds("p.ciphers.contains('cbc')"), false);
});

void t.test('every form that a parameter can have', async (t) => {
  const forms: Readonly<Record<string, unknown>> = {
    '/Port': 22,
    '/Strict': true,
    '/Kex': ['curve25519-sha256', 'sntrup761x25519-sha512'],
    '/Match/user/Ciphers': 'aes128-ctr',
  };
  for (const [path, value] of Object.entries(forms)) {
    const paths = path === '/Kex' ? ['/Kex', '/Kex/0', '/Kex/1'] : [path];
    const claim = claimOf({ x: path }, { params: new Map([['port', 22]]) });
    const bytes = encodeCommitment(
      declarationOf(
        [claim],
        paths.map((each) => opened(each)),
      ),
    );
    const params = parsed(bytes).claims[0]?.params;
    t.strictSame([params?.get('x'), params?.get('port')], [value, 22], path);
  }
});

void t.test('one opening serves several claims and parameters', async (t) => {
  const claims = [
    claimOf({ a: '/Port', b: '/Port', c: '/Kex/0' }),
    claimOf({ a: '/Kex' }, { id: 'another' }),
  ];
  const shown = ['/Kex', '/Kex/0', '/Kex/1', '/Port'].map((each) => opened(each));
  const [first, second] = parsed(encodeCommitment(declarationOf(claims, shown))).claims;
  t.strictSame(
    [...(first?.params ?? [])],
    [
      ['a', 22],
      ['b', 22],
      ['c', 'curve25519-sha256'],
    ],
  );
  t.equal(second?.params?.get('a')?.toString(), 'curve25519-sha256,sntrup761x25519-sha512');
});

void t.test('forged openings are refused', async (t) => {
  for (const [name, [change, message]] of Object.entries(FORGED)) {
    t.throws(
      () => parsePayload('commitment', forgedPayload(change)),
      { code: 'malformed-payload', message },
      name,
    );
  }
});

void t.test('leaves that no parameter can be', async (t) => {
  for (const [name, [paths, message]] of Object.entries(UNFIT))
    t.throws(
      () => parsePayload('commitment', unfitPayload(paths)),
      { code: 'malformed-payload', message },
      name,
    );
});

void t.test('a path that is only the beginning of others is no leaf', async (t) => {
  for (const path of ['/Match', '/Match/user', '', '/ciphers', '/Ciphers/'])
    t.throws(
      () => encodeCommitment(declarationOf([claimOf({ ciphers: path })], [opened('/Match/user/Ciphers')])),
      {
        code: 'malformed-payload',
        message: /is not opened/,
      },
    );
});

void t.test('a tree that has a path twice opens it once', async (t) => {
  const twice = treeOf([
    ['/a', encodeCbor('x')],
    ['/a', encodeCbor('y')],
  ]);
  const both = [openLeaf(twice, 0), openLeaf(twice, 1)];
  t.throws(() => encodeCommitment(declarationOf([claimOf({ a: '/a' })], both, twice)), {
    code: 'malformed-payload',
    message: /must ascend, each once/,
  });
});

void t.test('a writer cannot give a parameter another value than the leaf has', async (t) => {
  const claim = claimOf({ ciphers: '/Ciphers' }, { params: new Map([['ciphers', 'aes128-cbc']]) });
  t.throws(() => encodeCommitment(declarationOf([claim], [opened('/Ciphers')])), {
    code: 'malformed-payload',
    message: /another value than the leaf/,
  });
  const later = treeOf(changed);
  t.throws(() => encodeCommitment(declarationOf([claimOf({ port: '/Port' })], [opened('/Port')], later)), {
    message: /does not lead to the root/,
  });
});

void t.test('openings are bounded in number and in bytes', async (t) => {
  const rows = Array.from(
    { length: 200 },
    (_, i) => [`/${String(i).padStart(3, '0')}`, encodeCbor('v'.repeat(900))] as const,
  );
  const many = treeOf(rows);
  const of = (count: number, tree = many): Declaration => {
    const paths = tree.leaves.slice(0, count).map(({ path }) => path);
    const claims = Array.from({ length: Math.ceil(count / 32) }, (_, i) =>
      claimOf(Object.fromEntries(paths.slice(32 * i, 32 * i + 32).map((path, j) => [`n${j}`, path])), {
        id: `c${i}`,
      }),
    );
    return declarationOf(
      claims,
      paths.map((path) => opened(path, tree)),
      tree,
    );
  };
  t.throws(() => encodeCommitment(of(40)), { message: new RegExp(`more than ${MAX_OPENED_BYTES} bytes`) });
  t.ok(encodeCommitment(of(20)));
  const small = treeOf(rows.map(([path]) => [path, encodeCbor(1)] as const));
  t.ok(encodeCommitment(of(MAX_OPENINGS, small)));
  t.throws(() => encodeCommitment(of(MAX_OPENINGS + 1, small)), {
    message: /expected 1 to 64 items, got 65/,
  });
});

void t.test('any bit of an opening that is changed is refused', async (t) => {
  const bytes = encodeCommitment(good());
  const value = parsed(bytes).claims[0]?.params?.get('ciphers');
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 7 }), (at, bit) => {
      const forged = Uint8Array.from(bytes);
      forged[at] = (forged[at] ?? 0) ^ (1 << bit);
      let read: Declaration;
      try {
        read = parsed(forged);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return true;
      }
      const [claim] = read.claims;
      return claim?.declared === undefined || [...(claim.params?.values() ?? [])][0] === value;
    }),
    { numRuns: 600, seed: 15 },
  );
  t.pass('no change of a byte makes another value that is accepted');
});
