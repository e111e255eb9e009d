/**
 * Files of sources that are made to cost much: long runs of one sign, lists that name each other, archives that hold more than they
 * weigh. Where time alone could show it, the input is so large that work which grows with its square would not end within a test.
 */
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { imageSource } from '#src/declare/node/oci/index.ts';
import { chartUnpacker } from '#src/declare/node/chartfiles.ts';
import { isSecretName } from '#src/declare/secret-names.ts';
import { parseInventory } from '#src/declare/sources/ansible/inventory.ts';
import { actionsOf } from '#src/declare/sources/helm/actions.ts';
import { readChart } from '#src/declare/sources/helm/chart.ts';
import { NGINX_SOURCE } from '#src/declare/sources/nginx/nginx.ts';
import { PACKAGES_SOURCE } from '#src/declare/sources/packages/packages.ts';
import { linesOf } from '#src/declare/sources/sshd/words.ts';
import { twoPlatforms, type Named } from '../support/image-layout.ts';

const MUCH = 2_000_000;
const SHA = `sha256:${'a'.repeat(64)}`;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const packages = (text: string) =>
  PACKAGES_SOURCE.declare([{ name: 'lock', text }], { literal: false, ignore: [] }).leaves;

t.test('long runs of blanks', async (t) => {
  const blanks = ' '.repeat(MUCH);
  const lines = '\n'.repeat(MUCH);
  t.equal(packages(`${lines}a==1 --hash=${SHA}`).length, 1);
  t.equal(packages(`a==1${blanks}--hash=${SHA}`).length, 1);
  for (const text of [`a==1${blanks}x --hash=${SHA}`, `a${blanks}!`, `a==1 ${'# '.repeat(MUCH / 2)}\u2028`])
    t.throws(() => packages(text), { code: 'malformed-text' });
  t.equal([...linesOf(`Banner a${blanks}b`, '')].length, 1);
  t.equal([...linesOf(`Banner${blanks}a\u2028b`, '')][0]?.rest, 'a\u2028b');
});

t.test('comments of templates', async (t) => {
  for (const text of ['{{/* }}'.repeat(100_000), '{{/* */'.repeat(100_000), '{{/* */ x }}{{/* */}}'])
    t.match(actionsOf(text), { actions: [], fault: { line: 1, what: /a comment that does not end/ } });
  t.strictSame(actionsOf('{{- /* a */ -}}{{/* {{ now }} */}}'), { actions: [] });
});

t.test('hosts of inventories', async (t) => {
  for (const sign of [':', 'a', '.', '[', ']', '1:', '::a.'])
    for (const text of [sign.repeat(200_000), `[${sign.repeat(200_000)}`, `a${sign.repeat(200_000)}!`])
      try {
        parseInventory(`[web]\n${text}\n`);
      } catch (error) {
        t.match(error, { code: /^(?:malformed-text|too-large)$/ });
      }
  const many = 'a' + '[0:0]'.repeat(50_000);
  t.throws(() => parseInventory(many), { code: 'too-large', message: /16 ranges/ });
  const { members } = parseInventory('[::1]:22\n[fe80::1:2]:22\n2001:db8::1\na[0:1][0:1]\n');
  t.match([...members.keys()], ['ungrouped']);
  t.equal(parseInventory('[1:2]:3\n').members.size, 1, 'one colon is a range');
});

t.test('lists in an image layout that name each other', async (t) => {
  const folder = t.testdir({});
  const { layout, index } = twoPlatforms(`${folder}/image`);
  let top: Named = index;
  for (let level = 0; level < 40; level += 1) top = layout.index([top, top]);
  layout.entries.push({ ...top, artifactType: 'application/x' });
  layout.write();
  const asked = {
    folder: layout.folder,
    image: 'v1',
    bundles: [],
    trustedRoot: undefined,
    identity: undefined,
    issuer: undefined,
    unsigned: true,
    components: false,
  };
  const { remarks } = await imageSource(asked);
  t.strictSame(remarks, []);
  const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const layer = layout.blob('{}', bundle);
  const attached = layout.attach(index, bundle, layer);
  layout.entries.push(attached, attached);
  layout.write();
  t.match((await imageSource(asked)).remarks, [/^1 signatures/], 'what is listed three times is read once');
  layout.tagged(
    index.digest,
    '',
    Array.from({ length: 1_025 }, () => layer),
  );
  layout.write();
  await t.rejects(imageSource(asked), { code: 'too-large', message: /more than 1024 bundles/ });
});

t.test('a layout that names one large document many times', async (t) => {
  const folder = t.testdir({});
  const { layout, index } = twoPlatforms(`${folder}/image`);
  const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const large = layout.blob(new Uint8Array(30_000_000), bundle);
  layout.tagged(
    index.digest,
    '',
    Array.from({ length: 9 }, () => large),
  );
  layout.write();
  const pin = { trustedRoot: undefined, identity: undefined, issuer: undefined, unsigned: true };
  const asked = { folder: layout.folder, image: 'v1', bundles: [], components: false, ...pin };
  await t.rejects(imageSource(asked), { code: 'too-large', message: /268435456 bytes in all/ });
});

t.test('archives of one chart have one bound', async (t) => {
  const unpack = chartUnpacker();
  const archive = gzipSync(Buffer.alloc(30_000_000));
  for (const name of ['a', 'b', 'c']) t.equal(unpack(name, archive).size, 0, name);
  t.throws(() => unpack('d', archive), { code: 'too-large', message: /with d the archives of the chart/ });
});

t.test('a chart with many charts', async (t) => {
  const files = new Map([
    ['Chart.yaml', bytes('name: top\nversion: 1.0.0\ndependencies: [{ name: c7 }, { name: x }]\n')],
  ]);
  for (let i = 0; i < 8_000; i += 1)
    files.set(`charts/x-charts${i}/Chart.yaml`, bytes(`name: c${i}\nversion: 1.0.0\n`));
  const read = () => readChart(files, chartUnpacker(), new Map());
  t.throws(read, { message: /needs the chart x,/ });
  files.set('charts/x/Chart.yaml', bytes('name: x\nversion: 1.0.0\n'));
  t.equal(read().contained.size, 8_001);
  files.set(
    'charts/x/charts/y/Chart.yaml',
    bytes('name: deep\nversion: 1.0.0\ndependencies: [{ name: c7 }]\n'),
  );
  t.throws(read, { message: /needs the chart c7, which is not in charts\/x\/charts\/y\/charts/ });
});

t.test('names and conditions of secrets', async (t) => {
  for (const name of ['password', 'token', 'allow_password', 'request_token'])
    for (const sign of ['_', '-']) t.ok(isSecretName(`access_control_${name}`.replaceAll('_', sign)), name);
  for (const name of [
    'host_password',
    'redis_cache_password',
    'primaryToken',
    'primary_access_key',
    'CSRF_SECRET',
  ])
    t.ok(isSecretName(name), name);
  for (const name of ['host_key', 'cacheKey', 'primary_key', 'kms-key', 'public_token', 'csrf_token'])
    t.notOk(isSecretName(name), name);
  for (const name of ['Access-Control-Allow-Credentials', 'accessControlAllowCredentials'])
    t.notOk(isSecretName(name), name);
  for (const sign of ['=', '!=', '~', '!~', '~*', '!~*']) {
    const text = `if ($http_x_api_key ${sign} "^wintersun42$") { return 403; }`;
    const { leaves } = NGINX_SOURCE.declare([{ name: 'nginx.conf', text }], { literal: false, ignore: [] });
    t.equal(leaves.find(({ path }) => path === '/if/()')?.sensitive, true, sign);
  }
});
