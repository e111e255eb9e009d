/**
 * Admission: whether a statement may enter the log under its registration policy (RFC 9943 §6.3; spec/statements.md
 * §7). Pure: `needs` lists what must be looked up, and the caller hands the results in as facts. A monitor can
 * therefore repeat every decision from the entries alone (replay.ts). `assertSigned` checks signatures; the log runs it
 * on other threads, before `admit`.
 *
 * A worked example, a log of one thread:
 *
 *     assertSigned(rules, parsed);                                    // unknown-key, bad-signature …
 *     const { commitments, chains, counts } = needs(parsed, inForce); // what to read from the index
 *     const admission = admit(rules, parsed, facts, time);            // wrong-role, chain-broken …
 *     record(facts, id, parsed, admission);                           // for the statements that follow
 */
import { entryId, type EntryId } from '../bytes/brand.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { keyThumbprint } from '../cose/key.ts';
import { verifyStatement } from '../cose/statement.ts';
import { assertStrongKey, type PublicKey, type VerifySignature } from '../sign/algorithm.ts';
import { isWithdrawal } from '../statement/commitment.ts';
import type { StatementKind } from '../statement/kinds.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import { assertStrongPolicy, type Policy } from '../statement/policy.ts';
import { assertAudience } from './audience.ts';
import { answerable, assertDelegationSigned, delegationOf } from './delegated.ts';
import { assertApprovals, assertGranted, enrolmentOf, type Submission } from './grants.ts';
import { assertNewest, followed, isOrdered, orderKey, type ChainLink } from './order.ts';
import { countKeys, countsAfter } from './counts.ts';
import { assertNotice } from './notices.ts';
import { policyFor, type InForce, type Rules, type SigningRules } from './rules.ts';
import { successor } from './successor.ts';

export type { ChainLink } from './order.ts';

/** The parts of an entry that are needed when another statement refers to it. */
export interface LoggedEntry {
  readonly kind: StatementKind;
  readonly kid: string;
  readonly subject: string;
}

/**
 * The results of looking up what `needs` listed. A map has no value for an entry or chain that the log does not have.
 */
export interface Facts {
  /** The counts that the policy limits. If absent, the counts are not known, and no limit is checked. */
  readonly counts?: { get(key: string): ChainLink | undefined };
  readonly commitments: { get(id: EntryId): LoggedEntry | undefined };
  readonly chains: { get(key: string): ChainLink | undefined };
}

/** Facts that are updated as entries are admitted one after another. */
export interface OwnFacts extends Facts {
  readonly commitments: Facts['commitments'] & { set(id: EntryId, entry: LoggedEntry): unknown };
  readonly chains: Facts['chains'] & { set(key: string, link: ChainLink): unknown };
  readonly counts?: OwnFacts['chains'];
}

/** Facts for statements that refer to no other entry. */
export const NO_FACTS: Facts = { commitments: new Map(), chains: new Map() };

/** What changes in the index when the statement is logged. */
export interface Admission {
  /**
   * The chain whose newest link this statement becomes (a proof: the chain of its key and subject; a commitment: the
   * order of its subject), and its number there.
   */
  readonly chain?: { readonly key: string; readonly seq: number };
  /** New values of the counts that the policy limits, by their key. */
  readonly counts?: ReadonlyMap<string, number>;
  /** The policy that applies to every later entry. It includes every revocation so far. */
  readonly policy?: Policy;
}

/**
 * The key that must have signed. Refuses `unknown-key`. In an open log, refuses `confirmation-missing` if the key is
 * neither enrolled nor in the statement, and `weak-key` for a key for which verifiers may disagree.
 */
export function signerKey(
  policy: Policy,
  parsed: Submission & Pick<ParsedStatement, 'statement'>,
): PublicKey {
  const enrolment = enrolmentOf(policy, parsed);
  const delegation = delegationOf(parsed);
  if (delegation !== undefined) {
    assertStrangersKey(parsed.kid, delegation.key);
    return delegation.key;
  }
  if (enrolment !== undefined) return enrolment.enrolled.key;
  const key = parsed.statement.confirmation;
  if (key === undefined) {
    throw refuse(
      'confirmation-missing',
      'this log does not know the key; sign again with the public key in the CWT claim cnf (8)',
    );
  }
  if (formatHex(keyThumbprint(key)) !== parsed.kid) {
    throw refuse('unknown-key', 'kid (4) is not the thumbprint of the key in cnf (8); set it to that');
  }
  assertStrangersKey(parsed.kid, key);
  return key;
}

/**
 * Thumbprints of keys that were checked and are strong. A check costs as much as twenty signature checks. The set is
 * cleared at `MAX_FOUND`.
 */
const found = new Set<string>();
const MAX_FOUND = 20_000;

function assertStrangersKey(kid: string, key: PublicKey): void {
  if (found.has(kid)) return;
  assertStrongKey(key);
  if (found.size >= MAX_FOUND) found.clear();
  found.add(kid);
}

/**
 * The commitments, chains and counts that `admit` needs to look up. `inForce`: the policy in force; without it no
 * counts are listed.
 */
export function needs(
  parsed: ParsedStatement,
  inForce?: InForce,
): {
  readonly commitments: readonly EntryId[];
  readonly chains: readonly string[];
  readonly counts: readonly string[];
} {
  const chain =
    parsed.kind === 'proof'
      ? chainKey(parsed.kid, parsed.subject)
      : isOrdered(parsed)
        ? orderKey(parsed.subject)
        : undefined;
  return {
    commitments: referredIds(parsed),
    chains: chain === undefined ? [] : [chain],
    counts: countKeys(parsed, inForce),
  };
}

/** Index key of a chain of proofs. Each pair of agent key (thumbprint, hex) and subject has one chain. */
export function chainKey(kid: string, subject: string): string {
  return `${kid} ${subject}`;
}

/**
 * Checks the signature by the key that the policy names and, for a policy, that its keys are strong. Refuses as
 * `signerKey`, `verifyStatement` and `assertStrongPolicy` do.
 */
export function assertSigned(rules: SigningRules, parsed: ParsedStatement, verify?: VerifySignature): void {
  const policy = policyFor(rules, parsed);
  verifyStatement(parsed.statement, signerKey(policy, parsed), verify);
  const delegation = parsed.kind === 'proof' ? delegationOf(parsed) : undefined;
  if (delegation !== undefined) assertDelegationSigned(policy, parsed.kid, delegation, verify);
  if (parsed.kind === 'policy') assertStrongPolicy(parsed.policy, rules.inForce?.policy);
}

/**
 * Decides on one statement under the policy in force just before it. Entry 0 is decided under its own policy, which
 * must name this log and be signed by one of its own admins. In an open log, roles and subjects are not checked, except
 * that only an admin may change the policy.
 *
 * `time`: POSIX seconds. If undefined, dates of keys are not checked: a replay has no time, because entries carry none.
 *
 * Refuses `wrong-audience`, `limit-exceeded`, `unknown-key`, `policy-rejected`, `overtaken`, `wrong-role`,
 * `subject-not-allowed`, `unknown-commitment`, `subject-mismatch`, `own-commitment`, `superseded-meanwhile`,
 * `chain-broken`.
 */
export function admit(
  rules: Rules,
  parsed: ParsedStatement,
  facts: Facts,
  time: number | undefined,
): Admission {
  const admission = admitOne(rules, parsed, facts, time);
  const counts = facts.counts && countsAfter(parsed, rules.inForce, facts.counts);
  return counts === undefined || counts.size === 0 ? admission : { ...admission, counts };
}

function admitOne(rules: Rules, parsed: ParsedStatement, facts: Facts, time: number | undefined): Admission {
  const policy = policyFor(rules, parsed);
  assertAudience(policy, parsed);
  assertGranted(policy, parsed, time);
  switch (parsed.kind) {
    case 'policy': {
      const { subject, entry } = parsed;
      return { policy: successor(rules, parsed.policy, { subject, length: entry.length }, time) };
    }
    case 'commitment':
      assertApprovals(policy, parsed.commitment);
      findReferred(parsed, facts);
      return { chain: nextInOrder(parsed, facts) };
    case 'approval':
      if (findReferred(parsed, facts)?.kid === parsed.kid) throw ownCommitment('approve');
      assertNewest(parsed, facts.chains.get(orderKey(parsed.subject)));
      return {};
    case 'waiver':
      if (findReferred(parsed, facts)?.kid === parsed.kid) throw ownCommitment('waive');
      return {};
    case 'deployment':
      findReferred(parsed, facts);
      return {};
    case 'proof': {
      const author = findReferred(parsed, facts)?.kid;
      const isOwn = author === parsed.kid || author === answerable(parsed);
      if (isOwn && !policy.document.selfProof) throw ownCommitment('prove');
      return { chain: nextLink(parsed, facts) };
    }
    case 'notice':
      assertNotice(rules.origin, parsed.subject, parsed.notice);
      return {};
    case 'other':
      break;
  }
  return {};
}

/** Adds an admitted statement to the facts by which later statements are decided. */
export function record(
  facts: OwnFacts,
  id: EntryId,
  { kind, kid, subject }: LoggedEntry,
  { chain, counts = new Map() }: Admission,
): void {
  facts.commitments.set(id, { kind, kid, subject });
  if (chain !== undefined) facts.chains.set(chain.key, { seq: chain.seq, id });
  for (const [key, seq] of counts) facts.counts?.set(key, { seq, id });
}

/** Entry ids of the commitments that a statement refers to. The first is the one that it is about. */
function referredIds(parsed: ParsedStatement): readonly EntryId[] {
  if (parsed.kind === 'proof') return [entryId(formatHex(parsed.proof.commitment))];
  if (parsed.kind === 'approval') return [entryId(formatHex(parsed.approval.commitment))];
  if (parsed.kind === 'waiver') return [entryId(formatHex(parsed.waiver.commitment))];
  if (parsed.kind === 'deployment') return [entryId(formatHex(parsed.deployment.commitment))];
  if (parsed.kind !== 'commitment') return [];
  const { commitment } = parsed;
  const before = followed(commitment);
  return [
    ...(isWithdrawal(commitment) ? [entryId(formatHex(commitment.withdraws))] : []),
    ...(before === undefined ? [] : [before]),
  ];
}

/**
 * The first commitment that the statement refers to. Refuses `unknown-commitment` and `subject-mismatch` unless each
 * one is logged, is a commitment, and has the same subject.
 */
function findReferred(parsed: ParsedStatement, facts: Facts): LoggedEntry | undefined {
  const [first] = referredIds(parsed).map((id) => {
    const logged = facts.commitments.get(id);
    if (logged?.kind !== 'commitment') {
      const what = logged === undefined ? 'not in this log' : `of kind ${logged.kind}`;
      throw refuse(
        'unknown-commitment',
        `entry ${id} is ${what}; log the commitment first and use its entry id`,
      );
    }
    if (logged.subject !== parsed.subject) {
      const subject = JSON.stringify(logged.subject);
      throw refuse('subject-mismatch', `the commitment is about ${subject}; set the subject (sub) to that`);
    }
    return logged;
  });
  return first;
}

/** The number of a commitment statement in the order of its subject. Refuses `superseded-meanwhile`. */
function nextInOrder(
  parsed: ParsedStatement & { kind: 'commitment' },
  facts: Facts,
): { key: string; seq: number } {
  const key = orderKey(parsed.subject);
  const newest = facts.chains.get(key);
  assertNewest(parsed, newest);
  return { key, seq: newest === undefined ? 0 : newest.seq + 1 };
}

function ownCommitment(verb: string): Refusal {
  return refuse('own-commitment', `the author of a commitment cannot ${verb} it; let another key do that`);
}

/**
 * The link that a proof adds to its chain. Numbers have no gaps and each proof names the one before, so that a proof
 * that was left out is noticed. Refuses `chain-broken`.
 */
function nextLink(parsed: ParsedStatement & { kind: 'proof' }, facts: Facts): { key: string; seq: number } {
  const key = chainKey(parsed.kid, parsed.subject);
  const head = facts.chains.get(key);
  const seq = head === undefined ? 0 : head.seq + 1;
  const { prev: named } = parsed.proof;
  if (parsed.proof.seq !== seq || (named && formatHex(named)) !== head?.id) {
    const prev = head === undefined ? 'no prev' : `prev ${head.id}`;
    throw refuse(
      'chain-broken',
      `the next proof by this key of this subject has seq ${seq} and ${prev}; continue there`,
    );
  }
  return { key, seq };
}
