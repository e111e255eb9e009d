/** Verdicts and tables on a terminal. */
import { verdictText } from '../../appraisal/subject.ts';
import type { ClaimStatus } from '../../appraisal/appraise.ts';
import { COLOURS } from '../../words/results.ts';
import type { Output } from '../frame/output.ts';

/** A verdict in its colour, padded: only PROVEN is green. What a waiver hides has its own colour. */
export function paintVerdict(
  output: Output,
  {
    verdict,
    hidden,
    stands = false,
  }: Pick<ClaimStatus, 'verdict' | 'hidden'> & Partial<Pick<ClaimStatus, 'stands'>>,
  width = 0,
): string {
  const text = verdictText({ verdict, hidden, stands });
  const painted = output.paint(COLOURS[verdict], text.slice(0, verdict.length));
  const rest = text.slice(verdict.length);
  const shown =
    hidden === undefined ? `${painted}${rest}` : `${painted} ${output.paint(COLOURS[hidden], rest.trim())}`;
  return shown + ' '.repeat(Math.max(0, width - text.length));
}

/** Rows with aligned columns; `paint` gets cells that are padded already. */
export function table(
  rows: readonly (readonly string[])[],
  paint: (cell: string, column: number, row: number) => string,
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row, n) =>
    row
      .map((cell, i) => paint(cell.padEnd(widths[i] ?? 0), i, n))
      .join('  ')
      .trimEnd(),
  );
}
