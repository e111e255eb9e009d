/** Lines of a text that Python reads: `str.splitlines` ends them at more characters than others do. */
import { refuse } from '../../bytes/refusal.ts';

/** What ends a line for Python alone, or is a blank to one reader and not to another. */
const ODD = /[^\P{Cc}\t\n\r]|\r(?!\n)|[\u2028\u2029\ufeff]/u;

/** The lines of a text. Refuses `malformed-text`, with the line, for characters that Python takes for the end of one. */
export function pythonLines(text: string): readonly string[] {
  const at = text.search(ODD);
  if (at < 0) return text.split(/\r?\n/);
  throw refuse(
    'malformed-text',
    `line ${text.slice(0, at).split('\n').length}: a control character, or one that Python takes for the end of a line; end lines with line feeds, and take it out`,
  );
}
