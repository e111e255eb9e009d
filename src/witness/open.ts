/**
 * `tallystick witness`: cosigns until it is told to stop. On SIGTERM or SIGINT it takes no more and answers what
 * it took; on SIGHUP it reads the list of logs again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Gossip } from './gossip.ts';
import { IncidentFiles } from './incidents.ts';
import { witnessServer } from './server.ts';
import type { KnownLogs } from './logs.ts';
import { WitnessState } from './state.ts';
import { Witness } from './witness.ts';
import { chooseVerifier } from '../workers/kernels.ts';
import { assertGuarded, publicUrl } from '../web/listen.ts';
import type { Context } from '../cli/context.ts';
import { stopOnSignal } from '../cli/serve/process.ts';
import { listen, readTls, type Tls } from '../web/listen.ts';
import { makeLogger } from '../cli/logger.ts';
import { VERSION } from '../platform/version.ts';
import { witnessBanner } from '../cli/witness/banner.ts';
import { addedLogs, loadKnownLogs, settleLogs, type Asked } from './settle.ts';
import { initialiseWitness, type WitnessHome } from './setup.ts';

/** How long a peer, or a log that is asked for a proof, may take. */
const PEER_TIMEOUT_MS = 5000;

export interface WitnessAsked extends Asked {
  readonly rebuildGuard: boolean;
}

/** The parts of a running witness. */
interface Parts {
  readonly home: WitnessHome;
  readonly state: WitnessState;
  readonly witness: Witness;
  readonly incidents: IncidentFiles;
  readonly gossip: Gossip;
}

/** Runs the witness of the configuration; resolves with the exit code once it has stopped. */
export async function runWitness(context: Context, asked: WitnessAsked): Promise<number> {
  const { config } = context;
  assertGuarded(config);
  const secured = await readTls(config);
  const logger = makeLogger(config.logLevel);
  const parts = await openWitness(context, asked, logger);
  const app = await serverOf(context, parts, secured, logger);
  const { promise: fatal, resolve: fail } = Promise.withResolvers<Error>();
  const ending = new AbortController();
  const gossiping =
    config.peer.length === 0
      ? Promise.resolve()
      : repeat(() => parts.gossip.round(), config.poll, ending.signal).catch(fail);
  const stop = async (): Promise<void> => {
    ending.abort();
    await app.close();
    await parts.witness.close();
    await gossiping;
    parts.state.close();
  };
  const stopped = stopOnSignal(stop, fatal, logger, () => void reload(parts, logger));
  const url = await listen(app, config, stop);
  context.output.note(witnessBanner(context, parts.home, parts.witness, url));
  return stopped;
}

/** Makes what is missing, opens the state, and holds the list of logs against it. */
async function openWitness(context: Context, asked: WitnessAsked, logger: Logger): Promise<Parts> {
  const { config, output } = context;
  const home = await initialiseWitness(config);
  const logs = await loadKnownLogs(home.layout.knownLogs);
  const state = WitnessState.open({
    dir: config.witnessDir,
    name: home.name,
    guardDir: config.guardDir,
    rebuildGuard: asked.rebuildGuard,
    onWarning: (message) => output.warn(message),
  });
  try {
    settleLogs(state, logs, asked, (message) => output.warn(message));
    return assemble(context, home, { state, logs }, (message) => logger.warn(message));
  } catch (error) {
    state.close();
    throw error;
  }
}

function assemble(
  { config, world }: Context,
  home: WitnessHome,
  { state, logs }: { readonly state: WitnessState; readonly logs: KnownLogs },
  onWarning: (message: string) => void,
): Parts {
  const verify = chooseVerifier();
  const incidents = new IncidentFiles({
    dir: home.layout.incidents,
    detector: home.name,
    now: world.now,
    onWarning,
  });
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
  const gossip = new Gossip({ witness, incidents, transport, peers: config.peer, verify, onWarning });
  return { home, state, witness, incidents, gossip };
}

async function serverOf(
  { config }: Context,
  parts: Parts,
  secured: Tls,
  logger: Logger,
): ReturnType<typeof witnessServer> {
  return witnessServer(parts.witness, {
    version: VERSION,
    baseUrl: publicUrl(config),
    log: logger,
    // One hop: the address the proxy itself saw, not what a client wrote before it.
    trustProxy: config.trustProxy && ((_address, hop) => hop === 0),
    // Minutes of the settings in the windows of the server.
    limits: { rateWindowMs: 60_000 },
    writesPerWindow: config.rateLimit,
    readsPerWindow: config.readRateLimit,
    incidents: () => parts.incidents.count,
    gossip: parts.gossip.counts,
    ...secured,
  });
}

/** A list that cannot be read changes nothing: a witness that runs drops no log. */
async function reload({ home, witness }: Parts, logger: Logger): Promise<void> {
  try {
    const read = await loadKnownLogs(home.layout.knownLogs);
    witness.setLogs(addedLogs(witness.logs, read, (message) => logger.warn(message)));
    logger.info({ logs: witness.logs.size }, 'the list of logs was read again');
  } catch (error) {
    logger.warn({ err: error }, 'the list of logs stays as it was');
  }
}

/** Does something again and again, with a pause between, until it is ended. */
async function repeat(run: () => Promise<void>, seconds: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await run();
    await pause(seconds * 1000, undefined, { signal }).catch(() => undefined);
  }
}
