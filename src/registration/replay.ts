/**
 * Repeats every decision of the log: each entry in order, under the policy in force just before it, against the entries
 * before it (spec/statements.md §7). An entry that the log should have refused is a fault of the log. Such an entry
 * stays a leaf of the tree, and its content does not count.
 *
 * `fsck` and the monitor replay whole logs here. The log itself, incident checks and readers know only a part of the
 * log. They run the same checks in the same order: `readEntry`, `assertSigned`, `admit`, `record`.
 *
 * A replay does not check the validity dates of keys, because entries carry no time.
 *
 *     const replay = new Replay({ origin, inForce: undefined });
 *     for (const { id, index, bytes } of entries) {
 *       const decided = replay.decide({ id, index, bytes, statement: replay.check(bytes) }, facts);
 *       if (decided.fault !== undefined) report(index, decided.fault);
 *     }
 */
import type { EntryId } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse, type RefusalCode } from '../bytes/refusal.ts';
import type { ReadHeaders } from '../cose/sign1.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { idsOf } from '../statement/once.ts';
import { parseStatement, type ParsedStatement } from '../statement/parse.ts';
import {
  admit,
  assertSigned,
  chainKey,
  needs,
  record,
  type Admission,
  type LoggedEntry,
  type OwnFacts,
} from './admit.ts';
import { isOrdered, orderKey } from './order.ts';
import type { InForce, Rules } from './rules.ts';
import { notRead, type Unread } from './unread.ts';

/**
 * A fault of the log: why it should have refused the entry, and under which policy. `before`: the entry that this one
 * repeats or should have continued, or the commitment that it refers to wrongly.
 */
export interface Fault {
  readonly code: RefusalCode | 'duplicate';
  readonly message: string;
  readonly policy: InForce | undefined;
  readonly before: EntryId | undefined;
}

/** The columns of an entry in the index. */
export interface Indexed extends LoggedEntry {
  readonly issuer: string;
}

/** The decision on one entry. `parsed` is present only if the content of the entry counts. */
export interface Decided {
  readonly row: Indexed;
  readonly parsed: ParsedStatement | undefined;
  readonly fault: Fault | undefined;
}

/** An entry before its decision: already read, and (except entry 0) with its signature checked. */
export interface Candidate {
  readonly id: EntryId;
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly statement: ParsedStatement | Unread;
}

/** The facts from earlier entries. `Replay` updates them. */
export interface ReplayFacts extends OwnFacts {
  /** An earlier entry by its id, of any kind. */
  readonly find: (id: EntryId) => Indexed | undefined;
}

/** The index columns of an entry whose content does not count. */
export const UNREAD: Indexed = { kind: 'other', subject: '', issuer: '', kid: '' };

const NOTHING: Decided = { row: UNREAD, parsed: undefined, fault: undefined };

/**
 * Codes whose reason is the commitment that the statement refers to. `unknown-commitment` is not among them: the
 * absence of an entry cannot be shown by naming one.
 */
const ABOUT_ANOTHER: ReadonlySet<RefusalCode> = new Set(['subject-mismatch', 'own-commitment']);

/**
 * Reads an entry as it is logged. Refuses as `parseStatement` does, and refuses an entry with content in its
 * unprotected header.
 */
export function readEntry(bytes: Uint8Array, readHeaders?: ReadHeaders): ParsedStatement {
  const parsed = parseStatement(bytes, readHeaders);
  if (equalBytes(parsed.entry, bytes)) return parsed;
  throw refuse(
    'malformed-statement',
    'the entry has an unprotected header, or another spelling of its heads',
  );
}

export class Replay {
  readonly #origin: string;
  readonly #verify: VerifySignature;
  #inForce: InForce | undefined;

  /** `rules`: those for the next entry. */
  constructor({ origin, inForce }: Rules, verify: VerifySignature) {
    this.#origin = origin;
    this.#verify = verify;
    this.#inForce = inForce;
  }

  /** The policy in force. Undefined before entry 0, and forever if entry 0 is not a valid policy. */
  get inForce(): InForce | undefined {
    return this.#inForce;
  }

  get rules(): Rules {
    return { origin: this.#origin, inForce: this.#inForce };
  }

  /** Reads an entry and checks its signature, in preparation of `decide`. Returns the refusal if either fails. */
  check(bytes: Uint8Array, readHeaders?: ReadHeaders): ParsedStatement | Unread {
    try {
      const parsed = readEntry(bytes, readHeaders);
      if (this.#inForce !== undefined) assertSigned(this.rules, parsed, this.#verify);
      return parsed;
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  }

  /**
   * Decides on the next entry, and adds it to the facts if its content counts. Refuses `newer-version` for a policy
   * whose rules this program does not know, and `older-version` for an entry 0 of an earlier version. After either, no further
   * entry can be decided.
   */
  decide(candidate: Candidate, facts: ReplayFacts): Decided {
    const { id, index, statement } = candidate;
    const ids = 'entry' in statement ? idsOf(id, statement) : [id];
    const before = ids.find((each) => facts.find(each) !== undefined);
    if (before !== undefined) return this.#repeated(id, before, facts);
    // Without a policy there are no rules that an entry could break. The fault is reported once, for entry 0.
    if (this.#inForce === undefined && index > 0) return NOTHING;
    if (!('entry' in statement)) {
      const { kind, why } = notRead(this.rules, candidate, statement, this.#verify);
      if (kind === 'stop') throw why;
      return this.#faulty(UNREAD, undefined, why, undefined);
    }
    try {
      if (this.#inForce === undefined) assertSigned(this.rules, statement, this.#verify);
      this.#take(candidate, statement, admit(this.rules, statement, facts, undefined), facts);
      return { row: rowOf(statement), parsed: statement, fault: undefined };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return this.#refused(id, statement, error, facts);
    }
  }

  /** The decision on an entry that is in the log already, in this spelling of its signature or the other (its twin). */
  #repeated(id: EntryId, before: EntryId, facts: ReplayFacts): Decided {
    const earlier = facts.find(before) ?? UNREAD;
    // A policy that is logged again does not come into force again. A twin gets no second index row, because one
    // statement has one id.
    const row = earlier.kind === 'policy' || before !== id ? UNREAD : rowOf(earlier);
    const how = before === id ? '' : `, with the other spelling of its signature, as ${before}`;
    const message = `the entry was logged before${how}`;
    return { row, parsed: undefined, fault: { code: 'duplicate', message, before, policy: this.#inForce } };
  }

  #take(
    { id, index, bytes }: Candidate,
    parsed: ParsedStatement,
    admission: Admission,
    facts: OwnFacts,
  ): void {
    record(facts, id, parsed, admission);
    if (admission.policy !== undefined) this.#inForce = { policy: admission.policy, index, id, entry: bytes };
  }

  #refused(id: EntryId, statement: ParsedStatement, refusal: Refusal, facts: OwnFacts): Decided {
    if (refusal.code === 'chain-broken' && statement.kind === 'proof') {
      // Only the proof's place in its chain is wrong. It is indexed, and the chain continues from it, so that one gap
      // is reported as one fault and not again for every later proof.
      const key = chainKey(statement.kid, statement.subject);
      const before = facts.chains.get(key)?.id;
      record(facts, id, statement, { chain: { key, seq: statement.proof.seq } });
      return this.#faulty(rowOf(statement), statement, refusal, before);
    }
    if (refusal.code === 'superseded-meanwhile' && isOrdered(statement)) {
      // As above: of two statements that follow the same one, only the later is a fault. Statements that follow that
      // one are none.
      const key = orderKey(statement.subject);
      const newest = facts.chains.get(key);
      if (statement.kind === 'commitment')
        record(facts, id, statement, { chain: { key, seq: (newest?.seq ?? -1) + 1 } });
      return this.#faulty(rowOf(statement), statement, refusal, newest?.id);
    }
    const [about] = ABOUT_ANOTHER.has(refusal.code) ? needs(statement).commitments : [];
    return this.#faulty(UNREAD, undefined, refusal, about);
  }

  #faulty(
    row: Indexed,
    parsed: ParsedStatement | undefined,
    { code, message }: Unread,
    before: EntryId | undefined,
  ): Decided {
    return { row, parsed, fault: { code, message, policy: this.#inForce, before } };
  }
}

function rowOf({ kind, subject, issuer, kid }: Indexed): Indexed {
  return { kind, subject, issuer, kid };
}
