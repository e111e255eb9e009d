/** `container@1` against engines that the test serves: powers over the host, and everything that must not look like their absence. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import type { Value } from '#src/claim/value.ts';
import { packOf } from '#src/declare/packs.ts';
import { CONTAINER } from '#src/probe/container/describe.ts';
import { containerProbe, makeContainerProbe } from '#src/probe/container/probe.ts';
import { nginxServer } from '#src/probe/container/proxy.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import {
  containerOf,
  digest,
  idOf,
  infoOf,
  listOf,
  PLAIN,
  serveEngine,
  type Lie,
  type ServedContainer,
  type ServedEngine,
} from '../support/engine-served.ts';
import { runShaped } from '../support/shaped.ts';

const dir = mkdtempSync(join(tmpdir(), 'tally-container-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));
let sockets = 0;

interface World {
  readonly engine: ServedEngine | (() => ServedEngine);
  readonly lie?: Lie;
  readonly params?: Readonly<Record<string, Parameter>>;
  readonly declared?: Readonly<Record<string, Value>>;
  readonly salt?: string;
  readonly tcp?: boolean;
  readonly timeoutMs?: number;
}

async function look(t: Test, world: World): Promise<Observed & { readonly asked: readonly string[] }> {
  const { engine, lie, params = {}, declared, salt, tcp = false, timeoutMs } = world;
  const folder = mkdtempSync(join(dir, `s${sockets++}`));
  const engineOf = typeof engine === 'function' ? engine : () => engine;
  const served = await serveEngine(engineOf, tcp ? undefined : folder, lie);
  t.teardown(() => served.close());
  const seen = await runShaped(timeoutMs === undefined ? containerProbe : makeContainerProbe(timeoutMs), {
    target: served.target,
    params: new Map(Object.entries(params)),
    challenge: new Uint8Array(32),
    ...(declared && { declared: new Map(Object.entries(declared)) }),
    secret: (name) => Promise.resolve(name === 'salt' ? salt : undefined),
    spent: () => undefined,
    signal: new AbortController().signal,
    now: () => 1_800_000_100_000,
  });
  return { ...seen, asked: served.asked };
}

const verdicts = (seen: Observed, pack = 'no-privileged-container'): Readonly<Record<string, string>> =>
  Object.fromEntries(
    packOf(pack, new Map(), 'background').map((claim) => [claim.id, judgeClaim(claim, seen).verdict]),
  );
const verdict = (seen: Observed, id: string): string | undefined =>
  ['no-privileged-container', 'container-hardened', 'image-as-declared']
    .flatMap((pack) =>
      pack === 'image-as-declared' && !('differing' in seen.value) ? [] : [verdicts(seen, pack)],
    )
    .find((each) => id in each)?.[id];

const one = (container: Partial<ServedContainer> = {}, rest: Partial<ServedEngine> = {}): ServedEngine => ({
  containers: [{ name: 'web', ...container }],
  ...rest,
});

t.test('a plain container of Docker: all is PROVEN, by five paths', async (t) => {
  const seen = await look(t, {
    engine: one({ user: '1000:1000', host: { ReadonlyRootfs: true, SecurityOpt: ['no-new-privileges'] } }),
  });
  t.same(new Set(Object.values(verdicts(seen))), new Set(['PROVEN']));
  t.same(new Set(Object.values(verdicts(seen, 'container-hardened'))), new Set(['PROVEN']));
  t.same(seen.asked, [
    'GET /v1.44/info',
    'GET /v1.48/containers/json?all=true',
    `GET /v1.48/containers/${idOf(0)}/json`,
  ]);
  t.match(seen.population, { total: 1, sampled: 1, source: /Docker \(root on this host can change/ });
  t.match(seen.value, { engine: { name: 'docker', api: '1.48', seccomp: 'default', apparmor: true } });
});

t.test('versions: Docker 20 (1.41), 28 (1.48), a newer one, and one that is too old', async (t) => {
  const api = async (minor: number) => (await look(t, { engine: one({}, { minor }) })).value['engine'];
  t.match(await api(41), { api: '1.41' });
  t.match(await api(48), { api: '1.48' });
  t.match(await api(60), { api: '1.51' }, 'no version is asked for that was not read for');
  await t.rejects(look(t, { engine: one({}, { minor: 30 }) }), {
    code: 'unavailable',
    message: /neither version 1\.44 nor 1\.40/,
  });
});

/** Each makes the claim false. */
const POWERS: readonly (readonly [
  id: string,
  what: string,
  container: Partial<ServedContainer>,
  engine?: Partial<ServedEngine>,
])[] = [
  ['no-privileged-container', 'privileged', { host: { Privileged: true } }],
  ['no-privileged-container', 'a capability', { host: { CapAdd: ['CAP_SYS_ADMIN'] } }],
  ['no-privileged-container', 'all of them', { host: { CapAdd: ['ALL'], CapDrop: ['NET_RAW'] } }],
  ['no-privileged-container', 'one in small letters', { host: { CapAdd: ['sys_ptrace'] } }],
  ['no-privileged-container', 'one that is not known here', { host: { CapAdd: ['SYS_NEWEST'] } }],
  ['no-host-device', 'a disk', { host: { Devices: [{ PathOnHost: '/dev/sda' }] } }],
  ['no-host-device', 'a request', { host: { DeviceRequests: [{ Driver: 'nvidia', Count: -1 }] } }],
  ['no-host-device', 'a rule', { host: { DeviceCgroupRules: ['c 1:3 rwm'] } }],
  ['no-host-namespace', 'network', { host: { NetworkMode: 'host' } }],
  [
    'no-host-namespace',
    'network, by the id of the network',
    { host: { NetworkMode: 'a'.repeat(64) }, own: { NetworkSettings: { Networks: { host: {} } } } },
  ],
  [
    'no-host-namespace',
    'network, by its sandbox',
    { own: { NetworkSettings: { SandboxKey: '/var/run/docker/netns/default', Networks: {} } } },
  ],
  ['no-host-namespace', 'processes', { host: { PidMode: 'host' } }],
  ['no-host-namespace', 'a path (podman)', { host: { PidMode: 'ns:/proc/1/ns/pid' } }],
  ['no-host-namespace', 'host name', { host: { UTSMode: 'host' } }],
  [
    'no-host-namespace',
    'users, where they are mapped',
    { host: { UsernsMode: 'host' } },
    { info: { SecurityOptions: ['name=seccomp,profile=builtin', 'name=userns'] } },
  ],
  ['no-host-ipc', 'ipc', { host: { IpcMode: 'host' } }],
  ['container-confined', 'seccomp', { host: { SecurityOpt: ['seccomp=unconfined'] } }],
  ['container-confined', 'seccomp, as old clients say it', { host: { SecurityOpt: ['seccomp:unconfined'] } }],
  [
    'container-confined',
    'the engine has none',
    {},
    { info: { SecurityOptions: ['name=apparmor', 'name=seccomp,profile=unconfined'] } },
  ],
  ['container-confined', 'the kernel has none', {}, { info: { SecurityOptions: ['name=apparmor'] } }],
  ['container-confined', 'AppArmor', { host: { SecurityOpt: ['apparmor=unconfined'] } }],
  ['container-confined', 'AppArmor, as it is', { own: { AppArmorProfile: 'unconfined' } }],
  ['container-confined', 'SELinux', { host: { SecurityOpt: ['label:disable'] } }],
  ['container-paths-masked', 'systempaths', { host: { MaskedPaths: [], ReadonlyPaths: [] } }],
  ['container-paths-masked', 'read-only paths alone', { host: { ReadonlyPaths: [] } }],
  ['container-read-only', 'a root that can be written', { host: { ReadonlyRootfs: false } }],
  ['container-not-root', 'no user', { user: '' }],
  ['container-not-root', 'zero', { user: '00:1000' }],
  ['container-gains-nothing', 'no option', {}],
  ['container-gains-nothing', 'switched off', { host: { SecurityOpt: ['no-new-privileges:false'] } }],
];

t.test('each power over the host is found', async (t) => {
  for (const [id, what, container, rest] of POWERS) {
    const seen = await look(t, { engine: one(container, rest) });
    t.equal(verdict(seen, id), 'VIOLATED', `${id}: ${what}`);
  }
});

const bind = (Source: string, RW = true) => ({ Type: 'bind', Source, Destination: '/x', RW });
const volume = (Name: string, Driver = 'local') => ({
  Type: 'volume',
  Name,
  Driver,
  Source: `/var/lib/docker/volumes/${Name}/_data`,
  RW: true,
});

t.test('mounts by what they are of', async (t) => {
  const found = [
    '/',
    '/etc',
    '/etc/shadow',
    '/proc/1/root',
    '//',
    '/srv/../',
    '/var/run/docker.sock',
    '/run/',
    '/var/run',
    '/run/docker.sock',
    '/run/user/1000/podman/podman.sock',
    '/run/user/1000',
    '/run/podman',
    '/x/y/docker.sock',
    '/var',
    '/var/lib/docker',
    ['', 'root', '.ssh'].join('/'),
    '/home',
    '/dev/disk',
    '/usr/bin/',
    '/etc/localtime/../shadow',
  ];
  for (const path of found) {
    const seen = await look(t, { engine: one({ mounts: [bind(path, false)] }) });
    t.equal(verdict(seen, 'no-host-mount'), 'VIOLATED', path);
  }
  const plain = [
    bind('/srv/data'),
    bind(['', 'home', 'me', 'app'].join('/')),
    bind('/etc/localtime', false),
    bind('/var/lib/postgresql'),
    { Type: 'tmpfs', Source: '', Destination: '/t' },
    volume('data'),
  ];
  const seen = await look(t, { engine: one({ mounts: plain }, { volumes: { data: {} } }) });
  t.equal(verdict(seen, 'no-host-mount'), 'PROVEN');
  const ours = await look(t, { engine: one({ mounts: [bind(join(dir, 'nothing'))] }) });
  t.equal(verdict(ours, 'no-host-mount'), 'PROVEN');
  t.equal(
    verdict(await look(t, { engine: one({ mounts: [bind('/etc/localtime')] }) }), 'no-host-mount'),
    'VIOLATED',
    'writable',
  );
});

t.test('a volume is what its options say, and no name hides a folder', async (t) => {
  const tries: readonly (readonly [what: string, options: unknown, expected: string])[] = [
    ['a bind of the root', { Options: { type: 'none', o: 'bind', device: '/' } }, 'VIOLATED'],
    ['a bind among other options', { Options: { type: 'none', o: 'ro,rbind', device: '/etc' } }, 'VIOLATED'],
    ['a bind without a type', { Options: { o: 'bind', device: '/var/run/docker.sock' } }, 'VIOLATED'],
    ['a disk', { Options: { type: 'ext4', device: '/dev/sda1' } }, 'VIOLATED'],
    [
      'an overlay over the root',
      { Options: { type: 'overlay', device: 'overlay', o: 'lowerdir=/' } },
      'UNKNOWN',
    ],
    ['proc', { Options: { type: 'proc', device: 'proc' } }, 'UNKNOWN'],
    ['a bind of some folder', { Options: { type: 'none', o: 'bind', device: '/srv/x' } }, 'PROVEN'],
    ['a share', { Options: { type: 'nfs', o: 'addr=10.0.0.1', device: ':/x' } }, 'PROVEN'],
  ];
  for (const [what, options, expected] of tries) {
    const seen = await look(t, {
      engine: one({ mounts: [volume('v')] }, { volumes: { v: options as never } }),
    });
    t.equal(verdict(seen, 'no-host-mount'), expected, what);
  }
  const other = await look(t, { engine: one({ mounts: [volume('v', 'local-persist')] }) });
  t.equal(verdict(other, 'no-host-mount'), 'UNKNOWN', 'of another driver');
  const gone = await look(t, { engine: one({ mounts: [volume('v')] }) });
  t.equal(verdict(gone, 'no-host-mount'), 'UNKNOWN', 'one that the engine does not have');
  const strange = await look(t, { engine: one({ mounts: [{ Type: 'cluster', Source: 'x' }] }) });
  t.equal(verdict(strange, 'no-host-mount'), 'UNKNOWN', 'a kind that is not known');
  const asked = await look(t, { engine: one({ mounts: [volume('../../containers/json')] }) });
  t.equal(verdict(asked, 'no-host-mount'), 'UNKNOWN', 'a name that is a path');
  t.notOk(
    asked.asked.some((each) => each.includes('volumes')),
    'is not asked for',
  );
});

/** Each leaves the claim without an answer. */
const DOUBTS: readonly (readonly [
  id: string,
  what: string,
  container: Partial<ServedContainer>,
  engine?: Partial<ServedEngine>,
])[] = [
  [
    'no-host-namespace',
    'joins a container that is not looked at',
    { host: { NetworkMode: `container:${'e'.repeat(64)}` } },
  ],
  ['no-host-namespace', 'joins by name', { host: { PidMode: 'container:other' } }],
  ['no-host-namespace', 'a mode of the future', { host: { PidMode: 'tunnel:x' } }],
  [
    'container-confined',
    'a seccomp profile of its own',
    { host: { SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] } },
  ],
  [
    'container-confined',
    'a seccomp profile of the engine',
    {},
    { info: { SecurityOptions: ['name=seccomp,profile=/etc/docker/x.json'] } },
  ],
  ['container-confined', 'an AppArmor profile of its own', { own: { AppArmorProfile: 'allow-all' } }],
  ['container-confined', 'an SELinux type of its own', { host: { SecurityOpt: ['label=type:spc_t'] } }],
  ['container-confined', 'an option of the future', { host: { SecurityOpt: ['freedom=all'] } }],
  ['container-not-root', 'a user by name', { user: 'app' }],
  ['no-host-ipc', 'Podman, which says so of every IPC', {}, { podman: true }],
  ['container-paths-masked', 'Podman, which does not say', {}, { podman: true }],
  [
    'no-privileged-container',
    'an engine that does not count',
    {},
    { info: { ContainersRunning: undefined } },
  ],
];

t.test('what is not known is never green', async (t) => {
  for (const [id, what, container, rest] of DOUBTS) {
    const seen = await look(t, { engine: one(container, rest) });
    t.equal(verdict(seen, id), 'UNKNOWN', `${id}: ${what}`);
  }
});

t.test('each member that something on the way takes out: UNKNOWN, or no answer at all', async (t) => {
  const rests: Readonly<Record<string, string>> = {
    CapAdd: 'no-privileged-container',
    Devices: 'no-host-device',
    NetworkMode: 'no-host-namespace',
    PidMode: 'no-host-namespace',
    IpcMode: 'no-host-ipc',
    UTSMode: 'no-host-namespace',
    UsernsMode: 'no-host-namespace',
    SecurityOpt: 'container-confined',
    ReadonlyRootfs: 'container-read-only',
    MaskedPaths: 'container-paths-masked',
    ReadonlyPaths: 'container-paths-masked',
  };
  for (const [member, id] of Object.entries(rests))
    for (const host of [{ [member]: undefined }, { [member]: 7 }]) {
      const seen = await look(t, { engine: one({ host }) });
      t.equal(verdict(seen, id), 'UNKNOWN', `${member}: ${id}`);
    }
  t.equal(
    verdict(await look(t, { engine: one({ own: { Mounts: undefined } }) }), 'no-host-mount'),
    'UNKNOWN',
  );
  t.equal(verdict(await look(t, { engine: one({ own: { Config: {} } }) }), 'container-not-root'), 'UNKNOWN');
  for (const own of [
    { HostConfig: undefined },
    { HostConfig: { ...PLAIN, Privileged: 'no' } },
    { State: {} },
    { Name: undefined },
    { Image: null },
    { Id: idOf(5) },
    { Id: 'short' },
  ])
    await t.rejects(
      look(t, { engine: one({ own }) }),
      { code: 'unavailable' },
      JSON.stringify(own).slice(0, 40),
    );
});

t.test('nothing that runs: nothing is shown, and so nothing is PROVEN', async (t) => {
  const seen = await look(t, {
    engine: { containers: [{ name: 'old', state: 'exited', host: { Privileged: true } }] },
  });
  t.same(new Set(Object.values(verdicts(seen))), new Set(['UNKNOWN']));
  t.match(seen.value['containers'], { running: 0, stopped: 1 });
  const left = await look(t, { engine: one({ host: { Privileged: true } }), params: { except: ['web'] } });
  t.same(new Set(Object.values(verdicts(left))), new Set(['UNKNOWN']), 'all of them are left out');
});

const EVIL: ServedContainer = { name: 'evil', host: { Privileged: true } };

t.test('an engine, or a proxy, that hides a container', async (t) => {
  const engine = { containers: [{ name: 'web' }, EVIL] };
  const honest = await look(t, { engine });
  t.equal(verdict(honest, 'no-privileged-container'), 'VIOLATED');
  const shorter: Lie = (path, response) => {
    if (!path.startsWith('/containers/json')) return false;
    response.end(JSON.stringify(listOf(engine).slice(0, 1)));
    return true;
  };
  const hidden = await look(t, { engine, lie: shorter });
  t.equal(verdict(hidden, 'no-privileged-container'), 'UNKNOWN', 'its count says otherwise');
  const missing: Lie = (path, response) => {
    if (!path.includes(idOf(1))) return false;
    response.statusCode = 404;
    response.end('{}');
    return true;
  };
  const denied = await look(t, { engine, lie: missing });
  t.equal(
    verdict(denied, 'no-privileged-container'),
    'UNKNOWN',
    'listed before and after, and said to be gone',
  );
  t.match(denied.population, { total: 2, sampled: 1, method: 'readable' });
});

t.test('what changes while it is looked at is no fault', async (t) => {
  let lists = 0;
  const engine = (): ServedEngine => ({
    containers: lists > 0 ? [{ name: 'web' }] : [{ name: 'web' }, EVIL],
  });
  const gone: Lie = (path) => {
    if (path.startsWith('/containers/json')) lists += 1;
    return false;
  };
  const seen = await look(t, { engine, lie: gone });
  t.equal(verdict(seen, 'no-privileged-container'), 'PROVEN', 'gone between two requests');
  t.match(seen.value['containers'], { gone: 1, looked: 1 });
  const ended: Lie = (path, response) => {
    if (!path.includes(idOf(1))) return false;
    response.end(
      JSON.stringify({ ...containerOf(engine(), 1), State: { Status: 'exited', Running: false } }),
    );
    return true;
  };
  lists = 0;
  const stopped = await look(t, {
    engine: () => ({ containers: [{ name: 'web' }, EVIL] }),
    lie: (path, ...rest) => {
      if (path.startsWith('/containers/json') && (lists += 1) > 1) {
        rest[0].end(
          JSON.stringify([...listOf({ containers: [{ name: 'web' }, { ...EVIL, state: 'exited' }] })]),
        );
        return true;
      }
      return ended(path, ...rest);
    },
  });
  t.equal(verdict(stopped, 'no-privileged-container'), 'PROVEN', 'ended meanwhile');
  const states = await look(t, {
    engine: {
      containers: [
        { name: 'a', state: 'paused' },
        { name: 'b', state: 'restarting', host: { Privileged: true } },
        { name: 'c', state: 'warming' },
      ],
    },
  });
  t.match(states.value['containers'], { running: 3, paused: 1, restarting: 1 });
  t.equal(
    verdict(states, 'no-privileged-container'),
    'VIOLATED',
    'one that is started again and again counts',
  );
});

t.test('answers that are none: refused in one line, which repeats nothing', async (t) => {
  const whole =
    (body: string, status = 200): Lie =>
    (path, response) => {
      if (path.startsWith('/containers/json')) {
        response.statusCode = status;
        response.end(body);
        return true;
      }
      return false;
    };
  const twice = listOf(one())[0];
  const cases: readonly (readonly [
    what: string,
    lie: Lie,
    expected: { readonly code: string; readonly message?: RegExp },
  ])[] = [
    ['no JSON', whole('MARKER'), { code: 'unavailable', message: /not a list of containers/ }],
    ['another form', whole('{"message":"MARKER"}'), { code: 'unavailable' }],
    [
      'an id that is a path',
      whole(JSON.stringify([{ ...twice, Id: '../../images' }])),
      { code: 'unavailable' },
    ],
    ['an id twice', whole(JSON.stringify([twice, twice])), { code: 'unavailable' }],
    ['deep', whole('['.repeat(100_000)), { code: 'unavailable' }],
    ['too many values', whole(`[${'0,'.repeat(600_000)}0]`), { code: 'too-large' }],
    [
      '403',
      whole('{"message":"MARKER"}', 403),
      { code: 'unavailable', message: /forbids GET \/containers\/json/ },
    ],
    ['500', whole('MARKER', 500), { code: 'unavailable', message: /answers 500/ }],
    [
      'a redirect',
      (path, response) => {
        if (!path.startsWith('/containers')) return false;
        response.writeHead(301, { location: 'http://127.0.0.1:1/MARKER' }).end();
        return true;
      },
      { code: 'unavailable', message: /no redirect is followed/ },
    ],
    [
      'cut short',
      (path, response) => {
        if (!path.startsWith('/containers')) return false;
        response.writeHead(200, { 'content-length': '1000' });
        response.write('[');
        setImmediate(() => response.destroy());
        return true;
      },
      { code: 'unavailable' },
    ],
    [
      'endless',
      (path, response) => {
        if (!path.startsWith('/containers')) return false;
        const timer = setInterval(() => response.write(Buffer.alloc(1024 ** 2, 0x20)), 1);
        response.on('close', () => clearInterval(timer));
        return true;
      },
      { code: 'too-large' },
    ],
    [
      'silent',
      (path) => path.startsWith('/containers'),
      { code: 'unavailable', message: /none within 300 ms/ },
    ],
    [
      'slow, a byte at a time',
      (path, response) => {
        if (!path.startsWith('/containers')) return false;
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
        return true;
      },
      { code: 'unavailable', message: /none within 300 ms/ },
    ],
  ];
  for (const [what, lie, expected] of cases)
    await t.rejects(
      look(t, { engine: one(), lie, ...(what.startsWith('s') && { timeoutMs: 300 }) }).catch(
        (error: unknown) => {
          t.notMatch(String(error), /MARKER/, what);
          throw error;
        },
      ),
      expected,
      what,
    );
  const pieces: Lie = (path, response) => {
    if (path !== '/info') return false;
    for (const each of JSON.stringify(infoOf(one()))) response.write(each);
    response.end();
    return true;
  };
  t.equal(
    verdict(await look(t, { engine: one(), lie: pieces }), 'no-host-mount'),
    'PROVEN',
    'chunks are no fault',
  );
  const many = { containers: Array.from({ length: 501 }, (_, i) => ({ name: `c${i}` })) };
  await t.rejects(look(t, { engine: many }), { code: 'too-large' });
});

t.test('a proxy that filters: what it forbids is named', async (t) => {
  const paths =
    /^\/(?:info|containers\/json\?all=true|containers\/[0-9a-f]{64}\/json|volumes\/[^/]+|images\/[^/]+\/json)$/;
  const only =
    (allowed: RegExp): Lie =>
    (path, response, request) => {
      if (request.method === 'GET' && allowed.test(path)) return false;
      response.writeHead(403).end('<html>');
      return true;
    };
  const engine = one({ mounts: [volume('v')] }, { volumes: { v: {} }, images: { [digest(1)]: {} } });
  const params = { images: true, project: 'shop' };
  const declared = { '/services/web/image': 'x' };
  const seen = await look(t, { engine, tcp: true, params, declared, lie: only(paths) });
  t.match(seen.population.source, /a proxy before Docker \(the proxy and root on its host can change/);
  t.equal(seen.asked.length, 5, 'each of the five once');
  const not = (kept: string) => only(new RegExp(paths.source.replace(kept, 'none')));
  for (const [kept, named] of [
    ['info', '/info'],
    ['volumes', '/volumes/…'],
    ['images', '/images/…/json'],
    ['containers\\/[0', '/containers/…/json'],
  ] as const)
    await t.rejects(look(t, { engine, tcp: true, params, declared, lie: not(kept) }), {
      code: 'unavailable',
      message: new RegExp(`forbids GET ${named};`),
    });
});

t.test('nothing of env, labels, arguments, mounts or undeclared names leaves', async (t) => {
  const marker = 'MARKER4711';
  const host = {
    SecurityOpt: [`seccomp=${marker}`, `label=type:${marker}`],
    CapAdd: [marker],
    NetworkMode: marker,
    PidMode: `ns:${marker}`,
    Devices: [{ PathOnHost: `/dev/${marker}` }],
  };
  const container = {
    name: `c${marker}`,
    host,
    user: marker,
    mounts: [bind(`/etc/${marker}`), volume(marker)],
    own: { AppArmorProfile: marker },
  };
  const engine = {
    containers: [container, { name: 'shop-web-1' }],
    marker,
    volumes: { [marker]: { Options: { type: 'cifs', o: `password=${marker}`, device: `//${marker}/x` } } },
    images: { [digest(1)]: {} },
  };
  const params = { images: true, project: 'shop' };
  const seen = await look(t, { engine, params, declared: { '/services/web/image': 'x' } });
  t.notMatch(JSON.stringify(seen.value), /MARKER/);
  t.notMatch(JSON.stringify([seen.withheld, seen.undeclared, seen.population]), /MARKER/);
  t.match(seen.value, { undeclared: [{ mark: /^[0-9a-f]{32}$/ }] });
  const [a, b] = [
    await look(t, { engine, salt: '5a'.repeat(32) }),
    await look(t, { engine, salt: '5a'.repeat(32) }),
  ];
  t.same(a.value, b.value, "with the owner's secret a mark stays the same");
  t.notSame((await look(t, { engine })).value, a.value);
});

t.test('what the owner of an engine is told to allow', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../src/probe/container/README.md'), 'utf8');
  t.ok(
    page.includes(nginxServer('127.0.0.1:2375', '/run/docker.sock')),
    'the page has the proxy of the grant',
  );
  const [grant] = CONTAINER.grants;
  const to = (target: string) => grant?.statement({ who: 'tally', target });
  t.equal(to('/run/docker.sock'), 'setfacl -m u:tally:rw /run/docker.sock');
  t.match(to('http://127.0.0.1:2375'), /listen 127\.0\.0\.1:2375;/);
  t.match(to('https://engine.example:2376'), /listen engine\.example:2376 ssl;/);
});
