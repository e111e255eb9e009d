/**
 * Writes a trust policy as a tlog-policy file, so that a mirror's directory states against which keys it was checked.
 */
import { formatVkey, type NoteVerifier } from '../note/key.ts';
import type { TrustPolicy, Voter } from '../note/trust.ts';

/** The text of a policy (C2SP tlog-policy), such that `parseTrustPolicy` reads the same policy again. */
export function formatTrustPolicy(policy: TrustPolicy): string {
  const lines = ['# Whom this mirror trusts (C2SP tlog-policy): hand it to whoever checks the copy.'];
  for (const { verifier, url, origin } of policy.logs) {
    // A tlog-policy cannot express it, so whoever checks the copy must state it.
    if (origin !== undefined)
      lines.push(
        `# This log calls itself otherwise than its key: ${JSON.stringify(origin)} is to be given as its origin`,
      );
    lines.push(['log', vkeyOf(verifier), url].join(' ').trim());
  }
  for (const { name, verifier, url } of policy.witnesses)
    lines.push(['witness', name, vkeyOf(verifier), url].join(' ').trim());
  for (const { name, threshold, members } of policy.groups)
    lines.push(['group', name, String(threshold), ...members.map((member) => member.name)].join(' '));
  lines.push(`quorum ${quorumName(policy.quorum)}`, '');
  return lines.join('\n');
}

function quorumName(quorum: Voter | 'none'): string {
  return quorum === 'none' ? 'none' : quorum.name;
}

/** A verifier as its vkey. */
export function vkeyOf({ name, type, key }: NoteVerifier): string {
  return formatVkey(name, type, key);
}
