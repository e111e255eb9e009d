/**
 * The CWT claims of Tallystick's own kinds besides issuer and subject (RFC 8392; spec/statements.md §1): the log that a
 * statement is meant for and, for kinds that may be repeated on purpose, the time of issue.
 */
import { isCborArray, type CborMap } from '../bytes/cbor.ts';
import { refuse } from '../bytes/refusal.ts';
import { CLAIM } from '../cose/labels.ts';
import type { StatementKind } from './kinds.ts';
import { MAX_TIME } from './vocabulary.ts';

/**
 * Kinds whose statements have a time of issue (`iat`). Somebody may waive a claim, end the waiver, and waive it again.
 * Without a time, both statements would be the same bytes, and the log would have the second already.
 */
const SAID_AGAIN: ReadonlySet<StatementKind> = new Set(['approval', 'waiver', 'deployment']);

/** Whether statements of a kind must carry `iat`. */
export function isSaidAgain(kind: StatementKind): boolean {
  return SAID_AGAIN.has(kind);
}

/** The logs that a statement names (`aud`: a text or texts, RFC 8392 §3.1.3), if any. Refuses `malformed-statement`. */
export function readAudience(claims: CborMap): readonly string[] | undefined {
  const given = claims.get(CLAIM.aud);
  if (given === undefined) return undefined;
  const names = isCborArray(given) ? given : [given];
  const texts = names.filter((name) => typeof name === 'string');
  if (texts.length === names.length && texts.length > 0) return texts;
  throw refuse(
    'malformed-statement',
    'the audience (aud, 3) is the name of a log, or an array of such names',
  );
}

/** When a statement was issued, POSIX seconds. Refuses `malformed-statement` if its kind needs a time and it has none. */
export function readIssued(claims: CborMap, kind: StatementKind): number | undefined {
  const given = claims.get(CLAIM.iat);
  if (kind === 'other' || (given === undefined && !isSaidAgain(kind))) return undefined;
  if (typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= MAX_TIME) return given;
  throw refuse(
    'malformed-statement',
    `a statement of kind ${kind} says when it was issued (iat, 6), in whole POSIX seconds; set it to now`,
  );
}
