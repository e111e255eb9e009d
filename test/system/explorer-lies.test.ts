/**
 * Pages in Chromium before an honest log and before lies: the page goes red and names the check, stale is "older" and no fork,
 * nothing of the data runs, and no report, error or request to another host comes of it.
 */
import type { Browser } from 'playwright-core';
import t, { type Test } from 'tap';
import { LACKS_BROWSER, startBrowser, Visitor } from '../support/explorer-browser.ts';
import {
  explorerWorld,
  FORGED,
  HOSTILE_SUBJECTS,
  ORIGIN,
  SHOP,
  type ExplorerWorld,
} from '../support/explorer-world.ts';
import {
  anotherKey,
  changedEntry,
  changedSignature,
  changedTile,
  greener,
  greenFacts,
  json,
  listOf,
  LyingProxy,
  relogged,
  smallOrder,
  staleHead,
  swappedLeaf,
  unrevoked,
  without,
  type Lie,
} from '../support/explorer-lies.ts';

t.setTimeout(300_000);

class Theatre {
  readonly world: ExplorerWorld;
  readonly proxy: LyingProxy;
  readonly #browser: Browser;

  constructor(world: ExplorerWorld, proxy: LyingProxy, browser: Browser) {
    this.world = world;
    this.proxy = proxy;
    this.#browser = browser;
  }

  /** A visitor who trusts the reader's policy, or whom the server names. */
  arrive(t: Test, own = true): Promise<Visitor> {
    const trust = own ? { [ORIGIN]: this.world.policy } : {};
    return Visitor.arrive(t, this.#browser, [new URL(this.proxy.url).host], { trust });
  }

  /** The text of a page under a lie, seen by somebody new; that nothing else is amiss is part of the test. */
  async see(
    t: Test,
    path: string,
    lie: Lie | undefined,
    { own = true, told }: { readonly own?: boolean; readonly told?: RegExp } = {},
  ): Promise<string> {
    const visitor = await this.arrive(t, own);
    this.proxy.lie = lie;
    const text = await visitor.see(this.proxy.url + path, told);
    this.proxy.lie = undefined;
    await sound(t, visitor);
    return text;
  }
}

/** Nothing ran, nothing was reported, nobody else was asked. */
async function sound(t: Test, visitor: Visitor): Promise<void> {
  t.same(visitor.amiss, [], 'no error, no report, no other host');
  t.equal(await visitor.owned(), undefined, 'no data ran');
}

const subjectPath = (subject: string): string => `/s/${encodeURIComponent(subject)}`;
/** A search is over. */
const SEARCHED = /checked signed head/;
const EMPTY = new Uint8Array();

t.test('pages before lies', { skip: LACKS_BROWSER }, async (t) => {
  const world = await explorerWorld(t);
  const proxy = await LyingProxy.start(t, world);
  const theatre = new Theatre(world, proxy, await startBrowser(t));
  const { at } = world;
  const [proof = 0, newest = 0] = at.proofs;

  await t.test('an honest log', async (t) => {
    const entry = await theatre.see(t, `/e/${proof}`, undefined);
    t.match(entry, /In the log, and signed/);
    t.match(entry, /cosigned by w\.example/);
    t.match(entry, /your trust policy/i);
    t.notMatch(entry, /FAILS|Does not hold/);
    const subject = await theatre.see(t, subjectPath(SHOP), undefined);
    t.match(subject, /PROVEN/);
    t.match(subject, /WAIVED[^]*VIOLATED/, 'what a waiver hides stands beside it');
    t.notMatch(subject, /something else than its own log|do(?:es)? not hold/i);
    const stranger = await theatre.see(t, `/e/${proof}`, undefined, { own: false });
    t.match(
      stranger,
      /the keys that this server names/i,
      'until there is a policy, the page says whose keys it goes by',
    );
  });

  await t.test('entries', async (t) => {
    const entries = await world.entries();
    const signature = entries.with(at.declared, changedSignature(entries[at.declared] ?? EMPTY));
    const policy = entries.with(at.policy, unrevoked(entries[at.policy] ?? EMPTY));
    const cases: readonly (readonly [string, Lie | undefined, number, RegExp])[] = [
      ['a swapped leaf', swappedLeaf(at.declared, proof), at.declared, /inclusion/],
      ['a changed tile', changedTile(5), proof, /inclusion/],
      [
        'a signature of the author changed as served',
        changedEntry(at.declared, changedSignature),
        at.declared,
        /inclusion/,
      ],
      [
        'a signature of the author changed and logged so',
        relogged(world, signature),
        at.declared,
        /signature/,
      ],
      ['a revocation changed as served', changedEntry(at.policy, unrevoked), at.policy, /inclusion/],
      ['a revocation changed and logged so', relogged(world, policy), at.policy, /signature/],
      ['the head of another key', anotherKey, proof, /checkpoint/],
      ['a forged transcript', undefined, at.forged, /transcript/],
    ];
    for (const [what, lie, index, check] of cases)
      await t.test(what, async (t) => {
        const text = await theatre.see(t, `/e/${index}`, lie);
        t.match(text, new RegExp(`${check.source}[^]{0,40}FAILS|Does not hold: [^\n]*${check.source}`), text);
        t.notMatch(text, /In the log, and signed/);
      });
    await t.test('a quorum that is not met', async (t) => {
      proxy.cosigns = false;
      const text = await theatre.see(t, `/e/${proof}`, undefined);
      proxy.cosigns = true;
      t.match(text, /quorum/);
      t.notMatch(text, /In the log, and signed/);
    });
    await t.test('a key of small order', async (t) => {
      const text = await theatre.see(t, `/e/${proof}`, smallOrder, { own: false });
      t.match(text, /not a safe point/);
      t.notMatch(text, /In the log, and signed|✓/);
    });
  });

  await t.test('heads, from visit to visit', async (t) => {
    const visitor = await theatre.arrive(t);
    const stale = await staleHead(world.url);
    const visit = async (lie: Lie | undefined): Promise<string> => {
      proxy.lie = lie;
      const text = await visitor.see(`${proxy.url}/e/0`);
      proxy.lie = undefined;
      return text;
    };
    t.match(await visit(undefined), /first visit: nothing to compare with/i);
    await world.more();
    t.match(await visit(undefined), /one history with the head that this browser saw before/i);
    const older = await visit(stale);
    t.match(older, /OLDER/);
    t.notMatch(older, /FORK/, 'a stale head is no fork');
    const entries = await world.entries();
    const fork = await visit(relogged(world, entries.with(entries.length - 1, entries[0] ?? EMPTY)));
    t.match(fork, /FORK/);
    t.match(fork, /consistency/);
    t.match(fork, /Save the incident file/);
    await world.more();
    t.match(await visit(changedTile(70)), /FAILS|not hold/i, 'a consistency that cannot be shown');
    t.match(await visit(undefined), /one history with the head/i, 'what was refused is not remembered');
    await sound(t, visitor);
  });

  await t.test('subjects', async (t) => {
    const path = subjectPath(SHOP);
    const hide = (index: number): Lie => without('/v1/search', 'entries', (row) => row['index'] === index);
    t.match(
      await theatre.see(t, path, hide(proof)),
      /leaves out entry|does not follow/i,
      'a proof that the search leaves out',
    );
    const left = await theatre.see(t, path, hide(newest));
    t.match(
      left,
      new RegExp(`leaves out entry ${newest} [^]*it is in the tree`),
      'the newest proof, which no chain shows',
    );
    t.notMatch(left, /checked signed head/);
    const looks = json('/v1/subjects/', (body) => ({
      ...body,
      claims: listOf(body['claims']).map((each) => ({ ...each, looks: listOf(each['looks']).slice(1) })),
    }));
    t.match(await theatre.see(t, path, looks), /leaves out entry/, 'a look that the history leaves out');
    const green = await theatre.see(t, path, greener('/v1/subjects/'));
    t.match(green, /something else than its own log/, 'a verdict that is greener than the entries');
    t.match(green, /is VIOLATED, and the server says PROVEN/);
    const forged = await theatre.see(t, subjectPath(FORGED), undefined);
    t.notMatch(forged, /PROVEN \d|✓ PROVEN/);
    t.match(forged, /does not hold|UNKNOWN/, 'a transcript that was forged proves nothing');
  });

  await t.test('the server’s own words', async (t) => {
    const visitor = await theatre.arrive(t);
    proxy.lie = greenFacts;
    await visitor.see(`${proxy.url}${subjectPath(SHOP)}`);
    t.equal(
      await visitor.page.locator('#planted').count(),
      0,
      'facts in the server’s words make room for what was verified',
    );
    proxy.lie = undefined;
    await sound(t, visitor);
  });

  await t.test('hostile names', async (t) => {
    for (const [i, subject] of HOSTILE_SUBJECTS.entries()) {
      const text = await theatre.see(t, subjectPath(subject), undefined);
      t.match(text, /hostile/, `subject ${i}`);
      t.match(await theatre.see(t, `/e/${at.hostile[i] ?? 0}`, undefined), /In the log, and signed/);
    }
    t.match(await theatre.see(t, '/search', undefined, { told: SEARCHED }), /x\/<img/, 'as text');
    // 65 kB of markup and of text that runs from right to left, in rows of the server.
    const huge = `<img src=x onerror="window.owned=1">\u202e${'o'.repeat(65_000)}`;
    const rows = json('/v1/search', (page) => ({
      ...page,
      entries: listOf(page['entries']).map((row) => ({ ...row, subject: huge })),
    }));
    const text = await theatre.see(t, '/search', rows, { told: /not hold/ });
    t.ok(text.length < 1_000_000);
  });
});
