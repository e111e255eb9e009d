/**
 * Made texts against the lexer of nginx of this machine: node test/corpus/nginx-made.ts [--runs N] [--seed N]. Run by hand;
 * spec/claims.md has the counts. In `types { … }` nginx takes any words, and names those that it has seen before.
 */
import fc from 'fast-check';
import { parseArgs } from 'node:util';
import { lexed, lexicalLine, NginxOracle } from '../support/nginx-oracle.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});
const piece = fc.constantFrom(
  'a',
  'b',
  'word',
  ' ',
  ' ',
  ' ',
  ' ',
  ';',
  ';\n',
  ';\n',
  '\n',
  '\t',
  '\r\n',
  '"',
  "'",
  '\\',
  '\\n',
  '\\t',
  '\\"',
  '$',
  '${',
  '${a}',
  '}',
  '{',
  '#',
  '# x\n',
  '(',
  ')',
  '"a b"',
  "'c;'",
  '"\\\\"',
  'é',
  '=',
  '~',
);
const soup = fc.array(piece, { maxLength: 24 }).map((parts) => parts.join(''));
const part = fc.constantFrom(
  'a',
  'B',
  'é',
  '\\n',
  '\\"',
  '\\\\',
  '\\.',
  '\\;',
  '$x',
  '${x}',
  '${',
  '}',
  '#',
  '(',
  ')',
  '=',
  '~',
);
const inQuotes = fc.constantFrom(' ', ';', '{', '\n', 'a', '\\t', '\\"', "\\'", '\\x', '$', '#');
const word = fc.oneof(
  fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
  fc
    .tuple(fc.constantFrom('"', "'"), fc.array(inQuotes, { maxLength: 4 }))
    .map(([quote, parts]) => `${quote}${parts.join('')}${quote}`),
);
const statement = fc
  .tuple(
    fc.array(word, { minLength: 1, maxLength: 3 }),
    fc.constantFrom(' ', '\n', '\t '),
    fc.constantFrom(';', ' ;', ';\n', '; # x;\n'),
  )
  .map(([words, blank, end]) => words.join(blank) + end);
const texts = fc.oneof(soup, {
  weight: 3,
  arbitrary: fc.array(statement, { minLength: 1, maxLength: 4 }).map((all) => all.join('')),
});
const oracle = new NginxOracle();
const counts: Record<string, number> = {};
const wrapped = (text: string): string => `events {} http { types_hash_max_size 65536; types { ${text} } }`;

function kindOf(text: string): string {
  const here = lexed(wrapped(text));
  const { code, err } = oracle.test({ 'nginx.conf': wrapped(text) });
  const line = lexicalLine(err);
  if (typeof here === 'number') {
    // Here lexing goes on where nginx ends: at a block in `types`, or at a name that it does not know.
    if (line === undefined)
      return /unknown directive|not allowed here|is not terminated/.test(err)
        ? 'no matter of the lexer'
        : 'refused here alone';
    if (line === here) return 'refused by both';
    return line < here && err.includes('unexpected "{"')
      ? 'refused by both, for its braces'
      : 'refused in another line';
  }
  const ends = here.map((words) => words.at(-1));
  const depth = ends.reduce((sum, end) => sum + (end === '{' ? 1 : end === '}' ? -1 : 0), 0);
  if (line !== undefined && (ends.filter((end) => end === '{').length > 3 || depth !== 0))
    return 'refused by both, for its braces';
  if (line !== undefined) return 'refused by nginx alone';
  if (code !== 0) return 'no matter of the lexer';
  const twice = oracle.test({ 'nginx.conf': wrapped(`${text}\n${text}`) });
  const types = here.slice(5).filter((words) => words.at(-1) === ';');
  const missing = types.flatMap(([type = '', ...words]) =>
    words.slice(0, -1).filter((word) => {
      const low = word.replaceAll(/[A-Z]/g, (one) => one.toLowerCase());
      return !twice.err.includes(`duplicate extension "${low}", content type: "${type}"`);
    }),
  );
  return missing.length === 0 ? 'right' : 'wrong';
}

for (const text of fc.sample(texts, { numRuns: Number(values.runs), seed: Number(values.seed) })) {
  const kind = kindOf(text);
  counts[kind] = (counts[kind] ?? 0) + 1;
  if (/alone|wrong|another/.test(kind) && (counts[kind] ?? 0) <= 5)
    console.log(
      kind,
      JSON.stringify(text),
      JSON.stringify(lexed(wrapped(text))),
      oracle.test({ 'nginx.conf': wrapped(text) }).err.slice(0, 300),
    );
}
console.log(counts);
oracle.end();
