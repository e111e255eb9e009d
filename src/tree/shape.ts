/**
 * The shape of the tree, without its hashes: powers of two, subtrees and the complete nodes they are made
 * of (RFC 9162 §2.1.1; subtrees: draft-ietf-plants-merkle-tree-certs §4.1).
 *
 * Sizes go to 2^53−1, so nothing here uses a bit operator: those cut numbers to 32 bits.
 */

/** A complete node: MTH(D[index·2^height : (index+1)·2^height]). */
export interface NodeId {
  readonly height: number;
  readonly index: number;
}

/** The smallest power of two that is not less than n; 1 for n = 0. */
export function bitCeil(n: number): number {
  let power = 1;
  while (power < n) power *= 2;
  return power;
}

/** Whether [start, end) is a subtree: start is a multiple of the smallest power of two ≥ end − start. */
export function isSubtree(start: number, end: number): boolean {
  return (
    Number.isSafeInteger(start) &&
    Number.isSafeInteger(end) &&
    0 <= start &&
    start <= end &&
    start % bitCeil(end - start) === 0
  );
}

/**
 * The complete nodes whose hashes make MTH(D[start : end]) of a subtree, from right to left: each is the
 * left sibling of what lies to its right. RangeError when [start, end) is not a subtree.
 */
export function nodesOfSubtree(start: number, end: number): NodeId[] {
  if (!isSubtree(start, end)) throw new RangeError(`not a subtree: [${start}, ${end})`);
  const nodes: NodeId[] = [];
  let at = end;
  for (let height = 0, width = 1, rest = end - start; rest > 0; height++, width *= 2) {
    if (rest % 2 === 1) {
      at -= width;
      nodes.push({ height, index: at / width });
    }
    rest = Math.floor(rest / 2);
  }
  return nodes;
}
