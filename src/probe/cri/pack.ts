/** Ready claims of `cri@1`. */
import type { Pack } from '../pack.ts';

export const CRI_PACKS: Readonly<Record<string, Pack>> = {
  'node-pods': {
    summary: 'the node runs the pods that the API shows of it, with the images that it shows, and no others',
    needs: [],
    defaults: { images: false },
    claims: [
      {
        id: 'node-no-hidden-pods',
        title: 'No pod and no container runs that the API does not show',
        expr: 'size(o.cri.hidden) == 0',
        severity: 'critical',
      },
      {
        id: 'node-runs-what-is-shown',
        title: 'Every pod that the API shows as running here runs, with the image that it shows',
        expr: 'size(o.cri.missing) == 0 && size(o.cri.disagreeing) == 0',
        severity: 'high',
      },
    ],
  },
  'node-images': {
    summary:
      'containers of the committed manifests run the committed images on this node, and nothing else runs beside them',
    needs: [],
    defaults: { pods: false },
    claims: [
      {
        id: 'node-images-declared',
        title: 'Every declared container that runs here runs a declared digest',
        expr: 'size(o.cri.differing) == 0',
        severity: 'critical',
      },
      {
        id: 'node-namespaces-closed',
        title: 'In the namespaces of the manifests no container runs that they do not declare',
        expr: 'size(o.cri.undeclared) == 0',
        severity: 'high',
      },
    ],
  },
};
