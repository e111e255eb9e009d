/**
 * Pages in Chromium before a server that lies about all subjects at once, about which log its pages are of, and with keys and
 * witnesses that the reader does not go by: the page goes red and says what does not hold.
 */
import type { Browser } from 'playwright-core';
import t, { type Test } from 'tap';
import { originHash } from '#src/note/checkpoint.ts';
import { disclose, formatDisclosure, formatLeaves } from '#src/declare/leafopening.ts';
import { formatVkey } from '#src/note/key.ts';
import { atOnce, LACKS_BROWSER, startBrowser, Visitor } from '../support/explorer-browser.ts';
import { explorerWorld, ORIGIN, SHOP, WITNESS, type ExplorerWorld } from '../support/explorer-world.ts';
import { changedEntry, LyingProxy, relogged, staleHead, type Lie } from '../support/explorer-lies.ts';
import { carefully, logOf, overviewLie, P256, proven, SMALL, twice } from '../support/explorer-forged.ts';
import { owned } from '../support/opened-leaves.ts';
import { dataIn } from '../support/running-log.ts';
import { seedSigner } from '../support/seed-signer.ts';
import { twin } from '../support/p256-twin.ts';

t.setTimeout(400_000);

/** The rows were verified, and the verifier rests. */
const ROWS = /[1-9][0-9]* (?:of [0-9]+\s+verified by this browser|do not hold)/;
const GHOST = 'web/ghost';
const EMPTY = new Uint8Array();

interface Case {
  readonly what: string;
  readonly lie: Lie | undefined;
  readonly says: RegExp;
  /** Nothing of it is shown, and so no row. */
  readonly isUnusable?: true;
  readonly never?: RegExp;
}

class Stage {
  readonly world: ExplorerWorld;
  readonly #browser: Browser;

  constructor(world: ExplorerWorld, browser: Browser) {
    this.world = world;
    this.#browser = browser;
  }

  /** A server of its own, and a visitor with a policy. */
  async arrive(
    t: Test,
    policy = this.world.policy,
    origin = ORIGIN,
  ): Promise<{ readonly proxy: LyingProxy; readonly visitor: Visitor }> {
    const proxy = await LyingProxy.start(t, this.world);
    const hosts = [new URL(proxy.url).host];
    return { proxy, visitor: await Visitor.arrive(t, this.#browser, hosts, { trust: { [origin]: policy } }) };
  }

  /** The text of a page under a lie. */
  async see(
    t: Test,
    path: string,
    lie: Lie | undefined,
    told?: RegExp,
    policy?: string,
    origin?: string,
  ): Promise<string> {
    const { proxy, visitor } = await this.arrive(t, policy, origin);
    proxy.lie = lie;
    const text = await visitor.see(proxy.url + path, told);
    t.same(visitor.amiss, [], path);
    await visitor.context.close();
    return text;
  }
}

t.test('pages before more lies', { skip: LACKS_BROWSER }, async (t) => {
  const world = await explorerWorld(t);
  const stage = new Stage(world, await startBrowser(t));
  const { at } = world;
  const [proof = 0] = at.proofs;

  await t.test('the overview', async (t) => {
    const cases: readonly Case[] = [
      {
        what: 'an honest one',
        lie: undefined,
        says: /WAIVED/,
        never: /do not hold|overview does not hold|DOES NOT HOLD|The server says/,
      },
      {
        what: 'a row that is forged, and all that goes with it',
        lie: carefully((rows) => rows.map((row) => (row.subject === SHOP ? proven(row) : row))),
        says: /WAIVED\s*\(VIOLATED\)[^]*The server says PROVEN/,
        never: /overview does not hold/,
      },
      {
        what: 'a verdict that is better than its claims',
        lie: overviewLie((told) => ({
          ...told,
          rows: told.rows.map((row) => (row.subject === SHOP ? { ...proven(row), claims: row.claims } : row)),
        })),
        says: /overview does not hold[^]*not as bad as the worst of its claims/,
      },
      {
        what: 'a row that is left out of the rows alone',
        lie: overviewLie((told) => ({ ...told, rows: told.rows.filter(({ subject }) => subject !== SHOP) })),
        says: /overview does not hold[^]*1 WAIVED by its count, and 0 rows/,
      },
      {
        what: 'a row that is left out of everything: nothing shows it, and the page says so',
        lie: carefully((rows) => rows.filter(({ subject }) => subject !== SHOP)),
        says: /Which subjects there are is the server's word: it could leave some out/,
        never: /overview does not hold/,
      },
      {
        what: 'a row that is made up, of no log or of another',
        lie: carefully((rows) => [
          ...rows,
          ...rows.slice(0, 1).map((row) => ({ ...proven(row), subject: GHOST })),
        ]),
        says: /1 do not hold[^]*DOES NOT HOLD: the log has no commitment about "web\/ghost"/,
      },
      {
        what: 'a row that cannot be read, for one that can',
        lie: overviewLie((told) => ({
          ...told,
          rows: told.rows.map((row) => ({ ...row, fault: 'too large', claims: [] })),
        })),
        says: /WAIVED/,
      },
      {
        what: 'the overview of another log',
        lie: overviewLie((told) => ({ ...told, origin: 'other.example/log' })),
        says: /cannot be used:[^]*it answers about another log/,
        isUnusable: true,
      },
      {
        what: 'counts that are not of its rows',
        lie: overviewLie((told) => ({ ...told, counts: { PROVEN: told.subjects } })),
        says: /overview does not hold[^]*PROVEN by its count, and 0 rows/,
      },
      {
        what: 'a prefix that is better than its rows',
        lie: overviewLie((told) => ({
          ...told,
          prefixes: told.prefixes.map((each) => ({ ...each, counts: { PROVEN: each.subjects } })),
        })),
        says: /overview does not hold[^]*prefixes and owners are not those of its rows/,
      },
      {
        what: 'the worst last',
        lie: overviewLie((told) => ({ ...told, rows: told.rows.toReversed() })),
        says: /overview does not hold[^]*the worst is not first/,
      },
      {
        what: 'a time until when all is proven',
        lie: overviewLie((told) => ({ ...told, covered_until: 4_000_000_000 })),
        says: /overview does not hold[^]*until when all is proven/,
      },
      {
        what: 'an old head for an excuse',
        lie: carefully((rows) => rows.map((row) => proven(row))),
        says: /WAIVED\s*\(VIOLATED\)/,
      },
    ];
    await atOnce(cases, async ({ what, lie, says, never, isUnusable }) => {
      const text = await stage.see(t, '/', lie, isUnusable === true ? /cannot be used/ : ROWS);
      t.match(text, says, what);
      if (never !== undefined) t.notMatch(text, never, what);
    });
  });

  await t.test('pages of one log at the address of another', async (t) => {
    const other = 'other.example/log';
    const key = seedSigner('ed25519', new Uint8Array(32).fill(5)).publicKey;
    const both = `log ${formatVkey(other, 1, key)}\n${world.policy}`;
    const good = `/logs/${originHash(ORIGIN)}`;
    const bad = `/logs/${originHash(other)}`;
    const fine = await stage.see(t, `${good}/e/${proof}`, below(good, ORIGIN), undefined, both);
    t.match(fine, /In the log, and signed/, 'a copy at its own address');
    const moved = await stage.see(
      t,
      `${bad}/e/${proof}`,
      below(bad, ORIGIN),
      /their address is another/,
      both,
    );
    t.notMatch(moved, /✓|verified by this browser/);
    const mixed = await stage.see(t, `${bad}/e/${proof}`, below(bad, other), undefined, both, other);
    t.match(mixed, /checkpoint[^]{0,40}FAILS/, 'the data of one log on the pages of another');
    t.notMatch(mixed, /In the log, and signed/);
    const none = await stage.see(
      t,
      `${bad}/e/${proof}`,
      below(bad, other),
      /names no key of the log/,
      world.policy,
      other,
    );
    t.notMatch(none, /✓/);
  });

  await t.test('signatures that lax verifiers take', async (t) => {
    const [policy = EMPTY, small = EMPTY, p256 = EMPTY] = await logOf(dataIn(world.dir), [SMALL, P256]);
    const text = await stage.see(t, '/e/1', relogged(world, [policy, small]));
    t.match(text, /signature[^]{0,40}FAILS|Does not hold: [^\n]*(?:signature|policy)/, text);
    t.notMatch(text, /In the log, and signed/);
    const [strong = EMPTY] = await logOf(dataIn(world.dir), [P256]);
    const honest = await stage.see(t, '/e/1', relogged(world, [strong, p256]));
    t.match(honest, /In the log, and signed/, 'a log with a P-256 author');
    const logged = await stage.see(t, '/e/1', relogged(world, [strong, twin(p256)]));
    t.match(logged, /In the log, and signed/, 'whichever spelling is logged is the entry');
    const lie = relogged(world, [strong, p256]);
    const swapped: Lie = async (path, honest) =>
      changedEntry(1, twin)(path, async (asked) => {
        const answer = await lie(asked, honest);
        return answer ?? honest(asked);
      }).then((answer) => answer ?? lie(path, honest));
    const twisted = await stage.see(t, '/e/1', swapped);
    t.match(twisted, /inclusion[^]{0,40}FAILS|Does not hold: [^\n]*inclusion/, 'the other one is none');
  });

  await t.test('the leaves of two declarations, as far as they are opened', async (t) => {
    const before = owned({ '/ssl': 'on', '/port': '443' });
    const after = owned({ '/ssl': 'off', '/port': '443', '/<b>x': '\u202e' });
    const { proxy, visitor } = await stage.arrive(t);
    proxy.lie = relogged(world, await twice(dataIn(world.dir), [before, after]));
    const closed = await visitor.see(`${proxy.url}/e/2`, /Leaf by leaf/);
    t.match(closed, /0 leaves differ[^]*2 of the earlier and 3 of the later are salted and not opened/);
    const give = async (told: RegExp, ...files: readonly [name: string, text: string][]) => {
      await visitor.page
        .locator('.leaves input[type=file]')
        .setInputFiles(files.map(([name, text]) => ({ name, mimeType: '', buffer: Buffer.from(text) })));
      return visitor.settled(told);
    };
    const part = formatDisclosure(disclose(after, ['/ssl']));
    const half = await give(/1 leaf differs/, ['leaves.json', formatLeaves(before)], ['d.json', part]);
    t.match(half, /0 of the earlier and 2 of the later are salted and not opened[^]*\/ssl "on" → "off"/);
    const stranger = owned({ '/ssl': 'on', '/other': '1' });
    const lied = await give(/has no leaf of these declarations/, ['leaves.json', formatLeaves(stranger)]);
    t.match(lied, /That cannot be used/);
    t.notMatch(lied, /What the server gave does not hold/);
    t.match(lied, /0 leaves differ/, 'and nothing of it is shown');
    await give(/is not of this version/, ['leaves.json', '{"<b>":1}']);
    const whole = await give(/2 leaves differ/, ['a', formatLeaves(before)], ['b', formatLeaves(after)]);
    t.match(whole, /1 is the same/);
    t.notMatch(whole, /salted and not opened|\u202e/);
    t.equal(await visitor.owned(), undefined);
    t.same(visitor.amiss, []);
    await visitor.shoot('entry-leaves');
  });

  await t.test('a policy with other witnesses than the server has', async (t) => {
    const stranger = seedSigner('ed25519', new Uint8Array(32).fill(77)).publicKey;
    const line = `witness other.example ${formatVkey('other.example', WITNESS.type, stranger)}\n`;
    const policy = world.policy
      .replace(/^witness .*\n/m, line)
      .replace(/^quorum .*$/m, 'quorum other.example');
    for (const path of [`/e/${proof}`, `/s/${encodeURIComponent(SHOP)}`, '/']) {
      const text = await stage.see(t, path, undefined, /The witnesses that the policy asks for/, policy);
      t.match(text, /quorum FAILS|quorum[^]{0,20}FAILS/, path);
      t.match(text, /The witnesses that the policy asks for did not sign/, path);
      t.notMatch(text, /In the log, and signed|Nobody answered|verified by this browser, /, path);
    }
  });

  await t.test('a page that is loaded again', async (t) => {
    const { proxy, visitor } = await stage.arrive(t);
    const stale = await staleHead(world.url);
    await world.more();
    t.match(await visitor.see(`${proxy.url}/e/0`), /first visit/i);
    proxy.lie = stale;
    await visitor.page.reload();
    const older = await visitor.settled(/OLDER/);
    t.match(older, /In the log, and signed/);
    t.notMatch(older, /FORK|FAILS/, 'a stale head is no fork');
    const entries = await world.entries();
    proxy.lie = relogged(world, entries.with(entries.length - 1, entries[0] ?? EMPTY));
    await visitor.page.reload();
    const fork = await visitor.settled(/FORK/);
    t.match(fork, /consistency[^]{0,20}FAILS/);
    t.match(fork, /Save the incident file/);
    proxy.lie = undefined;
    await visitor.page.reload();
    t.match(await visitor.settled(/the head that this browser saw before/), /In the log, and signed/);
    t.same(visitor.amiss, []);
  });
});

/** A monitor that has the log's pages below a base, and says that they are of an origin. */
function below(base: string, origin: string): Lie {
  return async (path, honest) => {
    if (!path.startsWith(base)) return undefined;
    const answered = await honest(path.slice(base.length) || '/');
    if (!(answered.headers.get('content-type') ?? '').startsWith('text/html')) return answered;
    const html = (await answered.text())
      .replaceAll('&quot;base&quot;:&quot;&quot;', `&quot;base&quot;:&quot;${base}&quot;`)
      .replaceAll(`&quot;origin&quot;:&quot;${ORIGIN}&quot;`, `&quot;origin&quot;:&quot;${origin}&quot;`);
    return new Response(html, answered);
  };
}
