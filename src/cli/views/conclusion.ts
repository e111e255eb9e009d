/** How `verify` ends, on a terminal and for machines. */
import { conclude, verdictCounts, type Told } from '../../words/conclusion.ts';
import type { ParsedStatement } from '../../statement/parse.ts';
import type { JsonValue, Output } from '../frame/output.ts';

/** The last lines about one set of evidence. */
export function conclusionLines(output: Output, told: Told, verified: boolean): readonly string[] {
  const { colour, word, lines } = conclude(told, verified);
  return [output.paint(colour, word), ...lines.map((each) => `  ${each}`)];
}

/** What the statement says, for machines: verdict → number of claims; null for a statement that is no proof. */
export function saysJson(statement: ParsedStatement | undefined): JsonValue {
  if (statement?.kind !== 'proof') return null;
  return Object.fromEntries(verdictCounts(statement.proof.results));
}
