/**
 * Gossip of a witness: at intervals it compares what it cosigned of each log with what its peers hold. If a peer holds
 * a head of another history, and the log signed both, the witness stores the evidence and stops cosigning that log
 * until the operator decides: otherwise a quorum might form for each of two trees.
 */
import { comparePeers, MAX_PEERS, peerUrl, type PeerResult } from '../client/gossip.ts';
import type { NodeSource, SignedHead } from '../client/history.ts';
import { TileReader } from '../client/tiles.ts';
import type { Transport } from '../client/transport.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { Remedy } from '../bytes/remedy.ts';
import { openCheckpoint } from '../note/checkpoint.ts';
import { formatNote } from '../note/note.ts';
import type { TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { IncidentFiles } from './incidents.ts';
import type { KnownLog } from './logs.ts';
import type { Witness } from './witness.ts';

interface GossipParts {
  readonly witness: Witness;
  readonly incidents: IncidentFiles;
  readonly transport: Transport;
  /** Monitoring prefixes. */
  readonly peers: readonly string[];
  readonly verify: VerifySignature;
  readonly onWarning: (message: string, remedy?: Remedy) => void;
}

/** Number of logs that are compared at once, so that a peer that does not answer delays few. */
const LOGS_AT_ONCE = 16;

/** Number of results of each kind since the start. */
export type GossipCounts = Record<PeerResult['kind'], number>;

export function noComparisons(): GossipCounts {
  return { agrees: 0, unreachable: 0, unverified: 0, conflict: 0, unreconciled: 0 };
}

export class Gossip {
  readonly counts = noComparisons();
  readonly #parts: GossipParts;

  /** Refuses `config-invalid` for too many peers, or one that is no http(s) URL prefix. */
  constructor(parts: GossipParts) {
    if (parts.peers.length > MAX_PEERS) throw refuse('config-invalid', `at most ${MAX_PEERS} peers, please`);
    for (const peer of parts.peers) peerUrl(peer, '');
    this.#parts = parts;
  }

  /** Compares every log with every peer, several logs at once. A failure is reported, and affects one comparison. */
  async round(): Promise<void> {
    const logs = this.#parts.witness.logs.values();
    await Promise.all(Array.from({ length: LOGS_AT_ONCE }, () => this.#compareEach(logs)));
  }

  async #compareEach(logs: Iterable<KnownLog>): Promise<void> {
    for (const log of logs) {
      try {
        await this.#compare(log);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#parts.onWarning(`comparing ${log.origin} with the peers failed: ${error.message}`);
      }
    }
  }

  async #compare(log: KnownLog): Promise<void> {
    const { witness, transport, peers, verify } = this.#parts;
    const held = this.#held(log);
    if (held === undefined || witness.isHalted(log.origin)) return;
    const tiles = log.url === undefined ? NO_TILES : new TileReader(transport, log.url);
    const results = await comparePeers({ transport, peers, policy: policyOf(log), verify, held, tiles });
    for (const result of results) {
      this.counts[result.kind]++;
      if (result.kind === 'conflict') await this.#conflict(log, result);
    }
  }

  async #conflict(log: KnownLog, found: Extract<PeerResult, { kind: 'conflict' }>): Promise<void> {
    const { witness, incidents, onWarning } = this.#parts;
    const file = await incidents.splitView(log, found.about, found.evidence);
    await witness.halt(log.origin, `it shows two histories, see ${file}`);
    onWarning(
      `${log.origin} shows another history at ${found.peer}; it is not cosigned until somebody resumes it`,
      { resume: log.origin },
    );
  }

  #held(log: KnownLog): SignedHead | undefined {
    const signed = this.#parts.witness.held(log.origin)?.signed;
    if (signed === undefined) return undefined;
    const note = formatNote(signed.text, signed.lines);
    try {
      const keys = { origin: log.origin, logKeys: log.keys, verify: this.#parts.verify };
      return { note, opened: openCheckpoint(note, keys) };
    } catch (error) {
      // All keys of the log were replaced: until it is cosigned again there is nothing to compare with.
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }
}

/** The keys of this log alone; another log's keys do not matter here. */
function policyOf({ keys }: KnownLog): TrustPolicy {
  return { logs: keys.map((verifier) => ({ verifier })), witnesses: [], groups: [], quorum: 'none' };
}

/** Without the log's URL only heads of one size can be compared. */
const NO_TILES: NodeSource = {
  nodes: () =>
    Promise.reject(refuse('unavailable', 'no URL of this log is known: give it in a tlog-policy line "log"')),
};
