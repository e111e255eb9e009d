/** Reads members of untrusted JSON by path and type. Without such a member of the type the result is undefined, or an empty list. */

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function fieldsAt(from: Fields, ...path: readonly string[]): Fields | undefined {
  const value = at(from, path);
  return isFields(value) ? value : undefined;
}

export function textAt(from: Fields, ...path: readonly string[]): string | undefined {
  const value = at(from, path);
  return typeof value === 'string' ? value : undefined;
}

export function listAt(from: Fields, ...path: readonly string[]): readonly unknown[] {
  const value = at(from, path);
  return Array.isArray(value) ? value : [];
}

function at(from: Fields, path: readonly string[]): unknown {
  let value: unknown = from;
  for (const name of path) value = isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}
