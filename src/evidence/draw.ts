/**
 * Draws some of many by a seed that nobody can choose, so that everyone can draw the same again (spec/agent.md §5). The seed of a
 * run derives from the secret seed of the agent, to which it committed in advance, and from the log's root when the slot began.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../bytes/compare.ts';
import { bigEndian } from '../bytes/cursor.ts';
import { encodeUtf8 } from '../bytes/text.ts';

/** 32 bytes: HMAC-SHA-256(seed, "tallystick draw v1" ‖ 0 ‖ slot number as 8 bytes ‖ beacon root). */
export function drawSeed(seed: Uint8Array, slot: number, root: Uint8Array): Uint8Array {
  return hmac(sha256, seed, concatBytes(encodeUtf8('tallystick draw v1\0'), bigEndian(slot, 8), root));
}

/**
 * `count` of the numbers 0 … total − 1, each once, ascending; all of them if there are no more. Step i of a shuffle (Fisher and
 * Yates) takes the first 6 bytes of HMAC-SHA-256(draw, i as 8 bytes), big-endian, mod total − i.
 */
export function drawn(total: number, count: number, draw: Uint8Array): readonly number[] {
  const all = Array.from({ length: total }, (_, i) => i);
  const wanted = Math.min(count, total);
  for (let i = 0; i < wanted; i++) {
    const bytes = hmac(sha256, draw, bigEndian(i, 8)).subarray(0, 6);
    const at = i + (bytes.reduce((sum, byte) => sum * 256 + byte, 0) % (total - i));
    [all[i], all[at]] = [all[at] ?? 0, all[i] ?? 0];
  }
  return all.slice(0, wanted).toSorted((a, b) => a - b);
}
