/**
 * Incidents: what a watcher saw a log do that it must never do, with all the evidence. The file is JSON
 * (`tallystick.incident.v1`, spec/incidents.md), so that a third party can read it; what it proves,
 * verify.ts says.
 *
 * Notes, proofs and policies stand as the texts they are; bytes and hashes as base64.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { printable } from '../bytes/printable.ts';
import { encodeUtf8, formatHex } from '../bytes/text.ts';

export const INCIDENT_SCHEMA = 'tallystick.incident.v1';

/**
 * An entry that a signed head covers: `proof` is a `.tlog-proof` file (C2SP tlog-proof), `entry` base64. The
 * proofs of one incident may lead to different heads: either they are one history, or that is a split view.
 */
export interface LoggedEvidence {
  readonly index: number;
  readonly entry: string;
  readonly proof: string;
}

/** The evidence of each kind of incident. Every `head` is a signed note as served. */
export type Evidence =
  /**
   * Two signed heads that are no one history. Of one size: their roots differ. Else `prefix` shows that the
   * larger tree begins otherwise: its own root at the smaller size, and the consistency proof of that root.
   */
  | {
      readonly kind: 'split-view';
      readonly heads: readonly [smaller: string, larger: string];
      readonly prefix?: { readonly root: string; readonly proof: readonly string[] };
    }
  /** A head that was served after a larger one had been seen, and the rest of the larger tree is gone. */
  | { readonly kind: 'rollback'; readonly heads: readonly [seen: string, served: string] }
  /** The newest head a log serves is older, or smaller, than it may be: see `newer`, which a peer holds. */
  | {
      readonly kind: 'stale-head';
      readonly head: string;
      readonly newer?: string;
      readonly ageSeconds: number;
      readonly limitSeconds: number;
    }
  /** The log serves heads that the witness quorum of `policy` (a tlog-policy text) has not cosigned. */
  | { readonly kind: 'quorum-lost'; readonly head: string; readonly policy: string }
  /** A line in the name of a known witness, `vkey`, that does not verify. */
  | { readonly kind: 'forged-cosignature'; readonly head: string; readonly vkey: string }
  /** What was served at `path` does not hash to the signed root: `served` base64, shortened when large. */
  | { readonly kind: 'tampered-data'; readonly head: string; readonly path: string; readonly served: string }
  /**
   * An entry the log should have refused: `code` is the refusal it should have met, or `duplicate`; `policy`
   * is the policy entry in force (the entry itself, for entry 0); `before` is what it should have continued
   * (the newest link of the chain), the entry it refers to wrongly, or the one that it repeats.
   */
  | {
      readonly kind: 'entry-rejected' | 'chain-broken';
      readonly entry: LoggedEvidence;
      readonly code: string;
      readonly policy?: LoggedEvidence;
      readonly before?: LoggedEvidence;
    }
  /** Admitted by the log, but by an issuer or key that the monitor's owner does not expect for the subject. */
  | {
      readonly kind: 'unexpected-issuer';
      readonly entry: LoggedEvidence;
      readonly subject: string;
      readonly issuer: string;
      readonly expected: readonly string[];
    }
  /**
   * A runtime proof that was due (RFC 3339, UTC, whole seconds) and is not in the tree of `head`. Of a chain:
   * `last` is its newest proof, which promised the next one for then. Of a claim: `commitment` wants it proven,
   * and `last` is the newest proof with a result for it, or the commitment when there is none yet.
   */
  | {
      readonly kind: 'missed-proof';
      readonly head: string;
      readonly last: LoggedEvidence;
      readonly due: string;
      readonly subject: string;
      readonly claim?: string;
      readonly commitment?: LoggedEvidence;
    };

export type IncidentKind = Evidence['kind'];

/** One incident. `id`: hex SHA-256 of kind, origin and what it is about; the same thing twice has one id. */
export interface Incident {
  readonly schema: typeof INCIDENT_SCHEMA;
  readonly id: string;
  readonly origin: string;
  /** RFC 3339, UTC: when the watcher saw it. */
  readonly detected: string;
  /** Name of the watcher. */
  readonly detector: string;
  /** One sentence for people. */
  readonly what: string;
  /** What makes it the same incident again: see spec/incidents.md for what watchers write. */
  readonly about: string;
  /** The log's verifier keys as the watcher knew them: for people. No verifier trusts them. */
  readonly vkeys: readonly string[];
  readonly evidence: Evidence;
}

/** What a watcher says of an incident; the rest follows from it. */
interface Sighting {
  readonly origin: string;
  readonly vkeys: readonly string[];
  readonly detector: string;
  /** RFC 3339, UTC. */
  readonly detected: string;
  readonly what: string;
  readonly about: string;
  readonly evidence: Evidence;
}

/** Longest `what`, UTF-16 units: it may quote a stranger's subject and issuer. */
export const MAX_WHAT = 2_000;

/** The incident of a sighting. `what` is cut to its bound and to characters a terminal can show. */
export function makeIncident(sighting: Sighting): Incident {
  const { origin, vkeys, detector, detected, about, evidence } = sighting;
  return {
    schema: INCIDENT_SCHEMA,
    id: incidentId(evidence.kind, origin, about),
    origin,
    detected,
    detector,
    what: printable(sighting.what, MAX_WHAT - 1),
    about,
    vkeys,
    evidence,
  };
}

/** Lower-case hex SHA-256 of kind, origin and about, a newline between each: stable across watchers and runs. */
export function incidentId(kind: IncidentKind, origin: string, about: string): string {
  return formatHex(sha256(encodeUtf8(`${kind}\n${origin}\n${about}`)));
}

/** The file: JSON, indented, with a final newline. `parseIncident` reads it back. */
export function formatIncident(incident: Incident): string {
  return `${JSON.stringify(incident, undefined, 2)}\n`;
}
