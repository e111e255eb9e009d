/** What a result discloses to everybody: the leaves that it names, as a tree of maps. Pure. */
import { decodeCbor } from '../bytes/cbor.ts';
import { Refusal } from '../bytes/refusal.ts';
import { nameOf } from '../claim/judge.ts';
import { isMap, unescaped, type Value, type ValueMap } from '../claim/value.ts';
import type { Claim } from '../statement/commitment.ts';
import type { Result, RuntimeProof } from '../statement/proof.ts';

/** Below the probe's name. Undefined if there is none. A list that is not disclosed whole looks like no list. */
export function disclosedIn(
  proof: Pick<RuntimeProof, 'disclosed'>,
  { leaves = [] }: Pick<Result, 'leaves'>,
  { probe }: Pick<Claim, 'probe'>,
): ValueMap | undefined {
  const shown = proof.disclosed?.filter(({ index }) => leaves.includes(index)) ?? [];
  let facts: ValueMap = {};
  for (const { path, value } of shown) {
    // The first step of a leaf's path is the claim that its run was named after.
    const [, , ...steps] = path.split('/').map(unescaped);
    const scalar = value instanceof Uint8Array ? scalarOf(value) : undefined;
    if (scalar !== undefined && steps[0] === nameOf(probe)) facts = withLeaf(facts, steps, scalar);
  }
  return Object.keys(facts).length === 0 ? undefined : facts;
}

function withLeaf(tree: ValueMap, [step = '', ...more]: readonly string[], value: Value): ValueMap {
  const below = Object.hasOwn(tree, step) ? tree[step] : undefined;
  const next =
    more.length === 0 ? value : withLeaf(below !== undefined && isMap(below) ? below : {}, more, value);
  return Object.fromEntries([...Object.entries(tree), [step, next]]);
}

/** An agent wrote the leaf, so it may hold bytes that are no CBOR. */
function scalarOf(bytes: Uint8Array): string | number | boolean | null | undefined {
  try {
    const value = decodeCbor(bytes);
    const isScalar =
      value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return isScalar ? value : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
