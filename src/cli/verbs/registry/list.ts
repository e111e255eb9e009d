/** `tallystick registry list`: the subjects of a log, and the verdicts of each. */
import { commitmentOf } from '../../../appraisal/history.ts';
import { snapshotJson } from '../../../client/snapshot-json.ts';
import { appraiseEach, newestSubjects } from '../../../client/statuses.ts';
import { EXIT } from '../../exit.ts';
import { LOOK_OPTIONS, lookOf } from '../../frame/look.ts';
import { READER_SETTINGS } from '../../frame/settings.ts';
import { defineVerb } from '../../frame/verb.ts';
import { registryLines, rowJson } from '../../views/registry.ts';
import { checkedLine } from '../../../words/checked.ts';
import { unreadableJson, warnUnreadable } from '../../views/subject.ts';

const MOST_LISTED = 100;

export const listVerb = defineVerb({
  name: 'list',
  summary: 'list subjects: environment, tier, author, git commit, age, verdicts',
  standard: true,
  settings: READER_SETTINGS,
  options: [
    { flags: '--environment <name>', help: 'only those of this environment' },
    {
      flags: '--subject <pattern>',
      help: 'only subjects that match: * within a path segment, ** anything',
    },
    ...LOOK_OPTIONS,
  ],
  json: true,
  examples: ['tallystick registry list', 'tallystick registry list --environment production --json'],
  run: async (context, _, flags) => {
    const { output } = context;
    const look = await lookOf(context, flags);
    const { subjects, more } = await newestSubjects(look, MOST_LISTED, flags.text('subject'));
    const bar = output.progress('subjects', subjects.length);
    const { statuses, unreadable } = await appraiseEach(look, subjects, (done) => bar.at(done));
    bar.end();
    const environment = flags.text('environment');
    const shown = statuses.filter(
      (each) => environment === undefined || commitmentOf(each)?.declaration.environment === environment,
    );
    output.print(registryLines(output, look, shown).join('\n'));
    warnUnreadable(output, unreadable);
    if (more > 0)
      output.note(
        `the newest ${subjects.length} subjects are shown, and ${more} are left out; narrow them with --subject PATTERN`,
      );
    output.note(checkedLine(look));
    output.result('registry-list', {
      ...snapshotJson(look),
      subjects: shown.map((each) => rowJson(look, each)),
      unreadable: unreadableJson(unreadable),
      left_out: more,
    });
    return EXIT.ok;
  },
});
