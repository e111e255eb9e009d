/**
 * When the next runtime proof of each chain, and of each claim, is due, as the entries of one log say: a fold
 * over them in their order, which can be stored and gone on with. No clock but the one it is handed, and no
 * judgement: missed.ts says what was missed.
 *
 * A chain's newest proof promises the next one (`nextDue`). A commitment in force wants each of its claims
 * proven within its deadline once, and then at its cadence. Both end with the commitment (withdrawn, superseded,
 * expired), and a chain also with its key.
 */
import { isWithdrawal, type Commitment } from '../statement/commitment.ts';
import { chainKey } from '../registration/admit.ts';
import { type ParsedStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import type { SeenEntry } from './alarm.ts';

/** Something that is due. Times: POSIX seconds. */
export interface Due {
  readonly key: string;
  readonly subject: string;
  /** Index and entry id of what promises it: the newest proof, or the commitment. */
  readonly index: number;
  readonly id: string;
  readonly due: number;
  /** The claim that wants it; absent for a chain. */
  readonly claim?: string;
  /** Entry id of the commitment in force, and for a claim its index. */
  readonly commitment: string;
  readonly commitmentIndex?: number;
  /** Signer of the chain. */
  readonly kid?: string;
  readonly seq?: number;
  /** Seconds that the due time of a claim lies after its last proof. */
  readonly every?: number;
  /** When the commitment's validity ends. */
  readonly until?: number;
  /** Keys whose approval a commitment has, while it still lacks some. Nothing is due before. */
  readonly approvals?: { readonly wanted: number; readonly by: readonly string[] };
  /** Id of the incident about this one. */
  readonly missed?: string;
}

/** Things that may be due at once; more are not watched. */
const MAX_DUES = 500_000;

export class DueBook {
  readonly #dues = new Map<string, Due>();
  /** Keys of dues by the commitment they rest on. */
  readonly #of = new Map<string, Set<string>>();
  readonly #changed = new Set<string>();
  #settled: string[] = [];
  #upto: number;
  #saved: number;
  #dropped = 0;

  constructor(upto = 0, dues: Iterable<Due> = []) {
    this.#upto = upto;
    this.#saved = upto;
    for (const due of dues) this.#put(due);
    this.#changed.clear();
  }

  /** Entries that were read: the next one has this index. */
  get upto(): number {
    return this.#upto;
  }

  /** How many dues were not taken, because there are too many. */
  get dropped(): number {
    return this.#dropped;
  }

  get size(): number {
    return this.#dues.size;
  }

  all(): IterableIterator<Due> {
    return this.#dues.values();
  }

  get(key: string): Due | undefined {
    return this.#dues.get(key);
  }

  /**
   * Reads an entry; one that was read already changes nothing, and neither does what says nothing that counts
   * (`parsed` is undefined). `now`: POSIX seconds.
   */
  read({ index, id, parsed }: Pick<SeenEntry, 'index' | 'id' | 'parsed'>, now: number): void {
    if (index < this.#upto) return;
    this.#upto = index + 1;
    if (parsed === undefined) return;
    if (parsed.kind === 'proof') this.#proof(parsed, index, id);
    else if (parsed.kind === 'commitment') this.#commitment(parsed, index, id, now);
    else if (parsed.kind === 'approval') this.#approval(parsed, now);
    else if (parsed.kind === 'policy') this.#policy(parsed.policy);
  }

  /** An incident was raised about a due. */
  missed(key: string, incident: string): void {
    const due = this.#dues.get(key);
    if (due !== undefined) this.#put({ ...due, missed: incident });
  }

  /** Incidents about what has come, or is wanted no more, since this was last asked. */
  settled(): readonly string[] {
    const settled = this.#settled;
    this.#settled = [];
    return settled;
  }

  /** Whether anything changed since `changes` was last asked. */
  get dirty(): boolean {
    return this.#changed.size > 0 || this.#saved !== this.#upto;
  }

  /** What changed since this was last asked: dues, and keys of those that are gone. */
  changes(): { readonly put: readonly Due[]; readonly gone: readonly string[] } {
    const keys = [...this.#changed];
    this.#changed.clear();
    this.#saved = this.#upto;
    const put = keys.map((key) => this.#dues.get(key)).filter((due) => due !== undefined);
    return { put, gone: keys.filter((key) => !this.#dues.has(key)) };
  }

  #proof(parsed: ParsedStatement & { kind: 'proof' }, index: number, id: string): void {
    const { proof, kid, subject } = parsed;
    const key = `chain ${chainKey(kid, subject)}`;
    // A link of the past that was logged again promises nothing new.
    if (proof.seq < (this.#dues.get(key)?.seq ?? 0)) return;
    const commitment = proof.commitment.toHex();
    this.#replace({ key, subject, index, id, due: proof.nextDue, commitment, kid, seq: proof.seq });
    for (const { claim } of proof.results) {
      const wanted = this.#dues.get(claimKey(commitment, claim));
      if (wanted !== undefined && wanted.approvals === undefined)
        this.#replace({ ...wanted, index, id, due: proof.window.end + (wanted.every ?? 0) });
    }
  }

  #commitment(
    parsed: ParsedStatement & { kind: 'commitment' },
    index: number,
    id: string,
    now: number,
  ): void {
    const { commitment, subject } = parsed;
    if (isWithdrawal(commitment)) return this.#end(commitment.withdraws.toHex());
    const { approvals = 0, validity, supersedes } = commitment;
    if (supersedes !== undefined) this.#supersede(supersedes.toHex(), id);
    for (const { id: claim, cadence, deadline, grace = 0 } of commitment.claims) {
      const every = cadence * (1 + grace);
      const until = validity?.notAfter;
      this.#put({
        key: claimKey(id, claim),
        subject,
        index,
        id,
        claim,
        commitment: id,
        commitmentIndex: index,
        every,
        due: firstDue(commitment, now) + (deadline ?? every),
        ...(until !== undefined && { until }),
        ...(approvals > 0 && { approvals: { wanted: approvals, by: [] } }),
      });
    }
  }

  /** An approval counts once per key; with the last one that was wanting, the clock starts. */
  #approval(parsed: ParsedStatement & { kind: 'approval' }, now: number): void {
    const commitment = parsed.approval.commitment.toHex();
    for (const key of this.#of.get(commitment) ?? []) {
      const due = this.#dues.get(key);
      if (due?.approvals === undefined || due.approvals.by.includes(parsed.kid)) continue;
      const by = [...due.approvals.by, parsed.kid];
      const { approvals, ...rest } = due;
      if (by.length < approvals.wanted) this.#put({ ...due, approvals: { wanted: approvals.wanted, by } });
      else this.#put({ ...rest, due: Math.max(due.due, now + (due.every ?? 0)) });
    }
  }

  /** The chains of keys that may no longer submit have ended. */
  #policy(policy: Policy): void {
    for (const { key, kid } of this.#dues.values()) {
      if (kid === undefined) continue;
      if (policy.revoked.has(kid) || (!policy.document.open && !policy.keys.has(kid))) this.#drop(key);
    }
  }

  /** Chains go on under the new commitment; its claims take the place of the old ones. */
  #supersede(old: string, commitment: string): void {
    for (const key of this.#of.get(old) ?? []) {
      const due = this.#dues.get(key);
      if (due?.claim !== undefined) this.#drop(key);
      else if (due !== undefined) this.#put({ ...due, commitment });
    }
  }

  #end(commitment: string): void {
    for (const key of this.#of.get(commitment) ?? []) this.#drop(key);
  }

  /** A due whose proof has come: an incident about it is settled. */
  #replace(due: Due): void {
    const { missed, ...rest } = due;
    const before = this.#dues.get(due.key)?.missed ?? missed;
    if (before !== undefined) this.#settled.push(before);
    this.#put(rest);
  }

  #put(due: Due): void {
    const before = this.#dues.get(due.key);
    if (before === undefined && this.#dues.size >= MAX_DUES) {
      this.#dropped++;
      return;
    }
    if (before !== undefined && before.commitment !== due.commitment) this.#unlist(before);
    this.#dues.set(due.key, due);
    this.#changed.add(due.key);
    const keys = this.#of.get(due.commitment) ?? new Set();
    this.#of.set(due.commitment, keys.add(due.key));
  }

  #drop(key: string): void {
    const due = this.#dues.get(key);
    if (due === undefined) return;
    if (due.missed !== undefined) this.#settled.push(due.missed);
    this.#dues.delete(key);
    this.#changed.add(key);
    this.#unlist(due);
  }

  #unlist({ key, commitment }: Due): void {
    const keys = this.#of.get(commitment);
    keys?.delete(key);
    if (keys?.size === 0) this.#of.delete(commitment);
  }
}

function claimKey(commitment: string, claim: string): string {
  return `claim ${commitment} ${claim}`;
}

/**
 * Nobody can show when a commitment was deployed: the clock starts when the monitor sees it, or when it
 * begins to be valid.
 */
function firstDue(commitment: Commitment, now: number): number {
  return isWithdrawal(commitment) ? now : Math.max(now, commitment.validity?.notBefore ?? 0);
}
