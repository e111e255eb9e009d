/**
 * Every decision of the log, made again: each entry in order under the policy in force just before it, against
 * the entries before it (spec/statements.md §7). What the log should have refused is a fault of the log; the
 * entry stays a leaf, and what it claims counts for nothing.
 *
 * `fsck` and the monitor replay whole logs here. The log itself, incident checks and readers, which know only a part,
 * ask the same questions in the same order: `readEntry`, `assertSigned`, `admit`, `record`.
 *
 * Dates of keys are not judged: entries carry no time.
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

/** An entry on its way to a decision: read, and its signature checked unless it is entry 0. */
export interface Candidate {
  readonly id: EntryId;
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly statement: ParsedStatement | Unread;
}

/** What earlier entries say. Kept up to date by `Replay`. */
export interface ReplayFacts extends OwnFacts {
  /** An earlier entry by its id, whatever its kind. */
  readonly find: (id: EntryId) => Indexed | undefined;
}

/** How an entry is indexed that says nothing that counts. */
export const UNREAD: Indexed = { kind: 'other', subject: '', issuer: '', kid: '' };

const NOTHING: Decided = { row: UNREAD, parsed: undefined, fault: undefined };

/** The codes whose reason is the commitment spoken of. That there is none is not shown by one that counts for nothing. */
const ABOUT_ANOTHER: ReadonlySet<RefusalCode> = new Set(['subject-mismatch', 'own-commitment']);

/** Reads an entry as it is logged. Refuses as `parseStatement` does, and what is in its unprotected header. */
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

  /** `rules`: of the next entry. */
  constructor({ origin, inForce }: Rules, verify: VerifySignature) {
    this.#origin = origin;
    this.#verify = verify;
    this.#inForce = inForce;
  }

  /** The policy in force; undefined before entry 0, and for good after one that brings none. */
  get inForce(): InForce | undefined {
    return this.#inForce;
  }

  get rules(): Rules {
    return { origin: this.#origin, inForce: this.#inForce };
  }

  /** Reads an entry and checks its signature, for `decide`: what is wrong with it by itself. */
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
   * Decides the next entry, and keeps what it says among the facts when it counts. Refuses `newer-version` for a policy
   * of newer rules, and `older-version` for an entry 0 of 0.1: nothing from there on is decided.
   */
  decide(candidate: Candidate, facts: ReplayFacts): Decided {
    const { id, index, statement } = candidate;
    const ids = 'entry' in statement ? idsOf(id, statement) : [id];
    const before = ids.find((each) => facts.find(each) !== undefined);
    if (before !== undefined) return this.#repeated(id, before, facts);
    // Without a policy there are no rules to break: entry 0 should have brought them, and its fault says so.
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

  /** An entry that is there already, or its twin is. */
  #repeated(id: EntryId, before: EntryId, facts: ReplayFacts): Decided {
    const earlier = facts.find(before) ?? UNREAD;
    // A policy that is logged again does not come into force again, and no entry has two ids.
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
      // All but its place is good, so it is indexed, and the chain goes on from it: one gap is one fault.
      const key = chainKey(statement.kid, statement.subject);
      const before = facts.chains.get(key)?.id;
      record(facts, id, statement, { chain: { key, seq: statement.proof.seq } });
      return this.#faulty(rowOf(statement), statement, refusal, before);
    }
    if (refusal.code === 'superseded-meanwhile' && isOrdered(statement)) {
      // As above: of two that follow one statement the later is the fault, and what follows it is none.
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
