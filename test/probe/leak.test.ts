/**
 * Nothing of a target leaks: every probe against a target that puts a secret into each text it has. The secret is in no
 * observation, no proof, no message and no log line. And nobody but the owner of a target lowers the checks of a connection.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { AgentStore } from '#src/agent/agent-store.ts';
import { openAgentDatabase } from '#src/agent/database.ts';
import { readRules } from '#src/agent/enrolment.ts';
import { runProbe as lookFor } from '#src/agent/runs.ts';
import { groupClaims } from '#src/probe/groups.ts';
import { parametersOf } from '#src/probe/parameters.ts';
import { formatHex } from '#src/bytes/text.ts';
import { assembleProof } from '#src/claim/assemble.ts';
import type { Unobserved, Observed } from '#src/claim/observed.ts';
import { execProbe } from '#src/probe/exec/probe.ts';
import { filesProbe } from '#src/probe/files/probe.ts';
import { httpProbe } from '#src/probe/http/probe.ts';
import { iamProbe } from '#src/probe/iam/probe.ts';
import { postgresProbe } from '#src/probe/postgres/probe.ts';
import type { Probe } from '#src/probe/probe.ts';
import { findProbe, RUNNABLE } from '#src/probe/runners.ts';
import { kubernetesProbe } from '#src/probe/kubernetes/probe.ts';
import { sshProbe } from '#src/probe/ssh/probe.ts';
import { terraformProbe } from '#src/probe/terraform/probe.ts';
import { tlsProbe } from '#src/probe/tls/probe.ts';
import { encodeProof } from '#src/statement/payload.ts';
import type { Claim } from '#src/statement/commitment.ts';
import type { Value } from '#src/claim/value.ts';
import { aws, call, deliver, PARAMS, publicKey, ROLE } from '../support/cloudtrail-world.ts';
import { certificate, folder, hashOf, listen, NOW, tcp } from '../support/e3-targets.ts';
import { FakeCluster, fakeServer, type Json } from '../support/fake-kube.ts';
import { declaredFrom } from '../support/kube-claims.ts';
import { claimOf, database, type Params } from '../support/probe-targets.ts';

const CANARY = 'c4n4ry';
/** As secrets stand in texts. */
const SECRET = `host=db1 password=${CANARY}-hunter2`;

const dir = folder();

interface Hostile {
  readonly target: string;
  readonly params?: Params;
  readonly options?: Params;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly declared?: ReadonlyMap<string, Value>;
}

/** Looks as an agent does, and gives everything that could leave it: what was seen, the proof, and what its log says. */
async function everything(t: Test, probe: Probe, hostile: Hostile): Promise<string> {
  const database = openAgentDatabase(folder());
  t.teardown(() => database.close());
  const said: unknown[] = [];
  const { target, params = {}, options = {}, secrets = {}, declared } = hostile;
  const whole = claimOf(probe, `size(o.${probe.name.split('@', 1)[0] ?? ''}) == 0`);
  const claim: Claim = { ...whole, params: new Map(Object.entries({ ...params, target })) };
  const [first] = groupClaims([claim], { claims: [claim] } as never);
  if (first === undefined) throw new Error('one look');
  const { seen } = await lookFor(
    first,
    { subject: 's', challenge: hashOf('challenge'), declared },
    {
      probes: () => Promise.resolve(probe),
      rules: readRules(
        [
          {
            subject: '**',
            probe: '*',
            targets: [target],
            secrets: Object.fromEntries(Object.keys(secrets).map((name) => [name, name])),
            options,
          },
        ],
        'targets.yaml',
      ),
      readSecret: (path) => Promise.resolve(secrets[path] ?? ''),
      store: new AgentStore(database),
      now: () => NOW,
      cpu: () => 0,
      spent: () => undefined,
      signal: new AbortController().signal,
      onBug: (error) => said.push(error instanceof Error ? error.stack : error),
    },
  );
  return textOf(seen, [claim]) + said.join('\n');
}

function textOf(seen: Observed | Unobserved, claims: readonly Claim[]): string {
  const { proof } = assembleProof(
    {
      commitment: hashOf('commitment') as never,
      agent: { name: 'agent', version: '1' },
      seq: 0,
      challenge: { origin: 'log.example', size: 3, root: hashOf('root') as never, nonce: new Uint8Array(16) },
      window: { start: NOW / 1000, end: NOW / 1000 + 1 },
      cost: { cpuUs: 1, wallUs: 2, bytes: 3 },
      nextDue: NOW / 1000 + 3600,
    },
    [{ claims, seen }],
    { leaves: 0, excluded: 0 },
    hashOf('salt'),
  );
  return (
    JSON.stringify(seen) + Buffer.from(encodeProof(proof)).toString('latin1') + formatHex(encodeProof(proof))
  );
}

function clean(t: Test, text: string, what: string): void {
  t.ok(text.length > 100, `${what}: there is something to look at`);
  t.notMatch(text, new RegExp(CANARY), what);
  t.notMatch(text, new RegExp(Buffer.from(CANARY).toString('hex')), `${what}, in hex`);
}

t.test('postgres: a server that answers a secret in every column, notice and error', async (t) => {
  for (const every of [0, 2, 3, 5]) {
    const server = await tcp((socket) => void new FakePostgres(socket, every));
    const text = await everything(t, postgresProbe, {
      target: `127.0.0.1:${server.port}`,
      params: {
        tables: ['public.a'],
        schemas: ['public'],
        wire: every === 2,
        compare: true,
        settings: ['primary_conninfo', 'ssl'],
      },
      secrets: { dsn: `postgresql://u:pw@127.0.0.1:${server.port}/d?sslmode=disable` },
      declared: new Map<string, Value>([
        ['/primary_conninfo', SECRET],
        ['/hba', { list: 1 }],
        ['/hba/0/method', SECRET],
      ]),
    });
    clean(t, text, `an error at every ${every}th question`);
    await server.stop();
  }
  for (const first of [message('E', `SFATAL\0C${CANARY}\0M${SECRET}\0\0`), Buffer.from(`${SECRET}\n`)]) {
    const server = await tcp((socket) => void socket.on('data', () => socket.end(first)));
    const dsn = `postgresql://u:pw@127.0.0.1:${server.port}/d?sslmode=disable`;
    clean(
      t,
      await everything(t, postgresProbe, { target: `127.0.0.1:${server.port}`, secrets: { dsn } }),
      'at once',
    );
    await server.stop();
  }
});

/** One message of the protocol. */
function message(type: string, body: string): Buffer {
  const bytes = Buffer.from(body, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length + 4);
  return Buffer.concat([Buffer.from(type), length, bytes]);
}

/** Lets anybody in, and answers each question with one row of secrets, or an error with one. */
class FakePostgres {
  #left = Buffer.alloc(0);
  #started = false;
  #questions = 0;

  constructor(socket: Socket, errorEvery: number) {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.#left = Buffer.concat([this.#left, chunk]);
      for (;;) {
        const head = this.#started ? 1 : 0;
        if (this.#left.length < head + 4) return;
        const length = this.#left.readUInt32BE(head) + head;
        if (this.#left.length < length) return;
        const type = this.#started ? String.fromCharCode(this.#left[0] ?? 0) : '';
        this.#left = this.#left.subarray(length);
        socket.write(this.#answer(type, errorEvery));
      }
    });
  }

  #answer(type: string, errorEvery: number): Buffer {
    if (type === '') {
      this.#started = true;
      return Buffer.concat([
        message('R', '\0\0\0\0'),
        message('S', `server_version\0${SECRET}\0`),
        message('N', `SNOTICE\0C00000\0M${SECRET}\0\0`),
        message('Z', 'I'),
      ]);
    }
    if (type !== 'S' && type !== 'Q') return Buffer.alloc(0);
    this.#questions += 1;
    if (errorEvery > 0 && this.#questions > 1 && this.#questions % errorEvery === 0)
      return Buffer.concat([
        message('E', `SERROR\0VERROR\0C42501\0M${SECRET}\0D${SECRET}\0H${SECRET}\0\0`),
        message('Z', 'I'),
      ]);
    const columns = 12;
    const count = `\0${String.fromCharCode(columns)}`;
    const column = `${SECRET}\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0`;
    const cell = `\0\0\0${String.fromCharCode(SECRET.length)}${SECRET}`;
    return Buffer.concat([
      message('1', ''),
      message('2', ''),
      message('T', count + column.repeat(columns)),
      message('D', count + cell.repeat(columns)),
      message('C', 'SELECT 1\0'),
      message('Z', 'I'),
    ]);
  }
}

t.test('postgres: every setting that can hold a secret, of a real server', async (t) => {
  const home = folder();
  const db = await database(home, certificate(dir, 'p256'));
  if (db === undefined) return t.comment('PostgreSQL is not installed: this part was not tested');
  t.teardown(() => db.stop());
  const names = [
    'primary_conninfo',
    'archive_command',
    'restore_command',
    'archive_cleanup_command',
    'recovery_end_command',

    'ssl_passphrase_command',
    'log_line_prefix',
    'cluster_name',
    'recovery_target_name',
    'primary_slot_name',
  ];
  // Bare, as a password often is: nothing about its form tells it.
  for (const name of names) await db.sql(`ALTER SYSTEM SET ${name} = '${CANARY}hunter2'`);
  writeFileSync(
    db.conf,
    `my_ext.password = '${CANARY}hunter2'\nmy_ext.pin = ${CANARY}\nsyslog_ident = '${CANARY}'\n`,
  );
  writeFileSync(
    db.hba,
    `hostssl all ${db.admin} 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n` +
      `hostssl all l 10.0.0.0/8 ldap ldapserver=ldap.test ldapbinddn="cn=x" ldapbindpasswd="${CANARY}"\nhost all all ${CANARY}=x ${CANARY}:\n`,
  );
  await db.sql(
    "CREATE ROLE reader LOGIN PASSWORD 'r-pw' IN ROLE pg_read_all_settings",
    'GRANT SELECT ON pg_file_settings, pg_hba_file_rules TO reader',
    'GRANT EXECUTE ON FUNCTION pg_show_all_file_settings(), pg_hba_file_rules() TO reader',
    'SELECT pg_reload_conf()',
  );
  const asked = { settings: [...names, 'my_ext.password', 'my_ext.pin', 'syslog_ident', 'ssl', 'work_mem'] };
  const hostile = {
    target: `127.0.0.1:${db.port}`,
    secrets: { dsn: `postgresql://reader:r-pw@127.0.0.1:${db.port}/postgres` },
    declared: new Map<string, Value>(names.map((name) => [`/${name}`, `${CANARY}-declared`])),
  };
  const all = await everything(t, postgresProbe, { ...hostile, params: asked });
  clean(t, all, 'asked for by name');
  for (const name of names) t.match(all, new RegExp(`"${name}":\\{`), `${name} is there, without its value`);
  clean(t, await everything(t, postgresProbe, hostile), 'by default: ALTER SYSTEM and what files say');
  const compared = await everything(t, postgresProbe, { ...hostile, params: { compare: true } });
  clean(t, compared, 'compared with the declaration');
  t.match(compared, /"different":\[[^\]]*"primary_conninfo"/, 'by its name alone');
});

t.test('http: a server that answers a secret wherever it can', async (t) => {
  const names = [
    'server',
    'location',
    'www-authenticate',
    'x-powered-by',
    'etag',
    'link',
    'content-security-policy',
  ];
  const server = createServer((_request, response) => {
    const headers = Object.fromEntries(names.map((name) => [name, SECRET]));
    response.writeHead(302, SECRET, {
      ...headers,
      location: `https://a.test/cb?code=${CANARY}`,
      [`x-${CANARY}`]: SECRET,
      'set-cookie': [`a=${CANARY}; Path=/${CANARY}; SameSite=${CANARY}`, SECRET],
    });
    response.end(SECRET);
  });
  const target = await listen(server);
  t.teardown(() => target.stop());
  const text = await everything(t, httpProbe, {
    target: `http://127.0.0.1:${target.port}/?key=${CANARY}`.replace(`?key=${CANARY}`, ''),
    params: { auth: true, requests: 10, rate: 1 },
    secrets: { token: `${CANARY}-token` },
  });
  // A header's own name is a name; it is in a reason only.
  clean(t, text.replaceAll(`x-${CANARY}`, ''), 'every header');
  for (const [what, bytes] of Object.entries({
    'a status line': `HTTP/1.1 ${CANARY} ${SECRET}\r\n\r\n`,
    'a header that is none': `HTTP/1.1 200 OK\r\n${SECRET}\r\n\r\n`,
    'no HTTP': SECRET.repeat(100),
    'two lengths': `HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: ${CANARY}\r\n\r\n`,
  })) {
    const odd = await tcp((socket) => void socket.end(bytes));
    clean(t, await everything(t, httpProbe, { target: `http://127.0.0.1:${odd.port}` }), what);
    await odd.stop();
  }
});

t.test('ssh and tls: what a server says besides its handshake', async (t) => {
  const packet = (payload: Buffer): Buffer => {
    const padding = 16 - ((payload.length + 5) % 8);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(1 + payload.length + padding);
    head[4] = padding;
    return Buffer.concat([head, payload, Buffer.alloc(padding)]);
  };
  const reason = Buffer.from(SECRET);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(reason.length);
  const disconnect = packet(Buffer.concat([Buffer.from([1, 0, 0, 0, 2]), length, reason, Buffer.alloc(4)]));
  for (const [what, bytes] of Object.entries({
    'lines before the version, and a reason': Buffer.concat([
      Buffer.from(`${SECRET}\r\n${CANARY}\r\nSSH-2.0-x\r\n`),
      disconnect,
    ]),
    'no SSH': Buffer.from(`${SECRET}\r\n`.repeat(60)),
    'another version': Buffer.from(`SSH-1.5-${CANARY}\r\n`),
  })) {
    const server = await tcp((socket) => void socket.end(bytes));
    clean(t, await everything(t, sshProbe, { target: `127.0.0.1:${server.port}` }), what);
    await server.stop();
  }
  for (const starttls of ['smtp', 'postgres', 'none']) {
    const server = await tcp((socket) => {
      socket.write(`220 ${SECRET}\r\n`);
      socket.on('data', () => socket.write(`250-${SECRET}\r\n554 ${CANARY}\r\n`));
    });
    clean(
      t,
      await everything(t, tlsProbe, { target: `127.0.0.1:${server.port}`, params: { starttls } }),
      starttls,
    );
    await server.stop();
  }
});

t.test('exec: a program whose output breaks the rules', async (t) => {
  const script = join(dir, 'collect.sh');
  for (const [what, output] of Object.entries({
    'no JSON': SECRET,
    'half of it': `{"schema": "${CANARY}`,
    'a field besides': `{"schema":"tallystick.collected.v1","value":{},"${CANARY}":1}`,
    'a name twice': `{"${CANARY}":1,"${CANARY}":2}`,
    'a number': `{"schema":"tallystick.collected.v1","value":{"${CANARY}":1.5}}`,
    'another schema': `{"schema":"${CANARY}","value":{}}`,
    'a transcript': `{"schema":"tallystick.collected.v1","value":{},"transcripts":["${CANARY}"]}`,
  })) {
    writeFileSync(script, `#!/bin/sh\ncat <<'X'\n${output}\nX\necho '${SECRET}' >&2\n`);
    chmodSync(script, 0o755);
    clean(
      t,
      await everything(t, execProbe, { target: script, secrets: { env: `PASSWORD=${CANARY}` } }),
      what,
    );
  }
  writeFileSync(script, `#!/bin/sh\necho '${SECRET}'; echo '${SECRET}' >&2; exit 3\n`);
  clean(t, await everything(t, execProbe, { target: script }), 'a failure');
});

t.test('files and terraform: content, digests of content, values of attributes', async (t) => {
  const root = join(dir, 'tree');
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'a'), CANARY);
  const fact = { type: 'file', size: 3, sha256: 'a'.repeat(64), mode: 0o644 };
  const files = await everything(t, filesProbe, { target: root, declared: new Map([['a', fact]]) });
  clean(t, files, 'content');
  t.notMatch(files, hashOf(CANARY).toString('hex'), 'its digest could be guessed');
  const state = join(dir, 'state.json');
  const attributes = (text: string) => ({ url: text, list: [text], map: { k: text }, count: 3, on: true });
  const stated = (text: string): string =>
    JSON.stringify({
      format_version: '1.0',
      terraform_version: text,
      values: {
        root_module: {
          resources: [
            {
              address: 'x.y',
              mode: 'managed',
              type: 'x',
              name: 'y',
              values: attributes(text),
              sensitive_values: {},
            },
          ],
        },
      },
    });
  const declared = new Map<string, Value>([
    ['/x.y/url', `${CANARY}-before`],
    ['/x.y/list/0', `${CANARY}-before`],
    ['/x.y/map/k', 1],
    ['/x.y/count', 4],
  ]);
  writeFileSync(state, stated(`${CANARY}-after`));
  const seen = await everything(t, terraformProbe, { target: state, declared });
  clean(t, seen, 'attributes');
  t.match(seen, /"path":"\/x.y\/count","declared":4,"live":3/, 'numbers are told');
  for (const text of [
    SECRET,
    `{"${CANARY}":1,"${CANARY}":2}`,
    `{"format_version":"${CANARY}","values":${CANARY}}`,
  ]) {
    writeFileSync(state, text);
    clean(t, await everything(t, terraformProbe, { target: state, declared }), 'no state');
  }
});

t.test('iam: what stands in events besides what the policy is about', async (t) => {
  const secret = {
    errorMessage: SECRET,
    userAgent: SECRET,
    requestParameters: { password: SECRET, bucketName: 'b' },
  };
  const trail = deliver([
    [
      [
        call('GetObject', secret),
        call('PutObject', { ...secret, errorCode: `AccessDenied ${SECRET}` }),
        call('PutObject', { ...secret, errorCode: SECRET, eventID: SECRET, eventTime: SECRET }),
        call(SECRET, { ...secret, eventSource: SECRET }),
      ],
    ],
  ]);
  t.teardown(() => trail.remove());
  const text = await everything(t, iamProbe, {
    target: trail.dir,
    params: { ...PARAMS, principal: ROLE, publicKeys: [publicKey(aws)], lag: 31_622_400 },
  });
  clean(t, text, 'events');
});

t.test('a probe with a bug', async (t) => {
  const broken: Probe = {
    ...execProbe,
    run: () => Promise.resolve(JSON.parse(`{"a": ${CANARY}}`) as never),
  };
  const text = await everything(t, broken, { target: '/bin/true' });
  clean(t, text, 'the message of a SyntaxError quotes what was parsed');
  t.match(text, /has a bug \(SyntaxError\)/);
  t.match(text, /leak\.test\.ts/, 'and the log says where');
});

t.test('kubernetes: a secret in every value, name, manager and error', async (t) => {
  const cluster = new FakeCluster();
  const server = await fakeServer(cluster);
  t.teardown(() => server.stop());
  const managedFields = [{ manager: SECRET, operation: 'Update', time: 'now', fieldsV1: { 'f:spec': {} } }];
  const base = (kind: string, name: string, rest: Json): Json => ({
    apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1',
    kind,
    metadata: { name, namespace: 'shop', annotations: { [SECRET]: SECRET, known: SECRET }, managedFields },
    ...rest,
  });
  const pod = {
    containers: [
      { name: 'web', image: `web:${CANARY}`, args: [SECRET], env: [{ name: SECRET, value: SECRET }] },
      { name: `x;${CANARY}`, image: 'x', env: [{ name: 'A', value: SECRET }] },
    ],
    nodeSelector: { [SECRET]: SECRET },
  };
  const objects = [
    base('Deployment', 'web', { spec: { template: { spec: pod } } }),
    base('ConfigMap', 'web', { data: { a: SECRET, [SECRET]: SECRET } }),
    base('ConfigMap', 'stranger', { data: { a: SECRET } }),
    base('Secret', 'web', { data: { a: SECRET } }),
    base('Pod', 'web', {
      spec: pod,
      status: { message: SECRET, containerStatuses: [{ name: 'web', imageID: SECRET }] },
    }),
  ];
  const declared = declaredFrom(
    {
      ...objects[0],
      metadata: { name: 'web', namespace: 'shop', annotations: { known: 'other' } },
      spec: { template: { spec: { containers: [{ name: 'web', image: 'b', args: ['c'] }] } } },
    },
    { ...objects[1], metadata: { name: 'web', namespace: 'shop' }, data: { a: 'b' } },
    { ...objects[3], metadata: { name: 'web', namespace: 'shop' }, data: { a: 'b' } },
  );
  for (const each of objects) cluster.put(each);
  const hostile = { target: server.target, secrets: server.secrets, declared };
  const params = {
    what: ['objects', 'pods', 'images', 'rights'],
    rights: ['a get pods in shop'],
    namespaces: ['shop'],
  };
  server.review = () => ({ allowed: true, reason: SECRET, evaluationError: SECRET });
  clean(t, await everything(t, kubernetesProbe, { ...hostile, params }), 'every value drifted');
  t.notOk(
    server.asked.some((each) => each.includes('/secrets')),
    'nor was a Secret asked for',
  );
  for (const status of [200, 400, 401, 403, 404, 410, 429, 500]) {
    server.lie = ({ path }, answer) => {
      if (path !== '/version')
        Object.assign(answer, {
          status,
          body: { message: SECRET, metadata: { uid: SECRET, resourceVersion: SECRET } },
        });
    };
    clean(t, await everything(t, kubernetesProbe, { ...hostile, params }), `status ${status}`);
  }
  server.lie = (_, answer) => void (answer.body = { gitVersion: SECRET });
  clean(t, await everything(t, kubernetesProbe, { ...hostile, params }), 'a version');
  server.lie = undefined;
  const kubeconfig = `current-context: ${SECRET}\nusers: [{name: !x ${SECRET}}]\n`;
  clean(
    t,
    await everything(t, kubernetesProbe, { ...hostile, params, secrets: { kubeconfig } }),
    'a kubeconfig',
  );
});

t.test('what lowers checks, or says where a secret goes, is the owner’s', async (t) => {
  const owned = [];
  for (const name of RUNNABLE) {
    const probe = await findProbe(name);
    if (probe === undefined) throw new Error(name);
    for (const [key, { by, type }] of Object.entries(probe.parameters)) {
      const value = type === 'boolean' ? false : type === 'number' ? 1 : type === 'texts' ? ['a'] : 'a';
      const given = new Map([[key, value]]);
      if (by === 'owner') {
        owned.push(`${name} ${key}`);
        t.throws(() => parametersOf(probe, given), {
          code: 'config-invalid',
          message: new RegExp(
            `may not give the parameter ${key} of ${name}: the owner.*targets\\.yaml.*options: \\{ ${key}: `,
          ),
        });
        const needed = Object.entries(probe.parameters).filter(([, { required }]) => required === true);
        const claimed = new Map(needed.map(([each]) => [each, 'a']));
        t.equal(parametersOf(probe, claimed, given).get(key), value);
      } else
        t.throws(() => parametersOf(probe, new Map(), given), { code: 'config-invalid' }, `${name} ${key}`);
    }
  }
  // A parameter of such a name is the owner's in every probe; whoever adds one finds this list.
  t.same(owned, [
    'postgres@1 verify',
    'postgres@1 spki',
    'http@1 tell',
    'http@1 verify',
    'http@1 spki',
    'http@1 scheme',
    'net@1 pairsPerMinute',
    'terraform@1 run',
    'kubernetes@1 endpoints',
    'kubernetes@1 spki',
    'cri@1 api',
    'cri@1 node',
    'packages@1 archives',
    'container@1 spki',
    'api@1 requests',
    'api@1 values',
    'api@1 skip',
    'api@1 verify',
    'api@1 spki',
    'api@1 scheme',
  ]);
});

t.test('a secret that is sent goes to a target that is written in full', async (t) => {
  const heard: string[] = [];
  const target = await listen(
    createServer(({ url = '', headers }, response) => {
      heard.push(`${url} ${headers.authorization ?? ''}`);
      response.writeHead(401).end();
    }),
  );
  t.teardown(() => target.stop());
  const database = openAgentDatabase(folder());
  t.teardown(() => database.close());
  const site = `http://127.0.0.1:${target.port}`;
  const lookAt = async (written: string, asked: string): Promise<Observed | Unobserved> => {
    const claim: Claim = {
      ...claimOf(httpProbe, 'true'),
      params: new Map<string, never>([
        ['target', asked as never],
        ['auth', true as never],
      ]),
    };
    const [first] = groupClaims([claim], { claims: [claim] } as never);
    if (first === undefined) throw new Error('one look');
    const { seen } = await lookFor(
      first,
      { subject: 's', challenge: hashOf('c'), declared: undefined },
      {
        probes: () => Promise.resolve(httpProbe),
        rules: readRules(
          [{ subject: '**', probe: 'http', targets: [written], secrets: { token: 'f' } }],
          'targets.yaml',
        ),
        readSecret: () => Promise.resolve('tok'),
        store: new AgentStore(database),
        now: () => NOW,
        cpu: () => 0,
        spent: () => undefined,
        signal: new AbortController().signal,
        onBug: (error) => t.fail(String(error)),
      },
    );
    return seen;
  };
  t.match(await lookAt(`${site}/**`, `${site}/echo`), {
    code: 'config-invalid',
    message: /written? in full|writes in full/,
  });
  t.same(heard, []);
  t.match(await lookAt(`${site}/api`, `${site}/echo`), { code: 'target-not-enrolled' });
  t.same(heard, []);
  await lookAt(`${site}/api`, `${site}/api`);
  t.ok(heard.length > 0 && heard.every((line) => line.startsWith('/api ')));
});
