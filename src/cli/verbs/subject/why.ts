/** `tallystick why`: from a verdict back to who declared it, who approved it, what was seen, and what to believe of it. */
import { refuse } from '../../../bytes/refusal.ts';
import type { Declared, EntryOf, SubjectEntry } from '../../../appraisal/history.ts';
import { formatTime } from '../../../bytes/time.ts';
import { describeVerified, challengeIn } from '../../../evidence/weigh.ts';
import { explainClaim, type Explanation } from '../../../client/explain.ts';
import { SLOT_PROOFS } from '../../../client/samplings.ts';
import type { Context } from '../../frame/context.ts';
import type { JsonValue, Output } from '../../frame/output.ts';
import { type SeeFlags, readingOf, seeAll } from './asked.ts';
import { checkedLine, classOf } from '../../views/show.ts';
import { snapshotJson } from '../../../client/snapshot-json.ts';
import { claimJson } from '../../../appraisal/json.ts';
import { exitOf, type Appraised } from './appraised.ts';
import { slotLines, slotsJson } from '../../views/slots.ts';
import { dueOf, limitsOf, line, signerText, paintVerdict, spanOf, WHO_LIES } from '../../views/words.ts';

/** Disclosed leaves that are printed. */
const SHOWN_LEAVES = 4;

export async function why(
  context: Context,
  [subject = '', id = '']: readonly string[],
  flags: SeeFlags,
): Promise<number> {
  const { output } = context;
  const look = await (await readingOf(context, flags)).snapshot();
  const [seen] = await seeAll(look, [subject], SLOT_PROOFS);
  const explained = seen && (await explainClaim(look, seen, id));
  if (seen === undefined || explained === undefined) {
    const known = seen?.claims.map(({ claim }) => claim.id).join(', ') ?? '';
    throw refuse(
      'not-found',
      `${line(subject)} has no claim ${line(id)}; it has: ${known === '' ? 'none' : known}`,
    );
  }
  const story = { ...explained, seen };
  const { status } = story;
  for (const [name, text] of linesOf(output, story)) output.print(`${name.padEnd(11)} ${text}`.trimEnd());
  output.print(checkedLine(look));
  output.result('why', { ...snapshotJson(look), subject, ...claimJson(status), ...storyJson(story) });
  return exitOf([status.verdict]);
}

interface Story extends Explanation {
  readonly seen: Appraised;
}

function linesOf(output: Output, story: Story): readonly (readonly [string, string])[] {
  const { seen, declared, status, deployment } = story;
  const { claim, verdict, explain, waiver, due } = status;
  const { now } = seen.look;
  const known = classOf(status);
  const words = known === undefined ? '' : ` [${known}]`;
  return [
    [
      line(claim.id, 64),
      `${paintVerdict(output, verdict)}${words}  ${explain === undefined ? '' : line(explain)}`,
    ],
    ['claim', `${claim.title === undefined ? '' : `${line(claim.title)}: `}${line(claim.expr)}`],
    [
      '',
      `every ${spanOf(claim.cadence)}, class ${claim.minEvidence} or better, ${claim.severity}; next due ${dueOf(due, now)}`,
    ],
    ['commitment', `${entryText(story, declared.entry)}${sourceText(declared)}`],
    ...approvalLines(story),
    ['deployment', deployment === undefined ? 'none is marked' : deploymentText(story, deployment)],
    ...(waiver === undefined
      ? []
      : [
          [
            'waiver',
            `${entryText(story, waiver)}, until ${formatTime(waiver.parsed.waiver.notAfter)}`,
          ] as const,
        ]),
    ...proofLines(story),
    ...slotLines(seen, story.slots).map((each, i) => [i === 0 ? 'slots' : '', each] as const),
    ...evidenceLines(story),
  ];
}

function entryText({ seen }: Story, { index, id, time, parsed }: SubjectEntry | Declared['entry']): string {
  const who = line(seen.look.policies.nameOf(parsed.kid, index), 128);
  return `entry ${index} (${id.slice(0, 16)}…) by ${who}, ${formatTime(time)}`;
}

function sourceText({ declaration: { source, change } }: Declared): string {
  const git = source.git;
  const commit =
    git === undefined ? '' : `; git ${git.commit.slice(0, 12)}${git.dirty ? ' and uncommitted changes' : ''}`;
  return `${commit}${change?.ticket === undefined ? '' : `; ${line(change.ticket)}`}`;
}

function approvalLines(story: Story): readonly (readonly [string, string])[] {
  const { approvals, declaration } = story.declared;
  const needed = declaration.approvals ?? 0;
  if (approvals.length === 0) return [['approval', needed === 0 ? 'none asked for' : `0 of ${needed}`]];
  return approvals.map((each, i) => [
    'approval',
    `${entryText(story, each)}${needed === 0 ? '' : ` (${Math.min(i + 1, needed)} of ${needed})`}`,
  ]);
}

function deploymentText(story: Story, entry: EntryOf<'deployment'>): string {
  const { deployed, version } = entry.parsed.deployment;
  return `${entryText(story, entry)}: deployed ${formatTime(deployed)}${version === undefined ? '' : `, ${line(version)}`}`;
}

function proofLines(story: Story): readonly (readonly [string, string])[] {
  const { status, leaves } = story;
  if (status.proof === undefined) return [['proof', 'none yet']];
  const { agent, seq, window, observations, challenge } = status.proof.parsed.proof;
  const vantage = agent.vantage === undefined ? '' : `, from ${line(agent.vantage)}`;
  const seen = `${line(agent.name)} ${line(agent.version)}${vantage}, ${formatTime(window.start)} to ${formatTime(window.end)}`;
  const more = leaves.length > SHOWN_LEAVES ? [`and ${leaves.length - SHOWN_LEAVES} more (--json)`] : [];
  const count = observations?.count ?? 0;
  return [
    ['proof', `${entryText(story, status.proof)}, seq ${seq}`],
    ['', `agent ${seen}; challenge after entry ${challenge.size - 1}`],
    ...otherProgram(story),
    ...(leaves.length === 0
      ? [['observed', `${count} leaves, none of those it rests on is public`] as const]
      : [...leaves.slice(0, SHOWN_LEAVES), ...more].map(
          (each, i) => [i === 0 ? 'observed' : '', line(each)] as const,
        )),
  ];
}

/** Since when another program says it. */
function otherProgram({ otherProgram: before }: Story): readonly (readonly [string, string])[] {
  if (before === undefined) return [];
  const { agent } = before.parsed.proof;
  return [
    [
      '',
      `up to entry ${before.index} it was another program, or allowed other things: ${line(agent.version)}`,
    ],
  ];
}

function evidenceLines({
  status: { evidence },
  examined,
  isTls12,
  signer,
  trails,
}: Story): readonly (readonly [string, string])[] {
  if (examined === undefined) return [];
  const signatures = [
    ...trails.map((each) => `verified: ${line(each)}`),
    ...examined.verified.map(({ verified }) => `verified: ${line(describeVerified(verified))}`),
    ...examined.faults.map((each) => `NOT VERIFIED: ${line(each)}`),
    ...examined.unchecked.map((each) => `not checked: ${line(each)}`),
    ...(signer === undefined ? [] : [signerText(signer)]),
  ];
  const shown = signatures.map((each, i) => [i === 0 ? 'signature' : '', each] as const);
  if (evidence === undefined) return shown;
  return [
    ['evidence', `${evidence}: false only if this lies: ${WHO_LIES[evidence]}`],
    ...shown,
    ...limitsOf(evidence, isTls12).map((each, i) => [i === 0 ? 'limits' : '', each] as const),
  ];
}

function storyJson(story: Story): { readonly [key: string]: JsonValue } {
  const { seen, declared, status, deployment, examined, isTls12, leaves } = story;
  const { proof, evidence } = status;
  const entry = ({ index, id, time, parsed }: SubjectEntry | Declared['entry']): JsonValue => ({
    entry: id,
    index,
    time,
    kid: parsed.kid,
    by: seen.look.policies.nameOf(parsed.kid, index),
  });
  return {
    expr: status.claim.expr,
    committed: entry(declared.entry),
    approvals: declared.approvals.map(entry),
    approvals_needed: declared.declaration.approvals ?? 0,
    deployment: deployment === undefined ? null : entry(deployment),
    proven: proof === undefined ? null : entry(proof),
    agent: proof?.parsed.proof.agent.name ?? null,
    vantage: proof?.parsed.proof.agent.vantage ?? null,
    observed: leaves,
    slots: slotsJson(story.slots),
    challenge: proof === undefined ? null : challengeIn(proof),
    transcripts:
      examined === undefined ? [] : examined.verified.map(({ verified }) => describeVerified(verified)),
    transcript_faults: examined?.faults ?? [],
    transcripts_unchecked: examined?.unchecked ?? [],
    signer: story.signer === undefined ? null : { ...story.signer },
    who_lies: evidence === undefined ? null : WHO_LIES[evidence],
    limits: evidence === undefined ? [] : limitsOf(evidence, isTls12),
  };
}
