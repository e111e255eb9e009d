/**
 * Pages in Chromium before servers that stall, break off, are busy, answer without end or lead elsewhere: what is away is told as
 * away and fails no check, what does not hold is red, nobody else is asked, and the page works again once the server does.
 */
import type { Browser } from 'playwright-core';
import t, { type Test } from 'tap';
import { atOnce, LACKS_BROWSER, startBrowser, Visitor } from '../support/explorer-browser.ts';
import { explorerWorld, ORIGIN, SHOP, type ExplorerWorld } from '../support/explorer-world.ts';
import { LyingProxy, type Rough } from '../support/explorer-lies.ts';
import { answering, cut, elsewhere, endless, MOST_SENT, stalled } from '../support/explorer-rough.ts';

t.setTimeout(400_000);

interface Case {
  readonly what: string;
  readonly path: string;
  readonly rough: Rough;
  /** What stands there at the end, and what never does. */
  readonly told: RegExp;
  readonly never?: RegExp;
  /** Whether the page is looked at again, once the server does what it should. */
  readonly again?: true;
}

const AWAY = /Nobody answered, so nothing is verified/;
const FINE = /In the log, and signed|FAILS|Does not hold/;
const LIED =
  /FAILS|Does not hold|DOES NOT HOLD|[0-9] do not hold|(?:gave|overview) does not hold|something else than its own log/;
/** The verdicts of the subject are computed, and its past is. */
const COMPUTED = /PROVEN[^]*WAIVED[^]*checked signed head/;
const QUIET = /The server says nothing new of its subjects/;

/**
 * What a browser says of every answer that is no 200; it is no fault of the page. The target of a redirect is told as if it was
 * asked: whether it was, the server there knows.
 */
const EXPECTED = /Failed to load resource|net::ERR|a request to [^ ]*\/lure$/;

async function look(t: Test, world: ExplorerWorld, browser: Browser, each: Case): Promise<void> {
  const proxy = await LyingProxy.start(t, world);
  const visitor = await Visitor.arrive(t, browser, [new URL(proxy.url).host], {
    trust: { [ORIGIN]: world.policy },
  });
  proxy.rough = each.rough;
  const text = await visitor.see(proxy.url + each.path, each.told);
  t.notMatch(text, each.never ?? LIED, `${each.what}: fails no check`);
  if (each.again === true) {
    proxy.rough = undefined;
    const fine = /In the log, and signed|checked signed head|verified by this/;
    t.notMatch(await visitor.see(proxy.url + each.path, fine), LIED, `${each.what}: and works again`);
  }
  t.same(
    visitor.amiss.filter((said) => !EXPECTED.test(said)),
    [],
    each.what,
  );
  await visitor.context.close();
}

t.test('pages before rough servers', { skip: LACKS_BROWSER }, async (t) => {
  const world = await explorerWorld(t);
  const browser = await startBrowser(t);
  const entry = `/e/${world.at.proofs[0] ?? 0}`;
  const subject = `/s/${encodeURIComponent(SHOP)}`;
  const HEAD = /^\/checkpoint/;
  const TILES = /^\/tile\//;
  const HISTORY = /^\/v1\/subjects\//;
  const DATA = /^\/(?:checkpoint|tile|v1|entries)/;

  await t.test('stalled, cut, busy, in other forms', async (t) => {
    const page = { 'content-type': 'text/html' };
    const portal = '<!doctype html><title>Sign in</title><p>Welcome to the hotel';
    const cases: readonly Case[] = [
      { what: 'a head that stalls', path: entry, rough: stalled(HEAD), told: AWAY, never: FINE, again: true },
      { what: 'tiles that stall', path: entry, rough: stalled(TILES), told: AWAY, never: FINE },
      {
        what: 'an overview that stalls',
        path: '/',
        rough: stalled(/^\/v1\/overview/),
        told: QUIET,
        again: true,
      },
      { what: 'a history that stalls', path: subject, rough: stalled(HISTORY), told: COMPUTED, again: true },
      {
        what: 'a search that stalls',
        path: subject,
        rough: stalled(/^\/v1\/search/),
        told: AWAY,
        again: true,
      },
      { what: 'a head that is cut', path: entry, rough: cut(HEAD), told: AWAY, never: FINE },
      { what: 'tiles that are cut', path: entry, rough: cut(TILES), told: AWAY, never: FINE, again: true },
      { what: 'an overview that is cut', path: '/', rough: cut(/^\/v1\/overview/), told: QUIET },
      { what: 'a history that is cut', path: subject, rough: cut(HISTORY), told: COMPUTED },
      { what: '429', path: entry, rough: answering(DATA, 429), told: AWAY, never: FINE },
      {
        what: '429 for an hour',
        path: entry,
        rough: answering(DATA, 429, { 'retry-after': '3600' }),
        told: AWAY,
        never: FINE,
      },
      {
        what: '429 for a second, twice',
        path: entry,
        rough: answering(DATA, 429, { 'retry-after': '1' }, 'no', 2),
        told: /In the log, and signed/,
      },
      {
        what: '429 of the overview',
        path: '/',
        rough: answering(/^\/v1\/overview/, 429),
        told: /it answers 429/,
        again: true,
      },
      { what: '500', path: entry, rough: answering(DATA, 500), told: AWAY, never: FINE },
      {
        what: '500 of the overview',
        path: '/',
        rough: answering(/^\/v1\/overview/, 500),
        told: /it answers 500/,
      },
      {
        what: 'a page for a head',
        path: entry,
        rough: answering(HEAD, 200, page, portal),
        told: AWAY,
        never: FINE,
        again: true,
      },
      {
        what: 'a page for an overview',
        path: '/',
        rough: answering(/^\/v1\/overview/, 200, page, portal),
        told: /something that is no JSON/,
      },
      {
        what: 'an overview of another form',
        path: '/',
        rough: answering(/^\/v1\/overview/, 200, {}, '{"rows":[{"subject":{}}],"counts":null}'),
        told: /a form that this page does not know/,
      },
      {
        what: 'a page for a history',
        path: subject,
        rough: answering(HISTORY, 200, page, portal),
        told: /its history: it answers something that is no JSON[^]*checked signed head/,
        never: /Nobody answered/,
      },
      {
        what: 'a page for a search: it has none, and every entry is read',
        path: subject,
        rough: answering(/^\/v1\/search/, 200, page, portal),
        told: /the whole copy was read/,
      },
    ];
    await atOnce(cases, (each) => look(t, world, browser, each), 6);
  });

  await t.test('without end, and huge', async (t) => {
    const overview = endless(/^\/v1\/overview/);
    const huge = endless(/^\/v1\/overview/, 10_000_000_000);
    const history = endless(HISTORY);
    const head = endless(HEAD);
    const tiles = endless(TILES);
    const search = endless(/^\/v1\/search/);
    const cases: readonly Case[] = [
      {
        what: 'an overview without end',
        path: '/',
        rough: overview.rough,
        told: /says more than/,
        again: true,
      },
      { what: 'an overview of 10 GB', path: '/', rough: huge.rough, told: /says more than/ },
      {
        what: 'a history without end',
        path: subject,
        rough: history.rough,
        told: /its history: it says more than[^]*checked signed head/,
        never: /Nobody answered/,
      },
      {
        what: 'a head without end',
        path: entry,
        rough: head.rough,
        told: /more than 262144 bytes/,
        never: /✓/,
        again: true,
      },
      {
        what: 'tiles without end',
        path: entry,
        rough: tiles.rough,
        told: /more than \d+ bytes/,
        never: /✓ In/,
      },
      {
        what: 'a search without end',
        path: subject,
        rough: search.rough,
        told: /more than \d+ bytes/,
        never: /checked signed head/,
      },
    ];
    await atOnce(cases, (each) => look(t, world, browser, each));
    for (const [what, { sent }] of Object.entries({ overview, huge, history, head, tiles, search }))
      t.ok(sent() > 0 && sent() < MOST_SENT / 2, `${what}: ${sent()} bytes were taken`);
  });

  await t.test('a redirect to another host is followed by nobody', async (t) => {
    const other = await elsewhere(t);
    const to = (paths: RegExp, status: number): Rough =>
      answering(paths, status, { location: `${other.url}/lure`, 'access-control-allow-origin': '*' });
    const cases: readonly Case[] = [
      { what: 'of a head', path: entry, rough: to(HEAD, 302), told: AWAY, never: FINE, again: true },
      { what: 'of tiles', path: entry, rough: to(TILES, 307), told: AWAY, never: FINE },
      { what: 'of a search', path: subject, rough: to(/^\/v1\/search/, 301), told: AWAY },
      { what: 'of an overview', path: '/', rough: to(/^\/v1\/overview/, 302), told: QUIET },
      { what: 'of a history', path: subject, rough: to(HISTORY, 308), told: COMPUTED },
    ];
    await atOnce(cases, (each) => look(t, world, browser, each));
    t.same(other.asked, [], 'no request reached it');
  });
});
