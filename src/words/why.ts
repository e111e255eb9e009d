/** What a verdict rests on, in rows: for the command `why` and for pages. */
import type { Declared, EntryOf, SubjectEntry } from '../appraisal/history.ts';
import type { Rests } from '../appraisal/reports.ts';
import { formatTime } from '../bytes/time.ts';
import { Unjudged } from '../claim/cel/meter.ts';
import { membersRead, parseExpression } from '../claim/cel/syntax.ts';
import type { Explanation } from '../client/explain.ts';
import type { Snapshot } from '../client/snapshot.ts';
import type { Claim } from '../statement/commitment.ts';
import { parameterText } from '../statement/leaf-text.ts';
import { describeVerified } from '../evidence/weigh.ts';
import { dueOf, limitsOf, line, signerText, spanOf, WHO_LIES } from './plain.ts';
import { slotLines } from './slots.ts';

/** A name, and the lines that belong to it. */
export interface WhyRow {
  readonly name: string;
  readonly lines: readonly string[];
}

/** Disclosed leaves that are shown. */
const SHOWN_LEAVES = 4;

/** Everything below the verdict itself, in the order in which it rests on one another. Rows without a line are left out. */
export function whyRows(look: Snapshot, told: Explanation): readonly WhyRow[] {
  const { declared, status, deployment, slots } = told;
  const { claim, waiver, due } = status;
  const cadence = `every ${spanOf(claim.cadence)}, class ${claim.minEvidence} or better, ${claim.severity}`;
  return [
    ...rows('claim', [
      `${claim.title === undefined ? '' : `${line(claim.title)}: `}${line(claim.expr)}`,
      `${cadence}; next due ${dueOf(due, look.now)}`,
    ]),
    ...rows('declared', declaredLines(claim)),
    ...rows('commitment', [`${entryText(look, declared.entry)}${sourceText(declared)}`]),
    ...approvalTexts(look, declared).flatMap((each) => rows('approval', [each])),
    ...rows('deployment', [deployment === undefined ? 'none is marked' : deploymentText(look, deployment)]),
    ...rows(
      'waiver',
      waiver === undefined
        ? []
        : [`${entryText(look, waiver)}, until ${formatTime(waiver.parsed.waiver.notAfter)}`],
    ),
    ...proofLines(look, told),
    ...rows('earlier', status.over === undefined ? [] : earlierLines(status.over)),
    ...rows('slots', slotLines(look, slots)),
    ...evidenceLines(told),
  ];
}

function rows(name: string, lines: readonly string[]): readonly WhyRow[] {
  return lines.length === 0 ? [] : [{ name, lines }];
}

/** The leaves that the claim reads: those that its expression names, or all if it names none, or nobody can tell. */
export function declaredLines(
  claim: Pick<Claim, 'expr' | 'language' | 'declared' | 'params'>,
): readonly string[] {
  const named = [...(claim.declared ?? [])];
  const read = parametersRead(claim);
  const inExpression = named.filter(([name]) => read?.has(name));
  return (inExpression.length > 0 ? inExpression : named).map(([name, path]) => {
    const value = claim.params?.get(name);
    const shown = value === undefined ? '' : parameterText(value);
    return `p.${line(name, 128)} is declared at ${line(path, 200)} = ${line(shown, 400)}`;
  });
}

/** The parameters that an expression reads; undefined if nobody can tell. */
function parametersRead({
  expr,
  language,
}: Pick<Claim, 'expr' | 'language'>): ReadonlySet<string> | undefined {
  try {
    return membersRead(parseExpression(expr, language), 'p');
  } catch (error) {
    if (error instanceof Unjudged) return undefined;
    throw error;
  }
}

function entryText(look: Snapshot, { index, id, time, parsed }: SubjectEntry | Declared['entry']): string {
  const who = line(look.policies.speakerOf(parsed, index), 128);
  return `entry ${index} (${id.slice(0, 16)}…) by ${who}, ${formatTime(time)}`;
}

function sourceText({ declaration: { source, change } }: Declared): string {
  const git = source.git;
  const commit =
    git === undefined ? '' : `; git ${git.commit.slice(0, 12)}${git.dirty ? ' and uncommitted changes' : ''}`;
  return `${commit}${change?.ticket === undefined ? '' : `; ${line(change.ticket)}`}`;
}

function approvalTexts(look: Snapshot, { approvals, declaration }: Declared): readonly string[] {
  const needed = declaration.approvals ?? 0;
  if (approvals.length === 0) return [needed === 0 ? 'none asked for' : `0 of ${needed}`];
  const of = (i: number): string => (needed === 0 ? '' : ` (${Math.min(i + 1, needed)} of ${needed})`);
  return approvals.map((each, i) => `${entryText(look, each)}${of(i)}`);
}

function deploymentText(look: Snapshot, entry: EntryOf<'deployment'>): string {
  const { deployed, version } = entry.parsed.deployment;
  return `${entryText(look, entry)}: deployed ${formatTime(deployed)}${version === undefined ? '' : `, ${line(version)}`}`;
}

function proofLines(
  look: Snapshot,
  { status: { proof }, leaves, otherProgram }: Explanation,
): readonly WhyRow[] {
  if (proof === undefined) return rows('proof', ['none yet']);
  const { agent, seq, window, observations, population, challenge } = proof.parsed.proof;
  const vantage = agent.vantage === undefined ? '' : `, from ${line(agent.vantage)}`;
  const seen = `${line(agent.name)} ${line(agent.version)}${vantage}, ${formatTime(window.start)} to ${formatTime(window.end)}`;
  const more = leaves.length > SHOWN_LEAVES ? [`and ${leaves.length - SHOWN_LEAVES} more (--json)`] : [];
  const none = `${observations?.count ?? 0} leaves; none that the result rests on is disclosed`;
  const other = otherProgram?.parsed.proof.agent.version;
  return [
    ...rows('proof', [
      `${entryText(look, proof)}, seq ${seq}`,
      `agent ${seen}; challenge after entry ${challenge.size - 1}`,
      ...(otherProgram === undefined || other === undefined
        ? []
        : [`up to entry ${otherProgram.index} the agent had another program or profile: ${line(other)}`]),
    ]),
    ...rows(
      'looked at',
      population === undefined
        ? []
        : [`${population.sampled} of ${population.total}: ${line(population.source)}`],
    ),
    ...rows(
      'observed',
      leaves.length === 0 ? [none] : [...leaves.slice(0, SHOWN_LEAVES).map((each) => line(each)), ...more],
    ),
  ];
}

/** Facts that are shown of earlier looks. */
const SHOWN_FACTS = 4;

/** What earlier looks a verdict over time rests on. When something was seen first is a bound, and no age of a key. */
function earlierLines(over: Rests): readonly string[] {
  const ordered = over.seen.toSorted((a, b) => Number(b.decides) - Number(a.decides));
  return [
    overText(over),
    ...(over.missing === undefined ? [] : [`there may be more: ${over.missing}`]),
    ...ordered.slice(0, SHOWN_FACTS).map(({ first, last, decides }) => {
      const when = first.notAfter === undefined ? '' : `, not after ${formatTime(first.notAfter)}`;
      const again = last.index === first.index ? '' : `, last in entry ${last.index}`;
      return `${decides ? 'what decides was' : 'these facts were'} first seen in entry ${first.index}${when}${again}`;
    }),
    'nothing is seen between two looks; history says how probable it is that something was missed',
  ];
}

/** `over 41 earlier looks; 45 d covered`. */
export function overText({ looks, covered, unbroken }: Rests): string {
  const strict = unbroken === covered ? '' : `, ${spanOf(unbroken)} of it without any gap`;
  return `over ${looks} earlier looks: ${spanOf(covered)} covered${strict}`;
}

function evidenceLines({
  status: { evidence },
  examined,
  isTls12,
  signer,
  trails,
}: Explanation): readonly WhyRow[] {
  if (examined === undefined) return [];
  const signatures = [
    ...trails.map((each) => `verified: ${line(each)}`),
    ...examined.verified.map(({ verified }) => `verified: ${line(describeVerified(verified))}`),
    ...examined.faults.map((each) => `NOT VERIFIED: ${line(each)}`),
    ...examined.unchecked.map((each) => `not checked: ${line(each)}`),
    ...(signer === undefined ? [] : [signerText(signer)]),
  ];
  if (evidence === undefined) return rows('signature', signatures);
  return [
    ...rows('evidence', [`${evidence}: false only if this lies: ${WHO_LIES[evidence]}`]),
    ...rows('signature', signatures),
    ...rows('limits', limitsOf(evidence, isTls12)),
  ];
}
