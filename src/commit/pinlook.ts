/** Connects to a locator once, as an agent would, to find out who signs there now. Only the identity is logged. */
import { randomBytes } from 'node:crypto';
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { ClaimGroup } from '../probe/groups.ts';
import { parametersOf } from '../probe/parameters.ts';
import { CHALLENGE_LENGTH } from '../evidence/challenge.ts';
import { HOST_KEY_ALGORITHMS } from '../evidence/ssh-key.ts';
import { isTranscript } from '../evidence/transcript.ts';
import { verifyTranscript, type Verified } from '../evidence/verify.ts';
import type { Parameter } from '../statement/commitment.ts';
import type { Sight } from '../probe/description.ts';
import { describeProbe } from '../probe/registry.ts';
import { findProbe } from '../probe/runners.ts';

/**
 * How to observe the target of a run; undefined if no target signs, or if only its collector knows which target it is.
 */
export function sightOf({ probe, params }: ClaimGroup): Sight | undefined {
  return describeProbe(probe)?.sight?.(params);
}

/** What the target signed: at least one transcript. Refuses `unavailable`. */
export async function lookAt(at: string, sight: Sight, now: () => number): Promise<readonly Verified[]> {
  const first = await runOnce(at, sight, now);
  const found = [...first.verified];
  for (const algorithm of first.others) {
    const params = new Map<string, Parameter>([['hostkeys', [algorithm]]]);
    found.push(...(await runOnce(at, { ...sight, params }, now)).verified);
  }
  if (found.length > 0) return found;
  throw refuse(
    'unavailable',
    `nothing that ${printable(at, 200)} answers is signed in a way that is read here: its identity cannot be named`,
  );
}

interface LookResult {
  readonly verified: readonly Verified[];
  /** SSH: algorithms of its other host keys. */
  readonly others: readonly string[];
}

async function runOnce(at: string, { probe: name, params }: Sight, now: () => number): Promise<LookResult> {
  const probe = await findProbe(name);
  if (probe === undefined) throw new Error(`there is a probe ${name}`);
  const challenge = Uint8Array.from(randomBytes(CHALLENGE_LENGTH));
  try {
    const { attachments } = await probe.run({
      target: at,
      params: parametersOf(probe, params),
      challenge,
      secret: () => Promise.resolve(undefined),
      spent: () => undefined,
      signal: AbortSignal.timeout(probe.timeoutMs),
      now,
    });
    const transcripts = attachments.filter(({ mediaType }) => isTranscript(mediaType));
    const verified = await Promise.all(transcripts.map(({ data }) => verifyTranscript(data, challenge)));
    return { verified, others: params.has('hostkeys') ? [] : verified.flatMap(otherKeys) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse('unavailable', `${printable(at, 200)} cannot be looked at: ${error.message}`, {
      cause: error,
    });
  }
}

/** One algorithm for each other type of host key that an SSH server offers. */
function otherKeys(verified: Verified): readonly string[] {
  if (verified.protocol !== 'ssh') return [];
  const others = new Map<string, string>();
  for (const [algorithm, { keyType }] of HOST_KEY_ALGORITHMS)
    if (keyType !== verified.keyType && verified.offer.hostKeys.includes(algorithm) && !others.has(keyType))
      others.set(keyType, algorithm);
  return [...others.values()];
}
