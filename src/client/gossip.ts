/**
 * Gossip: comparing the tree head at hand with those that others hold of the same log, so that a log which
 * shows people different trees is found out. Pull only: a peer is a URL prefix that the user named, under
 * which it serves the largest head it verified, in the monitoring form of C2SP tlog-witness:
 *
 *     GET <prefix>/<lower-case hex SHA-256 of the origin>/checkpoint
 *
 * No peer is believed: what it serves counts when the log's own keys signed it, and the log's tiles decide
 * whether two heads are one history.
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
/** Longest a peer may take; one that is slow is asked again next time (milliseconds). */
const PEER_TIMEOUT_MS = 10_000;

/** What came of comparing with one peer. */
export type PeerResult = { readonly peer: string } & Finding;

export type Finding =
  | {
      readonly kind: 'agrees';
      /** The peer's head: one history with the one at hand. */
      readonly head: SignedHead;
      /** It is larger than the one at hand: the log showed others more than it showed us. */
      readonly newer: boolean;
    }
  /** No answer, or no head of this log. */
  | { readonly kind: 'unreachable'; readonly why: string }
  /** What it serves is not a head that the log's keys signed. It is ignored: a stranger can serve anything. */
  | { readonly kind: 'unverified'; readonly why: string }
  /** Both heads are signed, and they are no one history. */
  | (Conflict & { readonly head: SignedHead; readonly evidence: SplitView })
  /** Signed, and the log did not give what shows whether they fit: to be asked again. */
  | { readonly kind: 'unreconciled'; readonly head: SignedHead; readonly why: string };

/** What a comparison needs. */
export interface Comparison {
  readonly transport: Transport;
  /** Monitoring prefixes, as the user gave them; never ones that a stranger supplied. */
  readonly peers: readonly string[];
  /** Whose log keys count. Neither quorum nor witnesses are looked at. */
  readonly policy: TrustPolicy;
  readonly verify?: VerifySignature | undefined;
  /** The head at hand, verified. A `LogView` is one. */
  readonly held: SignedHead;
  /** The log's tiles, or a verified copy. Its patience bounds a comparison together with that of `transport`. */
  readonly tiles: NodeSource;
}

/**
 * Asks every peer at the same time; the results are in their order. What one of them does has no effect on
 * the others. Refuses `config-invalid` for more than 32 peers or a prefix that is no http(s) URL.
 */
export async function comparePeers(comparison: Comparison): Promise<readonly PeerResult[]> {
  const { peers, held } = comparison;
  if (peers.length > MAX_PEERS)
    throw refuse('config-invalid', `at most ${MAX_PEERS} peers can be compared with`);
  const { origin } = held.opened.checkpoint;
  const urls = peers.map((peer) => ({ peer, url: peerUrl(peer, origin) }));
  return Promise.all(urls.map(async ({ peer, url }) => ({ peer, ...(await comparePeer(comparison, url)) })));
}

/** Where a peer serves the head it holds of a log. Refuses `config-invalid` when the prefix is no http(s) URL. */
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

/** Once, without patience. Refuses what `exchange` refuses, and any status but 200. */
async function fetchHead(transport: Transport, url: URL): Promise<Uint8Array> {
  const timeoutMs = Math.min(transport.timeoutMs ?? PEER_TIMEOUT_MS, PEER_TIMEOUT_MS);
  const ask = { accept: 'text/plain', maxBytes: MAX_HEAD_BYTES };
  const reply = await exchange({ ...transport, timeoutMs }, url, ask);
  if (reply.status === 404) throw refuse('not-found', `${url.host} holds no head of this log`);
  if (reply.status !== 200) throw refusalOf(reply);
  return reply.body;
}

/** A head of the same log, by its keys alone: a witness's line that fails is no reason to overlook it. */
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
