/** What the verbs that change the registration policy share: settings, `--dry-run`, the admin key, and the report. */
import { logChange, planChange, type Edit } from '../../../policy/change.ts';
import type { Context } from '../../frame/context.ts';
import { EXIT } from '../../exit.ts';
import type { JsonValue } from '../../frame/output.ts';
import { clientReading } from '../../frame/reading.ts';
import { READER_SETTINGS, type SettingName } from '../../frame/settings.ts';
import { signerOf } from '../../frame/signer.ts';
import type { VerbOption } from '../../frame/verb.ts';

export const WRITES: readonly SettingName[] = [...READER_SETTINGS, 'key'];

export const DRY_RUN = {
  flags: '--dry-run',
  help: 'show what would change, and stop',
} as const satisfies VerbOption;

export const CHANGES =
  'Shows what changes, signs the new policy with the admin key (--key, else keys/admin.pem in the data directory), ' +
  'logs it and verifies the receipt. If nothing changes, nothing is logged.';

interface Asked {
  /** `enrol`: the answer is `tallystick.policy-enrol.v1`. */
  readonly name: string;
  readonly dryRun: boolean;
  readonly edit: Edit;
  /** Printed if the change changes nothing. */
  readonly already: string;
  /** More of the answer for machines. */
  readonly fields?: { readonly [name: string]: JsonValue };
}

/** Prints a change and, unless it is empty or `dryRun`, logs it. Resolves to the exit code. */
export async function change(
  context: Context,
  { name, dryRun, edit, already, fields: asked = {} }: Asked,
): Promise<number> {
  const { output, world } = context;
  const client = await clientReading(context);
  const plan = await planChange(client, edit, world);
  const { difference, inForce } = plan;
  const { id, index, policy } = inForce;
  const report = (more: { readonly [name: string]: JsonValue }): number => {
    const base = { entry: id, index };
    const fields = { changed: difference.length > 0, dry_run: dryRun, difference, base };
    output.result(`policy-${name}`, { ...fields, ...asked, entry: null, index: null, ...more });
    return EXIT.ok;
  };
  if (difference.length === 0) {
    output.print(`${already}; nothing to log. In force: entry ${index}, ${id}`);
    return report({});
  }
  for (const warning of plan.warnings) output.warn(warning);
  output.print(
    `changes to the policy of ${policy.document.origin} (entry ${index}):\n${difference.join('\n')}`,
  );
  if (dryRun) {
    output.note('nothing was logged');
    return report({});
  }
  const logged = await logChange(client, plan, await signerOf(context, 'admin'));
  const lines = [`entry     ${logged.id}`, `index     ${logged.index}`, `replaces  ${id}, entry ${index}`];
  output.print([output.paint('green', 'logged'), ...lines].join('\n'));
  return report({ entry: logged.id, index: logged.index });
}
