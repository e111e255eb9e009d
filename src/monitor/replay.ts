/**
 * The replay of a copied log (registration/replay.ts). The entries that others refer to are loaded from the copy, a
 * segment at a time; decisions that are not committed yet are kept in memory.
 */
import type { EntryId } from '../bytes/brand.ts';
import { Refusal } from '../bytes/refusal.ts';
import { headerMemo } from '../cose/header-memo.ts';
import type { ReadHeaders } from '../cose/sign1.ts';
import type { RefusedAt } from '../log/batch.ts';
import type { ChainHead, Store } from '../log/ports.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { PolicyHistory, type PolicyEntry } from '../registration/history.ts';
import { needs } from '../registration/admit.ts';
import {
  readEntry,
  Replay as Replayed,
  UNREAD,
  type Decided,
  type Indexed,
  type ReplayFacts,
} from '../registration/replay.ts';
import type { InForce, Rules } from '../registration/rules.ts';
import { OTHER_RULES, type Unread } from '../registration/unread.ts';
import { contentTypeOf } from '../statement/kinds.ts';
import { idsOf } from '../statement/once.ts';
import type { ParsedStatement } from '../statement/parse.ts';

/** Entries in order, each with the refusal of its bytes or signature if it has one. */
export interface Checked {
  readonly start: number;
  readonly entries: readonly Uint8Array[];
  readonly ids: readonly EntryId[];
  readonly refused: readonly RefusedAt[];
}

/** Decisions in order. `stopped`: why the entry after the last one cannot be decided by this program. */
interface DecidedUpTo {
  readonly decided: readonly Decided[];
  readonly stopped: Refusal | undefined;
}

export class Replay {
  readonly #store: Pick<Store, 'known' | 'chain'>;
  readonly #replay: Replayed;
  /** Entries that are decided and not committed, and the chains that they continue. */
  readonly #fresh = new Map<EntryId, Indexed>();
  #chains = new Map<string, ChainHead>();
  readonly #readHeaders = headerMemo();

  private constructor(store: Pick<Store, 'known' | 'chain'>, rules: Rules, verify: VerifySignature) {
    this.#store = store;
    this.#replay = new Replayed(rules, verify);
  }

  /** Goes on where the copy in `store` ends. */
  static async over(store: Store, origin: string, verify: VerifySignature): Promise<Replay> {
    return new Replay(store, { origin, inForce: await policyIn(store, origin, verify) }, verify);
  }

  get inForce(): InForce | undefined {
    return this.#replay.inForce;
  }

  /** Decides entries that were all checked under the policy in force; only the last of them may change it. */
  async decide(checked: Checked): Promise<DecidedUpTo> {
    const { start, entries, ids, refused } = checked;
    const why = new Map(refused.map((each) => [each.position, each]));
    const read = entries.map((bytes, i) => why.get(i) ?? readOr(bytes, this.#readHeaders));
    const facts = await this.#load(ids, read);
    const decided: Decided[] = [];
    for (const [i, bytes] of entries.entries()) {
      const [id, statement] = [ids[i], read[i]];
      if (id === undefined || statement === undefined) throw new Error('an entry without its id');
      try {
        decided.push(this.#replay.decide({ id, index: start + i, bytes, statement }, facts));
      } catch (error) {
        if (error instanceof Refusal) return { decided, stopped: error };
        throw error;
      }
      if (!this.#fresh.has(id)) this.#fresh.set(id, decided.at(-1)?.row ?? UNREAD);
    }
    return { decided, stopped: undefined };
  }

  /** The newest links since the last commit. Drops the decisions from memory, since the store has them from now on. */
  commit(): ReadonlyMap<string, ChainHead> {
    const chains = this.#chains;
    this.#chains = new Map();
    this.#fresh.clear();
    return chains;
  }

  /** Loads what the store knows of these entries and of those that they refer to. */
  async #load(ids: readonly EntryId[], read: readonly (ParsedStatement | Unread)[]): Promise<ReplayFacts> {
    const statements = read.filter((each) => 'entry' in each);
    const wanted = statements.map((each) => needs(each, this.inForce));
    const both = ids.flatMap((id, i) => {
      const each = read[i];
      return each !== undefined && 'entry' in each ? idsOf(id, each) : [id];
    });
    const known = await this.#store.known([...both, ...new Set(wanted.flatMap((need) => need.commitments))]);
    const heads = new Map<string, ChainHead>();
    for (const key of new Set(wanted.flatMap((need) => [...need.chains, ...need.counts]))) {
      const head = this.#chains.get(key) ?? (await this.#store.chain(key));
      if (head !== undefined) heads.set(key, head);
    }
    const find = (id: EntryId): Indexed | undefined => this.#fresh.get(id) ?? known.get(id);
    const chains = {
      get: (key: string) => this.#chains.get(key) ?? heads.get(key),
      set: (key: string, link: ChainHead) => this.#chains.set(key, link),
    };
    return { find, commitments: { get: find, set: () => undefined }, chains, counts: chains };
  }
}

/** The policy in force in a copy; undefined for one that has none. */
async function policyIn(store: Store, origin: string, verify: VerifySignature): Promise<InForce | undefined> {
  const entries: PolicyEntry[] = [];
  let before: number | undefined;
  do {
    const { rows, next } = await store.search({
      kind: 'policy',
      limit: 1000,
      ...(before !== undefined && { before }),
    });
    for (const { index, id } of rows) {
      const [entry] = await store.entries(index, index + 1);
      if (entry !== undefined) entries.push({ index, id, parsed: readEntry(entry.bytes) });
    }
    before = next;
  } while (before !== undefined);
  if (entries.length === 0) return undefined;
  return PolicyHistory.of(origin, entries.toReversed(), verify).newest;
}

function readOr(bytes: Uint8Array, readHeaders?: ReadHeaders): ParsedStatement | Unread {
  try {
    return readEntry(bytes, readHeaders);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

const POLICY = Buffer.from(contentTypeOf('policy'));

/** Whether the first entry of a log makes it a Tallystick log: a registration policy, under rules of any version. */
export function beginsOurs(bytes: Uint8Array): boolean {
  const read = readOr(bytes);
  return 'entry' in read ? read.kind === 'policy' : OTHER_RULES.has(read.code);
}

/** Whether an entry parses as a registration policy, so that another policy may apply after it. */
export function isPolicy(bytes: Uint8Array): boolean {
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(POLICY)) return false;
  const read = readOr(bytes);
  return 'entry' in read && read.kind === 'policy';
}
