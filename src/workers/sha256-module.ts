/**
 * The WebAssembly module of the SHA-256 kernel: hashing many tree nodes (RFC 9162 §2.1.1) and many messages
 * of different lengths, four at a time. sha256-simd.ts fills the memory and calls it.
 */
import { AT, BLOCK, LANE, PAGES, SLOT } from './sha256-memory.ts';
import {
  increase,
  many,
  readBlock,
  registers,
  rounds,
  tableRounds,
  writeDigests,
  ZERO,
} from './sha256-rounds.ts';
import * as w from './wasm.ts';
import { get, i32, int, seq, set, type Code, type Locals } from './wasm.ts';

/**
 * The module's bytes. It exports `memory` and
 * - `nodes(groups)`: 4·groups pairs of hashes at `area` become their parents, 32 bytes each, in place;
 * - `messages(groups, prefix)`: hashes what 4·groups slots describe, each message after `prefix` (0 or 1)
 *   zero bytes, into its row. The last slot of each four must be one with the most blocks.
 * Neither may be called with no groups.
 */
export function sha256Module(): Uint8Array<ArrayBuffer> {
  return w.moduleBytes(PAGES, [
    { name: 'nodes', params: 1, body: nodes },
    { name: 'messages', params: 2, body: messages },
  ]);
}

const initial = (i: number): Code => w.loadSplat(ZERO, AT.h0 + 4 * i);
const saved = (i: number): Code => w.load(ZERO, AT.state + 16 * i);
const save = (i: number, value: Code): Code => w.store(ZERO, AT.state + 16 * i, value);

/** 0x01 ‖ left ‖ right is 65 bytes: two blocks, the second with the last byte of `right`. */
function nodes(locals: Locals): Code {
  const groups = 0;
  const [from, to, row] = [locals.i32(), locals.i32(), locals.i32(4)];
  const { r, ready } = registers(locals);
  const setState = (value: (i: number) => Code): Code => many(8, (i) => set(r.state + i, value(i)));
  const plus =
    (base: (i: number) => Code) =>
    (i: number): Code =>
      w.add(get(r.state + i), base(i));

  /** 16 bytes of a first block, which begins a byte before the pair. */
  const part = (lane: number, q: number): Code => {
    const bytes = w.load(get(from), AT.area + 64 * lane + 16 * q - 1);
    return q === 0 ? w.replaceByte(bytes, 0, int(1)) : bytes;
  };
  const lastByte = (lane: number): Code => i32.load8(get(from), AT.area + 64 * lane + 63);
  const group = seq(
    many(4, (lane) => set(row + lane, i32.shiftLeft(lastByte(lane), int(8)))),
    readBlock(r, part),
    setState(initial),
    rounds(r),
    setState(plus(initial)),
    many(8, (i) => save(i, get(r.state + i))),
    tableRounds(r, row),
    setState(plus(saved)),
    writeDigests(r, (lane, half, bytes) => w.store(get(to), AT.area + 32 * lane + 16 * half, bytes)),
    increase(from, 4 * 64),
    increase(to, 4 * 32),
    increase(groups, -1),
  );
  return seq(ready, w.repeat(group, get(groups)));
}

/** A group runs as long as its last lane; a lane whose message has ended keeps its hash from then on. */
function messages(locals: Locals): Code {
  const [groups, prefix] = [0, 1];
  const [slot, length, end, at] = [locals.i32(), locals.i32(), locals.i32(), locals.i32()];
  const { r, ready } = registers(locals);
  const field = (lane: number, i: number): Code => i32.load(get(slot), AT.slots + SLOT * lane + 4 * i);

  /** Copies a message behind its prefix and pads it (FIPS 180-4 §5.1.1): 0x80, zeros, its length in bits. */
  const pad = (lane: number): Code => {
    const base = AT.lanes + LANE * lane;
    const zeros = w.constant(Array<number>(16).fill(0));
    return seq(
      set(length, i32.add(get(prefix), field(lane, 1))),
      set(end, i32.and(i32.add(get(length), int(BLOCK + 8)), int(-BLOCK))),
      i32.store(ZERO, AT.ends + 4 * lane, get(end)),
      many(8, (i) => w.store(get(end), base - 2 * BLOCK + 16 * i, zeros)),
      i32.store8(ZERO, base, ZERO),
      w.copy(i32.add(get(prefix), int(base)), i32.add(field(lane, 0), int(AT.area)), field(lane, 1)),
      i32.store8(get(length), base, int(0x80)),
      i32.store8(get(end), base - 2, i32.shiftRight(get(length), int(5))),
      i32.store8(get(end), base - 1, i32.shiftLeft(get(length), int(3))),
    );
  };
  const running = w.greater(w.load(ZERO, AT.ends), w.splat(get(at)));
  const block = seq(
    readBlock(r, (lane, q) => w.load(get(at), AT.lanes + LANE * lane + 16 * q)),
    many(8, (i) => set(r.state + i, saved(i))),
    rounds(r),
    many(8, (i) => save(i, w.add(saved(i), w.and(get(r.state + i), running)))),
    increase(at, BLOCK),
  );
  const group = seq(
    many(4, pad),
    many(8, (i) => save(i, initial(i))),
    set(at, ZERO),
    w.repeat(block, i32.less(get(at), get(end))),
    many(8, (i) => set(r.state + i, saved(i))),
    writeDigests(r, (lane, half, bytes) => w.store(field(lane, 2), AT.rows + 16 * half, bytes)),
    increase(slot, 4 * SLOT),
    increase(groups, -1),
  );
  return seq(ready, w.repeat(group, get(groups)));
}
