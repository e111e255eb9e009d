/**
 * A verified inclusion proof step by step (RFC 9162 §2.1.3.2), with a drawing of its path. Nothing here decides whether a proof
 * holds: only verified proofs get here.
 */
import { leafIndex, treeSize, type Digest } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { formatHex } from '../bytes/text.ts';
import type { Place } from '../client/evidence.ts';
import { hashNode } from '../tree/hash.ts';
import { rootFromInclusion } from '../tree/verify.ts';

/** A node of the tree: a range of leaves, and its hash. */
export interface PathNode {
  readonly start: number;
  readonly end: number;
  readonly hash: Digest;
}

/** One hash on the path: `parent` is computed from `child` and the sibling in the proof. */
export interface PathStep {
  readonly child: PathNode;
  readonly sibling: PathNode;
  readonly parent: PathNode;
}

/** Every hash from the entry to the root, and whether the result is the signed root. */
export function explainSteps(place: Place): readonly string[] {
  const { index, size, root, leaf } = place;
  const lines = [`leaf ${index}: SHA256(0x00 ‖ entry) = ${formatHex(leaf)}`];
  for (const { child, sibling, parent } of stepsOf(place)) {
    const [left, right] = child.start < sibling.start ? [child, sibling] : [sibling, child];
    const side = sibling === left ? 'left' : 'right';
    lines.push(
      `${rangeOf(parent)}: the proof gives ${rangeOf(sibling)} on the ${side}`,
      `  SHA256(0x01 ‖ ${formatHex(left.hash)}`,
      `            ‖ ${formatHex(right.hash)})`,
      `           = ${formatHex(parent.hash)}`,
    );
  }
  const computed = rootFromInclusion(leafIndex(index), treeSize(size), leaf, place.path);
  lines.push(`computed root  ${formatHex(computed)}`, `signed root    ${formatHex(root)}`);
  return [
    ...lines,
    equalBytes(computed, root) ? 'they are the same: the entry is in the tree' : 'they differ',
  ];
}

/** The path as a tree, root first, left before right; `mark` highlights the nodes on it. */
export function drawPath(place: Place, mark: (text: string) => string): readonly string[] {
  const top: PathNode = { start: 0, end: place.size, hash: place.root };
  const steps = stepsOf(place).toReversed();
  return [mark(`● ${describe(top)}: the root that the log signed`), ...drawBelow(steps, '', mark)];
}

function* drawBelow(
  steps: readonly PathStep[],
  indent: string,
  mark: (text: string) => string,
): Generator<string> {
  const [step, ...below] = steps;
  if (step === undefined) return;
  const { child, sibling } = step;
  const pair = child.start < sibling.start ? [child, sibling] : [sibling, child];
  for (const [i, node] of pair.entries()) {
    const joint = `${indent}${i === 0 ? '├─' : '└─'}`;
    if (node === sibling) yield `${joint}○ ${describe(node)}: from the proof`;
    else {
      yield joint + mark(`● ${describe(node)}${below.length === 0 ? ': this entry' : ''}`);
      yield* drawBelow(below, `${indent}${i === 0 ? '│ ' : '  '}`, mark);
    }
  }
}

/** The hashes from the entry to the root, each with the range of leaves that it covers. */
export function stepsOf({ index, size, leaf, path }: Place): readonly PathStep[] {
  const nodeAt = (height: number, at: number, hash: Digest): PathNode => {
    const width = 2 ** height;
    return { start: at * width, end: Math.min((at + 1) * width, size), hash };
  };
  const steps: PathStep[] = [];
  let [height, hash] = [0, leaf];
  for (const given of path) {
    height = siblingHeight(index, size, height);
    const at = Math.floor(index / 2 ** height);
    const isRight = at % 2 === 1;
    const child = nodeAt(height, at, hash);
    const sibling = nodeAt(height, isRight ? at - 1 : at + 1, given);
    hash = isRight ? hashNode(given, hash) : hashNode(hash, given);
    height += 1;
    steps.push({ child, sibling, parent: nodeAt(height, Math.floor(at / 2), hash) });
  }
  return steps;
}

/** The height of the next sibling. A level's last node, if it is a left one, has none and moves up unchanged. */
function siblingHeight(index: number, size: number, from: number): number {
  for (let height = from; ; height++) {
    const [at, last] = [Math.floor(index / 2 ** height), Math.floor((size - 1) / 2 ** height)];
    if (at !== last || at % 2 === 1) return height;
  }
}

function describe(node: PathNode): string {
  return `${rangeOf(node)} ${formatHex(node.hash).slice(0, 16)}…`;
}

export function rangeOf({ start, end }: PathNode): string {
  return end - start === 1 ? `leaf ${start}` : `leaves ${start}–${end - 1}`;
}
