/** `tallystick policy set`: logs an edited policy. */
import { resolve } from 'node:path';
import { decodeUtf8 } from '../../../bytes/text.ts';
import { readNamedFile } from '../../../platform/files.ts';
import { editTo, parseEditable } from '../../../policy/editable.ts';
import type { Context } from '../../frame/context.ts';
import type { FlagsOf, Verb, VerbOption } from '../../frame/verb.ts';
import { change, CHANGES, DRY_RUN, WRITES } from './change.ts';

const OPTIONS = [DRY_RUN] as const satisfies readonly VerbOption[];

type Own = FlagsOf<typeof OPTIONS>;

export const setVerb: Verb<typeof OPTIONS> = {
  name: 'set',
  summary: 'log an edited policy',
  details:
    `${CHANGES} The file is what \`policy show\` prints, as YAML or JSON, changed. It is refused when another policy ` +
    'was logged since; without the field base that is not checked.',
  operands: [['<file>', 'edited policy']],
  settings: WRITES,
  options: OPTIONS,
  json: true,
  examples: ['tallystick policy show > policy.yaml', 'tallystick policy set policy.yaml --dry-run'],
  run: set,
};

async function set(context: Context, [file = '']: readonly string[], flags: Own): Promise<number> {
  const edited = parseEditable(decodeUtf8(await readNamedFile(resolve(context.world.cwd, file))), file);
  const already = 'the file is the policy in force';
  return change(context, { name: 'set', dryRun: flags.on('dryRun'), edit: editTo(edited), already });
}
