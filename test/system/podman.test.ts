/** `container@1` against a real Podman, and nginx before it with the configuration of the probe's page, word for word. */
import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { packOf } from '#src/declare/packs.ts';
import { containerProbe } from '#src/probe/container/probe.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import { runShaped } from '../support/shaped.ts';

const dir = mkdtempSync(join(tmpdir(), 'tally-podman-'));
const env = {
  ...process.env,
  CONTAINERS_STORAGE_CONF: join(dir, 'storage.conf'),
  CONTAINERS_CONF: join(dir, 'containers.conf'),
};
const podman = (...args: readonly string[]): string =>
  execFileSync('podman', ['--runtime', 'runc', ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
const has = (program: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

writeFileSync(
  env.CONTAINERS_STORAGE_CONF,
  `[storage]\ndriver = "vfs"\nrunroot = "${dir}/run"\ngraphroot = "${dir}/graph"\n`,
);
writeFileSync(
  env.CONTAINERS_CONF,
  '[containers]\ndefault_ulimits = []\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n',
);

/** A root folder with `sleep` and its libraries. */
function makeImage(): void {
  const root = join(dir, 'root');
  const linked = execFileSync('ldd', ['/bin/sleep'], { encoding: 'utf8' }).matchAll(/(\/\S+) \(/g);
  for (const path of ['/bin/sleep', ...Array.from(linked, ([, file = '']) => file)]) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    copyFileSync(path, join(root, path));
  }
  execFileSync('tar', ['-C', root, '-cf', join(dir, 'root.tar'), '.']);
  podman('import', join(dir, 'root.tar'), 'localhost/base:1');
}

const run = (name: string, ...options: readonly string[]): string =>
  podman(
    'run',
    '-d',
    '--name',
    name,
    '--ulimit',
    'host',
    '--network',
    'none',
    ...options,
    'localhost/base:1',
    '/bin/sleep',
    '600',
  );

/** Why it cannot run here; undefined if a container runs. */
function unable(): string | undefined {
  if (process.getuid?.() !== 0 || !has('podman') || !has('runc'))
    return 'no podman and runc here, or not root';
  try {
    makeImage();
    run('plain');
    return undefined;
  } catch (error) {
    return `podman cannot run a container here: ${String(error).slice(0, 600)}`;
  }
}

const reason = unable();
t.teardown(() => {
  if (has('podman')) {
    try {
      podman('rm', '-f', '-t', '0', '-a');
    } catch {
      // There is none.
    }
  }
  rmSync(dir, { recursive: true, force: true });
});

async function look(
  target: string,
  params: Readonly<Record<string, Parameter>> = {},
  declared = {},
): Promise<Observed> {
  return runShaped(containerProbe, {
    target,
    params: new Map(Object.entries(params)),
    challenge: new Uint8Array(32),
    declared: new Map(Object.entries(declared)),
    secret: () => Promise.resolve(undefined),
    spent: () => undefined,
    signal: new AbortController().signal,
    now: Date.now,
  });
}

const verdicts = (seen: Observed, pack: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    packOf(pack, new Map(), 'background').map((claim) => [claim.id, judgeClaim(claim, seen).verdict]),
  );

async function service(t: Test): Promise<string> {
  const socket = join(dir, 'podman.sock');
  const child = spawn(
    'podman',
    ['--runtime', 'runc', 'system', 'service', '--time', '0', `unix://${socket}`],
    { env, stdio: 'ignore' },
  );
  t.teardown(() => child.kill());
  for (let i = 0; i < 200 && !existsSync(socket); i++) await wait(50);
  return socket;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });

/** nginx with the server of the page; only its port and the socket are others. */
async function nginx(t: Test, socket: string): Promise<string> {
  const page = readFileSync(join(import.meta.dirname, '../../src/probe/container/README.md'), 'utf8');
  const [, server = ''] = /```nginx\n([^]*?)```/.exec(page) ?? [];
  const port = await freePort();
  const conf = join(dir, 'nginx.conf');
  const own = server.replace('127.0.0.1:2375', `127.0.0.1:${port}`).replace('/run/docker.sock', socket);
  writeFileSync(
    conf,
    `user root;\ndaemon off;\npid ${dir}/nginx.pid;\nerror_log ${dir}/error.log;\nevents {}\nhttp {\naccess_log off;\n${own}}\n`,
  );
  const child = spawn('nginx', ['-c', conf, '-e', join(dir, 'error.log')], { stdio: 'ignore' });
  t.teardown(() => child.kill());
  const url = `http://127.0.0.1:${port}`;
  for (
    let i = 0;
    i < 200 &&
    !(await fetch(url).then(
      () => true,
      () => false,
    ));
    i++
  )
    await wait(50);
  return url;
}

t.test('a real Podman, by its socket and through nginx', { skip: reason ?? false }, async (t) => {
  const socket = await service(t);
  const plain = await look(socket);
  t.match(plain.value, { engine: { name: 'podman' }, containers: { running: 1, looked: 1 } });
  t.same(verdicts(plain, 'no-privileged-container'), {
    'no-privileged-container': 'PROVEN',
    'no-host-mount': 'UNKNOWN',
    'no-host-namespace': 'PROVEN',
    'no-host-ipc': 'UNKNOWN',
    'no-host-device': 'PROVEN',
    'container-confined': 'PROVEN',
    'container-paths-masked': 'UNKNOWN',
  });
  const digest = /@(sha256:[0-9a-f]{64})/.exec(podman('image', 'inspect', 'localhost/base:1'))?.[1] ?? '';
  const declared = {
    '/name': 'shop',
    '/services/web/image': `base@${digest}`,
    '/services/web/container_name': 'plain',
  };
  t.same(Object.values(verdicts(await look(socket, { images: true }, declared), 'image-as-declared')), [
    'PROVEN',
    'PROVEN',
    'PROVEN',
  ]);

  run(
    'evil',
    '--privileged',
    '--pid',
    'host',
    '-v',
    '/etc:/host:ro',
    '-e',
    'SECRET=MARKER',
    '-l',
    'a=MARKER',
  );
  podman('volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', 'device=/', 'hidden');
  run(
    'sly',
    '-v',
    'hidden:/data',
    '--cap-add',
    'SYS_ADMIN',
    '--device',
    '/dev/null',
    '--security-opt',
    'seccomp=unconfined',
    '--user',
    '1000',
  );
  podman('pause', 'sly');
  const seen = await look(socket, { names: ['sly', 'evil', 'plain'] });
  const found = (list: string) => seen.value[list];
  t.match(seen.value['containers'], { running: 3, paused: 1 });
  t.match(found('privileged'), [{ container: 'evil' }]);
  t.match(found('hostPid'), [{ container: 'evil' }]);
  t.match(found('capabilities'), [{ container: 'sly', what: 'adds SYS_ADMIN' }]);
  t.same(
    new Set(JSON.stringify(found('mounts')).match(/evil|sly/g)),
    new Set(['evil', 'sly']),
    'a folder behind a volume, too',
  );
  t.match(found('noSeccomp'), [{}, {}]);
  t.match(seen.value['named'], { sly: { user: 'number', state: 'paused' } });
  t.notMatch(JSON.stringify(seen), /MARKER/);
  t.equal(
    verdicts(await look(socket, { images: true }, declared), 'image-as-declared')['containers-closed'],
    'VIOLATED',
  );

  if (!has('nginx')) return t.comment('no nginx here');
  const proxy = await nginx(t, socket);
  const through = await look(proxy, { names: ['sly', 'evil', 'plain'], images: true }, declared);
  t.match(through.population.source, /a proxy before Podman/);
  t.same(through.value['mounts'], seen.value['mounts']);
  const status = async (path: string, method = 'GET') => (await fetch(proxy + path, { method })).status;
  t.equal(await status('/v1.41/containers/json'), 200);
  for (const path of [
    '/v1.41/containers/plain/archive?path=/',
    '/v1.41/secrets',
    '/containers/json',
    '/v4.0.0/libpod/info',
  ])
    t.equal(await status(path), 403, path);
  t.equal(await status('/v1.41/containers/json', 'POST'), 403);
});
