/**
 * A server of the command line: its log, one JSON object a line on standard output, and how it ends. On SIGTERM or SIGINT it
 * takes no more and finishes what it took; a second signal ends it at once.
 */
import closeWithGrace from 'close-with-grace';
import { pino, type Logger } from 'pino';
import { printableJson } from '../../bytes/printable.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { EXIT, exitOf } from '../exit.ts';
import type { Context } from './context.ts';

/** How long a shutdown may take before it is forced: longer than any request may. */
const GRACE_MS = 40_000;

/** A part that was opened from options. */
export interface Served {
  /** Opens its socket, if it has one, and says the URL. */
  listen?(): Promise<string | undefined>;
  close(): Promise<void>;
  /** Resolves with the error of a part without which it cannot run. */
  readonly failed?: Promise<Error>;
}

export interface Serving<T> {
  readonly open: (logger: Logger) => Promise<T>;
  /** What it says of itself once it can be reached. */
  readonly banner: (opened: T, url: string | undefined) => string;
  /** What it does from then on, beside answering. */
  readonly begin?: (opened: T, logger: Logger) => void;
  /** What SIGHUP does; it ends the program when absent. */
  readonly reload?: (opened: T, logger: Logger) => void;
}

/** Runs a part until it is stopped; resolves with the exit code. Refuses as `open` and `listen` do. */
export async function serveUntilStopped<T extends Served>(
  { config, output }: Context,
  { open, banner, begin, reload }: Serving<T>,
): Promise<number> {
  // Printed clean, whoever wrote the texts in it.
  const logger = pino(
    { level: config.logLevel, hooks: { streamWrite: printableJson } },
    pino.destination({ fd: 1, sync: false }),
  );
  const opened = await open(logger);
  const stopped = stopOnSignal(opened, logger, reload && (() => reload(opened, logger)));
  const url = await opened.listen?.();
  output.note(banner(opened, url));
  begin?.(opened, logger);
  return stopped;
}

/** Resolves with the exit code when the program has stopped: after a signal, or because a part of it failed. */
function stopOnSignal(opened: Served, logger: Logger, reload: (() => void) | undefined): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  // At its own end a program has an exit code already, which the library would make 0.
  const skip = ['beforeExit' as const, ...(reload === undefined ? [] : ['SIGHUP' as const])];
  if (reload !== undefined) process.on('SIGHUP', reload);
  const handle = closeWithGrace({ delay: GRACE_MS, logger: false, skip }, async ({ signal, err }) => {
    if (err !== undefined) logger.fatal({ err }, 'stopping after a failure');
    else logger.info({ signal }, 'stopping');
    await opened.close();
    if (signal !== undefined) resolve(EXIT.ok);
  });
  void opened.failed?.then(async (error) => {
    handle.uninstall();
    logger.fatal({ err: error }, 'a part of it failed; stopping');
    await opened.close().catch(() => undefined);
    return resolve(error instanceof Refusal ? exitOf(error) : EXIT.usage);
  });
  return promise;
}
