/** Proofs that this program made. */
import { formatDay } from '../../bytes/time.ts';
import { parseStatement } from '../../statement/parse.ts';
import type { RuntimeProof } from '../../statement/proof.ts';

/** The proof in a statement that this program made. */
export function proofIn(statement: Uint8Array): RuntimeProof {
  const parsed = parseStatement(statement);
  if (parsed.kind !== 'proof') throw new Error('a proof of our own is a proof');
  return parsed.proof;
}

/** `2027-01-31`. */
export function day(time: number): string {
  return formatDay(time);
}
