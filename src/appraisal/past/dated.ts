/**
 * Looks at one claim, each with the times between which it was made and with what it shows to everybody: what the target signed, or
 * what is disclosed. The times are those of the reader's witnesses alone, since a log could state any. Pure.
 */
import { decodeCbor, type CborValue } from '../../bytes/cbor.ts';
import { nameOf } from '../../claim/judge.ts';
import { isMap, type Value, type ValueMap } from '../../claim/value.ts';
import { locatorOf } from '../../evidence/identity.ts';
import type { Claim, Declaration } from '../../statement/commitment.ts';
import type { Result, RuntimeProof } from '../../statement/proof.ts';
import type { SeenIn } from '../reports.ts';
import { sharedBounds } from './bounds.ts';
import type { Look } from './known-types.ts';
import type { PastRecord } from './types.ts';

/** What a commitment says of a claim, and where it says to look. */
export interface Terms {
  readonly claim: Claim;
  readonly locator: string | undefined;
}

/** The terms of a claim under a commitment, by its entry id; undefined if that one does not have it. */
export type TermsOf = (commitment: string) => Terms | undefined;

export function termsIn({ claims, target }: Declaration, id: string): Terms | undefined {
  const claim = claims.find((each) => each.id === id);
  return claim && { claim, locator: locatorOf(claim, target) };
}

/** Whether two commitments ask the same of the same target. What was shown under other terms covers nothing. */
export function sameTerms(a: Terms, b: Terms): boolean {
  const { claim, locator } = a;
  const same = (name: 'expr' | 'probe' | 'language'): boolean => claim[name] === b.claim[name];
  return (
    same('expr') && same('probe') && same('language') && locator === b.locator && sameParams(claim, b.claim)
  );
}

function sameParams(a: Claim, b: Claim): boolean {
  const texts = [a, b].map(({ params = [] }) =>
    JSON.stringify([...params].toSorted(([x], [y]) => (x < y ? -1 : 1))),
  );
  return texts[0] === texts[1];
}

export interface Dated {
  readonly look: Look;
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

/** The looks of a claim under commitments that are settled. */
export function datedOf(record: PastRecord, looks: readonly Look[], termsOf: TermsOf): readonly Dated[] {
  const bounds = sharedBounds(record.heads);
  return looks.flatMap((look): readonly Dated[] => {
    const { entry } = look;
    const terms = termsOf(look.commitment);
    const { proof } = entry.parsed;
    const result = proof.results.find(({ claim }) => claim === terms?.claim.id);
    if (terms === undefined || result === undefined) return [];
    const { size, root } = proof.challenge;
    const isReal = size <= entry.index && record.wasHead(size, root);
    const from = isReal ? bounds.madeNotBefore(size) : undefined;
    const { notAfter } = bounds.boundsOf(entry.index);
    const weighed = record.evidence.get(result);
    return [
      {
        look,
        terms,
        result,
        challenge: size,
        from,
        to: Math.max(from ?? 0, notAfter ?? record.now),
        seen: { index: entry.index, id: entry.id, notBefore: from, notAfter },
        facts: weighed?.facts ?? disclosedIn(proof, result, terms.claim),
        isUnread: weighed?.isUnread === true,
      },
    ];
  });
}

/** The disclosed leaves that a result names, as a tree of maps. A list that is not disclosed whole looks like no list. */
function disclosedIn(proof: RuntimeProof, { leaves = [] }: Result, { probe }: Claim): ValueMap | undefined {
  const shown = proof.disclosed?.filter(({ index }) => leaves.includes(index)) ?? [];
  let facts: ValueMap = {};
  for (const { path, value } of shown) {
    // The first step of a leaf's path is the claim that its run was named after.
    const [, , ...steps] = path.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    const scalar = value instanceof Uint8Array ? scalarOf(decodeCbor(value)) : undefined;
    if (scalar !== undefined && steps[0] === nameOf(probe)) facts = withLeaf(facts, steps, scalar);
  }
  return Object.keys(facts).length === 0 ? undefined : facts;
}

function withLeaf(tree: ValueMap, [step = '', ...more]: readonly string[], value: Value): ValueMap {
  const below = Object.hasOwn(tree, step) ? tree[step] : undefined;
  const next =
    more.length === 0 ? value : withLeaf(below !== undefined && isMap(below) ? below : {}, more, value);
  return Object.fromEntries([...Object.entries(tree), [step, next]]);
}

function scalarOf(value: CborValue): string | number | boolean | null | undefined {
  return value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
    ? value
    : undefined;
}
