/** `cri@1` against an API server that lies about its pods: hides them, invents them, shows other images, and so on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { packOf } from '#src/declare/packs.ts';
import { criProbe } from '#src/probe/cri/probe.ts';
import { NODE_NAME, serveApi, type ServedApi, type ShownPod } from '../support/api-pods.ts';
import { serveCri, type ServedNode } from '../support/cri-served.ts';
import { runShaped } from '../support/shaped.ts';

const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, '0')}`;
const [CONFIG, INDEX, EVIL] = [digest(1), digest(2), digest(4)];
const SALT = '5a'.repeat(32);

const WEB = { id: 's1', uid: 'uid-web', namespace: 'shop', name: 'web-1' };
const PROXY = { id: 's2', uid: 'uid-proxy', namespace: 'kube-system', name: 'proxy' };
/** The kubelet made it from a file: the API has a mirror with another uid. */
const STATIC = { id: 's3', uid: 'hash-of-the-file', namespace: 'kube-system', name: 'etcd-node-1' };
const HIDDEN = { id: 's9', uid: 'hash-of-another', namespace: 'nowhere-MARKER', name: 'miner-MARKER' };

const NODE: ServedNode = {
  sandboxes: [WEB, PROXY, STATIC],
  containers: [
    { id: 'c1', sandbox: 's1', name: 'web', imageRef: CONFIG },
    { id: 'c2', sandbox: 's2', name: 'proxy', imageRef: CONFIG },
    { id: 'c3', sandbox: 's3', name: 'etcd', imageRef: CONFIG },
  ],
  images: [
    { id: CONFIG, digests: [`registry.example/shop@${INDEX}`] },
    { id: EVIL, digests: [`registry.example/shop@${digest(5)}`] },
  ],
};
const HIDING: ServedNode = {
  ...NODE,
  sandboxes: [...NODE.sandboxes, HIDDEN],
  containers: [...NODE.containers, { id: 'c9', sandbox: 's9', name: 'miner', imageRef: EVIL }],
};

const ID = `registry.example/shop@${INDEX}`;
const POD_WEB: ShownPod = { uid: 'uid-web', namespace: 'shop', name: 'web-1', containers: { web: ID } };
const POD_PROXY: ShownPod = {
  uid: 'uid-proxy',
  namespace: 'kube-system',
  name: 'proxy',
  containers: { proxy: CONFIG },
};
const MIRROR: ShownPod = {
  uid: 'uid-of-the-mirror',
  namespace: 'kube-system',
  name: 'etcd-node-1',
  mirror: 'hash-of-the-file',
  containers: { etcd: ID },
};
const PODS = [POD_WEB, POD_PROXY, MIRROR];

interface World {
  readonly node?: (look: number) => ServedNode;
  readonly pods?: (list: number) => readonly ShownPod[];
  readonly instead?: Parameters<typeof serveApi>[1];
  readonly secrets?: (api: ServedApi) => Readonly<Record<string, string>>;
}

async function look(t: Test, world: World = {}): Promise<Observed & { readonly asked: readonly string[] }> {
  const dir = mkdtempSync(join(tmpdir(), 'tally-cri-api-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  let looks = -1;
  const { node = () => NODE, pods = () => PODS } = world;
  const cri = await serveCri(
    dir,
    () => node(looks),
    (method) => {
      if (method.endsWith('/Version')) looks += 1;
      return false;
    },
  );
  t.teardown(() => cri.close());
  const api = await serveApi(pods, world.instead);
  t.teardown(() => api.close());
  const secrets: Readonly<Record<string, string>> = world.secrets?.(api) ?? {
    token: `${api.token}\n`,
    ca: api.ca,
    salt: SALT,
  };
  const seen = await runShaped(criProbe, {
    target: cri.path,
    params: new Map<string, string | number | boolean>([
      ['images', false],
      ['settle', 0],
      ['api', api.url],
      ['node', NODE_NAME],
    ]),
    challenge: new Uint8Array(32),
    secret: (name) => Promise.resolve(secrets[name]),
    spent: () => undefined,
    signal: new AbortController().signal,
    now: () => 1_800_000_100_000,
  });
  return { ...seen, asked: api.asked };
}

const judged = (seen: Observed) =>
  Object.fromEntries(
    packOf('node-pods', new Map(), 'background').map((claim) => [claim.id, judgeClaim(claim, seen)]),
  );
const verdicts = (seen: Observed): readonly string[] =>
  Object.values(judged(seen)).map(({ verdict }) => verdict);

t.test('an honest API, static pods and several pages', async (t) => {
  const seen = await look(t);
  t.same(verdicts(seen), ['PROVEN', 'PROVEN']);
  t.match(seen.value, { settled: true, pods: { running: 3, known: 3, hidden: 0, missing: 0 } });
  t.same(new Set(seen.asked), new Set(['GET /api/v1/pods']), 'nothing else is asked');
  t.equal(seen.asked.length, 4, 'two pages before the runtime, two after');
  t.match(seen.population.source, /root on this node can change.*the API server can change/);
});

t.test('the hidden static pod: CONTRADICTED, at class E1, and its name does not leave', async (t) => {
  const seen = await look(t, { node: () => HIDING });
  const { 'node-no-hidden-pods': hidden } = judged(seen);
  t.match(hidden, { verdict: 'CONTRADICTED', evidence: 'E1', explain: /1 thing run.*the API does not show/ });
  t.notMatch(JSON.stringify(seen), /MARKER/);
  const again = await look(t, { node: () => HIDING });
  t.same(
    again.value['hidden'],
    seen.value['hidden'],
    "with the owner's secret the mark is the same each time",
  );
  const without = await look(t, {
    node: () => HIDING,
    secrets: ({ token, ca }) => ({ token, ca }),
  });
  t.notSame(without.value['hidden'], seen.value['hidden'], 'and without it, of this run alone');
});

t.test('a hidden pod does not hide behind what others may write in the API', async (t) => {
  const tries: readonly (readonly [string, ShownPod])[] = [
    [
      'a mirror annotation on a pod of another name',
      { ...POD_WEB, uid: 'x', name: 'decoy', mirror: HIDDEN.uid },
    ],
    [
      'the name, with another uid',
      { uid: 'x', namespace: HIDDEN.namespace, name: HIDDEN.name, containers: {} },
    ],
    ['the uid, in another namespace', { ...POD_WEB, uid: HIDDEN.uid, name: HIDDEN.name }],
    [
      'a pod of another node',
      {
        uid: HIDDEN.uid,
        namespace: HIDDEN.namespace,
        name: HIDDEN.name,
        node: 'node-2',
        containers: { miner: EVIL },
      },
    ],
  ];
  for (const [what, pod] of tries) {
    const seen = await look(t, { node: () => HIDING, pods: () => [...PODS, pod] });
    t.equal(judged(seen)['node-no-hidden-pods']?.verdict, 'CONTRADICTED', what);
  }
});

t.test('containers that are hidden in a pod that is shown, or in none', async (t) => {
  const injected = await look(t, {
    node: () => ({ ...NODE, containers: [...NODE.containers, { id: 'c9', sandbox: 's1', name: 'miner' }] }),
  });
  t.match(judged(injected)['node-no-hidden-pods'], { verdict: 'CONTRADICTED' });
  const loose = await look(t, {
    node: () => ({ ...NODE, containers: [...NODE.containers, { id: 'c9', sandbox: 'gone', name: 'miner' }] }),
  });
  t.match(judged(loose)['node-no-hidden-pods'], { verdict: 'CONTRADICTED' }, 'its pod is not listed');
  const asleep = await look(t, {
    node: () => ({ ...HIDING, sandboxes: [...NODE.sandboxes, { ...HIDDEN, ready: false }] }),
  });
  t.match(
    judged(asleep)['node-no-hidden-pods'],
    { verdict: 'CONTRADICTED' },
    'its pod is said to have ended',
  );
});

t.test('a second of what is shown once, and what is said to have ended', async (t) => {
  const twin = { ...WEB, id: 's8' };
  const second = await look(t, {
    node: () => ({
      ...NODE,
      sandboxes: [...NODE.sandboxes, twin],
      containers: [...NODE.containers, { id: 'c8', sandbox: 's8', name: 'web', imageRef: CONFIG }],
    }),
  });
  t.match(
    judged(second)['node-no-hidden-pods'],
    { verdict: 'CONTRADICTED' },
    'two pods with one name and uid',
  );
  const double = await look(t, {
    node: () => ({
      ...NODE,
      containers: [...NODE.containers, { id: 'c8', sandbox: 's1', name: 'web', imageRef: CONFIG }],
    }),
  });
  t.match(judged(double)['node-no-hidden-pods'], { verdict: 'CONTRADICTED' }, 'two containers of one name');
  const ended = await look(t, { pods: () => [{ ...POD_WEB, phase: 'Succeeded' }, POD_PROXY, MIRROR] });
  t.same(verdicts(ended), ['PROVEN', 'CONTRADICTED'], 'the API says that it ended, and it runs');
  const restarted = await look(t, {
    node: () => ({
      ...NODE,
      sandboxes: [...NODE.sandboxes, { ...twin, ready: false }],
      containers: [...NODE.containers, { id: 'c8', sandbox: 's1', name: 'web', running: false }],
    }),
  });
  t.same(verdicts(restarted), ['PROVEN', 'PROVEN'], 'what has ended is no second');
});

t.test('the API invents: pods that do not run, and other images', async (t) => {
  const invented = await look(t, { pods: () => [...PODS, { ...POD_WEB, uid: 'uid-x', name: 'web-2' }] });
  t.same(verdicts(invented), ['PROVEN', 'CONTRADICTED']);
  const swapped = await look(t, {
    node: () => ({
      ...NODE,
      containers: NODE.containers.map((each) => (each.id === 'c1' ? { ...each, imageRef: EVIL } : each)),
    }),
  });
  t.same(verdicts(swapped), ['PROVEN', 'CONTRADICTED'], 'the API shows the image as declared, another runs');
  const deleted = await look(t, {
    pods: () => [...PODS, { ...POD_WEB, uid: 'uid-x', name: 'web-2', deleted: true }],
  });
  t.same(verdicts(deleted), ['PROVEN', 'PROVEN'], 'one that is being deleted may have ended');
});

t.test('no false alarm: what begins and ends between looks', async (t) => {
  const began = await look(t, { node: (n) => (n === 0 ? HIDING : NODE) });
  t.same(verdicts(began), ['PROVEN', 'PROVEN'], 'gone in the second look');
  t.equal(began.value['settled'], false);
  const shown = { ...HIDDEN, containers: { miner: EVIL } };
  const late = await look(t, { node: () => HIDING, pods: (list) => (list === 0 ? PODS : [...PODS, shown]) });
  t.same(verdicts(late), ['PROVEN', 'PROVEN'], 'the API shows it in its second list');
  const ending = await look(t, {
    node: () => HIDING,
    pods: (list) => (list === 0 ? [...PODS, shown] : PODS),
  });
  t.same(verdicts(ending), ['PROVEN', 'PROVEN'], 'removed from the API meanwhile, and still ending here');
});

t.test(
  'a container that is made again between looks is not agreed upon by an API that tells no digest',
  async (t) => {
    const again = NODE.containers.map((each) => (each.id === 'c1' ? { ...each, id: 'c1-again' } : each));
    const seen = await look(t, {
      node: (n) => (n === 0 ? NODE : { ...NODE, containers: again }),
      pods: () => [{ ...POD_WEB, containers: { web: 'registry.example/shop:latest' } }, POD_PROXY, MIRROR],
    });
    t.equal(judged(seen)['node-runs-what-is-shown']?.verdict, 'UNKNOWN');
  },
);

t.test('seen once is neither absent nor proof', async (t) => {
  const other = { ...HIDDEN, id: 's8', uid: 'other' };
  const seen = await look(t, {
    node: (n) =>
      n === 0 ? HIDING : { ...NODE, sandboxes: [...NODE.sandboxes, other], containers: NODE.containers },
  });
  const hidden = judged(seen)['node-no-hidden-pods'];
  t.match(hidden, { verdict: 'UNKNOWN', explain: /seen once/ });
});

t.test('a runtime without the pods of this node is another one: UNKNOWN, never green', async (t) => {
  await t.rejects(look(t, { node: () => ({ sandboxes: [], containers: [], images: [] }), pods: () => [] }), {
    code: 'unavailable',
    message: /no pod that the API shows/,
  });
  await t.rejects(look(t, { pods: () => [] }), { code: 'unavailable' }, 'an API that shows nothing');
});

t.test('the API refuses, lies about its form, or is another', async (t) => {
  const body = (text: string, status = 200) => ({ instead: () => ({ status, body: text }) });
  for (const [what, world, message] of [
    ['403', body('{"message":"MARKER"}', 403), /forbids it/],
    ['a redirect', body('{}', 302), /redirects/],
    ['no JSON', body('MARKER'), /no JSON/],
    ['another kind', body('{"kind":"Status","items":[]}'), /no list of pods/],
    [
      'a pod without a name',
      body('{"kind":"PodList","items":[{"spec":{"nodeName":"node-1"}}]}'),
      /no list of pods/,
    ],
    [
      'endless pages',
      body('{"kind":"PodList","metadata":{"continue":"x"},"items":[]}'),
      /more than 5000 pods/,
    ],
    [
      'another authority',
      { secrets: ({ token }: ServedApi) => ({ token }) },
      /DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE/,
    ],
    ['no token', { secrets: ({ ca }: ServedApi) => ({ ca }) }, /targets\.yaml/],
    [
      'a token of two lines',
      { secrets: ({ ca }: ServedApi) => ({ ca, token: 'a\nx: MARKER' }) },
      /one line of ASCII/,
    ],
    [
      'another secret for marks',
      { secrets: ({ ca, token }: ServedApi) => ({ ca, token, salt: 'MARKER' }) },
      /64 hex/,
    ],
  ] as const) {
    const error = await look(t, world).catch((why: unknown) => why);
    t.match(error, { name: 'Refusal', message }, what);
    t.notMatch(String(error), /MARKER/, what);
  }
});
