/**
 * An agent with very many subjects: a log in memory whose every answer costs the same however much it holds, and a clock
 * that moves by what work takes.
 */
import type { Test } from 'tap';
import { Daemon, type DaemonParts } from '#src/agent/daemon.ts';
import { readRules } from '#src/agent/enrolment.ts';
import type { AgentEvent } from '#src/agent/event.ts';
import { sha256 } from '#src/agent/hash.ts';
import type { Listed, Page, Wanted } from '#src/client/search.ts';
import type { BoundHead, LoggedAs, LogPort } from '#src/client/log-port.ts';
import { entryId } from '#src/bytes/brand.ts';
import { formatHex } from '#src/bytes/text.ts';
import { parseStatement, type ParsedStatement } from '#src/statement/parse.ts';
import type { Policy } from '#src/statement/policy.ts';
import type { RuntimeProof } from '#src/statement/proof.ts';
import { agentWorld, claimOf, type AgentWorld } from './agent-world.ts';
import { commitmentStatement, ORIGIN } from './world.ts';

/** Milliseconds that things take, at the upper end of what was measured (spec/agent.md §7). */
export const TAKES = {
  /** The agent's own processor time for one proof, and the wait for its target. */
  proof: 18,
  target: 200,
  /** One request to the log. */
  request: 5,
};

interface Row extends Listed {
  readonly kind: ParsedStatement['kind'];
  readonly bytes: Uint8Array;
}

/** A proof as it was logged: when, POSIX seconds. */
export interface LoggedProof {
  readonly subject: string;
  readonly time: number;
  readonly proof: RuntimeProof;
}

/** A log that admits a proof only as the next link of its chain, and counts what it is asked. */
export class WideLog implements LogPort {
  readonly proofs: LoggedProof[] = [];
  requests = 0;
  readonly #rows: Row[] = [];
  readonly #bySubject = new Map<string, Row[]>();
  readonly #clock: { now: number };
  readonly #policy: Policy;

  constructor(clock: { now: number }, policy: Policy) {
    [this.#clock, this.#policy] = [clock, policy];
  }

  add(bytes: Uint8Array): LoggedAs {
    const parsed = parseStatement(bytes);
    const { subject, kind } = parsed;
    const time = Math.floor(this.#clock.now / 1000);
    const id = entryId(formatHex(sha256(parsed.entry)));
    const row = { index: this.#rows.length, id, subject, kind, time, bytes: parsed.entry };
    const about = this.#bySubject.get(subject) ?? [];
    if (parsed.kind === 'proof') {
      const before = about.at(-1);
      const prev = before?.kind === 'proof' ? before.id : undefined;
      const named = parsed.proof.prev === undefined ? undefined : formatHex(parsed.proof.prev);
      if (named !== prev) throw new Error(`the chain of ${subject} has a gap`);
      this.proofs.push({ subject, time, proof: parsed.proof });
    }
    this.#rows.push(row);
    this.#bySubject.set(subject, [...about, row]);
    return { id, entry: parsed.entry, index: row.index, receipt: new Uint8Array([1]) };
  }

  #asked(): void {
    this.requests++;
    this.#clock.now += TAKES.request;
  }

  async head(): Promise<BoundHead> {
    this.#asked();
    const size = this.#rows.length;
    return { origin: ORIGIN, size, root: sha256(new TextEncoder().encode(String(size))) };
  }

  async *pages({ subject, kind, from = 0, before = Infinity }: Wanted): AsyncGenerator<Page> {
    const some = subject === undefined ? this.#rows.slice(from) : (this.#bySubject.get(subject) ?? []);
    const rows = some
      .filter((row) => row.index >= from && row.index < before && (kind ?? row.kind) === row.kind)
      .toReversed();
    for (let at = 0; at === 0 || at < rows.length; at += 64) {
      this.#asked();
      const page = rows.slice(at, at + 64);
      yield { rows: page, next: at + 64 < rows.length ? page.at(-1)?.index : undefined };
    }
  }

  async entry({ index }: Listed): Promise<Uint8Array> {
    this.#asked();
    const row = this.#rows[index];
    if (row === undefined) throw new RangeError(`no entry ${index}`);
    return row.bytes;
  }

  async policy(): Promise<Policy> {
    return this.#policy;
  }

  async submit(statement: Uint8Array): Promise<LoggedAs> {
    this.#asked();
    return this.add(statement);
  }
}

export interface ManyWorld extends AgentWorld {
  readonly wide: WideLog;
  readonly subjects: readonly string[];
  /** What its daemons told, each with the POSIX seconds. */
  readonly events: (AgentEvent & { readonly at: number })[];
  /** Statements that the agent has its database prepare, so far. */
  statements(): number;
  /** Runs a daemon of its own for so many seconds, asleep as it asks to be. */
  run(seconds: number, change?: Partial<DaemonParts>): Promise<void>;
}

/** `count` subjects, each with its own target and one claim of that cadence, in seconds. */
export async function manyWorld(t: Test, count: number, cadence: number): Promise<ManyWorld> {
  const world = await agentWorld(t);
  const { clock, toy } = world;
  const wide = new WideLog(clock, await world.log.policy());
  const subjects = Array.from({ length: count }, (_, i) => `prod/s${String(i).padStart(4, '0')}`);
  for (const [i, subject] of subjects.entries()) {
    const target = { locators: [{ at: `host-${i}.example:1` }] };
    wide.add(await commitmentStatement(subject, { claims: [claimOf('on', { cadence })], target }));
  }
  world.reopen({
    rules: readRules([{ subject: 'prod/**', probe: 'toy', targets: ['*.example:1'] }], 'targets.yaml'),
  });
  // What is tested is not the disk.
  world.db.pragma('synchronous = OFF');
  let statements = 0;
  const prepare = world.db.prepare.bind(world.db);
  const prepared = new Map<string, ReturnType<typeof prepare>>();
  const counting = (sql: string): ReturnType<typeof prepare> => {
    statements++;
    const known = prepared.get(sql) ?? prepare(sql);
    prepared.set(sql, known);
    return known;
  };
  Object.assign(world.db, { prepare: counting });
  toy.cpu = TAKES.proof * 1000;
  const run = toy.probe.run.bind(toy.probe);
  Object.assign(toy.probe, {
    run: (task: Parameters<typeof run>[0]) => {
      clock.now += TAKES.proof + TAKES.target;
      return run(task);
    },
  });
  const events: ManyWorld['events'] = [];
  return Object.assign(world, {
    wide,
    subjects,
    events,
    statements: () => statements,
    run: async (seconds: number, change: Partial<DaemonParts> = {}) => {
      const stop = new AbortController();
      const end = clock.now + seconds * 1000;
      const daemon = new Daemon({
        agent: world.agent,
        log: wide,
        subjects: ['prod/**'],
        assertMayProve: () => undefined,
        budget: Infinity,
        heartbeat: 3600,
        pollMs: 30_000,
        random: () => 0.5,
        sleep: async (ms) => {
          clock.now += ms;
          if (clock.now >= end) stop.abort();
        },
        tell: (event) => void events.push({ ...event, at: clock.now / 1000 }),
        ...change,
      });
      await daemon.run(stop.signal);
    },
  });
}
