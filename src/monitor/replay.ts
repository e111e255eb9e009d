/**
 * Every decision of the log, made again: each entry in order under the policy in force just before it, against
 * the entries before it (spec/statements.md §7). What the log should have refused is a fault of the log; the
 * entry stays a leaf, and what it claims counts for nothing.
 *
 * Dates of keys are not judged: entries carry no time.
 */
import type { EntryId } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { refuse, Refusal, type RefusalCode } from '../bytes/refusal.ts';
import { headerMemo } from '../cose/header-memo.ts';
import type { ReadHeaders } from '../cose/sign1.ts';
import { verifyStatement } from '../cose/statement.ts';
import type { RefusedAt } from '../log/batch.ts';
import type { ChainHead, Store } from '../log/ports.ts';
import { policyInForce } from '../log/recover.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { admit, chainKey, genesisPolicy, needs, signerKey, type LoggedEntry } from '../registration/admit.ts';
import { parseStatement, type ParsedStatement } from '../statement/parse.ts';
import { contentTypeOf } from '../statement/kinds.ts';
import type { Policy } from '../statement/policy.ts';

/** A registration policy with the entry that holds it. */
export interface InForce {
  readonly policy: Policy;
  readonly index: number;
  readonly entry: Uint8Array;
}

/** Why the log should have refused an entry, under which policy, and what it should have continued or repeats. */
export interface Fault {
  readonly code: RefusalCode | 'duplicate';
  readonly message: string;
  readonly policy: InForce | undefined;
  readonly before: EntryId | undefined;
}

/** What an entry is in the index. */
export interface Indexed extends LoggedEntry {
  readonly issuer: string;
}

/** One entry, decided. `parsed` only when what it says counts. */
export interface Decided {
  readonly row: Indexed;
  readonly parsed: ParsedStatement | undefined;
  readonly fault: Fault | undefined;
}

/** Entries in order, with what checking their bytes and signatures refused. */
export interface Checked {
  readonly start: number;
  readonly entries: readonly Uint8Array[];
  readonly ids: readonly EntryId[];
  readonly refused: readonly RefusedAt[];
}

/** How an entry is indexed that says nothing that counts. */
export const UNREAD: Indexed = { kind: 'other', subject: '', issuer: '', kid: '' };

const NOTHING: Decided = { row: UNREAD, parsed: undefined, fault: undefined };

/** The codes whose reason is the commitment spoken of. That there is none is not shown by one that counts for nothing. */
const ABOUT_ANOTHER: ReadonlySet<RefusalCode> = new Set(['subject-mismatch', 'own-commitment']);

export class Replay {
  readonly #store: Pick<Store, 'known' | 'chain'>;
  readonly #origin: string;
  readonly #verify: VerifySignature;
  /** Entries decided and not yet committed, and the chains they continue. */
  readonly #fresh = new Map<EntryId, Indexed>();
  #chains = new Map<string, ChainHead>();
  readonly #readHeaders = headerMemo();
  inForce: InForce | undefined;

  private constructor(
    store: Pick<Store, 'known' | 'chain'>,
    origin: string,
    verify: VerifySignature,
    inForce: InForce | undefined,
  ) {
    this.#store = store;
    this.#origin = origin;
    this.#verify = verify;
    this.inForce = inForce;
  }

  /** Goes on where the copy in `store` ends. */
  static async over(store: Store, origin: string, verify: VerifySignature): Promise<Replay> {
    const { rows } = await store.search({ kind: 'policy', limit: 1 });
    const row = rows[0];
    if (row === undefined) return new Replay(store, origin, verify, undefined);
    const { policy, policyEntry } = await policyInForce(store);
    return new Replay(store, origin, verify, { policy, index: row.index, entry: policyEntry });
  }

  /** Decides entries that were all checked under the policy in force; only the last of them may change it. */
  async decide(checked: Checked): Promise<readonly Decided[]> {
    const { start, entries, ids, refused } = checked;
    const why = new Map(refused.map((each) => [each.position, each]));
    const read = entries.map((bytes, i) => {
      const statement = readEntry(bytes, this.#readHeaders);
      return 'entry' in statement ? (why.get(i) ?? statement) : statement;
    });
    const facts = await this.#load(ids, read);
    return entries.map((bytes, i) => {
      const [id, statement] = [ids[i], read[i]];
      if (id === undefined || statement === undefined) throw new Error('an entry without its id');
      const decided = this.#decide({ id, index: start + i, bytes, statement }, facts);
      if (!this.#fresh.has(id)) this.#fresh.set(id, decided.row);
      return decided;
    });
  }

  /** The newest links since the last commit; forgets what was decided, which the store knows from now on. */
  commit(): ReadonlyMap<string, ChainHead> {
    const chains = this.#chains;
    this.#chains = new Map();
    this.#fresh.clear();
    return chains;
  }

  /** What the store knows of the entries themselves and of what they refer to. */
  async #load(ids: readonly EntryId[], read: readonly (ParsedStatement | RefusedAt)[]): Promise<Facts> {
    const wanted = read.filter((each) => 'entry' in each).map(needs);
    const known = await this.#store.known([...ids, ...new Set(wanted.flatMap((need) => need.commitments))]);
    const chains = new Map<string, ChainHead>();
    for (const key of new Set(wanted.flatMap((need) => need.chains))) {
      const head = this.#chains.get(key) ?? (await this.#store.chain(key));
      if (head !== undefined) chains.set(key, head);
    }
    return { find: (id) => this.#fresh.get(id) ?? known.get(id), chains };
  }

  #decide({ id, index, bytes, statement }: Candidate, facts: Facts): Decided {
    const earlier = facts.find(id);
    if (earlier !== undefined) {
      // A policy that is logged again does not come into force again.
      const row = earlier.kind === 'policy' ? UNREAD : rowOf(earlier);
      const fault = { code: 'duplicate', message: 'the entry was logged before', before: id } as const;
      return { row, parsed: undefined, fault: { ...fault, policy: this.inForce } };
    }
    if (this.inForce === undefined && index > 0 && !('entry' in statement && statement.kind === 'policy'))
      return NOTHING; // no rules to break: entry 0 should have brought them, and its alarm says so
    if (!('entry' in statement)) return this.#faulty(UNREAD, undefined, statement, undefined);
    try {
      this.#admit({ id, index, bytes, statement }, facts);
      return { row: rowOf(statement), parsed: statement, fault: undefined };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (this.inForce === undefined && index > 0) return NOTHING;
      return this.#refused({ id, index, bytes, statement }, error, facts);
    }
  }

  #admit({ id, index, bytes, statement }: Read, facts: Facts): void {
    const policy = this.inForce?.policy ?? this.#genesis(statement);
    const admission = admit(
      policy,
      statement,
      { commitments: { get: facts.find }, chains: facts.chains },
      undefined,
    );
    if (admission.chain !== undefined)
      this.#link(admission.chain.key, { seq: admission.chain.seq, id }, facts);
    if (admission.policy !== undefined) this.inForce = { policy: admission.policy, index, entry: bytes };
  }

  /** A log's first entry is its policy, signed by one of its own admins, and names the log. */
  #genesis(statement: ParsedStatement): Policy {
    const policy = genesisPolicy(statement, undefined);
    if (policy.document.origin !== this.#origin)
      throw refuse('policy-rejected', `the policy is of the log ${policy.document.origin}`);
    verifyStatement(statement.statement, signerKey(policy, statement), this.#verify);
    return policy;
  }

  #refused({ id, statement }: Read, refusal: Refusal, facts: Facts): Decided {
    if (refusal.code === 'chain-broken' && statement.kind === 'proof') {
      // All but its place is good, so it is indexed, and the chain goes on from it: one gap is one fault.
      const key = chainKey(statement.kid, statement.subject);
      const before = facts.chains.get(key)?.id;
      this.#link(key, { seq: statement.proof.seq, id }, facts);
      return this.#faulty(rowOf(statement), statement, refusal, before);
    }
    const [about] = ABOUT_ANOTHER.has(refusal.code) ? needs(statement).commitments : [];
    return this.#faulty(UNREAD, undefined, refusal, about);
  }

  #faulty(
    row: Indexed,
    parsed: ParsedStatement | undefined,
    { code, message }: Pick<Refusal, 'code' | 'message'>,
    before: EntryId | undefined,
  ): Decided {
    return { row, parsed, fault: { code, message, policy: this.inForce, before } };
  }

  #link(key: string, link: ChainHead, facts: Facts): void {
    facts.chains.set(key, link);
    this.#chains.set(key, link);
  }
}

/** An entry on its way to a decision. */
interface Candidate {
  readonly id: EntryId;
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly statement: ParsedStatement | RefusedAt;
}

/** One that could be read. */
type Read = Candidate & { readonly statement: ParsedStatement };

/** What earlier entries say. */
interface Facts {
  readonly find: (id: EntryId) => Indexed | undefined;
  readonly chains: Map<string, ChainHead>;
}

/** An entry is a statement as it is logged: nothing is in its unprotected header. */
function readEntry(bytes: Uint8Array, readHeaders?: ReadHeaders): ParsedStatement | RefusedAt {
  try {
    const parsed = parseStatement(bytes, readHeaders);
    if (equalBytes(parsed.entry, bytes)) return parsed;
    throw refuse('malformed-statement', 'the entry has an unprotected header');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { position: 0, code: error.code, message: error.message };
  }
}

function rowOf({ kind, subject, issuer, kid }: Indexed): Indexed {
  return { kind, subject, issuer, kid };
}

const POLICY = Buffer.from(contentTypeOf('policy'));

/** Whether an entry reads as a registration policy: after it, another one may be in force. */
export function isPolicy(bytes: Uint8Array): boolean {
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(POLICY)) return false;
  const read = readEntry(bytes);
  return 'entry' in read && read.kind === 'policy';
}
