/** CSV (RFC 4180) that spreadsheets open without running anything of it. */

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** What has to stand in quotes. */
const QUOTED = /[",\r\n]/;

/**
 * Rows as CSV (spec/bundle.md, "Its JSON and CSV"): each line ends with one line feed, the last one too. A text that a spreadsheet would take for a formula gets an
 * apostrophe before it, so that text of a stranger is shown and never computed. Numbers stay as they are.
 */
export function formatCsv(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map(field).join(',')}\n`).join('');
}

function field(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
