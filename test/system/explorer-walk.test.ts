/**
 * Pages in Chromium as somebody new walks through them: what a browser lacks is told, a verifier that ended can be started again, an
 * answer that cannot be used is the server's fault, paper is white, and every time that is shown says which.
 */
import t, { type Test } from 'tap';
import { LACKS_BROWSER, startBrowser, Visitor } from '../support/explorer-browser.ts';
import { LyingProxy, type Lie } from '../support/explorer-lies.ts';
import { explorerWorld, ORIGIN, SHOP } from '../support/explorer-world.ts';

t.setTimeout(240_000);

const subjectPath = (subject: string): string => `/s/${encodeURIComponent(subject)}`;
const DONE = /checked signed head/;

/** The worker's script with another one before it. */
async function before(visitor: Visitor, script: string): Promise<void> {
  await visitor.context.route(/\/explorer\/worker-/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `${script}\n${await answer.text()}` });
  });
}

/** JSON of a path in another form. */
function said(pattern: RegExp, change: (honest: Record<string, unknown>) => unknown): Lie {
  return async (path, honest) => {
    if (!pattern.test(path)) return undefined;
    const answer = await honest(path);
    return answer.ok ? Response.json(change((await answer.json()) as Record<string, unknown>)) : answer;
  };
}

t.test('a walk', { skip: LACKS_BROWSER }, async (t) => {
  const world = await explorerWorld(t);
  const proxy = await LyingProxy.start(t, world);
  const browser = await startBrowser(t);
  const hosts = [new URL(proxy.url).host];
  const arrive = (t: Test, options: Parameters<typeof Visitor.arrive>[3] = {}) =>
    Visitor.arrive(t, browser, hosts, options);
  const shop = proxy.url + subjectPath(SHOP);
  const entry = `${proxy.url}/e/${world.at.declared}`;

  await t.test('a browser that keeps nothing is told to forget', async (t) => {
    for (const [what, script] of [
      ['has no storage', "Object.defineProperty(self, 'indexedDB', { value: undefined });"],
      ['refuses it', "indexedDB.open = () => { throw new DOMException('no', 'SecurityError'); };"],
      ['gives nothing back', "IDBObjectStore.prototype.get = () => { throw new DOMException('gone'); };"],
      ['is full', "IDBObjectStore.prototype.put = () => { throw new DOMException('full'); };"],
    ] as const) {
      const visitor = await arrive(t);
      await before(visitor, script);
      const text = await visitor.see(entry, /In the log, and signed/);
      t.match(text, /This browser forgets the heads that it saw/, what);
      t.notMatch(text, /first visit/, 'which nobody knows');
      t.same(visitor.amiss, []);
      await visitor.context.close();
    }
    const visitor = await arrive(t);
    const text = await visitor.see(entry, /In the log, and signed/);
    t.match(text, /first visit/);
    t.notMatch(text, /forgets/);
    await visitor.context.close();
  });

  await t.test('a verifier that ended without a word', async (t) => {
    const visitor = await arrive(t);
    const { page } = visitor;
    await page.clock.install();
    await visitor.see(shop, DONE);
    const [worker] = page.workers();
    await worker?.evaluate(() => void setTimeout(() => Reflect.get(globalThis, 'close')()));
    await page.click('text=Read the whole log');
    await page.clock.runFor(25_000);
    t.match(await page.innerText('.trust'), /has said nothing for a while/);
    await page.click('text=Start the verifier again');
    t.match(await visitor.settled(/the whole log was read/), /Head of/, 'what was asked is asked again');
    t.notMatch(await page.innerText('.trust'), /has said nothing/);
    t.same(visitor.amiss, []);
    await visitor.context.close();
  });

  await t.test('answers that cannot be used', async (t) => {
    const visitor = await arrive(t);
    proxy.lie = said(/^\/v1\/overview/, (told) => ({ ...told, rows: [{ subject: 7 }] }));
    t.match(
      await visitor.see(`${proxy.url}/`, /cannot be used/),
      /What the server says of its subjects cannot be used: .*rows\[0\]\.subject/,
    );
    proxy.lie = said(/\/history\?/, (told) => ({ ...told, claims: {} }));
    const text = await visitor.see(shop, DONE);
    t.match(text, /The server says something else[^]*its history: .*: claims/);
    t.match(text, /VIOLATED/, 'what this browser computed is shown');
    proxy.lie = undefined;
    t.same(visitor.amiss, [], 'no bug of the page');
    await visitor.context.close();
  });

  await t.test('nothing was declared: the log itself, and a name that somebody typed', async (t) => {
    const visitor = await arrive(t);
    const own = await visitor.see(proxy.url + subjectPath(ORIGIN), DONE);
    t.match(own, /This is the log itself\. It declares no claim/);
    t.match(own, /policy[^]*first admin key/, 'its entries');
    t.notMatch(own, /It is not there/);
    for (const name of ['web/nothing here', 'ä/ö %2F 🜁', 'x'.repeat(900)]) {
      const text = await visitor.see(proxy.url + subjectPath(name), DONE);
      t.match(text, /Nothing was declared about this subject/);
      t.match(text, /There is no such entry/);
      t.ok(text.includes(name), 'its name');
    }
    // The log has no history of these, and says so; nothing else is amiss.
    t.same(
      visitor.amiss.filter((each) => !/status of 404 .*\/history\?/.test(each)),
      [],
    );
    await visitor.context.close();
  });

  await t.test('the figures and the drawing are of one time, which the page names', async (t) => {
    const visitor = await arrive(t);
    const now = await visitor.see(shop, DONE);
    t.match(now, /Z to now \(\d+ (?:s|min)\): nothing was declared before/);
    t.match(now, /2 looks: 2 PROVEN, 0 failed/);
    const [proof = 0] = world.at.proofs;
    const then = await visitor.see(`${shop}?at=size:${proof + 1}`, DONE);
    t.match(then, /This is the past: as it stood at size:/);
    t.match(then, /Z to then \(/);
    t.match(then, /1 look: 1 PROVEN, 0 failed/, 'the second one came later');
    t.match(then, /covered [1-9][\d.]+ % of/, 'the look of that very second counts');
    await visitor.page.click('text=‹ earlier');
    await visitor.settled(/that has not begun|Nothing was claimed|does not|claimed at no time|no look/);
    t.same(visitor.amiss, []);
    await visitor.context.close();
  });

  await t.test('paper is white, whatever the screen is', async (t) => {
    const visitor = await arrive(t, { colorScheme: 'dark' });
    for (const [path, told] of [
      ['/', /subjects are shown/],
      [subjectPath(SHOP), DONE],
    ] as const) {
      await visitor.see(proxy.url + path, told);
      const look = `(() => {
        const style = getComputedStyle(document.body);
        const shown = (name) => [...document.querySelectorAll(name)].filter((each) => each.getClientRects().length > 0).length;
        return { ground: getComputedStyle(document.documentElement).getPropertyValue('--ground'), text: style.color, forms: shown('form'), buttons: shown('button') };
      })()`;
      t.match(await visitor.evaluate(look), { ground: '#16181b', text: 'rgb(230, 231, 233)' });
      await visitor.page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      t.match(await visitor.evaluate(look), {
        ground: '#fbfbfa',
        text: 'rgb(28, 29, 31)',
        forms: 0,
        buttons: 0,
      });
      await visitor.shoot(`print-${path === '/' ? 'home' : 'subject'}`);
      await visitor.page.emulateMedia({ media: 'screen', colorScheme: 'dark' });
    }
    await visitor.context.close();
  });

  await t.test('where a page may not copy, the text is selected', async (t) => {
    const visitor = await arrive(t);
    await visitor.context.addInitScript(
      "Object.defineProperty(navigator, 'clipboard', { value: undefined })",
    );
    for (const [path, button, text] of [
      [`/e/${world.at.declared}`, '.command button', /^tallystick get/],
      ['/', '#about .buttons button', /^log /],
      ['/witnesses', '.view .buttons button', /^log /],
    ] as const) {
      await visitor.see(proxy.url + path, path === '/' ? /subjects are shown/ : undefined);
      await visitor.page.click(`${button} >> nth=0`);
      t.match(
        await visitor.page.innerText('main'),
        /This browser lets no page copy\. The text is selected/,
        path,
      );
      t.match(await visitor.evaluate('getSelection().toString()'), text);
    }
    t.same(visitor.amiss, []);
    await visitor.context.close();
  });
});
