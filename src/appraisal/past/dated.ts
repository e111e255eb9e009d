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
import type { PastRecord } from './types.ts';

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
  const termsOf = termsIn(record, id);
  return record.entries.flatMap(({ index, id: entry, parsed }): readonly Dated[] => {
    if (parsed.kind !== 'proof') return [];
    const { proof } = parsed;
    const terms = termsOf(formatHex(proof.commitment));
    const result = proof.results.find(({ claim }) => claim === id);
    if (terms === undefined || result === undefined) return [];
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

/** The terms of a claim by commitment, in force or not. */
export function termsIn({ entries }: Pick<PastRecord, 'entries'>, id: string): TermsOf {
  const terms = new Map<string, Terms>();
  for (const each of entries) {
    const claim = claimsIn(each).find((one) => one.id === id);
    if (claim === undefined || each.parsed.kind !== 'commitment' || !('claims' in each.parsed.commitment))
      continue;
    const { target, attestors } = each.parsed.commitment;
    terms.set(each.id, { claim, locator: locatorOf(claim, target), agents: attestors?.threshold ?? 1 });
  }
  return (commitment) => terms.get(commitment);
}

/** Proofs, by index, with a result whose claim needs to know what was seen, and that shows nothing of it to readers. */
export function blindLooks(record: PastRecord, id: string): ReadonlySet<number> {
  const termsOf = termsIn(record, id);
  const needs = new Map<Terms, boolean>();
  const blind = new Set<number>();
  for (const { index, parsed } of record.entries) {
    if (parsed.kind !== 'proof') continue;
    const { proof } = parsed;
    const terms = termsOf(formatHex(proof.commitment));
    const result = proof.results.find(({ claim }) => claim === id);
    if (terms === undefined || result === undefined) continue;
    const needsIt = needs.get(terms) ?? needsFactsOf(terms.claim);
    needs.set(terms, needsIt);
    if (needsIt && factsIn(record, proof, result, terms.claim) === undefined) blind.add(index);
  }
  return blind;
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

function factsIn(
  record: PastRecord,
  proof: RuntimeProof,
  result: Result,
  claim: Claim,
): ValueMap | undefined {
  return record.evidence.get(result)?.facts ?? disclosedIn(proof, result, claim);
}
