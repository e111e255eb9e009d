/**
 * Runs a server of the command line. Its log is JSON objects on standard output, one per line. On SIGTERM or SIGINT it
 * accepts no more work and finishes what it has accepted; a second signal ends it at once.
 */
import closeWithGrace from 'close-with-grace';
import { pino, type Logger } from 'pino';
import { printableJson } from '../../bytes/printable.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { EXIT, exitOf } from '../exit.ts';
import type { Context } from './context.ts';

/** After this time a shutdown is forced (milliseconds). No request may take so long. */
const GRACE_MS = 40_000;

/** A server that is opened but not yet listening. */
export interface Served {
  /** Opens the socket, if the server has one, and resolves to its URL. */
  listen?(): Promise<string | undefined>;
  close(): Promise<void>;
  /** Resolves to the error of a part without which the server cannot run. */
  readonly failed?: Promise<Error>;
}

export interface Serving<T> {
  readonly open: (logger: Logger) => Promise<T>;
  /** The text to print once the server listens. */
  readonly banner: (opened: T, url: string | undefined) => string;
  /** Called once after that, for work besides answering requests. */
  readonly begin?: (opened: T, logger: Logger, url: string | undefined) => void;
  /** Called on SIGHUP. If absent, SIGHUP ends the program. */
  readonly reload?: (opened: T, logger: Logger) => void;
}

/** Runs a server until it is stopped; resolves to the exit code. Refuses as `open` and `listen` do. */
export async function serveUntilStopped<T extends Served>(
  { config, output }: Context,
  { open, banner, begin, reload }: Serving<T>,
): Promise<number> {
  // Control characters in any text are made harmless.
  const logger = pino(
    { level: config.logLevel, hooks: { streamWrite: printableJson } },
    pino.destination({ fd: 1, sync: false }),
  );
  const opened = await open(logger);
  const stopped = stopOnSignal(opened, logger, reload && (() => reload(opened, logger)));
  const url = await opened.listen?.();
  output.note(banner(opened, url));
  begin?.(opened, logger, url);
  return stopped;
}

/** Resolves to the exit code when the program has stopped: after a signal, or because a part of it failed. */
function stopOnSignal(opened: Served, logger: Logger, reload: (() => void) | undefined): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  // A program that ends by itself has set its exit code; the library would set it to 0.
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
