/**
 * A whole witness from options: its directory finished, its state opened, its server ready to listen.
 *
 *     const witness = await openWitness({ place: { dir }, endpoint, logger, fetch, now: Date.now, ... });
 *     const url = await witness.listen();
 *     ...
 *     await witness.close(); // what was taken is answered first
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { VERSION } from '../platform/place.ts';
import {
  assertGuarded,
  knownUrl,
  listen,
  readTls,
  servingOptions,
  type Serving,
  type Tls,
} from '../web/listen.ts';
import type { Remedy } from '../bytes/remedy.ts';
import { chooseVerifier } from '../workers/kernels.ts';
import { Gossip } from './gossip.ts';
import { IncidentFiles } from './incidents.ts';
import type { KnownLogs } from './logs.ts';
import { witnessServer } from './server.ts';
import { addedLogs, loadKnownLogs, settleLogs, type OperatorRequests } from './settle.ts';
import { initialiseWitness, type WitnessHome, type WitnessPlace } from './setup.ts';
import { WitnessState } from './state.ts';
import { Witness } from './witness.ts';

/** How long a peer, or a log that is asked for a proof, may take. */
const PEER_TIMEOUT_MS = 5000;

/** The options of a witness. */
export interface WitnessOptions extends Serving {
  readonly place: WitnessPlace;
  /** URL prefixes of those to compare heads with, and the seconds between two rounds. */
  readonly peers: readonly string[];
  readonly pollSeconds: number;
  /** Requests for cosignatures of one client in a minute; 0: no limit. */
  readonly writesPerMinute: number;
  /** One-time requests of the operator: logs to forget or to resume, a lost guard to make again. */
  readonly requests: OperatorRequests & { readonly rebuildGuard: boolean };
  readonly fetch: typeof fetch;
  /** The wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** Called at the start with remarks for the operator. */
  readonly onRemark: (message: string, remedy?: Remedy) => void;
}

/** A witness that cosigns once it listens. */
export interface OpenedWitness {
  readonly home: WitnessHome;
  readonly witness: Witness;
  /** Opens the socket and says the URL. Refuses `config-invalid` when it cannot be had, after closing the witness. */
  listen(): Promise<string>;
  /** Reads the list of logs again. If it cannot be read, nothing changes. A running witness never drops a log. */
  reload(): Promise<void>;
  /** Resolves with the error of a part without which it cannot run; the caller then closes it. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}

/** The parts of a running witness. */
interface Parts {
  readonly home: WitnessHome;
  readonly state: WitnessState;
  readonly witness: Witness;
  readonly incidents: IncidentFiles;
  readonly gossip: Gossip;
}

/**
 * Makes missing files, opens the state, and compares the list of logs with it. Refuses `config-invalid`, what
 * `initialiseWitness` and `settleLogs` refuse, and `behind-signed-head` for a restored old state.
 */
export async function openWitness(options: WitnessOptions): Promise<OpenedWitness> {
  const { endpoint, logger, peers, pollSeconds } = options;
  assertGuarded(endpoint);
  const secured = await readTls(endpoint);
  const parts = await openParts(options);
  const app = await serverOf(options, parts, secured);
  const { promise: failed, resolve: fail } = Promise.withResolvers<Error>();
  const ending = new AbortController();
  const gossiping =
    peers.length === 0
      ? Promise.resolve()
      : repeat(() => parts.gossip.round(), pollSeconds, ending.signal).catch(fail);
  const close = async (): Promise<void> => {
    ending.abort();
    await app.close();
    await parts.witness.close();
    await gossiping;
    parts.state.close();
  };
  return {
    home: parts.home,
    witness: parts.witness,
    listen: () => listen(app, endpoint, close),
    reload: () => reload(parts, logger),
    failed,
    close,
  };
}

async function openParts(options: WitnessOptions): Promise<Parts> {
  const { place, requests, logger, onRemark } = options;
  const home = await initialiseWitness(place);
  const logs = await loadKnownLogs(home.layout.knownLogs);
  const state = WitnessState.open({
    dir: place.dir,
    name: home.name,
    guardDir: place.guardDir,
    rebuildGuard: requests.rebuildGuard,
    onWarning: onRemark,
  });
  try {
    settleLogs(state, logs, requests, onRemark);
    return assemble(options, home, { state, logs }, (message, remedy) => logger.warn({ remedy }, message));
  } catch (error) {
    state.close();
    throw error;
  }
}

function assemble(
  { fetch, now, peers }: WitnessOptions,
  home: WitnessHome,
  { state, logs }: { readonly state: WitnessState; readonly logs: KnownLogs },
  onWarning: (message: string, remedy?: Remedy) => void,
): Parts {
  const verify = chooseVerifier();
  const incidents = new IncidentFiles({ dir: home.layout.incidents, detector: home.name, now, onWarning });
  const witness = new Witness({
    signers: home.signers,
    verify,
    state,
    logs,
    now,
    defer: (run) => void setImmediate(run),
    onContradiction: (contradiction) => incidents.contradiction(contradiction),
  });
  const transport = { fetch, now, timeoutMs: PEER_TIMEOUT_MS, patienceMs: 0 };
  const gossip = new Gossip({ witness, incidents, transport, peers, verify, onWarning });
  return { home, state, witness, incidents, gossip };
}

async function serverOf(
  options: WitnessOptions,
  parts: Parts,
  secured: Tls,
): ReturnType<typeof witnessServer> {
  const { endpoint, writesPerMinute } = options;
  return witnessServer(parts.witness, {
    ...servingOptions(options, secured, VERSION, options.place.dir),
    ...knownUrl(endpoint),
    writesPerWindow: writesPerMinute,
    incidents: () => parts.incidents.count,
    gossip: parts.gossip.counts,
  });
}

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
