/**
 * Decides which text of a target may leave the agent, into an entry, a message or a log line. Every probe uses this rule.
 * Text leaves only if its form holds no secret: a word of a closed list, the name of a thing, an error code. All other text is
 * withheld. Numbers and booleans leave as they are. Sentences of a target (error messages, banners, reasons) never leave: the
 * probe says in its own words what they mean.
 */

/** Stands in place of a withheld name in a list or map. No name is equal to it. */
export const WITHHELD = '(withheld)';

/**
 * A name: of a role, database, table, file, cookie, header. Letters, digits, spaces and . _ - $ @ + / ~ " ( ) [ ] , *, at most
 * `max` characters. Text with = : ; ' \ or a control character is no name, since connection strings, headers and commands have
 * these. If a secret is used as the name of a thing, this rule does not withhold it (spec/probes.md).
 */
export function nameOf(text: string | null | undefined, max = 128): string | undefined {
  if (text === null || text === undefined || text.length > max) return undefined;
  return /^[\p{L}\p{M}\p{N} ._$@+/~"()[\],*-]+$/u.test(text) ? text : undefined;
}

/** The name, or `WITHHELD` if it may not leave. */
export function nameOrWithheld(text: string | null | undefined, max?: number): string {
  return nameOf(text, max) ?? WITHHELD;
}

/**
 * Codes, ids, times and actions: letters, digits and . : _ + * -, and one space between the two halves of an event's name. Any
 * other text becomes `WITHHELD`.
 */
export function codeText(text: string, max = 64): string {
  return text.length <= max && /^[A-Za-z0-9.:_+*-]*(?: [A-Za-z0-9]+)?$/.test(text) ? text : WITHHELD;
}

/** A word of a closed list of this program; undefined for any other text. */
export function wordOf<T extends string>(
  text: string | null | undefined,
  words: readonly T[],
): T | undefined {
  return words.find((each) => each === text);
}

/**
 * The cause of a failed connection, as the code that Node or its system gives (`ECONNREFUSED`, `CERT_HAS_EXPIRED`,
 * `HPE_INVALID_CONSTANT`). Messages may quote the other side, so they are never used.
 */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' &&
    /^(?:E[A-Z0-9]|ERR_|HPE_|CERT_|UNABLE_|DEPTH_|SELF_|HOSTNAME_|ABORT_)[A-Z0-9_]{0,60}$/.test(code)
    ? code
    : 'an error without a code';
}
