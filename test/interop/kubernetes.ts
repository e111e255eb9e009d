/**
 * `kubernetes@1` against a real kube-apiserver behind a proxy that lies: from a commitment with defaults, and the Role that
 * the agent prints, to what an outsider verifies of each lie, and how long after it.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { appraiseSubject } from '../../src/appraisal/index.ts';
import { openClient } from '../../src/client/index.ts';
import { trustPolicy } from '../../src/client/trust.ts';
import { Cluster, TOKENS } from './kube/cluster.ts';
import { enforcement } from './kube/enforcement.ts';
import { lyingProxy, type Lie, type LyingProxy } from './kube/lying-proxy.ts';
import { declaredObjects, MARKER, pathOf, putWorkload, DIGEST } from './kube/objects.ts';
import { startTallystick, tallystick, urlOf } from './ourlog.ts';
import type { Programs } from './programs.ts';
import { onPath, type Ran, type Stage } from './stage.ts';
import type { Tap } from './tap.ts';

const NAME = 'kubernetes@1 and a real kube-apiserver';
const SUBJECT = 'shop/cluster';
const RIGHT = 'system:serviceaccount:shop:web get secrets in shop';

export async function kubernetes(tap: Tap, stage: Stage, programs: Programs): Promise<void> {
  const helper = ['etcd', 'openssl', 'kubectl'].find((name) => !onPath(name));
  const why = programs.why('kube-apiserver') ?? (helper && `no ${helper}`);
  if (why !== undefined) return tap.skip(NAME, why);
  const cluster = await Cluster.start(stage, 'etcd', programs.path('kube-apiserver'));
  const proxy = await lyingProxy(cluster);
  try {
    const world = await World.make(tap, stage, cluster, proxy);
    await role(world);
    await truth(world);
    for (const each of LIES) await toldApart(world, each);
    await enforcement(world);
    await drift(world);
    await bundle(world);
  } finally {
    await proxy.stop();
    await cluster.stop();
  }
}

class World {
  readonly tap: Tap;
  readonly stage: Stage;
  readonly cluster: Cluster;
  readonly proxy: LyingProxy;
  readonly log: string;
  readonly policy: string;
  /** All that programs said. */
  said = '';

  private constructor(parts: Pick<World, 'tap' | 'stage' | 'cluster' | 'proxy' | 'log' | 'policy'>) {
    this.tap = parts.tap;
    this.stage = parts.stage;
    this.cluster = parts.cluster;
    this.proxy = parts.proxy;
    this.log = parts.log;
    this.policy = parts.policy;
  }

  static async make(tap: Tap, stage: Stage, cluster: Cluster, proxy: LyingProxy): Promise<World> {
    for (const name of ['shop', 'tallystick'])
      await cluster.apply(`/api/v1/namespaces/${name}`, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name },
      });
    await mkdir(stage.path('manifests'));
    for (const [i, object] of declaredObjects().entries()) {
      await cluster.apply(pathOf(object), object);
      await writeFile(stage.path('manifests', `${i}.json`), JSON.stringify(object));
    }
    await putWorkload(cluster);
    await must(tallystick(stage, 'init', '--origin', 'kube.example/log'));
    const log = await urlOf(startTallystick(stage, 'serve', '--port', '0'));
    const policy = await readFile(stage.path('tallystick-data', 'trust.policy'), 'utf8');
    const world = new World({ tap, stage, cluster, proxy, log, policy });
    await world.#enrol();
    return world;
  }

  /** The agent's secrets and its target: the proxy, with the real server beside it. */
  async #enrol(): Promise<void> {
    const { stage, cluster, proxy } = this;
    const secrets = { token: TOKENS.agent, ca: `${cluster.ca}\n${proxy.ca}`, subject: TOKENS.web };
    await mkdir(stage.path('tallystick-agent'), { mode: 0o700 });
    for (const [name, text] of Object.entries(secrets))
      await writeFile(stage.path('tallystick-agent', name), text, { mode: 0o600 });
    const rule = {
      subject: SUBJECT,
      probe: 'kubernetes',
      targets: [proxy.target],
      secrets: { token: 'token', ca: 'ca', subject: 'subject' },
      options: { endpoints: [`127.0.0.1:${cluster.port}`] },
    };
    await writeFile(stage.path('tallystick-agent', 'targets.yaml'), JSON.stringify([rule]));
    const shop = { namespaces: ['shop'] };
    const packs = [
      { pack: 'kubernetes-as-declared', params: shop },
      { pack: 'network-policies-as-declared', params: shop },
      { pack: 'images-as-declared', params: shop },
      { pack: 'no-privileged-pods', params: shop },
      { pack: 'rights-as-declared', params: { rights: [RIGHT] } },
    ];
    await writeFile(
      stage.path('claims.yaml'),
      JSON.stringify({
        target: { owner: 'shop', locators: [proxy.target] },
        tier: 'background',
        claims: packs,
      }),
    );
  }

  async run(...args: readonly string[]): Promise<Ran> {
    const ran = await tallystick(this.stage, ...args, '--log', this.log);
    this.said += ran.out + ran.err;
    return ran;
  }

  /** Proves once; what an outsider then reads from the log, with its policy alone, by claim. */
  async prove(claim: string): Promise<Readonly<Record<string, string>>> {
    await this.run('prove', '--subject', SUBJECT, '--claim', claim);
    return this.verdicts();
  }

  async verdicts(subject = SUBJECT): Promise<Readonly<Record<string, string>>> {
    const trust = trustPolicy(Buffer.from(this.policy));
    const snapshot = await openClient({ log: this.log, trust, fetch, now: Date.now }).snapshot();
    const { claims } = appraiseSubject(await snapshot.subject(subject), snapshot.context);
    return Object.fromEntries(
      claims.map(({ claim, verdict, evidence }) => [claim.id, `${verdict} ${evidence ?? ''}`.trim()]),
    );
  }
}

async function must(ran: Promise<Ran>): Promise<Ran> {
  const { code, out, err } = await ran;
  if (code !== 0) throw new Error(`${out}${err}`);
  return { code, out, err };
}

/** The printed Role, applied: what it lets the agent do, by the server's own list and by trying. */
async function role({ tap, stage, cluster }: World): Promise<void> {
  await tap.check(
    'the printed Role reads the declared kinds, and lets the agent do nothing else',
    async () => {
      const { out } = await must(
        tallystick(stage, 'agent', 'profile', '--kubernetes', 'manifests', '--pods', '--rights'),
      );
      await writeFile(stage.path('role.yaml'), out);
      const admin = await cluster.kubeconfig('admin');
      await must(stage.run('kubectl', ['--kubeconfig', admin, 'apply', '-f', 'role.yaml']));
      const agent = await cluster.kubeconfig('agent');
      const list = await must(
        stage.run('kubectl', ['--kubeconfig', agent, 'auth', 'can-i', '--list', '-n', 'shop']),
      );
      tap.note(list.out.trim());
      const reviews = /^self.*reviews\.|^subjectaccessreviews\./;
      for (const row of list.out.trim().split('\n').slice(1)) {
        const [what = ''] = row.split(/\s+/);
        const verbs = /\[([^\]]*)\]\s*$/.exec(row)?.[1]?.split(' ') ?? [];
        assert.doesNotMatch(what, /^(?:secrets|users|groups|serviceaccounts|\*)/, row);
        const isReview = reviews.test(what) && verbs.join() === 'create';
        assert.ok(isReview || verbs.every((verb) => ['get', 'list', 'watch'].includes(verb)), row);
      }
      const shop = '/api/v1/namespaces/shop';
      const policy = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/deny-all';
      const denied: readonly (readonly [string, string, object?])[] = [
        ['GET', `${shop}/secrets`],
        ['GET', `${shop}/secrets/web`],
        ['POST', `${shop}/configmaps`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }],
        [
          'PATCH',
          `${policy}?fieldManager=x&dryRun=All`,
          { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
        ],
        ['DELETE', policy],
        ['GET', '/api/v1/namespaces/kube-system/configmaps'],
      ];
      for (const [method, path, body] of denied) {
        const { status } = await cluster.ask(method, path, body, TOKENS.agent);
        assert.equal(status, 403, `${method} ${path}`);
      }
    },
  );
}

async function truth(world: World): Promise<void> {
  const { tap, cluster } = world;
  await tap.check('declared with what the server adds, and PROVEN by every claim', async () => {
    const admin = await cluster.kubeconfig('admin');
    const flags = ['--subject', SUBJECT, '--claims', 'claims.yaml', '--defaults', '--kubeconfig', admin];
    const { code, err } = await world.run('commit', 'kubernetes', 'manifests', ...flags);
    assert.equal(code, 0, err);
    tap.note(/\d+ defaults of the API server \S+/.exec(err)?.[0] ?? err);
    const before = await cluster.cpu();
    const ran = await world.run('prove', '--subject', SUBJECT);
    tap.note(
      `one look of all claims: ${(await cluster.cpu()) - before} s of the API server's processor time`,
    );
    const verdicts = await world.verdicts();
    const isProven = Object.values(verdicts).every((each) => each === 'PROVEN E0');
    if (!isProven) tap.note((await world.run('why', SUBJECT, 'kubernetes-as-declared')).out);
    assert.ok(isProven, JSON.stringify(verdicts) + ran.out + ran.err);
    assert.equal(ran.code, 0);
    for (const path of ['/api/v1', '/apis/apps/v1', '/apis/networking.k8s.io/v1'])
      for (const plural of ['configmaps', 'services', 'deployments', 'networkpolicies']) {
        const { status, text } = await cluster.ask('GET', `${path}/namespaces/shop/${plural}`);
        if (status === 200)
          assert.doesNotMatch(text, /"tallystick-[0-9a-f]{12}"/, 'a dry run stores nothing');
      }
  });
}

interface Told {
  readonly what: string;
  readonly claim: string;
  readonly verdict: string;
  readonly lie: Lie;
  /** Done as the owner before, and undone after. */
  readonly before?: (cluster: Cluster) => Promise<unknown>;
  readonly after?: (cluster: Cluster) => Promise<unknown>;
}

const ends = (path: string, plural: string): boolean => path.endsWith(`/${plural}`);
const STRANGER = '/api/v1/namespaces/shop/pods/stranger';
const GRANT = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/grant';

const LIES: readonly Told[] = [
  {
    what: 'hides a NetworkPolicy',
    claim: 'network-policies-as-declared',
    verdict: 'CONTRADICTED E0',
    lie: ({ path }, answer) => {
      if (ends(path, 'networkpolicies')) answer.body.items = [];
      if (path.endsWith('/networkpolicies/deny-all'))
        Object.assign(answer, { status: 404, body: { reason: 'NotFound' } });
    },
  },
  {
    what: 'hides a NetworkPolicy in lists alone',
    claim: 'network-policies-as-declared',
    verdict: 'CONTRADICTED E0',
    lie: ({ path }, { body }) => {
      if (ends(path, 'networkpolicies')) body.items = [];
    },
  },
  {
    what: 'swaps an image',
    claim: 'kubernetes-as-declared',
    verdict: 'CONTRADICTED E0',
    lie: ({ path }, { body }) => {
      const found = ends(path, 'deployments') ? body.items : path.endsWith('/deployments/web') ? [body] : [];
      for (const each of found)
        each.spec.template.spec.containers[0].image = `shop/web@${DIGEST.replaceAll('a', 'c')}`;
    },
  },
  {
    what: 'drops a page of a list',
    claim: 'kubernetes-as-declared',
    verdict: 'CONTRADICTED E0',
    lie: ({ path, query }, { body }) => {
      if (ends(path, 'configmaps') && query.has('continue')) body.items = [];
    },
  },
  {
    what: 'drops a page without declared objects',
    claim: 'network-policies-as-declared',
    verdict: 'UNKNOWN',
    lie: ({ path }, { body }) => {
      if (ends(path, 'networkpolicies')) body.metadata.remainingItemCount = 2;
    },
  },
  {
    what: 'shows a value that another server shows differently',
    claim: 'kubernetes-as-declared',
    verdict: 'CONTRADICTED E0',
    lie: ({ path }, { body }) => {
      if (ends(path, 'services')) body.items[0].spec.ports[0].targetPort = 9999;
      if (path.endsWith('/services/web')) body.spec.ports[0].targetPort = 9999;
    },
  },
  {
    what: 'shows an old state',
    claim: 'network-policies-as-declared',
    verdict: 'UNKNOWN',
    lie: ({ path }, { body }) => {
      if (!ends(path, 'networkpolicies')) return;
      body.metadata.resourceVersion = '1';
      for (const each of body.items) each.metadata.resourceVersion = '1';
    },
  },
  {
    what: 'hides a pod',
    claim: 'images-as-declared',
    verdict: 'CONTRADICTED E0',
    before: (cluster) =>
      cluster.apply(STRANGER, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'stranger', namespace: 'shop' },
        spec: { containers: [{ name: 'x', image: 'evil' }] },
      }),
    after: (cluster) => cluster.ask('DELETE', `${STRANGER}?gracePeriodSeconds=0`),
    lie: ({ path }, answer) => {
      if (ends(path, 'pods'))
        answer.body.items = answer.body.items.filter(
          (each: { metadata: { name: string } }) => each.metadata.name !== 'stranger',
        );
      if (path === STRANGER) Object.assign(answer, { status: 404, body: { reason: 'NotFound' } });
    },
  },
  {
    what: 'says that a right is refused, and lets it through',
    claim: 'rights-refused',
    verdict: 'CONTRADICTED E1',
    before: (cluster) =>
      cluster.apply(GRANT, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'grant', namespace: 'shop' },
        roleRef: {
          apiGroup: 'rbac.authorization.k8s.io',
          kind: 'ClusterRole',
          name: 'system:aggregate-to-edit',
        },
        subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'shop' }],
      }),
    after: (cluster) => cluster.ask('DELETE', GRANT),
    lie: ({ path }, answer) => {
      if (path.endsWith('/subjectaccessreviews')) answer.body.status = { allowed: false };
      if (ends(path, 'rolebindings'))
        answer.body.items = answer.body.items.filter(
          (each: { metadata: { name: string } }) => each.metadata.name !== 'grant',
        );
    },
  },
  {
    what: 'answers late',
    claim: 'network-policies-as-declared',
    verdict: 'UNKNOWN',
    lie: ({ path }) =>
      ends(path, 'networkpolicies')
        ? new Promise((resolve) => void setTimeout(resolve, 16_000).unref())
        : undefined,
  },
];

async function toldApart(world: World, { what, claim, verdict, lie, before, after }: Told): Promise<void> {
  const { tap, cluster, proxy } = world;
  await tap.check(`a lie: ${what}: ${verdict}`, async () => {
    await before?.(cluster);
    try {
      const began = performance.now();
      proxy.lie = lie;
      const verdicts = await world.prove(claim);
      const ms = Math.round(performance.now() - began);
      assert.equal(verdicts[claim], verdict, world.said.slice(-1500));
      tap.note(`${ms} ms from the lie to a signed, logged and verified ${verdict}`);
    } finally {
      proxy.lie = undefined;
      await after?.(cluster);
    }
    assert.equal((await world.prove(claim))[claim], 'PROVEN E0', world.said.slice(-1500));
  });
}

/** Every value drifts to a marker, and a Secret holds it. It is nowhere but in the cluster. */
async function drift(world: World): Promise<void> {
  const { tap, stage, cluster } = world;
  await tap.check(
    'markers in env, args, ConfigMaps, annotations and Secrets reach nothing that leaves',
    async () => {
      for (const object of declaredObjects(MARKER).slice(0, 4)) await cluster.apply(pathOf(object), object);
      await putWorkload(cluster, MARKER);
      const ran = await world.run('prove', '--subject', SUBJECT);
      assert.equal(ran.code, 3, ran.err);
      const verdicts = await world.verdicts();
      assert.match(verdicts['kubernetes-as-declared'] ?? '', /^VIOLATED/);
      world.said += (await world.run('why', SUBJECT, 'kubernetes-as-declared')).out;
      world.said += (await world.run('status', SUBJECT, '--json')).out;
      world.said += await (await fetch(`${world.log}/metrics`)).text();
      assert.match(world.said, /env/, 'the name of what drifted is told');
      assert.ok(!world.said.includes(MARKER), 'what programs said');
      for (const folder of ['tallystick-data', 'tallystick-agent', 'state', 'tallystick-proofs'])
        for (const file of await readdir(stage.path(folder), { recursive: true, withFileTypes: true }))
          if (file.isFile()) {
            const bytes = await readFile(join(file.parentPath, file.name));
            assert.ok(!bytes.includes(MARKER), `${folder}/${file.name}`);
          }
    },
  );
}

/** The whole story in one file, verified without the log, without the cluster, by whoever has its policy. */
async function bundle(world: World): Promise<void> {
  const { tap, stage } = world;
  await tap.check('an outsider verifies it all from one file', async () => {
    const since = new Date(Date.now() - 3_600_000).toISOString().replace(/:\d\d\.\d+Z/, 'Z');
    const made = await world.run('audit', 'bundle', SUBJECT, '--since', since, '--out', 'audit.zip', '--yes');
    assert.ok(made.code === 0 || made.code === 3, made.err);
    const outside = stage.path('outsider');
    await mkdir(outside);
    await writeFile(join(outside, 'trust.policy'), world.policy);
    const BIN = new URL('../../src/cli/bin.cjs', import.meta.url).pathname;
    const { code, out, err } = await stage.run(
      process.execPath,
      [BIN, 'verify', stage.path('audit.zip'), '--policy', 'trust.policy'],
      { cwd: outside, env: { XDG_STATE_HOME: join(outside, 'state') } },
    );
    assert.equal(code, 0, `${out}${err}`);
    assert.match(out, /VERIFIED, AUTHENTIC .* it says \d+ PROVEN, [1-9]\d* VIOLATED or CONTRADICTED/, out);
    assert.ok(!out.includes(MARKER));
  });
}
