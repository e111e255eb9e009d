/** `container@1`: images against a compose file or pods, which digest is which, and what runs that nobody declared. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import type { Value } from '#src/claim/value.ts';
import { packOf } from '#src/declare/packs.ts';
import { containerProbe } from '#src/probe/container/probe.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import { digest, idOf, serveEngine, type ServedEngine } from '../support/engine-served.ts';
import { runShaped } from '../support/shaped.ts';

const dir = mkdtempSync(join(tmpdir(), 'tally-images-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));

const [CONFIG, INDEX, MANIFEST, OTHER] = [digest(1), digest(2), digest(3), digest(4)];
const REF = `registry.example/shop@${INDEX}`;
const COMPOSE = { '/name': 'shop', '/services/web/image': REF };

async function look(
  t: Test,
  engine: ServedEngine,
  declared: Readonly<Record<string, Value>> = COMPOSE,
  params: Readonly<Record<string, Parameter>> = {},
): Promise<Observed> {
  const served = await serveEngine(() => engine, mkdtempSync(join(dir, 's')));
  t.teardown(() => served.close());
  return runShaped(containerProbe, {
    target: served.target,
    params: new Map(Object.entries({ images: true, ...params })),
    challenge: new Uint8Array(32),
    declared: new Map(Object.entries(declared)),
    secret: () => Promise.resolve(undefined),
    spent: () => undefined,
    signal: new AbortController().signal,
    now: () => 1_800_000_100_000,
  });
}

const verdicts = (seen: Observed): readonly string[] =>
  packOf('image-as-declared', new Map(), 'background').map((claim) => judgeClaim(claim, seen).verdict);

const WEB = { name: 'shop-web-1', image: CONFIG };
const running = (image: object, container: object = {}): ServedEngine => ({
  containers: [{ ...WEB, ...container }],
  images: { [CONFIG]: image as never },
});
const STANDS = { platforms: [`${INDEX} ${MANIFEST}`] };

t.test('index, manifest and configuration: resolved, or withheld', async (t) => {
  const digests = (...all: readonly string[]) => ({
    RepoDigests: all.map((each) => `registry.example/shop@${each}`),
  });
  const cases: readonly (readonly [what: string, engine: ServedEngine, params: object, expected: string])[] =
    [
      ['pulled by its index', running(digests(INDEX)), {}, 'PROVEN'],
      ['by a name of a mirror', running({ RepoDigests: [`mirror.example/x@${INDEX}`] }), {}, 'PROVEN'],
      ['pulled by its manifest, which the claim names', running(digests(MANIFEST)), STANDS, 'PROVEN'],
      ['pulled by its manifest, which nobody names', running(digests(MANIFEST)), {}, 'UNKNOWN'],
      ['another image, with the manifests named', running(digests(OTHER)), STANDS, 'VIOLATED'],
      ['another image, without them', running(digests(OTHER)), {}, 'UNKNOWN'],
      ['built here', running(digests()), STANDS, 'UNKNOWN'],
      ['the image is gone', { containers: [WEB] }, STANDS, 'UNKNOWN'],
      ['of a folder', { containers: [{ name: 'shop-web-1', image: 'sha256:' }] }, STANDS, 'UNKNOWN'],
      [
        "containerd's store: the id is the index",
        { containers: [{ ...WEB, image: INDEX }], images: { [INDEX]: { Descriptor: { digest: INDEX } } } },
        {},
        'PROVEN',
      ],
      [
        "containerd's store: the container tells its manifest",
        {
          containers: [{ ...WEB, image: OTHER, own: { ImageManifestDescriptor: { digest: MANIFEST } } }],
          images: { [OTHER]: digests(OTHER) },
        },
        STANDS,
        'PROVEN',
      ],
    ];
  for (const [what, engine, params, expected] of cases) {
    const seen = await look(t, engine, COMPOSE, params as never);
    t.equal(verdicts(seen)[0], expected, what);
  }
  const config = await look(t, running(digests()), {
    ...COMPOSE,
    '/services/web/image': `registry.example/shop@${CONFIG}`,
  });
  t.equal(verdicts(config)[0], 'PROVEN', 'the declared digest is of the configuration');
});

t.test('what a container was asked for is no evidence', async (t) => {
  const own = { Config: { User: '', Image: REF } };
  const seen = await look(
    t,
    running({ RepoDigests: [`registry.example/shop@${OTHER}`] }, { own }),
    COMPOSE,
    STANDS,
  );
  t.equal(verdicts(seen)[0], 'VIOLATED');
});

const GOOD = { images: { [CONFIG]: { RepoDigests: [REF] } } };

t.test('which container is which: names of Compose, and nothing that looks like them', async (t) => {
  const names = ['shop-web-1', 'shop_web_1', 'shop-web-12'];
  for (const name of names) {
    const seen = await look(t, { containers: [{ ...WEB, name }], ...GOOD });
    t.same(verdicts(seen), ['PROVEN', 'PROVEN', 'PROVEN'], name);
  }
  for (const name of [
    'shop-web',
    'shop-web-01',
    'shop-web-1-1',
    'xshop-web-1',
    'shop-web-run-1a2b',
    'shop-web_1',
    'web',
  ]) {
    const seen = await look(t, { containers: [WEB, { ...WEB, name }], ...GOOD });
    t.same(verdicts(seen), ['PROVEN', 'VIOLATED', 'PROVEN'], name);
  }
  const own = { ...COMPOSE, '/services/web/container_name': 'front' };
  t.same(verdicts(await look(t, { containers: [{ ...WEB, name: 'front' }], ...GOOD }, own)), [
    'PROVEN',
    'PROVEN',
    'PROVEN',
  ]);
  const tricky = { '/name': 'a', '/services/b/image': REF, '/services/b-1/image': `x@${OTHER}` };
  const seen = await look(t, { containers: [{ ...WEB, name: 'a-b-1-1' }], ...GOOD }, tricky, {
    platforms: [`${OTHER} ${MANIFEST}`],
  });
  t.equal(verdicts(seen)[0], 'VIOLATED', 'a-b-1-1 is the service b-1, and no other');
  await t.rejects(look(t, { containers: [] }, { '/services/web/image': REF }), {
    code: 'config-invalid',
    message: /`project`/,
  });
  t.equal(
    verdicts(
      await look(t, { containers: [WEB], ...GOOD }, { '/services/web/image': REF }, { project: 'shop' }),
    )[0],
    'PROVEN',
  );
  await t.rejects(look(t, { containers: [] }, { '/a': 'b' }), { code: 'config-invalid', message: /compose/ });
});

t.test('what runs beside: undeclared, missing, allowed', async (t) => {
  const two = { containers: [WEB, { name: 'miner', image: CONFIG }], ...GOOD };
  const seen = await look(t, two);
  t.same(verdicts(seen), ['PROVEN', 'VIOLATED', 'PROVEN']);
  t.equal(seen.undeclared?.length, 1);
  t.notMatch(JSON.stringify(seen), /miner/);
  t.same(verdicts(await look(t, two, COMPOSE, { beside: ['miner'] })), ['PROVEN', 'PROVEN', 'PROVEN']);
  t.same(
    verdicts(await look(t, two, COMPOSE, { closed: 'project' })),
    ['PROVEN', 'PROVEN', 'PROVEN'],
    'another project',
  );
  t.same(
    verdicts(await look(t, two, COMPOSE, { names: ['shop-web-1'] })),
    ['PROVEN', 'UNKNOWN', 'PROVEN'],
    'no others were looked for',
  );
  const more = {
    ...COMPOSE,
    '/services/db/image': REF,
    '/services/debug/image': REF,
    '/services/debug/profiles': { list: 1 },
  };
  const lacking = await look(t, { containers: [WEB], ...GOOD }, more);
  t.same(verdicts(lacking), ['PROVEN', 'PROVEN', 'VIOLATED']);
  t.same(lacking.value['missing'], ['db']);
  t.same(lacking.compared, { declared: 3, compared: 1, excluded: 0 });
  t.same(
    verdicts(await look(t, { containers: [{ name: 'other', image: CONFIG }] })),
    ['UNKNOWN', 'VIOLATED', 'VIOLATED'],
    'nothing that is declared runs',
  );
  t.same(verdicts(await look(t, { containers: [] })).slice(0, 2), ['UNKNOWN', 'UNKNOWN']);
  const tag = { '/name': 'shop', '/services/web/image': 'registry.example/shop:1.2' };
  t.equal(verdicts(await look(t, { containers: [WEB], ...GOOD }, tag))[0], 'UNKNOWN', 'a tag');
  t.equal(
    verdicts(
      await look(t, { containers: [WEB], ...GOOD }, { '/name': 'shop', '/services/web/build': '.' }),
    )[0],
    'UNKNOWN',
    'a build',
  );
});

t.test("Podman's pods: their own container is of them only where a declared one joins it", async (t) => {
  const declared = { '/v1/Pod//shop/spec/containers/name=web/image': REF };
  const infra = { name: `${idOf(8).slice(0, 12)}-infra`, image: OTHER };
  const web = { name: 'shop-web', image: CONFIG, host: { NetworkMode: `container:${idOf(1)}` } };
  const pod = await look(t, { podman: true, containers: [web, infra], ...GOOD }, declared);
  t.same(verdicts(pod), ['PROVEN', 'PROVEN', 'PROVEN']);
  t.match(pod.value['containers'], { beside: 1 });
  const alone = await look(t, { podman: true, containers: [{ ...web, host: {} }, infra], ...GOOD }, declared);
  t.equal(verdicts(alone)[1], 'VIOLATED', 'by its name alone anybody would be one');
  const deployment = { '/apps~1v1/Deployment//api/spec/template/spec/containers/name=web/image': REF };
  t.equal(
    verdicts(await look(t, { containers: [{ name: 'api-pod-web', image: CONFIG }], ...GOOD }, deployment))[0],
    'PROVEN',
  );
});

t.test('single containers that a claim names', async (t) => {
  const engine = {
    containers: [
      { ...WEB, user: '1000', host: { ReadonlyRootfs: true } },
      { name: 'evil', host: { Privileged: true } },
    ],
    ...GOOD,
  };
  const seen = await look(t, engine, COMPOSE, { images: false, names: ['shop-web-1', 'db'] });
  t.match(seen.value, {
    named: {
      'shop-web-1': { user: 'number', readOnly: true, network: 'bridge', restartPolicy: 'unless-stopped' },
    },
    absent: ['db'],
    privileged: [],
  });
  const [claim] = packOf('no-privileged-container', new Map(), 'background');
  t.equal(
    claim && judgeClaim(claim, seen).verdict,
    'UNKNOWN',
    'a container that is renamed is not one that is gone',
  );
  const own = await look(t, engine, COMPOSE, { images: false, names: ['shop-web-1'] });
  t.equal(claim && judgeClaim(claim, own).verdict, 'PROVEN');
});

t.test('one image of `commit oci`, for the containers that the claim names', async (t) => {
  const oci = {
    '/image/digest': INDEX,
    '/image/kind': 'index',
    '/image/digests': `${INDEX} ${MANIFEST}`,
    '/image/platforms/linux-amd64/manifest': MANIFEST,
  };
  const whole = { ...oci, '/image/platforms/linux-amd64/config': CONFIG };
  const names = { names: ['shop-web-1'] };
  const by = (digest: string) => running({ RepoDigests: [`x@${digest}`] });
  const first = async (engine: ServedEngine, declared: Readonly<Record<string, Value>>) =>
    verdicts(await look(t, engine, declared, names))[0];
  t.equal(await first(by(INDEX), oci), 'PROVEN');
  t.equal(await first(by(MANIFEST), oci), 'PROVEN', 'the manifest of its platform');
  t.equal(await first(by(OTHER), oci), 'VIOLATED');
  t.equal(await first(running({ RepoDigests: [] }), oci), 'UNKNOWN', 'no digest of a registry');
  t.equal(await first(running({ RepoDigests: [] }), whole), 'PROVEN', 'its configuration is declared');
  const manifest = { ...oci, '/image/digest': MANIFEST, '/image/kind': 'manifest' };
  t.equal(await first(by(OTHER), manifest), 'UNKNOWN', 'it may have been pulled by an index that holds it');
  const config = { ...whole, '/image/platforms/linux-amd64/config': digest(9) };
  t.equal(await first(running({ RepoDigests: [] }), config), 'VIOLATED', 'another configuration');
  await t.rejects(look(t, by(INDEX), oci), { code: 'config-invalid', message: /`names`/ });
});
