/** Leaves that were opened, of two declarations: what is said of them is so, and what is not opened is told as not known. */
import * as fc from 'fast-check';
import t from 'tap';
import { encodeUtf8 } from '#src/bytes/text.ts';
import {
  disclose,
  formatDisclosure,
  formatLeaves,
  leafTree,
  type OpenedLeaves,
} from '#src/declare/leafopening.ts';
import { assertOpensOne, comparedText, leafDifference } from '#src/declare/opened.ts';
import { formatOpenings } from '#src/declare/openings-file.ts';
import { parseOpened } from '#src/declare/parse-opened.ts';
import { openLeaf } from '#src/statement/saltedleaf.ts';
import { declarationOf, owned } from '../support/opened-leaves.ts';

const logged = (leaves: OpenedLeaves, id: string) => ({
  id,
  subject: leaves.subject,
  declaration: declarationOf(leaves),
});
const [ID_A, ID_B] = ['a'.repeat(64), 'b'.repeat(64)];
const all = (leaves: OpenedLeaves) => parseOpened(encodeUtf8(formatLeaves(leaves)), 'leaves.json');
const some = (leaves: OpenedLeaves, ...paths: readonly string[]) =>
  parseOpened(encodeUtf8(formatDisclosure(disclose(leaves, paths))), 'disclosure.json');

t.test('what is opened is compared', async (t) => {
  const before = owned({ '/a': '1', '/b': '2', '/gone': 'x', '/key': 'old' }, ['/key']);
  const after = owned({ '/a': '1', '/b': '3', '/new': 'y', '/key': 'fresh' }, ['/key']);
  const [a, b] = [logged(before, ID_A), logged(after, ID_B)];
  const whole = leafDifference(a, b, [all(before), all(after)]);
  t.match(whole, { same: 1, alone: 0, closed: { before: 0, after: 0 } });
  t.match(whole.changes, [
    { name: '/b', before: '"2"', after: '"3"' },
    { name: '/gone', before: '"x"', after: undefined },
    { name: '/key', before: /^\(sensitive, digest/, after: /^\(sensitive, digest/ },
    { name: '/new', before: undefined, after: '"y"' },
  ]);
  t.not(whole.changes[2]?.before, whole.changes[2]?.after);
  t.equal(comparedText(whole), '4 leaves differ, and 1 is the same');

  const half = leafDifference(a, b, [some(before, '/b'), some(after, '/b', '/new')]);
  t.match(half, {
    changes: [{ name: '/b', before: '"2"', after: '"3"' }],
    same: 0,
    alone: 1,
    closed: { before: 3, after: 2 },
  });
  t.match(
    comparedText(half),
    /1 leaf differs.*1 was opened in one of them alone.*3 of the earlier and 2 of the later/,
  );

  const none = leafDifference(a, b, []);
  t.match(none, { changes: [], same: 0, alone: 0, closed: { before: 4, after: 4 } });
  t.match(comparedText(none), /salted and not opened: whether they differ is not known/);
  t.match(leafDifference(a, { ...a, id: ID_B }, []), {
    changes: [],
    same: 4,
    closed: { before: 0, after: 0 },
  });
  t.match(leafDifference(undefined, b, [all(after)]).changes.length, 4, 'a first declaration adds them all');

  const tree = leafTree(after);
  const [openings] = [[{ entry: ID_B, claim: null, opening: openLeaf(tree, 1) }]];
  const file = parseOpened(encodeUtf8(formatOpenings(openings)), 'openings.json');
  t.match(leafDifference(a, b, [file]), { alone: 1, closed: { before: 4, after: 3 } });
});

t.test('what leads to no root opens nothing', async (t) => {
  const before = owned({ '/a': '1', '/b': '2' });
  const after = owned({ '/a': '1', '/b': '3' });
  const lie = owned({ '/a': '1', '/b': '2', '/c': '4' });
  const pair = [logged(before, ID_A), logged(after, ID_B)] as const;
  const refused = { code: 'proof-failed' };
  t.throws(() => assertOpensOne([all(lie)], pair), refused, 'all leaves of another tree');
  t.throws(() => assertOpensOne([some(lie, '/c')], pair), refused, 'one of another tree');
  t.match(leafDifference(...pair, [all(lie), some(lie, '/c')]), { closed: { before: 2, after: 2 } });
  const elsewhere = all({ ...before, subject: 'web/other' });
  t.throws(() => assertOpensOne([elsewhere], pair), refused, 'of another subject');
  const [first] = disclose(before, ['/a']).openings;
  if (first === undefined) throw new Error('there is one');
  const forged = parseOpened(
    encodeUtf8(formatOpenings([{ entry: ID_A, claim: null, opening: { ...first, path: '/z' } }])),
    'openings.json',
  );
  t.throws(() => leafDifference(...pair, [forged]), refused, 'a leaf that names the entry, and is not of it');
  t.throws(() => parseOpened(encodeUtf8('{}'), 'x.json'), { code: 'malformed-payload', message: /x\.json/ });
  t.throws(() => parseOpened(Uint8Array.of(0xff), 'x.json'), { code: 'malformed-payload' });
});

const VALUES = fc.dictionary(fc.constantFrom('/a', '/b', '/c', '/d', '/e'), fc.constantFrom('1', '2'), {
  minKeys: 1,
});

t.test('no part of what is opened says anything that the whole does not', async () => {
  fc.assert(
    fc.property(VALUES, VALUES, fc.array(fc.boolean()), fc.array(fc.boolean()), (x, y, p, q) => {
      const [before, after] = [owned(x), owned(y)];
      const [a, b] = [logged(before, ID_A), logged(after, ID_B)];
      const part = (leaves: OpenedLeaves, picks: readonly boolean[]) => {
        const paths = leaves.leaves.filter((_, i) => picks[i] === true).map(({ path }) => path);
        return paths.length === 0 ? [] : [some(leaves, ...paths)];
      };
      const whole = leafDifference(a, b, [all(before), all(after)]);
      const known = leafDifference(a, b, [...part(before, p), ...part(after, q)]);
      const names = new Set(whole.changes.map(({ name }) => name));
      return known.changes.every(({ name }) => names.has(name)) && known.same <= whole.same;
    }),
    { numRuns: 300, seed: 13 },
  );
});
