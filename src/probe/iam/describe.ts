/** The description of the probe `iam@1`. */
import { DEFAULT_HOURS, DEFAULT_LAG } from '../../evidence/trail-facts.ts';
import { IAM_FACTS } from './signed.ts';
import type { ParameterSpec, ProbeDescription } from '../description.ts';
import { FOLDER, TRAIL_GRANTS } from './grants.ts';
import { IAM_PACKS } from './pack.ts';
import { scalars, type Shape } from '../../claim/shape.ts';

const IAM_SHAPE: Shape = {
  members: {
    ...scalars('attributed', 'classified'),
    principals: { list: 'scalar' },
    evaluator: { map: 'scalar' },
    chain: {
      members: {
        ...scalars('complete', 'whole', 'unbroken', 'from', 'to', 'digests', 'logFiles', 'faultCount'),
        regions: { list: 'scalar' },
        keys: { list: 'scalar' },
        faults: { list: 'scalar' },
      },
    },
    counts: { map: 'scalar' },
    violations: { list: { map: 'scalar' } },
    writes: { list: { map: 'scalar' } },
    unknown: { map: 'any' },
    used: { map: 'scalar' },
    unused: { list: 'scalar' },
    files: { map: 'scalar' },
    calls: { map: 'any' },
  },
};

const PARAMETERS: Readonly<Record<string, ParameterSpec>> = {
  principal: { type: 'text', help: 'ARN of the role, user or session whose calls are judged' },
  principals: { type: 'texts', help: 'several such ARNs, if they share the policy' },
  policy: {
    type: 'text',
    help: 'the policy as JSON, at most 1,024 characters; by default the policy document among the committed leaves',
  },
  policyAt: {
    type: 'texts',
    help: 'JSON Pointers of the policy documents, if the committed leaves hold several: /aws_iam_policy.x/policy',
  },
  publicKeys: {
    type: 'texts',
    help: 'keys that AWS signs digests with: each Value of `aws cloudtrail list-public-keys`. Without it the secret cloudtrail-keys is read',
  },
  keySha256: {
    type: 'texts',
    help: 'hex SHA-256 of keys (SPKI, DER): of the secret cloudtrail-keys, only these keys count',
  },
  regions: {
    type: 'texts',
    help: 'regions that must each have a chain of digests; by default those that the folder has',
  },
  trail: { type: 'text', help: 'name of the trail; needed where the folder holds several' },
  hours: {
    type: 'number',
    help: 'hours of the trail that are read, back from its newest signed digest',
    fallback: DEFAULT_HOURS,
  },
  lag: {
    type: 'number',
    help: 'most seconds between the end of the newest signed digest and now; AWS writes a digest each hour',
    fallback: DEFAULT_LAG,
  },
  unused: { type: 'number', help: 'grants that may stay unused, for the expression: p.unused' },
};

export const IAM: ProbeDescription = {
  name: 'iam@1',
  summary: 'every call of a role or user in CloudTrail, judged by the committed policy',
  target: FOLDER,
  parameters: PARAMETERS,
  secrets: { 'cloudtrail-keys': { help: 'keys that AWS signs digests with', isSent: false } },
  observes: () => IAM_SHAPE,
  evidence:
    'E4, signed by AWS with keys that the commitment names: that the chain of digests is unbroken from one time to another, and how many log files it names. ' +
    'E1: that this agent had all of those log files, and what the policy says of each call in them. Whoever has the same log files comes to the same result.',
  blastRadius: 'reads a folder of files; asks nothing of AWS',
  timeoutMs: 300_000,
  grants: TRAIL_GRANTS,
  needs: ['fs-read'],
  signed: IAM_FACTS,
  packs: IAM_PACKS,
};
