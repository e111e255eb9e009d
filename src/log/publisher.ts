/**
 * Makes signed heads readable: at once, or when the quorum of the witness policy has cosigned them. It works in rounds.
 * In a round, all witnesses are asked for one head, so that their signature lines are for one note. The next round
 * begins when this one is published or cannot be any more, and not before the interval has passed.
 *
 * Integration does not wait for a round: heads are offered meanwhile, and the next round takes the newest. Lines that
 * come after the quorum are added to the served note while it is the one they are for. An idle log asks for the same
 * head again, so that the times in its cosignatures stay fresh.
 */
import { formatVkey } from '../note/key.ts';
import { ask, type Lines, type OwnCheckpoint } from './witness-client.ts';
import { Gathering } from './cosignatures.ts';
import { Coalesce } from './coalesce.ts';
import type { SealedHead, Witnessing } from './ports.ts';
import type { PublisherParts } from './publishing.ts';
import { witnessesOf, type WitnessState } from './witnessstate.ts';

export class Publisher {
  readonly #parts: PublisherParts;
  /** Those that are asked. */
  readonly #states: readonly WitnessState[];
  readonly #required: boolean;
  readonly #serving: Coalesce<Gathering>;
  /** The newest head offered; the head that witnesses are asked for; the head that is readable. */
  #latest: Gathering | undefined;
  #round: Gathering | undefined;
  #served: Gathering | undefined;
  /** Size of the readable note. */
  #readable = 0;
  #roundAt = Number.NEGATIVE_INFINITY;
  #hearUntil: number | undefined;
  #wake: number | undefined;
  #fault: string | undefined;
  #stopped: string | undefined;
  #closed = false;
  #settled: (() => void) | undefined;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#required = parts.policy.quorum !== 'none';
    this.#states = witnessesOf(parts.policy, parts.timing);
    this.#serving = new Coalesce({
      run: (gathering) => this.#put(gathering),
      onFailure: (error) => parts.report.warn(`the checkpoint could not be published: ${String(error)}`),
      intervalMs: 0,
      ticks: parts.ticks,
      setTimer: parts.setTimer,
    });
  }

  /**
   * Called before the first offer: makes a cosigned note of the last run readable at once. It was verified. The note
   * contains the log's lines alone, `lines` those of the witnesses.
   */
  resume(note: Uint8Array, head: SealedHead, lines: Lines): void {
    const gathering = new Gathering(note, head);
    for (const [witness, cosignature] of lines) {
      // The witness is asked again at once, however fresh the line: whoever restored this file may have restored an old
      // store.
      gathering.add(witness, cosignature, Number.NEGATIVE_INFINITY);
      const state = this.#states.find(({ keys }) => keys.includes(witness));
      if (state !== undefined) state.size = head.size;
    }
    this.#latest = this.#served = gathering;
    this.#publish(gathering.signed(), head);
  }

  /** Offers a newer signed head; the note contains the log's lines alone. */
  offer(note: Uint8Array, head: SealedHead): void {
    if (this.#closed || this.#stopped !== undefined) return;
    if (this.#latest === undefined || head.size > this.#latest.head.size) {
      this.#latest = new Gathering(note, head);
      if (!this.#required) {
        this.#served = this.#latest;
        this.#publish(note, head);
      }
    }
    this.#turn();
  }

  /** Why nothing will be published any more: this log went back or forked. Undefined if it did not. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  /** Why the newest head is not published; undefined if it is. */
  get fault(): string | undefined {
    return this.#stopped ?? this.#fault;
  }

  get alarms(): readonly string[] {
    return this.#states.map(({ alarm }) => alarm).filter((alarm) => alarm !== undefined);
  }

  status(): Witnessing {
    const { policy, size } = this.#parts;
    return {
      quorum: policy.quorum === 'none' ? undefined : policy.quorum.name,
      met: this.#served !== undefined && this.fault === undefined,
      witnesses: policy.witnesses.map((witness) => {
        const state = this.#states.find(({ keys }) => keys.includes(witness));
        const { name, type, key } = witness.verifier;
        return {
          name: witness.name,
          vkey: formatVkey(name, type, key),
          asked: state !== undefined,
          cosigned: this.#served?.timeOf(witness),
          cosignatures: state?.received.get(witness)?.count ?? 0,
          failures: state?.failures ?? 0,
          lastSuccess: state?.received.get(witness)?.last,
          behind: Math.max(0, size() - (state?.size ?? 0)),
          alarm: state?.alarm,
        };
      }),
    };
  }

  /** Publishes the newest head if its quorum can still be had, and asks nobody any more. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#roundAt = Number.NEGATIVE_INFINITY;
    this.#hearUntil = Number.NEGATIVE_INFINITY;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settled = resolve;
    this.#parts.setTimer(resolve, this.#parts.timing.closingMs);
    this.#turn();
    await promise;
    this.#closed = true;
    await this.#serving.flush();
  }

  /** Does what is due, and sets a timer for the next time at which something is due. */
  #turn(): void {
    if (this.#closed || this.#stopped !== undefined) return this.#settled?.();
    // Read once, so that what is not due at this moment gets a timer from the same moment.
    const now = this.#parts.ticks();
    if (this.#round !== undefined) this.#judge(this.#round, now); // it may have made room for the next
    this.#begin(now);
    const round = this.#round;
    if (round === undefined) return this.#settled?.();
    for (const state of this.#states) if (this.#dueAt(state, round) <= now) void this.#ask(state, round);
    this.#judge(round, now);
    if (round === this.#latest && this.#over(round, now)) this.#settled?.();
    this.#sleep(round, now);
  }

  /** Starts the next round if there is a head for it and the interval has passed. */
  #begin(now: number): void {
    const { timing } = this.#parts;
    if (this.#latest === this.#round || this.#latest === undefined) return;
    if (this.#round !== undefined && !this.#over(this.#round, now)) return;
    if (now < this.#roundAt + timing.intervalMs) return;
    this.#round = this.#latest;
    this.#roundAt = now;
    if (!this.#isServed(this.#round)) this.#hearUntil ??= now + timing.hearingMs;
  }

  /** When a witness will be asked for the round's head (ticks); infinite while a request to it is under way. */
  #dueAt(state: WitnessState, round: Gathering): number {
    if (state.asking || state.size > round.head.size) return Number.POSITIVE_INFINITY;
    const heard = Math.min(...state.keys.map((key) => round.heardAt(key) ?? Number.NEGATIVE_INFINITY));
    return Math.max(state.readyAt, heard + this.#parts.timing.refreshMs);
  }

  async #ask(state: WitnessState, round: Gathering): Promise<void> {
    state.asking = true;
    const asked = await ask(this.#parts, state, round, () => this.#required && !this.#isServed(round));
    state.asking = false;
    if (this.#closed) return;
    if (asked.kind === 'proven') await this.#stop(state, asked.shown);
    else if (asked.kind === 'cosigned') {
      const now = this.#parts.ticks();
      const more = asked.lines.filter(([key, cosignature]) => round.add(key, cosignature, now));
      if (more.length > 0 && this.#isServed(round)) this.#serving.offer(round);
    }
    this.#turn();
  }

  #isServed(round: Gathering): boolean {
    return round === this.#served;
  }

  /** Publishes the round if its quorum is met; if it cannot be met, reports what is missing. */
  #judge(round: Gathering, now: number): void {
    if (!this.#required || this.#isServed(round)) return;
    if (!round.met(this.#parts.policy)) {
      if (!this.#hopeful(round, now))
        this.#fault = `the witness quorum is not met: ${this.#faults().join('; ')}`;
      return;
    }
    if (!this.#heardOut(now)) return;
    this.#fault = undefined;
    this.#served = round;
    this.#serving.offer(round);
  }

  #heardOut(now: number): boolean {
    return now >= (this.#hearUntil ?? 0) || this.#states.every(({ heard }) => heard);
  }

  /** Whether nothing more can be expected of the round. */
  #over(round: Gathering, now: number): boolean {
    return !this.#required || this.#isServed(round) || !this.#hopeful(round, now);
  }

  /** Whether the quorum is met, or would be if every witness that is asked now or is due cosigned. */
  #hopeful(round: Gathering, now: number): boolean {
    const hopes = this.#states.filter((state) => state.asking || this.#dueAt(state, round) <= now);
    const { policy } = this.#parts;
    return round.couldMeet(
      policy,
      hopes.flatMap(({ keys }) => keys),
    );
  }

  #faults(): readonly string[] {
    const known = this.#states.filter(({ fault }) => fault !== undefined);
    return known.map(({ name, fault }) => `${name}: ${fault}`);
  }

  /** Stores the note before it is readable, so that it stays readable after a restart. */
  async #put(gathering: Gathering): Promise<void> {
    const note = gathering.signed();
    try {
      if (gathering.cosigned) await this.#parts.keep(note, gathering.head);
    } catch (error) {
      this.#parts.report.warn(
        `the published checkpoint could not be kept for the next start: ${String(error)}`,
      );
    }
    if (this.#stopped !== undefined || gathering.head.size < this.#readable) return;
    this.#publish(note, gathering.head);
  }

  #publish(note: Uint8Array, head: SealedHead): void {
    this.#readable = head.size;
    this.#parts.publish(note, head);
  }

  async #stop({ name }: WitnessState, { note, checkpoint }: OwnCheckpoint): Promise<void> {
    if (this.#stopped !== undefined) return;
    this.#stopped = `this log went back or forked: witness ${name} shows a checkpoint of size ${checkpoint.size} that this log's key signed and its tree does not contain. Nothing is taken or published any more; read spec/operations.md "A witness alarm"`;
    this.#parts.report.alarm(this.#stopped);
    await this.#parts.keepProof(note).catch((error: unknown) => {
      this.#parts.report.alarm(`the proof could not be kept: ${String(error)}`);
    });
  }

  /** Sets a timer that runs `#turn` at the next time at which something can be due. */
  #sleep(round: Gathering, now: number): void {
    const { timing, setTimer } = this.#parts;
    const moments = this.#states.map((state) => this.#dueAt(state, round));
    if (round !== this.#latest && this.#over(round, now))
      moments.push(Math.max(now + 1, this.#roundAt + timing.intervalMs));
    if (!this.#isServed(round) && this.#hearUntil !== undefined) moments.push(this.#hearUntil);
    const at = Math.min(...moments.filter((moment) => moment > now));
    if (at === Number.POSITIVE_INFINITY || (this.#wake !== undefined && this.#wake <= at)) return;
    this.#wake = at;
    setTimer(
      () => {
        if (this.#wake !== at) return;
        this.#wake = undefined;
        this.#turn();
      },
      Math.ceil(at - now),
    );
  }
}
