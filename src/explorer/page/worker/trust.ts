/** The trust policy of a reader, as text that was pasted or dropped. */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { encodeUtf8, formatHex } from '../../../bytes/text.ts';
import { keyThumbprint } from '../../../cose/key.ts';
import type { Trust } from '../../../client/evidence.ts';
import { parseVkeys, trustKeys, trustPolicy } from '../../../client/trust.ts';
import { canonicalPolicy, policyFingerprint, spokenFingerprint } from '../../../note/trust-text.ts';
import { originHash } from '../../../note/checkpoint.ts';
import { originOf, policyAbout } from '../../../note/trust.ts';
import type { TrustShown, TrustText } from './protocol.ts';

/** A line of a tlog-policy begins with one of these. */
const POLICY_LINE = /^(?:log|witness|group|quorum)\s/m;

/** Reads a tlog-policy, or verifier keys. Refuses `malformed-trust-policy` and `malformed-key`. */
export function readTrust({ text }: Pick<TrustText, 'text'>): Trust {
  const bytes = encodeUtf8(text);
  return POLICY_LINE.test(text) ? trustPolicy(bytes) : trustKeys(parseVkeys(bytes, 'the text'));
}

export function trustShown({ policy, receiptKeys }: Trust, whose: TrustText['whose']): TrustShown {
  return {
    whose,
    text: canonicalPolicy(policy),
    fingerprint: spokenFingerprint(policyFingerprint(policy)),
    logs: [...new Set(policy.logs.map(originOf))],
    receiptKeys: receiptKeys.map((key) => formatHex(keyThumbprint(key))),
    witnesses: policy.witnesses.map(({ name, url }) => ({ name, url: url ?? null })),
    quorum: policy.quorum === 'none' ? 'none' : policy.quorum.name,
  };
}

/** What the base of a monitor's or a mirror's pages of one log ends in. */
const COPY = /\/logs\/([0-9a-f]{64})\/?$/;

/** Whether a log's URL is that of a monitor's or a mirror's copy. */
export function isCopy(log: string): boolean {
  return COPY.test(log);
}

/**
 * A reader's trust about one log alone: its policy may name several, and pages of one never show what another one signed. Refuses
 * `usage` if it names no key of this one, and `proof-failed` if the pages lie at the address of another.
 */
export function trustAbout(trust: Trust, origin: string, log: string): Trust {
  const hash = COPY.exec(log)?.[1];
  if (hash !== undefined && hash !== originHash(origin))
    throw refuse(
      'proof-failed',
      `these pages say that they are of the log ${printable(origin, 300)}, and their address is another log's`,
    );
  const policy = policyAbout(trust.policy, origin);
  if (policy.logs.length > 0) return { ...trust, policy };
  const known = [...new Set(trust.policy.logs.map(originOf))].map((name) => printable(name, 300)).join(', ');
  throw refuse(
    'usage',
    `the policy names no key of the log ${printable(origin, 300)}; it has keys of ${known}`,
  );
}
