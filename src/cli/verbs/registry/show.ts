/** `tallystick registry show`: the facts of a commitment, and the commitments before it. */
import { subjectJson } from '../../../appraisal/json.ts';
import { commitmentOf } from '../../../appraisal/history.ts';
import { versionJson } from '../../../appraisal/versions.ts';
import { formatTime } from '../../../bytes/time.ts';
import { snapshotJson } from '../../../client/snapshot-json.ts';
import { statusOf } from '../../../client/statuses.ts';
import { factsOf } from '../../../declare/facts.ts';
import { EXIT } from '../../exit.ts';
import { LOOK_OPTIONS, lookOf } from '../../frame/look.ts';
import { READER_SETTINGS } from '../../frame/settings.ts';
import type { Verb } from '../../frame/verb.ts';
import { checkedLine } from '../../../words/checked.ts';
import { subjectLines } from '../../views/subject.ts';
import { line } from '../../../words/plain.ts';

export const showVerb: Verb<typeof LOOK_OPTIONS> = {
  name: 'show',
  summary: 'show the facts of a commitment, and the commitments before it',
  operands: [['<subject>', 'subject of the commitments']],
  settings: READER_SETTINGS,
  options: LOOK_OPTIONS,
  json: true,
  examples: ['tallystick registry show db/payments', 'tallystick registry show db/payments --at 2026-01-31'],
  run: async (context, [subject = ''], flags) => {
    const { output } = context;
    const look = await lookOf(context, flags);
    const status = await statusOf(look, subject);
    const declared = commitmentOf(status);
    const facts = declared === undefined ? new Map<string, string>() : factsOf(declared.declaration);
    const versions = status.history.declared.map((each) => versionJson(look.policies, each));
    const history = versions
      .toReversed()
      .map(({ index, author, time, state }) => `  entry ${index}  ${formatTime(time)}  ${author}  ${state}`);
    output.print(
      [
        ...subjectLines(output, look, status),
        ...[...facts].map(([name, text]) => `  ${name} = ${line(text)}`),
        'history',
        ...history,
        checkedLine(look),
      ].join('\n'),
    );
    output.result('registry-show', {
      ...snapshotJson(look),
      ...subjectJson(status),
      facts: Object.fromEntries(facts),
      history: versions,
    });
    return EXIT.ok;
  },
};
