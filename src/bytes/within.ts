/** A refusal told by whoever knows where it happened: in which file, line or field, and what that makes of it. */
import { natureOf } from './nature.ts';
import { Refusal, refuse, type RefusalCode } from './refusal.ts';

/** Runs a reader. What it refuses is refused as `code`, with the place before its message; `same`: with its own code. */
export function within<T>(code: RefusalCode | 'same', where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse(code === 'same' ? error.code : code, `${where}: ${error.message}`, { cause: error });
  }
}

/**
 * Runs a reader of what the user brings, before any log is asked. What is malformed there is `usage`, whichever parser refuses it:
 * else it would look like a proof that does not hold. `file`: its name, where the reader does not say it.
 */
export async function asUsage<T>(read: () => T | Promise<T>, file?: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Refusal) || natureOf(error.code) !== 'input') throw error;
    throw refuse('usage', `${file === undefined ? '' : `${file}: `}${error.message}`, { cause: error });
  }
}
