/** Looks of real probes at real servers, put into a story whose clock is simulated: what is signed is signed by the target. */
import { assembleProof } from '#src/claim/assemble.ts';
import { boundToTarget } from '#src/agent/bound.ts';
import type { Digest } from '#src/bytes/brand.ts';
import { challengeOf } from '#src/evidence/challenge.ts';
import { aimOf } from '#src/evidence/identity.ts';
import { groupClaims } from '#src/probe/groups.ts';
import { parametersOf } from '#src/probe/parameters.ts';
import type { Probe } from '#src/probe/probe.ts';
import type { Signer } from '#src/sign/signer.ts';
import type { Declaration } from '#src/statement/commitment.ts';
import { hashOf, ORIGIN, type PastStory } from './past-story.ts';
import { runShaped } from './shaped.ts';

/** One look at what listens on a port, as the commitment's only locator. */
export async function realLook(
  story: PastStory,
  commitment: Digest,
  probe: Probe,
  port: number,
  by?: Signer,
): Promise<Digest> {
  const parsed = story.said[story.indexOf(commitment)]?.parsed;
  if (parsed?.kind !== 'commitment' || !('claims' in parsed.commitment))
    throw new Error('there is no such commitment');
  const declaration: Declaration = parsed.commitment;
  const size = story.entries.length;
  const nonce = hashOf(`nonce ${size}`).subarray(0, 16);
  const root = story.root(size);
  const challenge = challengeOf(root, commitment, nonce);
  const runs = [];
  for (const { claims, params } of groupClaims(declaration.claims, declaration)) {
    const [claim] = claims;
    if (claim === undefined) throw new Error('a group has a claim');
    const seen = await runShaped(probe, {
      target: `localhost:${port}`,
      params: parametersOf(probe, params),
      challenge,
      secret: () => Promise.resolve(undefined),
      spent: () => undefined,
      signal: AbortSignal.timeout(60_000),
      now: () => story.now * 1000,
    });
    const aim = aimOf(claim, declaration, story.subject);
    runs.push({ claims, seen: await boundToTarget(seen, { probe: claim.probe, aim, challenge }, story.now) });
  }
  const frame = {
    commitment,
    agent: { name: 'agent', version: '1' },
    seq: 0,
    challenge: { origin: ORIGIN, size, root, nonce },
    window: { start: story.now, end: story.now },
    cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
    nextDue: story.now + 86_400,
  };
  const { seq: _, ...change } = assembleProof(
    frame,
    runs,
    { leaves: 1, excluded: 0 },
    hashOf(`salt ${size}`),
  ).proof;
  return story.prove(commitment, {}, { change, ...(by !== undefined && { by }) });
}
