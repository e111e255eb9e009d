/**
 * A tiny WebAssembly assembler: the part of the binary format that the SHA-256 kernel needs, so that its
 * module is made from readable source at load, without a tool chain or a committed binary.
 *
 * Format: WebAssembly Core Specification 2.0, §5.2.2 (LEB128 integers), §5.4 (instructions; vectors:
 * §5.4.8) and §5.5 (sections). Operands come first, as on the stack: `add(a, b)` is a, b, then the opcode.
 */
import { encodeUtf8 } from '../bytes/text.ts';

/** Bytes of instructions, nested as they were composed; flattened once, at the end. */
export type Code = number | readonly Code[];

/** Joins instructions: what they leave on the stack, they leave in order. */
export const seq = (...parts: readonly Code[]): Code => parts;

/** LEB128 of an unsigned integer (§5.2.2). */
function unsigned(n: number): Code {
  return n < 128 ? n : [128 + (n % 128), unsigned(Math.floor(n / 128))];
}

/** LEB128 of a signed 32-bit integer (§5.2.2). */
function signed(n: number): Code {
  return n >= -64 && n < 64 ? n & 127 : [128 + (n & 127), signed(n >> 7)];
}

type Binary = (a: Code, b: Code) => Code;

const binary =
  (...opcode: readonly Code[]): Binary =>
  (a, b) => [a, b, opcode];

/** Memory instructions carry an alignment hint (none) and a constant offset (§5.4.6). */
const loading =
  (...opcode: readonly Code[]) =>
  (at: Code, offset: number): Code => [at, opcode, 0, unsigned(offset)];
const storing =
  (...opcode: readonly Code[]) =>
  (at: Code, offset: number, value: Code): Code => [at, value, opcode, 0, unsigned(offset)];

const vector = (opcode: number): Code => [0xfd, unsigned(opcode)];

// Locals and constants. A function's parameters are its first locals.
export const get = (local: number): Code => [0x20, unsigned(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)];
export const int = (n: number): Code => [0x41, signed(n)];

// 32-bit integers; `less` is unsigned and leaves 1 or 0.
export const i32 = {
  add: binary(0x6a),
  and: binary(0x71),
  shiftLeft: binary(0x74),
  shiftRight: binary(0x76),
  less: binary(0x49),
  load: loading(0x28),
  load8: loading(0x2d),
  store: storing(0x36),
  store8: storing(0x3a),
} as const;

/** Copies `length` bytes inside the memory (memory.copy, §5.4.6). */
export const copy = (to: Code, from: Code, length: Code): Code => [to, from, length, 0xfc, 10, 0, 0];

// Vectors of 128 bits: four 32-bit lanes wherever lanes matter.
export const load = loading(vector(0));
/** The 32 bits at `at`, in all four lanes. */
export const loadSplat = loading(vector(9));
export const store = storing(vector(11));
export const constant = (bytes: readonly number[]): Code => [vector(12), bytes];
/** Any 16 of the 32 bytes of a ‖ b. */
export const shuffle = (a: Code, b: Code, from: readonly number[]): Code => [a, b, vector(13), from];
/** The bytes of `a` that the bytes of `from` number. */
export const swizzle = binary(vector(14));
/** One 32-bit integer in all four lanes. */
export const splat = (a: Code): Code => [a, vector(17)];
export const replaceByte = (a: Code, position: number, byte: Code): Code => [a, byte, vector(23), position];
/** All ones in each lane where a > b (signed), zeros elsewhere. */
export const greater = binary(vector(59));
export const and = binary(vector(78));
export const xor = binary(vector(81));
/** Bitwise: where `mask` has a one the bit of a, elsewhere the bit of b. */
export const select = (a: Code, b: Code, mask: Code): Code => [a, b, mask, vector(82)];
export const add = binary(vector(174));
export const shiftLeft = (a: Code, bits: number): Code => [a, int(bits), vector(171)];
export const shiftRight = (a: Code, bits: number): Code => [a, int(bits), vector(173)];

/** Runs `body`, and again as long as `condition` leaves a value other than zero (§5.4.1). */
export const repeat = (body: Code, condition: Code): Code => [0x03, 0x40, body, condition, 0x0d, 0, 0x0b];

const I32 = 0x7f;
const V128 = 0x7b;

/** Hands out a function's local variables: the number of the first of `count` consecutive ones. */
export interface Locals {
  i32(count?: number): number;
  v128(count?: number): number;
}

/** An exported function of `params` integers, locals 0 … params − 1, without a result. */
interface Exported {
  readonly name: string;
  readonly params: number;
  readonly body: (locals: Locals) => Code;
}

/**
 * The bytes of a module (§5.5) that exports its `memory`, of `pages` × 64 KiB for good, and `functions`.
 */
export function moduleBytes(pages: number, functions: readonly Exported[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ params }) => [0x60, list(Array<Code>(params).fill(I32)), list([])]);
  const exports = functions.map(({ name }, i) => [text(name), 0x00, unsigned(i)]);
  return Uint8Array.from(
    flat([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      // Types, the type of each function, memory, exports, code: sections by number, in this order.
      [1, sized(list(types))],
      [3, sized(list(functions.map((_, i) => unsigned(i))))],
      [5, sized(list([[0x01, unsigned(pages), unsigned(pages)]]))],
      [7, sized(list([[text('memory'), 0x02, unsigned(0)], ...exports]))],
      [10, sized(list(functions.map(functionCode)))],
    ]),
  );
}

/** An entry of the code section: locals and body, sized (§5.5.13). */
function functionCode({ params, body }: Exported): Code {
  const declared: Code[] = [];
  let next = params;
  const declare = (type: number, count: number): number => {
    declared.push([unsigned(count), type]);
    next += count;
    return next - count;
  };
  const code = body({ i32: (count = 1) => declare(I32, count), v128: (count = 1) => declare(V128, count) });
  return sized([list(declared), code, 0x0b]);
}

const list = (items: readonly Code[]): Code => [unsigned(items.length), items];
const text = (name: string): Code => list([...encodeUtf8(name)]);

function sized(code: Code): Code {
  const bytes = flat(code);
  return [unsigned(bytes.length), bytes];
}

function flat(code: Code, out: number[] = []): number[] {
  if (typeof code === 'number') out.push(code);
  else for (const part of code) flat(part, out);
  return out;
}
