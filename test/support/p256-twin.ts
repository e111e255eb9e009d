/** The other spelling of an ECDSA signature. */
import { decodeSign1 } from '#src/cose/sign1.ts';
import { TRANSPARENT_LIMITS } from '#src/cose/transparent.ts';
import { twinOf } from '#src/cose/twin.ts';

/** The twin of a statement's entry. What has none is a fault of the test. */
export function twin(statement: Uint8Array): Uint8Array {
  const found = twinOf(decodeSign1(statement, TRANSPARENT_LIMITS));
  if (found === undefined) throw new Error('no twin');
  return found.entry;
}
