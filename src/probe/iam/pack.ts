/** The pack `iam-read-only`: least privilege, judged by the calls that were made (spec/iam.md). */
import { HOUR, type Pack } from '../pack.ts';

const ACCESS = [
  { framework: 'SOC2-2017', id: 'CC6.3' },
  { framework: 'HIPAA-164.312', id: '(a)(1)' },
];
const LOGGING = [
  { framework: 'SOC2-2017', id: 'CC7.2' },
  { framework: 'HIPAA-164.312', id: '(b)' },
];

const IAM_READ_ONLY: Pack = {
  summary: 'a role or user of AWS made no call outside the committed policy, and none that writes',
  needs: ['principal'],
  defaults: { unused: 1_000 },
  // AWS writes a digest each hour.
  fastest: HOUR,
  claims: [
    {
      id: 'iam-trail-signed',
      title: "AWS's chain of digests is without a gap (class E4: AWS signed it)",
      expr: 'o.iam.chain.unbroken',
      minEvidence: 'E4',
      severity: 'high',
      controls: LOGGING,
    },
    {
      id: 'iam-trail-whole',
      title: 'Every log file that AWS signed is there, unaltered, and the trail is fresh',
      expr: 'o.iam.chain.faults.size() == 0 && o.iam.chain.complete',
      severity: 'high',
      controls: LOGGING,
    },
    {
      id: 'iam-least-privilege',
      title: 'No call that the committed policy does not allow succeeded',
      // If the trail is not whole, the claim is UNKNOWN, unless a violation was seen.
      expr: 'o.iam.violations.size() == 0 && o.iam.attributed && o.iam.chain.whole',
      severity: 'critical',
      controls: ACCESS,
    },
    {
      id: 'iam-no-writes',
      title: 'No call that writes succeeded (readOnly, as AWS says)',
      expr: 'o.iam.writes.size() == 0 && o.iam.classified && o.iam.attributed && o.iam.chain.whole',
      severity: 'critical',
      controls: ACCESS,
    },
    {
      id: 'iam-all-judged',
      title: 'Every call could be judged',
      expr: 'size(o.iam.unknown) == 0 && o.iam.attributed && o.iam.chain.whole',
      severity: 'medium',
    },
    {
      id: 'iam-grants-unused',
      title: 'At most the allowed number of grants went unused; those that did are listed',
      expr: 'o.iam.unused.size() <= p.unused && o.iam.chain.whole',
      severity: 'info',
      fastest: 24 * HOUR,
      controls: ACCESS,
    },
  ],
};

/** By name. */
export const IAM_PACKS: Readonly<Record<string, Pack>> = {
  'iam-read-only': IAM_READ_ONLY,
};
