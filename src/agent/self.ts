/**
 * The probe `self@1`: the permissions of this agent, as the system reports them. If an agent has more permissions than
 * were committed, its own proofs show it. An agent that lies about itself can be found only by other agents (class E1).
 */
import type { History } from '../appraisal/history.ts';
import type { ValueMap } from '../claim/value.ts';
import type { Probe } from '../probe/probe.ts';
import { SELF } from '../probe/self/describe.ts';

export const SELF_PROBE = SELF.name;
/** The only target of the probe; it need not be enrolled. */
export const SELF_TARGET = 'self';

/** Whether a commitment declares an agent's permissions and nothing else. */
export function isOwnProfile(declared: History['inForce']): boolean {
  const claims = declared?.declaration.claims ?? [];
  return claims.length > 0 && claims.every(({ probe }) => probe === SELF_PROBE);
}

/** `profile`: what `tallystick agent profile` prints; `digest`: hex SHA-256 of that text. */
export function makeSelfProbe(profile: ValueMap, digest: string): Probe {
  return {
    ...SELF,
    run: async () => ({
      value: { ...profile, digest },
      grades: [],
      attachments: [],
      contradictions: [],
      population: { source: 'the process of the agent', total: 1, sampled: 1, method: 'all' },
      bytes: 0,
    }),
  };
}

/** Claims for a commitment to a profile, as a claims file. */
export function selfClaims(digest: string): string {
  return `claims:
  - id: profile
    title: the agent has the permissions that were committed to
    probe: self@1
    expr: o.self.digest == p.digest
    params: { target: ${SELF_TARGET}, digest: "${digest}" }
    minEvidence: E1
    cadence: 1h
    severity: critical
  - id: least-privilege
    title: the agent is confined, and not root
    probe: self@1
    expr: o.self.confined && o.self.uid != 0 && !o.self.may.readAnything && !o.self.may.writeAnything
    params: { target: ${SELF_TARGET} }
    minEvidence: E1
    cadence: 1h
    severity: high
`;
}
