/**
 * A whole agent from options: directory, key, spool, probes, and its log.
 *
 *     const opened = await openAgent({ place: { dir }, connect, fetch, now: Date.now, ... });
 *     const proofs = await proveOnce(opened, { wanted: ['web/shop'], ... }); // or a Daemon over opened.agent
 *     opened.close();
 */
import { randomBytes } from 'node:crypto';
import type { Digest } from '../bytes/brand.ts';
import { assertBothEnds } from './consent.ts';
import { agentFiles, openAgentDatabase } from './database.ts';
import { readDelegation } from './delegation.ts';
import { operatorRule, type Rule } from './enrolment.ts';
import { AgentStore } from './agent-store.ts';
import type { Agent } from './prove.ts';
import { Retention } from './retention.ts';
import { Seeds } from './seeds.ts';
import { SELF_PROBE, SELF_TARGET, makeSelfProbe } from './self.ts';
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
import { assertGranted } from '../registration/grants.ts';
import { issuerOf, thumbprintUri } from '../registration/issuer.ts';
import { readNamedFile } from '../platform/files.ts';
import { VERSION } from '../platform/place.ts';
import { BoundLog } from '../client/bound-log.ts';
import type { LogClient } from '../client/client.ts';
import { endedBy } from '../client/transport.ts';
import type { Delegation } from '../statement/delegation.ts';
import type { Policy } from '../statement/policy.ts';
import { profileOf, type Profile } from './profile.ts';
import { initialiseAgent, type AgentHome, type AgentPlace } from './home.ts';
import { refuse } from '../bytes/refusal.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Value } from '../claim/value.ts';
import { declaredValue } from '../probe/declared.ts';
import type { SaltedTree } from '../statement/saltedleaf.ts';
import { leafTree } from '../declare/leafopening.ts';
import { ownedFilesIn } from '../declare/node/owned.ts';
import { parseOwned } from '../declare/parse-opened.ts';

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
  /** Targets that the operator enrols for this run: exact, or patterns with * and **. */
  readonly targets?: readonly string[];
  /** The network place of the agent, in the operator's words. */
  readonly vantage?: string | undefined;
  /** The command with which an admin of the log enrols the agent's key for a subject. */
  readonly enrolCommand: (home: AgentHome, subject: string, enrolled: boolean) => string;
  readonly onBug: (error: unknown) => void;
  /** Ends the work under way. */
  readonly signal?: AbortSignal;
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
  /** Refuses if the log would refuse a proof of the subject: call it before anything is signed, which cannot be taken back. */
  assertMayProve(policy: Policy | undefined, subject: string): void;
  /** Replaces the rules of targets.yaml. Refuses `config-invalid` as `assertBothEnds` does. */
  setRules(rules: readonly Rule[]): void;
  /** The rules in force: what was enrolled for this run, and those of targets.yaml. */
  rules(): readonly Rule[];
  close(): void;
}

/** Opens an agent. Refuses `key-file`, `config-invalid`, `corrupt-store`, and what `connect` refuses. */
export async function openAgent(options: AgentOptions): Promise<OpenedAgent> {
  const home = await initialiseAgent(options.place);
  const client = await options.connect({
    fetch: options.signal === undefined ? options.fetch : endedBy(options.signal, options.fetch),
    patienceMs: options.patienceMs,
    verify: chooseVerifier(),
  });
  const db = openAgentDatabase(home.dir);
  const store = new AgentStore(db);
  const log = logOf(client, home.dir, db, store);
  const { targets = [] } = options;
  const own = targets.length === 0 ? [] : [operatorRule(targets)];
  const profileWith = (read: readonly Rule[]): Profile => profileOf({ ...home, rules: [...own, ...read] });
  let profile = profileWith(home.rules);
  const { publicKey } = home.signer;
  let rules = [SELF_RULE, ...own, ...home.rules];
  const kid = formatHex(keyThumbprint(publicKey));
  const agent: Agent = {
    spool: new Spool(db),
    store,
    retention: new Retention(db),
    probeDeps: probeDepsOf(options, store, {
      self: () => makeSelfProbe(profile.value, profile.digest.toHex()),
      rules: () => rules,
    }),
    signing: { signer: home.signer, kid, issuer: issuerOf(undefined, publicKey) },
    get identity() {
      return identityOf(options, profile.digest);
    },
    seedsOf: (subject, declared) => new Seeds(home.master, subject, epochFor(declared.declaration.claims)),
    openedOf: (declared) => openedOf(options.openingsOf(declared), declared),
    random: (length) => new Uint8Array(randomBytes(length)),
    delegation: () => readDelegation(agentFiles(home.dir).delegation),
  };
  return {
    agent,
    log,
    home,
    assertMayProve: (policy, subject) => assertEnrolled(policy, provingOf(options, home, agent, subject)),
    setRules: (read) => {
      assertBothEnds(read, home.signer);
      rules = [SELF_RULE, ...own, ...read];
      // Proofs say what the agent may do from now on.
      profile = profileWith(read);
    },
    rules: () => rules,
    close: () => void db.close(),
  };
}

function provingOf(
  { now, enrolCommand }: AgentOptions,
  home: AgentHome,
  { signing, delegation }: Agent,
  subject: string,
): Proving {
  return {
    kid: signing.kid,
    subject,
    delegation: delegation(),
    now: Math.floor(now() / 1000),
    command: (enrolled) => enrolCommand(home, subject, enrolled),
  };
}

function probeDepsOf(
  { probes = findProbe, signal = new AbortController().signal, now, onBug }: AgentOptions,
  store: AgentStore,
  current: { readonly self: () => Probe; readonly rules: () => readonly Rule[] },
): Agent['probeDeps'] {
  return {
    probes: async (name) => (name === SELF_PROBE ? current.self() : probes(name)),
    get rules() {
      return current.rules();
    },
    readSecret: async (path) => decodeUtf8(await readSecretFile(path)).replace(/\r?\n$/, ''),
    store,
    now,
    ...cpuMeter(),
    signal,
    onBug,
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
    return new BoundLog(client, { origin: store.origin(), who: dir, remedy: { agentDir: true } });
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Who is to prove what. */
interface Proving {
  readonly kid: string;
  readonly subject: string;
  readonly delegation: Delegation | undefined;
  /** POSIX seconds. */
  readonly now: number;
  readonly command: (enrolled: boolean) => string;
}

/**
 * Refuses `unknown-key`, `wrong-role`, `subject-not-allowed`, and what a delegation does not allow; each names the command that changes it. `enrolled`: whether the
 * policy has the key already.
 */
function assertEnrolled(
  policy: Policy | undefined,
  { kid, subject, delegation, now, command }: Proving,
): void {
  if (policy !== undefined && delegation !== undefined && !policy.keys.has(kid)) {
    const proof = { delegation, window: { start: now, end: now } };
    assertGranted(
      policy,
      { kind: 'proof', kid, subject, issuer: thumbprintUri(kid), entry: new Uint8Array(), proof },
      now,
    );
    return;
  }
  if (policy === undefined || policy.document.open) return;
  const advice = (enrolled: boolean): string => `an admin of the log runs: ${command(enrolled)}`;
  if (policy.revoked.has(kid))
    throw refuse('unknown-key', `the agent's key ${kid} was revoked; make another`);
  const enrolment = policy.keys.get(kid);
  if (enrolment === undefined)
    throw refuse('unknown-key', `the log does not know the agent's key; ${advice(false)}`);
  const { name, roles } = enrolment.enrolled;
  if (!roles.includes('agent'))
    throw refuse(
      'wrong-role',
      `the key of ${name} may not prove (its roles: ${roles.join(', ')}); ${advice(true)}`,
    );
  if (!enrolment.allows(subject))
    throw refuse('subject-not-allowed', `the key of ${name} may not prove ${subject}; ${advice(true)}`);
}

/** Undefined if the agent has no file of this declaration. Refuses `malformed-payload` for a damaged one. */
async function openedOf(
  folders: readonly string[],
  { declaration }: Declared,
): Promise<ReadonlyMap<string, Value> | undefined> {
  for (const folder of folders) {
    for (const path of ownedFilesIn(folder)) {
      const bytes = await readNamedFile(path).catch(() => undefined);
      const tree = bytes && leafTree(parseOwned(bytes, path));
      if (tree === undefined || tree.count !== declaration.tree.leaves) continue;
      if (equalBytes(tree.root, declaration.tree.root)) return valuesOf(tree);
    }
  }
  return undefined;
}

function valuesOf(tree: SaltedTree): ReadonlyMap<string, Value> {
  return new Map(
    tree.leaves.map(({ path, value }): [string, Value] => [
      path,
      value instanceof Uint8Array ? declaredValue(value) : { sha256: value.digest.toHex(), size: value.size },
    ]),
  );
}
