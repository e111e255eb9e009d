/** Asking the person at the terminal before something that cannot be taken back. */
import { refuse } from '../../bytes/refusal.ts';
import type { Context } from './context.ts';

/**
 * Returns if the person says yes, or a script did with --yes. Refuses `usage` if they do not, and where there is no terminal to ask at.
 * `undone`: what has not happened then. `command`: what does it without asking.
 */
export async function assertYes(
  { output, world }: Context,
  asked: {
    readonly yes: boolean;
    readonly question: string;
    readonly undone: string;
    readonly command: string;
  },
): Promise<void> {
  if (asked.yes) return;
  if (world.ask === undefined || output.json)
    throw refuse(
      'usage',
      `${asked.undone}: there is nobody to ask. To do it without being asked: ${asked.command}`,
    );
  const answer = await world.ask(`${asked.question} [y/N] `);
  if (!/^\s*y(?:es)?\s*$/i.test(answer)) throw refuse('usage', asked.undone);
}
