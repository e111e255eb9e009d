/** The issuer under which a key signs statements. */
import { formatBase64Url, formatHex, parseHex } from '../bytes/text.ts';
import { keyThumbprint } from '../cose/key.ts';
import type { PublicKey } from '../sign/algorithm.ts';
import type { Policy } from '../statement/policy.ts';

/** The issuer that the policy assigns to a key; if it assigns none, the thumbprint URI of the key (RFC 9679 §6). */
export function issuerOf(policy: Policy | undefined, key: PublicKey): string {
  const kid = formatHex(keyThumbprint(key));
  return policy?.keys.get(kid)?.enrolled.issuer ?? thumbprintUri(kid);
}

/** The URI that names a key by its thumbprint, lower-case hex (RFC 9679 §6). */
export function thumbprintUri(kid: string): string {
  return `urn:ietf:params:oauth:ckt:sha-256:${formatBase64Url(parseHex(kid))}`;
}
