/** Functions on texts, with what each costs. Positions and sizes count code points, as CEL does. */
import { MAX_ITEMS, MAX_TEXT, textCost, Unjudged, type Meter } from './meter.ts';
import { kindOf, type Cel } from './value.ts';

/** `text.name(given…)`; the functions that need more than texts are in run.ts. */
export function callText(name: string, text: string, given: readonly Cel[], meter: Meter): Cel {
  const [first, second] = given;
  switch (name) {
    case 'contains':
      return contains(text, textOf(first, name), meter);
    case 'startsWith':
      return startsWith(text, textOf(first, name), meter);
    case 'endsWith':
      return endsWith(text, textOf(first, name), meter);
    case 'indexOf':
      return indexOf(text, textOf(first, name), meter);
    case 'lastIndexOf':
      return indexOf(text, textOf(first, name), meter, true);
    case 'split':
      return split(text, textOf(first, name), meter);
    case 'lowerAscii':
      return lowerAscii(text, meter);
    case 'upperAscii':
      return upperAscii(text, meter);
    case 'trim':
      return trim(text, meter);
    case 'substring':
      return substring(text, intOf(first), second === undefined ? undefined : intOf(second), meter);
    default:
      throw new Unjudged(`there is no function .${name}`);
  }
}

export function textOf(value: Cel | undefined, where: string): string {
  if (typeof value === 'string') return value;
  throw new Unjudged(`${where} takes string, and not ${value === undefined ? 'nothing' : kindOf(value)}`);
}

function intOf(value: Cel | undefined): bigint {
  if (typeof value === 'bigint') return value;
  throw new Unjudged('a position is a whole number');
}

/** Code points of a text. */
export function sizeOf(text: string, meter: Meter): bigint {
  meter.spend(textCost(text.length));
  return BigInt(pointsBefore(text, text.length));
}

function contains(text: string, part: string, meter: Meter): boolean {
  spendSearch(text, part, meter);
  return text.includes(part);
}

function startsWith(text: string, part: string, meter: Meter): boolean {
  meter.spend(textCost(part.length));
  return text.startsWith(part);
}

function endsWith(text: string, part: string, meter: Meter): boolean {
  meter.spend(textCost(part.length));
  return text.endsWith(part);
}

/** Code points before the first (or last) place of a part; −1 without one. */
function indexOf(text: string, part: string, meter: Meter, last = false): bigint {
  spendSearch(text, part, meter);
  const at = last ? text.lastIndexOf(part) : text.indexOf(part);
  return at < 0 ? -1n : BigInt(pointsBefore(text, at));
}

function lowerAscii(text: string, meter: Meter): string {
  meter.spend(textCost(text.length));
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function upperAscii(text: string, meter: Meter): string {
  meter.spend(textCost(text.length));
  return text.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase());
}

function trim(text: string, meter: Meter): string {
  meter.spend(textCost(text.length));
  return text.trim();
}

function substring(text: string, from: bigint, to: bigint | undefined, meter: Meter): string {
  meter.spend(textCost(text.length));
  const points = BigInt(pointsBefore(text, text.length));
  const end = to ?? points;
  if (from < 0n || end > points || from > end)
    throw new Unjudged(`there is no substring from ${from} to ${end} in a text of ${points}`);
  const start = unitsOf(text, 0, Number(from));
  return text.slice(start, unitsOf(text, start, Number(end - from)));
}

function split(text: string, separator: string, meter: Meter): readonly string[] {
  spendSearch(text, separator, meter);
  // Every piece is built: at most one more than there are units.
  meter.spend(textCost(text.length));
  const pieces = separator === '' ? Array.from(text) : text.split(separator);
  meter.spend(pieces.length);
  if (pieces.length > MAX_ITEMS) throw new Unjudged(`a list is longer than ${MAX_ITEMS}`);
  return pieces;
}

export function join(pieces: readonly string[], separator: string, meter: Meter): string {
  const length = pieces.reduce((sum, each) => sum + each.length + separator.length, 0);
  meter.spend(pieces.length + textCost(length));
  if (length > MAX_TEXT) throw new Unjudged(`a text is longer than ${MAX_TEXT}`);
  return pieces.join(separator);
}

/** A search may compare the part at every place. */
function spendSearch(text: string, part: string, meter: Meter): void {
  meter.spend(Math.max(1, textCost(text.length) * Math.max(1, textCost(part.length))));
}

function pointsBefore(text: string, end: number): number {
  let points = 0;
  for (let i = 0; i < end; i++) {
    points += 1;
    if (isPair(text, i)) i += 1;
  }
  return points;
}

/** Where so many code points from `at` on end. */
function unitsOf(text: string, at: number, points: number): number {
  let i = at;
  for (let left = points; left > 0; left--) i += isPair(text, i) ? 2 : 1;
  return i;
}

function isPair(text: string, at: number): boolean {
  const [high, low] = [text.charCodeAt(at), text.charCodeAt(at + 1)];
  return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000;
}
