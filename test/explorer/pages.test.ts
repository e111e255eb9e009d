/** The documents that servers send: without JavaScript, with hostile words in them, and the files of the pages. */
import type { FastifyInstance } from 'fastify';
import { gunzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import t from 'tap';
import { ASSETS, builtAssets, type Assets } from '#src/explorer/assets.ts';
import { baseOf } from '#src/explorer/base.ts';
import { explorer } from '#src/explorer/routes.ts';
import { markup } from '#src/explorer/facts/markup.ts';
import { pathOf, placeOf, type Place } from '#src/explorer/shared/place.ts';
import { parseTrustPolicy } from '#src/note/trust.ts';
import { signStatement } from '#src/cose/statement.ts';
import { webServer } from '#src/web/server.ts';
import { ORIGIN, issuer } from '../support/fake-log.ts';
import { logApp, mirrorApp, monitorApp, witnessApp } from '../support/explorer-servers.ts';

t.setTimeout(120_000);

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types tallystick";

const get = (app: FastifyInstance, url: string, headers: Record<string, string> = {}) =>
  app.inject({ url, headers });

/** Tags of a document that no page may have: inline scripts, styles and handlers, and whatever is from elsewhere. */
function foreign(body: string): readonly string[] {
  const tags = body.match(/<[^>]*>/g) ?? [];
  const known =
    /^<(?:!doctype|\/?(?:html|head|meta|title|link|script|body|a|header|p|nav|ul|li|main|strong|noscript|section|h[12]|dl|dt|dd|code|time|pre|details|summary|table|caption|thead|tbody|tr|th|td|form|label|input|select|option|button|footer|span|svg|polyline))[\s>]/;
  return tags.filter((tag) => {
    const bare = tag.replaceAll(/"[^"]*"/g, '""');
    const [, link] = /\s(?:src|href|action)="([^"]*)"/.exec(tag) ?? [];
    const isOurs = link === undefined || /^(?:\/(?!\/)|#)/.test(link);
    const isScript =
      tag.startsWith('<script') && !tag.startsWith('<script type="module" src="/explorer/app-');
    return !known.test(tag) || !isOurs || isScript || /\s(?:on\w+|style|srcdoc)=/i.test(bare);
  });
}

t.test('places and paths are each other’s', async (t) => {
  const places: readonly Place[] = [
    { kind: 'home' },
    { kind: 'search' },
    { kind: 'compare' },
    { kind: 'witnesses' },
    { kind: 'verify' },
    { kind: 'entry', index: 0 },
    { kind: 'entry', index: Number.MAX_SAFE_INTEGER },
    { kind: 'subject', subject: 'web/shop' },
    { kind: 'subject', subject: '../../x?y#z %2F "><script>' },
    { kind: 'subject', subject: '\u202eabc\u0000' },
  ];
  for (const place of places) t.strictSame(placeOf(pathOf(place)), place, pathOf(place));
  t.strictSame(placeOf('/s/web/shop'), { kind: 'subject', subject: 'web/shop' }, 'typed by hand');
  for (const path of [
    '/x',
    '/s/',
    '/s/%',
    '/e/',
    '/e/01',
    '/e/-1',
    '/e/1.5',
    '/e/9007199254740993',
    '/home',
    '/e/1/',
  ])
    t.equal(placeOf(path), undefined, path);
});

t.test('every page of a log, without JavaScript', async (t) => {
  const { app } = await logApp(t, 3);
  for (const [path, words] of [
    ['/', ['Ready', ORIGIN, '<dd>3</dd>', 'evaluation', '/v1/log', 'quorum none']],
    ['/s/urn:example:1', ['urn:example:1', 'href="/e/1"']],
    ['/s/urn%3Aexample%3A1', ['urn:example:1', 'href="/e/1"']],
    ['/e/2', ['urn:example:2', 'https://issuer.example', 'Leaf hash']],
    ['/search', ['<form', 'href="/e/0"', 'urn:example:0']],
    ['/search?subject=urn:example:2', ['href="/e/2"', 'value="urn:example:2"']],
    ['/witnesses', ['no witness', `log ${ORIGIN}+`]],
    ['/compare', ['takes JavaScript', 'https://log.example']],
    ['/verify', ['takes JavaScript']],
  ] as const) {
    const { statusCode, headers, body } = await get(app, path);
    t.equal(statusCode, 200, path);
    t.equal(headers['content-type'], 'text/html; charset=utf-8');
    t.equal(headers['cache-control'], 'no-cache');
    t.match(headers['x-robots-tag'], 'noindex');
    t.match(body, '<meta name="robots" content="noindex');
    t.match(body, '<html lang="en">');
    t.equal(body.match(/<h1/g)?.length, 1, 'one first heading');
    t.match(body, /Not verified:<\/strong> this page's words are the server's/);
    t.match(
      body,
      /This page came from <strong id="source">https:\/\/log\.example<\/strong>\. It catches/,
      path,
    );
    t.match(body, 'a server that lies serves pages that lie');
    t.strictSame(foreign(body), []);
    for (const word of words) t.ok(body.includes(word), `${path}: ${word}`);
    const again = await get(app, path, { 'if-none-match': String(headers['etag']) });
    t.strictSame([again.statusCode, again.body], [304, '']);
  }
  t.notMatch((await get(app, '/search?subject=urn:example:2')).body, 'href="/e/1"');
});

t.test('policies: other hosts on two pages alone, and for their worker', async (t) => {
  const { app } = await logApp(t, 2);
  const names = builtAssets()?.names;
  for (const path of ['/', '/e/0', '/search', '/witnesses', '/verify', '/e/x', `${ASSETS}${names?.worker}`])
    t.equal((await get(app, path)).headers['content-security-policy'], POLICY, path);
  const wide = POLICY.replace("connect-src 'self'", "connect-src 'self' https: http://127.0.0.1:*");
  for (const path of ['/compare', '/s/urn:example:0', `${ASSETS}${names?.worker}?others`])
    t.equal((await get(app, path)).headers['content-security-policy'], wide, path);
  t.match((await get(app, '/compare')).body, /worker-[0-9a-f]+\.js\?others/);
  t.notMatch((await get(app, '/')).body, '?others');
});

t.test('what is not there', async (t) => {
  const { app, log } = await logApp(t, 2);
  for (const [path, status] of [
    ['/e/2', 404],
    ['/e/x', 404],
    ['/s/', 404],
    ['/search?before=x', 400],
    ['/explorer/nothing.js', 404],
    ['/explorer/..%2f..%2fpackage.json', 404],
    ['/explorer/manifest.json', 404],
    ['/explorer/inputs.json', 404],
  ] as const)
    t.equal((await get(app, path)).statusCode, status, path);
  t.match((await get(app, '/e/2')).body, '<h1>Not here</h1>');
  log.unpublished = true;
  t.equal((await get(app, '/witnesses')).statusCode, 503, 'nothing was published');
  t.equal((await get(app, '/')).statusCode, 200);
});

const HOSTILE = [
  '"><script>alert(1)</script><img src=x onerror=alert(1)>',
  'javascript:alert(1)//\'"<svg/onload=alert(1)>',
  '\u202egnp.exe\u2066 \u200b',
  '</main></body><!-- ${alert(1)} {{alert(1)}}',
  `long ${'<b>'.repeat(100)}`,
];

t.test('texts of strangers stay texts', async (t) => {
  const more = await Promise.all(
    HOSTILE.map((subject) =>
      signStatement(
        { issuer: `https://i.example/${subject.slice(0, 40)}`, subject },
        Buffer.from('x'),
        issuer,
      ),
    ),
  );
  const served = await logApp(t, 1, more);
  const { app } = served;
  const monitor = await monitorApp(t, served);
  const mirror = await mirrorApp(t, served);
  const below = baseOf(ORIGIN);
  const paths = [
    '/',
    '/search',
    ...HOSTILE.flatMap((subject, i) => [
      pathOf({ kind: 'subject', subject }),
      `/e/${i + 1}`,
      `/search?subject=${encodeURIComponent(subject)}&kid=${encodeURIComponent(subject)}`,
    ]),
  ];
  for (const [name, server, base] of [
    ['log', app, ''],
    ['monitor', monitor, below],
    ['mirror', mirror, below],
  ] as const)
    for (const path of paths) {
      const { statusCode, body } = await get(server, base + path);
      t.equal(statusCode, 200, `${name} ${path}`);
      t.strictSame(foreign(body), [], `${name} ${path}`);
      t.notMatch(body, /[\u202a-\u202e\u2066-\u2069\u200b]/, 'nothing turns a line around');
    }
  t.strictSame(
    foreign('<a href="//x"><p onclick=""><script>1</script><b>').length,
    4,
    'the check itself notices',
  );
  const { body } = await get(app, '/', { host: '"><script>alert(1)</script>' });
  t.strictSame(foreign(body), []);
  t.strictSame(foreign((await get(await witnessApp(t), '/')).body), []);
  t.equal(markup`${'<'}${markup`<b>`}${[markup`<i>`]}${undefined}${7}`.html, '&lt;<b><i>7');
});

t.test('monitor and mirror have a home of their own, and the log below', async (t) => {
  const served = await logApp(t, 3);
  const below = baseOf(ORIGIN);
  for (const [role, app] of [
    ['monitor', await monitorApp(t, served)],
    ['mirror', await mirrorApp(t, served)],
  ] as const) {
    const home = await get(app, '/');
    t.match(home.body, `href="${below}/"`);
    t.match(home.body, /data-boot="[^"]*&quot;site&quot;:null/, role);
    for (const path of ['/', '/e/1', '/s/urn:example:1', '/search', '/witnesses', '/compare', '/verify']) {
      const { statusCode, body } = await get(app, below + path);
      t.equal(statusCode, 200, `${role} ${path}`);
      t.match(body, `&quot;base&quot;:&quot;${below}&quot;`);
      t.strictSame(foreign(body), []);
    }
    t.equal((await get(app, '/e/1')).statusCode, 404, 'a page is about one log');
    t.equal((await get(app, `/logs/${'0'.repeat(64)}/`)).statusCode, 404);
    const { body } = await get(app, `${below}/witnesses`);
    const [, text = ''] = /<pre class="copied"[^>]*>([^<]*)</.exec(body) ?? [];
    t.equal(parseTrustPolicy(text).logs.length, 1, 'a policy to paste');
    for (const path of ['/checkpoint', '/tile/0/000.p/3', '/tile/entries/000.p/3']) {
      const { statusCode, headers } = await get(app, below + path);
      t.strictSame([statusCode, headers['access-control-allow-origin']], [200, '*'], `${role} ${path}`);
    }
  }
});

t.test('switched off', async (t) => {
  const off = { explorer: false };
  const served = await logApp(t, 2, [], off);
  const below = baseOf(ORIGIN);
  for (const app of [
    served.app,
    await monitorApp(t, served, off),
    await mirrorApp(t, served, off),
    await witnessApp(t, off),
  ]) {
    const home = await get(app, '/');
    t.equal(home.statusCode, 200);
    t.match(home.headers['x-robots-tag'], 'noindex');
    t.match(home.body, 'switched off');
    t.notMatch(home.body, /<script|<link/);
    t.ok(home.body.length < 1500, 'short');
    const asset = `${ASSETS}${builtAssets()?.names.style}`;
    for (const path of [
      '/e/0',
      '/s/urn:example:1',
      '/search',
      '/witnesses',
      '/verify',
      '/verify.html',
      asset,
      `${below}/`,
    ])
      t.equal((await get(app, path)).statusCode, 404, path);
  }
});

t.test('files: for ever, compressed, and only those', async (t) => {
  const { app } = await logApp(t, 1);
  const { names, files } = builtAssets() as Assets;
  for (const name of [names.app, names.worker, names.style, names.icon, names.licences]) {
    const plain = await get(app, ASSETS + name);
    t.equal(plain.statusCode, 200, name);
    t.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
    t.equal(plain.headers['x-content-type-options'], 'nosniff');
    const digest = createHash('sha256').update(plain.rawPayload).digest('hex');
    // The bundler names scripts, by what they are made of: they name each other.
    if (name.endsWith('.js')) t.match(name, /-[0-9a-f]{16}\.js$/);
    else t.match(name, digest.slice(0, 16), 'its name is its hash');
    t.equal(files.get(name)?.sha256, digest);
    const zipped = await get(app, ASSETS + name, { 'accept-encoding': 'br, gzip' });
    if (zipped.headers['content-encoding'] === 'gzip')
      t.strictSame(gunzipSync(zipped.rawPayload), plain.rawPayload);
    t.not(zipped.headers['content-encoding'] === 'gzip' ? zipped.headers['etag'] : '', plain.headers['etag']);
    const etag = String(plain.headers['etag']);
    t.equal((await get(app, ASSETS + name, { 'if-none-match': etag })).statusCode, 304);
  }
  t.ok(
    [...files.keys()].every((name) => !name.endsWith('.json')),
    'what it was made of stays here',
  );
});

t.test('reads of pages are counted', async (t) => {
  const { app } = await logApp(t, 1, [], { readsPerWindow: 3 });
  const statuses = [];
  for (const path of ['/', '/e/0', `${ASSETS}${builtAssets()?.names.style}`, '/', '/search'])
    statuses.push((await get(app, path)).statusCode);
  t.strictSame(statuses, [200, 200, 200, 429, 429]);
});

t.test('a server whose pages were not built', async (t) => {
  const web = await webServer({ version: '1' });
  const warnings: string[] = [];
  const port = {
    role: 'witness',
    name: 'w',
    version: '1',
    logs: [],
    home: () => ({
      what: 'A witness.',
      ready: true,
      reasons: [],
      figures: [],
      tables: [],
      keys: [],
      links: [],
    }),
  } as const;
  const log = { warn: (text: string) => void warnings.push(text) } as never;
  await web.scope((app) => explorer(app, port, web.urlOf, { log, assets: () => undefined }));
  t.teardown(() => web.app.close());
  const { body } = await get(web.app, '/');
  t.match(body, 'A witness.');
  t.match(body, 'were not built');
  t.notMatch(body, /<script|<link/);
  t.equal(warnings.length, 1, 'one line');
});
