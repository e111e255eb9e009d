/**
 * The description of the probe `self@1`, which reports what the agent that runs it may do. The agent makes the probe from its
 * own profile (agent/self.ts).
 */
import { scalars, type Shape } from '../../claim/shape.ts';
import type { ProbeDescription } from '../description.ts';

/** A profile (agent/profile.ts) and its digest. */
const SHAPE: Shape = {
  members: {
    ...scalars('digest', 'profile', 'node', 'uid', 'gid', 'confined', 'directory', 'key'),
    flags: { list: 'scalar' },
    may: { map: 'scalar' },
    targets: { list: { map: 'any' } },
  },
};

export const SELF: ProbeDescription = {
  name: 'self@1',
  summary: 'what this agent itself may do: user, permissions, targets',
  target: { is: 'self', fits: (target) => target === 'self' },
  parameters: {
    digest: {
      type: 'text',
      help: 'digest of the profile that was committed to, for the expression: p.digest',
    },
  },
  observes: () => SHAPE,
  evidence: 'E1: the agent says this about itself, by what its system answers.',
  blastRadius: 'none: nothing is contacted',
  timeoutMs: 1_000,
  grants: [],
};
