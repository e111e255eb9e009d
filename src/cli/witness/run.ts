/**
 * `tallystick witness`: cosigns until it is told to stop. On SIGTERM or SIGINT it takes no more and answers what
 * it took; on SIGHUP it reads the list of logs again.
 */
import { pino } from 'pino';
import { Refusal } from '../../bytes/refusal.ts';
import { Gossip } from '../../witness/gossip.ts';
import { IncidentFiles } from '../../witness/incidents.ts';
import { witnessServer } from '../../witness/server.ts';
import { WitnessState } from '../../witness/state.ts';
import { Witness } from '../../witness/witness.ts';
import { chooseVerifier } from '../../workers/kernels.ts';
import { checkServing, publicUrl } from '../config.ts';
import type { Context } from '../context.ts';
import { listen, stopOnSignal, tlsOf } from '../serve/process.ts';
import { VERSION } from '../version.ts';
import { witnessBanner } from './banner.ts';
import { addedLogs, loadKnownLogs, settleLogs, type Asked } from './logs.ts';
import { initialiseWitness } from './setup.ts';

/** How long a peer, or a log that is asked for a proof, may take. */
const PEER_TIMEOUT_MS = 5000;

export interface WitnessAsked extends Asked {
  readonly rebuildGuard: boolean;
}

/** Runs the witness of the configuration; resolves with the exit code once it has stopped. */
export async function runWitness(context: Context, asked: WitnessAsked): Promise<number> {
  const { config, world } = context;
  checkServing(config);
  const home = await initialiseWitness(config);
  const logger = pino({ level: config.logLevel }, pino.destination({ fd: 1, sync: false }));
  const warn = (message: string): void => context.output.warn(message);
  const logs = await loadKnownLogs(home.layout.knownLogs);
  const { rebuildGuard } = asked;
  const state = WitnessState.open({ dir: config.witnessDir, name: home.name, rebuildGuard, onWarning: warn });
  try {
    settleLogs(state, logs, asked, warn);
  } catch (error) {
    state.close();
    throw error;
  }
  const told = (message: string): void => logger.warn(message);
  const incidents = new IncidentFiles({
    dir: home.layout.incidents,
    detector: home.name,
    now: world.now,
    onWarning: told,
  });
  const verify = chooseVerifier();
  const witness = new Witness({
    signers: home.signers,
    verify,
    state,
    logs,
    now: world.now,
    defer: (run) => void setImmediate(run),
    onContradiction: (contradiction) => incidents.contradiction(contradiction),
  });
  const transport = { fetch: world.fetch, now: world.now, timeoutMs: PEER_TIMEOUT_MS, patienceMs: 0 };
  const gossip = new Gossip({ witness, incidents, transport, peers: config.peer, verify, onWarning: told });
  const { promise: fatal, resolve: fail } = Promise.withResolvers<Error>();
  const app = await witnessServer(witness, {
    version: VERSION,
    baseUrl: publicUrl(config),
    log: logger,
    // One hop: the address the proxy itself saw, not what a client wrote before it.
    trustProxy: config.trustProxy && ((_address, hop) => hop === 0),
    limits: { rateWindowMs: 60_000 },
    writesPerWindow: config.rateLimit,
    readsPerWindow: config.readRateLimit,
    incidents: () => incidents.count,
    gossip: gossip.counts,
    ...(await tlsOf(config)),
  });
  const stopGossip =
    config.peer.length === 0 ? async () => {} : repeat(() => gossip.round(), config.poll, fail);
  const stop = async (): Promise<void> => {
    await app.close();
    await stopGossip();
    await witness.close();
    state.close();
  };
  const reload = (): void => {
    loadKnownLogs(home.layout.knownLogs).then(
      (read) => {
        witness.setLogs(addedLogs(witness.logs, read, told));
        logger.info({ logs: witness.logs.size }, 'the list of logs was read again');
      },
      (error: unknown) =>
        told(`the list of logs stays as it was: ${error instanceof Refusal ? error.message : String(error)}`),
    );
  };
  const stopped = stopOnSignal(stop, fatal, logger, reload);
  const url = await listen(app, config, stop);
  context.output.note(witnessBanner(context, home, witness, url));
  return stopped;
}

/** Does something again and again, with a pause between; resolves when the last time has ended. */
function repeat(
  run: () => Promise<void>,
  seconds: number,
  fail: (error: Error) => void,
): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    running = run()
      .catch((error: unknown) => fail(error instanceof Error ? error : new Error(String(error))))
      .then(() => {
        if (!stopped) timer = setTimeout(next, seconds * 1000);
      });
  };
  next();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
