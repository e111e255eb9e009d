/** src/bytes: text forms, cursors, comparisons. */
import fc from 'fast-check';
import t from 'tap';
import { bigEndian, Cursor } from '#src/bytes/cursor.ts';
import { compareBytes, concatBytes, equalBytes } from '#src/bytes/compare.ts';
import { Refusal, refuse } from '#src/bytes/refusal.ts';
import * as text from '#src/bytes/text.ts';

// The same cases in every run.
fc.configureGlobal({ seed: 20_261_122 });

const hex = (digits: string): Uint8Array => Uint8Array.fromHex(digits.replaceAll(' ', ''));
const bytes = fc.uint8Array({ maxLength: 80 });
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

t.test('text: what prints back to itself, and nothing else', async (t) => {
  const forms = [
    [text.parseHex, text.formatHex],
    [text.parseBase64, text.formatBase64],
    [text.parseBase64Url, text.formatBase64Url],
  ] as const;
  for (const [parse, format] of forms) {
    fc.assert(fc.property(bytes, (b) => equalBytes(parse(format(b)), b)));
    fc.assert(fc.property(fc.string(), (s) => (accepted(() => format(parse(s))) ?? s) === s));
  }
  const code = { code: 'malformed-text' };
  for (const bad of ['0', '0G', 'AB', ' 00', '0x00']) t.throws(() => text.parseHex(bad), code, bad);
  for (const bad of ['AA', 'AA=', 'AB==', ' AA==', 'AA==\n', '-_==', 'A']) {
    t.throws(() => text.parseBase64(bad), code, bad);
  }
  for (const bad of ['AA==', 'AB', '+/', 'A']) t.throws(() => text.parseBase64Url(bad), code, bad);
  for (const bad of ['', '007', '+7', '-1', '1e3', '0x7', '1.0', ' 1', '١', '9007199254740992']) {
    t.throws(() => text.parseDecimal(bad), code, bad);
  }
  for (const n of [0, 7, 2 ** 33, Number.MAX_SAFE_INTEGER]) t.equal(text.parseDecimal(String(n)), n);
  fc.assert(fc.property(fc.string(), (s) => String(accepted(() => text.parseDecimal(s)) ?? s) === s));
  fc.assert(
    fc.property(bytes, (b) => equalBytes(accepted(() => text.encodeUtf8(text.decodeUtf8(b))) ?? b, b)),
  );
  fc.assert(fc.property(wellFormed, (s) => text.decodeUtf8(text.encodeUtf8(s)) === s));
  t.equal(text.decodeUtf8(hex('efbbbf41')), '\uFEFFA', 'a byte order mark is kept');
  for (const bad of ['80', 'c080', 'eda080', 'f4908080', 'e282'])
    t.throws(() => text.decodeUtf8(hex(bad)), code);
  t.throws(() => text.encodeUtf8('\uD800'), TypeError);
});

t.test('cursor', async (t) => {
  const cursor = new Cursor(hex('01 0203 04050607 001fffffffffffff aabb'), 'malformed-tile');
  t.same([cursor.u8(), cursor.u16(), cursor.u32(), cursor.u64()], [1, 0x0203, 0x04050607, 2 ** 53 - 1]);
  t.throws(() => cursor.end(), { code: 'malformed-tile' });
  t.same(cursor.take(2), hex('aabb'));
  cursor.end();
  t.equal(cursor.remaining, 0);
  t.throws(() => cursor.u8(), { code: 'malformed-tile' });
  t.throws(() => new Cursor(hex('0020000000000000'), 'malformed-tile').u64(), { code: 'malformed-tile' });
  for (const width of [1, 2, 4, 8] as const) {
    const max = Math.min(256 ** width - 1, Number.MAX_SAFE_INTEGER);
    for (const n of [0, 1, max]) {
      const written = bigEndian(n, width);
      t.equal(written.length, width);
      t.equal(Number(`0x${written.toHex()}`), n);
    }
    for (const n of [-1, 0.5, max + 1]) t.throws(() => bigEndian(n, width), RangeError);
  }
});

t.test('compare', async (t) => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const order = Buffer.compare(a, b);
      return Math.sign(compareBytes(a, b)) === order && equalBytes(a, b) === (order === 0);
    }),
  );
  t.same(concatBytes(), new Uint8Array(0));
  t.same(concatBytes(hex('01'), hex(''), hex('0203')), hex('010203'));
});

t.test('refusal: a code and a message; what a face makes of it is not its business', async (t) => {
  const refusal = refuse('too-large', 'why', { cause: 1 });
  t.match(refusal, { name: 'Refusal', code: 'too-large', message: 'why', cause: 1 });
  t.notOk(['title', 'status', 'exit'].some((member) => member in refusal));
});
