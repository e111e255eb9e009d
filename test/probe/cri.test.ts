/** `cri@1` on runtimes that these tests serve: honest ones, lying ones, slow ones, and ones that are none. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerHttp2Stream } from 'node:http2';
import { createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Refusal } from '#src/bytes/refusal.ts';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { packOf } from '#src/declare/packs.ts';
import { declareKubernetes } from '#src/declare/sources/kubernetes/kubernetes.ts';
import { GrpcSocket } from '#src/probe/cri/grpc.ts';
import { parseContainers, parseSandboxes } from '#src/probe/cri/messages.ts';
import { lookAt } from '#src/probe/cri/runtime.ts';
import { criProbe } from '#src/probe/cri/probe.ts';
import { declaredValue } from '#src/probe/declared.ts';
import {
  answer,
  containerBytes,
  field,
  framed,
  sandboxBytes,
  serveCri,
  type ServedNode,
} from '../support/cri-served.ts';
import { runShaped } from '../support/shaped.ts';

const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, '0')}`;
const [CONFIG, INDEX, MANIFEST, EVIL] = [digest(1), digest(2), digest(3), digest(4)];
const never = new AbortController().signal;

const IMAGES = [
  { id: CONFIG, digests: [`registry.example/shop@${INDEX}`] },
  { id: EVIL, digests: [`registry.example/evil@${digest(5)}`] },
  { id: digest(6), digests: [] },
];
const NODE: ServedNode = {
  sandboxes: [
    { id: 's1', namespace: 'shop', name: 'web-1' },
    { id: 's2', namespace: 'kube-system', name: 'proxy' },
  ],
  containers: [
    { id: 'c1', sandbox: 's1', name: 'web', imageRef: CONFIG },
    { id: 'c2', sandbox: 's2', name: 'proxy', imageRef: digest(6) },
  ],
  images: IMAGES,
};

function folder(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'tally-cri-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function served(t: Test, node: ServedNode, lie?: Parameters<typeof serveCri>[2]) {
  const cri = await serveCri(folder(t), () => node, lie);
  t.teardown(() => cri.close());
  return cri;
}

const MANIFESTS = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  template:
    spec:
      containers:
        - { name: web, image: "registry.example/shop:1@${INDEX}" }
`;

function declared(text: string): ReadonlyMap<string, ReturnType<typeof declaredValue>> {
  return new Map(declareKubernetes([text]).leaves.map(({ path, value }) => [path, declaredValue(value)]));
}

function look(path: string, more: { manifests?: string; params?: object } = {}): Promise<Observed> {
  return runShaped(criProbe, {
    target: path,
    params: new Map(Object.entries({ pods: false, settle: 0, ...more.params })),
    declared: declared(more.manifests ?? MANIFESTS),
    challenge: new Uint8Array(32),
    secret: () => Promise.resolve(undefined),
    spent: () => undefined,
    signal: never,
    now: () => 1_800_000_100_000,
  });
}

const verdicts = (seen: Observed, pack = 'node-images'): Readonly<Record<string, string>> =>
  Object.fromEntries(
    packOf(pack, new Map(), 'background').map((claim) => [claim.id, judgeClaim(claim, seen).verdict]),
  );

t.test('what an honest runtime runs', async (t) => {
  const cri = await served(t, NODE);
  const running = await lookAt(cri.path, never);
  t.same(running.version, { name: 'containerd', version: 'v2.1.4' });
  t.same(running.sandboxes[0], {
    id: 's1',
    uid: 'uid-s1',
    namespace: 'shop',
    name: 'web-1',
    attempt: 0,
    ready: true,
    created: 1_800_000_000,
  });
  t.same(running.containers[0]?.images, [CONFIG]);
  t.same(cri.calls, [
    '/runtime.v1.RuntimeService/Version',
    '/runtime.v1.RuntimeService/ListContainers',
    '/runtime.v1.RuntimeService/ListPodSandbox',
    '/runtime.v1.ImageService/ListImages',
  ]);
  for (const call of cri.calls) t.match(call, /\/(?:Version|List)[A-Za-z]*$/, 'it reads only');
});

t.test('images: declared by index, by manifest and by configuration; another one is seen', async (t) => {
  const cri = await served(t, NODE);
  t.same(verdicts(await look(cri.path)), {
    'node-images-declared': 'PROVEN',
    'node-namespaces-closed': 'PROVEN',
  });
  const byConfig = MANIFESTS.replace(INDEX, CONFIG);
  t.equal(verdicts(await look(cri.path, { manifests: byConfig }))['node-images-declared'], 'PROVEN');
  const other = MANIFESTS.replace(INDEX, MANIFEST);
  t.equal(verdicts(await look(cri.path, { manifests: other }))['node-images-declared'], 'VIOLATED');
  const params = { platforms: [`${MANIFEST} ${INDEX}`] };
  t.equal(verdicts(await look(cri.path, { manifests: other, params }))['node-images-declared'], 'PROVEN');
});

t.test('what is not known is not green', async (t) => {
  const run = async (node: Partial<ServedNode>, manifests?: string) => {
    const cri = await serveCri(folder(t), () => ({ ...NODE, ...node }));
    try {
      return verdicts(await look(cri.path, manifests === undefined ? {} : { manifests }));
    } finally {
      await cri.close();
    }
  };
  const both = (verdict: string) => ({ 'node-images-declared': verdict, 'node-namespaces-closed': verdict });
  const web = { id: 'c1', sandbox: 's1', name: 'web' };
  t.same(await run({ sandboxes: [], containers: [] }), both('UNKNOWN'), 'an empty runtime');
  t.same(await run({ containers: [] }), both('UNKNOWN'), 'no declared container runs here');
  const loaded = await run({ containers: [{ ...web, imageRef: digest(6) }] });
  t.equal(
    loaded['node-images-declared'],
    'UNKNOWN',
    'an image that was loaded from a file has no digest of a registry',
  );
  const asked = await run({
    containers: [{ ...web, asked: `registry.example/shop@${INDEX}`, imageRef: EVIL }],
  });
  t.equal(asked['node-images-declared'], 'VIOLATED', 'what was asked for is not what runs');
  const onlyAsked = await run({ containers: [{ ...web, asked: `registry.example/shop@${INDEX}` }] });
  t.equal(onlyAsked['node-images-declared'], 'UNKNOWN', 'and no evidence at all');
  const tag = await run({}, MANIFESTS.replace(`@${INDEX}`, ''));
  t.equal(tag['node-images-declared'], 'UNKNOWN', 'a tag is no digest');
  const second = { ...web, id: 'c9', name: 'miner', imageRef: EVIL };
  const injected = await run({ containers: [...NODE.containers, second] });
  t.equal(injected['node-namespaces-closed'], 'VIOLATED', 'a container beside the declared one');
  t.equal(injected['node-images-declared'], 'PROVEN');
  const ended = await run({ containers: [...NODE.containers, { ...second, running: false }] });
  t.equal(ended['node-namespaces-closed'], 'PROVEN', 'one that has ended does not run');
  const unready = await run({
    sandboxes: [...NODE.sandboxes, { id: 's3', namespace: 'shop', ready: false }],
    containers: [...NODE.containers, { ...second, sandbox: 's3' }],
  });
  t.equal(unready['node-namespaces-closed'], 'VIOLATED', 'a container that runs in a pod that is not ready');
});

t.test('no text of the target leaves: names, labels, annotations', async (t) => {
  const secret = 'hunter2-MARKER';
  const cri = await served(t, {
    sandboxes: [
      {
        id: `${secret}-id`,
        uid: secret,
        namespace: 'shop',
        name: secret,
        labels: { [secret]: secret },
        annotations: { a: secret },
      },
      ...NODE.sandboxes,
    ],
    containers: [
      {
        id: `${secret}-c`,
        sandbox: `${secret}-id`,
        name: secret,
        imageRef: secret,
        asked: secret,
        labels: { l: secret },
      },
      ...NODE.containers,
    ],
    images: [...IMAGES, { id: secret, digests: [secret] }],
  });
  const seen = await look(cri.path);
  t.equal(verdicts(seen)['node-namespaces-closed'], 'VIOLATED');
  t.notMatch(JSON.stringify(seen), /hunter2|MARKER/);
});

t.test('answers that are none are refused, and nothing of them is told', async (t) => {
  const head = { ':status': 200, 'content-type': 'application/grpc' };
  const ended = (stream: ServerHttp2Stream, status: string, message?: Buffer): void => {
    stream.respond(head, { waitForTrailers: true });
    stream.on('wantTrailers', () =>
      stream.sendTrailers({ 'grpc-status': status, 'grpc-message': 'MARKER of the runtime' }),
    );
    stream.end(message);
  };
  const whole = framed(field(1, sandboxBytes({ id: 's1' })));
  const long = Buffer.alloc(5);
  long.writeUInt32BE(0xffff_ffff, 1);
  const cases: readonly (readonly [string, RegExp, (stream: ServerHttp2Stream) => void])[] = [
    ['a status', /status PERMISSION_DENIED/, (s) => ended(s, '7')],
    ['no CRI', /UNIMPLEMENTED.*CRI plugin/, (s) => ended(s, '12')],
    ['a status beyond the list', /no status/, (s) => ended(s, '17')],
    ['a status that is no number', /no status/, (s) => ended(s, 'MARKER')],
    [
      'trailers alone',
      /status UNAVAILABLE/,
      (s) => s.respond({ ...head, 'grpc-status': '14', 'grpc-message': 'MARKER' }, { endStream: true }),
    ],
    [
      'no trailers',
      /ended before its status/,
      (s) => {
        s.respond(head);
        s.end(whole);
      },
    ],
    ['OK without a message', /one whole message/, (s) => ended(s, '0')],
    ['a cut message', /one whole message/, (s) => ended(s, '0', whole.subarray(0, -1))],
    ['two messages', /one whole message/, (s) => ended(s, '0', Buffer.concat([whole, whole]))],
    ['a cut prefix', /one whole message/, (s) => ended(s, '0', whole.subarray(0, 3))],
    ['compressed', /compresses/, (s) => ended(s, '0', Buffer.concat([Buffer.of(1), whole.subarray(1)]))],
    ['a length of 4 GiB', /more than 16777216 bytes/, (s) => ended(s, '0', long)],
    ['HTTP 503', /not of HTTP status 200/, (s) => s.respond({ ':status': 503 }, { endStream: true })],
    [
      'HTML',
      /another content type/,
      (s) => {
        s.respond({ ...head, 'content-type': 'text/html' });
        s.end('MARKER');
      },
    ],
    ['a reset', /did not answer/, (s) => s.close(2)],
    ['a closed connection', /did not answer|ended before/, (s) => s.session?.destroy()],
    ['a group', /none of CRI v1/, (s) => answer(s, Buffer.of(0x0b, 0x0c))],
    ['a cut field', /none of CRI v1/, (s) => answer(s, Buffer.of(0x0a, 0x7f, 0x01))],
    ['a tag of zero', /none of CRI v1/, (s) => answer(s, Buffer.of(0x02, 0x00))],
    ['a number for a text', /none of CRI v1/, (s) => answer(s, Buffer.from(field(1, Buffer.of(0x08, 0x01))))],
    [
      'text that is no UTF-8',
      /none of CRI v1/,
      (s) => answer(s, Buffer.from(field(1, field(1, Buffer.of(0xff))))),
    ],
    [
      'two ids',
      /none of CRI v1/,
      (s) =>
        answer(
          s,
          Buffer.from(field(1, Buffer.concat([field(1, Buffer.from('a')), field(1, Buffer.from('b'))]))),
        ),
    ],
    ['no id', /none of CRI v1/, (s) => answer(s, Buffer.from(field(1, new Uint8Array())))],
    [
      'a long name',
      /none of CRI v1/,
      (s) => answer(s, Buffer.from(field(1, field(1, Buffer.alloc(5000, 97))))),
    ],
    [
      'too many items',
      /more than 16384 items/,
      (s) => answer(s, Buffer.alloc(2 * 16_385, Buffer.of(0x0a, 0x00))),
    ],
  ];
  for (const [what, message, lie] of cases) {
    const cri = await serveCri(
      folder(t),
      () => NODE,
      (method, stream) => {
        if (!method.endsWith('/ListPodSandbox')) return false;
        lie(stream);
        return true;
      },
    );
    const error = await lookAt(cri.path, never).then(
      () => undefined,
      (why: unknown) => why,
    );
    await cri.close();
    t.ok(error instanceof Refusal, what);
    t.match(error, { message }, what);
    t.notMatch(String(error), /MARKER/, what);
  }
});

t.test('a message longer than the bound ends the call before it is read', async (t) => {
  let sent = 0;
  const cri = await served(t, NODE, (_method, stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(1_000, 1);
    stream.write(prefix);
    const more = (): void => {
      if (stream.destroyed) return;
      sent += 16_384;
      if (stream.write(Buffer.alloc(16_384))) setImmediate(more);
      else stream.once('drain', more);
    };
    more();
    return true;
  });
  const socket = new GrpcSocket(cri.path, { timeoutMs: 20_000, maxBytes: 1_000, signal: never });
  await t.rejects(socket.call('/runtime.v1.RuntimeService/Version'), { code: 'too-large' });
  socket.close();
  t.ok(sent < 4 * 1024 ** 2, `${sent} bytes`);
});

t.test('a slow runtime ends at the time limit, and when the probe is stopped', async (t) => {
  const cri = await served(t, NODE, () => true);
  const slow = new GrpcSocket(cri.path, { timeoutMs: 20, maxBytes: 1_000, signal: never });
  await t.rejects(slow.call('/runtime.v1.RuntimeService/Version'), {
    code: 'unavailable',
    message: /in 20 ms/,
  });
  slow.close();
  const stop = new AbortController();
  const stopped = new GrpcSocket(cri.path, { timeoutMs: 20_000, maxBytes: 1_000, signal: stop.signal });
  const call = stopped.call('/runtime.v1.RuntimeService/Version');
  stop.abort(new Error('enough'));
  await t.rejects(call, /enough/);
  stopped.close();
});

t.test('only a socket of root or of this user is asked', async (t) => {
  const dir = folder(t);
  await t.rejects(lookAt('containerd.sock', never), { code: 'config-invalid' });
  await t.rejects(lookAt(join(dir, 'none'), never), { code: 'unavailable' });
  writeFileSync(join(dir, 'file'), '');
  await t.rejects(lookAt(join(dir, 'file'), never), { code: 'config-invalid', message: /no socket/ });
  const path = join(dir, 'other.sock');
  const server = createTcp((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nMARKER')).listen(path);
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const error = await lookAt(path, never).catch((why: unknown) => why);
  t.ok(error instanceof Refusal);
  t.notMatch(String(error), /MARKER/);
});

t.test('messages: unknown fields are skipped, and none of their text is kept', async (t) => {
  const extra = Buffer.concat([
    field(
      1,
      Buffer.concat([containerBytes({ id: 'c', sandbox: 's', name: 'n' }), field(99, Buffer.from('MARKER'))]),
    ),
  ]);
  const [container] = parseContainers(extra);
  t.same(container?.name, 'n');
  t.notMatch(JSON.stringify(container), /MARKER/);
  t.same(parseSandboxes(new Uint8Array()), []);
});
