/** CSV whose text no spreadsheet computes, and which a reader of CSV gives back. */
import fc from 'fast-check';
import t from 'tap';
import { formatCsv } from '#src/bytes/csv.ts';
import { csvRecords } from '#src/audit/node/csv.ts';

t.test('quotes, commas, line ends and formulas', (t) => {
  t.equal(formatCsv([['a', 'b,c', 'd"e', 1]]), 'a,"b,c","d""e",1\n');
  t.equal(formatCsv([['=1+1', '+1', '-1', '@x', '\tx', -1]]), "'=1+1,'+1,'-1,'@x,'\tx,-1\n");
  t.equal(formatCsv([['a\r\nb', '=a,b']]), '"a\r\nb","\'=a,b"\n');
  t.end();
});

t.test('what is written is read back, but for the apostrophe', (t) => {
  const text = fc.string({ minLength: 1, maxLength: 20 });
  const rows = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(rows, (each) => {
      const shown = each.map((row) => row.map((one) => (/^[=+\-@\t\r]/.test(one) ? `'${one}` : one)));
      t.strictSame(csvRecords(formatCsv([['x', 'y'], ...each])).slice(1), shown);
    }),
  );
  t.end();
});
