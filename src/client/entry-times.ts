/** What is known of an entry besides what it says: when it was logged, by whose key, and whether that was revoked. */
import { answerable, endedSince, type Speaker } from '../registration/delegated.ts';
import type { Bounds } from '../appraisal/past/types.ts';
import { parseStatement } from '../statement/parse.ts';
import type { LogClient } from './client.ts';
import type { FoundEntry } from './find-entry.ts';
import { boundsAt } from './moment-of.ts';

/** When an entry was logged: the log's word, and what witnesses show. */
export interface EntryTimes {
  readonly word: number | undefined;
  readonly bounds: Bounds;
  readonly revocation: Revocation;
}

/** Whether the signer's key was revoked later. */
export interface Revocation {
  /** Whether the policies of the log up to its newest one were read. */
  readonly isKnown: boolean;
  /** The first entry by the key that they do not believe. */
  readonly since: number | undefined;
}

/** When the entry was logged, and whether its key was revoked later. A server that has only tiles states no times, and lists no policies. */
export async function entryTimes(
  client: LogClient,
  { receipt, entry: { index } }: FoundEntry,
  said: Speaker,
): Promise<EntryTimes> {
  if (receipt === undefined)
    return {
      word: undefined,
      bounds: { notBefore: undefined, notAfter: undefined },
      revocation: { isKnown: false, since: undefined },
    };
  const snapshot = await client.snapshot();
  return {
    word: await snapshot.loggedAt(index),
    bounds: await boundsAt(snapshot, index),
    revocation: {
      isKnown: true,
      since: endedSince(said, (kid) => snapshot.policies.revokedSince(kid)),
    },
  };
}

/** The name that the policy before the entry gives the signer's key, or the key that delegated to it; undefined if it is not at hand. */
export function signerName({ evidence }: FoundEntry, said: Speaker): string | undefined {
  const policy = evidence.policy && parseStatement(evidence.policy.entry);
  return policy?.kind === 'policy' ? policy.policy.keys.get(answerable(said))?.enrolled.name : undefined;
}
