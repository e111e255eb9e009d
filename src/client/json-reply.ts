/** JSON that a log or a monitor answers with. Nobody signs it: what it says is asked for member by member, and the rest is left. */
import { decodeUtf8 } from '../bytes/text.ts';

/** The value of a JSON text; undefined for what is no JSON in UTF-8. */
export function jsonIn(body: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(body));
  } catch {
    return undefined;
  }
}

/** A member of an object; undefined where it is not there, or the value is no object. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
