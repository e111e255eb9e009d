/**
 * Plans one durable step: (right edge, accepted statements, time) → entries with indices, new tiles, new head. Pure: it
 * has no access to a store, a clock or keys.
 */
import { leafIndex, type Digest, type EntryId } from '../bytes/brand.ts';
import type { Admission } from '../registration/admit.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import { grow, type Edge, type Growth } from '../tree/grow.ts';
import type { BatchHasher } from '../tree/hash.ts';
import type { ChainHead, NewEntry, Plan } from './ports.ts';

/** A statement that the policy admitted, ready for an index. */
export interface Accepted {
  readonly id: EntryId;
  readonly leaf: Digest;
  readonly parsed: ParsedStatement;
  /** The link it adds to a chain of runtime proofs. */
  readonly chain: Admission['chain'];
  /** The counts that it changes. */
  readonly counts?: Admission['counts'];
}

export interface Planned {
  readonly plan: Plan;
  readonly growth: Growth;
}

/** Gives the accepted statements the next indices, in order, and grows the tree by their leaves. */
export function planStep(
  edge: Edge,
  accepted: readonly Accepted[],
  time: number,
  hasher: BatchHasher,
): Planned {
  const leaves = new Uint8Array(32 * accepted.length);
  const chains = new Map<string, ChainHead>();
  const entries: NewEntry[] = [];
  for (const [i, { id, leaf, parsed, chain, counts = new Map() }] of accepted.entries()) {
    leaves.set(leaf, 32 * i);
    if (chain !== undefined) chains.set(chain.key, { seq: chain.seq, id });
    for (const [key, seq] of counts) chains.set(key, { seq, id });
    entries.push({
      index: leafIndex(edge.size + i),
      id,
      leaf,
      kind: parsed.kind,
      subject: parsed.subject,
      issuer: parsed.issuer,
      kid: parsed.kid,
      time,
      bytes: parsed.entry,
    });
  }
  const growth = grow(edge, leaves, hasher);
  return {
    plan: { head: { size: growth.size, root: growth.root, time }, entries, tiles: growth.tiles, chains },
    growth,
  };
}
