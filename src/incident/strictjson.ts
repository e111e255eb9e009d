/**
 * JSON that every parser reads alike: nested no deeper than need be, and no name twice in one object, of
 * which parsers keep the first, the last or both. `JSON.parse` alone checks neither.
 */
import { refuse } from '../bytes/refusal.ts';

/** Reads JSON. Refuses `malformed-incident`: not JSON, deeper than `maxDepth`, or a name twice. */
export function parseStrictJson(text: string, maxDepth: number): unknown {
  assertShape(text, maxDepth);
  try {
    return JSON.parse(text);
  } catch {
    throw refuse('malformed-incident', 'the file is not JSON; it may have been cut off');
  }
}

/** One pass, before anything is built. What is not JSON at all is left for `JSON.parse` to find. */
function assertShape(text: string, maxDepth: number): void {
  const names: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (c === '{' || c === '[') {
      names.push(new Set());
      if (names.length > maxDepth) throw refuse('malformed-incident', 'the file is nested too deeply');
    } else if (c === '}' || c === ']') {
      names.pop();
    } else if (c === '"') {
      const end = endOfString(text, at);
      if (isName(text, end)) addName(names.at(-1), text.slice(at, end));
      at = end - 1;
    }
  }
}

/** Whether a string that ends there is the name of a field. */
function isName(text: string, end: number): boolean {
  let at = end;
  while (' \t\r\n'.includes(text[at] ?? ':')) at++;
  return text[at] === ':';
}

/** Where the string that begins at `start` ends: just after its closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  throw refuse('malformed-incident', 'the file ends within a text; it was cut off');
}

function addName(names: Set<string> | undefined, quoted: string): void {
  // No name of ours needs an escape, and an escape could hide that a name comes twice.
  if (quoted.includes('\\')) throw refuse('malformed-incident', 'a field name has an escape');
  if (names?.has(quoted) === true)
    throw refuse('malformed-incident', `the field ${quoted.slice(0, 40)} comes twice`);
  names?.add(quoted);
}
