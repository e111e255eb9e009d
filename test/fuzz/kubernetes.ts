/** What an API server and the owner of a cluster hand to `kubernetes@1`. */
import { parseJson } from '../../src/bytes/json.ts';
import { compareObject } from '../../src/probe/kubernetes/compare.ts';
import { readKubeconfig } from '../../src/probe/kubernetes/credentials.ts';
import { liveObject, managersIn } from '../../src/probe/kubernetes/object.ts';
import { beyondBaseline, containersOf } from '../../src/probe/kubernetes/pods.ts';
import { parseKind } from '../../src/probe/kubernetes/server.ts';
import { shownPath } from '../../src/probe/kubernetes/shown.ts';
import { wantedObjects } from '../../src/probe/kubernetes/wanted.ts';
import { declaredValue } from '../../src/probe/declared.ts';
import { asText, text, type Target } from './target.ts';

const POD = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
const container = {
  name: 'web',
  image: 'x',
  ports: [{ containerPort: 80, hostPort: 80 }],
  args: ['a', 1, null],
};
const live = {
  metadata: {
    name: 'web',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '12',
    managedFields: [
      { manager: 'm', time: 't', fieldsV1: { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': {} } } } },
    ],
  },
  spec: {
    containers: [container],
    volumes: [{ name: 'v', hostPath: {} }],
    securityContext: { sysctls: [{ name: 'a' }] },
  },
  status: { containerStatuses: [{ name: 'web', imageID: 'x@sha256:a' }] },
};
const config = {
  'current-context': 'c',
  contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  clusters: [
    { name: 'c', cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority-data': 'YQ==' } },
  ],
  users: [{ name: 'u', user: { token: 't' } }],
};

export const KUBERNETES_ANSWERS: readonly Target[] = [
  {
    name: 'objects of an API server',
    covers: [],
    seeds: [text(JSON.stringify(live))],
    run: (b) => {
      const object = liveObject(parseJson(asText(b), { most: 100, advice: '' }), POD, 'shop');
      const leaves = new Map(
        [...object.leaves].map(([path, { value }]) => [object.path + path, declaredValue(value)]),
      );
      for (const wanted of wantedObjects(leaves).objects) {
        const options = {
          knowsDefaults: true,
          key: undefined,
          ignores: () => false,
          declaredAt: object.path,
        };
        const { changed, absent } = compareObject(wanted, object, options);
        if (changed.length + absent.length > 0) throw new Error('an object differs from itself');
      }
      for (const path of object.leaves.keys()) managersIn(object, shownPath(path));
      beyondBaseline(object);
      containersOf(object);
    },
  },
  {
    name: 'kubeconfigs',
    covers: ['readKubeconfig'],
    seeds: [text(JSON.stringify(config))],
    run: (b) => void readKubeconfig(asText(b)),
  },
  {
    name: 'kinds of a claim',
    covers: ['parseKind'],
    seeds: [text('apps/v1/Deployment'), text('v1/Pod')],
    run: (b) => {
      const kind = parseKind(asText(b));
      return kind === undefined ? undefined : `${kind.apiVersion}/${kind.kind}`;
    },
  },
];
