/**
 * Exit code 3 means that a proof does not hold, or that a log refused a statement. If a parser refuses a file or a flag
 * of the user's own, that is wrong usage, whichever parser it was, because no log was asked yet.
 */
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { EXIT, exitOf } from '../exit.ts';

/** Runs a reader over the user's own input. `file`: its name, where the reader does not say it. */
export async function ownInput<T>(read: () => T | Promise<T>, file?: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Refusal) || exitOf(error) !== EXIT.verification) throw error;
    const where = file === undefined ? '' : `${file}: `;
    throw refuse('usage', `${where}${error.message}`, { cause: error });
  }
}
