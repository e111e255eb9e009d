/** What looks like a person in a text (src/bytes/personal.ts). */
import fc from 'fast-check';
import t from 'tap';
import { personsIn } from '#src/bytes/personal.ts';

t.test('e-mail addresses and full names', async (t) => {
  const found: [string, string[]][] = [
    ['Alice Smith', ['Alice Smith']],
    ['approved by Jürgen Müller-Lüdenscheidt', ['Jürgen Müller-Lüdenscheidt']],
    ["J. R. O'Hara said so", ["J. R. O'Hara"]],
    ['Ludwig van Beethoven', ['Ludwig van Beethoven']],
    ['ask alice@example.com', ['alice@example.com']],
    ['Alice Smith <alice.smith+x@mail.example.co.uk>', ['alice.smith+x@mail.example.co.uk', 'Alice Smith']],
    ['Мария Иванова', ['Мария Иванова']],
  ];
  for (const [text, persons] of found) t.strictSame(personsIn(text), persons, text);
});

t.test('roles, pseudonyms and other words are none', async (t) => {
  for (const text of [
    'payments CI',
    'Payments Team',
    'Platform Security',
    'Head of Security',
    'Alice',
    'approver-7',
    'first approver key',
    'the log itself, for witnessed heads',
    'CHG-1: the old terminal speaks TLS 1.2 until its replacement on 1 December',
    'laptop stolen',
    'urn:example:alice',
    'a@b',
    'git@host',
    'On-Call Lead',
    'TLS Minimum',
    '',
  ])
    t.strictSame(personsIn(text), [], text);
});

t.test('no text makes it slow or throws', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => personsIn(text).length <= 100),
  );
  const began = performance.now();
  for (const text of [
    'A'.repeat(2_048),
    'Aa '.repeat(680),
    'a@'.repeat(1_000),
    "A'a-".repeat(500),
    'Aa-'.repeat(680),
  ])
    personsIn(text);
  t.ok(performance.now() - began < 5_000, 'a bound against exponential time, not a measurement');
});
