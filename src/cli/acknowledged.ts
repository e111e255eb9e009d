/** What is left to do on this machine once a log took a statement: whatever fails then, its author hears that it is logged. */
import { onceLogged } from '../client/log-statement.ts';
import { faultOf } from '../platform/fault.ts';

/** Does what is left, as `onceLogged` does; a disk that is full takes nothing back either. */
export function onceLoggedHere<T>(entry: string, goOn: string, work: () => Promise<T>): Promise<T> {
  return onceLogged(entry, goOn, () =>
    work().catch((error: unknown) => {
      throw faultOf(error) ?? error;
    }),
  );
}
