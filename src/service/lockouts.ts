/** What the registration policy will lock everybody out by, for `/readyz`: read once a policy, asked at every look. */
import { policyOf } from '../log/recover.ts';
import { lockOutWarnings } from '../registration/successor.ts';

/** The warnings of a policy entry, now. */
export function lockOutsOf(entry: Uint8Array): () => readonly string[] {
  const policy = policyOf(entry);
  return () => lockOutWarnings(policy, entry.length, Math.floor(Date.now() / 1000));
}
