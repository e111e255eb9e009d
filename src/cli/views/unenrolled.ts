/** What is said of targets that nobody enrolled: the line that enrols each, ready to be pasted. */
import { relative, resolve } from 'node:path';
import type { Unenrolled } from '../../agent/unenrolled.ts';
import { printable } from '../../bytes/printable.ts';
import { shellWord } from '../../bytes/shellword.ts';
import { describeProbe } from '../../probe/registry.ts';
import type { Context } from '../frame/context.ts';

/**
 * The command with which the owner of a target enrols it. Undefined where a rule would let in more than this target, or nobody could
 * read what it says: a star stands for other texts, and the author of the claim chose them.
 */
export function enrolLine(
  { config, resolved, world }: Context,
  { subject, probe, target }: Pick<Unenrolled, 'subject' | 'probe' | 'target'>,
): string | undefined {
  const words = [subject, probe, target];
  if (words.some((word) => word.includes('*') || word.startsWith('-') || printable(word) !== word))
    return undefined;
  const isSaid = resolved.settled.some(({ name, source }) => name === 'agentDir' && source !== 'default');
  const dir = relative(world.cwd, resolve(world.cwd, config.agentDir)) || '.';
  const at = isSaid ? ` --agent-dir ${shellWord(dir)}` : '';
  return `tallystick agent enrol ${words.map((word) => shellWord(word)).join(' ')}${at}`;
}

/** Why nothing was looked at, in one line. */
export function unenrolledText({ probe, target, claims }: Unenrolled): string {
  const count = claims.length === 1 ? '1 claim' : `${claims.length} claims`;
  return `nothing was sent, and nothing is logged: the owner of ${printable(target)} has not enrolled it for ${probe} (${count})`;
}

/** The same, with the line that enrols the target on a line of its own, and the secrets that its probe may take. */
export function unenrolledAdvice(context: Context, left: Unenrolled): string {
  const line = enrolLine(context, left);
  const secrets = Object.entries(describeProbe(left.probe)?.secrets ?? {});
  const advice =
    line === undefined
      ? [
          'its name, or that of its subject, cannot stand in a command: write the rule into targets.yaml by hand',
        ]
      : [line, ...secrets.map(([name, { help }]) => `  --secret ${name}=FILE  ${help}`)];
  const why = `${printable(left.subject)}: ${unenrolledText(left)}; to enrol it:`;
  return [why, ...advice].join('\n');
}
