/** `tallystick witness`: cosigns until it is told to stop; on SIGHUP it reads the list of logs again. */
import { openWitness, type WitnessOptions } from '../../../witness/open.ts';
import type { Context } from '../../frame/context.ts';
import { makeLogger } from '../../frame/logger.ts';
import { stopOnSignal } from '../../frame/stop.ts';
import { witnessBanner } from '../../views/witness-banner.ts';

/** Runs the witness of the configuration; resolves with the exit code once it has stopped. */
export async function runWitness(context: Context, asked: WitnessOptions['asked']): Promise<number> {
  const { config, output, world } = context;
  const logger = makeLogger(config.logLevel);
  const { witnessDir: dir, guardDir, knownLogs, name } = config;
  const opened = await openWitness({
    place: { dir, guardDir, knownLogs, name },
    endpoint: config,
    peers: config.peer,
    pollSeconds: config.poll,
    writesPerMinute: config.rateLimit,
    readsPerMinute: config.readRateLimit,
    asked,
    logger,
    fetch: world.fetch,
    now: world.now,
    onRemark: (message) => output.warn(message),
  });
  const stopped = stopOnSignal(
    () => opened.close(),
    opened.failed,
    logger,
    () => void opened.reload(),
  );
  const url = await opened.listen();
  output.note(witnessBanner(context, opened.home, opened.witness, url));
  return stopped;
}
