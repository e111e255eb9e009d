/** The auditor's list beside the subjects of a log. */
import t from 'tap';
import { inventoryOf, populationOf } from '#src/audit/inventory.ts';
import { csvRecords } from '#src/audit/node/csv.ts';

const FILE = [
  '\u{FEFF}name,subject,controls',
  'Shop,web/shop,SOC2-2017 CC6.7; SOC2-2017  CC7.1',
  '"Databases, all",db/*,"HIPAA-164.312 (e)(1)"',
  '',
  'Payroll,hr/payroll,',
].join('\r\n');

t.test('a file that a spreadsheet wrote', (t) => {
  const rows = inventoryOf(csvRecords(FILE));
  t.strictSame(
    rows.map(({ name, subject }) => [name, subject]),
    [
      ['Shop', 'web/shop'],
      ['Databases, all', 'db/*'],
      ['Payroll', 'hr/payroll'],
    ],
  );
  t.strictSame(rows[0]?.controls, ['SOC2-2017 CC6.7', 'SOC2-2017 CC7.1']);
  t.strictSame(rows[2]?.controls, []);
  t.end();
});

t.test('both, the inventory only, the log only', (t) => {
  const rows = inventoryOf(csvRecords(FILE));
  const { both, inventoryOnly, logOnly } = populationOf(rows, ['web/shop', 'db/a', 'db/b', 'db/b/deep', 'x']);
  t.strictSame(
    both.map(({ row, subjects }) => [row.name, subjects]),
    [
      ['Shop', ['web/shop']],
      ['Databases, all', ['db/a', 'db/b']],
    ],
  );
  t.strictSame(
    inventoryOnly.map(({ name }) => name),
    ['Payroll'],
  );
  t.strictSame(logOnly, ['db/b/deep', 'x']);
  t.end();
});

t.test('what is no inventory is refused, naming the line', (t) => {
  const refused = (text: string, message: RegExp): void => {
    t.throws(() => inventoryOf(csvRecords(text)), { code: 'malformed-text', message });
  };
  refused('', /line 1: the header is/);
  refused('name;subject\na;b', /line 1: the header is/);
  refused('name,subject,owner\na,b,c', /not owner/);
  refused('name,subject,name\na,b,c', /twice/);
  refused('name,subject', /no row/);
  refused('name,subject\n,web', /line 2: a system has no name/);
  refused('name,subject\na,', /line 2/);
  refused('name,subject\na,w?b', /line 2/);
  refused('name,subject,controls\na,b,CC6.7', /FRAMEWORK ITEM/);
  refused('name,subject\na,b,c', /the CSV file/);
  refused('name,subject\n"a,b', /the CSV file/);
  t.end();
});
