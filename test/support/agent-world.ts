/** What the tests of agents share: a log in memory that admits as the real one does, a toy probe, a clock that is told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { openAgentDatabase } from '../../src/agent/database.ts';
import { operatorRule, type Rule } from '../../src/agent/enrolment.ts';
import { AgentStore, type Head } from '../../src/agent/agent-store.ts';
import type { LogPort, LoggedAs } from '../../src/client/log-port.ts';
import type { Agent, ProofTask } from '../../src/agent/prove.ts';
import { nextDueOf } from '../../src/agent/schedule.ts';
import { Retention } from '../../src/agent/retention.ts';
import { Seeds } from '../../src/agent/seeds.ts';
import { Spool } from '../../src/agent/spool.ts';
import { digest, entryId, type Digest } from '../../src/bytes/brand.ts';
import { refuse } from '../../src/bytes/refusal.ts';
import { formatHex, parseHex } from '../../src/bytes/text.ts';
import type { Observed } from '../../src/claim/observed.ts';
import type { Declared } from '../../src/appraisal/history.ts';
import { epochFor } from '../../src/appraisal/slots.ts';
import type { Listed, Page, Wanted } from '../../src/client/search.ts';
import { entryIdOf } from '../../src/client/scrapi.ts';
import { keyThumbprint } from '../../src/cose/key.ts';
import type { Probe, ProbeTask } from '../../src/probe/probe.ts';
import { orderKey, type ChainLink } from '../../src/registration/order.ts';
import { admit, chainKey } from '../../src/registration/admit.ts';
import type { Rules } from '../../src/registration/rules.ts';
import { parseStatement, type ParsedStatement } from '../../src/statement/parse.ts';
import type { Claim, Declaration } from '../../src/statement/commitment.ts';
import { encodeDeployment } from '../../src/statement/payload.ts';
import type { Policy } from '../../src/statement/policy.ts';
import type { RuntimeProof } from '../../src/statement/proof.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { sha256 } from '../../src/agent/hash.ts';
import { commitmentStatement, ISSUER, ORIGIN, people, policyStatement, ownStatement } from './world.ts';
import { MemoryLog } from './memory-log.ts';

export const START = 1_800_000_000;

/** A log that admits by the real rules, and can be away. */
export class AdmittingLog implements LogPort {
  readonly #log = new MemoryLog();
  readonly entries: {
    readonly bytes: Uint8Array;
    readonly parsed: ParsedStatement;
    readonly time: number;
  }[] = [];
  readonly clock: { now: number };
  away = false;
  /** Takes the next statement, and is gone before it says so. */
  deaf = false;
  submitted = 0;

  constructor(clock: { now: number }) {
    this.clock = clock;
  }

  add(bytes: Uint8Array): string {
    const parsed = parseStatement(bytes);
    const known = this.entries.find((each) => entryIdOf(each.bytes) === entryIdOf(bytes));
    if (known === undefined) {
      if (this.entries.length > 0) this.#admit(parsed);
      this.#log.entries.push(parsed.entry);
      this.entries.push({ bytes: parsed.entry, parsed, time: Math.floor(this.clock.now / 1000) });
    }
    return entryIdOf(bytes);
  }

  #admit(parsed: ParsedStatement): void {
    const find = (id: string) => this.entries.find((each) => entryIdOf(each.bytes) === id)?.parsed;
    const links = this.proofs().filter(
      ({ subject, kid }) => chainKey(kid, subject) === chainKey(parsed.kid, parsed.subject),
    );
    const last = links.at(-1);
    admit(
      this.#rules(),
      parsed,
      {
        commitments: { get: (id) => find(id) },
        chains: {
          get: (key) =>
            key === orderKey(parsed.subject)
              ? this.#newest(parsed.subject)
              : last && { seq: last.proof.seq, id: entryId(entryIdOf(last.entry)) },
        },
      },
      undefined,
    );
  }

  /** What the next commitment to a subject names. */
  following(subject: string): { readonly supersedes?: Digest } {
    const newest = this.#newest(subject);
    return newest === undefined ? {} : { supersedes: digest(parseHex(newest.id)) };
  }

  /** The newest commitment statement of a subject. */
  #newest(subject: string): ChainLink | undefined {
    const all = this.entries.filter(
      (each) => each.parsed.kind === 'commitment' && each.parsed.subject === subject,
    );
    const newest = all.at(-1);
    return newest && { seq: all.length - 1, id: entryId(entryIdOf(newest.bytes)) };
  }

  #rules(): Rules {
    const index = this.entries.findLastIndex(({ parsed }) => parsed.kind === 'policy');
    const { bytes, parsed } = this.entries[index] ?? {};
    if (bytes === undefined || parsed?.kind !== 'policy') throw new Error('no policy');
    const { policy } = parsed;
    const inForce = { policy, index, id: entryId(entryIdOf(bytes)), entry: bytes };
    return { origin: policy.document.origin, inForce };
  }

  proofs(): readonly (ParsedStatement & { kind: 'proof' })[] {
    return this.entries.flatMap(({ parsed }) => (parsed.kind === 'proof' ? [parsed] : []));
  }

  #here(): void {
    if (this.away) throw refuse('unavailable', 'nobody answers');
  }

  async head(): Promise<Head> {
    this.#here();
    return {
      origin: ORIGIN,
      size: this.entries.length,
      root: sha256(...this.entries.map(({ bytes }) => bytes)),
    };
  }
  /** Pages and rows that were asked for. */
  readonly asked = { pages: 0, rows: 0 };
  async *pages({ from = 0, before = Infinity, ...wanted }: Wanted): AsyncGenerator<Page> {
    this.#here();
    const { subject, kind, kid } = wanted;
    const rows = this.#log.rows({ from, before, subject, kind, kid }).map((row): Listed => ({
      index: row.index,
      id: row.id,
      time: this.entries[row.index]?.time ?? 0,
      subject: row.subject,
    }));
    for (let at = 0; at === 0 || at < rows.length; at += 64) {
      this.#here();
      const page = rows.slice(at, at + 64);
      this.asked.pages++;
      this.asked.rows += page.length;
      yield { rows: page, next: at + 64 < rows.length ? page.at(-1)?.index : undefined };
    }
  }
  async entry({ index }: Listed): Promise<Uint8Array> {
    this.#here();
    const entry = this.entries[index];
    if (entry === undefined) throw new RangeError(`no entry ${index}`);
    return entry.bytes;
  }
  async policy(): Promise<Policy> {
    this.#here();
    const { inForce } = this.#rules();
    if (inForce === undefined) throw new Error('no policy');
    return inForce.policy;
  }
  /** In which spelling a statement is logged. */
  spelling: (statement: Uint8Array) => Uint8Array = (statement) => statement;

  async submit(statement: Uint8Array): Promise<LoggedAs> {
    this.#here();
    this.submitted++;
    const entry = this.spelling(statement);
    const id = entryId(this.add(entry));
    if (this.deaf) {
      this.deaf = false;
      throw refuse('unavailable', 'the connection broke');
    }
    return {
      id,
      entry,
      index: this.entries.findIndex(({ bytes }) => entryIdOf(bytes) === id),
      receipt: new Uint8Array([1]),
    };
  }
}

/** A probe that sees what it is told, and notes what it was asked. */
export class Toy {
  on = true;
  /** CPU that a run costs, microseconds. */
  cpu = 1_000;
  spent = 0;
  /** What it does instead of looking. */
  instead: ((task: ProbeTask) => Promise<Observed>) | undefined;
  readonly tasks: ProbeTask[] = [];

  readonly probe: Probe = {
    name: 'toy@1',
    summary: 'a toy',
    target: { is: 'anything', fits: () => true },
    parameters: { depth: { type: 'number', help: 'how deep', fallback: 1 } },
    observes: () => 'any',
    evidence: 'E3: everything',
    blastRadius: 'none',
    timeoutMs: 50,
    grants: [],
    run: async (task) => {
      this.tasks.push(task);
      this.spent += this.cpu;
      if (this.instead !== undefined) return this.instead(task);
      return {
        value: { on: this.on, target: task.target },
        grades: [{ path: '/on', evidence: 'E3', attachments: [0] }],
        attachments: [{ mediaType: 'application/toy', data: task.challenge }],
        contradictions: [],
        population: { source: 'toy', total: 1, sampled: 1, method: 'all' },
        bytes: 7,
      };
    },
  };
}

export function claimOf(id: string, change: Partial<Claim> = {}): Claim {
  return {
    id,
    expr: 'o.toy.on',
    probe: 'toy@1',
    minEvidence: 'E1',
    cadence: 600,
    severity: 'high',
    ...change,
  };
}

export const LOCATOR = 'host.example:1';

export interface AgentWorld {
  readonly dir: string;
  readonly clock: { now: number };
  readonly log: AdmittingLog;
  readonly toy: Toy;
  /** Opens the directory again, as after a crash: what was in memory is gone. */
  reopen(change?: { readonly rules?: readonly Rule[]; readonly signer?: Signer }): Agent;
  agent: Agent;
  /** Its database. */
  db: ReturnType<typeof openAgentDatabase>;
  commit(subject: string, claims: readonly Claim[], change?: Partial<Declaration>): Promise<Declared>;
  deploy(subject: string, commitment: string): Promise<void>;
  task(declared: Declared, change?: Partial<ProofTask>): Promise<ProofTask>;
}

/** A log with a policy, an agent with an empty directory and the key that the policy enrols. */
export async function agentWorld(t: Test): Promise<AgentWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-agent-'));
  const clock = { now: START * 1000 };
  const log = new AdmittingLog(clock);
  const toy = new Toy();
  log.add(await policyStatement());
  const opened: { close(): void }[] = [];
  t.teardown(() => {
    for (const each of opened) each.close();
    rmSync(dir, { recursive: true });
  });
  const reopen: AgentWorld['reopen'] = ({
    rules = [operatorRule([LOCATOR])],
    signer = people.agent,
  } = {}) => {
    const db = openAgentDatabase(dir);
    opened.push(db);
    world.db = db;
    world.agent = agentOf(db, { clock, toy, rules, signer });
    return world.agent;
  };
  const world: AgentWorld = {
    dir,
    clock,
    log,
    toy,
    reopen,
    get agent(): Agent {
      throw new Error('not opened yet');
    },
    set agent(value: Agent) {
      Object.defineProperty(world, 'agent', { value, configurable: true, writable: true });
    },
    get db(): ReturnType<typeof openAgentDatabase> {
      throw new Error('not opened yet');
    },
    set db(value: ReturnType<typeof openAgentDatabase>) {
      Object.defineProperty(world, 'db', { value, configurable: true, writable: true });
    },
    async commit(subject, claims, change = {}) {
      const statement = await commitmentStatement(subject, {
        claims,
        target: { locators: [{ at: LOCATOR }] },
        ...log.following(subject),
        ...change,
      });
      log.add(statement);
      return declaredIn(log, entryIdOf(statement));
    },
    async deploy(subject, commitment) {
      const payload = encodeDeployment({
        commitment: digest(parseHex(commitment)),
        deployed: Math.floor(clock.now / 1000),
      });
      const issued = Math.floor(clock.now / 1000);
      log.add(await ownStatement('deployment', subject, payload, people.author, { issued }));
    },
    async task(declared, change = {}) {
      const { claims } = declared.declaration;
      return {
        subject: declared.entry.parsed.subject,
        declared,
        claims,
        slots: new Map(),
        skipped: [],
        head: await log.head(),
        policy: await log.policy(),
        nonce: undefined,
        nextDue: nextDueOf({ declared, deployments: [], proven: new Map() }, claims, undefined),
        ...change,
      };
    },
  };
  reopen();
  return world;
}

function agentOf(
  db: ReturnType<typeof openAgentDatabase>,
  { clock, toy, rules, signer }: { clock: { now: number }; toy: Toy; rules: readonly Rule[]; signer: Signer },
): Agent {
  const store = new AgentStore(db);
  let random = 0;
  return {
    spool: new Spool(db),
    store,
    retention: new Retention(db),
    probeDeps: {
      probes: async (name) => (name === toy.probe.name ? toy.probe : undefined),
      rules,
      readSecret: async (path) => `secret in ${path}`,
      store,
      now: () => clock.now,
      cpu: () => toy.spent,
      spent: (cpuUs) => void (toy.spent += cpuUs),
      signal: new AbortController().signal,
      onBug: () => undefined,
    },
    signing: { signer, kid: formatHex(keyThumbprint(signer.publicKey)), issuer: ISSUER },
    identity: { name: 'test agent', version: '0' },
    seedsOf: (subject, declared) =>
      new Seeds(sha256(new Uint8Array([7])), subject, epochFor(declared.declaration.claims)),
    openedOf: async () => undefined,
    delegation: () => undefined,
    random: (length) => new Uint8Array(length).fill(++random % 256),
  };
}

/** A commitment as its history tells it. */
export function declaredIn(log: AdmittingLog, id: string): Declared {
  const index = log.entries.findIndex(({ bytes }) => entryIdOf(bytes) === id);
  const found = log.entries[index];
  if (found?.parsed.kind !== 'commitment' || 'withdraws' in found.parsed.commitment)
    throw new Error('no commitment');
  const entry = { index, id: entryId(id), time: found.time, parsed: found.parsed };
  return {
    entry,
    declaration: found.parsed.commitment,
    approvals: [],
    needed: 0,
    effective: found.time,
    followed: undefined,
    ended: undefined,
  };
}

/** The proof in a statement. */
export function proofOf(statement: Uint8Array): RuntimeProof {
  const parsed = parseStatement(statement);
  if (parsed.kind !== 'proof') throw new Error('no proof');
  return parsed.proof;
}
