/**
 * A whole log from options: its directory finished, its threads started, its HTTP server ready to listen.
 *
 *     const log = await openLog({ dataDir, stateDir, open: false, endpoint, logger, fetch, now: Date.now, ... });
 *     const url = await log.listen();
 *     ...
 *     await log.close(); // what was taken is answered first
 *
 * The parts: `init.ts` makes keys and entry 0, `running.ts` wires the sequencer's thread, the checkers and the readers,
 * `http/app.ts` is the server. `log.failed` tells when a part failed that the log cannot run without.
 */
import type { Logger } from 'pino';
import { buildApp } from '../http/app.ts';
import type { HttpLimits } from '../http/options.ts';
import type { Head, LogInfo } from '../log/ports.ts';
import { VERSION } from '../platform/place.ts';
import {
  assertGuarded,
  knownUrl,
  listen,
  oneHop,
  publicUrl,
  readTls,
  type GuardedEndpoint,
  type Tls,
} from '../web/listen.ts';
import { initialise, type InitOptions } from './init.ts';
import { layoutOf } from './layout.ts';
import { RunningLog } from './running.ts';
import { witnessingBy, type WitnessingOptions } from './witnessing.ts';

/** The options of a log. Its own URL comes from `endpoint`. */
export interface LogOptions extends Omit<InitOptions, 'url'> {
  readonly endpoint: GuardedEndpoint;
  /** Statements that may wait before the log answers 503. */
  readonly maxPending: number;
  /** Shortest time between two published checkpoints, milliseconds. */
  readonly checkpointIntervalMs: number;
  /** Seconds the clock may lag behind the last batch. */
  readonly clockTolerance: number;
  /** C2SP tlog-policy whose quorum every receipt must have, and the seconds after which a quiet log asks again. */
  readonly witnesses?: { readonly policyFile: string; readonly refreshSeconds: number } | undefined;
  readonly limits?: Partial<HttpLimits>;
  readonly logger: Logger;
  readonly fetch: typeof fetch;
  /** The wall clock, milliseconds since the epoch: for witnesses. */
  readonly now: () => number;
}

/** A log that takes statements once it listens. */
export interface OpenedLog {
  readonly info: LogInfo;
  readonly service: RunningLog;
  head(): Head;
  /** Opens the socket and says the URL. Refuses `config-invalid` when it cannot be had, after closing the log. */
  listen(): Promise<string>;
  /** Resolves with the error of a part without which the log cannot run; the caller then closes it. */
  readonly failed: Promise<Error>;
  /** Answers what was taken, and ends. */
  close(): Promise<void>;
}

interface Prepared extends Tls {
  readonly witnessing: WitnessingOptions | undefined;
}

/**
 * Reads and checks what a log needs besides its directory. `openLog` calls this before it makes a file, so that wrong
 * options of a first start are not stored. Refuses `config-invalid`.
 */
export async function checkLogOptions(
  options: Pick<LogOptions, 'dataDir' | 'guardDir' | 'endpoint' | 'witnesses' | 'fetch' | 'now'>,
): Promise<Prepared> {
  const { endpoint, witnesses, fetch, now } = options;
  assertGuarded(endpoint);
  const tls = await readTls(endpoint);
  if (witnesses === undefined) return { ...tls, witnessing: undefined };
  const publishedPath = layoutOf(options).published;
  const refreshMs = witnesses.refreshSeconds * 1000;
  return {
    ...tls,
    witnessing: await witnessingBy(witnesses.policyFile, { fetch, now, refreshMs, publishedPath }),
  };
}

/** Finishes the directory as `initialise` does, and starts the log. Refuses as that does, and what recovery refuses. */
export async function openLog(options: LogOptions): Promise<OpenedLog> {
  const prepared = await checkLogOptions(options);
  const { origin } = await initialise({ ...options, url: publicUrl(options.endpoint) });
  const { promise: failed, resolve: fail } = Promise.withResolvers<Error>();
  const service = await start(options, origin, prepared, fail);
  const app = await appOf(service, options, prepared);
  const close = async (): Promise<void> => {
    await app.close();
    await service.close();
  };
  return {
    info: service.info,
    service,
    head: () => service.reader.head(),
    listen: () => listen(app, options.endpoint, close),
    failed,
    close,
  };
}

function start(
  options: LogOptions,
  origin: string,
  { witnessing }: Prepared,
  onFatal: (error: Error) => void,
): Promise<RunningLog> {
  const layout = layoutOf(options);
  const { endpoint, logger, maxPending, checkpointIntervalMs, clockTolerance } = options;
  return RunningLog.start({
    sequencer: {
      origin,
      issuer: endpoint.url ?? `https://${origin}`,
      storePath: layout.store,
      guardPath: layout.guard,
      genesisPath: layout.genesis,
      ed25519Path: layout.ed25519,
      mldsa44Path: layout.mldsa44,
      receiptPath: layout.receipt,
      notaryPath: layout.notary,
      checkpointIntervalMs,
      clockTolerance,
    },
    maxPending,
    witnessing,
    conflictPath: layout.conflict,
    onFatal,
    onWarning: (text) => logger.warn(text),
    onAlarm: (text) => logger.error(text),
  });
}

/** The server of a log that runs; closes the log when there can be none. */
async function appOf(
  service: RunningLog,
  { endpoint, logger, limits, dataDir }: LogOptions,
  { tls }: Prepared,
): ReturnType<typeof buildApp> {
  try {
    return await buildApp(service, {
      version: VERSION,
      dataDir,
      ...knownUrl(endpoint),
      log: logger,
      trustProxy: oneHop(endpoint),
      explorer: endpoint.explorer,
      ...(limits && { limits }),
      ...(tls && { tls }),
    });
  } catch (error) {
    await service.close();
    throw error;
  }
}
