/**
 * `tallystick serve`: runs the log until it is told to stop. On SIGTERM or SIGINT it takes no more, answers
 * what it took, publishes, closes; a second signal ends it at once.
 */
import type { Logger } from 'pino';
import { buildApp } from '../../http/app.ts';
import type { HttpLimits } from '../../http/options.ts';
import { publicUrl } from '../config.ts';
import type { Context } from '../context.ts';
import { layoutOf } from '../../service/layout.ts';
import type { Config } from '../settings.ts';
import { makeLogger } from '../logger.ts';
import { VERSION } from '../../platform/version.ts';
import { banner } from './banner.ts';
import type { Prepared } from './prepare.ts';
import { listen, stopOnSignal } from './process.ts';
import type { SequencerOptions } from '../../service/protocol.ts';
import { RunningLog } from '../../service/running.ts';

/** Runs the log of the configuration; resolves with the exit code once it has stopped. */
export async function serve(context: Context, origin: string, prepared: Prepared): Promise<number> {
  const { config } = context;
  const logger = makeLogger(config.logLevel);
  const { promise: fatal, resolve: fail } = Promise.withResolvers<Error>();
  const log = await RunningLog.start({
    sequencer: sequencerOptions(config, origin),
    maxPending: config.maxPending,
    witnessing: prepared.witnessing,
    conflictPath: layoutOf(config).conflict,
    onFatal: fail,
    onWarning: (text) => logger.warn(text),
    onAlarm: (text) => logger.error(text),
  });
  const app = await appOf(log, config, prepared, logger);
  const stop = async (): Promise<void> => {
    await app.close();
    await log.close();
  };
  const stopped = stopOnSignal(stop, fatal, logger);
  const url = await listen(app, config, stop);
  context.output.note(banner({ context, info: log.info, head: log.reader.head(), url }));
  return stopped;
}

/** The server of a log that runs; closes the log when there can be none. */
async function appOf(
  log: RunningLog,
  config: Config,
  { tls }: Prepared,
  logger: Logger,
): ReturnType<typeof buildApp> {
  try {
    return await buildApp(log, {
      version: VERSION,
      baseUrl: publicUrl(config),
      log: logger,
      // One hop: the address the proxy itself saw, not what a client wrote before it.
      trustProxy: config.trustProxy && ((_address, hop) => hop === 0),
      limits: limitsOf(config),
      ...(tls && { tls }),
    });
  } catch (error) {
    await log.close();
    throw error;
  }
}

function sequencerOptions(config: Config, origin: string): SequencerOptions {
  const layout = layoutOf(config);
  return {
    origin,
    issuer: config.url ?? `https://${origin}`,
    storePath: layout.store,
    guardPath: layout.guard,
    genesisPath: layout.genesis,
    ed25519Path: layout.ed25519,
    mldsa44Path: layout.mldsa44,
    receiptPath: layout.receipt,
    checkpointIntervalMs: config.checkpointIntervalMs,
    clockTolerance: config.clockTolerance,
  };
}

/** Minutes of the settings in the windows of the server. */
function limitsOf(config: Config): Partial<HttpLimits> {
  return {
    rateWindowMs: 60_000,
    writesPerWindow: config.rateLimit,
    statementsPerWindow: config.statementRate,
    keyPerWindow: config.keyRate,
    subjectPerWindow: config.subjectRate,
    readsPerWindow: config.readRateLimit,
  };
}
