/**
 * Secrets nobody marked. Everything in a declaration is salted, so no secret is logged; but whoever opens a leaf
 * later shows its value, and the owner's file holds it. So what looks like a secret is refused until somebody says
 * that it is one (then it is never shown) or that it is none.

 */
import type { DeclaredLeaf } from './leaf.ts';

/** Forms that only secrets have. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/, 'a private key'],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/, 'an AWS access key id'],
  [/\bgh[pousr]_[A-Za-z0-9]{36,}\b/, 'a GitHub token'],
  [/\bxox[abprs]-[A-Za-z0-9-]{10,}\b/, 'a Slack token'],
  [/\bsk_(?:live|test)_[A-Za-z0-9]{16,}\b/, 'a Stripe key'],
  [/\bAIza[0-9A-Za-z_-]{35}\b/, 'a Google API key'],
  [/\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\b/, 'a JSON Web Token'],
  [/[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:[^\s/@]+@/i, 'a URL with a password in it'],
];

/** Names of what is secret; the last step of a path, or the one before in `secrets/0`. */
const NAMES =
  /(?:^|[^a-z])(?:pass(?:word|wd|phrase)?|secret|token|api_?key|access_?key|private_?key|credential)s?$/i;
/** Such names that are none: they say how secrets are handled. */
const HARMLESS = /(?:_|-|\b)(?:arn|id|name|path|file|length|policy|rotation|ttl|type|version|enabled)$/i;

/** Leaves that look like secrets and are not marked sensitive, with why. `known`: paths somebody spoke for. */
export function unmarkedSecrets(
  leaves: readonly DeclaredLeaf[],
  known: ReadonlySet<string>,
): readonly { readonly path: string; readonly why: string }[] {
  return leaves.flatMap(({ path, text, sensitive }) => {
    const why = sensitive || text === undefined || known.has(path) ? undefined : looksSecret(path, text);
    return why === undefined ? [] : [{ path, why }];
  });
}

/** Why a text looks like a secret; undefined when it does not. */
export function looksSecret(path: string, value: string): string | undefined {
  const form = FORMS.find(([pattern]) => pattern.test(value));
  if (form !== undefined) return form[1];
  const name = path.split('/').findLast((step) => !/^[0-9]*$/.test(step)) ?? '';
  const spaced = name.replaceAll(/([a-z])([A-Z])/g, '$1_$2');
  if (value.length >= 6 && NAMES.test(spaced) && !HARMLESS.test(spaced)) return `the value of "${name}"`;
  return isRandom(value) ? 'a random text' : undefined;
}

/**
 * Whether a text is one long word of more than 4.3 bits a character that mixes letters of both cases and digits, as
 * tokens do. Digests, identifiers and paths have less of one or another.
 */
function isRandom(value: string): boolean {
  if (!/^[A-Za-z0-9+/_=-]{24,512}$/.test(value) || /^[0-9a-f-]+$/i.test(value)) return false;
  if (!/[a-z]/.test(value) || !/[A-Z]/.test(value) || !/[0-9]/.test(value) || value.includes('/'))
    return false;
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits > 4.3;
}
