/** Texts of others, cut: never within a character, and by bytes where a field counts bytes. */
import fc from 'fast-check';
import t from 'tap';
import { fitting, printable } from '#src/bytes/printable.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';

fc.configureGlobal({ seed: 20_261_129 });

t.test('what is cut has UTF-8 and fits', async (t) => {
  t.equal(printable(`${'a'.repeat(199)}😀b`), `${'a'.repeat(199)}…`, 'a pair is not halved');
  t.equal(fitting('é'.repeat(10), 5), 'éé');
  t.equal(fitting('a\u001b\ud800\n', 9), 'a??\n');
  const texts = fc.array(fc.constantFrom('a', 'é', '한', '😀', '\ud800', '\udc00', '\n', '\u202e'), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(texts, fc.nat({ max: 80 }), (parts, most) => {
      const text = parts.join('');
      const [line, lines] = [printable(text, most), fitting(text, most)];
      return line.isWellFormed() && line.length <= most + 1 && encodeUtf8(lines).length <= most;
    }),
    { numRuns: 2_000 },
  );
  t.pass('any text, any length');
});
