/** What somebody types into a form of a page stays there, however often the page is drawn while it verifies. */
import t from 'tap';
import { LACKS_BROWSER, startBrowser, Visitor } from '../support/explorer-browser.ts';
import { explorerWorld, SHOP } from '../support/explorer-world.ts';

t.test('forms', { skip: LACKS_BROWSER }, async (t) => {
  const world = await explorerWorld(t);
  const { host } = new URL(world.url);
  const visitor = await Visitor.arrive(t, await startBrowser(t), [host]);
  const { page } = visitor;

  await t.test('the filter of the first screen', async (t) => {
    await page.goto(world.url);
    const prefix = page.locator('input[name=prefix]');
    await prefix.pressSequentially('web/');
    await visitor.settled();
    t.equal(await prefix.inputValue(), 'web/', 'it was drawn again, and verified');
    await prefix.press('Enter');
    await page.waitForURL(/prefix=web%2F/);
    t.equal(await prefix.inputValue(), 'web/');
    await page.getByText('Show all', { exact: true }).click();
    await page.waitForURL((url) => url.search === '');
    await visitor.settled();
    t.equal(await prefix.inputValue(), '', 'it follows what is shown');
  });

  await t.test('the form of a search', async (t) => {
    await page.goto(`${world.url}/search?subject=${encodeURIComponent(SHOP)}`);
    const [subject, key] = [page.locator('input[name=subject]'), page.locator('input[name=kid]')];
    await key.pressSequentially('abc');
    await visitor.settled();
    t.equal(await subject.inputValue(), SHOP);
    t.equal(await key.inputValue(), 'abc');
  });
  t.same(visitor.amiss, []);
});
