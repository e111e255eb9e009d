/** Charts of helm: what their templates call, what they lack, how they are unpacked, and what their renderings declare. */
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { chartUnpacker } from '#src/declare/node/chartfiles.ts';
import { actionsOf } from '#src/declare/sources/helm/actions.ts';
import { scanTemplate } from '#src/declare/sources/helm/calls.ts';
import { readChart, type ChartFiles } from '#src/declare/sources/helm/chart.ts';
import { declareHelm, helmTexts, mergedValues } from '#src/declare/sources/helm/helm.ts';
import { declareKubernetes } from '#src/declare/sources/kubernetes/kubernetes.ts';
import { goMeaning } from '#src/declare/goyaml.ts';
import { unmarkedSecrets } from '#src/declare/secret.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const files = (texts: Readonly<Record<string, string>>): ChartFiles =>
  new Map(Object.entries(texts).map(([path, text]) => [path, bytes(text)]));
const CHART = 'apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: "7"\n';
const read = (texts: Readonly<Record<string, string>>, values: Readonly<Record<string, string>> = {}) =>
  readChart(files({ 'Chart.yaml': CHART, ...texts }), chartUnpacker(), new Map(Object.entries(values)));
const called = (template: string): string =>
  scanTemplate(template)
    .calls.map(({ name, line }) => `${name}:${line}`)
    .join(' ');

t.test('calls are found in actions, and nowhere else', async (t) => {
  const table: readonly (readonly [template: string, calls: string])[] = [
    ['now lookup randAlpha', ''],
    ['{{ .Values.now }} {{ $now := .lookup }} {{ $.env }} {{ .now.date }}', ''],
    ['{{/* now */}}{{- /* lookup "a" */ -}}', ''],
    ['{{ "now" }} {{ `lookup {{ env }}` }} {{ print "\\"" "uuidv4" }}', ''],
    ['{{ define "now" }}x{{ end }}{{ template "now" . }}{{ include "lookup" . }}', ''],
    ['a\n{{ now }}', 'now:2'],
    ['{{ now | date "2006" }}', 'now:1 date:1'],
    ['{{- if (lookup "v1" "Secret" "a" "b") -}}x{{ end }}', 'lookup:1'],
    ['{{ $x := randAlphaNum 8 | b64enc | quote }}', 'randAlphaNum:1'],
    ['{{ default (genCA "a" 1).Cert .Values.x }}', 'genCA:1'],
    ['{{ printf "%s" (.Values.x | default (\n\nuuidv4)) }}', 'uuidv4:3'],
    ['{{ with getHostByName "a" }}{{ end }}', 'getHostByName:1'],
    ['{{env "HOME"}}{{expandenv "$HOME"}}', 'env:1 expandenv:1'],
    [
      '{{ htpasswd "a" "b" }}{{ bcrypt "x" }}{{ encryptAES "a" "b" }}{{ shuffle "x" }}',
      'htpasswd:1 bcrypt:1 encryptAES:1 shuffle:1',
    ],
    ['{{ toDate "2006" "2020" }}', 'toDate:1'],
    ['{{ somethingNew 1 }}', 'somethingNew:1'],
    ['{{ range $k, $v := .Values.a }}{{ $k | upper }}{{ else }}{{ break }}{{ end }}', ''],
    ["{{ eq 'n' 1 }} {{ 1.5e3 }} {{ -3 }} {{ .a.b-}}", ''],
  ];
  for (const [template, calls] of table) t.equal(called(template), calls, template);
});

t.test('the order of a Go map is no order, unless it is lost again', async (t) => {
  for (const fine of [
    '{{ keys .Values.a | sortAlpha | join "," }}',
    '{{ (keys .Values.a) | sortAlpha }}',
    '{{ range keys .Values.a | uniq | sortAlpha }}{{ end }}',
    '{{ len (keys .Values.a) }}',
    '{{ if has "x" (keys .Values.a) }}{{ end }}',
    '{{ $k := sortAlpha (keys .Values.a) }}',
    '{{ if (gt (len (keys .Values.a)) 1) }}{{ end }}',
    '{{ printf "one of %s" (join "," (keys .Values.a)) | fail }}',
  ])
    t.equal(called(fine), '', fine);
  for (const not of [
    '{{ keys .Values.a }}',
    '{{ keys .Values.a | join "," }}',
    '{{ join "," (keys .Values.a) }}',
    '{{ range keys .Values.a }}{{ end }}',
    '{{ first (keys .Values.a) | quote }}',
    '{{ keys .Values.a | first | sortAlpha }}',
  ])
    t.equal(called(not), 'keys:1', not);
  t.equal(called('{{ values .Values.a | first }}'), 'values:1');
});

t.test('what is no template', async (t) => {
  for (const text of ['{{', '{{ "a', '{{ `a', '{{ # }}', '{{ a', '{{ "a\n" }}'])
    t.match(actionsOf(text), { fault: { line: 1 } }, text);
  t.throws(() => read({ 'templates/a.yaml': 'x\n{{ .Values.' }), { message: /templates\/a\.yaml, line 2/ });
});

t.test('calls hidden from whoever reads the templates of the chart alone', async (t) => {
  const sub = { 'charts/db/Chart.yaml': CHART.replace('web', 'db') };
  const at = (chart: ReturnType<typeof read>): Readonly<Record<string, readonly string[]>> =>
    Object.fromEntries([...chart.calls].map(([path, calls]) => [path, calls.map(({ name }) => name)]));
  t.same(
    at(
      read({
        ...sub,
        'charts/db/templates/_h.tpl': '{{ define "x" }}{{ lookup "v1" "a" "b" "c" }}{{ end }}',
      }),
    ),
    {
      'charts/db/templates/_h.tpl': ['lookup'],
    },
  );
  const tpl = { 'templates/a.yaml': '{{ tpl .Values.x . }}' };
  t.same(at(read({ ...tpl, 'values.yaml': 'x: "{{ now }}"\n' })), { 'values.yaml': ['now'] });
  t.same(at(read(tpl, { 'my.yaml': 'x: "{{ uuidv4 }}"\n' })), { 'my.yaml': ['uuidv4'] });
  t.same(at(read({ ...tpl, 'files/a.conf': 'a\n{{ env "A" }}' })), { 'files/a.conf': ['env'] });
  t.same(at(read({ ...tpl, ...sub, 'charts/db/values.yaml': 'x: "{{ randAlpha 3 }}"' })), {
    'charts/db/values.yaml': ['randAlpha'],
  });
  t.same(at(read({ 'templates/a.yaml': '{{ tpl "{{ now }}" . }}' })), { 'templates/a.yaml': ['now'] });
  t.same(
    at(read({ 'templates/a.yaml': '{{ tpl (print "{{ " .Values.f " }}") . }}' })),
    {
      'templates/a.yaml': ['tpl'],
    },
    'half an action',
  );
  t.same(
    at(read({ ...tpl, 'values.yaml': 'x: "{{ humanize $value }}"\n' })),
    {},
    'a text that helm could not render',
  );
  t.same(
    at(read({ 'templates/a.yaml': '{{ .Files.Get "a" }}', a: '{{ now }}' })),
    {},
    'without tpl no text is rendered',
  );
});

t.test('a chart that is not whole', async (t) => {
  const needs = `${CHART}dependencies:\n  - { name: db, version: 1.x, repository: https://charts.example }\n`;
  t.throws(() => read({ 'Chart.yaml': needs }), { message: /needs the chart db, .*helm dependency build/ });
  t.throws(() => read({ 'requirements.yaml': needs }), { message: /needs the chart db/ });
  t.throws(() => read({ 'Chart.yaml': needs.replace('https://charts.example', 'file://../db') }), {
    message: /needs/,
  });
  const whole = read({ 'Chart.yaml': needs, 'charts/db/Chart.yaml': 'name: db\nversion: "2"\n' });
  t.same([...whole.contained], [['charts/db', 'db 2']]);
  t.throws(() => readChart(files({ 'a.yaml': '' }), chartUnpacker(), new Map()), {
    message: /no Chart\.yaml/,
  });
  t.throws(() => read({ 'Chart.yaml': 'name: a\n' }), { message: /no name and version/ });
});

t.test('the digest is of paths and contents', async (t) => {
  const digests = [
    read({ 'values.yaml': 'a: 1' }),
    read({ 'values.yaml': 'a: 2' }),
    read({ 'values.yml': 'a: 1' }),
    read({ 'values.yaml': 'a: 1', b: '' }),
  ].map(({ digest }) => digest);
  t.equal(new Set(digests).size, 4);
  t.match(digests[0], /^[0-9a-f]{64}$/);
});

type Entry = readonly [name: string, content: string, type?: string];

/** A tar of entries. */
function tar(...entries: readonly Entry[]): Uint8Array {
  const blocks = entries.flatMap(([name, content, type = '0']) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write(`${Buffer.byteLength(content).toString(8).padStart(11, '0')}\0`, 124);
    header.write(type, 156);
    header.write('ustar\x0000', 257);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
    body.write(content);
    return [header, body];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

t.test('packaged charts', async (t) => {
  const chart = ['web/Chart.yaml', CHART] as const;
  const unpacked = (...entries: readonly Entry[]): readonly string[] => [
    ...chartUnpacker()('a', tar(chart, ...entries)).keys(),
  ];
  t.same(unpacked(['web/templates/', '', '5'], ['web/templates/a', 'x']), ['Chart.yaml', 'templates/a']);
  const long = `web/${'d/'.repeat(80)}a`;
  t.same(unpacked(['././@LongLink', `${long}\0`, 'L'], ['x', 'y']), ['Chart.yaml', long.slice(4)]);
  const record = ` path=${long}\n`;
  const pax = `${record.length + 3}${record}`;
  t.same(unpacked(['PaxHeader', pax, 'x'], ['x', 'y']), ['Chart.yaml', long.slice(4)]);
  const bad: readonly (readonly [what: string, entry: Entry])[] = [
    ['a link', ['web/a', '', '2']],
    ['a hard link', ['web/a', '', '1']],
    ['a device', ['web/a', '', '3']],
    ['out of it', ['web/../../a', 'x']],
    ['absolute', ['/etc/passwd', 'x']],
    ['another folder', ['db/a', 'x']],
    ['no folder', ['a', 'x']],
    ['twice', chart],
    ['a backslash', ['web\\a', 'x']],
    ['an odd pax record', ['p', '11 size=12\n', 'x']],
  ];
  for (const [what, entry] of bad) t.throws(() => unpacked(entry), { code: 'malformed-payload' }, what);
  t.throws(() => chartUnpacker()('a', bytes('no gzip')), { code: 'malformed-payload' });
  t.throws(() => chartUnpacker()('a', gzipSync(Buffer.alloc(200_000_000))), { code: 'too-large' }, 'a bomb');
  const inner = tar(
    ['db/Chart.yaml', CHART.replace('web', 'db')],
    ['db/templates/s.yaml', '\n{{ randAlpha 5 }}'],
  );
  const outer = readChart(
    new Map([...files({ 'Chart.yaml': CHART }), ['charts/db-1.tgz', inner]]),
    chartUnpacker(),
    new Map(),
  );
  t.match([...outer.calls], [['charts/db-1.tgz/templates/s.yaml', [{ name: 'randAlpha', line: 2 }]]]);
});

const declared = (first: string, second = first, facts: object = {}, values: readonly string[] = []) =>
  declareHelm(
    helmTexts(
      { chart: { name: 'web' }, helm: { version: 'v3.19.5' }, release: { name: 'web' }, ...facts },
      [first, second],
      values.map((text, i) => ({ name: `${i}`, text })),
    ),
  );
const paths = ({ leaves }: ReturnType<typeof declared>): readonly string[] => leaves.map(({ path }) => path);
const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { x: "1" }\n';
const JOB = MAP.replace('{ name: a }', '{ name: h, annotations: { "helm.sh/hook": "pre-install" } }');
const secret = (data: string): string => `apiVersion: v1\nkind: Secret\nmetadata: { name: s }\n${data}\n`;

t.test('objects are declared as manifests are, and hooks apart', async (t) => {
  const found = declared(`---\n# Source: web/a\n${MAP}---\n${JOB}`);
  const [, , ...manifest] = paths(found).filter((path) => !/^\/(?:hooks|chart)/.test(path));
  t.same(
    manifest,
    declareKubernetes([MAP]).leaves.map(({ path }) => path),
  );
  t.ok(paths(found).includes('/hooks/v1/ConfigMap//h/data/x'));
  t.match(found, {
    profile: 'helm@1',
    source: { kind: 'helm', tool: 'helm', toolVersion: 'v3.19.5' },
    remarks: [/^1 hooks and tests .*may be there or not/],
  });
  t.throws(() => declared(`${MAP}---\n${MAP}`), {
    message: /renders \/v1\/ConfigMap\/\/a\/apiVersion twice/,
  });
  t.throws(() => declared('# nothing\n'), { message: /no Kubernetes object/ });
  t.throws(() => declared(MAP.replace('apiVersion: v1', 'apiVersion: values')), {
    message: /no cluster has/,
  });
});

t.test('what differs between two renderings is refused, or declared as unknown', async (t) => {
  const other = MAP.replace('"1"', '"2"');
  t.throws(() => declared(MAP, other), { message: /renders \/v1\/ConfigMap\/\/a\/data\/x anew/ });
  t.throws(() => declared(MAP, MAP.replace('x:', 'z:')), { message: /anew/ });
  t.throws(() => declared(MAP, MAP.replace('name: a', 'name: b')), { message: /anew/ });
  const { leaves } = declared(MAP, other, { allowed: ['/v1/ConfigMap//a/data'] });
  const [leaf] = leaves.filter(({ path }) => path === '/v1/ConfigMap//a/data/x');
  t.equal(Buffer.from(leaf?.value ?? []).toString('latin1'), '\xa1gunknown\xf5');
  t.notOk(paths(declared(MAP, MAP, { allowed: ['/x'] })).some((path) => path.startsWith('/allowed')));
  t.throws(() => declared(MAP, other, { allowed: ['/v1/ConfigMap//a/dat'] }), { message: /anew/ });
});

t.test('values are merged as helm merges them', async (t) => {
  const merged = mergedValues([
    'a: { b: 1, c: [1, 2] }\nd: x\n',
    'a: { c: [3], e: null }\n',
    '',
    'd: { f: 1 }\n',
  ]);
  t.same(merged, mergedValues(['a: { b: 1, c: [3], e: null }\nd: { f: 1 }\n']));
  t.throws(() => mergedValues(['- a\n']), { message: /not one map/ });
  t.throws(() => mergedValues(['a: 1\n---\nb: 1\n']), { message: /not one map/ });
  t.ok(paths(declared(MAP, MAP, {}, ['a: { b: 1 }'])).includes('/values/a/b'));
});

t.test('secrets: of Secrets, of values, and the same ones elsewhere', async (t) => {
  const word = 'Xk3-9fQ2zLm7';
  const made = secret(
    `data: { password: ${Buffer.from(word).toString('base64')}, user: ${Buffer.from('shop-user').toString('base64')} }`,
  );
  const shown = `${made}---\n${MAP.replace('"1"', `"a ${word} b"`)}`;
  const found = declared(shown, shown, {}, [`db: { thing: ${word}, user: shop-user }\n`]);
  const marked = found.leaves.filter(({ sensitive }) => sensitive).map(({ path }) => path);
  t.same(marked, ['/v1/Secret//s/data/password', '/v1/Secret//s/data/user', '/values/db/thing']);
  t.same(found.suspects, [{ path: '/v1/ConfigMap//a/data/x', why: 'what a Secret of this chart holds' }]);
  const again = `${made}---\n${MAP.replace('"1"', Buffer.from(word).toString('base64'))}`;
  t.match(declared(again, again).suspects, [{ path: '/v1/ConfigMap//a/data/x' }], 'in base64');
  t.match(
    unmarkedSecrets(declared(MAP, MAP, {}, ['db: { password: hunter2-hunter2 }\n']).leaves, new Set()),
    [{ path: '/values/db/password' }],
    'values that look like secrets are found',
  );
  const plain = secret(`stringData: { token: ${word} }`);
  t.match(declared(plain, plain, {}, [`x: ${word}\n`]).leaves.at(-1), { path: '/values/x', sensitive: true });
});

t.test('what is rendered is read as Go reads it, where versions of YAML disagree', async (t) => {
  const table: readonly (readonly [text: string, meaning: unknown])[] = [
    ['0755', 493],
    ['08', 8],
    ['0o17', 15],
    ['0x1F', 31],
    ['+1', 1],
    ['1_000', 1000],
    ['-0b11', -3],
    ['yes', true],
    ['Off', false],
    ['y', true],
    ['=', '='],
    ['1e-05', { number: '0.00001' }],
    ['1e3', 1000],
    ['22:22', '22:22'],
    ['2024-01-02', '2024-01-02'],
    ['1e400', '1e400'],
    ['18446744073709551616', { number: '18446744073709552000' }],
  ];
  for (const [text, meaning] of table) t.same(goMeaning(text), meaning, text);
  t.equal(goMeaning('.nan'), undefined);
  t.ok(paths(declared(MAP.replace('"1"', '0755'))).length > 0);
  for (const odd of ['0755', '0B1', '+_7'])
    t.throws(() => declareKubernetes([MAP.replace('"1"', odd)]), { message: /quote it/ }, odd);
});
