/**
 * Lines of pg_hba.conf and pg_ident.conf as the server takes them apart (src/backend/libpq/hba.c: tokenize_auth_file, next_token,
 * next_field_expand): fields with blanks between them, each a list of tokens with commas between them.
 */
import { printable } from '../../../bytes/printable.ts';
import type { SourceText } from '../source.ts';
import { descend, fault, type GivenFiles, type Place } from './given.ts';
import { normal } from '../paths.ts';

export interface Token {
  readonly text: string;
  /** It begins with a quote: no keyword, no group and no file. */
  readonly quoted: boolean;
}

export type Field = readonly Token[];

/** A record: its fields, and where it begins. */
export interface Line extends Place {
  readonly fields: readonly Field[];
}

/** All records, each included file where it is included. Refuses `malformed-text`, `not-found`. */
export function readLines(
  text: SourceText,
  given: GivenFiles,
  stack: readonly string[] = [normal(text.name)],
): readonly Line[] {
  const lines: Line[] = [];
  for (const { line, content } of joined(text, given)) {
    const at = { file: text.name, line };
    const fields = fieldsOf(content, at).map((field) => expanded(field, at, given, stack));
    if (fields.length === 0) continue;
    const included = filesOf(fields, at, given);
    if (included === undefined) lines.push({ ...at, fields });
    for (const each of included ?? [])
      for (const inner of descend(stack, each, at, (deeper) => readLines(each, given, deeper)))
        lines.push(inner);
  }
  return lines;
}

/** Most characters of a record, over all of its lines. */
const MAX_RECORD = 65_536;

/** Lines of a file; one that ends in a backslash goes on in the next. */
function* joined(
  text: SourceText,
  given: GivenFiles,
): Generator<{ readonly line: number; readonly content: string }> {
  let open: { readonly line: number; readonly content: string; readonly scan: Scan } | undefined;
  for (const [i, raw] of given.linesOf(text).entries()) {
    const part = raw.replace(/\r+$/, '');
    const at = { file: text.name, line: i + 1 };
    const goesOn = part.endsWith('\\');
    const scan = scanned(part, open?.scan ?? 'plain');
    const content = (open?.content ?? '') + (goesOn ? part.slice(0, -1) : part);
    if (content.length > MAX_RECORD) throw fault(at, `a rule of more than ${MAX_RECORD} characters`);
    if (goesOn && scan === 'comment')
      throw fault(at, 'a comment that ends in a backslash swallows the next line; take the backslash out');
    open = { line: open?.line ?? i + 1, content, scan };
    if (goesOn) continue;
    yield open;
    open = undefined;
  }
  if (open !== undefined) yield open;
}

/** Where a line ends. */
type Scan = 'plain' | 'quote' | 'comment';

function scanned(part: string, from: Scan): Scan {
  let at = from;
  for (const c of part) {
    if (c === '"' && at !== 'comment') at = at === 'quote' ? 'plain' : 'quote';
    else if (c === '#' && at === 'plain') return 'comment';
  }
  return at;
}

const BLANK = /[ \t\r]/;

/** The fields of a line. */
function fieldsOf(content: string, at: Place): readonly Field[] {
  const fields: Field[] = [];
  let field: Token[] = [];
  let index = 0;
  for (;;) {
    const start = skipped(content, index);
    // A comma after a blank separates nothing: the server takes what follows for the next field.
    if (field.length === 0 && content.slice(index, start).includes(','))
      throw fault(
        at,
        'a comma follows a blank, and the server takes what stands after it for another field; put it at the word before it',
      );
    const { token, end, comma } = tokenAt(content, start, at);
    if (token === undefined) {
      if (field.length > 0) throw fault(at, 'a list ends in a comma; take it out');
      return fields;
    }
    field.push(token);
    index = end;
    if (comma) continue;
    fields.push(field);
    field = [];
  }
}

function skipped(content: string, from: number): number {
  let index = from;
  while (index < content.length && (BLANK.test(content.charAt(index)) || content.charAt(index) === ','))
    index += 1;
  return index;
}

interface Found {
  /** Undefined at the end of the line, and before a comment. */
  readonly token: Token | undefined;
  readonly end: number;
  /** A comma ends it: the next token belongs to the same field. */
  readonly comma: boolean;
}

function tokenAt(content: string, start: number, at: Place): Found {
  let text = '';
  let [inQuote, sawQuote, quoted] = [false, false, false];
  let index = start;
  for (; index < content.length; index++) {
    const c = content.charAt(index);
    if (!inQuote && BLANK.test(c)) break;
    if (!inQuote && c === '#') {
      index = content.length;
      break;
    }
    if (!inQuote && c === ',') return { token: { text, quoted }, end: index + 1, comma: true };
    if (c !== '"') text += c;
    else if (inQuote && content.charAt(index + 1) === '"') {
      text += c;
      index += 1;
    } else {
      inQuote = !inQuote;
      sawQuote = true;
      if (text === '') quoted = true;
    }
  }
  if (inQuote)
    throw fault(at, 'a quote is not closed, and the server takes the rest of the line into it; close it');
  const token = sawQuote || text !== '' ? { text, quoted } : undefined;
  return { token, end: index, comma: false };
}

/** A field in which each `@file` is replaced by the tokens of that file. */
function expanded(field: Field, at: Place, given: GivenFiles, stack: readonly string[]): Field {
  return field.flatMap((token) => {
    if (token.quoted || token.text.length < 2 || !token.text.startsWith('@')) return [token];
    const file = given.find(token.text.slice(1), at);
    if (file === undefined)
      throw fault(at, `the file ${printable(token.text)} is not there; make it, or take it out of the list`);
    return descend(stack, file, at, (deeper) =>
      Array.from(joined(file, given)).flatMap(({ line, content }) => {
        const within = { file: file.name, line };
        return fieldsOf(content, within).flatMap((each) => expanded(each, within, given, deeper));
      }),
    );
  });
}

/** The files that a record includes (PostgreSQL 16 and later); undefined if it is none. */
function filesOf(fields: readonly Field[], at: Place, given: GivenFiles): readonly SourceText[] | undefined {
  const [[word] = [], [path] = []] = fields;
  const name = word?.text;
  if (fields.length !== 2 || path === undefined) return undefined;
  if (name !== 'include' && name !== 'include_if_exists' && name !== 'include_dir') return undefined;
  if (name === 'include_dir') return given.folder(path.text, at);
  const file = given.find(path.text, at);
  if (file !== undefined) return [file];
  if (name === 'include_if_exists') return [];
  throw fault(at, 'it includes a file that is not there; make the file, or take the line out');
}
