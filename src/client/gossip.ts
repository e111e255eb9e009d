/**
 * Gossip: comparing the client's tree head with those that others hold of the same log. It finds a log that shows
 * different trees to different people. The client only pulls: a peer is a URL prefix that the user named, under which
 * the peer serves the largest head that it verified, in the monitoring form of C2SP tlog-witness:
 *
 *     GET <prefix>/<lower-case hex SHA-256 of the origin>/checkpoint
 *
 * A peer need not be trusted: its head counts only if the log's own keys signed it, and the log's tiles decide whether
 * two heads belong to one history.
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import { openCheckpoint, originHash, type OpenedCheckpoint } from '../note/checkpoint.ts';
import { logKeysOf, type TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { split, type Conflict } from './compare.ts';
import { contradiction, type NodeSource, type SignedHead, type SplitView } from './history.ts';
import { refusalOf } from './problem.ts';
import { exchange, urlOf, type Transport } from './transport.ts';

/** Most peers compared with at once. */
export const MAX_PEERS = 32;
/** Room for a hundred ML-DSA-44 lines (bytes). */
const MAX_HEAD_BYTES = 400_000;
/** Milliseconds that a peer may take. A slow peer is asked again at the next comparison. */
const PEER_TIMEOUT_MS = 10_000;

/** The result of the comparison with one peer. */
export type PeerResult = { readonly peer: string } & Finding;

export type Finding =
  | {
      readonly kind: 'agrees';
      /** The peer's head; it belongs to one history with the client's. */
      readonly head: SignedHead;
      /**
       * True if the peer's head is larger than the client's: the log showed the peer more than it showed the client.
       */
      readonly newer: boolean;
    }
  /** The peer did not answer, or has no head of this log. */
  | { readonly kind: 'unreachable'; readonly why: string }
  /** The log's keys did not sign what the peer serves. The answer is ignored, since anyone could serve it. */
  | { readonly kind: 'unverified'; readonly why: string }
  /** Both heads are signed, and do not belong to one history. */
  | (Conflict & { readonly head: SignedHead; readonly evidence: SplitView })
  /** Both heads are signed, but the log did not serve what a comparison needs. It is asked again later. */
  | { readonly kind: 'unreconciled'; readonly head: SignedHead; readonly why: string };

/** What a comparison needs. */
export interface Comparison {
  readonly transport: Transport;
  /** Monitoring prefixes that the user named. A prefix from any other source must not be used. */
  readonly peers: readonly string[];
  /** The log keys that count. Quorum and witnesses are not checked. */
  readonly policy: TrustPolicy;
  readonly verify?: VerifySignature | undefined;
  /** The head at hand, verified. A `LogView` is one. */
  readonly held: SignedHead;
  /**
   * The log's tiles, or a verified copy of them. The patience of both this reader and `transport` bounds a comparison.
   */
  readonly tiles: NodeSource;
}

/**
 * Asks all peers at the same time; results are in the order of the peers. The failure of one does not affect the
 * others. Refuses `config-invalid` for more than 32 peers, or a prefix that is no http(s) URL.
 */
export async function comparePeers(comparison: Comparison): Promise<readonly PeerResult[]> {
  const { peers, held } = comparison;
  if (peers.length > MAX_PEERS)
    throw refuse('config-invalid', `at most ${MAX_PEERS} peers can be compared with`);
  const { origin } = held.opened.checkpoint;
  const urls = peers.map((peer) => ({ peer, url: peerUrl(peer, origin) }));
  return Promise.all(urls.map(async ({ peer, url }) => ({ peer, ...(await comparePeer(comparison, url)) })));
}

/** The URL under which a peer serves its head of a log. Refuses `config-invalid` if the prefix is no http(s) URL. */
export function peerUrl(peer: string, origin: string): URL {
  const url = urlOf(`${peer.replace(/\/+$/, '')}/${originHash(origin)}/checkpoint`);
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return url;
  throw refuse('config-invalid', `"${peer}" is no http(s) URL prefix of a peer`);
}

async function comparePeer(comparison: Comparison, url: URL): Promise<Finding> {
  try {
    const note = await fetchHead(comparison.transport, url);
    const opened = openSigned(note, comparison);
    return opened instanceof Refusal
      ? { kind: 'unverified', why: opened.message }
      : await compareHead(comparison, { note, opened });
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'unreachable', why: error.message };
    throw error;
  }
}

async function compareHead({ held, tiles }: Comparison, head: SignedHead): Promise<Finding> {
  const [ours, theirs] = [held.opened.checkpoint, head.opened.checkpoint];
  try {
    const found = await contradiction(tiles, ours, theirs);
    if (found === undefined) return { kind: 'agrees', head, newer: theirs.size > ours.size };
    const conflict = split({ note: held.note, head: ours }, { note: head.note, head: theirs }, found);
    return { ...conflict, head };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'unreconciled', head, why: error.message };
    throw error;
  }
}

/** Fetches a head once, without retries. Refuses what `exchange` refuses, and every status but 200. */
async function fetchHead(transport: Transport, url: URL): Promise<Uint8Array> {
  const timeoutMs = Math.min(transport.timeoutMs ?? PEER_TIMEOUT_MS, PEER_TIMEOUT_MS);
  const ask = { accept: 'text/plain', maxBytes: MAX_HEAD_BYTES };
  const reply = await exchange({ ...transport, timeoutMs }, url, ask);
  if (reply.status === 404) throw refuse('not-found', `${url.host} holds no head of this log`);
  if (reply.status !== 200) throw refusalOf(reply);
  return reply.body;
}

/** Opens a head of the same log by its log keys alone. A cosignature that fails does not matter here. */
function openSigned(note: Uint8Array, { policy, held, verify }: Comparison): OpenedCheckpoint | Refusal {
  const { origin } = held.opened.checkpoint;
  const logKeys = logKeysOf(policy, origin);
  try {
    return openCheckpoint(note, { origin, logKeys, verify });
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
