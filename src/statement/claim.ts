/** One claim of a commitment: what agents must show of the running subject, again and again (spec/statements.md §3). */
import { MAX_PARAMETERS, parameter } from './parameter.ts';
import { array, mapOf, prose, record, text, uint, type Of } from './schema.ts';
import { duration, evidenceClass, name, probe, severity } from './vocabulary.ts';

/** A control of a framework that the claim supports (it never fulfils one alone). */
const control = record({ framework: text(1, 64), id: text(1, 64) }, { version: text(1, 64) });

export const claim = record(
  {
    id: name,
    /** CEL over the probe's observations; true means the claim holds. */
    expr: prose(1, 4096),
    probe,
    /** A lower class cannot prove the claim. */
    minEvidence: evidenceClass,
    /** Seconds from one proof to the next. */
    cadence: duration(1),
    severity,
  },
  {
    title: text(1, 256),
    /** Version of the language of `expr` and of its budget (spec/claims.md). 1 when absent. */
    language: uint(255, 2),
    /** Constants. In a parsed commitment also the values of the leaves in `declared`. */
    params: mapOf(parameter, MAX_PARAMETERS),
    /** Paths of declared leaves whose values are parameters, by the name of the parameter (declared-parameter.ts). */
    declared: mapOf(text(0, 1024), MAX_PARAMETERS),
    /** Seconds from a deployment to the first proof after it. */
    deadline: duration(1),
    /** Proofs that may be missed in a row before the claim is STALE. 0 when absent. */
    grace: uint(100, 1),
    /** Id of a claim of the same commitment that this one contradicts where it is false (spec/claims.md, "Against another claim"). */
    against: name,
    controls: array(control, 64, 1),
  },
);
export type Claim = Of<typeof claim>;
