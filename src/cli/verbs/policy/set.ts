/** `tallystick policy set`: logs an edited policy. */
import { resolve } from 'node:path';
import { decodeUtf8 } from '../../../bytes/text.ts';
import { readNamedFile } from '../../../platform/files.ts';
import { editTo, parseEditable } from '../../../policy/editable.ts';
import { defineVerb } from '../../frame/verb.ts';
import { change, CHANGES, DRY_RUN, WRITES } from './change.ts';

export const setVerb = defineVerb({
  name: 'set',
  summary: 'log an edited policy',
  details:
    `${CHANGES} The file is the edited output of \`policy show\`, as YAML or JSON. It is refused if another policy was ` +
    'logged since; without the field base this is not checked.',
  operands: [['<file>', 'edited policy']],
  settings: WRITES,
  options: [DRY_RUN],
  json: true,
  examples: ['tallystick policy show > policy.yaml', 'tallystick policy set policy.yaml --dry-run'],
  run: async (context, [file = ''], flags) => {
    const edited = parseEditable(decodeUtf8(await readNamedFile(resolve(context.world.cwd, file))), file);
    const already = 'the file is the policy in force';
    return change(context, { name: 'set', dryRun: flags.on('dryRun'), edit: editTo(edited), already });
  },
});
