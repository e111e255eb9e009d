/** `tallystick registry diff`: compares two commitments about a subject. */
import { authorOf, versionsNamed } from '../../../appraisal/versions.ts';
import { snapshotJson } from '../../../client/snapshot-json.ts';
import { statusOf } from '../../../client/statuses.ts';
import { changesOf, factsOf } from '../../../declare/facts.ts';
import { comparedText, leafDifference } from '../../../declare/opened.ts';
import { EXIT } from '../../exit.ts';
import { LOOK_OPTIONS, lookOf } from '../../frame/look.ts';
import { LEAVES_OPTION, ownLeaves } from '../../frame/reading.ts';
import { READER_SETTINGS } from '../../frame/settings.ts';
import { defineVerb } from '../../frame/verb.ts';
import { changeJson, changeLine, factLines, loggedAs } from '../../views/difference.ts';

export const diffVerb = defineVerb({
  name: 'diff',
  summary: 'compare two commitments about a subject',
  details:
    'Without entries, compares the newest commitment with the one that it replaces, approved or not. Claims and source ' +
    "facts are public. Leaves are compared as far as they are opened: by the owner's file (leaves.json, or opening.json for " +
    'files), or by what disclose wrote for you; each is checked against the committed root, and of how many nothing is ' +
    'known is said.',
  operands: [
    ['<subject>', 'subject of the commitments'],
    ['[before]', 'index or entry id'],
    ['[after]', 'index or entry id'],
  ],
  settings: [...READER_SETTINGS, 'proofsDir'],
  options: [LEAVES_OPTION, ...LOOK_OPTIONS],
  json: true,
  examples: [
    'tallystick registry diff db/payments',
    'tallystick registry diff db/payments 12 40 --leaves old/leaves.json',
  ],
  run: async (context, [subject = '', ...entries], flags) => {
    const { output } = context;
    const look = await lookOf(context, flags);
    const [before, after] = versionsNamed(await statusOf(look, subject), entries);
    const own = await ownLeaves(context, subject, flags);
    const leaves = leafDifference(loggedAs(before, subject), loggedAs(after, subject), own);
    const heads = [before, after].map(
      (each) => `entry ${each.entry.index} by ${authorOf(look.policies, each)}`,
    );
    const lines = factLines(output, before.declaration, after.declaration);
    output.print([heads.join(' → '), ...lines].join('\n'));
    output.print(
      [`leaves     ${comparedText(leaves)}`, ...leaves.changes.map((each) => changeLine(output, each))].join(
        '\n',
      ),
    );
    if (leaves.closed.before + leaves.closed.after > 0)
      output.note(
        '--leaves takes the leaves.json or opening.json that commit wrote, and what disclose wrote for you',
      );
    output.result('registry-diff', {
      ...snapshotJson(look),
      subject,
      before: before.entry.id,
      after: after.entry.id,
      facts: changesOf(factsOf(before.declaration), factsOf(after.declaration)).map(changeJson),
      leaves: { ...leaves, changes: leaves.changes.map(changeJson) },
    });
    return EXIT.ok;
  },
});
