/** The description of the probe `kms@1`. */
import { DEFAULT_LAG } from '../../evidence/trail-facts.ts';
import type { ProbeDescription } from '../description.ts';
import { FOLDER, TRAIL_GRANTS } from '../iam/grants.ts';
import { scalars, type Shape } from '../../claim/shape.ts';
import { KMS_PACKS } from './pack.ts';

/** Most days of a trail that one run reads. */
export const MOST_DAYS = 400;

const KMS_SHAPE: Shape = {
  members: {
    key: 'scalar',
    rotation: { members: scalars('seen', 'at', 'ageSeconds', 'count') },
    chain: { members: scalars('from', 'to', 'digests', 'logFiles', 'faultCount') },
  },
};

export const KMS: ProbeDescription = {
  name: 'kms@1',
  summary: "whether AWS KMS rotated a key, by CloudTrail's log files under the digests that AWS signed",
  target: FOLDER,
  parameters: {
    key: {
      type: 'text',
      help: 'ARN of the key: arn:aws:kms:REGION:ACCOUNT:key/ID. An alias is none, since it can be moved',
      required: true,
    },
    days: {
      type: 'number',
      help: 'days of the trail that are read, back from its newest signed digest',
      required: true,
    },
    publicKeys: {
      type: 'texts',
      help: 'keys that AWS signs digests with: each Value of `aws cloudtrail list-public-keys`. Without it the secret cloudtrail-keys is read',
    },
    keySha256: {
      type: 'texts',
      help: 'hex SHA-256 of keys (SPKI, DER): of the secret cloudtrail-keys, only these keys count',
    },
    trail: { type: 'text', help: 'name of the trail; needed where the folder holds several' },
    lag: {
      type: 'number',
      help: 'most seconds between the end of the newest signed digest and now; AWS writes a digest each hour',
      fallback: DEFAULT_LAG,
    },
  },
  secrets: { 'cloudtrail-keys': { help: 'keys that AWS signs digests with', isSent: false } },
  observes: () => KMS_SHAPE,
  evidence:
    'E1: the agent verified that AWS signed the digests, that these name each log file, and that the event is in one. Nobody else can without the log files, ' +
    'which hold the calls of everybody in the account and so do not leave the agent. Whoever has them comes to the same result.',
  blastRadius: 'reads a folder of files; asks nothing of AWS',
  timeoutMs: 300_000,
  grants: TRAIL_GRANTS,
  needs: ['fs-read'],
  packs: KMS_PACKS,
};
