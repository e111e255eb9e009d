/** Judges a claim again from signed data alone: signed by the target (E3) or a third party (E4). */
import type { EvidenceClass } from '../statement/vocabulary.ts';
import { evaluate, type Expression } from './expression.ts';
import { gradeOf } from './judge.ts';
import { childrenOf, escaped, isList, isMap, type Value, type ValueMap } from './value.ts';

/**
 * Whether the claim holds by the signed data alone. Undefined if the data do not decide, or if the claim rests on the
 * absence of something: an agent could have left it out.
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

/** Paths of signed parts: each scalar, and each list of scalars, which is signed as a whole. */
function signedParts(value: Value, path = ''): readonly string[] {
  const children = childrenOf(value);
  if (isMap(value) || children.some(([, child]) => isMap(child) || isList(child)))
    return children.flatMap(([name, child]) => signedParts(child, `${path}/${escaped(name)}`));
  return [path];
}
