/** Puts an agent together: directory, key, spool, probes, and its log. */
import { randomBytes } from 'node:crypto';
import { openAgentDatabase } from '../../agent/database.ts';
import { operatorRule, type Rule } from '../../agent/enrolment.ts';
import { Ledger } from '../../agent/ledger.ts';
import type { Agent } from '../../agent/prove.ts';
import { Seeds } from '../../agent/seeds.ts';
import { makeSelfProbe, SELF_PROBE, SELF_TARGET } from '../../agent/self.ts';
import { Spool } from '../../agent/spool.ts';
import { refuse } from '../../bytes/refusal.ts';
import { decodeUtf8, formatHex } from '../../bytes/text.ts';
import { epochFor } from '../../appraisal/slots.ts';
import { keyThumbprint } from '../../cose/key.ts';
import { readSecretFile } from '../../keys/file.ts';
import { findProbe } from '../../probe/runners.ts';
import type { Probe } from '../../probe/probe.ts';
import { chooseVerifier } from '../../workers/kernels.ts';
import { issuerOf } from '../../registration/issuer.ts';
import type { Context } from '../context.ts';
import { VERSION } from '../../platform/version.ts';
import { BoundLog } from '../../client/bound-log.ts';
import type { LogClient } from '../../client/client.ts';
import { clientOf } from '../client.ts';
import { openedOf } from './opened.ts';
import { profileOf } from './profile.ts';
import { besideOwnLog, initialiseAgent, type AgentHome } from './setup.ts';

/** What a run of an agent brings. */
export interface Wanted {
  /** Targets the operator enrols for this run. */
  readonly rules: readonly Rule[];
  /** Where the agent looks from, in the operator's words. */
  readonly vantage: string | undefined;
  readonly onBug: (error: unknown) => void;
  readonly signal: AbortSignal;
  /** Milliseconds that the log may take in all to answer one request. */
  readonly patienceMs: number;
  /** The tests' own probes. */
  readonly probes?: (name: string) => Promise<Probe | undefined>;
}

/** An agent may always look at itself. */
const SELF_RULE: Rule = { ...operatorRule([SELF_TARGET]), probe: SELF_PROBE };

/** An agent that is ready; `close` gives its directory free. */
export interface OpenAgent {
  readonly agent: Agent;
  readonly log: BoundLog;
  readonly home: AgentHome;
  /** Other rules of targets.yaml from now on. */
  setRules(rules: readonly Rule[]): void;
  close(): void;
}

/** Refuses `key-file`, `config-invalid`, `corrupt-store`, and what `clientOf` refuses. */
export async function openAgent(context: Context, wanted: Wanted): Promise<OpenAgent> {
  const { config, world } = context;
  const home = await initialiseAgent(context);
  const whom = { transport: stoppable(context, wanted), verify: chooseVerifier() };
  const session = await clientOf(besideOwnLog(context), whom);
  const db = openAgentDatabase(home.dir);
  const ledger = new Ledger(db);
  const log = logOf(session, home.dir, db, ledger);
  const profile = profileOf({ ...home, rules: [...wanted.rules, ...home.rules] });
  const { publicKey } = home.signer;
  const self = makeSelfProbe(profile.value, profile.digest.toHex());
  const probes = wanted.probes ?? findProbe;
  let programs = 0;
  let rules = [SELF_RULE, ...wanted.rules, ...home.rules];
  const agent: Agent = {
    spool: new Spool(db),
    ledger,
    looking: {
      probes: async (name) => (name === SELF_PROBE ? self : probes(name)),
      get rules() {
        return rules;
      },
      readSecret: async (path) => decodeUtf8(await readSecretFile(path)).replace(/\r?\n$/, ''),
      ledger,
      now: world.now,
      cpu: () => {
        const { user, system } = process.cpuUsage();
        return user + system + programs;
      },
      spent: (cpuUs) => {
        programs += cpuUs;
      },
      signal: wanted.signal,
      onBug: wanted.onBug,
    },
    hand: {
      signer: home.signer,
      kid: formatHex(keyThumbprint(publicKey)),
      issuer: issuerOf(undefined, publicKey),
    },
    identity: {
      name: config.name ?? 'tallystick agent',
      version: VERSION,
      profileDigest: profile.digest,
      ...(wanted.vantage !== undefined && { vantage: wanted.vantage }),
    },
    seedsOf: (subject, declared) => new Seeds(home.master, subject, epochFor(declared.declaration.claims)),
    openedOf: (declared) => openedOf(context, declared),
    random: (length) => new Uint8Array(randomBytes(length)),
  };
  return {
    agent,
    log,
    home,
    setRules: (read) => {
      rules = [SELF_RULE, ...wanted.rules, ...read];
    },
    close: () => void db.close(),
  };
}

/** Refuses `config-invalid` for another log than the directory serves, which is free again then. */
function logOf(session: LogClient, dir: string, db: { close(): unknown }, ledger: Ledger): BoundLog {
  try {
    const advice = 'a directory of its own with --agent-dir';
    return new BoundLog(session, { origin: ledger.origin(), who: dir, advice });
  } catch (error) {
    db.close();
    throw error;
  }
}

/** What is under way when the agent stops ends at once. */
function stoppable({ world }: Context, { signal, patienceMs }: Wanted) {
  const stopped: typeof fetch = (input, init) => {
    const signals = [init?.signal, signal].filter((each) => each instanceof AbortSignal);
    return world.fetch(input, { ...init, signal: AbortSignal.any(signals) });
  };
  return { fetch: stopped, patienceMs };
}

/** A nonce as --nonce gives it. Refuses `usage`. */
export function nonceOf(hex: string | undefined): Uint8Array | undefined {
  if (hex === undefined) return undefined;
  if (!/^(?:[0-9a-fA-F]{2}){16,64}$/.test(hex))
    throw refuse('usage', '--nonce is 32 to 128 hex digits: 16 to 64 bytes nobody could foresee');
  return Uint8Array.fromHex(hex);
}
