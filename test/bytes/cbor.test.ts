/** src/bytes: the strict deterministic CBOR subset. */
import { deepStrictEqual } from 'node:assert';
import { Encoder, Tag } from 'cbor-x/encode';
import fc from 'fast-check';
import t from 'tap';
import { decodeCbor, encodeCbor, scanCbor, type CborKey, type CborValue } from '#src/bytes/cbor.ts';
import { headLength, writeHead } from '#src/bytes/cbor-head.ts';
import { equalBytes } from '#src/bytes/compare.ts';
import { Refusal } from '#src/bytes/refusal.ts';

// The same cases in every run.
fc.configureGlobal({ seed: 20_261_122 });

const hex = (digits: string): Uint8Array => Uint8Array.fromHex(digits.replaceAll(' ', ''));
const wellFormed = fc.string({ unit: 'binary', maxLength: 80 });

/** The value of a parser, or undefined for a refusal; anything else it throws fails the property. */
function accepted<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

// RFC 8949 Appendix A, as far as the subset goes.
const examples: readonly (readonly [CborValue, string])[] = [
  [0, '00'],
  [23, '17'],
  [24, '1818'],
  [255, '18ff'],
  [256, '190100'],
  [1000000, '1a000f4240'],
  [2 ** 32 - 1, '1affffffff'],
  [2 ** 32, '1b0000000100000000'],
  [1000000000000, '1b000000e8d4a51000'],
  [Number.MAX_SAFE_INTEGER, '1b001fffffffffffff'],
  [2n ** 53n, '1b0020000000000000'],
  [18446744073709551615n, '1bffffffffffffffff'],
  [-18446744073709551616n, '3bffffffffffffffff'],
  [-(2n ** 53n), '3b001fffffffffffff'],
  [-Number.MAX_SAFE_INTEGER, '3b001ffffffffffffe'],
  [-1, '20'],
  [-1000, '3903e7'],
  [-(2 ** 32), '3affffffff'],
  [-(2 ** 32) - 1, '3b0000000100000000'],
  [false, 'f4'],
  [true, 'f5'],
  [null, 'f6'],
  [new Uint8Array(0), '40'],
  [hex('01020304'), '4401020304'],
  ['', '60'],
  ['"\\', '62225c'],
  ['ü水𐅑', '69c3bce6b0b4f0908591'],
  ['\uFEFF', '63efbbbf'],
  [`\uFEFF${'a'.repeat(77)}`, `7850efbbbf${'61'.repeat(77)}`],
  [new Map([['\uFEFFa', '\uFEFF\uFEFF']]), 'a164efbbbf6166efbbbfefbbbf'],
  [[], '80'],
  [[1, [2, 3], [4, 5]], '8301820203820405'],
  [
    new Map<CborKey, CborValue>([
      ['b', [2, 3]],
      ['a', 1],
    ]),
    'a26161016162820203',
  ],
  [{ tag: 18, value: [hex('a0'), new Map(), null, hex('')] }, 'd28441a0a0f640'],
];

t.test('known answers', async (t) => {
  for (const [value, encoded] of examples) {
    t.equal(encodeCbor(value).toHex(), encoded);
    t.strictSame(decodeCbor(hex(encoded)), value, encoded);
    t.equal(scanCbor(hex(`ff${encoded}ff`), 1), 1 + encoded.length / 2);
  }
  const keys = [-100, 10, -1, 100, -2, 1];
  const sorted = new Map(keys.map((key) => [key, 0]));
  t.equal(encodeCbor(sorted).toHex(), 'a6 0100 0a00 186400 2000 2100 386300'.replaceAll(' ', ''));
  const mixed = new Map<CborKey, CborValue>(
    ['', 'aa', 'b', 2n ** 60n, 2n ** 54n, -(2n ** 60n), -1, 5].map((k) => [k, k]),
  );
  t.same(
    [...(decodeCbor(encodeCbor(mixed)) as Map<CborKey, CborValue>).keys()],
    [5, 2n ** 54n, 2n ** 60n, -1, -(2n ** 60n), '', 'b', 'aa'],
  );
});

/** What each byte string is refused as. */
const refused = {
  'malformed-cbor': {
    nothing: '',
    'a head cut short': '19 01',
    'a byte string cut short': '43 0102',
    'an array cut short': '82 01',
    'an array of 2^64-1': '9b ffffffffffffffff',
    'a map cut short': 'a1 01',
    'a map cut short before a key': 'a1',
    'a byte string of 2^53': '5b 0020000000000000',
    'bytes after the item': '00 00',
    'a duplicate key': 'a2 0101 0102',
    'a duplicate text key': 'a2 616101 616102',
    'a key of bytes': 'a1 4101 00',
    'a key of null': 'a1 f6 00',
    'a key that is a list': 'a1 80 00',
    'float16 1.0': 'f93c00',
    'float32 1.0': 'fa3f800000',
    'float64 1.0': 'fb3ff0000000000000',
    undefined: 'f7',
    'simple(0)': 'e0',
    'simple(32)': 'f820',
    'a break': 'ff',
    'a break in an array': '81 ff',
    'reserved 28': '1c',
    'reserved 30': '9e',
    'an integer of indefinite length': '1f',
    'a tag of indefinite length': 'df 00',
    'tag 0, a date': 'c0 60',
    'tag 1': 'c1 00',
    'tag 2, a bignum': 'c2 4101',
    'tag 24': 'd818 4100',
    'tag 64, a typed array': 'd840 4100',
    'tag 259, a map': 'd90103 a0',
    'tag 55799, self-described': 'd9d9f7 00',
    'a record of cbor-x': 'd9dfff 83 19e000 816161 01',
    'overlong UTF-8': '62 c080',
    'a surrogate': '63 eda080',
    'beyond U+10FFFF': '64 f4908080',
    'cut UTF-8': '62 e282',
    'depth 17': `${'81'.repeat(17)}00`,
    'tags inside each other': `${'d2'.repeat(17)}00`,
    'depth 60000': '81'.repeat(60000),
  },
  'non-deterministic': {
    'an integer in two bytes': '18 17',
    'an integer in three bytes': '19 00ff',
    'an integer in five bytes': '1a 0000ffff',
    'an integer in nine bytes': '1b 00000000ffffffff',
    'key 1 in nine bytes': 'a1 1b0000000000000001 00',
    'a negative integer in two bytes': '38 17',
    'a length in two bytes': '58 01 ff',
    'a text length in two bytes': '78 01 61',
    'a count in two bytes': '98 00',
    'a map count in two bytes': 'b8 00',
    'tag 18 in two bytes': 'd812 80',
    'an indefinite byte string': '5f 4101 ff',
    'an indefinite text': '7f 6161 ff',
    'an indefinite array': '9f ff',
    'an indefinite map': 'bf ff',
    'keys out of order': 'a2 0200 0100',
    'keys in the order of RFC 7049': 'a2 2000 186400',
    'text keys out of order': 'a2 616200 616100',
    'a text key before an integer': 'a2 616100 0100',
  },
} as const;

t.test('what is refused, and as what', async (t) => {
  for (const [code, table] of Object.entries(refused)) {
    for (const [name, encoded] of Object.entries(table)) {
      t.throws(() => decodeCbor(hex(encoded)), { name: 'Refusal', code }, name);
    }
  }
  t.throws(() => scanCbor(hex('00'), 1), { code: 'malformed-cbor' });
  t.throws(() => decodeCbor(new Uint8Array(65_536)), { code: 'too-large' });
  t.throws(() => decodeCbor(hex('8100'), { maxBytes: 1 }), { code: 'too-large' });
  t.throws(() => scanCbor(hex('00 43010203 00'), 1, { maxBytes: 3 }), { code: 'too-large' });
  t.equal(scanCbor(hex('00 43010203 00'), 1, { maxBytes: 4 }), 5);
  t.throws(() => decodeCbor(hex('818100'), { maxDepth: 1 }), { code: 'malformed-cbor' });
  t.same(decodeCbor(hex(`${'81'.repeat(16)}00`)), decodeCbor(hex(`${'81'.repeat(16)}00`), { maxDepth: 16 }));
  const large = encodeCbor(new Uint8Array(70_000));
  t.equal((decodeCbor(large, { maxBytes: large.length }) as Uint8Array).length, 70_000);
});

t.test('nothing stands for U+FEFF that the item itself holds', async (t) => {
  // The reader puts another character in its place for cbor-x; these are the first that it would take.
  const rivals = ['\u1000', '\u2000', '\u3000', '\u1040', '\uC000'];
  const long = 'a'.repeat(80);
  for (let n = 1; n <= rivals.length; n++) {
    const texts = ['\uFEFF', ...rivals.slice(0, n)].flatMap((mark) => [mark, mark + long, long + mark]);
    const map = new Map<CborKey, CborValue>([
      ...texts.map((text): [string, number] => [text, text.length]),
      [2 ** 40, texts],
    ]);
    deepStrictEqual(decodeCbor(encodeCbor(map)), map); // which minds no order of keys
    t.same(encodeCbor(decodeCbor(encodeCbor(map))), encodeCbor(map));
  }
  const every = Array.from({ length: 0xd000 - 0x1000 }, (_, i) => String.fromCodePoint(0x1000 + i)).join('');
  const all = encodeCbor(['\uFEFF', every]);
  t.throws(() => decodeCbor(all, { maxBytes: all.length }), { code: 'too-large' });
  t.strictSame(
    decodeCbor(encodeCbor([every]), { maxBytes: all.length }),
    [every],
    'which needs none of them',
  );
});

t.test('what we cannot write is our own fault', async (t) => {
  const bugs: readonly CborValue[] = [
    0.5,
    Number.NaN,
    2 ** 53,
    2n ** 64n,
    -(2n ** 64n) - 1n,
    { tag: 1, value: 0 },
  ];
  for (const bug of bugs) t.throws(() => encodeCbor(bug), RangeError);
  t.throws(
    () =>
      encodeCbor(
        new Map<CborKey, CborValue>([
          [1, 0],
          [1n, 0],
        ]),
      ),
    RangeError,
  );
  t.throws(() => encodeCbor(Array.from({ length: 17 }).reduce<CborValue>((inner) => [inner], 0)), RangeError);
  t.throws(() => encodeCbor('\uD800'), TypeError);
  t.throws(() => encodeCbor(new Map([['a\uDC00', 0]])), TypeError);
  t.equal(encodeCbor(-0).toHex(), '00');
});

t.test('heads', async (t) => {
  for (const n of [0, 23, 24, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    const out = new Uint8Array(9);
    t.equal(writeHead(out, 0, 0, n), headLength(n));
    t.same(out.subarray(0, headLength(n)), encodeCbor(n));
  }
});

t.test('the value does not hang on to the bytes it came from', async (t) => {
  const source = Buffer.from('8241aa6161', 'hex');
  const value = decodeCbor(source) as [Uint8Array, string];
  source.fill(0);
  t.strictSame(value, [hex('aa'), 'a'], 'a copy, and no Buffer');
  t.notOk('dataView' in source, 'nothing is left on it');
  const long = `ü${'é'.repeat(40)}`;
  const shared = new Uint8Array(new SharedArrayBuffer(256));
  const encoded = encodeCbor([long, hex('bb')]);
  shared.set(encoded);
  const view = shared.subarray(0, encoded.length);
  const [read, tail] = decodeCbor(view) as [string, Uint8Array];
  t.equal(read, long, 'shared memory is read too');
  t.ok(tail.buffer instanceof ArrayBuffer);
  t.equal(scanCbor(view, 0), encoded.length);
});

const integer = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.maxSafeInteger(),
  // cbor-x writes -2^64 as a bignum; the known answers have it.
  fc
    .bigInt({ min: -(2n ** 64n) + 1n, max: 2n ** 64n - 1n })
    .map((n) => (Number.isSafeInteger(Number(n)) ? Number(n) : n)),
);
const unmarked = fc.oneof(
  fc.string({ maxLength: 30 }),
  wellFormed,
  fc.string({ minLength: 60, maxLength: 300 }),
);
// A byte order mark at the start of a text is a character like others: RFC 8949 gives it no meaning.
const string = fc.oneof(
  unmarked,
  unmarked.map((text) => `\uFEFF${text}`),
);
const { value } = fc.letrec<{ value: CborValue; map: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    integer,
    string,
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 5 }),
    tie('map'),
    tie('value').map((inner) => ({ tag: 18, value: inner })),
  ),
  map: fc
    .array(fc.tuple(fc.oneof(integer, string), tie('value')), { maxLength: 6 })
    .map((rows) => new Map<CborKey, CborValue>(rows)),
}));

/** Accepted bytes are the one encoding of their value; all else is a refusal. */
const isStrict = (b: Uint8Array): boolean => equalBytes(accepted(() => encodeCbor(decodeCbor(b))) ?? b, b);

t.test('properties', async (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), isStrict));
  fc.assert(
    fc.property(value, (v) => {
      const encoded = encodeCbor(v);
      const again = decodeCbor(encoded);
      deepStrictEqual(again, v); // which minds no order of keys
      return scanCbor(encoded, 0) === encoded.length && isStrict(encoded);
    }),
    { numRuns: 300 },
  );
  const edit = fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(value, fc.array(edit, { minLength: 1, maxLength: 3 }), (v, edits) => {
      const mutant = Array.from(encodeCbor(v));
      // Overwrite a byte, delete it, or put one in front of it.
      for (const [at, kind, byte] of edits) {
        mutant.splice(at % (mutant.length + 1), kind === 2 ? 0 : 1, ...(kind === 1 ? [] : [byte]));
      }
      return isStrict(Uint8Array.from(mutant));
    }),
    { numRuns: 1000 },
  );
  t.pass('mutants are refused, or are the encoding of another value');
});

t.test('cbor-x, kept within what it writes deterministically, writes the same', async (t) => {
  const options = { mapsAsObjects: false, useRecords: false, tagUint8Array: false, structuredClone: false };
  const encoder = new Encoder({ ...options, variableMapSize: true });
  const forCborX = (v: CborValue): unknown => {
    // From 2^32 on cbor-x needs bigints, which it writes in nine bytes.
    if (typeof v === 'number') return Math.abs(v) < 2 ** 32 ? v : BigInt(v);
    if (Array.isArray(v)) return v.map(forCborX);
    if (v instanceof Map) return new Map(Array.from(v, ([key, inner]) => [forCborX(key), forCborX(inner)]));
    if (typeof v === 'object' && v !== null && 'tag' in v) return new Tag(forCborX(v.value), v.tag);
    return v;
  };
  fc.assert(
    fc.property(value, (v) => {
      const ours = encodeCbor(v);
      // Decoding gives the maps in order of their keys, which cbor-x leaves as it is.
      return equalBytes(encoder.encode(forCborX(decodeCbor(ours))), ours);
    }),
    { numRuns: 300 },
  );
  t.pass('random values');
});
