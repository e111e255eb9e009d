/**
 * Looks at one claim, each with the times between which it was made and with what it shows to everybody: what the target signed, or
 * what is disclosed. The times are those of the reader's witnesses alone, since a log could state any. Pure.
 */
import { formatHex } from '../../bytes/text.ts';
import { Unjudged } from '../../claim/cel/meter.ts';
import { needsFacts, readsPrev } from '../../claim/prev.ts';
import type { ValueMap } from '../../claim/value.ts';
import { locatorOf } from '../../evidence/identity.ts';
import type { Claim } from '../../statement/commitment.ts';
import type { Result, RuntimeProof } from '../../statement/proof.ts';
import { disclosedIn } from '../disclosed.ts';
import { claimsIn } from '../reach.ts';
import type { SeenIn } from '../reports.ts';
import { sharedBounds } from './bounds.ts';
import type { Look } from './known-types.ts';
import type { EntryOf } from '../history.ts';
import type { PastEntry, PastRecord } from './types.ts';

/** What a commitment says of a claim, and where it says to look. */
export interface Terms {
  readonly claim: Claim;
  readonly locator: string | undefined;
  /** How many agents must agree. */
  readonly agents: number;
}

/** The terms of a claim under a commitment, by its entry id; undefined if that one does not have it. */
export type TermsOf = (commitment: string) => Terms | undefined;

const KEYS = new WeakMap<Terms, string>();

/** The same text for two commitments that ask the same of the same target. What was shown under other terms covers nothing. */
export function termsKey(terms: Terms): string {
  const known = KEYS.get(terms) ?? keyOf(terms);
  KEYS.set(terms, known);
  return known;
}

function keyOf({ claim: { expr, probe, language, params }, locator }: Terms): string {
  const sorted = [...(params ?? [])].toSorted(([x], [y]) => (x < y ? -1 : 1));
  return JSON.stringify([expr, probe, language ?? 1, locator ?? null, sorted]);
}

export interface Dated {
  /** Undefined for one that does not count for its commitment. */
  readonly look: Look | undefined;
  readonly terms: Terms;
  readonly result: Result;
  /** Size of the tree that its challenge names: what it saw was there after the newest entry of that tree. */
  readonly challenge: number;
  /** POSIX seconds. It was made not before `from` (undefined: no witness says), and not after `to`. */
  readonly from: number | undefined;
  readonly to: number;
  readonly seen: SeenIn;
  /** What it shows, below the probe's name; undefined if nobody but its agent knows. */
  readonly facts: ValueMap | undefined;
  /** Whether something was signed that this reader cannot read. */
  readonly isUnread: boolean;
}

/**
 * Every proof with a result for a claim, in log order. `looks`: those that count for their commitment. The others show what they show: a
 * key was in use, whoever saw it, and whoever made the commitment.
 */
export function datedOf(record: PastRecord, id: string, looks: readonly Look[]): readonly Dated[] {
  const bounds = sharedBounds(record.heads);
  const counting = new Map(looks.map((look) => [look.entry.index, look]));
  const termsOfClaim = termsIn(record, id);
  const results = indexOf(record).results.get(id) ?? [];
  return results.flatMap(({ entry: { index, id: entry, parsed }, result }): readonly Dated[] => {
    const { proof } = parsed;
    const terms = termsOfClaim(formatHex(proof.commitment));
    if (terms === undefined) return [];
    const { size, root } = proof.challenge;
    const isReal = size <= index && record.wasHead(size, root);
    const from = isReal ? bounds.madeNotBefore(size) : undefined;
    const { notAfter } = bounds.boundsOf(index);
    return [
      {
        look: counting.get(index),
        terms,
        result,
        challenge: size,
        from,
        // It is in the newest head, and so was made before that was signed.
        to: Math.max(from ?? 0, notAfter ?? record.headTime ?? record.now),
        seen: { index, id: entry, notBefore: from, notAfter },
        facts: factsIn(record, proof, result, terms.claim),
        isUnread: record.evidence.get(result)?.isUnread === true,
      },
    ];
  });
}

/**
 * The terms of a claim by commitment, in force or not. Each commitment is read when it is asked for: a subject may have many, and each
 * of them many claims.
 */
export function termsIn(record: Entries, id: string): TermsOf {
  const { commitments } = indexOf(record);
  const known = new Map<string, Terms | undefined>();
  return (commitment) => {
    if (!known.has(commitment)) known.set(commitment, termsOf(commitments.get(commitment), id));
    return known.get(commitment);
  };
}

function termsOf(declaring: PastEntry | undefined, id: string): Terms | undefined {
  if (declaring === undefined) return undefined;
  const claim = claimsIn(declaring).find((one) => one.id === id);
  const { parsed } = declaring;
  if (claim === undefined || parsed.kind !== 'commitment' || !('claims' in parsed.commitment))
    return undefined;
  const { target, attestors } = parsed.commitment;
  return { claim, locator: locatorOf(claim, target), agents: attestors?.threshold ?? 1 };
}

/** Whether the claim of a look needs to know what was seen, and the look shows nothing of it to readers. */
export function isBlind(
  record: PastRecord,
  { parsed: { proof } }: PastProof,
  result: Result,
  of: TermsOf,
): boolean {
  const terms = of(formatHex(proof.commitment));
  if (terms === undefined) return false;
  const needsIt = NEEDS.get(terms) ?? needsFactsOf(terms.claim);
  NEEDS.set(terms, needsIt);
  return needsIt && factsIn(record, proof, result, terms.claim) === undefined;
}

const NEEDS = new WeakMap<Terms, boolean>();

type Entries = Pick<PastRecord, 'entries'>;
type PastProof = PastEntry & Pick<EntryOf<'proof'>, 'parsed'>;

/** A record's commitments by entry id, and its results by claim, read once. */
interface Index {
  readonly commitments: ReadonlyMap<string, PastEntry>;
  readonly results: ReadonlyMap<string, readonly { readonly entry: PastProof; readonly result: Result }[]>;
}

const INDICES = new WeakMap<readonly PastEntry[], Index>();

function indexOf({ entries }: Entries): Index {
  const known = INDICES.get(entries) ?? readIndex(entries);
  INDICES.set(entries, known);
  return known;
}

function readIndex(entries: readonly PastEntry[]): Index {
  const commitments = new Map<string, PastEntry>();
  const results = new Map<string, { entry: PastProof; result: Result }[]>();
  for (const each of entries) {
    const { parsed } = each;
    if (parsed.kind === 'commitment') commitments.set(each.id, each);
    if (parsed.kind !== 'proof') continue;
    for (const result of parsed.proof.results) {
      const list = results.get(result.claim) ?? [];
      list.push({ entry: { ...each, parsed }, result });
      results.set(result.claim, list);
    }
  }
  return { commitments, results };
}

/** Of what is no expression nobody knows what it needs. */
function needsFactsOf(claim: Claim): boolean {
  try {
    return readsPrev(claim) && needsFacts(claim);
  } catch (error) {
    if (error instanceof Unjudged) return true;
    throw error;
  }
}

/** What results disclose, each by its one proof: readers ask again at every event. */
const DISCLOSED = new WeakMap<Result, ValueMap | undefined>();

function factsIn(
  record: PastRecord,
  proof: RuntimeProof,
  result: Result,
  claim: Claim,
): ValueMap | undefined {
  const signed = record.evidence.get(result)?.facts;
  if (signed !== undefined) return signed;
  if (!DISCLOSED.has(result)) DISCLOSED.set(result, disclosedIn(proof, result, claim));
  return DISCLOSED.get(result);
}
