/** The pack `image-signed`: who signed a container image (the page of the probe). */
import { assertSignerPin } from '../../evidence/certificate-identity.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { HOUR, type Pack } from '../pack.ts';

const IMAGE_SIGNED: Pack = {
  summary: 'the signer that the commitment names signed the image (class E4: readers check the bundle again)',
  needs: ['image', 'root', 'identity', 'issuer'],
  // What was signed once stays signed.
  fastest: 24 * HOUR,
  fault: (params) => {
    const [identity, issuer] = [params.get('identity'), params.get('issuer')];
    if (typeof identity !== 'string' || typeof issuer !== 'string') return undefined;
    try {
      assertSignerPin({ identity, issuer });
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error.message;
      throw error;
    }
  },
  claims: [
    {
      id: 'image-signed',
      title: 'The pinned identity signed the image, under the pinned root',
      expr: 'o.oci.signed.image == p.image',
      minEvidence: 'E4',
      severity: 'critical',
      controls: [{ framework: 'SOC2-2017', id: 'CC8.1' }],
    },
  ],
};

/** By name. */
export const OCI_PACKS: Readonly<Record<string, Pack>> = {
  'image-signed': IMAGE_SIGNED,
};
