/** Pages in Chromium with what they keep damaged, and links that show the past: nothing is green for it, and there is a way out. */
import t from 'tap';
import { LACKS_BROWSER, startBrowser, Visitor } from '../support/explorer-browser.ts';
import { explorerWorld, HOSTILE_SUBJECTS, ORIGIN, SHOP } from '../support/explorer-world.ts';
import { LyingProxy } from '../support/explorer-lies.ts';

t.setTimeout(180_000);

/** In the page: puts a value in place of the head that is remembered. */
const DAMAGE = `(origin) => new Promise((resolve, reject) => {
  const opening = indexedDB.open('tallystick', 1);
  opening.onerror = reject;
  opening.onsuccess = () => {
    const work = opening.result.transaction('heads', 'readwrite');
    work.objectStore('heads').put(new TextEncoder().encode('garbage'), origin);
    work.oncomplete = () => { opening.result.close(); resolve(); };
  };
})`;

t.test('what is kept is damaged', { skip: LACKS_BROWSER }, async (t) => {
  const world = await explorerWorld(t);
  const proxy = await LyingProxy.start(t, world);
  const browser = await startBrowser(t);
  const hosts = [new URL(proxy.url).host];
  const entry = `${proxy.url}/e/${world.at.declared}`;

  await t.test('a policy that cannot be read', async (t) => {
    const visitor = await Visitor.arrive(t, browser, hosts);
    await visitor.see(entry);
    await visitor.page.evaluate(([key, text]) => localStorage.setItem(key, text), [
      `tallystick.trust ${ORIGIN}`,
      '<b>garbage</b>',
    ] as const);
    const text = await visitor.see(entry, /cannot be used/);
    t.notMatch(text, /In the log, and signed|the keys that this server names/);
    await visitor.page.click('text=Remove it from this browser');
    t.match(await visitor.settled(/In the log, and signed/), /the keys that this server names/);
    t.same(visitor.amiss, []);
  });

  await t.test('a policy that is pasted is gone by at once, head and entry', async (t) => {
    const visitor = await Visitor.arrive(t, browser, hosts);
    await visitor.see(entry);
    await visitor.page.click('.whose summary');
    await visitor.page.fill('textarea', world.policy);
    await visitor.page.click('text=Go by this policy');
    const text = await visitor.settled(/your trust policy[^]*Head of[^]*In the log, and signed/);
    t.notMatch(text, /the keys that this server names/);
    t.same(visitor.amiss, []);
  });

  await t.test('a head that is none', async (t) => {
    const visitor = await Visitor.arrive(t, browser, hosts);
    await visitor.see(entry);
    await visitor.page.evaluate(`(${DAMAGE})(${JSON.stringify(ORIGIN)})`);
    const text = await visitor.see(entry, /Forget the head/);
    t.match(text, /What this browser remembers does not fit/);
    t.notMatch(text, /In the log, and signed/);
    await visitor.page.click('text=Forget the head');
    t.match(await visitor.settled(/In the log, and signed/), /first visit/);
    t.same(visitor.amiss, []);
  });

  await t.test('a link to a moment of the past says so', async (t) => {
    const visitor = await Visitor.arrive(t, browser, hosts);
    const text = await visitor.see(`${proxy.url}/s/${encodeURIComponent(SHOP)}?at=size:4`);
    t.match(text, /This is the past: as it stood at size:4/);
    t.same(visitor.amiss, []);
  });

  await t.test('a name that turns its line around is shown with what it is made of', async (t) => {
    const visitor = await Visitor.arrive(t, browser, hosts);
    const hostile = HOSTILE_SUBJECTS.find((each) => each.includes('\u202e')) ?? '';
    const subject = await visitor.see(`${proxy.url}/s/${encodeURIComponent(hostile)}`);
    const found = await visitor.see(`${proxy.url}/search`, /checked signed head/);
    for (const text of [subject, found]) {
      t.match(text, /x\/\?gnp\.exe\?\?right-to-left\?\?/);
      t.notMatch(text, /[\u202a-\u202e\u2066-\u2069\u200b]/);
    }
    t.same(visitor.amiss, []);
  });
});
