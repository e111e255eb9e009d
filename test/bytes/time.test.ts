/** Times as texts: one spelling, read back to the second; nothing else is a time. */
import fc from 'fast-check';
import t from 'tap';
import { formatTime, parseTime } from '#src/bytes/time.ts';

t.test('every second prints and reads back', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }), (seconds) => {
      t.ok(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(formatTime(seconds)));
      return parseTime(formatTime(seconds)) === seconds;
    }),
  );
  t.equal(formatTime(1_800_000_000.9), '2027-01-15T08:00:00Z', 'a fraction is not told');
  t.equal(formatTime(Infinity), '+275760-09-13T00:00:00Z', 'the last second that a Date holds');
});

t.test('what does not print back is no time', async (t) => {
  for (const text of [
    '',
    '2027-02-30T00:00:00Z',
    '2027-01-31',
    '2027-01-31T12:00:00',
    '2027-01-31T12:00:00+00:00',
    '2027-01-31T12:00:00.000Z',
    '2027-01-31T24:00:00Z',
    '2027-01-31T12:00:60Z',
    '2027-1-31T12:00:00Z',
    ' 2027-01-31T12:00:00Z',
    '2027-01-31t12:00:00z',
  ])
    t.equal(parseTime(text), undefined, text);
});
