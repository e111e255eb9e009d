/**
 * Who must have signed an artefact: the identity and the issuer in the certificate of a Sigstore signature. A root alone says
 * nothing, since anybody with an account gets a certificate below it.
 *
 *     identity: https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main     exact
 *     identity: https://github.com/acme/shop/.github/workflows/*@refs/tags/*                   a pattern that names the repository
 *     issuer:   https://token.actions.githubusercontent.com                                    exact, always
 *
 * `*` stands for one or more characters. It stands for no `@`, except at the end: the branch `x@refs/tags/v1` would otherwise pass for a tag.
 */
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';

export interface SignerPin {
  readonly identity: string;
  readonly issuer: string;
}

const VISIBLE = /^[\x21-\x7e]{1,512}$/;
/** What stands before the first `*`: the repository, and that it has ended (GitHub's folder of workflows; GitLab's `//`). */
const NAMES_REPOSITORY =
  /^https:\/\/[^/*@]+\/(?:[^/*@]+\/[^/*@]+\/\.github\/workflows\/|(?:[^/*@]+\/){1,20}[^/*@]+\/\/)/;

/** Refuses `config-invalid` for an issuer that is no URL, and for a pattern that leaves the repository open. */
export function assertSignerPin({ identity, issuer }: SignerPin): void {
  if (!VISIBLE.test(issuer) || !/^https:\/\/[^*]+$/.test(issuer))
    throw refuse(
      'config-invalid',
      `the issuer ${printable(issuer, 100)} is no address of one issuer; give it in full, such as https://token.actions.githubusercontent.com`,
    );
  if (!VISIBLE.test(identity))
    throw refuse(
      'config-invalid',
      `the identity ${printable(identity, 100)} has a blank, or characters that no identity has`,
    );
  if (identity.includes('*') && !NAMES_REPOSITORY.test(identity))
    throw refuse(
      'config-invalid',
      `the pattern ${printable(identity, 100)} names no repository, so strangers' signatures would fit it; before the first * write ` +
        'https://HOST/OWNER/REPOSITORY/.github/workflows/ (GitHub) or https://HOST/GROUP/PROJECT// (GitLab), or give the identity in full',
    );
}

/** Whether a certificate's identity and issuer are the pinned ones. The pin is one that `assertSignerPin` let pass. */
export function isPinned(pin: SignerPin, identity: string, issuer: string): boolean {
  if (issuer !== pin.issuer) return false;
  const parts = pin.identity.split('*');
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return identity === first;
  if (!identity.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const next = identity.indexOf(part, at + 1);
    if (part === '' || next < 0 || identity.slice(at, next).includes('@')) return false;
    at = next + part.length;
  }
  const left = identity.slice(at);
  if (last === '') return left !== '';
  return left.length > last.length && left.endsWith(last) && !left.slice(0, -last.length).includes('@');
}
