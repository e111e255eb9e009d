/** src/sign/web-ed25519.ts on Node's WebCrypto: as strict as noble on the edges, silent where it may not decide. */
import t, { type Test } from 'tap';
import { encodeUtf8, parseHex } from '#src/bytes/text.ts';
import { verifyWithNoble, type PublicKey } from '#src/sign/algorithm.ts';
import { isAskable } from '#src/sign/strict-ed25519.ts';
import { answeredAhead, KNOWN_ED25519, verifyOnWeb } from '#src/sign/web-ed25519.ts';
import { badEdges, goodEdge, weakEdges, type Edge } from '../support/ed25519-edges.ts';
import { seedSigner } from '../support/seed-signer.ts';

type Question = readonly [PublicKey, Uint8Array, Uint8Array];
const questionOf = ({ key, message, signature }: Edge): Question => [
  { algorithm: 'ed25519', bytes: parseHex(key) },
  encodeUtf8(message),
  parseHex(signature),
];

/** Another WebCrypto, until the test is over. */
function withSubtle(t: Test, subtle: object | undefined): void {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'crypto');
  if (own === undefined) throw new Error('there is a crypto');
  Object.defineProperty(globalThis, 'crypto', { value: { subtle }, configurable: true });
  t.teardown(() => void Object.defineProperty(globalThis, 'crypto', own));
}

t.test('strong keys: what noble says', async (t) => {
  t.equal(await verifyOnWeb(...questionOf(goodEdge())), true);
  t.equal(verifyWithNoble(...questionOf(goodEdge())), true);
  for (const edge of badEdges()) {
    t.equal(await verifyOnWeb(...questionOf(edge)), false, edge.name);
    t.equal(verifyWithNoble(...questionOf(edge)), false, edge.name);
  }
  const [key, message, signature] = questionOf(goodEdge());
  for (const other of [signature.subarray(1), new Uint8Array(0), new Uint8Array(65)])
    t.equal(await verifyOnWeb(key, message, other), false, `${other.length} bytes`);
  const shared = new Uint8Array(new SharedArrayBuffer(message.length));
  shared.set(message);
  t.equal(await verifyOnWeb(key, shared, signature), true, 'shared memory');
});

t.test('weak keys and other algorithms: not decided here', async (t) => {
  const weak = weakEdges();
  t.ok(weak.length > 200);
  for (const edge of weak)
    if ((await verifyOnWeb(...questionOf(edge))) !== undefined) t.fail(edge.name, edge);
  const [key, message, signature] = questionOf(goodEdge());
  t.equal(await verifyOnWeb({ ...key, bytes: key.bytes.subarray(1) }, message, signature), undefined);
  const signer = seedSigner('ecdsa-p256', new Uint8Array(32).fill(1));
  t.equal(await verifyOnWeb(signer.publicKey, message, await signer.sign(message)), undefined);
});

t.test('the known signatures, made again', async (t) => {
  const { key, message, signature } = goodEdge();
  const bad = badEdges().filter(({ name }) => /part of small order, [14]$/.test(name));
  t.strictSame(KNOWN_ED25519, { key, message, good: signature, bad: bad.map((each) => each.signature) });
});

t.test('S below the order, R other than zero', (t) => {
  const order = parseHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
  const signature = (S: Uint8Array, R = 9): Uint8Array => Uint8Array.of(R, ...new Uint8Array(31), ...S);
  t.notOk(isAskable(signature(order)));
  t.notOk(isAskable(signature(order.with(0, 0xee))));
  t.ok(isAskable(signature(order.with(0, 0xec))));
  t.ok(isAskable(signature(new Uint8Array(32))));
  t.notOk(isAskable(signature(new Uint8Array(32), 1)), 'R = 0');
  t.end();
});

t.test('without WebCrypto, and with one that is unsound: not decided here', async (t) => {
  const good = questionOf(goodEdge());
  for (const subtle of [
    undefined,
    { importKey: async () => ({}), verify: async () => true },
    { importKey: async () => ({}), verify: async () => false },
    { importKey: () => Promise.reject(new Error('no Ed25519')), verify: async () => true },
    { importKey: async () => ({}), verify: () => Promise.reject(new Error('no Ed25519')) },
  ])
    await t.test('one of them', async (t) => {
      withSubtle(t, subtle);
      t.equal(await verifyOnWeb(...good), undefined);
    });
  t.equal(await verifyOnWeb(...good), true, 'the real one again');
});

t.test('an answer counts for exactly what was asked', async (t) => {
  const [key, message, signature] = questionOf(goodEdge());
  const bad = Uint8Array.from(signature).with(40, 0);
  const asked: Question[] = [];
  const never = (): boolean => t.fail('another verifier was asked');
  const ahead = async (...question: Question): Promise<boolean> => (asked.push(question), true);
  t.equal(await answeredAhead((verify) => verify(key, message, signature), ahead, never), true);
  t.equal(asked.length, 1);
  // The second run asks about another signature than the first.
  let run = 0;
  const turning = (verify: typeof verifyWithNoble): boolean =>
    verify(key, message, run++ === 0 ? signature : bad);
  t.equal(await answeredAhead(turning, ahead, verifyWithNoble), false);
  t.equal(await answeredAhead((verify) => verify(key, message, bad), verifyOnWeb, never), false);
  t.equal(
    await answeredAhead(
      (verify) => verify(key, message, signature),
      async () => undefined,
      verifyWithNoble,
    ),
    true,
    'undecided: the verifier decides',
  );
  const refusing = answeredAhead(
    () => {
      throw new Error('refused');
    },
    ahead,
    never,
  );
  await t.rejects(refusing, /refused/);
  const two = await answeredAhead(
    (verify) => [verify(key, message, signature), verify(key, message, bad)],
    verifyOnWeb,
    never,
  );
  t.strictSame(two, [true, false]);
});
