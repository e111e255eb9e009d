/**
 * Following one log: a verified copy of it grows step by step, and what the log must never do becomes an alarm.
 *
 *   checkpoint → signed by the log? → one history with all seen before? → bundles and tiles under its root
 *     → bytes, signatures, policy, chains → alarms, durable → commit
 *
 * An outage of the log or of the monitor is no alarm: the next step goes on where this one stopped.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { TileReader } from '../client/tiles.ts';
import type { LogReader } from '../log/ports.ts';
import { originHash } from '../note/checkpoint.ts';
import type { TrustPolicy } from '../note/trust.ts';
import { OTHER_RULES } from '../registration/unread.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { CommitStep } from '../storage/sqlite.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { chooseHasher, chooseVerifier } from '../workers/kernels.ts';
import type { Alarm, AlarmSink, EntryWatch } from './alarm.ts';
import { forgedAlarm, Raised, tamperedAlarm } from './alarms.ts';
import { fetchBundle } from '../client/bundles.ts';
import { Checking, WORTH_THREADS } from './checking.ts';
import type { Copy } from './copy.ts';
import { BATCH, Copying, type CopyMoment } from './copying.ts';
import { EvidenceMaker } from './evidence.ts';
import { hearHead, type SeenHead, type Trust } from './head.ts';
import { Holding } from './holding.ts';
import { compareSeen, type SeenVerdict } from './history.ts';
import { beginsOurs, Replay } from './replay.ts';
import { Served, Tampered, Unreachable } from '../client/served.ts';
import { VerifiedTiles, type Contradicts } from '../client/verified-tiles.ts';

/** The moments of a step, so that tests can stop the process at each. */
export type Moment = 'heard' | 'compared' | 'held' | CopyMoment | 'copied';

export interface FollowerParts {
  /** The monitor's directory; each log has a folder in it. */
  readonly dir: string;
  readonly origin: string;
  readonly tiles: TileReader;
  /** The log's keys of this origin, the known witnesses, and the quorum. */
  readonly policy: TrustPolicy;
  /**
   * Whether entries are Tallystick statements. `auto`: decided by entry 0, which is a registration policy in a
   * Tallystick log.
   */
  readonly statements: boolean | 'auto';
  readonly alarms: AlarmSink;
  readonly watches?: readonly EntryWatch[];
  /** POSIX seconds. */
  readonly now: () => number;
  /** Threads that check signatures if there is much to do. Default: one for each core. */
  readonly threads?: number;
  /** Entries of one commit, about. */
  readonly batch?: number;
  readonly hasher?: BatchHasher;
  readonly verify?: VerifySignature;
  readonly onProgress?: (copied: number, size: number) => void;
  readonly moment?: (moment: Moment) => void;
  readonly commitStep?: (step: CommitStep) => void;
}

/**
 * Seconds after which the log's head is fetched again while a copy is still under way, since a copy may take long or be
 * slowed down on purpose.
 */
const LOOK_AGAIN_SECONDS = 60;

/** A head as it was served, and how it relates to those before it. */
interface Compared {
  readonly head: SeenHead;
  readonly tiles: VerifiedTiles;
  readonly verdict: SeenVerdict;
}

/** The result of one step. `alarms`: those that were raised in it for the first time since the monitor started. */
export type Step = { readonly alarms: readonly Alarm[] } & (
  | { readonly kind: 'advanced'; readonly head: SeenHead; readonly from: number }
  /** `stale`: the served head is an old one, though the log still serves the larger tree. */
  | { readonly kind: 'unchanged'; readonly head: SeenHead; readonly stale: boolean }
  /** The log has entries under rules that this program does not know; the entries before them are copied. */
  | { readonly kind: 'outdated'; readonly why: string; readonly head: SeenHead }
  /** `head`: present if the checkpoint came and the rest did not. */
  | { readonly kind: 'unreachable'; readonly why: string; readonly head: SeenHead | undefined }
  /** A head, tile or bundle was not believed. The copy stays as it is until the log serves what it signed. */
  | { readonly kind: 'alarmed'; readonly head: SeenHead | undefined }
);

export class Follower {
  readonly #parts: FollowerParts;
  readonly #trust: Trust;
  readonly #hasher: BatchHasher;
  readonly #served: Served;
  readonly #holding: Holding;
  readonly #copy: Copy;
  readonly #checking: Checking;
  readonly #raised: Raised;
  #ours: boolean | undefined;

  private constructor(parts: FollowerParts, trust: Trust, holding: Holding) {
    this.#parts = parts;
    this.#trust = trust;
    this.#holding = holding;
    this.#copy = holding.copy;
    this.#hasher = parts.hasher ?? chooseHasher();
    this.#served = new Served(parts.tiles);
    this.#checking = new Checking(parts.threads ?? availableParallelism(), trust.verify);
    this.#raised = new Raised(parts.alarms);
    if (parts.statements !== 'auto') this.#ours = parts.statements;
  }

  /** Opens the copy, or makes an empty one. Refuses `corrupt-store`, `foreign-log`, `store-failed`, `unknown-signer`. */
  static async open(parts: FollowerParts): Promise<Follower> {
    const { dir, origin, policy, hasher = chooseHasher(), verify = chooseVerifier(), commitStep } = parts;
    const trust = { origin, policy, verify };
    return new Follower(parts, trust, await Holding.open(copyFolder(dir, origin), trust, hasher, commitStep));
  }

  /** Tiles, proofs and searches over the copy. Its checkpoint is the held head. */
  get reader(): LogReader {
    return this.#copy.reader;
  }

  /** The SQLite file of the copy. */
  get copyPath(): string {
    return this.#copy.store.path;
  }

  /** The newest head all of whose entries are copied and were checked. */
  get held(): SeenHead | undefined {
    return this.#holding.held;
  }

  /** The newest head that was proven to continue all earlier ones. Its entries may not be copied yet. */
  get seen(): SeenHead | undefined {
    return this.#holding.seen;
  }

  /** Number of entries in the copy; each is proven to be under a signed root. */
  get copied(): number {
    return this.#copy.size;
  }

  /**
   * Fetches the head once, and copies all entries under it. Only one call may run at a time. Refuses faults of this
   * machine: `store-failed`, `corrupt-store`, `shutting-down` after `signal`, and what the alarm sink refuses.
   */
  async step(signal?: AbortSignal): Promise<Step> {
    await this.#copy.recover();
    this.#raised.begin();
    const look: { head: SeenHead | undefined } = { head: undefined };
    try {
      const step = await this.#look(look, signal);
      if (step.kind !== 'alarmed') this.#raised.settle();
      return step;
    } catch (error) {
      const { head } = look;
      if (error instanceof Unreachable)
        return { kind: 'unreachable', why: error.message, head, alarms: this.#raised.news };
      if (error instanceof Refusal && OTHER_RULES.has(error.code) && head !== undefined)
        return { kind: 'outdated', why: error.message, head, alarms: this.#raised.news };
      if (!(error instanceof Tampered)) throw error;
      const under = [head, this.#holding.seen].find((each) => each?.opened.checkpoint.size === error.size);
      if (under !== undefined) await this.#raised.raise(tamperedAlarm(error, under));
      return { kind: 'alarmed', head, alarms: this.#raised.news };
    }
  }

  async close(): Promise<void> {
    await this.#checking.stop();
    await this.#copy.close();
  }

  async #look(look: { head: SeenHead | undefined }, signal: AbortSignal | undefined): Promise<Step> {
    const from = this.#copy.size;
    for (;;) {
      const { head, tiles, verdict } = await this.#hearAndCompare(look);
      const { news: alarms } = this.#raised;
      if (verdict.kind === 'alarm') {
        // The alarm names the held head, because the other head may grow with every step.
        await this.#raised.raise(verdict.alarm, 'the head held');
        return { kind: 'alarmed', head, alarms };
      }
      const stale = verdict.kind === 'stale';
      if (verdict.kind === 'extends') await tiles.edge();
      const target = stale ? this.#holding.seen : await this.#accept(head);
      if (target === undefined || this.#holding.covers(target))
        return { kind: 'unchanged', head, stale, alarms };
      const whole = await this.#copyUpTo(target, stale ? this.#tilesOf(target) : tiles, signal);
      if (whole && stale) return { kind: 'unchanged', head, stale, alarms };
      if (whole) return { kind: 'advanced', head, from, alarms };
    }
  }

  async #hearAndCompare(look: { head: SeenHead | undefined }): Promise<Compared> {
    for (let again = false; ; again = true) {
      const head = (look.head = await this.#hear());
      const tiles = this.#tilesOf(head);
      const verdict = await this.#compare(head, tiles);
      this.#moment('compared');
      // One of the log's servers may be behind for a moment, so the head is fetched again before a rollback is raised.
      const wentBack = verdict.kind === 'alarm' && verdict.alarm.evidence.kind === 'rollback';
      if (!wentBack || again) return { head, tiles, verdict };
    }
  }

  async #hear(): Promise<SeenHead> {
    const head = hearHead(await this.#served.checkpoint(), this.#trust);
    this.#moment('heard');
    for (const witness of head.forged) await this.#raised.raise(forgedAlarm(head, witness));
    return head;
  }

  async #compare(head: SeenHead, tiles: VerifiedTiles): Promise<SeenVerdict> {
    const { seen: held, held: covered } = this.#holding;
    if (held !== undefined) {
      const tilesOf = (each: SeenHead): VerifiedTiles => this.#tilesOf(each);
      return compareSeen(head, tiles, { copy: this.#copy, held, covered, tilesOf });
    }
    if (head.opened.checkpoint.size >= this.#copy.size) return { kind: 'extends' };
    throw refuse('corrupt-store', 'the copy is larger than any head remembered of its log: move it away');
  }

  async #accept(head: SeenHead): Promise<SeenHead> {
    const accepted = await this.#holding.accept(head);
    this.#moment('held');
    return accepted;
  }

  /** False when it is time to look at the log's head again before the copy has all. */
  async #copyUpTo(target: SeenHead, tiles: VerifiedTiles, signal: AbortSignal | undefined): Promise<boolean> {
    const { watches = [], now, onProgress = () => {}, batch = BATCH } = this.#parts;
    const from = this.#copy.size;
    const until = now() + LOOK_AGAIN_SECONDS;
    const copying = new Copying({
      copy: this.#copy,
      served: this.#served,
      tiles,
      hasher: this.#hasher,
      replay: await this.#replay(tiles),
      checking: this.#checking,
      evidence: new EvidenceMaker(target, tiles, this.#copy, this.#hasher),
      watches,
      raise: (alarm) => this.#raised.raise(alarm),
      now,
      signal,
      batch,
      onProgress,
      moment: (moment) => this.#moment(moment),
    });
    if (!(await copying.run(() => now() >= until))) return false;
    this.#moment('copied');
    await this.#holding.cover(target);
    if (this.#copy.size - from < WORTH_THREADS) await this.#checking.stop();
    return true;
  }

  /** The replay that decides on the entries; undefined for a log of other software. */
  async #replay(tiles: VerifiedTiles): Promise<Replay | undefined> {
    this.#ours ??= tiles.head.size === 0 ? undefined : beginsOurs(await this.#firstEntry(tiles));
    if (this.#ours === false) return undefined;
    return Replay.over(this.#copy.store, this.#trust.origin, this.#trust.verify);
  }

  async #firstEntry(tiles: VerifiedTiles): Promise<Uint8Array> {
    const [own] = await this.#copy.store.entries(0, 1);
    if (own !== undefined) return own.bytes;
    const { entries } = await fetchBundle(0, { served: this.#served, tiles, hasher: this.#hasher });
    return entries[0] ?? new Uint8Array();
  }

  #tilesOf(head: SeenHead): VerifiedTiles {
    const contradicts: Contradicts = (tile, hashes) => this.#copy.contradicts(tile, hashes);
    return new VerifiedTiles(this.#served, head.opened.checkpoint, this.#hasher, { contradicts });
  }

  #moment(moment: Moment): void {
    this.#parts.moment?.(moment);
  }
}

/** Folder of a log's copy in a monitor's directory. */
export function copyFolder(dir: string, origin: string): string {
  return join(dir, originHash(origin).slice(0, 16));
}
