/**
 * The agent as a daemon: reads commitments and deployments from the log, proves each claim in its slot, logs a
 * heartbeat when nothing is due, and delivers proofs. Clock, waiting and randomness are arguments. One step runs at a
 * time.
 */
import { isAway, isOutage } from '../bytes/nature.ts';
import { Refusal } from '../bytes/refusal.ts';
import { secondsBehind } from '../appraisal/clock.ts';
import type { History } from '../appraisal/history.ts';
import type { Policy } from '../statement/policy.ts';
import { affordable } from './budget.ts';
import { storeFault } from './database.ts';
import { checkChain, deliver } from './deliver.ts';
import { endsSoon } from './delegation.ts';
import type { Draft } from './draft.ts';
import type { AgentEvent } from './event.ts';
import { Learning, type Learnt } from './learning.ts';
import type { Head } from './agent-store.ts';
import type { LogPort } from '../client/log-port.ts';
import { Missed } from './missed.ts';
import { Outage } from './outage.ts';
import { pauseAfter, SHORTEST_MS } from './pause.ts';
import { prove, type Agent } from './prove.ts';
import type { ClaimGroup } from '../probe/groups.ts';
import { Round } from './round.ts';
import { agendaOf, nextDueOf, type DueClaim } from './schedule.ts';
import { EnrolledClaims } from './unenrolled.ts';
import { Watched } from './watched.ts';

export interface DaemonParts {
  readonly agent: Agent;
  readonly log: LogPort;
  /** Names of subjects, and patterns with stars, that it proves. */
  readonly subjects: readonly string[];
  /** Refuses if the log would refuse a proof by this key about a subject. */
  readonly assertMayProve: (policy: Policy | undefined, subject: string) => void;
  /** Microseconds of CPU an hour. */
  readonly budget: number;
  /** Seconds. */
  readonly heartbeat: number;
  readonly pollMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly tell: (event: AgentEvent) => void;
}

/**
 * Milliseconds by which a claim may be proven after it was taken up. A busy agent takes up what became due meanwhile as
 * of when it was due. Else a slot would be lost if it ends while proofs of other subjects are made.
 */
const QUEUED_MS = 5_000;

export class Daemon {
  readonly #parts: DaemonParts;
  readonly #watched: Watched;
  readonly #learning: Learning;
  readonly #outage: Outage;
  #leftOut = 0;
  /** True if a subject could not be read, so that the next step reads it again. */
  #asksAgain = true;
  /** Subjects whose chain in the spool was compared with the log's. */
  readonly #checked = new Set<string>();
  /** Subjects that are not proven until the log changes, with the reason. */
  readonly #barred = new Map<string, string>();
  /** Claims that were left out for lack of CPU budget, and until when (POSIX seconds). */
  readonly #skipped = new Map<string, number>();
  readonly #enrolled: EnrolledClaims;
  readonly #round = new Round();
  readonly #missed: Missed;
  #head: Head | undefined;
  #policy: Policy | undefined;
  #online = false;
  /** Seconds that the clock is behind the time that the log signed. */
  #behind = 0;
  #stuck = 0;
  /** End of the delegation that was said to end soon. */
  #warned = 0;
  /** End of the delegation that was read last. */
  #delegated: number | undefined;
  #askAt = 0;
  /** As of when subjects are being visited, and when the next one is due; milliseconds since the epoch. */
  #takenUp = 0;
  #wake = Infinity;
  #cpu: number;

  constructor(parts: DaemonParts) {
    this.#parts = parts;
    this.#watched = new Watched(parts.subjects, parts.tell);
    this.#learning = new Learning(parts.log, parts.agent.store, parts.subjects, {
      isOwn: (id) => parts.agent.spool.has(id),
    });
    this.#outage = new Outage(parts.tell);
    this.#missed = new Missed(parts.tell);
    this.#enrolled = new EnrolledClaims(
      () => parts.agent.probeDeps.rules,
      (left) => parts.tell({ kind: 'unenrolled', left }),
    );
    this.#head = parts.agent.store.head();
    this.#cpu = parts.agent.probeDeps.cpu();
  }

  /** Works until the signal aborts. If the disk takes no writes, it waits. Rejects with `chain-broken`, `corrupt-store`, and broken words of the log. */
  async run(signal: AbortSignal): Promise<void> {
    const { agent, pollMs, sleep } = this.#parts;
    while (!signal.aborted) {
      try {
        const wake = await this.step();
        this.#stuck = 0;
        await sleep(Math.max(SHORTEST_MS, Math.min(wake - agent.probeDeps.now(), pollMs)), signal);
      } catch (error) {
        if (signal.aborted) return;
        await sleep(this.#waitForDisk(error), signal);
      }
    }
  }

  /** Milliseconds until the disk is tried again. Throws an error that the disk did not cause. */
  #waitForDisk(error: unknown): number {
    const fault = storeFault(error);
    if (fault === undefined || fault.code !== 'store-failed') throw fault ?? error;
    const retryMs = pauseAfter(this.#stuck, this.#parts.random());
    this.#stuck += 1;
    this.#missed.leaveAll();
    this.#parts.tell({ kind: 'stuck', why: fault.message, retryMs });
    return retryMs;
  }

  /** Does all that is due. Resolves with the time at which the next work is due, milliseconds since the epoch. */
  async step(): Promise<number> {
    const { agent, pollMs } = this.#parts;
    if (this.#asks()) await this.#look();
    this.#warn();
    let wake = Infinity;
    this.#takenUp = Math.max(agent.probeDeps.now() - QUEUED_MS, Math.min(agent.probeDeps.now(), this.#wake));
    for (const subject of this.#round.order) {
      if (this.#asks()) await this.#between();
      if (this.#behind > 0) break;
      wake = Math.min(wake, (await this.#visit(subject)) * 1000);
    }
    this.#wake = wake;
    if (this.#online || this.#asks()) await this.#send();
    this.#prune();
    this.#account();
    return Math.min(wake, this.#askAt, agent.probeDeps.now() + pollMs);
  }

  /** Whether the log is to be asked by now. */
  #asks(): boolean {
    return this.#parts.agent.probeDeps.now() >= this.#askAt;
  }

  /**
   * What the log gets and tells while many subjects are due: proofs do not wait for the last of them, and challenges do
   * not age.
   */
  async #between(): Promise<void> {
    await this.#send();
    await this.#look();
    this.#account();
  }

  /** Reads what is new in the log. */
  async #look(): Promise<void> {
    const { agent, log, pollMs } = this.#parts;
    this.#missed.report();
    try {
      const head = await log.head();
      this.#compareClock(head.signed);
      if (!this.#online || head.size !== this.#head?.size || this.#asksAgain) {
        this.#policy = await log.policy();
        this.#learnt(await this.#learning.upTo(head.size, this.#policy));
        agent.store.setHead(head);
        this.#watched.look(this.#learning.histories);
      }
      this.#head = head;
      this.#outage.ended();
      this.#online = true;
      this.#askAt = agent.probeDeps.now() + pollMs;
      this.#round.begin(this.#learning.histories);
    } catch (error) {
      this.#away(error);
    }
  }

  /** Reports subjects that are left out; the others are proven all the same. */
  #learnt({ leftOut, unreadable }: Learnt): void {
    if (leftOut !== this.#leftOut) this.#parts.tell({ kind: 'left-out', count: leftOut });
    this.#leftOut = leftOut;
    this.#asksAgain = unreadable.size > 0 || leftOut > 0;
    for (const subject of this.#barred.keys()) if (!unreadable.has(subject)) this.#barred.delete(subject);
    for (const [subject, refusal] of unreadable) this.#bar(subject, refusal);
  }

  /**
   * Compares the clock with the time that the log signed. If it is behind, nothing is proven, because proofs would
   * carry wrong times.
   */
  #compareClock(signed: number | undefined): void {
    const { agent, tell } = this.#parts;
    const behind = secondsBehind(signed, Math.floor(agent.probeDeps.now() / 1000));
    if (behind > 0 !== this.#behind > 0) tell({ kind: 'clock', behind });
    this.#behind = behind;
    if (behind > 0) this.#missed.leaveAll();
  }

  /**
   * Handles an error of the log as an outage. Throws it again if signatures contradict each other or something is
   * damaged here.
   */
  #away(error: unknown): void {
    if (!isOutage(error)) throw error;
    const { agent, random } = this.#parts;
    const retryMs = this.#outage.failed(error, agent.spool.waitingCount(), random());
    this.#online = false;
    this.#askAt = agent.probeDeps.now() + retryMs;
    if (this.#learning.histories.size === 0) this.#learning.remember(this.#policy);
    this.#round.begin(this.#learning.histories);
  }

  /** Serves a subject unless nothing of it can be due yet. Resolves as `#serve` does. */
  async #visit(subject: string): Promise<number> {
    const now = this.#parts.agent.probeDeps.now();
    if (Math.abs(now - this.#takenUp) > QUEUED_MS) this.#takenUp = now;
    const known = this.#round.wakeOf(subject);
    if (known * 1000 > this.#takenUp) return known;
    const wake = await this.#serve(subject);
    this.#round.sleeps(subject, wake);
    return wake;
  }

  /** Proves what is due of one subject. Resolves with the time at which the next proof is due, POSIX seconds. */
  async #serve(subject: string): Promise<number> {
    const { agent, heartbeat, tell } = this.#parts;
    const history = this.#learning.histories.get(subject);
    const declared = history?.inForce;
    const head = this.#head;
    if (history === undefined || declared === undefined || head === undefined) return Infinity;
    if (!(await this.#isReady(subject))) {
      this.#missed.leave(declared.entry.id);
      return Infinity;
    }
    const enrolled = this.#enrolled.of(subject, declared);
    if (enrolled === undefined) return Infinity;
    const { spool, store, signing } = agent;
    // A commitment that took effect since then is taken up as of when it did.
    const began = Math.min(agent.probeDeps.now(), (declared.effective ?? 0) * 1000);
    const now = Math.floor(Math.max(this.#takenUp, began) / 1000);
    const proven = spool.proven(signing.kid, declared.entry.id);
    const seeds = agent.seedsOf(subject, declared);
    const beaconOf = ({ length, number }: { length: number; number: number }) =>
      store.beacon(length, number, head);
    const situation = { declared: enrolled, deployments: history.deployments, proven, seeds, beaconOf, now };
    this.#missed.visit(subject, situation, (claim) => this.#leftOutUntil(declared.entry.id, claim));
    const { due, wake } = agendaOf(situation);
    const left = this.#stillSkipped(declared.entry.id, due, now);
    const { claims, skipped } = this.#affordable(declared, left.due, now);
    const last = spool.link(signing.kid, subject);
    const beat = last === undefined ? now : last.ended + heartbeat;
    if (claims.length === 0 && skipped.length === 0 && beat > now) return Math.min(wake, left.wake, beat);
    const slots = new Map(claims.map(({ claim, slot }) => [claim.id, slot]));
    const chosen = claims.map(({ claim }) => claim);
    const nextDue = nextDueOf(situation, chosen, heartbeat);
    const task = { subject, declared, claims: chosen, slots, skipped, head, policy: this.#policy, nextDue };
    try {
      const identity = { ...agent.identity, ...this.#round.profile };
      tell({ kind: 'proven', proof: await prove({ ...agent, identity }, { ...task, nonce: undefined }) });
    } catch (error) {
      if (!(error instanceof Refusal) || !LATER.includes(error.code)) throw error;
      this.#bar(subject, error);
    }
    if (skipped.length > 0) tell({ kind: 'skipped', subject, claims: skipped.map(({ claim }) => claim) });
    return now;
  }

  /** Whether the log would take a proof of a subject, as far as is known. */
  async #isReady(subject: string): Promise<boolean> {
    const { agent, log, assertMayProve } = this.#parts;
    const { spool, signing } = agent;
    if (this.#barred.has(subject)) return false;
    try {
      if (this.#policy !== undefined) assertMayProve(this.#policy, subject);
      if (this.#checked.has(subject)) return true;
      // While the log cannot be reached, a chain that was never compared with the log's is not begun: the log may have
      // one already.
      if (!this.#online) return spool.link(signing.kid, subject) !== undefined;
      await checkChain(log, spool, { kid: signing.kid, subject }, false);
      this.#checked.add(subject);
      return true;
    } catch (error) {
      if (!(error instanceof Refusal) || error.code === 'chain-broken') throw error;
      if (isAway(error)) this.#away(error);
      else this.#bar(subject, error);
      return false;
    }
  }

  /** Excludes a subject until the log changes, or for a while. */
  #bar(subject: string, refusal: Refusal): void {
    if (this.#barred.get(subject) !== refusal.message) this.#parts.tell({ kind: 'barred', subject, refusal });
    this.#barred.set(subject, refusal.message);
  }

  #leftOutUntil(commitment: string, { id }: DueClaim['claim']): number {
    return this.#skipped.get(`${commitment} ${id}`) ?? 0;
  }

  #stillSkipped(
    commitment: string,
    due: readonly DueClaim[],
    now: number,
  ): { due: readonly DueClaim[]; wake: number } {
    const until = ({ claim }: DueClaim): number => this.#leftOutUntil(commitment, claim);
    const waiting = due.filter((each) => until(each) > now).map(until);
    return { due: due.filter((each) => until(each) <= now), wake: Math.min(Infinity, ...waiting) };
  }

  /** The claims that the CPU budget allows. The proof names the others, and they are due again after a while. */
  #affordable(
    declared: NonNullable<History['inForce']>,
    due: readonly DueClaim[],
    now: number,
  ): { claims: readonly DueClaim[]; skipped: Draft['skipped'] } {
    if (due.length === 0) return { claims: [], skipped: [] };
    const { agent, budget } = this.#parts;
    const { declaration, entry } = declared;
    const spentUs = agent.store.spentInHour(now);
    const costOf = ({ probe, target = '' }: ClaimGroup): number =>
      agent.store.costs(probe, target)?.cpuUs ?? 0;
    const { claims, left } = affordable(due, declaration, { spentUs, budget, costOf });
    const used = `${Math.round(spentUs / 1000)} ms`;
    const message = `the CPU budget of the last hour is used up (${used}) for the tier ${declaration.tier}`;
    for (const { claim } of left)
      this.#skipped.set(`${entry.id} ${claim.id}`, now + Math.max(1, Math.floor(claim.cadence / 4)));
    return { claims, skipped: left.map(({ claim }) => ({ code: 'budget', message, claim: claim.id })) };
  }

  async #send(): Promise<void> {
    const { agent, log, tell } = this.#parts;
    if (agent.spool.waitingCount() === 0) return;
    const { delivered, refused, away } = await deliver(log, agent.spool, agent.signing);
    for (const { subject, seq, index } of delivered) tell({ kind: 'delivered', subject, seq, index });
    for (const { waiting, refusal } of refused) this.#bar(waiting.subject, refusal);
    if (away !== undefined) this.#away(away);
  }

  /** Destroys the observations that a rule of retention names. If the clock is behind, nothing is destroyed. */
  #prune(): void {
    const { agent, tell } = this.#parts;
    if (this.#behind > 0) return;
    const count = agent.retention.prune(Math.floor(agent.probeDeps.now() / 1000));
    if (count > 0) tell({ kind: 'pruned', count });
  }

  /** Reads the delegation, and says once of each that it ends soon. */
  #warn(): void {
    const { agent, tell } = this.#parts;
    const delegation = readable(agent.delegation);
    const now = Math.floor(agent.probeDeps.now() / 1000);
    // A new one may lift what kept subjects from being proven.
    if (delegation?.notAfter !== this.#delegated) {
      this.#barred.clear();
      this.#round.begin(this.#learning.histories);
    }
    this.#delegated = delegation?.notAfter;
    if (delegation === undefined || delegation.notAfter === this.#warned || !endsSoon(delegation, now))
      return;
    this.#warned = delegation.notAfter;
    tell({ kind: 'ending', node: delegation.node, notAfter: delegation.notAfter });
  }

  #account(): void {
    const { probeDeps, store } = this.#parts.agent;
    const cpu = probeDeps.cpu();
    store.spend(Math.floor(probeDeps.now() / 1000), Math.max(0, cpu - this.#cpu));
    this.#cpu = cpu;
  }
}

/** The delegation, unless its file is damaged, which each proof says. */
function readable(read: Agent['delegation']): ReturnType<Agent['delegation']> {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Refusals whose cause may end without a restart of the agent. */
const LATER = [
  'clock-behind',
  'malformed-payload',
  'own-commitment',
  'policy-rejected',
  'store-failed',
  'too-large',
];
