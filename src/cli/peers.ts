/**
 * Gossip of the client verbs: with --peer, the head that the log shows is compared with those that monitors,
 * witnesses and mirrors hold. A peer that is silent or talks nonsense is a remark; two histories end the run.
 */
import { printable } from '../bytes/printable.ts';
import type { Refusal } from '../bytes/refusal.ts';
import { comparePeers, type PeerResult } from '../client/gossip.ts';
import { TileReader } from '../client/tiles.ts';
import type { LogView } from '../client/view.ts';
import type { TrustPolicy } from '../note/trust.ts';
import type { Context } from './context.ts';
import { accuse } from './heads.ts';
import type { JsonValue } from './output.ts';

/** Longest a verb waits for one answer of a peer, or for the log's tiles on its behalf (milliseconds). */
const TIMEOUT_MS = 5_000;

/** What is compared: a view, the URL it came from, whom to trust. */
export interface Compared {
  readonly view: LogView;
  readonly log: string;
  readonly policy: TrustPolicy;
}

/**
 * Compares with every configured peer, and says what came of each. Refuses `inconsistent`, naming the incident
 * file; `config-invalid`.
 */
export async function checkPeers(
  context: Context,
  { view, log, policy }: Compared,
): Promise<readonly PeerResult[]> {
  const { config, output, world } = context;
  if (config.peer.length === 0) return [];
  const transport = { fetch: world.fetch, now: world.now, timeoutMs: TIMEOUT_MS, patienceMs: 0 };
  const tiles = new TileReader(transport, log);
  const results = await comparePeers({ transport, peers: config.peer, policy, held: view, tiles });
  const refusals: Refusal[] = [];
  for (const result of results) {
    if (result.kind === 'conflict') {
      const what = `${result.what} (the other head is from ${result.peer})`;
      refusals.push(await accuse(context, view.opened.checkpoint.origin, policy, { ...result, what }));
    } else if (result.kind === 'unverified' || result.kind === 'unreconciled') {
      output.warn(remarkOf(result));
    } else if (result.kind === 'unreachable' || result.newer) {
      output.note(remarkOf(result));
    }
  }
  const [first] = refusals;
  if (first !== undefined) throw first;
  return results;
}

function remarkOf(result: Exclude<PeerResult, { readonly kind: 'conflict' }>): string {
  const peer = `peer ${printable(result.peer)}`;
  switch (result.kind) {
    case 'agrees':
      return `${peer} holds a newer head, of ${result.head.opened.checkpoint.size} entries: the log shows an old one`;
    case 'unreachable':
      return `${peer} was not compared with: ${result.why}`;
    case 'unverified':
      return `${peer} serves what the log did not sign: ${result.why}`;
    case 'unreconciled': {
      const { size } = result.head.opened.checkpoint;
      return `${peer} holds a signed head of ${size} entries, and the log does not show how it fits: ${result.why}; ask again`;
    }
    default:
      return peer;
  }
}

/** How many agree, for people. Those that do not have a remark of their own. */
export function peersLine(peers: readonly PeerResult[], asked: number): string {
  const agree = peers.filter(({ kind }) => kind === 'agrees').length;
  return agree === asked ? `${agree} agree` : `${agree} of ${asked} agree`;
}

export function peersJson(peers: readonly PeerResult[]): JsonValue {
  return peers.map(({ peer, kind }) => ({ url: peer, result: kind }));
}
