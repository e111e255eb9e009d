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

/** Everything an agent is told. */
export interface AgentOptions {
  readonly place: AgentPlace;
  /** Its log, over this `fetch`, which ends with the agent. */
  readonly connect: (over: {
    readonly fetch: typeof fetch;
    readonly patienceMs: number;
    readonly verify: VerifySignature;
  }) => Promise<LogClient>;
  /** Its name in proofs. */
  readonly name?: string | undefined;
  /** Folders where the owner's file of a declaration may lie. */
  readonly openingsOf: (declared: Declared) => readonly string[];
  /** Targets the operator enrols for this run. */
  readonly rules: readonly Rule[];
  /** Where the agent looks from, in the operator's words. */
  readonly vantage?: string | undefined;
  readonly onBug: (error: unknown) => void;
  readonly signal: AbortSignal;
  /** Milliseconds that the log may take in all to answer one request. */
  readonly patienceMs: number;
  readonly fetch: typeof fetch;
  /** The wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** Probes besides the program's own; the tests'. */
  readonly probes?: (name: string) => Promise<Probe | undefined>;
}

/** An agent may always look at itself. */
const SELF_RULE: Rule = { ...operatorRule([SELF_TARGET]), probe: SELF_PROBE };

/** An agent that is ready; `close` gives its directory free. */
export interface OpenedAgent {
  readonly agent: Agent;
  readonly log: BoundLog;
  readonly home: AgentHome;
  /** Other rules of targets.yaml from now on. */
  setRules(rules: readonly Rule[]): void;
  close(): void;
}

/** Refuses `key-file`, `config-invalid`, `corrupt-store`, and what `connect` refuses. */
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

/** Microseconds of CPU of this process, and of the programs that probes ran. */
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

/** Refuses `config-invalid` for another log than the directory serves, which is free again then. */
function logOf(client: LogClient, dir: string, db: { close(): unknown }, store: AgentStore): BoundLog {
  try {
    const advice = 'a directory of its own with --agent-dir';
    return new BoundLog(client, { origin: store.origin(), who: dir, advice });
  } catch (error) {
    db.close();
    throw error;
  }
}

/** What is under way when the agent stops ends at once. */
function endedBy({ fetch, signal }: AgentOptions): typeof globalThis.fetch {
  return (input, init) => {
    const signals = [init?.signal, signal].filter((each) => each instanceof AbortSignal);
    return fetch(input, { ...init, signal: AbortSignal.any(signals) });
  };
}
