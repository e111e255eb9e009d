/** `tallystick registry`: what is declared, what changed, and who said so. */
import { refuse } from '../../../bytes/refusal.ts';
import { formatTime } from '../../../bytes/time.ts';
import { EXIT } from '../../exit.ts';
import type { Declared } from '../../../appraisal/history.ts';
import type { Context } from '../../frame/context.ts';
import type { JsonValue } from '../../frame/output.ts';
import type { Flags } from '../../frame/verb.ts';
import { type SeeFlags, ownLeaves, readingOf, seeEach, unreadableJson } from './asked.ts';
import { changeLine } from '../../views/difference.ts';
import { newestSubjects } from '../../../client/newest-subjects.ts';
import { changesOf, claimText, factsOf, textNamed, type Change } from '../../../declare/facts.ts';
import {
  asItIsSince,
  authorOf,
  predecessorOf,
  versionJson,
  versionNamed,
  type Said,
} from '../../../appraisal/versions.ts';
import { leavesFor } from '../../../declare/node/openedleaves.ts';
import { checkedLine, countsOf, subjectLines } from '../../views/show.ts';
import { snapshotJson } from '../../../client/snapshot-json.ts';
import { subjectJson } from '../../../appraisal/json.ts';
import { commitmentOf } from '../../../appraisal/subject.ts';
import { worstOf } from '../../../appraisal/gate.ts';
import { appraise, type Appraised } from './appraised.ts';
import { line, paintVerdict, spanOf, table } from '../../views/words.ts';

const MOST_LISTED = 100;

export async function list(
  context: Context,
  _: readonly string[],
  flags: Flags<'full', 'environment' | 'subject', 'monitor'>,
): Promise<number> {
  const { output } = context;
  const look = await (await readingOf(context, flags)).snapshot();
  const environment = flags.text('environment');
  const pattern = flags.text('subject');
  const { subjects, more: leftOut } = await newestSubjects(look, MOST_LISTED, pattern);
  const bar = output.progress('subjects', subjects.length);
  const { seen, unreadable } = await seeEach(look, subjects, (done) => bar.at(done));
  bar.end();
  const shown = seen.filter(
    (each) => environment === undefined || commitmentOf(each)?.declaration.environment === environment,
  );
  const cells = [
    ['subject', 'environment', 'tier', 'declared by', 'commit', 'age', 'standing'],
    ...shown.map(rowOf),
  ];
  const drawn = table(cells, (cell, column, row) => {
    if (row === 0) return output.paint('dim', cell);
    const worst = worstOf((shown[row - 1]?.claims ?? []).map(({ verdict }) => verdict));
    return column === 6 && worst !== undefined ? cell.replace(worst, paintVerdict(output, worst)) : cell;
  });
  output.print(drawn.join('\n'));
  for (const { subject, refusal } of unreadable)
    output.warn(`${line(subject)} cannot be read (${refusal.code}): ${refusal.message}`);
  if (leftOut > 0)
    output.note(
      `the newest ${subjects.length} subjects are looked at, and ${leftOut} are left out; narrow them with --subject PATTERN`,
    );
  output.note(checkedLine(look));
  output.result('registry-list', {
    ...snapshotJson(look),
    subjects: shown.map(rowJson),
    unreadable: unreadableJson(unreadable),
    left_out: leftOut,
  });
  return EXIT.ok;
}

function rowOf(seen: Appraised): readonly string[] {
  const declared = commitmentOf(seen);
  if (declared === undefined) return [line(seen.subject, 60), '–', '–', '–', '–', '–', 'withdrawn'];
  const { environment, tier, source } = declared.declaration;
  const git =
    source.git === undefined ? '–' : `${source.git.commit.slice(0, 10)}${source.git.dirty ? '+' : ''}`;
  const age = spanOf(Math.max(0, seen.look.now - declared.entry.time));
  const verdicts = seen.claims.map(({ verdict }) => verdict);
  const standing = declared.effective === undefined ? 'lacks approvals' : countsOf(verdicts) || 'no claims';
  return [
    line(seen.subject, 60),
    environment,
    tier,
    authorOf(seen.look.policies, declared),
    git,
    age,
    standing,
  ];
}

function rowJson(seen: Appraised): { readonly [key: string]: JsonValue } {
  const declared = commitmentOf(seen);
  return {
    ...subjectJson(seen),
    author: declared === undefined ? null : authorOf(seen.look.policies, declared),
    time: declared?.entry.time ?? null,
    git: declared?.declaration.source.git?.commit ?? null,
  };
}

export async function show(
  context: Context,
  [subject = '']: readonly string[],
  flags: SeeFlags,
): Promise<number> {
  const { output } = context;
  const look = await (await readingOf(context, flags)).snapshot();
  const seen = await appraise(look, subject);
  const declared = commitmentOf(seen);
  output.print(subjectLines(output, seen).join('\n'));
  const facts = declared === undefined ? new Map<string, string>() : factsOf(declared.declaration);
  for (const [name, text] of facts) output.print(`  ${name} = ${line(text)}`);
  output.print('history');
  const versions = seen.history.declared.map((each) => versionJson(look.policies, each));
  for (const { index, author, time, state } of versions.toReversed())
    output.print(`  entry ${index}  ${formatTime(time)}  ${author}  ${state}`);
  output.print(checkedLine(look));
  output.result('registry-show', {
    ...snapshotJson(look),
    ...subjectJson(seen),
    facts: Object.fromEntries(facts),
    history: versions,
  });
  return EXIT.ok;
}

/** Two commitments of a subject; without naming any, the newest and the one it replaces. */
export async function diff(
  context: Context,
  [subject = '', first, second]: readonly string[],
  flags: Flags<'full', never, 'monitor' | 'leaves'>,
): Promise<number> {
  const { output } = context;
  const look = await (await readingOf(context, flags)).snapshot();
  const seen = await appraise(look, subject);
  const all = seen.history.declared;
  const after = second === undefined ? all.at(-1) : versionNamed(seen, second);
  const before = first === undefined ? predecessorOf(seen.history, after) : versionNamed(seen, first);
  if (before === undefined || after === undefined)
    throw refuse(
      'not-found',
      `there is nothing to compare: ${line(subject)} has ${all.length} ${all.length === 1 ? 'commitment' : 'commitments'}`,
    );
  const own = await ownLeaves(context, subject, flags.texts('leaves'));
  const [old, now] = [leavesFor(own, before.declaration), leavesFor(own, after.declaration)];
  const facts = changesOf(factsOf(before.declaration), factsOf(after.declaration));
  const leaves = old === undefined || now === undefined ? undefined : changesOf(old, now);
  output.print(
    `entry ${before.entry.index} by ${authorOf(look.policies, before)} → entry ${after.entry.index} by ${authorOf(look.policies, after)}`,
  );
  for (const each of facts) output.print(changeLine(output, each));
  if (facts.length === 0) output.print('the same facts');
  if (leaves === undefined)
    output.note(missingLeaves([before, after].filter(({ declaration }) => !leavesFor(own, declaration))));
  else output.print(['leaves', ...leaves.map((each) => changeLine(output, each))].join('\n'));
  output.result('registry-diff', {
    ...snapshotJson(look),
    subject,
    before: before.entry.id,
    after: after.entry.id,
    facts: facts.map(changeJson),
    leaves: leaves?.map(changeJson) ?? null,
  });
  return EXIT.ok;
}

/** What keeps leaves from being compared, and what to do. */
function missingLeaves(missing: readonly Declared[]): string {
  const entries = missing.map(({ entry }) => `entry ${entry.index}`).join(' and ');
  return `leaves are not compared: those of ${entries} are not at hand; name the leaves.json or opening.json that commit left to their owner with --leaves`;
}

function changeJson({ name, before, after }: Change): JsonValue {
  return { name, before: before ?? null, after: after ?? null };
}

/** Which commitment brought a claim, a fact or a leaf as it is now. */
export async function blame(
  context: Context,
  [subject = '', name = '']: readonly string[],
  flags: Flags<'full', never, 'monitor' | 'leaves'>,
): Promise<number> {
  const { output } = context;
  const look = await (await readingOf(context, flags)).snapshot();
  const seen = await appraise(look, subject);
  const own = await ownLeaves(context, subject, flags.texts('leaves'));
  const now = commitmentOf(seen);
  const said = ({ declaration }: Declared): Said => {
    const leaves = leavesFor(own, declaration);
    return isLeaf && leaves === undefined ? { unknown: true } : textNamed(declaration, name, leaves);
  };
  const known = now && leavesFor(own, now.declaration);
  const isLeaf =
    now !== undefined && known?.has(name) === true && claimText(now.declaration, name) === undefined;
  if (now === undefined || said(now) === undefined)
    throw refuse(
      'not-found',
      `${line(subject)} has no claim, fact or known leaf ${line(name)}; leaves are looked for in its proof directory and the files of --leaves`,
    );
  const { since, isUnknown: unknown } = asItIsSince(seen.history, now, said);
  const { index, author, time, approved_by: by, entry } = versionJson(look.policies, since);
  const change = since.declaration.change;
  output.print(`${line(name)}  as it is since entry ${index} (${entry.slice(0, 16)}…), ${formatTime(time)}`);
  output.print(`  declared by ${author}${change?.ticket === undefined ? '' : `, ${line(change.ticket)}`}`);
  output.print(`  ${by.length === 0 ? 'approved by nobody' : `approved by ${by.join(', ')}`}`);
  if (unknown)
    output.note('what it was before is not known here: the leaves of the earlier commitment are not at hand');
  output.result('registry-blame', {
    ...snapshotJson(look),
    subject,
    name,
    entry,
    index,
    author,
    time,
    approved_by: by,
    ticket: change?.ticket ?? null,
    earlier_unknown: unknown,
  });
  return EXIT.ok;
}
