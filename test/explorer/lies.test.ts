/**
 * A lying server before the verifier of the pages, here without a browser: each lie is caught by a check that has a name. What
 * the pages show of it is told by test/system/explorer-lies.test.ts.
 */
import t, { type Test } from 'tap';
import { HeadsInMemory } from '#src/client/memory.ts';
import { Verifier } from '#src/explorer/page/worker/verifier.ts';
import type { Ask, Part, Reply, Results } from '#src/explorer/page/worker/protocol.ts';
import { explorerWorld, FORGED, ORIGIN, SHOP } from '../support/explorer-world.ts';
import {
  anotherKey,
  changedEntry,
  changedSignature,
  changedTile,
  greener,
  json,
  listOf,
  LyingProxy,
  relogged,
  smallOrderVkey,
  staleHead,
  swappedLeaf,
  unrevoked,
  without,
  type Lie,
} from '../support/explorer-lies.ts';

t.setTimeout(180_000);

/** One reader, who remembers heads from one visit to the next. */
class Reader {
  readonly #verifier: Verifier;
  readonly #replies: Reply[] = [];
  #id = 0;
  parts: readonly Part[] = [];

  constructor() {
    const memory = new HeadsInMemory();
    this.#verifier = new Verifier(
      { fetch, now: Date.now, memory },
      (reply) => void this.#replies.push(reply),
    );
  }

  async ask<Kind extends Ask['kind']>(
    ask: Extract<Ask, { readonly kind: Kind }>,
  ): Promise<{ readonly result?: Results[Kind]; readonly code?: string; readonly text?: string }> {
    const id = ++this.#id;
    await this.#verifier.take({ id, ask });
    const own = this.#replies.filter((reply) => reply.id === id);
    this.parts = own.flatMap((reply) => (reply.say === 'part' ? [reply.part] : []));
    const last = own.at(-1);
    if (last?.say === 'failed') return { code: last.fault.code, text: last.fault.text };
    if (last?.say !== 'done') throw new Error('there is an answer');
    return { result: last.result as Results[Kind] };
  }
}

t.test('lies and the checks that catch them', async (t) => {
  const world = await explorerWorld(t);
  const proxy = await LyingProxy.start(t, world);
  const trust = { whose: 'reader', text: world.policy } as const;
  const { at } = world;
  const [proof = 0] = at.proofs;
  const open = async (): Promise<Reader> => {
    const reader = new Reader();
    await reader.ask({ kind: 'open', log: proxy.url, origin: ORIGIN, trust });
    return reader;
  };
  const entry = async (t: Test, lie: Lie | undefined, index: number) => {
    proxy.lie = lie;
    const { result, code, text } = await (await open()).ask({ kind: 'entry', name: String(index) });
    t.equal(code, undefined, text ?? 'there is a result');
    const failed = result?.checks.filter(({ outcome }) => outcome === 'failed') ?? [];
    return {
      verified: result?.verified,
      failed: failed.map(({ name }) => name),
      texts: failed.map(({ detail }) => detail),
    };
  };

  await t.test('an honest log', async (t) => {
    for (const index of [0, at.declared, proof, at.policy, at.waiver, ...at.hostile])
      t.match(await entry(t, undefined, index), { verified: true, failed: [] }, `entry ${index}`);
  });

  await t.test('entries', async (t) => {
    const entries = await world.entries();
    const forged = entries.with(at.declared, changedSignature(entries[at.declared] ?? new Uint8Array()));
    const policy = entries.with(at.policy, unrevoked(entries[at.policy] ?? new Uint8Array()));
    const cases: readonly (readonly [string, Lie, number, string])[] = [
      ['a swapped leaf', swappedLeaf(at.declared, proof), at.declared, 'inclusion'],
      ['a tile that was changed', changedTile(5), proof, 'inclusion'],
      [
        'a signature that was changed in what is served',
        changedEntry(at.declared, changedSignature),
        at.declared,
        'inclusion',
      ],
      ['a signature that was changed in what is logged', relogged(world, forged), at.declared, 'signature'],
      [
        'a policy that was changed in what is served',
        changedEntry(at.policy, unrevoked),
        at.policy,
        'inclusion',
      ],
      ['a policy that was changed in what is logged', relogged(world, policy), at.policy, 'signature'],
      ['the head of another key', anotherKey, proof, 'checkpoint'],
    ];
    for (const [what, lie, index, check] of cases) {
      const told = await entry(t, lie, index);
      t.match(told, { verified: false, failed: [check] }, what);
    }
    const told = await entry(t, undefined, at.forged);
    t.match(told, { verified: false, failed: ['transcript'] });
    proxy.cosigns = false;
    t.match(await entry(t, undefined, proof), { failed: ['quorum'] });
    proxy.cosigns = true;
  });

  await t.test('heads', async (t) => {
    proxy.lie = undefined;
    const reader = await open();
    const old = await staleHead(world.url);
    const seen = async (): Promise<unknown> => {
      const { result } = await reader.ask({ kind: 'head' });
      return { seen: result?.seen, verified: result?.verified, incident: result?.incident !== null };
    };
    t.match(await seen(), { seen: 'first', verified: true });
    await world.more();
    t.match(await seen(), { seen: 'newer', verified: true });
    proxy.lie = old;
    t.match(await seen(), { seen: 'older', verified: true, incident: false }, 'a stale head is no fork');
    const entries = await world.entries();
    proxy.lie = relogged(world, entries.with(entries.length - 1, entries[0] ?? new Uint8Array()));
    t.match(await seen(), { seen: 'fork', verified: false, incident: true });
    proxy.lie = changedTile(70);
    await world.more();
    t.match(await seen(), { verified: false });
    proxy.lie = undefined;
    t.match(await seen(), { seen: 'newer', verified: true }, 'what was refused is not remembered');
  });

  await t.test('a key of small order is none', async (t) => {
    const policy = `log ${smallOrderVkey()} ${proxy.url}\nquorum none\n`;
    const { code, text } = await new Reader().ask({
      kind: 'open',
      log: proxy.url,
      origin: ORIGIN,
      trust: { whose: 'server', text: policy },
    });
    t.equal(code, 'malformed-trust-policy');
    t.match(text, /not a safe point/);
  });

  await t.test('subjects', async (t) => {
    const period = {
      since: Math.floor(Date.now() / 1000) - 86_400,
      until: Math.floor(Date.now() / 1000) + 60,
    };
    const subject = async (name: string, lie: Lie | undefined, whole = false) => {
      proxy.lie = lie;
      return (await open()).ask({ kind: 'subject', subject: name, period, visible: period, whole });
    };
    const honest = await subject(SHOP, undefined);
    t.match(honest.result?.status?.claims, [
      { claim: 'speaks-tls13', verdict: 'PROVEN', evidence: 'E3' },
      { claim: 'refuses-tls12', verdict: 'WAIVED', hidden: 'VIOLATED' },
    ]);
    const forged = await subject(FORGED, undefined);
    t.notMatch(forged.result?.status?.claims, [{ verdict: 'PROVEN' }]);
    const hide = (index: number): Lie => without('/v1/search', 'entries', (row) => row['index'] === index);
    for (const [what, index] of Object.entries({
      proof: at.proofs[0],
      newest: at.proofs[1],
      waiver: at.waiver,
      declared: at.declared,
    })) {
      const told = await subject(SHOP, hide(index ?? 0), true);
      t.match(told, { code: 'proof-failed' }, `${what} is left out: ${told.text}`);
      // The newest entries are read in any case: in a log as small as this one, all.
      t.match(await subject(SHOP, hide(index ?? 0)), { code: 'proof-failed' }, what);
    }
  });

  await t.test('what the server says of the past', async (t) => {
    const until = Math.floor(Date.now() / 1000) + 60;
    const period = { since: until - 86_400, until };
    const differs = async (lie: Lie | undefined) => {
      const opened = await open();
      proxy.lie = lie;
      const ask = { kind: 'subject', subject: SHOP, period, visible: period, told: true } as const;
      const { result } = await opened.ask(ask);
      proxy.lie = undefined;
      return result?.differs.map(({ what }) => what) ?? [];
    };
    t.same(await differs(undefined), []);
    const looks = json('/v1/subjects/', (body) => ({
      ...body,
      claims: listOf(body['claims']).map((each) => ({ ...each, looks: listOf(each['looks']).slice(1) })),
    }));
    t.match(new Set(await differs(looks)), new Set(['left out']));
    t.ok((await differs(greener('/v1/subjects/'))).includes('look'));
    t.ok(
      (await differs(without('/v1/subjects/', 'claims', ({ claim }) => claim === 'refuses-tls12'))).includes(
        'left out',
      ),
    );
    const reader = await open();
    const claims = [
      { claim: 'speaks-tls13', verdict: 'PROVEN', hidden: null },
      { claim: 'refuses-tls12', verdict: 'PROVEN', hidden: null },
    ] as const;
    await reader.ask({ kind: 'subjects', subjects: [{ subject: SHOP, claims }] });
    t.match(
      reader.parts.filter(({ kind }) => kind === 'subject'),
      [{ subject: SHOP, same: false }],
    );
  });
});
