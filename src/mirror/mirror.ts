/**
 * A verified copy of one log, in files. `sync` fetches what the log has beyond the copy: first a checkpoint that the
 * trust policy accepts and that continues every earlier head, then all data under it, each file checked, and last it
 * stores the checkpoint. The copy never goes back, and never contains data that was not checked. If the log shows a
 * second history, the mirror stores an incident and stops following it.
 */
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { printable } from '../bytes/printable.ts';
import { formatMilliseconds } from '../bytes/time.ts';
import type { NotedHead, SignedHead } from '../client/history.ts';
import { TileReader } from '../client/tiles.ts';
import type { Transport } from '../client/transport.ts';
import { asCheckpoint } from '../client/view.ts';
import { formatIncident, makeIncident } from '../incident/incident.ts';
import { logKeysOf, openByLog, openTrusted, type TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { fill } from './fill.ts';
import { CHECKPOINT, type Folder } from './folder.ts';
import { compareHeads, servedTrees, type Conflict } from '../client/compare.ts';
import { fetchKeys, isPolicyEntry } from './keys.ts';
import { LocalTiles } from './local.ts';
import { Records } from './records.ts';
import { Sizes } from './sizes.ts';
import { startingStatus, type MirrorStatus } from './status.ts';
import { vkeyOf } from '../note/key.ts';

export interface MirrorParts {
  readonly folder: Folder;
  readonly transport: Transport;
  /** The log's URL prefix. */
  readonly url: string;
  readonly policy: TrustPolicy;
  readonly verify: VerifySignature;
  readonly hasher: BatchHasher;
  /** Name of this mirror, in incidents and in the manifest. */
  readonly name: string;
  readonly version: string;
  /** Ends a sync between two files. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of entries in place, and in all, during a sync. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** The result of a sync. `older`: the origin serves a smaller head that is consistent with ours. */
export interface Synced {
  readonly kind: 'advanced' | 'unchanged' | 'older';
  readonly from: number;
  readonly size: number;
  readonly fetched: number;
  readonly repaired: number;
  /** Why the receipt keys could not be fetched; undefined if they could. */
  readonly keysFault: string | undefined;
}

export class Mirror {
  readonly #parts: MirrorParts;
  readonly #records: Records;
  readonly #origin: TileReader;
  /** The copy as it is served: the tree of the held head. */
  readonly local: LocalTiles;
  readonly status: MirrorStatus;
  /** Sizes that it held. */
  readonly sizes = new Sizes();
  #held: SignedHead | undefined;
  #pending: SignedHead | undefined;
  #policies: Set<number>;

  private constructor(parts: MirrorParts, records: Records, found: Found) {
    this.#parts = parts;
    this.#records = records;
    this.#origin = new TileReader(parts.transport, parts.url);
    this.#held = found.held;
    this.#pending = found.pending;
    this.#policies = new Set(found.policies);
    this.local = new LocalTiles(parts.folder.read, () => this.size, parts.hasher);
    this.status = startingStatus(found);
    if (found.held !== undefined) this.#seeSize();
  }

  /**
   * Continues a copy where it was left. Refuses `foreign-log` if it is of a log that the policy does not know, and what
   * reading it refuses.
   */
  static async open(parts: MirrorParts): Promise<Mirror> {
    const { folder, hasher } = parts;
    const records = new Records(folder, parts.policy, parts.verify);
    const held = await records.held();
    const pending = await records.pending();
    const checkpoint = held?.opened.checkpoint;
    const local = new LocalTiles(folder.read, () => checkpoint?.size ?? 0, hasher);
    const damaged = checkpoint !== undefined && !(await local.holds(checkpoint));
    const { halted, count } = await records.incidents();
    return new Mirror(parts, records, {
      held,
      // A pending head that is already held is dropped: the process was killed before it could delete it.
      pending: (pending?.opened.checkpoint.size ?? 0) > (checkpoint?.size ?? 0) ? pending : undefined,
      policies: await records.policies(),
      damaged,
      halted,
      incidents: count,
    });
  }

  /** The newest head whose whole tree is in the copy. */
  get held(): SignedHead | undefined {
    return this.#held;
  }
  get size(): number {
    return this.#held?.opened.checkpoint.size ?? 0;
  }
  /** The directory of the copy. */
  get path(): string {
    return this.#parts.folder.path;
  }
  get url(): string {
    return this.#parts.url;
  }
  get policy(): TrustPolicy {
    return this.#parts.policy;
  }

  /**
   * Updates the copy. `check`: every file is checked again, and damaged ones are fetched. Refuses `inconsistent` for a
   * second history (an incident is stored), `unknown-signer`, `quorum-unmet`, `proof-failed`, `malformed-…`,
   * `foreign-log`, `store-failed`, `unavailable`, `not-found`.
   */
  async sync(check = false): Promise<Synced> {
    const { status } = this;
    const { now } = this.#parts.transport;
    try {
      const synced = await this.#sync(check || this.status.damaged);
      status.lastSync = now();
      status.unreachableSince = undefined;
      status.problem = undefined;
      status.fetched += synced.fetched;
      status.repaired += synced.repaired;
      return synced;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      status.problem = error.code;
      status.failures.set(error.code, (status.failures.get(error.code) ?? 0) + 1);
      if (UNREACHABLE.has(error.code)) status.unreachableSince ??= now();
      throw error;
    } finally {
      status.syncing = undefined;
    }
  }

  async #sync(check: boolean): Promise<Synced> {
    if (this.status.halted !== undefined) throw refuse('inconsistent', this.status.halted);
    const note = await this.#origin.checkpoint();
    this.status.unreachableSince = undefined;
    // History is compared before the quorum is checked: honest witnesses do not cosign a fork, so a missing quorum must
    // not hide one.
    await this.#compare(this.#signed(note));
    const { policy, verify } = this.#parts;
    const served = { note, opened: openTrusted(note, policy, verify) };
    const target = this.#largest(served);
    this.status.originSize = served.opened.checkpoint.size;
    const from = this.size;
    const known = this.#held !== undefined && target.opened.checkpoint.size === from;
    const filled = known && !check ? { fetched: 0, repaired: 0 } : await this.#fill(target, check ? 0 : from);
    const first = this.status.lastSync === undefined;
    const isNew = this.#held === undefined || !equalBytes(this.#held.note, target.note);
    if (isNew || first) await this.#show(target);
    this.status.damaged = false;
    const keysFault = known && !first ? undefined : await this.#takeKeys();
    const { size } = target.opened.checkpoint;
    const kind = !known ? 'advanced' : served.opened.checkpoint.size < size ? 'older' : 'unchanged';
    return { kind, from, size, ...filled, keysFault };
  }

  /** The served head, signed by the mirrored log. Cosignatures are not checked here. */
  #signed(note: Uint8Array): SignedHead {
    const { policy, verify } = this.#parts;
    const opened = asCheckpoint(this.url, () => openByLog(note, policy, { verify }));
    const { origin } = opened.checkpoint;
    const mirrored = (this.#held ?? this.#pending)?.opened.checkpoint.origin ?? origin;
    if (origin === mirrored) return { note, opened };
    const [other, ours] = [printable(origin, 255), printable(mirrored, 255)];
    const what = `${this.url} is the log "${other}", and the directory mirrors "${ours}"; take another directory`;
    throw refuse('foreign-log', what);
  }

  /** Refuses `inconsistent` if the served head and the heads seen before do not belong to one history. */
  async #compare(served: SignedHead): Promise<void> {
    for (const seen of [this.#held, this.#pending]) {
      if (seen === undefined) continue;
      // The origin may not serve a larger tree any more; the copy has it.
      const ours = seen === this.#held && seen.opened.checkpoint.size > served.opened.checkpoint.size;
      const trees = servedTrees(noted(seen), ours ? this.local : this.#origin, this.#origin);
      const judgement = await compareHeads(noted(seen), noted(served), trees);
      if (judgement.kind === 'conflict') throw await this.#report(judgement);
    }
  }

  /** The head to hold next: the served one, or a larger one that was seen before. */
  #largest(served: SignedHead): SignedHead {
    let target = served;
    for (const seen of [this.#held, this.#pending]) {
      if (seen !== undefined && seen.opened.checkpoint.size > target.opened.checkpoint.size) target = seen;
    }
    return target === served && this.#held !== undefined ? preferred(this.#held, served) : target;
  }

  /**
   * Stores the incident. After a second history, the mirror stops following; after a rollback it goes on, because the
   * log may grow again.
   */
  async #report(conflict: Conflict): Promise<Refusal> {
    const { name, policy, transport } = this.#parts;
    const { evidence, about, what } = conflict;
    const origin = (this.#held ?? this.#pending)?.opened.checkpoint.origin ?? '';
    const vkeys = logKeysOf(policy, origin);
    const incident = makeIncident({
      origin,
      vkeys: vkeys.map(vkeyOf),
      detector: name,
      detected: formatMilliseconds(transport.now()),
      what,
      about,
      evidence,
    });
    const path = await this.#records.keepIncident(incident.id, formatIncident(incident));
    if (path.isNew) this.status.incidents += 1;
    const halts = evidence.kind === 'split-view';
    const next = halts
      ? 'nothing more is taken from the log until that file is moved away'
      : 'the log is asked again, and followed once it shows a head that continues the mirrored one';
    const message = `${what}; the evidence is in ${path.path} of the mirror's directory; ${next}; the last good head is still served`;
    if (halts) this.status.halted = message;
    return refuse('inconsistent', message);
  }

  async #fill(target: SignedHead, from: number): Promise<{ fetched: number; repaired: number }> {
    const { folder, hasher, signal, onProgress } = this.#parts;
    const { checkpoint } = target.opened;
    const policies = new Set(from === 0 ? [] : this.#policies);
    if (checkpoint.size > this.size) {
      await this.#records.keepPending(target.note);
      this.#pending = target;
    }
    const report = (done: number): void => {
      this.status.syncing = { done, total: checkpoint.size };
      onProgress?.(done, checkpoint.size);
    };
    const filled = await fill(checkpoint, from, {
      origin: this.#origin,
      folder,
      hasher,
      signal,
      onProgress: report,
      onEntries: (first, entries) => {
        for (const [i, entry] of entries.entries()) if (isPolicyEntry(entry)) policies.add(first + i);
      },
    });
    await this.#records.keepPolicies(policies);
    await folder.flush();
    this.#policies = policies;
    return filled;
  }

  /** Makes the new head readable. Everything under it is durable. A crash here leaves at most a pending head. */
  async #show(target: SignedHead): Promise<void> {
    const { folder, name, version, transport } = this.#parts;
    await folder.ensure(CHECKPOINT, target.note);
    await folder.flush();
    this.#held = target;
    this.#seeSize();
    if (this.#pending !== undefined && this.#pending.opened.checkpoint.size <= this.size) {
      await this.#records.dropPending();
      this.#pending = undefined;
    }
    await this.#records.keepManifest(target, { url: this.url, name, version, now: transport.now() });
  }

  #seeSize(): void {
    this.sizes.see(Math.floor(this.#parts.transport.now() / 1000), this.size);
  }

  async #takeKeys(): Promise<string | undefined> {
    if (this.#policies.size === 0) return undefined;
    const { transport } = this.#parts;
    try {
      const policies = Array.from(this.#policies).toSorted((a, b) => a - b);
      const keys = await fetchKeys(transport, this.#origin.prefix, this.local, policies, this.size);
      await this.#records.keepKeys(keys);
      return undefined;
    } catch (error) {
      if (error instanceof Refusal && error.code !== 'store-failed') return error.message;
      throw error;
    }
  }
}

/** The content of a directory. */
interface Found {
  readonly held: SignedHead | undefined;
  readonly pending: SignedHead | undefined;
  readonly policies: readonly number[];
  readonly damaged: boolean;
  readonly halted: string | undefined;
  readonly incidents: number;
}

/** Refusal codes that say that the log cannot be reached, which is no fault of the log. */
const UNREACHABLE: ReadonlySet<string> = new Set(['unavailable', 'not-found', 'overloaded', 'not-yet']);

/** Of two notes of one head: the newer, unless it has fewer cosignatures. */
function preferred(held: SignedHead, served: SignedHead): SignedHead {
  const same = held.opened.checkpoint.size === served.opened.checkpoint.size;
  const lost = served.opened.cosignatures.length < held.opened.cosignatures.length;
  return same && lost ? held : served;
}

function noted({ note, opened }: SignedHead): NotedHead {
  return { note, head: opened.checkpoint };
}
