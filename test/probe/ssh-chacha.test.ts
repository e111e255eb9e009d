/** Poly1305 by the vectors of RFC 8439, and the packets of chacha20-poly1305@openssh.com: any change of one is noticed. */
import t from 'tap';
import { ChaCha, poly1305 } from '#src/probe/ssh/chacha.ts';

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(/[\s:]/g, ''));

t.test('RFC 8439 §2.5.2, and appendix A.3', async (t) => {
  const key = hex('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b');
  const text = new TextEncoder().encode('Cryptographic Forum Research Group');
  t.equal(poly1305(key, text).toHex(), 'a8061dc1305136c6c22b8baf0c0127a9');
  // Vectors 7 to 10: sums that reach or pass the prime.
  const EDGES: readonly (readonly [r: string, s: string, message: string, tag: string])[] = [
    ['02', '00', 'ff'.repeat(16), '03000000000000000000000000000000'],
    ['02', 'ff'.repeat(16), `02${'00'.repeat(15)}`, '03000000000000000000000000000000'],
    [
      '01',
      '00',
      `${'ff'.repeat(16)}f0${'ff'.repeat(15)}11${'00'.repeat(15)}`,
      '05000000000000000000000000000000',
    ],
    [
      '01',
      '00',
      `${'ff'.repeat(16)}fb${'fe'.repeat(15)}${'01'.repeat(16)}`,
      '00000000000000000000000000000000',
    ],
    ['02', '00', `fd${'ff'.repeat(15)}`, 'faffffffffffffffffffffffffffffff'],
  ];
  for (const [r, s, message, tag] of EDGES)
    t.equal(poly1305(hex(r.padEnd(32, '0') + s.padEnd(32, '0')), hex(message)).toHex(), tag);
  t.equal(poly1305(hex('00'.repeat(32)), new Uint8Array()).toHex(), '00'.repeat(16));
});

t.test('packets', async (t) => {
  const keys = new ChaCha(Uint8Array.from({ length: 64 }, (_, i) => i));
  const sent = keys.body(
    7,
    Uint8Array.from({ length: 40 }, (_, i) => i),
  );
  t.strictSame(
    [...keys.body(7, sent)],
    Array.from({ length: 40 }, (_, i) => i),
  );
  t.notSame(keys.body(8, sent), keys.body(7, sent), 'the number of the packet counts');
  const tag = keys.tag(7, sent);
  t.ok(keys.isTag(7, sent, tag));
  t.notOk(keys.isTag(8, sent, tag));
  for (let i = 0; i < sent.length; i++) {
    const changed = Uint8Array.from(sent);
    changed[i] = (changed[i] ?? 0) ^ 0x80;
    t.notOk(keys.isTag(7, changed, tag), `byte ${i}`);
  }
});
