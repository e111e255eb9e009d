/** `container@1`: what made its claims PROVEN while they were untrue, on engines that tell the truth. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { packOf } from '#src/declare/packs.ts';
import { CONTAINER_PACKS } from '#src/probe/container/pack.ts';
import { containerProbe } from '#src/probe/container/probe.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import {
  digest,
  idOf,
  MASKED,
  READ_ONLY,
  serveEngine,
  type ServedContainer,
  type ServedEngine,
} from '../support/engine-served.ts';
import { runShaped } from '../support/shaped.ts';

const dir = mkdtempSync(join(tmpdir(), 'tally-green-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));

async function look(
  t: Test,
  engine: ServedEngine,
  params: Readonly<Record<string, Parameter>> = {},
  declared?: Readonly<Record<string, string>>,
): Promise<Observed> {
  const served = await serveEngine(() => engine, mkdtempSync(join(dir, 's')));
  t.teardown(() => served.close());
  return runShaped(containerProbe, {
    target: served.target,
    params: new Map(Object.entries(params)),
    challenge: new Uint8Array(32),
    ...(declared && { declared: new Map(Object.entries(declared)) }),
    secret: () => Promise.resolve(undefined),
    spent: () => undefined,
    signal: new AbortController().signal,
    now: () => 1_800_000_100_000,
  });
}

/** Verdicts of all claims that the value has lists for. */
const verdicts = (seen: Observed): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.keys(CONTAINER_PACKS)
      .filter((pack) => pack !== 'image-as-declared' || 'differing' in seen.value)
      .flatMap((pack) => packOf(pack, new Map(), 'background'))
      .map((claim) => [claim.id, judgeClaim(claim, seen).verdict]),
  );

const one = (container: Partial<ServedContainer> = {}, rest: Partial<ServedEngine> = {}): ServedEngine => ({
  containers: [{ name: 'web', ...container }],
  ...rest,
});
const SAFE = { user: '1000', host: { ReadonlyRootfs: true, SecurityOpt: ['no-new-privileges'] } };

const volume = { Type: 'volume', Name: 'v', Driver: 'local', Source: '/x', RW: true };

t.test('a volume that binds is a bind, whatever its type', async (t) => {
  for (const type of ['tmpfs', 'nfs', 'nfs4', 'cifs', 'ext4', 'overlay', 'none', ''])
    for (const o of ['bind', 'ro,rbind']) {
      const engine = one({ mounts: [volume] }, { volumes: { v: { Options: { type, o, device: '/' } } } });
      t.equal(verdicts(await look(t, engine))['no-host-mount'], 'VIOLATED', `${type} ${o}`);
    }
  const plain = one(
    { mounts: [volume] },
    { volumes: { v: { Options: { type: 'tmpfs', o: 'size=1m', device: 'tmpfs' } } } },
  );
  t.equal(verdicts(await look(t, plain))['no-host-mount'], 'PROVEN');
});

const joins = (i: number) => `container:${idOf(i)}`;
const all = (mode: string) => ({ NetworkMode: mode, PidMode: mode, IpcMode: mode });

t.test('a container that joins another has what that one has, whomever the claim is about', async (t) => {
  const helped = (mode: string): ServedEngine => ({
    containers: [
      { name: 'web', host: all(joins(1)) },
      { name: 'middle', host: all(joins(2)) },
      { name: 'helper', host: all(mode) },
    ],
  });
  for (const params of [{ names: ['web'] }, { except: ['middle', 'helper'] }, {}]) {
    const found = verdicts(await look(t, helped('host'), params));
    t.equal(found['no-host-namespace'], 'VIOLATED', JSON.stringify(params));
    t.equal(found['no-host-ipc'], 'VIOLATED', JSON.stringify(params));
    const own = verdicts(await look(t, helped('none'), params));
    t.equal(own['no-host-ipc'], 'PROVEN', 'and of its own is of its own');
  }
  const unclear = verdicts(await look(t, helped('tunnel:x'), { names: ['web'] }));
  t.equal(unclear['no-host-namespace'], 'UNKNOWN', 'joins one of a kind that is not known');
  const ring = {
    containers: [
      { name: 'web', host: all(joins(1)) },
      { name: 'b', host: all(joins(0)) },
    ],
  };
  t.equal(verdicts(await look(t, ring))['no-host-namespace'], 'UNKNOWN', 'two that join each other');
});

t.test("no-new-privileges in the words of Docker, which go before the engine's default", async (t) => {
  const on = {
    info: { SecurityOptions: ['name=apparmor', 'name=seccomp,profile=builtin', 'name=no-new-privileges'] },
  };
  const said = async (options: readonly string[], engine: Partial<ServedEngine> = {}) =>
    verdicts(await look(t, one({ host: { SecurityOpt: options } }, engine)))['container-gains-nothing'];
  for (const word of ['0', 'f', 'F', 'false', 'False', 'FALSE'])
    for (const sign of ['=', ':']) {
      t.equal(await said([`no-new-privileges${sign}${word}`]), 'VIOLATED', word);
      t.equal(await said([`no-new-privileges${sign}${word}`], on), 'VIOLATED', `${word}, over the engine`);
    }
  for (const word of ['', '=1', ':t', '=T', '=true', ':True', '=TRUE'])
    t.equal(await said([`no-new-privileges${word}`]), 'PROVEN', word);
  t.equal(await said(['no-new-privileges', 'no-new-privileges=0']), 'VIOLATED', 'the last one counts');
  t.equal(await said(['no-new-privileges=off']), 'UNKNOWN', 'a word that Docker does not take');
  t.equal(await said([], on), 'UNKNOWN', 'the default may be younger than the container');
});

t.test('each path that Docker hides is looked for', async (t) => {
  const verdict = async (host: object) =>
    verdicts(await look(t, one({ host: host as never })))['container-paths-masked'];
  const old = MASKED.filter((each) => !/interrupts|powercap/.test(each));
  t.equal(await verdict({ MaskedPaths: old }), 'PROVEN', 'of 19.03');
  for (const path of old)
    t.equal(await verdict({ MaskedPaths: MASKED.filter((each) => each !== path) }), 'VIOLATED', path);
  for (const path of READ_ONLY)
    t.equal(await verdict({ ReadonlyPaths: READ_ONLY.filter((each) => each !== path) }), 'VIOLATED', path);
  t.equal(await verdict({ MaskedPaths: ['/proc/acpi'] }), 'VIOLATED');
  t.equal(await verdict({ MaskedPaths: ['/proc', '/sys'], ReadonlyPaths: [] }), 'PROVEN', 'more is hidden');
  t.equal(await verdict({ MaskedPaths: null, ReadonlyPaths: null }), 'UNKNOWN');
});

t.test('titles say what lists are of', async (t) => {
  const title = (id: string) =>
    Object.values(CONTAINER_PACKS)
      .flatMap(({ claims }) => claims)
      .find((each) => each.id === id)?.title;
  // Without a mapping every container has the users of its host, and the claim is PROVEN.
  t.equal(verdicts(await look(t, one()))['no-host-namespace'], 'PROVEN');
  t.notMatch(title('no-host-namespace'), /users of its host/);
  t.match(title('no-host-namespace'), /opts out of a mapping of users/);
  t.match(title('container-paths-masked'), /since 19\.03/);
});

t.test('folders of engines, also where they were moved to', async (t) => {
  const bind = (Source: string) => ({ Type: 'bind', Source, Destination: '/x', RW: true });
  const moved = { info: { DockerRootDir: '/data/engine/' } };
  const verdict = async (path: string, rest: Partial<ServedEngine> = {}) =>
    verdicts(await look(t, one({ mounts: [bind(path)] }, rest)))['no-host-mount'];
  for (const path of [
    '/run/k3s',
    '/run/k3s/containerd',
    '/var/run/containerd/io.containerd.runtime.v2.task',
    '/run/docker/netns',
    '/var/snap/docker/common',
    '/var/snap',
    '/run/snap.docker',
    '/var/snap/microk8s/common/run',
    '/run/user/1000/systemd',
    '/run/user/1000/bus',
    ['', 'home', 'me', '.docker', 'run'].join('/'),
    ['', 'home', 'me', '.local', 'share', 'docker'].join('/'),
  ])
    t.equal(await verdict(path), 'VIOLATED', path);
  for (const path of ['/data', '/data/engine', '/data/engine/volumes/x/_data'])
    t.equal(await verdict(path, moved), 'VIOLATED', `${path}, where the engine keeps its own`);
  t.equal(await verdict('/data/other', moved), 'PROVEN');
  t.equal(await verdict('/data/engine'), 'PROVEN', 'where it keeps nothing');
  t.equal(await verdict('/data', { info: { DockerRootDir: undefined } }), 'UNKNOWN', 'which is not told');
});

t.test('a runtime that is not known here may do anything', async (t) => {
  const under = async (Runtime: unknown, rest: Partial<ServedEngine> = {}) => {
    const {
      'container-confined': confined,
      'container-paths-masked': masked,
      'no-host-ipc': ipc,
      ...others
    } = verdicts(await look(t, one({ ...SAFE, host: { ...SAFE.host, Runtime } }, rest)));
    return [confined, masked, ipc, ...Object.values(others)];
  };
  for (const known of ['runc', 'crun', 'io.containerd.runc.v2'])
    t.same(new Set(await under(known)), new Set(['PROVEN']), known);
  for (const other of ['nvidia', 'runsc', 'io.containerd.kata.v2', '', undefined, 'oci', '/tmp/runc'])
    t.same(new Set(await under(other)), new Set(['UNKNOWN']), String(other));
  const podman = verdicts(await look(t, one(SAFE, { podman: true })));
  t.equal(podman['no-host-device'], 'PROVEN', 'Podman says oci of each');
  const worse = await look(t, one({ host: { Runtime: 'nvidia', Privileged: true } }));
  t.equal(verdicts(worse)['no-privileged-container'], 'VIOLATED', 'a finding stays one');
});

t.test('a container of no image may have the root of the host', async (t) => {
  for (const image of ['', 'sha256:', 'rootfs']) {
    const seen = verdicts(await look(t, one({ image })));
    t.equal(seen['no-host-mount'], 'UNKNOWN', image);
  }
});

t.test('Podman does not tell overlays of folders', async (t) => {
  t.equal(verdicts(await look(t, one(SAFE, { podman: true })))['no-host-mount'], 'UNKNOWN');
});

t.test('of modes only words of this program leave', async (t) => {
  const marker = 'marker4711';
  const seen = await look(
    t,
    one({
      image: marker,
      host: {
        NetworkMode: marker,
        PidMode: marker,
        IpcMode: marker,
        RestartPolicy: { Name: marker },
      },
      own: { ImageManifestDescriptor: { digest: marker } },
    }),
    { names: ['web'] },
  );
  t.notMatch(JSON.stringify([seen.value, seen.withheld, seen.population]), /marker4711/);
  t.match(seen.value['named'], { web: { network: 'a network', pid: 'other', restartPolicy: 'other' } });
  const told = async (NetworkMode: string) =>
    (await look(t, one({ host: { NetworkMode } }), { names: ['web'] })).value['named'];
  for (const [mode, word] of [
    ['host', 'host'],
    ['none', 'none'],
    ['pasta:-t,8080', 'pasta'],
    [joins(0), 'container'],
    ['ns:/proc/1/ns/net', 'a path'],
  ] as const)
    t.match(await told(mode), { web: { network: word } }, mode);
});

t.test('a declared container that is paused or restarting does not run', async (t) => {
  const declared = { '/name': 'shop', '/services/web/image': `x@${digest(2)}` };
  const images = { [digest(1)]: { RepoDigests: [`x@${digest(2)}`] } };
  const run = async (...states: readonly string[]) => {
    const containers = states.map((state, i) => ({ name: `shop-web-${i + 1}`, state }));
    return verdicts(await look(t, { containers, images }, { images: true }, declared))['containers-run'];
  };
  t.equal(await run('running'), 'PROVEN');
  t.equal(await run('paused'), 'VIOLATED');
  t.equal(await run('restarting'), 'VIOLATED');
  t.equal(await run('restarting', 'running'), 'PROVEN', 'another one of it runs');
});
