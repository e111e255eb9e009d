/**
 * Opens observations that a proof rests on, for a reader whom the agent's owner chooses. The leaves are checked against the root
 * in the logged proof, so whoever gets them can check them too (spec/agent.md §4).
 */
import { equalBytes } from '../bytes/compare.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import type { OpenedLeaf } from '../declare/openings-file.ts';
import { parseStatement } from '../statement/parse.ts';
import type { RuntimeProof } from '../statement/proof.ts';
import { openLeaf, type SaltedTree } from '../statement/saltedleaf.ts';
import { decodeObserved } from './observed.ts';
import type { Spool, Stored } from './spool.ts';

/** Which proof: by its entry id, or by its number in the chain of a subject. */
export type WantedProof =
  { readonly id: string } | { readonly seq: number; readonly subject: string | undefined };

export interface OpenedProof {
  readonly stored: Stored & { readonly index: number };
  readonly proof: RuntimeProof;
  readonly leaves: readonly OpenedLeaf[];
}

/**
 * Opens the leaves that a claim's result rests on; without a claim, those of all claims; with `all`, every leaf.
 *
 * Refuses `not-found` for a proof that is not here, a claim that it does not have, and observations that were pruned;
 * `usage` for a number that chains of several subjects have; `not-yet` for a proof that is not logged; `corrupt-store`
 * if the leaves do not lead to the logged root.
 */
export function openObservations(
  spool: Spool,
  wanted: WantedProof,
  { claim, all }: { readonly claim: string | undefined; readonly all: boolean },
): OpenedProof {
  const stored = loggedProof(spool, wanted);
  const parsed = parseStatement(stored.statement);
  if (parsed.kind !== 'proof') throw refuse('corrupt-store', 'agent.db holds another statement as a proof');
  const { proof } = parsed;
  const tree = treeOf(stored, proof);
  const opened = leavesOf(proof, tree, claim, all);
  if (opened.length === 0)
    throw refuse(
      'not-found',
      'the results of this proof rest on no single leaf; open all leaves to show them',
    );
  const leaves = opened.map((each): OpenedLeaf => ({
    entry: stored.id,
    claim: each.claim,
    opening: openLeaf(tree, each.index),
  }));
  return { stored, proof, leaves };
}

function loggedProof(spool: Spool, wanted: WantedProof): OpenedProof['stored'] {
  const found = 'id' in wanted ? spool.storedById(wanted.id) : bySeq(spool, wanted);
  if (found === undefined) throw refuse('not-found', `this agent made no proof ${shown(wanted)}`);
  const { index } = found;
  if (index === undefined)
    throw refuse(
      'not-yet',
      `proof ${found.seq} of ${printable(found.subject)} is not logged yet; open it later`,
    );
  return { ...found, index };
}

function bySeq(
  spool: Spool,
  { seq, subject }: { readonly seq: number; readonly subject: string | undefined },
): Stored | undefined {
  const found = spool.storedBySeq(seq, subject);
  const subjects = [...new Set(found.map((each) => each.subject))];
  if (found.length > 1)
    throw refuse(
      'usage',
      `several chains have a proof ${seq}: name the subject (${subjects.map((each) => printable(each)).join(', ')}), or the entry id`,
    );
  return found[0];
}

function shown(wanted: WantedProof): string {
  if ('id' in wanted) return `with the entry id ${printable(wanted.id)}`;
  return `${wanted.seq}${wanted.subject === undefined ? '' : ` of ${printable(wanted.subject)}`}`;
}

/** The tree of the observations, if it has the root that was logged. */
function treeOf({ observed, pruned }: Stored, proof: RuntimeProof): SaltedTree {
  if (pruned !== undefined)
    throw refuse('not-found', `the observations of this proof were pruned by the rule of entry ${pruned}`);
  if (proof.observations === undefined)
    throw refuse(
      'not-found',
      'this proof is a heartbeat: it shows that the agent is running, and has no observations',
    );
  const tree = decodeObserved(observed);
  const { root, count } = proof.observations;
  if (tree.count === count && equalBytes(tree.root, root)) return tree;
  throw refuse(
    'corrupt-store',
    'the stored observations do not lead to the logged root; restore agent.db from a backup',
  );
}

/** Indices of the leaves to open, in ascending order, each once, with a claim that rests on it. */
function leavesOf(
  { results }: RuntimeProof,
  tree: SaltedTree,
  claim: string | undefined,
  all: boolean,
): readonly { readonly index: number; readonly claim: string | null }[] {
  if (claim !== undefined && !results.some((each) => each.claim === claim))
    throw refuse(
      'not-found',
      `the proof has no claim ${printable(claim)}; it has ${results.map((each) => each.claim).join(', ')}`,
    );
  const asked = results.filter((each) => claim === undefined || each.claim === claim);
  const claims = new Map<number, string | null>();
  for (const result of asked)
    for (const index of result.leaves ?? []) if (!claims.has(index)) claims.set(index, result.claim);
  if (all) for (let i = 0; i < tree.count; i++) if (!claims.has(i)) claims.set(i, null);
  return [...claims].map(([index, of]) => ({ index, claim: of })).toSorted((a, b) => a.index - b.index);
}
