/** A claim judged again from nothing but what somebody signed: the target (E3), or a third party (E4). */
import type { EvidenceClass } from '../statement/vocabulary.ts';
import { evaluate, type Expression } from './expression.ts';
import { gradeOf } from './judge.ts';
import { childrenOf, escaped, isList, isMap, type Value, type ValueMap } from './value.ts';

/**
 * Whether the claim holds by what was signed alone; undefined when that does not say, or when the claim rests on what is
 * not there: an agent can leave out what speaks against it.
 */
export function judgeSigned(
  claim: Expression,
  value: ValueMap,
  evidence: EvidenceClass,
): boolean | undefined {
  const { holds, reads } = evaluate(claim, value);
  const grades = signedParts(value).map((path) => ({ path, evidence }));
  return gradeOf({ grades }, reads).evidence === evidence ? holds : undefined;
}

/** Paths of what somebody signed: each scalar, and each list of scalars, which is signed from its first item to its last. */
function signedParts(value: Value, path = ''): readonly string[] {
  const children = childrenOf(value);
  if (isMap(value) || children.some(([, child]) => isMap(child) || isList(child)))
    return children.flatMap(([name, child]) => signedParts(child, `${path}/${escaped(name)}`));
  return [path];
}
