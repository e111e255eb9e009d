/** A refusal told by whoever knows where it happened: in which file, line or field, and what that makes of it. */
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
