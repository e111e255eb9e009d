/**
 * From a claim and what was observed to a verdict with its evidence class (design.md, "Proof-as-code"). Only
 * PROVEN is green; what could not be looked at is UNKNOWN, never a pass.
 */
import type { Claim, Parameter } from '../statement/commitment.ts';
import { EVIDENCE_CLASSES, type EvidenceClass, type Verdict } from '../statement/vocabulary.ts';
import { evaluate } from './expression.ts';
import type { Observed, Unobserved } from './observed.ts';
import { escaped, type ValueMap } from './value.ts';
import { covers, withheldReason, type Read } from './withheld.ts';

export interface Judgement {
  readonly verdict: Extract<Verdict, 'PROVEN' | 'VIOLATED' | 'CONTRADICTED' | 'UNKNOWN'>;
  readonly evidence: EvidenceClass;
  /** JSON Pointers of the observations it rests on. */
  readonly touched: readonly string[];
  /** Indices into the observation's attachments, ascending. */
  readonly attachments: readonly number[];
  readonly explain: string | undefined;
}

/** Judges one claim. Pure: the same observation gives the same verdict for everyone. */
export function judgeClaim(claim: Claim, observed: Observed | Unobserved): Judgement {
  if ('code' in observed) return unknown(`${observed.code}: ${observed.message}`);
  const seen = underName(nameOf(claim.probe), observed);
  let holds: boolean;
  let touched: readonly string[];
  try {
    ({ holds, touched } = evaluate(claim.expr, seen.value, parametersOf(claim.params)));
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    const absent = /^No such key: (\S+)/.exec(why)?.[1] ?? '';
    const reason = seen.withheld?.find(({ path }) => path.endsWith(`/${escaped(absent)}`))?.reason;
    return unknown(reason ?? `the expression could not be evaluated: ${why}`);
  }
  const reads = touched.map((path): Read => ({ path, kind: 'whole', present: true }));
  const reason = withheldReason(seen.value, seen.withheld ?? [], reads);
  if (reason !== undefined) return unknown(reason);
  const { evidence, attachments } = gradeOf(seen, touched);
  const rest = { evidence, touched, attachments };
  const counting = seen.contradictions.filter(({ onlyAgainst }) => onlyAgainst === undefined || !holds);
  const against = counting.find(({ paths }) =>
    paths.some((path) => touched.some((each) => covers(path, each) || covers(each, path))),
  );
  if (against !== undefined) return { ...rest, verdict: 'CONTRADICTED', explain: against.explain };
  if (!holds) return { ...rest, verdict: 'VIOLATED', explain: undefined };
  // Class E2 is several agents' agreement, which readers see; each of them can only say what it saw itself.
  const needed = claim.minEvidence === 'E2' ? 'E1' : claim.minEvidence;
  if (rank(evidence) >= rank(needed)) return { ...rest, verdict: 'PROVEN', explain: undefined };
  return {
    ...rest,
    verdict: 'UNKNOWN',
    explain: `it holds, but is known only at class ${evidence}; the claim asks for ${claim.minEvidence}`,
  };
}

/** The name in a probe's `name@version`: what it observed is `o.<name>` to a claim. */
export function nameOf(probe: string): string {
  return probe.split('@', 1)[0] ?? probe;
}

/** An observation as claims see it and proofs record it: everything of it stands under the probe's name. */
export function underName(name: string, observed: Observed): Observed {
  const below = (path: string): string => `/${escaped(name)}${path}`;
  return {
    ...observed,
    value: { [name]: observed.value },
    grades: observed.grades.map((grade) => ({ ...grade, path: below(grade.path) })),
    contradictions: observed.contradictions.map((each) => ({ ...each, paths: each.paths.map(below) })),
    ...(observed.withheld && {
      withheld: observed.withheld.map((each) => ({ ...each, path: below(each.path) })),
    }),
  };
}

/** The weakest class among what was read, and all that it rests on. */
export function gradeOf(
  { grades }: Pick<Observed, 'grades'>,
  touched: readonly string[],
): { readonly evidence: EvidenceClass; readonly attachments: readonly number[] } {
  // Of what was read whole, every part counts; a part without a grade of its own has the one above it.
  const used = touched.flatMap((path) => {
    const above = grades.filter((grade) => covers(grade.path, path));
    const nearest = above.toSorted((a, b) => b.path.length - a.path.length)[0];
    return [nearest, ...grades.filter((grade) => grade.path !== path && covers(path, grade.path))];
  });
  const classes = used.map((grade) => grade?.evidence ?? 'E1');
  // An expression that reads nothing proves nothing about the subject.
  const evidence = touched.length === 0 ? 'E0' : classes.reduce((a, b) => (rank(a) <= rank(b) ? a : b));
  const attachments = new Set(used.flatMap((grade) => grade?.attachments ?? []));
  return { evidence, attachments: [...attachments].toSorted((a, b) => a - b) };
}

/** Parameters as an expression sees them: `p`. */
export function parametersOf(params: ReadonlyMap<string, Parameter> | undefined): ValueMap {
  return Object.fromEntries(params ?? []);
}

function unknown(explain: string): Judgement {
  return {
    verdict: 'UNKNOWN',
    evidence: 'E0',
    touched: [],
    attachments: [],
    explain: explain.slice(0, 2_048),
  };
}

function rank(evidence: EvidenceClass): number {
  return EVIDENCE_CLASSES.indexOf(evidence);
}
