/** Seeded inputs: the same seed, target and number give the same bytes on every machine. */
import { decodeCbor, encodeCbor, isCborArray, isCborMap, type CborValue } from '../../src/bytes/cbor.ts';

/** A small generator (mulberry32): 32 bits of state, enough to choose mutations. */
export class Random {
  #state: number;

  constructor(text: string) {
    this.#state = 2_166_136_261;
    for (const byte of Buffer.from(text)) this.#state = Math.imul(this.#state ^ byte, 16_777_619) >>> 0;
  }

  /** An integer from 0 to below `n`. */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * n);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}

/** Pieces that parsers stumble over: ends of ranges, separators, marks, other scripts, names of prototypes. */
const PIECES = [
  '\0',
  '\n',
  '\r\n',
  ' ',
  '	',
  '"',
  "'",
  '\\',
  '{',
  '}',
  '[',
  ']',
  ':',
  ': ',
  ',',
  '#',
  '-',
  '- ',
  '=',
  '+',
  '/',
  '%',
  '&a ',
  '*a',
  '!!',
  '|\n',
  '>-\n',
  '---\n',
  '<<: ',
  '${',
  '$(',
  '﻿',
  '\u2028',
  '‮',
  '😀',
  'K',
  'é',
  '__proto__',
  'constructor',
  'null',
  'true',
  '~',
  'NaN',
  '-0',
  '0x7f',
  '1e999',
  '1_000',
  '0o17',
  '9007199254740993',
  '-1',
  '18446744073709551616',
  '[[[[[[[[[[[[',
  '((((((((',
  '{"a":{"a":{"a":',
  '..',
  '../',
  'a'.repeat(300),
  '\\ud800',
  '\\ufeff',
  '['.repeat(1_100),
  '- '.repeat(1_100),
  '— ',
  '\n\n',
].map((text) => Buffer.from(text));
const BYTES = [
  0, 1, 0x7f, 0x80, 0xff, 0x20, 0x40, 0x5f, 0x9f, 0xa0, 0xbf, 0xd2, 0xf4, 0xf6, 0xf7, 0xfb, 0x18, 0x1b, 0x3b,
  0x5b,
];

/** Longest input, so that no target is slow for its length alone. */
const MOST = 16_384;

/** One to six changes of a seed: bits, bytes, pieces cut, doubled, put in, or taken from another seed. */
export function mutate(random: Random, seeds: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let bytes = Buffer.from(random.pick(seeds));
  for (let n = 1 + random.below(random.below(6) + 1); n > 0; n--)
    bytes = Buffer.from(changed(random, bytes, seeds));
  return new Uint8Array(bytes.subarray(0, MOST));
}

function changed(random: Random, bytes: Buffer, seeds: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1);
  const to = Math.min(bytes.length, at + 1 + random.below(random.pick([4, 16, 64, bytes.length + 1])));
  const put = (middle: Uint8Array, from = at, until = at): Buffer =>
    Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(until)]);
  const other = random.pick(seeds);
  const start = random.below(other.length + 1);
  switch (random.below(9)) {
    case 0:
      return put(Buffer.of((bytes[at] ?? 0) ^ (1 << random.below(8))), at, at + 1);
    case 1:
      return put(Buffer.of(random.pick(BYTES)), at, at + 1);
    case 2:
      return put(Buffer.of(random.below(256)));
    case 3:
      return put(random.pick(PIECES), at, random.below(2) === 0 ? at : to);
    case 4:
      return put(Buffer.alloc(0), at, to);
    case 5:
      return put(bytes.subarray(at, to));
    case 6:
      return random.below(4) === 0 ? bytes.subarray(0, at) : put(Buffer.alloc(0), at, at + 1);
    case 7:
      return put(other.subarray(start, start + random.below(64)), at, random.below(2) === 0 ? at : to);
    default: {
      const digit = bytes.findIndex((byte, i) => i >= at && byte >= 0x30 && byte <= 0x39);
      return digit < 0
        ? bytes
        : put(
            Buffer.from(String(random.pick([0, 1, 9, 10, 256, 65_536, 2 ** 31, 2 ** 53]))),
            digit,
            digit + 1,
          );
    }
  }
}

/** Bytes that are deterministic CBOR of another shape: one item of the seed's tree taken out, doubled or replaced. */
export function mutateCbor(random: Random, seeds: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const seed = random.pick(seeds);
  try {
    let value = decodeCbor(seed, { maxBytes: MOST });
    for (let n = 1 + random.below(3); n > 0; n--) value = changedItem(random, value, 6);
    return encodeCbor(value);
  } catch {
    return mutate(random, seeds); // no CBOR, or no longer one that can be written
  }
}

const ITEMS: readonly CborValue[] = [
  0,
  1,
  -1,
  23,
  24,
  255,
  65536,
  2 ** 53 - 1,
  2n ** 63n,
  -(2n ** 63n),
  '',
  'a',
  '\0',
  '\ufeff',
  `\ufeff${'x'.repeat(80)}`,
  '__proto__',
  'é',
  '‮',
  true,
  false,
  null,
  [],
  new Map(),
  new Uint8Array(),
  new Uint8Array(32),
  new Uint8Array(33),
  'x'.repeat(2e3),
];

function changedItem(random: Random, value: CborValue, depth: number): CborValue {
  if (depth === 0 || random.below(5) === 0) return random.pick(ITEMS);
  if (isCborMap(value)) {
    const members = [...value];
    const at = random.below(members.length + 1);
    const [key, old] = members[at] ?? [random.pick([0, 1, 'a', 'x', -1]), 0];
    if (random.below(5) === 0) members.splice(at, 1);
    else members.splice(at, 1, [key, changedItem(random, old, depth - 1)]);
    return new Map(members);
  }
  if (isCborArray(value)) {
    const items = [...value];
    const at = random.below(items.length + 1);
    const old = items[at] ?? 0;
    items.splice(
      at,
      random.below(3) === 0 ? 0 : 1,
      ...(random.below(4) === 0 ? [] : [changedItem(random, old, depth - 1)]),
    );
    return items;
  }
  if (value instanceof Uint8Array && value.length > 0) return mutate(random, [value]);
  if (typeof value === 'object' && value !== null && 'tag' in value)
    return { tag: value.tag, value: changedItem(random, value.value, depth - 1) };
  return random.pick(ITEMS);
}
