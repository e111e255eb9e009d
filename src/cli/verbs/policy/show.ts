/** `tallystick policy show`: the registration policy in force, verified, for people to read and edit. */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { editable, formatEditable } from '../../../policy/editable.ts';
import { policyInForce } from '../../../policy/in-force.ts';
import { wholeDocument } from '../../../registration/next.ts';
import { clientOf } from '../../frame/client.ts';
import type { Context } from '../../frame/context.ts';
import { EXIT } from '../../exit.ts';
import type { FlagsOf, Verb, VerbOption } from '../../frame/verb.ts';
import { READER_SETTINGS } from '../../frame/settings.ts';

const OPTIONS = [{ flags: '--yaml', help: 'as YAML; the default' }] as const satisfies readonly VerbOption[];

type Own = FlagsOf<typeof OPTIONS>;

export const showVerb: Verb<typeof OPTIONS> = {
  name: 'show',
  summary: 'print the policy in force, verified, for people to read and edit',
  details:
    'Checks that the policy is in the trusted checkpoint and signed by an admin. That there is no newer one is the ' +
    "log's word.",
  settings: READER_SETTINGS,
  options: OPTIONS,
  json: true,
  examples: ['tallystick policy show', 'tallystick policy show > policy.yaml'],
  run: show,
};

async function show(context: Context, _: readonly string[], flags: Own): Promise<number> {
  const { output } = context;
  if (flags.on('yaml') && output.json) throw refuse('usage', 'give either --yaml or --json');
  const { policy, id, index, issuer, view } = await policyInForce(await clientOf(context));
  const heading = [
    `Registration policy of ${policy.document.origin}, by ${printable(issuer)}:`,
    `entry ${index} of ${view.head.size}, verified. Edit and log it: tallystick policy set FILE`,
  ].join('\n');
  const whole = wholeDocument(policy);
  output.print(formatEditable(whole, id, heading).trimEnd());
  output.result('policy-show', { entry: id, index, verified: true, policy: editable(whole, id) });
  return EXIT.ok;
}
