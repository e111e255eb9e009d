/**
 * A claim that is against another one of its commitment (`against`; spec/claims.md, "Against another claim"): `net@1` saw bytes of a
 * target that the declared policies deny, and `kubernetes@1` saw the API serve these policies as declared. Each is true of one source,
 * and both of them cannot be. Pure.
 *
 *     n        the look that the first claim is VIOLATED by; it discloses that the pair is denied and was reached
 *     k        the look that the other claim is PROVEN by: the policies are there, unchanged for `settle` seconds
 *     order    k is in the entry of n, or its challenge is of a tree that holds this entry, so it came after n
 *     near     k ended at most half of `settle` after n began, so the policies had stood for the other half when n began
 */
import { settleOf } from '../claim/against.ts';
import type { Claim } from '../statement/commitment.ts';
import { disclosedIn } from './disclosed.ts';
import type { EntryOf } from './history.ts';

type Proof = EntryOf<'proof'>;

/** Why the two looks contradict each other; undefined if they do not. `n` is a look that is VIOLATED, `k` one that is PROVEN. */
export function contradictionOf(
  n: { readonly claim: Claim; readonly proof: Proof },
  k: { readonly claim: Claim; readonly proof: Proof },
): string | undefined {
  const settle = settleOf(k.claim);
  if (settle === undefined || !isReachedThoughDenied(n.claim, n.proof)) return undefined;
  const isAfter = k.proof.index === n.proof.index || k.proof.parsed.proof.challenge.size > n.proof.index;
  const apart = k.proof.parsed.proof.window.end - n.proof.parsed.proof.window.start;
  if (!isAfter || apart > settle / 2) return undefined;
  return (
    `entry ${n.proof.index} shows bytes of the target that the declared policies deny, and entry ${k.proof.index} that the API ` +
    `serves them as declared, unchanged for ${settle} s: nothing enforces them, or the API shows other ones than it serves`
  );
}

/** Whether a result of `net@1` discloses that its pair is denied, and that the target itself answered. */
function isReachedThoughDenied(claim: Claim, { parsed: { proof } }: Proof): boolean {
  const result = proof.results.find((each) => each.claim === claim.id);
  const net = (result && disclosedIn(proof, result, claim))?.['net'];
  if (net === undefined || net === null || typeof net !== 'object' || Array.isArray(net)) return false;
  const told: ReadonlyMap<string, unknown> = new Map(Object.entries(net));
  return told.get('allowed') === false && told.get('reachable') === true;
}
