/** `tallystick history`: what was so in a period, who vouches for when, and what is not known. */
import { historyJson } from '../../appraisal/past/json.ts';
import { knownHistory } from '../../appraisal/past/known.ts';
import { refuse } from '../../bytes/refusal.ts';
import { readPast } from '../../client/past/read.ts';
import { snapshotJson } from '../../client/snapshot-json.ts';
import { exitOfPast } from '../exit.ts';
import { periodOf, PERIOD_OPTIONS, trustedMonitors } from '../frame/period.ts';
import { SEE_OPTIONS, snapshotOf } from '../frame/reading.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { Verb, VerbOption } from '../frame/verb.ts';
import { historyCsv } from '../../appraisal/past/csv.ts';
import { historyLines } from '../views/history.ts';
import { checkedLine } from '../../words/checked.ts';
import { line } from '../../words/plain.ts';

const OPTIONS = [
  ...PERIOD_OPTIONS,
  { flags: '--csv', help: 'print each span and each look as a line of CSV' },
  ...SEE_OPTIONS,
] as const satisfies readonly VerbOption[];

export const historyVerb: Verb<typeof OPTIONS> = {
  name: 'history',
  summary: 'what was so in a period, who vouches for when, what is not known',
  details:
    'A proof says what was so when its agent looked. From there until the next one is due, the claim counts as covered. Each ' +
    'claim of the period is cut into spans: covered, failed (until the next PROVEN), uncovered (nothing is known, and why), and ' +
    'waived, with what the waiver hides. Where readers were told something else at the time, both are shown, with the ' +
    'entry that changed it. Times are bounded by the witnesses of your policy (--policy); without witnessed heads they are ' +
    "the log's word. No number is shown without the grade of its completeness: word, chain, monitor or whole. With a claim, each " +
    'look is shown. Reads a mirror or a directory as well (--log). Exits 0 when every claim was covered or waived all the time, 3 when one ' +
    'failed, 5 when of some time nothing is known.',
  operands: [
    ['<subject>', 'what was committed to'],
    ['[claim]', 'id of one claim, to see each look at it'],
  ],
  options: OPTIONS,
  settings: READER_SETTINGS,
  json: true,
  examples: [
    'tallystick history db/payments',
    'tallystick history db/payments tls12-refused --since 2026-01-01 --until 2026-01-31',
    'tallystick history db/payments --since 2026-01-01 --policy trust.txt --full --json',
    'tallystick history db/payments --log ./mirror --csv > january.csv',
  ],
  run: async (context, [subject = '', claim], flags) => {
    const { output } = context;
    if (flags.on('csv') && output.json) throw refuse('usage', 'give either --csv or --json');
    const look = await snapshotOf(context, flags);
    const period = periodOf(flags, look.now);
    const monitors = trustedMonitors(flags);
    const progress = (label: string, total: number) => output.progress(label, total);
    const record = await readPast(look, subject, period, { monitors, progress });
    const past = knownHistory(record, period);
    const claims = past.claims.filter((each) => claim === undefined || each.claim === claim);
    if (claim !== undefined && claims.length === 0) {
      const known = past.claims.map((each) => line(each.claim, 64)).join(', ');
      throw refuse(
        'not-found',
        `${line(subject)} had no claim ${line(claim, 64)} in the period; it had: ${known || 'none'}`,
      );
    }
    if (flags.on('csv')) output.write(historyCsv(subject, claims));
    else
      output.print(
        [...historyLines(output, record, { ...past, claims }, claim !== undefined), checkedLine(look)].join(
          '\n',
        ),
      );
    output.result('history', { ...snapshotJson(look), ...historyJson({ ...past, claims }, record.policies) });
    return exitOfPast(claims);
  },
};
