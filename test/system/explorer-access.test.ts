/**
 * Each page for everybody: axe finds nothing, in light and dark, wide and on a phone; the keyboard reaches everything and is never
 * trapped; without JavaScript the facts are there and said to be unverified. Screenshots are kept in `.tap/explorer`.
 */
import type { FastifyInstance } from 'fastify';
import type { Browser } from 'playwright-core';
import t, { type Test } from 'tap';
import { baseOf } from '#src/explorer/base.ts';
import { declaring } from '../support/declarer.ts';
import { LACKS_BROWSER, SHOTS, startBrowser, Visitor } from '../support/explorer-browser.ts';
import { explorerWorld, ORIGIN, SHOP } from '../support/explorer-world.ts';
import { mirrorApp, monitorApp, witnessApp } from '../support/explorer-servers.ts';
import { LyingProxy, swappedLeaf } from '../support/explorer-lies.ts';

t.setTimeout(400_000);

const LOOKS = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  { name: 'phone', colorScheme: 'light', viewport: { width: 360, height: 740 } },
  { name: 'phone-dark', colorScheme: 'dark', viewport: { width: 360, height: 740 } },
] as const;

/** The focused element, whether its focus shows, and whether it stands after the one before. */
const FOCUSED = `(() => {
  const element = document.activeElement;
  const before = globalThis.focusedBefore;
  globalThis.focusedBefore = element;
  if (element === null || element === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return {
    tag: element.tagName,
    text: (element.textContent || '').trim().slice(0, 40),
    shows: outlineStyle !== 'none' && outlineWidth !== '0px',
    follows: !before || !before.isConnected || before === document.body || (before.compareDocumentPosition(element) & 4) !== 0,
  };
})()`;

interface Focused {
  readonly tag: string;
  readonly text: string;
  readonly shows: boolean;
  readonly follows: boolean;
}

/** Most things that a page of this world may stop at. */
const MOST_STOPS = 200;

/** Every stop of the tabulator, until it leaves the document. */
async function walk(visitor: Visitor): Promise<readonly Focused[]> {
  const stops: Focused[] = [];
  for (let i = 0; i < MOST_STOPS; i++) {
    await visitor.page.keyboard.press('Tab');
    const focused = (await visitor.evaluate(FOCUSED)) as Focused | null;
    if (focused === null || (i > 0 && focused.text === stops[0]?.text)) return stops;
    stops.push(focused);
  }
  throw new Error(`the keyboard never leaves the page: ${JSON.stringify(stops.slice(-4))}`);
}

/** Axe finds nothing, and nothing is wider than the screen. `name`: of the screenshot. */
async function accessible(t: Test, visitor: Visitor, name: string, width: number): Promise<void> {
  await visitor.shoot(name);
  t.same(await visitor.inaccessible(), [], `${name}: axe finds nothing`);
  const wide = await visitor.evaluate('document.documentElement.scrollWidth');
  t.ok(Number(wide) <= width, `${name} fits: ${String(wide)}`);
}

/** Homes and inner pages of the servers that are no log, over one log. */
async function otherPlaces(
  t: Test,
): Promise<readonly (readonly [name: string, url: string, told?: RegExp])[]> {
  const { log, app, declare } = await declaring(t, 'copied.example/log');
  await declare('web/shop', 'low', 'team-web');
  await declare('db/payments', 'high');
  const listening = async (server: FastifyInstance) => server.listen({ host: '127.0.0.1', port: 0 });
  const monitor = await listening(await monitorApp(t, { log, app }));
  const mirror = await listening(await mirrorApp(t, { log, app }));
  const witness = await listening(await witnessApp(t));
  const base = baseOf('copied.example/log');
  return [
    ['monitor-home', `${monitor}/`, /Ready/],
    ['monitor-log', `${monitor}${base}/`, /subjects are shown/],
    ['monitor-subject', `${monitor}${base}/s/web%2Fshop`, /checked signed head/],
    ['mirror-home', `${mirror}/`, /Up to date at/],
    ['mirror-log', `${mirror}${base}/`, /subjects are shown/],
    ['mirror-witnesses', `${mirror}${base}/witnesses`],
    ['witness-home', `${witness}/`, /Ready/],
    ['witness-verify', `${witness}/verify.html`, /file/],
  ];
}

t.test('pages for everybody', { skip: LACKS_BROWSER }, async (t) => {
  const world = await explorerWorld(t);
  const proxy = await LyingProxy.start(t, world);
  const browser: Browser = await startBrowser(t);
  const host = new URL(proxy.url).host;
  const [proof = 0] = world.at.proofs;
  const pages: readonly (readonly [name: string, path: string, told?: RegExp])[] = [
    ['home', '/', /subjects (?:are )?shown|verified by this browser/],
    ['subject', `/s/${encodeURIComponent(SHOP)}`, /checked signed head/],
    ['entry-proof', `/e/${proof}`],
    ['entry-commitment', `/e/${world.at.declared}`],
    ['entry-policy', `/e/${world.at.policy}`],
    ['search', '/search', /checked signed head/],
    ['compare', '/compare'],
    ['witnesses', '/witnesses'],
    ['verify', '/verify', /./],
  ];
  const arrive = (t: Test, look: (typeof LOOKS)[number]) =>
    Visitor.arrive(t, browser, [host], { ...look, trust: { [ORIGIN]: world.policy } });

  for (const look of LOOKS)
    await t.test(look.name, async (t) => {
      const visitor = await arrive(t, look);
      const check = (name: string, visitor: Visitor): Promise<void> =>
        accessible(t, visitor, `${name}-${look.name}`, look.viewport.width);
      for (const [name, path, told] of pages) {
        await visitor.see(proxy.url + path, told);
        await check(name, visitor);
      }
      await visitor.see(`${proxy.url}/s/${encodeURIComponent(SHOP)}`, /checked signed head/);
      await visitor.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))");
      await check('subject-unfolded', visitor);
      t.same(visitor.amiss, []);
      // Somebody else: what a browser has in its cache, no lie changes.
      const other = await arrive(t, look);
      proxy.lie = swappedLeaf(world.at.declared, proof);
      t.match(await other.see(`${proxy.url}/e/${proof}`), /inclusion/);
      proxy.lie = undefined;
      await check('entry-lie', other);
    });
  t.comment(`screenshots: ${SHOTS}`);

  await t.test('the keyboard', async (t) => {
    const visitor = await arrive(t, LOOKS[0]);
    for (const [name, path, told] of pages) {
      await visitor.see(proxy.url + path, told);
      const stops = await walk(visitor);
      t.match(stops[0], { tag: 'A', text: 'Skip to the content' }, `${name}: the skip link is first`);
      t.same(
        stops.filter(({ shows }) => !shows),
        [],
        `${name}: focus is visible`,
      );
      t.same(
        stops.filter(({ follows }) => !follows),
        [],
        `${name}: in the order of the page`,
      );
      t.ok(stops.length >= 6, `${name}: ${stops.length} stops`);
    }
    await visitor.see(`${proxy.url}/e/${proof}`);
    await visitor.page.keyboard.press('Tab');
    await visitor.page.keyboard.press('Enter');
    t.match(await visitor.evaluate(FOCUSED), { tag: 'MAIN' }, 'the skip link leads to the content');
  });

  await t.test('monitor, mirror and witness', async (t) => {
    const places = await otherPlaces(t);
    const hosts = places.map(([, url]) => new URL(url).host);
    for (const look of LOOKS) {
      const visitor = await Visitor.arrive(t, browser, hosts, look);
      for (const [name, url, told] of places) {
        await visitor.see(url, told);
        await accessible(t, visitor, `${name}-${look.name}`, look.viewport.width);
      }
      t.same(visitor.amiss, []);
      await visitor.context.close();
    }
  });

  await t.test('without JavaScript', async (t) => {
    const visitor = await Visitor.arrive(t, browser, [host], { javaScriptEnabled: false });
    for (const [name, path] of pages) {
      await visitor.page.goto(proxy.url + path);
      const text = await visitor.page.innerText('body');
      t.match(text, /Not verified/, `${name} says that nothing was verified`);
      t.notMatch(text, /verified by this browser/);
    }
    await visitor.page.goto(`${proxy.url}/e/${proof}`);
    t.match(await visitor.page.innerText('main'), /web\/shop/, 'the facts are there');
    await visitor.shoot('entry-without-javascript');
    t.same(visitor.amiss, []);
  });
});
