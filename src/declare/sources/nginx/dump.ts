/** The files in a dump of `nginx -T`: each after a line `# configuration file NAME:` (nginx.c). */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import type { SourceText } from '../source.ts';

/** Lines end at a line feed alone. */
const HEADER = /(?<=^|\n)# configuration file (\/[^\n]*):(?=\n|$)/g;

/** The files, the main one first; undefined if the text is no dump. What nginx says of the syntax may stand before them. */
export function filesOfDump(text: string): readonly SourceText[] | undefined {
  const plain = text.replaceAll('\r\n', '\n').replace(/^(?:nginx: [^\n]*\n)+/, '');
  if (!plain.startsWith('# configuration file /')) return undefined;
  const found = [...plain.matchAll(HEADER)];
  const files = new Map<string, string>();
  for (const [i, { 0: header, 1: name = '', index }] of found.entries()) {
    const content = plain.slice(index + header.length + 1, found[i + 1]?.index);
    if (files.has(name))
      throw refuse(
        'malformed-text',
        `the dump has ${printable(name)} twice: a file in it seems to be a dump, or says so in a comment; name the files`,
      );
    // Lines of a file count from its first.
    files.set(name, content);
  }
  return [...files].map(([name, content]) => ({ name, text: content }));
}
