/** A problem as somebody with a browser sees it, and as pages of other servers do. */
import t from 'tap';
import { logApp, monitorApp, mirrorApp, witnessApp } from '../support/explorer-servers.ts';

/** What Chromium and Firefox send for a page. */
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

t.test('a page for people, and the document for programs', async (t) => {
  const { app } = await logApp(t, 2);
  for (const [url, status] of [
    ['/nothing', 404],
    ['/e/3/', 404],
    ['/s/%', 400],
    ['/v1/search?limit=x', 400],
  ] as const) {
    const seen = await app.inject({ url, headers: { accept: BROWSER } });
    t.equal(seen.statusCode, status, url);
    t.equal(seen.headers['content-type'], 'text/html; charset=utf-8');
    t.match(seen.headers['content-security-policy'], "default-src 'none'");
    t.match(seen.body, /<h1>[A-Z].*<\/h1><p>.+\.<\/p><p><a href="\/">What is here<\/a><\/p>/);
    for (const accept of [
      undefined,
      '*/*',
      'application/json',
      'application/problem+json, text/html;q=0.5',
    ]) {
      const { headers, statusCode } = await app.inject({ url, ...(accept && { headers: { accept } }) });
      t.equal(headers['content-type'], 'application/problem+json', `${url} for ${accept}`);
      t.equal(statusCode, status);
    }
  }
  const hostile = '/v1/subjects/%3Cscript%3Ealert(1)%3C%2Fscript%3E/history?since=<b>';
  t.notMatch((await app.inject({ url: hostile, headers: { accept: BROWSER } })).body, /<script|<b>/);
});

t.test('a page of another server learns that a path is not there', async (t) => {
  const served = await logApp(t, 2);
  for (const app of [
    served.app,
    await monitorApp(t, served),
    await mirrorApp(t, served),
    await witnessApp(t),
  ]) {
    const { headers, statusCode } = await app.inject({
      url: '/nothing/here',
      headers: { origin: 'https://x.example' },
    });
    t.equal(statusCode, 404);
    t.equal(headers['access-control-allow-origin'], '*', 'else its browser says that nobody answers');
  }
});
