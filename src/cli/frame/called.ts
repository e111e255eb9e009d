/** How the user called this program, so that the commands that it advises work where they are typed. */

/** A command of ours in a text: at the start of a line, in backticks, or after what leads to one. */
const COMMAND = /(?<=^ *|[`|] ?|: |\bsay )tallystick (?=[a-z])/gm;

/**
 * What makes the commands in a text the user's own: `npx tallystick …` where npx ran this one (it sets npm_command to
 * `exec`), else as they are.
 */
export function commandsFor(env: Readonly<Record<string, string | undefined>>): (text: string) => string {
  if (env['npm_command'] !== 'exec') return (text) => text;
  return (text) => text.replaceAll(COMMAND, 'npx tallystick ');
}
