/** The pack `kms-rotation`: AWS KMS rotated a key in time (spec/probes.md; the page of the probe). */
import { HOUR, type Pack } from '../pack.ts';

const KMS_ROTATION: Pack = {
  summary:
    'AWS KMS rotated a key within params.days days, by CloudTrail under signed digests (class E1: the agent read them)',
  needs: ['key', 'days'],
  fastest: 24 * HOUR,
  claims: [
    {
      id: 'kms-rotated',
      title: 'AWS KMS rotated the key within p.days days',
      // Where the trail has a hole, the rotation is withheld, and the claim is UNKNOWN.
      expr: 'o.kms.key == p.key && o.kms.rotation.seen && o.kms.rotation.ageSeconds <= p.days * 86400',
      severity: 'high',
    },
  ],
};

/** By name. */
export const KMS_PACKS: Readonly<Record<string, Pack>> = {
  'kms-rotation': KMS_ROTATION,
};
