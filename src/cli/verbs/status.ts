/** `tallystick status`: what a log says of itself and whether it takes submissions; or where the claims of subjects stand. */
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
import { slotLines } from '../views/slots.ts';
import { checkedLine, subjectLines, unreadableJson, warnUnreadable } from '../views/subject.ts';
import { statusOfLog } from './status/log.ts';

export const statusVerb: Verb<typeof LOOK_OPTIONS> = {
  name: 'status',
  summary: "a log's size, head and readiness, or where the claims of subjects stand",
  details:
    'With subjects, shows of each claim of the commitment in force: verdict, evidence class, age, when the next proof is ' +
    'due. Only PROVEN is green; silence is STALE, told from the log alone. Everything shown is verified, transcripts of ' +
    'class E3 included. Exits 0 when all is PROVEN or WAIVED, 3 when something is VIOLATED, CONTRADICTED or REVOKED, 5 ' +
    'when something is STALE or UNKNOWN. ' +
    'Without subjects, prints what the log says. When a key of it is trusted (--vkey, --policy), its checkpoint is verified and compared ' +
    'with the last one seen and with those of each --peer; and without one that it signed the exit code is 2; the rest is its word (tallystick verify and fsck check more). Of a mirror, or a log of other software, the verified checkpoint is all there is. ' +
    'A summary of the subjects follows then; it has no part in the exit code.',
  operands: [['[subjects...]', 'what was committed to, as commit --subject named it']],
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

/** The only subject that is asked about ends the run where it cannot be read; one of several does not. */
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
    // Of those that kept their slots there is nothing to say.
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
