/** What a client of the command line keeps of a log that it reads whole, and what a signal meanwhile says of it. */
import { BundleFiles } from '../../client/node/bundle-files.ts';
import type { BundleMemory } from '../../client/kept-bundles.ts';
import type { Context } from './context.ts';
import { stateDirOf } from './state.ts';

/** Listeners of whatever was loaded before the command, such as a tracer's or a test runner's: they do not stop it in their own way. */
const OTHERS = process.listenerCount('SIGINT');

/** Bundles in the state directory. On SIGINT during a walk it says what is kept, and ends. */
export function keepingBundles(context: Context): BundleMemory {
  const files = new BundleFiles(stateDirOf(context));
  const stop = (): void => {
    const { entries, bytes, folder, fault } = files.soFar;
    const kept = `${entries} entries (${Math.ceil(bytes / 2 ** 20)} MiB) are kept in ${folder}/bundles`;
    context.output.warn(
      entries > 0 && fault === undefined
        ? `stopped: ${kept}; the same command goes on from there`
        : `stopped: ${kept}${fault === undefined ? '' : `, and no more could be (${fault.message})`}`,
    );
    process.off('SIGINT', stop);
    process.kill(process.pid, 'SIGINT');
  };
  return {
    bundle: (origin, index) => files.bundle(origin, index),
    keep: (origin, index, bytes) => files.keep(origin, index, bytes),
    walking: () => {
      // A verb that keeps running stops in its own way.
      if (process.listenerCount('SIGINT') > OTHERS) return () => undefined;
      process.on('SIGINT', stop);
      return () => {
        process.off('SIGINT', stop);
        const { fault } = files.soFar;
        if (fault !== undefined)
          context.output.note(
            `what was read of the log cannot be kept (${fault.message}); the next run reads all of it again`,
          );
      };
    },
  };
}
