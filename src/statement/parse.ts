/**
 * Reading a statement: its headers and its payload, strictly, as the log indexes them (spec/statements.md §1).
 * Signatures and admission are checked elsewhere (registration/admit.ts).
 */
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import type { ReadHeaders } from '../cose/sign1.ts';
import { decodeStatement, entryBytes, type SignedStatement } from '../cose/statement.ts';
import { TRANSPARENT_LIMITS } from '../cose/transparent.ts';
import { readAudience, readIssued } from './claims.ts';
import { kindOf } from './kinds.ts';
import { parsePayload, type Payload } from './payload.ts';
import { utf8Length } from './schema.ts';

/** A statement as read: everything admission looks at. */
export type ParsedStatement = Payload &
  StatementHeaders & {
    /** When it was issued (`iat`), POSIX seconds, as its issuer says: only for kinds that may be repeated (claims.ts). */
    readonly issued: number | undefined;
  };

/** What a statement's headers say, whatever its payload is. */
export interface StatementHeaders {
  readonly statement: SignedStatement;
  /** The bytes that are logged: without what stood in the unprotected header. */
  readonly entry: Uint8Array;
  readonly subject: string;
  readonly issuer: string;
  /** Thumbprint of the signing key (RFC 9679 SHA-256), lower-case hex: as claimed by the header. */
  readonly kid: string;
  /** The logs that it names (`aud`); undefined when it names none. */
  readonly audience: readonly string[] | undefined;
}

/** Longest subject in UTF-8 bytes: patterns, searches and chains stay cheap. */
const MAX_SUBJECT_BYTES = 1024;
const CONTROL = /\p{Cc}/u;

/** Refuses `malformed-statement` for a subject that the log cannot index; `what` names the field to its reader. */
export function assertSubject(subject: string, what: string): void {
  if (subject !== '' && utf8Length(subject) <= MAX_SUBJECT_BYTES && !CONTROL.test(subject)) return;
  const form = `1 to ${MAX_SUBJECT_BYTES} bytes without control characters`;
  throw refuse('malformed-statement', `${what} must be ${form}; shorten or rename it`);
}

/**
 * Reads a statement. Refuses what `decodeStatement` refuses; `malformed-payload` naming the field;
 * `malformed-statement` for a subject, issuer, kid or content type that the log cannot index, for an audience of
 * another form, and for a kind that needs its time of issue without one.
 */
export function parseStatement(bytes: Uint8Array, readHeaders?: ReadHeaders): ParsedStatement {
  const headers = parseHeaders(bytes, readHeaders);
  const { statement } = headers;
  const payload = parsePayload(kindOf(statement.contentType), statement.payload);
  return { ...payload, ...headers, issued: readIssued(statement.claims, payload.kind) };
}

/** Reads a statement without its payload. Refuses as `parseStatement` does. */
export function parseHeaders(bytes: Uint8Array, readHeaders?: ReadHeaders): StatementHeaders {
  const statement = decodeStatement(bytes, TRANSPARENT_LIMITS, readHeaders); // receipts may be attached; they are not logged
  const { subject, issuer, kid } = statement;
  if (kid.length !== 32) {
    throw refuse(
      'malformed-statement',
      'kid (4) must be the SHA-256 thumbprint of the signing key (RFC 9679)',
    );
  }
  assertSubject(subject, 'the subject (sub)');
  if (CONTROL.test(issuer))
    throw refuse('malformed-statement', 'the issuer (iss) must not have control characters');
  const audience = readAudience(statement.claims);
  return { statement, entry: entryBytes(statement.sign1), subject, issuer, kid: formatHex(kid), audience };
}
