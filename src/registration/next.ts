/**
 * Two forms of a policy. People read and edit the whole state of the log's policy: it includes every revocation so far
 * and names no predecessor. The next policy entry contains what changes: it names its predecessor, and only new
 * revocations.
 */
import { digest } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { parseHex, formatHex } from '../bytes/text.ts';
import type { Policy, PolicyDocument, RevokedKey } from '../statement/policy.ts';
import type { InForce } from './rules.ts';

/** The policy in force as one whole document, with every revocation so far. */
export function wholeDocument({ document, revoked }: Policy): PolicyDocument {
  const { replaces: _replaces, revoked: _listed, ...rest } = document;
  return revoked.size === 0 ? rest : { ...rest, revoked: [...revoked.values()] };
}

/**
 * The document of the entry that turns the policy in force into `wanted`, a whole document. Refuses `policy-rejected`
 * if `wanted` omits a revocation: revocations cannot be undone.
 */
export function nextDocument({ policy, id }: InForce, wanted: PolicyDocument): PolicyDocument {
  const { revoked = [], ...rest } = wanted;
  const named = new Set(revoked.map(({ kid }) => formatHex(kid)));
  for (const kid of policy.revoked.keys()) {
    if (!named.has(kid))
      throw refuse('policy-rejected', `key ${kid} stays revoked, whatever a policy says; list it again`);
  }
  const fresh = revoked.filter((each) => !isSame(policy.revoked.get(formatHex(each.kid)), each));
  return {
    ...rest,
    replaces: digest(parseHex(id)),
    ...(fresh.length > 0 && { revoked: fresh }),
  };
}

function isSame(earlier: RevokedKey | undefined, { since, reason }: RevokedKey): boolean {
  return earlier?.since === since && earlier.reason === reason;
}
