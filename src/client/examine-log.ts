/**
 * Examines what the log itself signed: checkpoint, cosignatures, the place of the entry, and the registration policy
 * entry.
 */
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatBase64 } from '../bytes/text.ts';
import { type OpenedCheckpoint } from '../note/checkpoint.ts';
import { formatKeyId, type NoteVerifier } from '../note/key.ts';
import { parseTlogProof } from '../note/tlogproof.ts';
import { logKeysOf, openByLog, quorumMet, type TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { InForce, Rules } from '../registration/rules.ts';
import { parseStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import { hashLeaf } from '../tree/hash.ts';
import { verifyInclusion } from '../tree/verify.ts';
import type { Checklist } from '../bytes/checklist.ts';
import {
  SPOKEN,
  type Evidence,
  type Examiner,
  type Place,
  type PolicyEvidence,
  type Trust,
} from './evidence.ts';
import { entryIdOf } from './scrapi.ts';

/** Checkpoint, quorum, inclusion of the entry. */
export function examineProof(
  list: Checklist,
  { entry, proof: bytes }: Evidence,
  trust: Examiner,
): Place | undefined {
  if (bytes === undefined) {
    list.skip('checkpoint', 'no .tlog-proof was given');
    return undefined;
  }
  const shown = list.run('checkpoint', () => {
    const proof = parseTlogProof(bytes);
    const signed = openSigned(proof.checkpoint, trust, trust.verify);
    return [{ proof, opened: signed.opened }, describeSigners(signed)];
  });
  if (shown === undefined) return undefined;
  const { proof, opened } = shown;
  examineQuorum(list, opened, trust);
  return list.run('inclusion', () => {
    const { origin, size, root } = opened.checkpoint;
    const leaf = hashLeaf(entry);
    verifyInclusion(proof.index, size, leaf, proof.path, root);
    const place = { log: origin, index: proof.index, size, root, leaf, path: proof.path };
    return [place, `entry ${place.index} of ${size}, root ${formatBase64(root)}`];
  });
}

/** Checkpoint and quorum of a head by itself. */
export function examineCheckpoint(list: Checklist, note: Uint8Array, trust: Examiner): void {
  const opened = list.run('checkpoint', () => {
    const signed = openSigned(note, trust, trust.verify);
    return [signed.opened, describeSigners(signed)];
  });
  if (opened !== undefined) examineQuorum(list, opened, trust);
}

function examineQuorum(list: Checklist, opened: OpenedCheckpoint, { policy }: Trust): void {
  if (policy.quorum === 'none') list.skip('quorum', 'no witnesses are asked for');
  else list.run('quorum', () => [undefined, describeQuorum(opened, policy)]);
}

/** A checkpoint that the log signed, and the trusted keys of other algorithms that did not sign it. */
export interface Signed {
  readonly opened: OpenedCheckpoint;
  readonly silent: readonly NoteVerifier[];
}

/** Opens a checkpoint without checking the quorum. Refuses as `openCheckpoint` and `silentKeys` do. */
export function openSigned(note: Uint8Array, trust: Trust, verify?: VerifySignature): Signed {
  const witnessKeys = trust.policy.witnesses.map(({ verifier }) => verifier);
  const opened = openByLog(note, trust.policy, { witnessKeys, verify });
  return { opened, silent: silentKeys(opened, trust) };
}

/**
 * The log's trusted keys of algorithms with which it did not sign. An algorithm is missing if the log has trusted keys
 * of it and none of them signed; one of two keys of the same algorithm may be retired. Refuses `unknown-signer` if an
 * algorithm is missing and `everyAlgorithm` is set.
 */
export function silentKeys(
  opened: OpenedCheckpoint,
  { policy, everyAlgorithm }: Trust,
): readonly NoteVerifier[] {
  const signed = new Set(opened.logSignatures.map(({ verifier }) => verifier.key.algorithm));
  const { origin } = opened.checkpoint;
  const silent = logKeysOf(policy, origin).filter(({ key }) => !signed.has(key.algorithm));
  const [missing] = silent;
  if (everyAlgorithm && missing !== undefined) {
    const what = `the ${SPOKEN[missing.key.algorithm]} key of ${origin} is trusted and did not sign the checkpoint`;
    throw refuse(
      'unknown-signer',
      `${what}; fetch the proof again, or leave that key out if the log has none`,
    );
  }
  return silent;
}

function describeSigners({ opened: { checkpoint, logSignatures }, silent }: Signed): string {
  const signers = logSignatures.map(
    ({ verifier: { key, id } }) => `${SPOKEN[key.algorithm]} ${formatKeyId(id)}`,
  );
  const others = silent.map(({ key, id }) => `${SPOKEN[key.algorithm]} ${formatKeyId(id)}`);
  const note = others.length === 0 ? '' : ` (but not with ${others.join(' or ')})`;
  return `${checkpoint.origin}, ${checkpoint.size} entries, signed with ${signers.join(' and ')}${note}`;
}

function describeQuorum({ cosignatures }: OpenedCheckpoint, policy: TrustPolicy): string {
  const names = cosignatures.map(({ verifier }) => verifier.name).join(', ');
  if (quorumMet(policy, cosignatures)) return `witnessed by ${names}`;
  const seen = names === '' ? 'no known witness cosigned' : `only ${names} cosigned`;
  throw refuse('quorum-unmet', `${seen}; fetch the proof again when the log has more cosignatures`);
}

/**
 * Examines the policy entry: logged before the statement, by this log, and naming the keys that the examiner trusts.
 */
export function examinePolicy(
  list: Checklist,
  evidence: Evidence,
  trust: Examiner,
  place: Place | undefined,
): Rules | undefined {
  const given = evidence.policy;
  if (given === undefined) {
    list.skip('policy', 'the registration policy entry was not given, so who may say this is not known here');
    return undefined;
  }
  return list.run('policy', () => {
    const found = openPolicy(given, trust, place?.log);
    const { policy, index } = found;
    // Entry 0 is its own policy. The log admitted any later policy under the one before it.
    const own = index === 0 && equalBytes(given.entry, evidence.entry);
    if (place !== undefined && index >= place.index && !own) {
      throw refuse(
        'policy-rejected',
        'the policy was logged after the statement; give the one in force before it',
      );
    }
    const { keys, open } = policy.document;
    const rules = { origin: policy.document.origin, inForce: own ? undefined : found };
    return [rules, `entry ${index} of the log, ${keys.length} keys enrolled${open ? ', open to all' : ''}`];
  });
}

/**
 * The later policy of the log that names the receipt's key, if the evidence contains one. `log`: name of the log, if
 * known.
 */
export function examineKeys(
  list: Checklist,
  { keys }: Evidence,
  trust: Examiner,
  log: string | undefined,
): Policy | undefined {
  if (keys === undefined) return undefined;
  return list.run('keys', () => {
    const { policy, index } = openPolicy(keys, trust, log);
    return [policy, `entry ${index} of the log names its receipt keys since then`];
  });
}

/** A policy entry of a log whose keys we trust, in its place: of that log which the entry is in, where it is known. */
function openPolicy(given: PolicyEvidence, trust: Examiner, log: string | undefined): InForce {
  const proof = parseTlogProof(given.proof);
  const { checkpoint } = openSigned(proof.checkpoint, trust, trust.verify).opened;
  verifyInclusion(proof.index, checkpoint.size, hashLeaf(given.entry), proof.path, checkpoint.root);
  const parsed = parseStatement(given.entry);
  if (parsed.kind !== 'policy') {
    throw refuse('malformed-payload', 'the policy entry is not a registration policy');
  }
  const { origin } = parsed.policy.document;
  const wanted = log ?? checkpoint.origin;
  if (origin !== checkpoint.origin || origin !== wanted) {
    throw refuse('proof-failed', `the policy entry is for the log ${origin}, not ${wanted}`);
  }
  const { entry } = given;
  return { policy: parsed.policy, index: proof.index, id: entryIdOf(entry), entry };
}
