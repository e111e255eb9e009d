/**
 * postgresql.conf as the server reads it (src/backend/utils/misc/guc-file.l): a name, perhaps `=`, and one value on a line. The
 * last line of a setting counts, across all files, each included file where it is included.
 */
import { decodeUtf8, encodeUtf8 } from '../../../bytes/text.ts';
import { concatBytes } from '../../../bytes/compare.ts';
import type { SourceText } from '../source.ts';
import { normal } from '../paths.ts';
import { descend, fault, lastOf, type GivenFiles, type Place } from './given.ts';
import { OLD_NAMES } from './types.ts';

/** A line that sets something. */
export interface ConfLine extends Place {
  /** In lower case, and as the server calls it now. */
  readonly name: string;
  /** The text between the quotes, with their escapes undone. */
  readonly text: string;
}

/** Longest name of a setting, in bytes. */
const MAX_NAME = 255;

/** All lines that set something, in the order in which the server takes them. Refuses `malformed-text`, `not-found`. */
export function readConf(
  text: SourceText,
  given: GivenFiles,
  stack: readonly string[] = [normal(text.name)],
): readonly ConfLine[] {
  const lines: ConfLine[] = [];
  for (const [i, line] of given.linesOf(text).entries()) {
    const at = { file: text.name, line: i + 1 };
    const found = settingIn(line, at);
    if (found === undefined) continue;
    const included = filesOf(found, given);
    if (included === undefined) lines.push(found);
    if (included?.some(isAuto) === true) throw fault(at, AUTO_INCLUDED);
    for (const each of included ?? [])
      for (const inner of descend(stack, each, at, (deeper) => readConf(each, given, deeper)))
        lines.push(inner);
  }
  return lines;
}

/** What ALTER SYSTEM wrote, which the server reads last. */
export function isAuto({ name }: SourceText): boolean {
  return lastOf(normal(name)) === 'postgresql.auto.conf';
}

const AUTO_INCLUDED =
  'it includes postgresql.auto.conf, which the server reads after all other files in any case; take the line out';

/** The files that a line includes; undefined if it sets something. */
function filesOf({ name, text, ...at }: ConfLine, given: GivenFiles): readonly SourceText[] | undefined {
  if (name !== 'include' && name !== 'include_if_exists' && name !== 'include_dir') return undefined;
  if (text.trim() === '') throw fault(at, `${name} names no file; write its path in quotes`);
  if (name === 'include_dir') return given.folder(text, at);
  const file = given.find(text, at);
  if (file !== undefined) return [file];
  if (name === 'include_if_exists') return [];
  throw fault(
    at,
    'it includes a file that is not there, and the server would not start; make the file, or take the line out',
  );
}

type Kind = 'id' | 'qualified' | 'string' | 'text' | 'integer' | 'real' | '=';

const LETTER = String.raw`[A-Za-z_\u0080-\u{10ffff}]`;
const MORE = String.raw`[A-Za-z_0-9\u0080-\u{10ffff}]`;
const ID = `${LETTER}${MORE}*`;
/** The tokens of guc-file.l, in its order: the longest counts, and of two as long the first. */
const TOKENS: readonly (readonly [Kind, RegExp])[] = [
  ['id', new RegExp(ID, 'uy')],
  ['qualified', new RegExp(String.raw`${ID}\.${ID}`, 'uy')],
  ['string', /'(?:[^'\\]|\\[^]|'')*'/uy],
  ['text', new RegExp(String.raw`${LETTER}(?:${MORE}|[-._:/])*`, 'uy')],
  ['integer', /[-+]?(?:0x[0-9a-fA-F]+|[0-9]+)[a-zA-Z]*/uy],
  ['real', /[-+]?[0-9]*\.[0-9]*(?:[Ee][-+]?[0-9]+)?/uy],
  ['=', /[=]/uy],
];

interface Token {
  readonly kind: Kind;
  readonly text: string;
}

/** The tokens of a line up to its comment; undefined in place of what is no token. */
function* tokensOf(line: string): Generator<Token | undefined> {
  let at = 0;
  while (at < line.length) {
    const next = line.charAt(at);
    if (next === '#') return;
    if (next === ' ' || next === '\t' || next === '\r') {
      at += 1;
      continue;
    }
    const token = tokenAt(line, at);
    yield token;
    if (token === undefined) return;
    at += token.text.length;
  }
}

function tokenAt(line: string, at: number): Token | undefined {
  let best: Token | undefined;
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = at;
    const [text = ''] = pattern.exec(line) ?? [];
    if (text.length > (best?.text.length ?? 0)) best = { kind, text };
  }
  return best;
}

/** What a line sets; undefined for a line that is empty or a comment. */
function settingIn(line: string, at: Place): ConfLine | undefined {
  // A name, an equals sign, a value, and what must not follow.
  const tokens = Array.from(tokensOf(line).take(4));
  if (tokens.length === 0) return undefined;
  const [name, ...after] = tokens;
  if (name?.kind !== 'id' && name?.kind !== 'qualified') throw fault(at, noName(name));
  const [value, ...more] = after[0]?.kind === '=' ? after.slice(1) : after;
  if (value === undefined || value.kind === '=' || value.kind === 'qualified')
    throw fault(at, `the value of ${name.text} is no value to the server; ${QUOTE}`);
  if (more.length > 0) throw fault(at, `something follows the value of ${name.text}; ${QUOTE}`);
  if (encodeUtf8(name.text).length > MAX_NAME) throw fault(at, `a name of more than ${MAX_NAME} bytes`);
  // The server compares names by ASCII's letters alone.
  const low = name.text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return {
    ...at,
    name: OLD_NAMES.get(low) ?? low,
    text: value.kind === 'string' ? unquoted(value.text, at) : value.text,
  };
}

const QUOTE = "write it as name = 'value', with ' in the value as ''";

function noName(token: Token | undefined): string {
  return token?.kind === 'text'
    ? 'the name of a setting has letters, digits and _, with one dot at most'
    : `the line does not begin with the name of a setting; ${QUOTE}`;
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** The text of a quoted value: '' is one quote, and a backslash begins an escape of C (guc-file.l, DeescapeQuotedString). */
function unquoted(quoted: string, at: Place): string {
  const parts: Uint8Array[] = [];
  for (const [part] of quoted.slice(1, -1).matchAll(/\\[0-7]{1,3}|\\[^]|''|[^\\']+/gu)) {
    if (/^\\[0-7]/.test(part)) parts.push(Uint8Array.of(Number.parseInt(part.slice(1), 8) & 0xff));
    else if (part === "''") parts.push(encodeUtf8("'"));
    else if (part.startsWith('\\')) parts.push(encodeUtf8(ESCAPES[part.slice(1)] ?? part.slice(1)));
    else parts.push(encodeUtf8(part));
  }
  const bytes = concatBytes(...parts);
  if (bytes.includes(0)) throw fault(at, 'a zero byte ends the value for the server; take \\0 out of it');
  try {
    return decodeUtf8(bytes);
  } catch {
    throw fault(at, 'the bytes that octal escapes stand for are not UTF-8; write the characters themselves');
  }
}
