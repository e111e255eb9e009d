/** JSON text of a tree that was read by json.ts: numbers keep their text. */
import type { JsonValue } from './json.ts';

export function jsonOf(value: JsonValue): string {
  if (value instanceof Map)
    return `{${Array.from(value, ([name, each]) => `${JSON.stringify(name)}:${jsonOf(each)}`).join(',')}}`;
  if (Array.isArray(value)) return `[${value.map((each: JsonValue) => jsonOf(each)).join(',')}]`;
  return typeof value === 'object' && value !== null && 'number' in value
    ? value.number
    : JSON.stringify(value);
}
