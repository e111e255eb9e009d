/**
 * `target` of a claims file: where the subject is found, and who must sign there. A locator is a text, or a text with its
 * identity written out. commit/pin.ts finds the identity of those that have none.
 *
 *     target:
 *       locators:
 *         - shop.example:443
 *         - at: db.example:5432
 *           identity:
 *             - spki: 9f86d081…                  # hex SHA-256 of the public key
 *             - { ca: "-----BEGIN CERTIFICATE-----…", host: db.example }
 *         - at: bastion.example:22
 *           identity: [{ ssh: "SHA256:…" }]      # as ssh-keygen -l prints it
 */
import { digest } from '../bytes/brand.ts';
import { Refusal } from '../bytes/refusal.ts';
import { parseBase64, parseHex } from '../bytes/text.ts';
import type { Declaration } from '../statement/commitment.ts';
import { withIdentities, type ResolvedIdentity } from '../statement/target.ts';
import { fault, Fields } from './fields.ts';

/** Refuses `malformed-payload`. */
export function targetOf(fields: Fields): NonNullable<Declaration['target']> {
  const owner = fields.text('owner');
  const identities = new Map<string, readonly ResolvedIdentity[]>();
  const locators = fields.list('locators').map((each, i) => {
    if (typeof each === 'string') return { at: each };
    const place = `${fields.at}.locators[${i}]`;
    const locator = new Fields(each, place);
    const at = locator.needed('at', locator.text('at'));
    const named = locator
      .list('identity')
      .map((one, j) => identityOf(new Fields(one, `${place}.identity[${j}]`)));
    locator.end();
    identities.set(at, named);
    return { at };
  });
  fields.end();
  const target = { ...(owner !== undefined && { owner }), ...(locators.length > 0 && { locators }) };
  return withIdentities(target, identities);
}

function identityOf(fields: Fields): ResolvedIdentity {
  const [spki, ssh, ca, host] = ['spki', 'ssh', 'ca', 'host'].map((name) => fields.text(name));
  fields.end();
  const said = [spki, ssh, ca].filter((each) => each !== undefined).length;
  if (said !== 1 || (host !== undefined) !== (ca !== undefined))
    throw fault(fields.at, 'is one of spki, ssh, and ca with its host');
  if (spki !== undefined) return { spki: digestOf(fields.at, spki, /^[0-9a-f]{64}$/, parseHex) };
  if (ssh !== undefined)
    return {
      ssh: digestOf(fields.at, ssh.replace(/^SHA256:/, ''), /^[A-Za-z0-9+/]{43}$/, (t) =>
        parseBase64(`${t}=`),
      ),
    };
  return { ca: derOf(ca ?? '', fields.at), host: host ?? '' };
}

function digestOf(at: string, text: string, form: RegExp, parse: (text: string) => Uint8Array) {
  if (!form.test(text))
    throw fault(at, 'takes 64 hexadecimal digits as spki, and as ssh what ssh-keygen -l prints: SHA256:…');
  return digest(parsed(at, () => parse(text)));
}

/** The one certificate in PEM (RFC 7468). */
function derOf(pem: string, at: string): Uint8Array {
  const [, body] =
    /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(pem) ?? [];
  if (body === undefined) throw fault(at, 'takes as ca one certificate in PEM');
  return parsed(at, () => parseBase64(body.replaceAll(/\s/g, '')));
}

function parsed(at: string, parse: () => Uint8Array): Uint8Array {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Refusal) throw fault(at, error.message);
    throw error;
  }
}
