/** What `why` prints of a verdict: who declared and approved the claim, what was observed, and who could have lied. */
import type { Declared, SubjectEntry } from '../../appraisal/history.ts';
import { againstJson, overJson } from '../../appraisal/json.ts';
import type { Explanation } from '../../client/explain.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { challengeIn, describeVerified } from '../../evidence/weigh.ts';
import type { JsonValue, Output } from '../frame/output.ts';
import { declaredValues } from '../../statement/leaf-text.ts';
import { whyRows } from '../../words/why.ts';
import { slotsJson } from './slots.ts';
import { classOf } from '../../words/results.ts';
import { limitsOf, line, WHO_LIES } from '../../words/plain.ts';
import { paintVerdict } from './words.ts';

/** Width of the names of rows. */
const NAMES = 11;

/** Lines for people, with a name before the first line of each kind. */
export function whyLines(output: Output, look: Snapshot, told: Explanation): readonly string[] {
  const { claim, explain } = told.status;
  const known = classOf(told.status);
  const words = known === undefined ? '' : ` [${known}]`;
  const verdict = `${paintVerdict(output, told.status)}${words}  ${explain === undefined ? '' : line(explain)}`;
  const rows = [{ name: line(claim.id, 64), lines: [verdict] }, ...whyRows(look, told)];
  return rows.flatMap(({ name, lines }) =>
    lines.map((each, i) => `${(i === 0 ? name : '').padEnd(NAMES)} ${each}`.trimEnd()),
  );
}

/** The same for machines, in addition to the fields of `status` for the claim. */
export function whyJson(look: Snapshot, told: Explanation): { readonly [key: string]: JsonValue } {
  const { declared, status, deployment, examined, signer } = told;
  const { proof, evidence } = status;
  const entry = ({ index, id, time, parsed }: SubjectEntry | Declared['entry']): JsonValue => ({
    entry: id,
    index,
    time,
    kid: parsed.kid,
    by: look.policies.speakerOf(parsed, index),
  });
  return {
    expr: status.claim.expr,
    declared: declaredValues([status.claim]).map(({ path, value, readers }) => ({ path, value, readers })),
    committed: entry(declared.entry),
    approvals: declared.approvals.map(entry),
    approvals_needed: declared.declaration.approvals ?? 0,
    deployment: deployment === undefined ? null : entry(deployment),
    proven: proof === undefined ? null : entry(proof),
    agent: proof?.parsed.proof.agent.name ?? null,
    vantage: proof?.parsed.proof.agent.vantage ?? null,
    observed: told.leaves,
    slots: slotsJson(told.slots),
    challenge: proof === undefined ? null : challengeIn(proof),
    transcripts: (examined?.verified ?? []).map(({ verified }) => describeVerified(verified)),
    transcript_faults: examined?.faults ?? [],
    transcripts_unchecked: examined?.unchecked ?? [],
    signer: signer === undefined ? null : { ...signer },
    who_lies: evidence === undefined ? null : WHO_LIES[evidence],
    limits: evidence === undefined ? [] : limitsOf(evidence, told.isTls12),
    ...overJson(status),
    ...againstJson(status),
  };
}
