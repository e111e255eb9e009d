/** The trust policy of a reader, as text that was pasted or dropped. */
import { encodeUtf8 } from '../../../bytes/text.ts';
import type { Trust } from '../../../client/evidence.ts';
import { parseVkeys, trustKeys, trustPolicy } from '../../../client/trust.ts';
import { canonicalPolicy, policyFingerprint, spokenFingerprint } from '../../../note/trust-text.ts';
import { originOf } from '../../../note/trust.ts';
import type { TrustShown, TrustText } from './protocol.ts';

/** A line of a tlog-policy begins with one of these. */
const POLICY_LINE = /^(?:log|witness|group|quorum)\s/m;

/** Reads a tlog-policy, or verifier keys. Refuses `malformed-trust-policy` and `malformed-key`. */
export function readTrust({ text }: Pick<TrustText, 'text'>): Trust {
  const bytes = encodeUtf8(text);
  return POLICY_LINE.test(text) ? trustPolicy(bytes) : trustKeys(parseVkeys(bytes, 'the text'));
}

export function trustShown(trust: Trust, whose: TrustText['whose']): TrustShown {
  const { policy } = trust;
  return {
    whose,
    text: canonicalPolicy(policy),
    fingerprint: spokenFingerprint(policyFingerprint(policy)),
    logs: [...new Set(policy.logs.map(originOf))],
    witnesses: policy.witnesses.map(({ name, url }) => ({ name, url: url ?? null })),
    quorum: policy.quorum === 'none' ? 'none' : policy.quorum.name,
  };
}
