/** `tallystick status`: a log's size, head and readiness; or the verdicts of the claims of subjects. */
import { subjectJson } from '../../appraisal/json.ts';
import { isNotable } from '../../appraisal/sampling.ts';
import { verdictsOf } from '../../appraisal/subject.ts';
import { refuse } from '../../bytes/refusal.ts';
import { samplingsOf, SLOT_PROOFS } from '../../client/samplings.ts';
import { snapshotJson } from '../../client/snapshot-json.ts';
import { appraiseEach } from '../../client/statuses.ts';
import { exitOfVerdicts } from '../exit.ts';
import type { Context } from '../frame/context.ts';
import { LOOK_OPTIONS, lookOf, type LookFlags } from '../frame/look.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { Verb } from '../frame/verb.ts';
import { slotLines } from '../../words/slots.ts';
import { checkedLine } from '../../words/checked.ts';
import { subjectLines, unreadableJson, warnUnreadable } from '../views/subject.ts';
import { statusOfLog } from './status/log.ts';

export const statusVerb: Verb<typeof LOOK_OPTIONS> = {
  name: 'status',
  summary: "show a log's size, head and readiness, or the verdicts of subjects",
  details:
    'With subjects, shows for each claim of the commitment in force its verdict, evidence class, age, and when the next ' +
    'proof is due. A claim without a fresh proof is STALE; the log alone shows that. Everything shown is verified, ' +
    'including the transcripts of class E3. Exits 0 if all claims are PROVEN or WAIVED, 3 if one is VIOLATED, ' +
    'CONTRADICTED or REVOKED, 5 if one is STALE or UNKNOWN. ' +
    'Without subjects, prints what the log reports of itself. If a key of the log is trusted (--vkey, --policy), its ' +
    'checkpoint is verified and compared with the last one seen and with those of each --peer, a summary of the subjects ' +
    'follows (which does not change the exit code), and without a checkpoint that the key signed the exit code is 2. The ' +
    'rest is not verified; verify and fsck check more. A mirror, or a log of other software, has no more than its ' +
    'checkpoint.',
  operands: [['[subjects...]', 'subjects of commitments']],
  options: LOOK_OPTIONS,
  settings: READER_SETTINGS,
  json: true,
  examples: [
    'tallystick status',
    'tallystick status db/payments',
    'tallystick status db/payments --at 2026-01-31',
    'tallystick status db/payments --log ./mirror',
    'tallystick status db/payments --monitor https://monitor.example.org --json',
    'tallystick status --log https://log.example.com --json',
  ],
  run: async (context, subjects, flags) =>
    subjects.length > 0 || flags.text('at') !== undefined
      ? ofSubjects(context, subjects, flags)
      : statusOfLog(context, flags),
};

/** Prints the claims of subjects. Refuses if the only one named cannot be read; of several, it warns of those. */
async function ofSubjects(context: Context, subjects: readonly string[], flags: LookFlags): Promise<number> {
  const { output } = context;
  if (subjects.length === 0) throw refuse('usage', 'name the subjects whose status --at asks for');
  const look = await lookOf(context, flags);
  const least = look.full ? SLOT_PROOFS : undefined;
  const { statuses, unreadable } = await appraiseEach(look, subjects, undefined, least);
  const [only] = unreadable;
  if (only !== undefined && statuses.length + unreadable.length === 1) throw only.refusal;
  warnUnreadable(output, unreadable);
  for (const status of statuses) {
    output.print(subjectLines(output, look, status).join('\n'));
    // Agents that kept to their slots are not listed.
    for (const { claim } of look.full ? status.claims : []) {
      const notable = (await samplingsOf(look, status, claim)).filter(isNotable);
      for (const each of slotLines(look, notable)) output.print(`  slots of ${claim.id}, ${each}`);
    }
  }
  output.print(checkedLine(look));
  output.result('status-subjects', {
    ...snapshotJson(look),
    subjects: statuses.map(subjectJson),
    unreadable: unreadableJson(unreadable),
  });
  return exitOfVerdicts(statuses.flatMap(verdictsOf), unreadable);
}
