/**
 * The compression function of SHA-256 (FIPS 180-4 §4.1.2, §6.2) as WebAssembly vector code: four messages
 * side by side, message i in lane i of every vector, so that one instruction works on all four.
 *
 * What the profile decided (bench/hash.ts; figures in spec/decisions.md): a round is some 35 vector
 * operations and its state leaves few of 16 registers, so the schedule's words live in memory, and nothing
 * is spilled; loops of 16 rounds, because unrolling more is no faster and fills the instruction caches; new
 * words are made in the middle of a round (+9 %); and a node's second block, one byte of its 65 and then only
 * padding, takes its whole schedule from a table (+20 %).
 */
import { AT } from './sha256-memory.ts';
import * as w from './wasm.ts';
import { get, i32, int, seq, set, type Code, type Locals } from './wasm.ts';

/** Locals that the parts of a function share: a … h in eight from `state`, six from `t` to work in. */
export interface Registers {
  readonly state: number;
  readonly t: number;
  /** a ⊕ b of the last round, and of this one: two that change places. */
  readonly differ: number;
  /** The order of bytes that turns words around: a constant, kept since making it anew costs 3 %. */
  readonly swap: number;
  /** An integer that counts through the rounds. */
  readonly k: number;
}

/** Takes the registers from a function's locals, with the code that makes them ready. */
export function registers(locals: Locals): { readonly r: Registers; readonly ready: Code } {
  const r = {
    state: locals.v128(8),
    t: locals.v128(6),
    differ: locals.v128(2),
    swap: locals.v128(),
    k: locals.i32(),
  };
  const swap = w.constant([3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]);
  return { r, ready: set(r.swap, swap) };
}

export const ZERO: Code = int(0);

/** The code of 0 … count − 1, one after another. */
export const many = (count: number, code: (i: number) => Code): Code =>
  Array.from({ length: count }, (_, i) => code(i));

/** Adds a constant to an integer local. */
export const increase = (local: number, by: number): Code => set(local, i32.add(get(local), int(by)));

/** x rotated right (§3.2). */
const rotate = (x: number, n: number): Code => w.xor(w.shiftRight(get(x), n), w.shiftLeft(get(x), 32 - n));

/** Σ and σ (§4.1.2): the XOR of x rotated by each of `rotations` and shifted right by `shift`. */
function sigma(x: number, rotations: readonly number[], shift?: number): Code {
  const parts = rotations.map((n) => rotate(x, n));
  if (shift !== undefined) parts.push(w.shiftRight(get(x), shift));
  return parts.reduce(w.xor);
}

const grow = (local: number, by: Code): Code => set(local, w.add(get(local), by));

/**
 * Round t (§6.2.2 step 3); `kw` is K_t + W_t. The names a … h move on by one local a round, so nothing is
 * copied. Ch takes f where e has ones, else g. Maj is b, but c where a differs from b and b from c, of which
 * the second is known from the round before. `meanwhile` does not depend on the round: it fills the time in
 * which the next round's e becomes ready.
 */
function round(r: Registers, t: number, kw: Code, meanwhile: Code = []): Code {
  const name = (i: number): number => r.state + ((64 + i - t) % 8);
  const [a, b, d, e, f, g, h] = [name(0), name(1), name(3), name(4), name(5), name(6), name(7)];
  const [ab, bc] = [r.differ + ((t + 1) % 2), r.differ + (t % 2)];
  return seq(
    grow(h, kw),
    grow(h, w.select(get(f), get(g), get(e))),
    grow(h, sigma(e, [6, 11, 25])),
    grow(d, get(h)),
    meanwhile,
    set(ab, w.xor(get(a), get(b))),
    grow(h, w.xor(get(b), w.and(get(ab), get(bc)))),
    grow(h, sigma(a, [2, 13, 22])),
  );
}

/** What the first round takes to be known: where b and c differ. */
const start = (r: Registers): Code => set(r.differ, w.xor(get(r.state + 1), get(r.state + 2)));

const word = (t: number): Code => w.load(ZERO, AT.schedule + 16 * (t % 16));
const setWord = (t: number, value: Code): Code => w.store(ZERO, AT.schedule + 16 * (t % 16), value);

/** W_(t+16), which takes the place of W_t once round t has read that (§6.2.2 step 1). */
function extend({ t: x }: Registers, t: number): Code {
  const y = x + 1;
  const sum = w.add(w.add(word(t), word(t + 9)), w.add(sigma(x, [7, 18], 3), sigma(y, [17, 19], 10)));
  return seq(set(x, word(t + 1)), set(y, word(t + 14)), setWord(t, sum));
}

/** The 64 rounds of the block whose 16 words stand at `schedule`. */
export function rounds(r: Registers): Code {
  const next = (t: number, meanwhile?: Code): Code =>
    round(r, t, w.add(word(t), w.loadSplat(get(r.k), AT.k + 4 * t)), meanwhile);
  const extending = many(16, (t) => next(t, extend(r, t)));
  return seq(
    start(r),
    set(r.k, ZERO),
    w.repeat(seq(extending, increase(r.k, 64)), i32.less(get(r.k), int(3 * 64))),
    many(16, (t) => next(t)),
  );
}

/** The 64 rounds of nodes' second blocks: K + W of each lane stand in the table, from its local `row` on. */
export function tableRounds(r: Registers, row: number): Code {
  const fourRounds = (q: number): Code =>
    transpose(
      r,
      (lane) => w.load(get(row + lane), AT.table + 16 * q),
      (i, kw) => round(r, 4 * q + i, kw),
    );
  const nextRows = many(4, (lane) => increase(row + lane, 64));
  return seq(
    start(r),
    set(r.k, ZERO),
    w.repeat(seq(many(4, fourRounds), nextRows, increase(r.k, 1)), i32.less(get(r.k), int(4))),
  );
}

/** Bytes of the 32-bit words numbered: 0 … 3 are the first vector's, 4 … 7 the second's. */
const pick = (...words: readonly number[]): number[] =>
  words.flatMap((n) => [0, 1, 2, 3].map((i) => 4 * n + i));
const [LOW, HIGH] = [pick(0, 4, 1, 5), pick(2, 6, 3, 7)];
const [LOWS, HIGHS] = [pick(0, 1, 4, 5), pick(2, 3, 6, 7)];

const mix = (x: number, y: number, bytes: readonly number[]): Code => w.shuffle(get(x), get(y), bytes);

/** Turns rows into columns: `to(i, …)` gets word i of the vectors `row(0 … 3)`. Works in all of r.t. */
function transpose({ t }: Registers, row: (i: number) => Code, to: (i: number, column: Code) => Code): Code {
  return seq(
    many(4, (i) => set(t + i, row(i))),
    set(t + 4, mix(t, t + 1, LOW)),
    set(t + 5, mix(t, t + 1, HIGH)),
    set(t, mix(t + 2, t + 3, LOW)),
    set(t + 1, mix(t + 2, t + 3, HIGH)),
    to(0, mix(t + 4, t, LOWS)),
    to(1, mix(t + 4, t, HIGHS)),
    to(2, mix(t + 5, t + 1, LOWS)),
    to(3, mix(t + 5, t + 1, HIGHS)),
  );
}

/** Words between the processor's order of bytes and the standard's (§3.1), either way. */
const turned = (r: Registers, vector: Code): Code => w.swizzle(vector, get(r.swap));

/** A block of each lane, 16 bytes at a time from `part(lane, 0 … 3)`, becomes the schedule's first words. */
export function readBlock(r: Registers, part: (lane: number, q: number) => Code): Code {
  return many(4, (q) =>
    transpose(
      r,
      (lane) => turned(r, part(lane, q)),
      (i, column) => setWord(4 * q + i, column),
    ),
  );
}

/** The state's four digests, in two halves of 16 bytes each, go to `to(lane, 0 | 1, …)`. */
export function writeDigests(r: Registers, to: (lane: number, half: number, bytes: Code) => Code): Code {
  return many(2, (half) =>
    transpose(
      r,
      (i) => turned(r, get(r.state + 4 * half + i)),
      (lane, bytes) => to(lane, half, bytes),
    ),
  );
}
