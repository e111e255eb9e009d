/** Decodes texts that are base64 of readable text: `data` of a Secret or a ConfigMap, `auth` of docker. */
import { Refusal } from '../bytes/refusal.ts';
import { decodeUtf8, parseBase64 } from '../bytes/text.ts';

/** A longer text is not joined. */
const MAX_JOINED = 1_048_576;
const SHORTEST = 8;

/** The readable text that a text is the base64 of, in either alphabet, padded or not (RFC 4648 §4, §5); else undefined. */
export function textOfBase64(value: string): string | undefined {
  // `base64` and PEM break their lines.
  const joined = value.length < MAX_JOINED ? value.replaceAll(/[\r\n]+[ \t]*/g, '') : value;
  if (joined.length < SHORTEST || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(joined)) return undefined;
  const digits = joined.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/');
  if (digits.length % 4 === 1) return undefined;
  try {
    const text = decodeUtf8(parseBase64(digits.padEnd(Math.ceil(digits.length / 4) * 4, '=')));
    return /^[\P{C}\s]+$/u.test(text) ? text : undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}

/** Whether a text is the base64 of a user and a password (RFC 7617; `auth` of docker, `_auth` of npm). */
export function isBasic(text: string): boolean {
  const [, password] = /^[^\s:]{1,255}:([^\s:]{5,255})$/.exec(textOfBase64(text) ?? '') ?? [];
  return password !== undefined;
}
