/**
 * A whole agent from options: directory, key, spool, probes, and its log.
 *
 *     const opened = await openAgent({ place: { dir }, connect, rules: [], fetch, now: Date.now, signal, ... });
 *     const proofs = await proveOnce(opened, { wanted: ['web/shop'], ... }); // or a Daemon over opened.agent
 *     opened.close();
 */
import { randomBytes } from 'node:crypto';
import type { Digest } from '../bytes/brand.ts';
import { openAgentDatabase } from './database.ts';
import { operatorRule, type Rule } from './enrolment.ts';
import { AgentStore } from './agent-store.ts';
import type { Agent } from './prove.ts';
import { Seeds } from './seeds.ts';
import { makeSelfProbe, SELF_PROBE, SELF_TARGET } from './self.ts';
import { Spool } from './spool.ts';
import { decodeUtf8, formatHex } from '../bytes/text.ts';
import { epochFor } from '../appraisal/slots.ts';
import { keyThumbprint } from '../cose/key.ts';
import { readSecretFile } from '../keys/file.ts';
import { findProbe } from '../probe/runners.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { Declared } from '../appraisal/history.ts';
import type { Probe } from '../probe/probe.ts';
import { chooseVerifier } from '../workers/kernels.ts';
import { issuerOf } from '../registration/issuer.ts';
import { VERSION } from '../platform/place.ts';
import { BoundLog } from '../client/bound-log.ts';
import type { LogClient } from '../client/client.ts';
import { openedOf } from './openings.ts';
import { profileOf } from './profile.ts';
import { initialiseAgent, type AgentHome, type AgentPlace } from './home.ts';

/** The options of an agent. */
export interface AgentOptions {
  readonly place: AgentPlace;
  /** Makes the client of its log over this `fetch`, which is aborted when the agent closes. */
  readonly connect: (over: {
    readonly fetch: typeof fetch;
    readonly patienceMs: number;
    readonly verify: VerifySignature;
  }) => Promise<LogClient>;
  /** The agent's name in proofs. */
  readonly name?: string | undefined;
  /** Folders in which the owner's file of a declaration may be (`leaves.json`, `opening.json`). */
  readonly openingsOf: (declared: Declared) => readonly string[];
  /** Targets that the operator enrols for this run. */
  readonly rules: readonly Rule[];
  /** The network place of the agent, in the operator's words. */
  readonly vantage?: string | undefined;
  readonly onBug: (error: unknown) => void;
  readonly signal: AbortSignal;
  /** Most milliseconds in which the log may answer one request, retries included. */
  readonly patienceMs: number;
  readonly fetch: typeof fetch;
  /** The wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** Probes in addition to the program's own, for tests. */
  readonly probes?: (name: string) => Promise<Probe | undefined>;
}

/** The agent may always observe itself. */
const SELF_RULE: Rule = { ...operatorRule([SELF_TARGET]), probe: SELF_PROBE };

/** An agent that is ready; `close` unlocks its directory. */
export interface OpenedAgent {
  readonly agent: Agent;
  readonly log: BoundLog;
  readonly home: AgentHome;
  /** Replaces the rules of targets.yaml. */
  setRules(rules: readonly Rule[]): void;
  close(): void;
}

/** Opens an agent. Refuses `key-file`, `config-invalid`, `corrupt-store`, and what `connect` refuses. */
export async function openAgent(options: AgentOptions): Promise<OpenedAgent> {
  const home = await initialiseAgent(options.place);
  const client = await options.connect({
    fetch: endedBy(options),
    patienceMs: options.patienceMs,
    verify: chooseVerifier(),
  });
  const db = openAgentDatabase(home.dir);
  const store = new AgentStore(db);
  const log = logOf(client, home.dir, db, store);
  const profile = profileOf({ ...home, rules: [...options.rules, ...home.rules] });
  const { publicKey } = home.signer;
  const self = makeSelfProbe(profile.value, profile.digest.toHex());
  const probes = options.probes ?? findProbe;
  let rules = [SELF_RULE, ...options.rules, ...home.rules];
  const agent: Agent = {
    spool: new Spool(db),
    store,
    probeDeps: {
      probes: async (name) => (name === SELF_PROBE ? self : probes(name)),
      get rules() {
        return rules;
      },
      readSecret: async (path) => decodeUtf8(await readSecretFile(path)).replace(/\r?\n$/, ''),
      store,
      now: options.now,
      ...cpuMeter(),
      signal: options.signal,
      onBug: options.onBug,
    },
    signing: {
      signer: home.signer,
      kid: formatHex(keyThumbprint(publicKey)),
      issuer: issuerOf(undefined, publicKey),
    },
    identity: identityOf(options, profile.digest),
    seedsOf: (subject, declared) => new Seeds(home.master, subject, epochFor(declared.declaration.claims)),
    openedOf: (declared) => openedOf(options.openingsOf(declared), declared),
    random: (length) => new Uint8Array(randomBytes(length)),
  };
  return {
    agent,
    log,
    home,
    setRules: (read) => {
      rules = [SELF_RULE, ...options.rules, ...read];
    },
    close: () => void db.close(),
  };
}

function identityOf({ name, vantage }: AgentOptions, profileDigest: Digest): Agent['identity'] {
  return {
    name: name ?? 'tallystick agent',
    version: VERSION,
    profileDigest,
    ...(vantage !== undefined && { vantage }),
  };
}

/** Measures microseconds of CPU of this process and of the programs that probes ran. */
function cpuMeter(): Pick<Agent['probeDeps'], 'cpu' | 'spent'> {
  let programs = 0;
  return {
    cpu: () => {
      const { user, system } = process.cpuUsage();
      return user + system + programs;
    },
    spent: (cpuUs) => {
      programs += cpuUs;
    },
  };
}

/**
 * The connection to the log. Refuses `config-invalid` for another log than the directory belongs to, and closes the
 * directory then.
 */
function logOf(client: LogClient, dir: string, db: { close(): unknown }, store: AgentStore): BoundLog {
  try {
    const advice = 'a directory of its own with --agent-dir';
    return new BoundLog(client, { origin: store.origin(), who: dir, advice });
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A `fetch` whose requests end at once when the agent stops. */
function endedBy({ fetch, signal }: AgentOptions): typeof globalThis.fetch {
  return (input, init) => {
    const signals = [init?.signal, signal].filter((each) => each instanceof AbortSignal);
    return fetch(input, { ...init, signal: AbortSignal.any(signals) });
  };
}
