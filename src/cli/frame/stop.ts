/**
 * How a server of the command line ends. On SIGTERM or
 * SIGINT it takes no more and finishes what it took; a second signal ends it at once.
 */
import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';
import { Refusal } from '../../bytes/refusal.ts';
import { EXIT, exitOf } from '../exit.ts';

/** How long a shutdown may take before it is forced: longer than any request may. */
const GRACE_MS = 40_000;

/**
 * Resolves with the exit code when the program has stopped: after a signal, or because a part of it failed.
 * `reload`: what SIGHUP does instead of stopping it.
 */
export function stopOnSignal(
  stop: () => Promise<void>,
  fatal: Promise<Error>,
  logger: Logger,
  reload?: () => void,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  // At its own end a program has an exit code already, which the library would make 0.
  const skip = ['beforeExit' as const, ...(reload === undefined ? [] : ['SIGHUP' as const])];
  if (reload !== undefined) process.on('SIGHUP', reload);
  const handle = closeWithGrace({ delay: GRACE_MS, logger: false, skip }, async ({ signal, err }) => {
    if (err !== undefined) logger.fatal({ err }, 'stopping after a failure');
    else logger.info({ signal }, 'stopping');
    await stop();
    if (signal !== undefined) resolve(EXIT.ok);
  });
  void fatal.then(async (error) => {
    handle.uninstall();
    logger.fatal({ err: error }, 'a part of it failed; stopping');
    await stop().catch(() => undefined);
    return resolve(error instanceof Refusal ? exitOf(error) : EXIT.usage);
  });
  return promise;
}
