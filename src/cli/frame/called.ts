/** Which command started this program, so that the commands in its messages work when the user types them. */

/** `tallystick <verb>` in a message: at the start of a line, or after a backtick, `|`, `: ` or `say `. */
const COMMAND = /(?<=^ *|[`|] ?|: |\bsay )tallystick (?=[a-z])/gm;

/**
 * A function that writes `npx tallystick …` for each command in a text if npx started this process (npx sets
 * npm_command to `exec`); otherwise it returns the text unchanged.
 */
export function commandsFor(env: Readonly<Record<string, string | undefined>>): (text: string) => string {
  if (env['npm_command'] !== 'exec') return (text) => text;
  return (text) => text.replaceAll(COMMAND, 'npx tallystick ');
}
