/**
 * Claims whose target no rule lets the agent contact. They are left out, and nothing about them is logged: whoever may log
 * commitments could else have an agent sign about targets that it may not touch. The runs are refused once more where they
 * begin (runs.ts).
 */
import type { Declared } from '../appraisal/history.ts';
import { locatorOf } from '../evidence/identity.ts';
import type { Claim, Declaration } from '../statement/commitment.ts';
import { ruleFor, type Rule } from './enrolment.ts';

/** Claims of a subject that look at one target with one probe. */
export interface Unenrolled {
  readonly subject: string;
  readonly probe: string;
  readonly target: string;
  readonly claims: readonly Claim[];
}

/** In the order of their first claims. A claim without a target is not among them: its result says what it lacks. */
export function unenrolledOf(
  subject: string,
  claims: readonly Claim[],
  { target: locators }: Declaration,
  rules: readonly Rule[],
): readonly Unenrolled[] {
  const groups = new Map<string, Unenrolled>();
  for (const claim of claims) {
    const { probe } = claim;
    const target = locatorOf(claim, locators);
    if (target === undefined || ruleFor(rules, subject, probe, target) !== undefined) continue;
    const key = JSON.stringify([probe, target]);
    groups.set(key, { subject, probe, target, claims: [...(groups.get(key)?.claims ?? []), claim] });
  }
  return [...groups.values()];
}

/** The others of these claims. */
export function enrolledOf(claims: readonly Claim[], unenrolled: readonly Unenrolled[]): readonly Claim[] {
  const left = new Set(unenrolled.flatMap((each) => each.claims));
  return claims.filter((claim) => !left.has(claim));
}

/** What of each declaration an agent may prove. What is left out is told once of each commitment. */
export class EnrolledClaims {
  readonly #rules: () => readonly Rule[];
  readonly #tell: (left: readonly Unenrolled[]) => void;
  /** Ids of commitments of which it was told. */
  readonly #told = new Set<string>();

  constructor(rules: () => readonly Rule[], tell: (left: readonly Unenrolled[]) => void) {
    this.#rules = rules;
    this.#tell = tell;
  }

  /** The declaration with the claims whose targets are enrolled; undefined if it has claims and none is. */
  of(subject: string, declared: Declared): Declared | undefined {
    const { entry, declaration } = declared;
    const left = unenrolledOf(subject, declaration.claims, declaration, this.#rules());
    if (left.length === 0) return declared;
    if (!this.#told.has(entry.id)) this.#tell(left);
    this.#told.add(entry.id);
    const claims = enrolledOf(declaration.claims, left);
    return claims.length === 0 ? undefined : { ...declared, declaration: { ...declaration, claims } };
  }
}
