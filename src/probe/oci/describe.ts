/** The description of the probe `oci@1`. */
import { scalars, type Shape } from '../../claim/shape.ts';
import { OCI_FACTS } from './signed.ts';
import type { ProbeDescription } from '../description.ts';
import { readsPath } from '../grant.ts';
import { absolutePath } from '../target-form.ts';
import { OCI_PACKS } from './pack.ts';

const OCI_SHAPE: Shape = {
  members: {
    ...scalars('image', 'kind', 'bundles'),
    digests: { list: 'scalar' },
    signed: { members: { ...scalars('image', 'identity', 'issuer', 'kind'), digests: { list: 'scalar' } } },
  },
};

export const OCI: ProbeDescription = {
  name: 'oci@1',
  summary:
    'who signed a container image, by the Sigstore bundles in an image layout, under a pinned root and identity',
  target: absolutePath('the absolute path of an image layout'),
  parameters: {
    image: {
      type: 'text',
      help: 'digest of the image, sha256:…, as a reference names it: /image/digest of the declared leaves',
      required: true,
    },
    root: {
      type: 'text',
      help: 'SHA-256 of the file trusted_root.json, sha256:…, under which signatures count: /signature/root',
      required: true,
    },
    identity: {
      type: 'text',
      help: 'who must have signed: the identity in the certificate, or a pattern with * that names the repository',
      required: true,
    },
    issuer: { type: 'text', help: 'who vouched for that identity, exactly', required: true },
    kinds: {
      type: 'texts',
      help: 'predicate types of statements that count as a signature; by default those of cosign and of SLSA provenance',
    },
  },
  secrets: { 'trusted-root': { help: 'the file trusted_root.json', isSent: false } },
  observes: () => OCI_SHAPE,
  evidence:
    'E4, signed below the root by the identity that the commitment names: that it signed this digest, and which digests the signed index names. The bundle stands in the proof, ' +
    'and readers check it again. It is not fresh: it says that the image was signed, and not that it runs, nor that it is still thought good. E1: what the layout has.',
  blastRadius: 'reads the manifests and bundles in a folder; runs nothing, asks no registry and no service',
  timeoutMs: 60_000,
  grants: [readsPath('read the image layout, and the file trusted_root.json')],
  needs: ['fs-read'],
  signed: OCI_FACTS,
  packs: OCI_PACKS,
};
