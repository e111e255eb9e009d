/**
 * Turns a claim and an observation into a verdict with its evidence class (design.md, "Proof-as-code"). Only PROVEN is
 * green. If the probe could not observe, the verdict is UNKNOWN, which never passes.
 */
import type { Claim } from '../statement/commitment.ts';
import { EVIDENCE_CLASSES, type EvidenceClass, type Verdict } from '../statement/vocabulary.ts';
import { evaluate } from './expression.ts';
import { OPEN, readsPrev } from './prev.ts';
import type { Grade, Observed, Unobserved } from './observed.ts';
import { escaped } from './value.ts';
import { covers, withheldReason, type Read } from './withheld.ts';

export interface Judgement {
  readonly verdict: Extract<Verdict, 'PROVEN' | 'VIOLATED' | 'CONTRADICTED' | 'UNKNOWN'>;
  readonly evidence: EvidenceClass;
  /** JSON Pointers of the observations that the verdict rests on. */
  readonly touched: readonly string[];
  /** Indices into the observation's attachments, ascending. */
  readonly attachments: readonly number[];
  readonly explain: string | undefined;
}

/** Judges one claim. Pure: the same observation gives the same verdict for everyone. */
export function judgeClaim(claim: Claim, observed: Observed | Unobserved): Judgement {
  if ('code' in observed) return unknown(`${observed.code}: ${observed.message}`);
  const seen = underName(nameOf(claim.probe), observed);
  const { holds, why, reads } = evaluate(claim, seen.value, cutIn(seen));
  // The answer may depend on a size of which only a lower bound is known; or there is no answer because a value is
  // withheld.
  const rested = why === undefined ? reads : reads.map(exactly);
  const reason =
    withheldReason(seen.value, seen.withheld ?? [], rested) ??
    (holds === false ? undefined : withheldReason(seen.value, seen.unproven ?? [], rested)) ??
    (why === undefined ? undefined : (withheldReason(seen.value, seen.unclear ?? [], rested) ?? why));
  if (reason !== undefined || holds === undefined) return unknown(reason ?? 'it has no answer');
  const touched = reads.map(({ path }) => path);
  const { evidence, attachments, lowered } = gradeOf(seen, reads);
  const rest = { evidence, touched, attachments };
  const counting = seen.contradictions.filter(({ onlyAgainst }) => onlyAgainst === undefined || !holds);
  const against = counting.find(({ paths }) =>
    paths.some((path) => touched.some((each) => covers(path, each) || covers(each, path))),
  );
  if (against !== undefined) return { ...rest, verdict: 'CONTRADICTED', explain: against.explain };
  if (!holds) return { ...rest, verdict: 'VIOLATED', explain: lowered };
  // E2 is the agreement of several agents, which readers determine, unless a listener at the target signed in this proof. A
  // single agent can otherwise reach at most E1 of it.
  const needed = claim.minEvidence === 'E2' ? 'E1' : claim.minEvidence;
  if (rank(evidence) >= rank(needed))
    return readsPrev(claim)
      ? { ...rest, verdict: 'UNKNOWN', explain: lowered ?? OPEN }
      : { ...rest, verdict: 'PROVEN', explain: lowered };
  return {
    ...rest,
    verdict: 'UNKNOWN',
    explain: `it holds, but is known only at class ${evidence}; the claim asks for ${claim.minEvidence}${lowered === undefined ? '' : ` (${lowered})`}`,
  };
}

function exactly(read: Read): Read {
  return read.kind === 'least' ? { ...read, kind: 'members' } : read;
}

/** Collections that may have more members, as the probe states. */
function cutIn({ withheld = [] }: Observed): ReadonlySet<string> {
  return new Set(withheld.filter(({ only }) => only === 'members').map(({ path }) => path));
}

/** The name in a probe's `name@version`: its observation is `o.<name>` in a claim. */
export function nameOf(probe: string): string {
  return probe.split('@', 1)[0] ?? probe;
}

/** An observation as claims read it and proofs record it: all of it below the probe's name. */
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
    ...(observed.unclear && {
      unclear: observed.unclear.map((each) => ({ ...each, path: below(each.path) })),
    }),
    ...(observed.unproven && {
      unproven: observed.unproven.map((each) => ({ ...each, path: below(each.path) })),
    }),
  };
}

/**
 * The weakest class among the parts that were read, and everything the verdict rests on. No signature shows that a map
 * has no other members. So the absence of a member, or a result of iterating all members, is E1 at best, whatever class
 * the members have.
 */
export function gradeOf(
  { grades }: Pick<Observed, 'grades'>,
  reads: readonly Read[],
): {
  readonly evidence: EvidenceClass;
  readonly attachments: readonly number[];
  readonly lowered: string | undefined;
} {
  const used = reads.flatMap(({ path, kind, map }): readonly Omit<Grade, 'path'>[] => {
    // A part without a grade of its own has the grade of the part above it. Without any grade it is E1.
    const above = grades.filter((grade) => covers(grade.path, path));
    const nearest = above.toSorted((a, b) => b.path.length - a.path.length)[0] ?? SEEN;
    const own = (kind === 'absent' || map === true) && rank(nearest.evidence) > rank('E1') ? SEEN : nearest;
    if (kind === 'value' || kind === 'absent') return [own];
    const parts = grades.filter((grade) => grade.path !== path && covers(path, grade.path));
    return [own, ...parts.filter((grade) => kind === 'whole' || isMember(path, grade.path))];
  });
  const classes = used.map(({ evidence }) => evidence);
  // An expression that reads nothing of the observation proves nothing about the subject.
  const evidence = reads.length === 0 ? 'E0' : classes.reduce((a, b) => (rank(a) <= rank(b) ? a : b));
  const attachments = new Set(used.flatMap((grade) => grade.attachments ?? []));
  const lowered = used.find((grade) => grade.lowered !== undefined)?.lowered;
  return { evidence, attachments: [...attachments].toSorted((a, b) => a - b), lowered };
}

/** The grade of a part that nobody graded. */
const SEEN: Omit<Grade, 'path'> = { evidence: 'E1' };

/** Whether a path is one step below another. */
function isMember(path: string, other: string): boolean {
  return !other.slice(path.length + 1).includes('/');
}

function unknown(explain: string): Judgement {
  return {
    verdict: 'UNKNOWN',
    evidence: 'E0',
    touched: [],
    attachments: [],
    explain,
  };
}

function rank(evidence: EvidenceClass): number {
  return EVIDENCE_CLASSES.indexOf(evidence);
}
