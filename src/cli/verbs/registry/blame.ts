/** `tallystick registry blame`: which commitment gave a claim, a fact or a leaf its present value. */
import { versionJson } from '../../../appraisal/versions.ts';
import { formatTime } from '../../../bytes/time.ts';
import { snapshotJson } from '../../../client/snapshot-json.ts';
import { statusOf } from '../../../client/statuses.ts';
import { broughtBy } from '../../../commit/blame.ts';
import { EXIT } from '../../exit.ts';
import { LOOK_OPTIONS, lookOf } from '../../frame/look.ts';
import { LEAVES_OPTION, ownLeaves } from '../../frame/reading.ts';
import { READER_SETTINGS } from '../../frame/settings.ts';
import { defineVerb } from '../../frame/verb.ts';
import { line } from '../../../words/plain.ts';

export const blameVerb = defineVerb({
  name: 'blame',
  summary: 'find the commitment that gave a claim, a fact or a leaf its present value',
  operands: [
    ['<subject>', 'subject of the commitments'],
    ['<name>', 'id of a claim, a fact as registry show names it, or the path of a leaf'],
  ],
  settings: [...READER_SETTINGS, 'proofsDir'],
  options: [LEAVES_OPTION, ...LOOK_OPTIONS],
  json: true,
  examples: [
    'tallystick registry blame db/payments tls12-refused',
    'tallystick registry blame db/payments tier',
  ],
  run: async (context, [subject = '', name = ''], flags) => {
    const { output } = context;
    const look = await lookOf(context, flags);
    const status = await statusOf(look, subject);
    const { since, isUnknown } = broughtBy(status, name, await ownLeaves(context, subject, flags));
    const { index, author, time, approved_by: by, entry } = versionJson(look.policies, since);
    const ticket = since.declaration.change?.ticket;
    output.print(
      [
        `${line(name)}  as it is since entry ${index} (${entry.slice(0, 16)}…), ${formatTime(time)}`,
        `  declared by ${author}${ticket === undefined ? '' : `, ${line(ticket)}`}`,
        `  ${by.length === 0 ? 'approved by nobody' : `approved by ${by.join(', ')}`}`,
      ].join('\n'),
    );
    if (isUnknown)
      output.note('the earlier value is not known: the leaves of the earlier commitment are not at hand');
    output.result('registry-blame', {
      ...snapshotJson(look),
      subject,
      name,
      entry,
      index,
      author,
      time,
      approved_by: by,
      ticket: ticket ?? null,
      earlier_unknown: isUnknown,
    });
    return EXIT.ok;
  },
});
