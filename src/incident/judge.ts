/** Decides one logged entry again, as the log should have, from the entry and the evidence. */
import type { EntryId } from '../bytes/brand.ts';
import { Refusal, type RefusalCode } from '../bytes/refusal.ts';
import {
  admit,
  assertSigned,
  chainKey,
  needs,
  type ChainLink,
  type Facts,
  type LoggedEntry,
} from '../registration/admit.ts';
import { followed, isOrdered, newestWanted, orderKey } from '../registration/order.ts';
import { FULL_COUNTS } from '../registration/counts.ts';
import { readEntry } from '../registration/replay.ts';
import type { InForce, Rules } from '../registration/rules.ts';
import { notRead, type Unread } from '../registration/unread.ts';
import { parseStatement, type ParsedStatement } from '../statement/parse.ts';
import type { EntryShown } from './checks.ts';

/** What an entry is judged by. */
export interface Case {
  /** The log. */
  readonly origin: string;
  readonly entry: EntryShown;
  /** What it continues or refers to. */
  readonly before: EntryShown | undefined;
  /** The policy it was logged under; undefined for entry 0, and where none is shown. */
  readonly inForce: InForce | undefined;
  /** The refusal that is claimed. */
  readonly code: string;
}

/**
 * The refusal that the entry should have met; undefined when nothing is wrong with it. Refuses `newer-version` and
 * `older-version` for an entry of rules that are not known here, which is no fault of the log.
 */
export function judge(given: Case): Unread | undefined {
  try {
    admitAgain(given);
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { kind, why } = notRead(rulesOf(given), given.entry, error);
    if (kind === 'stop') throw why;
    return why;
  }
}

function rulesOf({ origin, entry, inForce }: Case): Rules {
  return { origin, inForce: entry.index === 0 ? undefined : inForce };
}

/** The log's own steps in their order. Entries carry no time, so dates of keys are not judged. */
function admitAgain(given: Case): void {
  const { entry, before, inForce, code } = given;
  const parsed = readEntry(entry.bytes);
  if (inForce === undefined && entry.index > 0) return;
  const rules = rulesOf(given);
  assertSigned(rules, parsed);
  admit(rules, parsed, factsOf(before, parsed, code), undefined);
}

/**
 * What the log knew, as far as the evidence shows. A commitment that is not in the evidence counts as present and
 * valid, unless the claim is that it is missing: a check that the claim is not about must not fail.
 */
function factsOf(before: EntryShown | undefined, parsed: ParsedStatement, code: string): Facts {
  const earlier = before && { id: before.id, ...readEarlier(before) };
  const unseen: LoggedEntry = { kind: 'commitment', kid: '', subject: parsed.subject };
  return {
    ...(code === 'limit-exceeded' && { counts: FULL_COUNTS }),
    commitments: {
      get: (id) => {
        if (earlier?.id === id) return earlier.logged;
        return code === 'unknown-commitment' ? undefined : unseen;
      },
    },
    chains: {
      get: (key) => {
        if (isOrdered(parsed) && (code !== 'superseded-meanwhile' || earlier?.chain !== key))
          return linkOf(newestWanted(parsed));
        return earlier?.chain === key ? earlier.link : undefined;
      },
    },
  };
}

function linkOf(id: EntryId | undefined): ChainLink | undefined {
  return id === undefined ? undefined : { seq: 0, id };
}

/** As much of an earlier entry as others refer to; an entry that is no statement is nothing to refer to. */
function readEarlier({ id, bytes }: EntryShown): {
  readonly logged?: LoggedEntry;
  readonly chain?: string;
  readonly link?: ChainLink;
} {
  const parsed = readOrNothing(bytes);
  if (parsed === undefined) return {};
  const { kind, kid, subject } = parsed;
  if (parsed.kind === 'commitment')
    return { logged: { kind, kid, subject }, chain: orderKey(subject), link: { seq: 0, id } };
  if (parsed.kind !== 'proof') return { logged: { kind, kid, subject } };
  return {
    logged: { kind, kid, subject },
    chain: chainKey(kid, subject),
    link: { seq: parsed.proof.seq, id },
  };
}

/** A statement; undefined for what is none. */
export function readOrNothing(bytes: Uint8Array): ParsedStatement | undefined {
  try {
    return parseStatement(bytes);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Refused under any policy: by its bytes, or by a key that its own thumbprint names (RFC 9679). */
const ALWAYS: ReadonlySet<string> = new Set<RefusalCode>([
  'malformed-text',
  'malformed-cbor',
  'non-deterministic',
  'too-large',
  'malformed-statement',
  'malformed-payload',
  'malformed-key',
  'payload-missing',
  'unsupported-algorithm',
  'bad-signature',
]);

/** Whether the refusal is right whatever other policies, commitments and links the log may have had. */
export function standsAlone({ entry, before, code }: Case): boolean {
  if (ALWAYS.has(code)) return true;
  const parsed = readOrNothing(entry.bytes);
  // Every policy of a log names the same origin; only for other kinds it says whether one must be named at all.
  if (code === 'wrong-audience')
    return parsed !== undefined && (parsed.kind !== 'other' || parsed.audience !== undefined);
  const earlier = before && readOrNothing(before.bytes);
  if (parsed === undefined || before === undefined || earlier === undefined) return false;
  switch (code) {
    case 'unknown-commitment':
    case 'subject-mismatch':
      // Entries have one id: the one referred to is there, and is not what it should be.
      return needs(parsed).commitments.includes(before.id);
    case 'own-commitment':
      return parsed.kind === 'approval';
    case 'superseded-meanwhile':
      // Of one statement there is one that follows it: the earlier one, and so what it followed was the newest no more.
      return (
        isOrdered(parsed) &&
        earlier.kind === 'commitment' &&
        earlier.subject === parsed.subject &&
        before.id !== newestWanted(parsed) &&
        followed(earlier.commitment) === newestWanted(parsed)
      );
    case 'chain-broken': {
      // Numbers of a chain go up by one: a later link cannot have the number of an earlier one, and the
      // link before number n is the one with n - 1.
      if (parsed.kind !== 'proof' || earlier.kind !== 'proof') return false;
      if (chainKey(parsed.kid, parsed.subject) !== chainKey(earlier.kid, earlier.subject)) return false;
      return earlier.proof.seq + 1 >= parsed.proof.seq;
    }
    default:
      return false;
  }
}
