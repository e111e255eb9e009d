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
import { Unjudged } from '../claim/cel/meter.ts';
import { conjuncts, memberPath, nodesOf, parseExpression } from '../claim/cel/syntax.ts';
import type { Claim } from '../statement/commitment.ts';
import { disclosedIn } from './disclosed.ts';
import { periodOf } from './due.ts';
import type { EntryOf } from './history.ts';

type Proof = EntryOf<'proof'>;

/** What the claim must read that is against another. */
const READS = ['o.net.reachable', 'o.net.allowed'];
/** What the other must read, and what each of its looks must show. */
const COMPARED = ['differing', 'missing', 'deleted', 'extra'].map((each) => `o.kubernetes.${each}`);
const SHOWN = ['o.kubernetes.whole', 'o.kubernetes.settled'];

/**
 * Why looks at these claims can never contradict each other; undefined if they can. Who writes a commitment and who reads it ask the
 * same: a commitment need not be written by this program. `other`: undefined if there is none.
 */
export function againstFault(claim: Claim, other: Claim | undefined): string | undefined {
  if (other === undefined || other === claim || other.against !== undefined)
    return 'name the id of another claim of this file, which is against none itself';
  if (claim.probe !== 'net@1' || !READS.every((each) => pathsIn(claim).read.has(each)))
    return `a claim of net@1 that reads ${READS.join(' and ')} can be against another: take the pack network-policy-denied`;
  const { read, shown } = pathsIn(other);
  const isShown = SHOWN.every((each) => shown.has(each)) && COMPARED.every((each) => read.has(each));
  if (other.probe !== 'kubernetes@1' || !isShown)
    return (
      `it is against a claim of kubernetes@1 that reads ${COMPARED.join(', ')}, and says … && ${SHOWN.join(' && ')}: take the ` +
      'pack network-policies-settled'
    );
  const [settle, least] = [settleOf(other) ?? 0, 2 * periodOf(other)];
  return settle >= least
    ? undefined
    : `${other.id} says that policies are unchanged for ${settle} s, and looks may be ${periodOf(other)} s apart: give it ` +
        `params: { settle: ${least} } or more, or a shorter cadence`;
}

/** Seconds for which a claim shows that nothing was changed; undefined if it does not say. */
function settleOf({ params }: Claim): number | undefined {
  const seconds = params?.get('settle');
  return typeof seconds === 'number' && seconds > 0 ? seconds : undefined;
}

/** The members that an expression reads, and those that are true where it is (`shown`). None of what is no expression. */
function pathsIn({ expr, language }: Claim): {
  readonly read: ReadonlySet<string | undefined>;
  readonly shown: ReadonlySet<string | undefined>;
} {
  try {
    const ast = parseExpression(expr, language);
    return {
      read: new Set([...nodesOf(ast)].map(memberPath)),
      shown: new Set(conjuncts(ast).map(memberPath)),
    };
  } catch (error) {
    if (error instanceof Unjudged) return { read: new Set(), shown: new Set() };
    throw error;
  }
}

/** Why the two looks contradict each other; undefined if they do not. `n` is a look that is VIOLATED, `k` one that is PROVEN. */
export function contradictionOf(
  n: { readonly claim: Claim; readonly proof: Proof },
  k: { readonly claim: Claim; readonly proof: Proof },
): string | undefined {
  const settle = settleOf(k.claim);
  if (settle === undefined || !isReachedThoughDenied(n.claim, n.proof)) return undefined;
  const isAfter = k.proof.index === n.proof.index || k.proof.parsed.proof.challenge.size > n.proof.index;
  const apart = k.proof.parsed.proof.window.end - n.proof.parsed.proof.window.start;
  if (!isAfter || apart > settle / 2 || againstFault(n.claim, k.claim) !== undefined) return undefined;
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
