/** An entry and the other spelling of its ECDSA signature are one entry: for the log, its clients, and whoever checks it. */
import fc from 'fast-check';
import t from 'tap';
import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { prove } from '#src/agent/prove.ts';
import { checkChain, deliver } from '#src/agent/deliver.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { entryIdOf, loggedAs } from '#src/client/scrapi.ts';
import { ALG, HEADER } from '#src/cose/labels.ts';
import { decodeSign1, encodeSign1, NO_HEADERS } from '#src/cose/sign1.ts';
import { decodeStatement, signStatement, verifyStatement } from '#src/cose/statement.ts';
import { twinOf } from '#src/cose/twin.ts';
import { ALGORITHMS, verifyWithNoble } from '#src/sign/algorithm.ts';
import { twinSignature } from '#src/sign/malleable.ts';
import { nodeVerifier } from '#src/workers/verify-kernel.ts';
import { agentWorld, claimOf } from '../support/agent-world.ts';
import { twin } from '../support/p256-twin.ts';
import { beginLog, serveLog } from '../support/running-log.ts';
import { nextPolicyStatement, people } from '../support/world.ts';
import { seedSigner } from '../support/seed-signer.ts';

const ORDER = p256.Point.CURVE().n;
const seed = (text: string): Uint8Array => sha256(encodeUtf8(text));

const headers = fc.record({
  issuer: fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' }),
  subject: fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
});

t.test('every P-256 statement has one twin, which verifies, and whose twin it is', (t) =>
  fc.assert(
    fc.asyncProperty(
      headers,
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      async (given, payload, seedBytes) => {
        fc.pre(p256.utils.isValidSecretKey(seedBytes));
        const signer = seedSigner('ecdsa-p256', seedBytes);
        const entry = await signStatement(given, payload, signer);
        const other = twin(entry);
        t.not(Buffer.from(other).toString('hex'), Buffer.from(entry).toString('hex'));
        t.strictSame(twin(other), new Uint8Array(entry), 'and back');
        const [one, two] = [decodeStatement(entry), decodeStatement(other)];
        t.same(two.sign1.protectedBytes, one.sign1.protectedBytes);
        t.same(two.payload, one.payload);
        for (const verify of [verifyWithNoble, nodeVerifier()])
          for (const each of [one, two]) verifyStatement(each, signer.publicKey, verify);
        // Attached receipts and the like are no part of the entry, nor of its twin.
        const carried = encodeSign1({ ...one.sign1, unprotected: new Map([['note', 1]]) });
        t.strictSame(twin(carried), other);
        t.strictSame(loggedAs(carried, entryIdOf(other)), { id: entryIdOf(other), entry: other });
        t.equal(loggedAs(carried, entryIdOf(entry)).id, entryIdOf(entry));
        t.equal(loggedAs(carried, 'anything else').id, entryIdOf(entry));
      },
    ),
    { numRuns: 30 },
  ),
);

t.test('other algorithms, and signatures that verify nowhere, have none', async (t) => {
  for (const algorithm of ALGORITHMS) {
    const entry = await signStatement(
      { issuer: 'i', subject: 's' },
      seed('p'),
      seedSigner(algorithm, seed(algorithm)),
    );
    t.equal(twinOf(decodeSign1(entry)) !== undefined, algorithm === 'ecdsa-p256', algorithm);
  }
  const scalar = (s: bigint): Uint8Array => Buffer.from(s.toString(16).padStart(64, '0'), 'hex');
  const r = scalar(1n);
  for (const s of [0n, ORDER, ORDER + 1n, 2n ** 256n - 1n])
    t.equal(twinSignature('ecdsa-p256', concatBytes(r, scalar(s))), undefined, String(s));
  t.same(twinSignature('ecdsa-p256', concatBytes(r, scalar(1n))), concatBytes(r, scalar(ORDER - 1n)));
  t.equal(twinSignature('ecdsa-p256', new Uint8Array(63)), undefined);
  t.equal(twinSignature('ecdsa-p256', new Uint8Array(65)), undefined);
  // The older name of the algorithm, and none at all.
  const sign1 = decodeSign1(
    await signStatement({ issuer: 'i', subject: 's' }, r, seedSigner('ecdsa-p256', seed('k'))),
  );
  t.ok(twinOf({ ...sign1, headers: new Map(sign1.headers).set(HEADER.alg, ALG.es256) }));
  t.equal(twinOf({ ...sign1, headers: NO_HEADERS }), undefined);
});

t.test('a log takes either spelling, once, and names the one it has', async (t) => {
  const { log, signer } = await beginLog(t, 'log.example/twin', 'ecdsa-p256');
  const url = await serveLog(t, log, { baseUrl: 'https://log.example' });
  const post = (entry: Uint8Array) =>
    fetch(`${url}/entries`, {
      method: 'POST',
      headers: { 'content-type': 'application/cose' },
      body: new Uint8Array(entry),
    });
  const made = (subject: string) =>
    signStatement({ issuer: 'i', subject, contentType: 'text/plain' }, encodeUtf8(subject), signer);
  const high = (entry: Uint8Array): Uint8Array => {
    const s = BigInt(`0x${Buffer.from(entry.subarray(-32)).toString('hex')}`);
    return s > ORDER / 2n ? entry : twin(entry);
  };
  const first = high(await made('high S'));
  const size = () => log.reader.head().size;
  const before = size();
  const answer = await post(first);
  t.equal(answer.status, 201, 'a high S, which half of the signatures of others have');
  t.match(answer.headers.get('location'), new RegExp(`/entries/${entryIdOf(first)}$`));
  const again = await post(twin(first));
  t.equal(again.status, 201);
  t.match(again.headers.get('location'), new RegExp(`/entries/${entryIdOf(first)}$`), 'names the logged one');
  t.equal(size(), before + 1);
  for (const path of ['', '/entry'])
    t.equal(
      (await fetch(`${url}/entries/${entryIdOf(twin(first))}${path}`)).status,
      404,
      `never logged: ${path}`,
    );
  t.equal((await fetch(`${url}/entries/${entryIdOf(first)}`)).status, 200);

  const [one, two] = [await made('one'), await made('two')];
  const outcomes = await log.submit([one, twin(one), twin(two), two, one]);
  const ids = outcomes.map((each) =>
    each.kind === 'logged' ? [each.id, each.duplicate] : each.refusal.code,
  );
  t.same(ids, [
    [entryIdOf(one), false],
    [entryIdOf(one), true],
    [entryIdOf(twin(two)), false],
    [entryIdOf(twin(two)), true],
    [entryIdOf(one), true],
  ]);
  t.equal(size(), before + 3, 'two in one step');
  const broken = new Uint8Array(twin(one));
  broken.set([(broken.at(-40) ?? 0) ^ 1], broken.length - 40);
  t.match(await log.submit([broken]), [{ kind: 'refused', refusal: { code: 'bad-signature' } }]);
});

t.test('an agent goes on from the proof that somebody logged first', async (t) => {
  const world = await agentWorld(t);
  const signer = seedSigner('ecdsa-p256', seed('p256 agent'));
  world.log.add(
    await nextPolicyStatement(world.log.entries[0]?.bytes ?? new Uint8Array(), {
      keys: [people.admin.publicKey, people.author.publicKey, signer.publicKey].map((key, i) => ({
        key,
        name: String(i),
        roles: [(['admin', 'author', 'agent'] as const)[i] ?? 'agent'],
        subjects: ['**'],
      })),
    }),
  );
  world.reopen({ signer });
  const declared = await world.commit('prod/db', [claimOf('on')]);
  const made = async () => prove(world.agent, await world.task(declared));
  const send = () => deliver(world.log, world.agent.spool, world.agent.signing);
  for (let i = 0; i < 3; i++) await made();
  // The first and the third are seen on their way.
  let posted = 0;
  world.log.spelling = (statement) => (posted++ % 2 === 0 ? twin(statement) : statement);
  const { delivered, refused } = await send();
  t.same([delivered.map(({ seq }) => seq), refused], [[0, 1, 2], []]);
  const logged = world.log.proofs();
  t.same(
    logged.map(({ proof: { prev } }) => prev?.toHex()),
    [undefined, ...logged.slice(0, 2).map(({ entry }) => entryIdOf(entry))],
  );
  const { spool, signing } = world.agent;
  t.equal(spool.link(signing.kid, 'prod/db')?.id, entryIdOf(logged[2]?.entry ?? new Uint8Array()));
  t.ok(spool.storedById(delivered[2]?.id ?? 'none'), 'what opens it is found by the logged id');

  // The log has the other spelling, and the agent never heard so.
  world.log.spelling = twin;
  world.log.deaf = true;
  await made();
  t.match((await send()).away, { code: 'unavailable' });
  await checkChain(world.log, spool, { kid: signing.kid, subject: 'prod/db' }, false);
  await made();
  t.same(
    (await send()).delivered.map(({ seq }) => seq),
    [3, 4],
  );
  t.equal(spool.waitingCount(), 0);

  // The key is another by now: what waited behind cannot be signed again, and is set aside.
  await made();
  await made();
  const behind = world.reopen({ signer: people.agent });
  t.same(
    (await deliver(world.log, behind.spool, behind.signing)).delivered.map(({ seq }) => seq),
    [5],
  );
  t.equal(behind.spool.waitingCount(), 0);
  t.match(behind.spool.link(signing.kid, 'prod/db'), { seq: 5 });
});
