/**
 * YAML as the library reads it, with two bounds that the library lacks. Values and names must have a UTF-8 form. Nesting is
 * bounded: the library's composer recurses for each level, so that a text of a kilobyte exhausts its stack. Levels are
 * therefore counted on the tokens, which the library makes without recursion.
 */
import {
  Composer,
  LineCounter,
  parseDocument,
  Parser,
  visit,
  type CST,
  type Document,
  type DocumentOptions,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml';
import { HALF_A_PAIR } from '../bytes/text.ts';

/** Most levels of lists and maps inside the outermost one. Nobody nests deeper by hand. */
export const MAX_DEPTH = 200;

type Options = ParseOptions & DocumentOptions & SchemaOptions;

/** What is wrong with a text. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  /** From 1. */
  readonly line: number;
}

/**
 * Every document of a text. `fault` makes the error to throw for the first problem, or warning, of it; its message names
 * no line. `lines` learns where lines begin.
 */
export function readDocuments(
  text: string,
  options: Options,
  lines: LineCounter,
  fault: (problem: Problem) => Error,
): readonly Document[] {
  const tokens = shallow(new Parser(lines.addNewLine).parse(text), lines, fault);
  const documents: readonly Document[] = [
    ...new Composer({ ...options, prettyErrors: false }).compose(tokens),
  ];
  for (const document of documents) {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined)
      throw fault({ code: problem.code, message: problem.message, line: lineOf(problem.pos[0], lines) });
    assertText(document, text, lines, fault);
  }
  assertEnded(documents.at(-1), text, lines, fault);
  return documents;
}

/**
 * The one document of a text. `fault` makes the error to throw for the first problem, or warning, of it; its message
 * names the line, and shows it where the library does.
 */
export function readDocument(
  text: string,
  options: Options,
  fault: (problem: Pick<Problem, 'message'>) => Error,
): Document.Parsed {
  const lines = new LineCounter();
  const ours = ({ message, line }: Problem): Error => fault({ message: `${message}, at line ${line}` });
  for (const _ of shallow(new Parser(lines.addNewLine).parse(text), lines, ours));
  const document = parseDocument(text, options);
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw fault({ message: problem.message.trimEnd() });
  assertText(document, text, lines, ours);
  return document;
}

/** How half of a surrogate pair can be written: a text that was decoded has none itself. */
const HALF = /\\(?:u|U0000)d[89a-f]/i;

/** Throws a fault for a value or a name that has no UTF-8. */
function assertText(
  document: Document,
  text: string,
  lines: LineCounter,
  fault: (problem: Problem) => Error,
): void {
  if (!HALF.test(text) && text.isWellFormed()) return;
  visit(document, {
    Scalar(_key, { value, range }) {
      if (typeof value === 'string' && !value.isWellFormed())
        throw fault({ code: NO_TEXT, message: HALF_A_PAIR, line: lineOf(range?.[0] ?? 0, lines) });
    },
  });
}

/**
 * Throws a fault for a block scalar at the end of a text that ends within its last line: its value ends in a line feed to some
 * readers (js-yaml, this library), and in none to others (PyYAML, go-yaml).
 */
function assertEnded(
  document: Document | undefined,
  text: string,
  lines: LineCounter,
  fault: (problem: Problem) => Error,
): void {
  if (document === undefined || text.endsWith('\n')) return;
  visit(document, {
    Scalar(_key, { type, value, range }) {
      const isBlock = type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED';
      if (isBlock && typeof value === 'string' && value.endsWith('\n') && (range?.[1] ?? 0) >= text.length)
        throw fault({ code: NOT_ENDED, message: UNENDED, line: lineOf(range?.[0] ?? 0, lines) });
    },
  });
}

function lineOf(offset: number, lines: LineCounter): number {
  return lines.linePos(offset).line;
}

/** Passes tokens on, unless lists and maps stand in each other beyond the bound. */
function* shallow(
  tokens: Iterable<CST.Token>,
  lines: LineCounter,
  fault: (problem: Problem) => Error,
): Generator<CST.Token> {
  for (const token of tokens) {
    const deep = deepestAt(token);
    if (deep !== undefined) throw fault({ code: TOO_DEEP, message: NESTED, line: lineOf(deep, lines) });
    yield token;
  }
}

/** Codes of problems that are ours. */
export const TOO_DEEP = 'TOO_DEEP';
const NO_TEXT = 'NO_TEXT';
const NOT_ENDED = 'NOT_ENDED';
const UNENDED =
  'readers differ on this block scalar, since the text ends without a line feed; end its last line with one';
const NESTED = `lists and maps are nested deeper than ${MAX_DEPTH}`;

/** Offset of a list or map that is nested too deeply. A loop and not recursion, which deep nesting would exhaust. */
function deepestAt(document: CST.Token): number | undefined {
  const open: { readonly token: CST.Token; readonly depth: number }[] =
    document.type === 'document' && document.value ? [{ token: document.value, depth: 0 }] : [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (!('items' in token)) continue;
    if (depth > MAX_DEPTH) return token.offset;
    for (const { key, value } of token.items)
      for (const child of [key, value]) if (child) open.push({ token: child, depth: depth + 1 });
  }
  return undefined;
}
