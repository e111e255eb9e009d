/** What is left to do once a log took a statement: whatever fails then, its author hears that it is logged. */
import { EXIT, Refusal, refuse } from '../bytes/refusal.ts';
import { faultOf } from '../platform/fault.ts';

/**
 * Does what is left. A log that goes away now, or a disk that is full, takes nothing back: the refusal names the entry
 * and says how to go on. One that says that the log lies stands as it is: its word that it took something is worth nothing.
 */
export async function onceLogged<T>(entry: string, goOn: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const refusal = error instanceof Refusal ? error : faultOf(error);
    if (refusal === undefined || LIES.includes(refusal.exit)) throw error;
    const { code, message } = refusal;
    throw refuse(code, `the log took it as entry ${entry}, and then: ${message}. ${goOn}`, { cause: error });
  }
}

const LIES: readonly number[] = [EXIT.verification, EXIT.splitView];

/** How to go on where the same command again would say it a second time. */
export const LOOK_AGAIN = 'Do not say it again; tallystick get with this entry id shows that it is logged';
