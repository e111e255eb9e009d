/** Who a key speaks as. */
import { formatBase64Url, formatHex } from '../bytes/text.ts';
import { keyThumbprint } from '../cose/key.ts';
import type { PublicKey } from '../sign/algorithm.ts';
import type { Policy } from '../statement/policy.ts';

/** The issuer that the policy enrols a key as, else the key itself (RFC 9679 §6, a thumbprint URI). */
export function issuerOf(policy: Policy | undefined, key: PublicKey): string {
  const kid = keyThumbprint(key);
  const enrolled = policy?.keys.get(formatHex(kid))?.enrolled;
  return enrolled?.issuer ?? `urn:ietf:params:oauth:ckt:sha-256:${formatBase64Url(kid)}`;
}
