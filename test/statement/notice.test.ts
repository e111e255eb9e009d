/** Notices: which fields a topic demands, what is no note, and the hash of an inventory. */
import fc from 'fast-check';
import t from 'tap';
import { sha256 } from '@noble/hashes/sha2.js';
import { digest, entryId, type EntryId } from '#src/bytes/brand.ts';
import { encodeCbor, type CborValue } from '#src/bytes/cbor.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { addToInventory, inventoryHash, startInventory } from '#src/statement/inventory.ts';
import { MAX_WITNESSED_NOTE, TOPICS } from '#src/statement/notice.ts';
import { parsePayload } from '#src/statement/payload.ts';
import { exampleNote } from '../support/notice-examples.ts';
import { hashOf, ORIGIN, SUBJECT } from '../support/statement-examples.ts';

const head = new Map<string, CborValue>([
  ['origin', ORIGIN],
  ['root', hashOf('root')],
  ['size', 7],
]);
const id = hashOf('an entry');
const note = await exampleNote(7);

/** A good payload of each topic. */
const GOOD: Record<string, Record<string, CborValue>> = {
  stale: { since: 5, checkpoint: head, about: id, claim: 'tls-min', due: 4, reason: 'none came' },
  witnessed: { note },
  inventory: { checkpoint: head, count: 7, hash: id },
  retention: { checkpoint: head, prune: [], from: 5, reason: 'a hold' },
};
const payload = (topic: CborValue, fields: Record<string, CborValue | undefined>): Uint8Array => {
  const rows = Object.entries({ topic, ...fields }).filter(
    (row): row is [string, CborValue] => row[1] !== undefined,
  );
  return encodeCbor(new Map(rows));
};
const read = (topic: CborValue, fields: Record<string, CborValue | undefined>) =>
  parsePayload('notice', payload(topic, fields));

t.test('each topic has its fields, and no others', async (t) => {
  t.same(Object.keys(GOOD), TOPICS);
  for (const [topic, fields] of Object.entries(GOOD)) {
    t.match(read(topic, fields), { kind: 'notice', notice: { topic } }, topic);
    for (const [other, more] of Object.entries(GOOD)) {
      if (other === topic) continue;
      t.throws(() => read(topic, more), { code: 'malformed-payload' }, `${other} said as ${topic}`);
      const extra = Object.entries(more).find(([name]) => !(name in fields));
      if (extra === undefined) continue;
      const mixed = { ...fields, [extra[0]]: extra[1] };
      t.throws(
        () => read(topic, mixed),
        { code: 'malformed-payload', message: `the payload: unknown field "${extra[0]}"; leave it out` },
        `${topic} with ${extra[0]}`,
      );
    }
  }
  for (const topic of ['missed', 'Witnessed', '', 1, null, []])
    t.throws(() => read(topic, GOOD['witnessed'] ?? {}), {
      message: /^topic: expected one of stale, witnessed/,
    });
  t.throws(() => parsePayload('notice', encodeCbor([1])), { message: /^the payload: expected a map/ });
});

t.test('rules between fields', async (t) => {
  const refused = (topic: string, change: Record<string, CborValue | undefined>, message: RegExp) =>
    t.throws(() => read(topic, { ...GOOD[topic], ...change }), { code: 'malformed-payload', message });
  refused('stale', { agent: id }, /^last: expected agent and last, or neither/);
  refused(
    'stale',
    {
      last: new Map<string, CborValue>([
        ['id', id],
        ['seq', 0],
      ]),
    },
    /^agent: expected agent and/,
  );
  refused('stale', { verdict: 'STALE' }, /unknown field "verdict"/);
  refused('inventory', { count: 8 }, /^count: more than the 7 entries of the log/);
  const rule = (what: string, age: number) =>
    new Map<string, CborValue>([
      ['age', age],
      ['what', what],
    ]);
  t.match(
    read('retention', { ...GOOD['retention'], prune: [rule('observations', 1), rule('declarations', 9)] }),
    {},
  );
  refused('retention', { prune: [rule('observations', 1), rule('observations', 2)] }, /occurs twice/);
  refused('retention', { prune: [rule('observations', 0)] }, /^prune\[0\]\.age: expected an integer from 1/);
  refused('retention', { prune: [rule('proofs', 1)] }, /^prune\[0\]\.what: expected one of observations/);
});

t.test('what is no note is no notice', async (t) => {
  const text = new TextDecoder().decode(note);
  const bad: [string, Uint8Array][] = [
    ['empty', new Uint8Array()],
    ['no signature lines', encodeUtf8(text.slice(0, text.indexOf('\n\n') + 1))],
    ['no blank line', encodeUtf8(text.replace('\n\n', '\n'))],
    ['cut', note.subarray(0, note.length - 1)],
    ['two lines', encodeUtf8(text.replace(/^.*\n/, ''))],
    ['a control byte', encodeUtf8(text.replace('\n', '\r\n'))],
    ['not UTF-8', Uint8Array.of(0xff, ...note)],
    ['a size with a zero before', encodeUtf8(text.replace('\n7\n', '\n07\n'))],
    ['too long', encodeUtf8(text + text.slice(text.lastIndexOf('—')).repeat(400))],
  ];
  for (const [what, bytes] of bad)
    t.throws(
      () => read('witnessed', { note: bytes }),
      { code: 'malformed-payload', message: /^note: / },
      what,
    );
  const room = MAX_WITNESSED_NOTE - note.length;
  t.ok(room > 10 * 3_300, 'ten ML-DSA-44 cosignatures and more fit');
});

t.test('the hash of an inventory', async (t) => {
  // By hand, with Node's own hash: the definition of spec/statements.md.
  const { createHash } = await import('node:crypto');
  const sha = (...parts: (string | Uint8Array)[]) =>
    parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
  const ids = ['a', 'b', 'c'].map((each) => entryId(sha256(encodeUtf8(each)).toHex()));
  let byHand = sha(`tallystick/inventory/v1\n${ORIGIN}\n${SUBJECT}\n`);
  for (const each of ids) byHand = sha(Uint8Array.of(1), byHand, Buffer.from(each, 'hex'));
  t.equal(Buffer.from(inventoryHash(ORIGIN, SUBJECT, ids)).toString('hex'), byHand.toString('hex'));

  const some = fc.array(
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => entryId(b.toHex())),
    {
      maxLength: 6,
    },
  );
  const names = fc.tuple(
    fc.constantFrom('log.example/a', 'log.example/ab'),
    fc.constantFrom('b', 'b/c', '/'),
  );
  const hex = ([origin, subject]: readonly [string, string], all: readonly EntryId[]) =>
    inventoryHash(origin, subject, all).toHex();
  fc.assert(
    fc.property(names, some, names, some, (a, first, b, second) => {
      const isSame = JSON.stringify([a, first]) === JSON.stringify([b, second]);
      return (hex(a, first) === hex(b, second)) === isSame;
    }),
  );
  fc.assert(
    fc.property(names, some, fc.nat(6), ([origin, subject], all, cut) => {
      let hash = inventoryHash(origin, subject, all.slice(0, cut));
      for (const each of all.slice(cut)) hash = addToInventory(hash, each);
      return hash.toHex() === hex([origin, subject], all);
    }),
  );
  t.not(startInventory('a', 'b').toHex(), startInventory('a', 'c').toHex());
  t.equal(digest(startInventory('a', 'b')).length, 32);
});
