/** Texts of flags that stand for other values. */
import { printable } from '../../bytes/printable.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';

/** The value of a flag; undefined when it was not given. Refuses `usage`, naming it, where the reader refuses. */
export function readFlag<T>(
  text: string | undefined,
  flag: string,
  read: (text: string, at: string) => T,
): T | undefined {
  if (text === undefined) return undefined;
  try {
    return read(text, flag);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse('usage', `${flag} ${printable(text, 40)}: ${error.message}`, { cause: error });
  }
}
