/**
 * Warnings for `/readyz` about conditions under which no admin could change the registration policy any more. Read once
 * for each policy, evaluated at each request.
 */
import { policyOf } from '../log/recover.ts';
import { lockOutWarnings } from '../registration/successor.ts';

/** The warnings of a policy entry, now. */
export function lockOutsOf(entry: Uint8Array): () => readonly string[] {
  const policy = policyOf(entry);
  return () => lockOutWarnings(policy, entry.length, Math.floor(Date.now() / 1000));
}
