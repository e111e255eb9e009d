/**
 * Verifying an incident: offline, from the file and the keys that the verifier trusts. Pure.
 *
 * Three outcomes. *Proven*: signatures and hashes alone show it; nobody who lacks the log's key could have
 * made this up. *Reported*: everything in the file is authentic, and yet the accusation rests on something
 * only the watcher saw: when a head was served, what was not there. *Failed*: some of the evidence is not
 * what it should be. Keys inside the file count for nothing.
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import { formatBase64 } from '../bytes/text.ts';
import type { TrustPolicy } from '../note/trust.ts';
import { OTHER_RULES } from '../registration/unread.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { Checks, signedTime, signersOf, type IncidentCheck, type Shown } from './checks.ts';
import { missedProof, rejectedEntry, unexpectedIssuer } from './entries.ts';
import { forgedCosignature, quorumLost, rollback, splitView, staleHead, tamperedData } from './heads.ts';
import { incidentId, type Evidence, type Incident } from './incident.ts';

/** A head of the incident, for people to look at. */
export interface VerdictHead {
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** `name+key id` of the log keys that signed. */
  readonly signers: readonly string[];
  /** The time within the log's own signature (POSIX seconds), where its kind has one. */
  readonly time: number | undefined;
  /** The signed note. */
  readonly note: string;
}

export interface IncidentVerdict {
  readonly outcome: 'proven' | 'reported' | 'failed';
  /** Whether `outcome` is `proven`. */
  readonly proven: boolean;
  readonly what: string;
  readonly proves: readonly string[];
  readonly reports: readonly string[];
  readonly blames: string;
  /** Every head whose signature was verified. */
  readonly heads: readonly VerdictHead[];
  readonly checks: readonly IncidentCheck[];
}

/**
 * Verifies an incident under the trusted keys. The content of the file leads to a refusal only for `newer-version` and
 * `older-version`: entries under rules that this program does not know prove nothing against the log or the watcher.
 */
export function verifyIncident(
  incident: Incident,
  policy: TrustPolicy,
  verify?: VerifySignature,
): IncidentVerdict {
  const checks = new Checks(incident.origin, policy, verify);
  const heads = (): VerdictHead[] =>
    checks.heads.map((head) => ({
      size: head.checkpoint.size,
      root: formatBase64(head.checkpoint.root),
      signers: signersOf(head),
      time: signedTime(head),
      note: head.note,
    }));
  try {
    assertId(checks, incident);
    const shown = examine(checks, incident.evidence);
    const outcome = shown.proven ? 'proven' : 'reported';
    return { ...shown, outcome, heads: heads(), checks: checks.done };
  } catch (error) {
    if (!(error instanceof Refusal) || OTHER_RULES.has(error.code)) throw error;
    return {
      outcome: 'failed',
      proven: false,
      what: `the evidence does not hold: ${error.message}`,
      proves: [],
      reports: [],
      blames: `whoever made or passed on this file; it says nothing against ${incident.origin}`,
      heads: heads(),
      checks: checks.done,
    };
  }
}

/** The same incident has the same id everywhere; a changed kind, origin or `about` shows. */
function assertId(checks: Checks, { id, evidence, origin, about }: Incident): void {
  checks.run('id', () => {
    if (id !== incidentId(evidence.kind, origin, about))
      throw refuse(
        'malformed-incident',
        'the id is not that of kind, origin and about; the file was changed',
      );
    return [undefined, id];
  });
}

function examine(checks: Checks, evidence: Evidence): Shown {
  switch (evidence.kind) {
    case 'split-view':
      return splitView(checks, evidence);
    case 'rollback':
      return rollback(checks, evidence);
    case 'stale-head':
      return staleHead(checks, evidence);
    case 'quorum-lost':
      return quorumLost(checks, evidence);
    case 'forged-cosignature':
      return forgedCosignature(checks, evidence);
    case 'tampered-data':
      return tamperedData(checks, evidence);
    case 'entry-rejected':
    case 'chain-broken':
      return rejectedEntry(checks, evidence);
    case 'unexpected-issuer':
      return unexpectedIssuer(checks, evidence);
    case 'missed-proof':
    default:
      return missedProof(checks, evidence);
  }
}
