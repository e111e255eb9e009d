/** JSON and CSV in the one spelling that a bundle has them in (spec/bundle.md, "Its JSON and CSV"). */
import { formatCsv } from '../../bytes/csv.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { equalBytes } from '../../bytes/compare.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { fromJson } from '../../declare/fromjson.ts';
import type { Schema } from '../../statement/schema.ts';

/** What JSON of ours holds: members in the order in which they are written. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Indented by two spaces, with a line feed at its end. */
export function jsonFile(value: Json): Uint8Array<ArrayBuffer> {
  return encodeUtf8(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Lines of fields, the names of the columns first. */
export function csvFile(lines: readonly (readonly (string | number)[])[]): Uint8Array<ArrayBuffer> {
  return encodeUtf8(formatCsv(lines));
}

/** A schema for a value or null. */
export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return {
    parse: (value, at) => (value === null ? null : schema.parse(value, at)),
    encode: (value) => (value === null ? null : schema.encode(value)),
  };
}

/**
 * Reads a JSON file of a bundle. Refuses `malformed-bundle`, naming the file, for what the schema refuses, and for another
 * spelling than `write` gives.
 */
export function readJsonFile<T>(
  name: string,
  bytes: Uint8Array,
  schema: Schema<T>,
  write: (value: T) => Uint8Array,
): T {
  const value = reading(name, () => schema.parse(fromJson(bytes), ''));
  if (equalBytes(write(value), bytes)) return value;
  throw badFile(name, 'it is not in the one spelling that such a file has');
}

/** Refusals that say what to do themselves: which program reads the bundle. */
const VERSIONS: ReadonlySet<string> = new Set(['newer-version', 'older-version']);

/** Runs a reader of a file; its refusal becomes `malformed-bundle`, naming the file. */
export function reading<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal) || VERSIONS.has(error.code)) throw error;
    throw refuse('malformed-bundle', `${name}: ${error.message}`, { cause: error });
  }
}

/** The refusal of one file of a bundle. */
export function badFile(name: string, what: string): Refusal {
  return refuse('malformed-bundle', `${name}: ${what}; ask for the bundle again`);
}
