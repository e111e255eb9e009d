/**
 * Compares the heads that peers hold of a log with what the log shows here: raises alarms for two histories, and finds
 * the newest head.
 */
import { comparePeers, type PeerResult } from '../client/gossip.ts';
import type { NodeSource } from '../client/history.ts';
import { TileReader } from '../client/tiles.ts';
import type { Transport } from '../client/transport.ts';
import { Refusal } from '../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8 } from '../bytes/text.ts';
import type { LogReader } from '../log/ports.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { readNodes, type TileLoader } from '../tree/load.ts';
import { TileNodes } from '../tree/tilenodes.ts';
import type { Alarm } from './alarm.ts';
import type { SeenHead, Trust } from './head.ts';

interface PeerParts {
  readonly peers: readonly string[];
  readonly trust: Trust;
  readonly transport: Transport;
  /** URL prefix of the log. */
  readonly url: string;
  readonly hasher: BatchHasher;
  /** The verified copy. */
  readonly reader: LogReader;
}

export interface Compared {
  readonly results: readonly PeerResult[];
  readonly alarms: readonly Alarm[];
  /**
   * The largest head of a peer that is larger than ours. The log signed it; whether it continues our head may be
   * unknown. `note`: as the peer serves it.
   */
  readonly newer: { readonly size: number; readonly note: string } | undefined;
}

/** Compares the newest verified head with every peer's. Refuses only `config-invalid`, for bad prefixes. */
export async function compareWithPeers(held: SeenHead, parts: PeerParts): Promise<Compared> {
  const { peers, trust, transport, url, hasher, reader } = parts;
  if (peers.length === 0) return { results: [], alarms: [], newer: undefined };
  const results = await comparePeers({
    transport,
    peers,
    policy: trust.policy,
    verify: trust.verify,
    held: { note: encodeUtf8(held.served), opened: held.opened },
    tiles: nodesOf(reader, new TileReader(transport, url), hasher),
  });
  return {
    results,
    alarms: results.flatMap((result) => (result.kind === 'conflict' ? [alarmOf(result)] : [])),
    newer: newest(results, held.opened.checkpoint.size),
  };
}

function alarmOf({ peer, evidence, about, head }: PeerResult & { kind: 'conflict' }): Alarm {
  const { size } = head.opened.checkpoint;
  const what = `the head of ${size} entries that ${peer} holds and the one the log shows here are no one history`;
  return { evidence, about, what };
}

function newest(results: readonly PeerResult[], size: number): Compared['newer'] {
  let found: Compared['newer'];
  for (const result of results) {
    if (result.kind !== 'agrees' && result.kind !== 'unreconciled') continue;
    const { checkpoint } = result.head.opened;
    if (checkpoint.size > Math.max(found?.size ?? 0, size))
      found = { size: checkpoint.size, note: decodeUtf8(result.head.note) };
  }
  return found;
}

/** Trees that are copied are read from the copy, which the log cannot change. */
export function nodesOf(reader: LogReader, log: TileReader, hasher: BatchHasher): NodeSource {
  const load: TileLoader = async (level, index, width) =>
    TileNodes.of(await reader.tile(level, index, width), hasher);
  return {
    nodes: (nodes, size) =>
      size <= publishedSize(reader) ? readNodes(nodes, size, load) : log.nodes(nodes, size),
  };
}

/** Leaves under the head that the copy covers wholly; 0 before there is one. */
function publishedSize(reader: LogReader): number {
  try {
    return reader.checkpoint().head.size;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not-yet') return 0;
    throw error;
  }
}

/** The largest known head if the log serves a smaller one: a peer's, or one that the log served before. */
export function largest(
  head: SeenHead,
  seen: SeenHead | undefined,
  newer: Compared['newer'],
): Compared['newer'] {
  const before = seen?.opened.checkpoint.size ?? 0;
  const own = seen && before > head.opened.checkpoint.size ? { size: before, note: seen.served } : undefined;
  return (newer?.size ?? 0) > (own?.size ?? 0) ? newer : own;
}
