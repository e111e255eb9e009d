/** `commit helm`: what the user's helm is given and what it is kept from. A script stands for helm; test/interop has the real one. */
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseStatement } from '../../src/statement/parse.ts';
import { helmSource } from '../../src/declare/node/helm.ts';
import { user, write, type Files, type User } from './support/user.ts';

const CHART: Files = {
  'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.2.3\n',
  'values.yaml': 'mode: strict\n',
  templates: {
    'map.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { mode: {{ .Values.mode }} }\n',
  },
};
const MANIFEST = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { mode: strict }\n';

/** A program that answers as helm, and does `body` to render. */
function fakeHelm(path: string, body: string): void {
  writeFileSync(path, `#!/bin/sh\nif [ "$1" = version ]; then printf v3.19.5; exit; fi\n${body}\n`);
  chmodSync(path, 0o755);
}

async function world(t: Test, body = `cat <<'.'\n${MANIFEST}.`, chart: Files = CHART) {
  const me = await user(t, { web: chart });
  mkdirSync(join(me.dir, 'bin'));
  fakeHelm(join(me.dir, 'bin/helm'), body);
  return { me, commit: (...args: readonly string[]) => commit(me, ...args) };
}
const commit = (me: User, ...args: readonly string[]) =>
  me.run('commit', 'helm', 'web', '--release', 'web', '--helm', 'bin/helm', ...args);

t.test('a chart is committed with what it was rendered from', async (t) => {
  const { me, commit } = await world(t);
  write(me.dir, { 'a.yaml': 'db: { host: a }\n', 'b.yaml': 'db: { port: 1 }\n' });
  const flags = [
    '--namespace',
    'shop',
    '--values',
    'a.yaml',
    '--values',
    'b.yaml',
    '--kube-version',
    'v1.34.2',
  ];
  const { json } = await commit(
    ...flags,
    '--api-versions',
    'a.example/v1',
    '--subject',
    'prod/web',
    '--json',
  );
  t.match(json, { exit_code: 0 });
  t.match(parseStatement(me.log.entries.at(-1) ?? new Uint8Array()), {
    subject: 'prod/web',
    commitment: {
      source: { kind: 'helm', tool: 'helm', toolVersion: 'v3.19.5' },
      canon: { profile: 'helm@1' },
    },
  });
  const { out } = await me.run('disclose', 'prod/web', '--list');
  for (const line of [
    /^\/chart\/name {2}"web"$/m,
    /^\/chart\/version {2}"1\.2\.3"$/m,
    /^\/chart\/digest {2}"[0-9a-f]{64}"$/m,
    /^\/helm\/version {2}"v3\.19\.5"$/m,
    /^\/release\/kubeVersion {2}"v1\.34\.2"$/m,
    /^\/release\/apiVersions\/0 {2}"a\.example\/v1"$/m,
    /^\/release\/upgrade {2}false$/m,
    /^\/values\/db\/host {2}"a"$/m,
    /^\/values\/db\/port {2}1$/m,
    /^\/v1\/ConfigMap\/\/web\/data\/mode {2}"strict"$/m,
  ])
    t.match(out, line);
  t.match((await commit(...flags, '--list')).code, 0);
});

t.test('what helm is given, and what of the caller it does not get', async (t) => {
  const { me, commit } = await world(
    t,
    `printf '%s\\n' "$@" >$TMPDIR/../../seen; env -0 | tr '\\0\\n' '\\n ' >>$TMPDIR/../../seen; pwd >>$TMPDIR/../../seen; cat <<'.'\n${MANIFEST}.`,
  );
  const others = {
    TMPDIR: me.dir,
    HELM_PLUGINS: '/evil/plugins',
    HELM_NAMESPACE: 'evil',
    HELM_KUBEAPISERVER: 'https://evil.example',
    KUBECONFIG: '/evil/config',
    HELM_REPOSITORY_CONFIG: '/evil/repositories',
    NO_PROXY: '*',
    SSH_AUTH_SOCK: '/evil/agent',
  };
  const before = Object.keys(others).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, others);
  try {
    const { code, err } = await commit('--is-upgrade', '--list');
    t.equal(code, 0, err);
  } finally {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }
  // The runner of the tests adds variables of its own to every program.
  const seen = readFileSync(join(me.dir, 'seen'), 'utf8').replaceAll(
    /^(?:_TAPJS_\w+|NODE_OPTIONS)=.*\n/gm,
    '',
  );
  t.notMatch(seen, /evil|NO_PROXY|TALLYSTICK|SSH_/);
  t.match(seen, /^template\nweb\n.*\/chart\/web\n--namespace=default\n--include-crds\n--is-upgrade\n/);
  t.match(seen, /HTTPS_PROXY=http:\/\/127\.0\.0\.1:9\n/);
  t.notMatch(seen, /post-renderer|dependency|repo/);
  t.notOk(existsSync(/HOME=(.*)/.exec(seen)?.[1] ?? '/'), 'nothing stays behind');
});

t.test('what the folder of the chart holds is never run', async (t) => {
  const { me, commit } = await world(t);
  fakeHelm(join(me.dir, 'web/helm'), 'touch ../ran; exit 1');
  t.match(await commit('--list', '--helm', 'web/helm'), { code: 1, err: /nothing there is run/ });
  symlinkSync(join(me.dir, 'web/helm'), join(me.dir, 'bin/other'));
  t.match(await commit('--list', '--helm', 'bin/other'), { code: 1, err: /nothing there is run/ });
  const path = (PATH: string) => {
    me.around = {
      env: { ...process.env, PATH, XDG_STATE_HOME: join(me.dir, 'state'), TALLYSTICK_KEY: 'author.pem' },
    };
    return me.run('commit', 'helm', 'web', '--release', 'web', '--list');
  };
  t.match(
    await path(`.:web:${join(me.dir, 'none')}`),
    { code: 2, err: /no helm on the PATH/ },
    'only whole paths',
  );
  t.match(await path(join(me.dir, 'web')), { code: 1, err: /nothing there is run/ });
  t.match(await path(join(me.dir, 'bin')), { code: 0 });
  t.notOk(existsSync(join(me.dir, 'ran')));
});

t.test('charts that are refused before helm runs', async (t) => {
  const lookup = 'a: 1\n{{ define "x" }}{{ lookup "v1" "Secret" "a" "b" }}{{ end }}\n';
  const { me, commit } = await world(t, 'touch ../../ran; exit 1', {
    ...CHART,
    charts: { db: { 'Chart.yaml': 'name: db\nversion: 1\n', templates: { '_h.tpl': lookup } } },
  });
  t.match(await commit('--list'), {
    code: 1,
    err: /charts\/db\/templates\/_h\.tpl: line 2 calls lookup \(it reads the cluster at install/,
  });
  t.match(await commit('--list', '--allow-nondeterministic', 'charts/other'), {
    code: 1,
    err: /no file of the chart/,
  });
  const at = (name: string) =>
    me.run('commit', 'helm', name, '--release', 'a', '--helm', 'bin/helm', '--list');
  write(me.dir, { linked: CHART, needy: CHART, 'no.tgz': 'x' });
  symlinkSync('/etc/passwd', join(me.dir, 'linked/passwd'));
  t.match(await at('linked'), { code: 1, err: /linked\/passwd is a link/ });
  writeFileSync(
    join(me.dir, 'needy/Chart.yaml'),
    'name: a\nversion: 1\ndependencies: [{ name: b, repository: "https://charts.example" }]\n',
  );
  t.match(await at('needy'), { code: 1, err: /nothing is fetched here/ });
  t.match(await at('no.tgz'), { code: 1, err: /no packaged chart/ });
  t.match(await at('oci://registry.example/web'), { code: 2, err: /no chart on this machine/ });
  t.match(await at('stable/web'), { code: 2, err: /no chart on this machine/ });
  for (const [flag, text] of [
    ['--release', '--post-renderer=/bin/x'],
    ['--namespace', '-n'],
    ['--kube-version', 'latest'],
    ['--api-versions', '--x'],
  ] as const)
    t.match(
      await me.run(
        'commit',
        'helm',
        'web',
        '--helm',
        'bin/helm',
        '--list',
        '--release',
        'a',
        `${flag}=${text}`,
      ),
      { code: 1 },
      flag,
    );
  t.match(await me.run('commit', 'helm', 'web'), { code: 1, err: /--release/ });
  t.match(await me.run('commit', 'json', 'a.json', '--release', 'a'), { code: 1, err: /commit helm CHART/ });
  t.notOk(existsSync(join(me.dir, 'ran')));
});

t.test('charts that never end, render too much, fail, or differ', async (t) => {
  const { me, commit } = await world(t, 'sleep 60');
  const asked = {
    chart: 'web',
    cwd: me.dir,
    values: [],
    release: 'web',
    namespace: 'default',
    isUpgrade: false,
    kubeVersion: undefined,
    apiVersions: [],
    allowed: [],
    helm: 'bin/helm',
    path: '',
  };
  await t.rejects(helmSource({ ...asked, timeoutMs: 500 }), {
    code: 'too-large',
    message: /did not end within 0\.5 s/,
  });
  fakeHelm(join(me.dir, 'bin/helm'), 'exec cat /dev/zero');
  await t.rejects(helmSource(asked), { code: 'too-large', message: /renders more than/ });
  fakeHelm(
    join(me.dir, 'bin/helm'),
    'echo "Error: execution error at (web/templates/a.yaml:1:2): a password is required" >&2; exit 1',
  );
  t.match(await commit('--list'), { code: 1, err: /does not render it: .*a password is required/ });
  fakeHelm(join(me.dir, 'bin/helm'), `echo '${MANIFEST.replace('strict', '$TZ')}' | sed "s|.TZ|$TZ|"`);
  t.match(await commit('--list'), {
    code: 1,
    err: /renders \/v1\/ConfigMap\/\/web\/data\/mode anew each time/,
  });
  const allowed = await commit('--list', '--allow-nondeterministic', '/v1/ConfigMap//web/data/mode');
  t.match(allowed, { code: 0, out: /\/web\/data\/mode {2}.*unknown|known only/ });
});

t.test('a template whose unsteady calls the user knows', async (t) => {
  const templates = { 'map.yaml': '{{ if not .Values.mode }}{{ randAlpha 5 }}{{ now }}{{ end }}' };
  const { commit } = await world(t, undefined, { ...CHART, templates });
  t.match(await commit('--list'), {
    code: 1,
    err: /templates\/map\.yaml: line 1 calls randAlpha .*line 1 calls now/,
  });
  t.match(await commit('--list', '--allow-nondeterministic', 'templates'), {
    code: 0,
    out: /^\/chart\/nondeterministic\/templates~1map\.yaml\/0 {2}"now"$/m,
  });
});
