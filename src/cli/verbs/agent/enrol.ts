/** `tallystick agent enrol`: writes the rule, and says who takes it up. */
import { relative, resolve } from 'node:path';
import { agentFiles } from '../../../agent/database.ts';
import { enrol, type Enrolled } from '../../../agent/enrol.ts';
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { isLocked } from '../../../platform/lock.ts';
import { isPortless } from '../../../probe/target-form.ts';
import { probeCalled } from '../../../probe/registry.ts';
import { EXIT } from '../../exit.ts';
import type { Context } from '../../frame/context.ts';

const DONE: Readonly<Record<Enrolled['did'], string>> = {
  added: 'enrolled',
  changed: 'enrolled with its secrets',
  kept: 'enrolled already',
};

export async function runEnrol(
  { config, output, world }: Context,
  asked: {
    readonly subject: string;
    readonly probe: string;
    readonly target: string;
    readonly secrets: readonly string[];
  },
): Promise<number> {
  const { subject, target } = asked;
  const probe = probeCalled(asked.probe);
  const secrets = new Map(asked.secrets.map((text) => secretOf(text, world.cwd)));
  const { did, rule, file } = await enrol(config.agentDir, { subject, probe, target, secrets });
  const runs = isLocked(agentFiles(config.agentDir).lock);
  const at = relative(world.cwd, resolve(world.cwd, file));
  output.print(
    `${DONE[did]}: ${printable(target)} for ${printable(subject)}, by ${probe.name} (rule ${rule} of ${at})`,
  );
  if (probe.target.usualPort !== undefined && isPortless(target))
    output.note(`the target names no port: ${probe.name} takes ${probe.target.usualPort}`);
  output.print(`it does: ${probe.blastRadius}`);
  if (probe.grants.length > 0)
    output.note(`what it must be allowed there: tallystick agent profile --grants --probe ${probe.name}`);
  output.note(
    runs
      ? 'an agent runs here: it reads targets.yaml again by itself within a second, and says so in its log'
      : 'no agent runs here: `tallystick agent run` proves it from now on, `tallystick prove` once',
  );
  output.result('agent-enrol', { did, rule, file: at, subject, probe: probe.name, target, agent_runs: runs });
  return EXIT.ok;
}

/** Refuses `usage`. */
function secretOf(text: string, cwd: string): readonly [name: string, file: string] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1)
    throw refuse(
      'usage',
      '--secret takes NAME=FILE, such as dsn=db.dsn: the file holds the secret, and has the mode 0600',
    );
  return [text.slice(0, at), resolve(cwd, text.slice(at + 1))];
}
