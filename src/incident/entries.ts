/** Incidents about entries: what each kind proves, and what only the watcher states. */
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import type { InForce } from '../registration/rules.ts';
import { twinOf } from '../cose/twin.ts';
import { parseStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Checks, EntryShown, Shown } from './checks.ts';
import type { Of } from './heads.ts';
import { judge, readOrNothing, standsAlone, type Case } from './judge.ts';
import type { LoggedEvidence } from './incident.ts';
import { promiseOfChain, promiseOfClaim } from './promise.ts';

/** Longest part of a stranger's text in a sentence (characters). */
const QUOTE = 200;

/** The log admitted what its own policy forbids: entry and policy are in the evidence, and the checks are repeated. */
export function rejectedEntry(checks: Checks, evidence: Of<'entry-rejected' | 'chain-broken'>): Shown {
  const entry = checks.entry('entry', evidence.entry);
  const before = evidence.before && checks.entry('earlier entry', evidence.before);
  if (before !== undefined) assertOrder(checks, before, entry);
  const { code } = evidence;
  const rules =
    entry.index === 0
      ? ownPolicy(checks, entry, evidence.policy)
      : evidence.policy && openPolicy(checks, evidence.policy, entry);
  const found =
    code === 'duplicate'
      ? assertDuplicate(checks, entry, before)
      : assertRefused(checks, { origin: checks.origin, entry, before, inForce: rules, code }, rules?.index);
  if (rules === undefined)
    found.conditions.push('that it is a log of Tallystick statements: no policy entry shows it');
  const place = `entry ${entry.index} of ${checks.origin}`;
  return {
    what:
      code === 'duplicate'
        ? `${place} was logged before`
        : `${place} should have been refused as ${code}${found.conditions.length === 0 ? '' : ', as far as is shown'}`,
    proven: found.conditions.length === 0,
    proves: [`the log signed a tree with this entry at ${entry.index}`, found.proves],
    reports: found.conditions,
    blames:
      found.conditions.length === 0
        ? 'the log: it took what its own rules forbid, or signed two histories'
        : 'the log, unless it can show that the rest is not so; else the watcher who reports it',
  };
}

interface Found {
  readonly proves: string;
  /** What would have to be so besides, and is not shown. */
  readonly conditions: string[];
}

/** Places are compared across heads: when those are no one history, the log has split, which is worse. */
function assertOrder(checks: Checks, before: EntryShown, entry: EntryShown): void {
  checks.run('order', () => {
    if (before.index >= entry.index) throw refuse('proof-failed', 'the earlier entry does not come before');
    return [undefined, `entry ${before.index} comes before entry ${entry.index}`];
  });
}

function assertDuplicate(checks: Checks, entry: EntryShown, before: EntryShown | undefined): Found {
  return checks.run('duplicate', () => {
    const how = before && sameness(before, entry);
    if (before === undefined || how === undefined)
      throw refuse('proof-failed', 'the earlier entry is not there, or another one');
    const proves = `it is ${how} the entry ${before.index}, and this log takes no entry twice`;
    return [{ proves, conditions: new Array<string>() }, `${how} entry ${before.index}`];
  });
}

/** How two entries are one; undefined when they are not. */
function sameness(before: EntryShown, entry: EntryShown): string | undefined {
  if (equalBytes(before.bytes, entry.bytes)) return 'byte for byte';
  const parsed = readOrNothing(entry.bytes);
  const twin = parsed && twinOf(parsed.statement.sign1);
  return twin?.id === before.id ? 'but for the other spelling of its ECDSA signature' : undefined;
}

function assertRefused(checks: Checks, given: Case, policyIndex: number | undefined): Found {
  const { code } = given;
  const met = checks.run('refusal', () => {
    const refusal = judge(given);
    if (refusal === undefined) throw refuse('proof-failed', 'nothing that is shown is wrong with the entry');
    if (refusal.code !== code)
      throw refuse('proof-failed', `the entry is refused as ${refusal.code}, not as ${printable(code, 64)}`);
    return [refusal, `${refusal.code}: ${printable(refusal.message, 1000)}`];
  });
  const conditions = standsAlone(given) ? [] : conditionsOf(given, policyIndex);
  return { proves: `it is refused: ${printable(met.message, 1000)}`, conditions };
}

/** What the log could show to clear itself. */
function conditionsOf(given: Case, policyIndex: number | undefined): string[] {
  const { entry, code } = given;
  // Judged without counts, an entry that is too long is refused all the same.
  if (code === 'limit-exceeded' && judge({ ...given, code: '' }) === undefined)
    return ['that the key had logged as many before'];
  if (code === 'unknown-commitment') return ['that no earlier entry is the commitment referred to'];
  if (code === 'chain-broken') return ['that no link of the chain is logged in between'];
  if (code === 'superseded-meanwhile')
    return ['that the earlier entry was logged after the one that the entry names'];
  if (policyIndex === undefined || policyIndex >= entry.index - 1) return [];
  return [`that no policy was logged between the entries ${policyIndex} and ${entry.index}`];
}

function inForceOf({ index, id, bytes }: EntryShown, policy: Policy): InForce {
  return { policy, index, id, entry: bytes };
}

/** Entry 0 is its own policy, when it is one of this log: it is judged by itself. */
function ownPolicy(
  checks: Checks,
  entry: EntryShown,
  given: LoggedEvidence | undefined,
): InForce | undefined {
  if (given !== undefined && checks.entry('policy entry', given).id !== entry.id)
    throw refuse('proof-failed', 'entry 0 is judged by itself, not by another policy entry');
  const parsed = readOrNothing(entry.bytes);
  const own = parsed?.kind === 'policy' && parsed.policy.document.origin === checks.origin;
  return own ? inForceOf(entry, parsed.policy) : undefined;
}

/** The policy entry that the entry is judged by: of this log, before the entry. */
function openPolicy(checks: Checks, given: LoggedEvidence, entry: EntryShown): InForce {
  const shown = checks.entry('policy entry', given);
  return checks.run('policy', () => {
    const parsed = parseStatement(shown.bytes);
    if (parsed.kind !== 'policy') throw refuse('proof-failed', 'the policy entry is no registration policy');
    const { origin } = parsed.policy.document;
    if (origin !== checks.origin)
      throw refuse('proof-failed', `the policy is of the log ${printable(origin, QUOTE)}`);
    if (shown.index >= entry.index)
      throw refuse('proof-failed', 'the policy was not logged before the entry, and does not apply to it');
    return [inForceOf(shown, parsed.policy), `entry ${shown.index} of the log`];
  });
}

/** The log's admission is proven; whether the issuer was to be expected is for people to decide. */
export function unexpectedIssuer(checks: Checks, evidence: Of<'unexpected-issuer'>): Shown {
  const { subject, issuer, expected } = evidence;
  const entry = checks.entry('entry', evidence.entry);
  checks.run('statement', () => {
    const parsed = parseStatement(entry.bytes);
    if (parsed.subject !== subject) throw refuse('proof-failed', 'the statement is about another subject');
    if (![parsed.issuer, parsed.kid].includes(issuer))
      throw refuse('proof-failed', 'the statement is by another issuer');
    if (expected.includes(issuer)) throw refuse('proof-failed', 'the issuer is one of those expected');
    return [undefined, `a ${parsed.kind} by ${printable(parsed.issuer, QUOTE)}, key ${parsed.kid}`];
  });
  const about = printable(subject, QUOTE);
  return {
    what: `${checks.origin} logged a statement about ${about} by ${printable(issuer, QUOTE)}, whom its owner did not expect`,
    proven: true,
    proves: [
      `the log signed a tree with this entry at ${entry.index}`,
      `it speaks about ${about} in the name of ${printable(issuer, QUOTE)}`,
    ],
    reports: ['who may speak about this subject: that is for its owner to say'],
    blames:
      'whoever holds the key that signed the statement, or enrolled it; the log, if its policy forbids it',
  };
}

/** The absence of an entry cannot be proven; what was promised can. */
export function missedProof(checks: Checks, evidence: Of<'missed-proof'>): Shown {
  const { claim, due } = evidence;
  const { checkpoint } = checks.head('head', evidence.head);
  const last = checks.entry('last entry', evidence.last);
  const commitment = evidence.commitment && checks.entry('commitment', evidence.commitment);
  const promise = checks.run('due', () => {
    if ([last, commitment].some((entry) => entry !== undefined && entry.index >= checkpoint.size))
      throw refuse('proof-failed', 'the head is older than the entries');
    const found =
      claim === undefined && commitment === undefined
        ? promiseOfChain(last, evidence)
        : promiseOfClaim(last, commitment, evidence);
    return [found, `due at ${due}`];
  });
  const about = printable(evidence.subject, QUOTE);
  return {
    what: `no runtime proof about ${about} is said to have come that was due at ${due}`,
    proven: false,
    proves: [promise.proves],
    reports: [
      `that no later proof of it is among the ${checkpoint.size} entries`,
      'that the time had come when the watcher looked',
      ...promise.reports,
    ],
    blames: 'the agent, for being silent; or the watcher who reports it',
  };
}
