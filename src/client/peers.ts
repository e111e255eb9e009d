/**
 * The peers of a client: compares the log's head with those of monitors, witnesses and mirrors (gossip.ts). A peer that
 * does not answer, or answers nonsense, causes a remark; two histories end the run.
 */
import { printable } from '../bytes/printable.ts';
import type { Refusal } from '../bytes/refusal.ts';
import { comparePeers, type PeerResult } from './gossip.ts';
import { accuse, type Holding } from './memory.ts';
import type { Remark } from './ports.ts';
import { TileReader } from './tiles.ts';
import type { Transport } from './transport.ts';
import type { LogView } from './view.ts';

/** Most milliseconds for one answer of a peer, or of the log while a peer is compared. */
const TIMEOUT_MS = 5_000;

/** What is compared: a view, the URL that it came from, and the peers. */
export interface Compared {
  readonly view: LogView;
  readonly log: string;
  readonly peers: readonly string[];
  readonly transport: Pick<Transport, 'fetch' | 'now'>;
}

/** Compares with every peer, and remarks on each that does not agree. Refuses `inconsistent` and `config-invalid`. */
export async function checkPeers(
  holding: Holding,
  { view, log, peers, transport: { fetch, now } }: Compared,
): Promise<readonly PeerResult[]> {
  if (peers.length === 0) return [];
  const transport = { fetch, now, timeoutMs: TIMEOUT_MS, patienceMs: 0 };
  const tiles = new TileReader(transport, log);
  const results = await comparePeers({ transport, peers, policy: holding.policy, held: view, tiles });
  const refusals: Refusal[] = [];
  for (const result of results) {
    if (result.kind === 'conflict') {
      const what = `${result.what} (the other head is from ${result.peer})`;
      refusals.push(await accuse(holding, view.opened.checkpoint.origin, { ...result, what }));
    } else {
      const remark = remarkOn(result);
      if (remark !== undefined) holding.remark(remark);
    }
  }
  const [first] = refusals;
  if (first !== undefined) throw first;
  return results;
}

/** The remark on one result; undefined for a peer with the same head, or an older one of the same history. */
function remarkOn(result: Exclude<PeerResult, { readonly kind: 'conflict' }>): Remark | undefined {
  const peer = `peer ${printable(result.peer)}`;
  if (result.kind === 'unreachable')
    return { code: 'peer-unreachable', level: 'note', text: `${peer} was not compared with: ${result.why}` };
  if (result.kind === 'unverified') {
    const text = `${peer} serves what the log did not sign: ${result.why}`;
    return { code: 'peer-unverified', level: 'warning', text };
  }
  const { size } = result.head.opened.checkpoint;
  if (result.kind === 'unreconciled') {
    const what = `holds a signed head of ${size} entries, and the log does not show how it fits`;
    const text = `${peer} ${what}: ${result.why}; ask again`;
    return { code: 'peer-unreconciled', level: 'warning', text };
  }
  if (!result.newer) return undefined;
  const text = `${peer} holds a newer head, of ${size} entries: the log shows an old one`;
  return { code: 'peer-newer', level: 'note', text };
}
