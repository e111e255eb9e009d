/**
 * Which calls in the files of a chart keep it from being declared. Where some template renders a text (`tpl`), every text that
 * the charts or the user bring may be the one: all files, their names, the user's values, and texts within actions. Such a text
 * is read as it stands, and with the escapes of YAML, JSON, TOML and Go undone.
 */
import { printable } from '../../../bytes/printable.ts';
import { refuse, type Refusal } from '../../../bytes/refusal.ts';
import { within } from '../../../bytes/within.ts';
import { decodeSource } from '../../encoding.ts';
import { unescapedText } from './actions.ts';
import { scanTemplate, UNKNOWN, type Call, type Scanned } from './calls.ts';

/** The files of each chart by path within it, by the path of the chart. */
type Charts = ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;

/** A text that may be rendered, with the path of its file and the lines before it. */
interface Rendered {
  readonly path: string;
  readonly text: string;
  readonly above: number;
}

/** Calls by the path of their file. `values`: the user's files of values by name. Refuses `malformed-text` for what is no template. */
export function callsIn(
  charts: Charts,
  values: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly Call[]> {
  const found = new Map<string, readonly Call[]>();
  const add = (path: string, calls: readonly Call[]): void => {
    if (calls.length > 0) found.set(path, [...(found.get(path) ?? []), ...calls]);
  };
  const texts: Rendered[] = Array.from(values, ([path, text]) => ({ path, text, above: 0 }));
  let renders = false;
  for (const { path, bytes, isTemplate } of filesOf(charts)) {
    texts.push({ path, text: path, above: 0 });
    if (!isTemplate) continue;
    // NOTES.txt too: it is rendered with the rest, and what it sets in the values the others see.
    const scanned = templateAt(path, bytes);
    add(path, scanned.calls);
    renders ||= scanned.tpl !== undefined;
    for (const { text, line } of scanned.texts) texts.push({ path, text, above: line - 1 });
  }
  if (!renders) return found;
  for (const { path, bytes, isTemplate } of filesOf(charts))
    if (!isTemplate) texts.push({ path, text: textIn(bytes), above: 0 });
  for (const { path, text, above } of texts)
    add(
      path,
      unlike(callsOfRendered(text)).map((call) => ({ ...call, line: call.line + above })),
    );
  return found;
}

function* filesOf(
  charts: Charts,
): Generator<{ readonly path: string; readonly bytes: Uint8Array; readonly isTemplate: boolean }> {
  for (const [at, files] of charts)
    for (const [path, bytes] of files)
      yield { path: at + path, bytes, isTemplate: path.startsWith('templates/') };
}

function templateAt(path: string, bytes: Uint8Array): Scanned {
  const scanned = scanTemplate(within('same', printable(path), () => decodeSource(bytes)));
  if (scanned.fault !== undefined) throw faulty(path, scanned.fault);
  return scanned;
}

function faulty(path: string, { line, what }: { readonly line: number; readonly what: string }): Refusal {
  return refuse('malformed-text', `${printable(path)}, line ${line}: ${what}`);
}

/** Bytes as a template, or helm's reader of YAML, would see them. */
function textIn(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isLittle = first === 0xff && second === 0xfe;
  const isBig = first === 0xfe && second === 0xff;
  return new TextDecoder(isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8').decode(bytes);
}

/** How deep texts within actions of texts are looked through, and how often escapes within escapes are undone. */
const MAX_DEPTH = 8;
const MAX_ESCAPES = 3;

/** Escapes that can stand for a brace or a quote of an action, or for nothing. */
const HIDES = /\\(?:x|u|U|[0-7]{3}|\r?\n)/;
/** A tag of YAML that says base64, or that may. */
const BINARY = /(?:^|[\s,[{])!\S{0,200}(?:binary|%[0-9A-Fa-f]{2})|^%TAG\b/m;

/**
 * What a text could call if it were rendered. One that calls what helm does not know cannot be rendered. Half an action may become
 * a whole one beside another text.
 */
function callsOfRendered(text: string, depth = 0): readonly Call[] {
  const calls: Call[] = [];
  const tag = BINARY.exec(text);
  if (depth === 0 && tag !== null) calls.push(hidden(lineAt(text, tag.index), 'base64 of YAML'));
  if (text.includes('{{')) calls.push(...callsOfTemplate(text, depth));
  let [before, after] = [text, unescapedText(text)];
  for (let i = 0; i < (depth === 0 ? MAX_ESCAPES : 1) && after !== before; i++) {
    if (countOf(after) > countOf(before)) calls.push(hidden(lineOfEscape(before), 'an escape of a brace'));
    // Without such an escape, a part of an action that is none in the text as it stands is an accident of reading it so.
    const isOther = HIDES.test(before);
    if (after.includes('{{'))
      calls.push(...callsOfTemplate(after, depth).filter(({ name }) => name !== 'tpl' || isOther));
    [before, after] = [after, unescapedText(after)];
  }
  return calls;
}

function callsOfTemplate(text: string, depth: number): readonly Call[] {
  const { calls, fault, texts } = scanTemplate(text);
  const found = calls.filter(({ why }) => why !== UNKNOWN);
  if (fault !== undefined) found.push(hidden(fault.line, 'a part of an action'));
  for (const { text: inner, line } of texts) {
    if (depth >= MAX_DEPTH) found.push(hidden(line, 'texts that stand in each other too deep'));
    else
      for (const call of callsOfRendered(inner, depth + 1))
        found.push({ ...call, line: call.line + line - 1 });
  }
  return found;
}

function hidden(line: number, what: string): Call {
  return { name: 'tpl', line, why: `it may render this text, which has ${what}` };
}

function countOf(text: string): number {
  return text.split('{{').length;
}

function lineOfEscape(text: string): number {
  return lineAt(text, Math.max(text.search(HIDES), 0));
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

/** Each call of a line once. */
function unlike(calls: readonly Call[]): readonly Call[] {
  return [...new Map(calls.map((call) => [`${call.line} ${call.name} ${call.why}`, call])).values()];
}
