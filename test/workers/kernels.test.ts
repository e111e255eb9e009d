/**
 * src/workers: the hashers agree with each other on every length, place and mixture, and with NIST's
 * examples (FIPS 180-4; csrc.nist.gov, SHA256.pdf); what is unsound is never chosen.
 */
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import t from 'tap';
import { nobleHasher, type BatchHasher } from '#src/tree/hash.ts';
import { chooseHasher, hashesLikeNoble } from '#src/workers/kernels.ts';
import { firstSound } from '#src/workers/sound.ts';
import { nodeHasher } from '#src/workers/node-hasher.ts';
import { simdHasher } from '#src/workers/sha256-simd.ts';
import * as w from '#src/workers/wasm.ts';

const simd = simdHasher(nodeHasher);
const HASHERS = [simd, nodeHasher, nobleHasher];

/** Bytes without a pattern, the same in each run. */
function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, x = seed; i < length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = x >>> 24;
  }
  return bytes;
}

interface Batch {
  readonly data: Uint8Array;
  readonly ends: Uint32Array;
}

function batch(lengths: readonly number[]): Batch {
  let length = 0;
  const ends = Uint32Array.from(lengths, (n) => (length += n));
  return { data: noise(length), ends };
}

type Kind = 'leaves' | 'digests';
const KINDS: readonly Kind[] = ['leaves', 'digests'];

function hashed(hasher: BatchHasher, kind: Kind, { data, ends }: Batch): string {
  const out = new Uint8Array(32 * ends.length);
  hasher[kind](data, ends, ends.length, out);
  return out.toHex();
}

/** The plainest way there is: one Hash object for each message. */
function expected(kind: Kind, { data, ends }: Batch): string {
  const digests = Array.from(ends, (end, i) => {
    const hash = createHash('sha256').update(kind === 'leaves' ? Uint8Array.of(0) : '');
    return hash.update(data.subarray(ends[i - 1] ?? 0, end)).digest('hex');
  });
  return digests.join('');
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

t.test('NIST examples', async (t) => {
  const examples: [string, string][] = [
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    [
      'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
      'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ];
  const data = new TextEncoder().encode(examples.map(([text]) => text).join(''));
  let length = 0;
  const ends = Uint32Array.from(examples, ([text]) => (length += text.length));
  for (const hasher of HASHERS) {
    t.equal(
      hashed(hasher, 'digests', { data, ends }),
      examples.map(([, digest]) => digest).join(''),
      hasher.name,
    );
    for (const [text, digest] of examples) {
      const one = new TextEncoder().encode(text);
      t.equal(hashed(hasher, 'digests', { data: one, ends: Uint32Array.of(one.length) }), digest);
    }
  }
});

t.test('every length from 0 to 400, in every lane, alone and mixed', async (t) => {
  for (const kind of KINDS) {
    // Each group is four of one length, or that length in one lane and shorter ones, sorted before it.
    for (const length of range(0, 401)) {
      const even = batch(Array<number>(4).fill(length));
      if (hashed(simd, kind, even) !== expected(kind, even)) t.fail(`${kind}: four of ${length} bytes`);
    }
    for (const lead of range(0, 4)) {
      const mixed = batch([...Array<number>(lead).fill(0), ...range(0, 401), ...range(0, 401).toReversed()]);
      const want = expected(kind, mixed);
      for (const hasher of HASHERS)
        t.equal(hashed(hasher, kind, mixed), want, `${hasher.name}, ${kind}, ${lead}`);
    }
  }
});

t.test('the kernel passes long messages on, and works in chunks', async (t) => {
  const lengths = [
    ...range(620, 760),
    65_527,
    65_535,
    65_536,
    65_537,
    100_000,
    3,
    ...Array<number>(2_500).fill(31),
  ];
  for (const kind of KINDS) {
    for (const order of [lengths, lengths.toReversed(), [70_000, 5, 6, 7, 70_000], [5, 70_000], [1, 2], []]) {
      const b = batch(order);
      const want = expected(kind, b);
      for (const hasher of HASHERS)
        t.equal(hashed(hasher, kind, b), want, `${hasher.name}, ${order.length} messages`);
    }
  }
});

t.test('random batches', async () => {
  const length = fc.oneof({ weight: 9, arbitrary: fc.nat(800) }, { weight: 1, arbitrary: fc.nat(70_000) });
  fc.assert(
    fc.property(fc.array(length, { maxLength: 40 }), fc.constantFrom(...KINDS), (lengths, kind) => {
      const b = batch(lengths);
      const want = expected(kind, b);
      return HASHERS.every((hasher) => hashed(hasher, kind, b) === want);
    }),
    { seed: 20_270_115, numRuns: 150 },
  );
});

function parents(hasher: BatchHasher, pairs: Uint8Array): Uint8Array {
  const out = new Uint8Array(pairs.length / 2);
  hasher.nodes(pairs, out);
  return out;
}

t.test('nodes, apart and in place', async (t) => {
  for (const n of [...range(0, 70), 255, 256, 1_023, 1_024, 1_025, 2_049]) {
    const pairs = noise(64 * n, n + 1);
    const want = parents(nobleHasher, pairs);
    for (const hasher of HASHERS) {
      t.same(parents(hasher, pairs), want, `${hasher.name}, ${n} pairs`);
      const memory = Uint8Array.from(pairs);
      hasher.nodes(memory, memory.subarray(0, 32 * n));
      t.same(memory.subarray(0, 32 * n), want, `${hasher.name}, ${n} pairs in place`);
      t.same(memory.subarray(32 * n), pairs.subarray(32 * n), 'and nothing else is touched');
    }
  }
  // The last byte of a pair decides the table's row: each of its values, in each lane.
  const rows = noise(64 * 1_024);
  for (let i = 0; i < 1_024; i++) rows[64 * i + 63] = i / 4;
  t.same(parents(simd, rows), parents(nobleHasher, rows));

  const many = noise(64 * 100_000, 7);
  const want = parents(nobleHasher, many).toHex();
  t.equal(parents(simd, many).toHex(), want);
  t.equal(parents(nodeHasher, many).toHex(), want);
});

t.test('shared memory and odd offsets', async (t) => {
  const plain = batch(range(40, 60));
  const shared = new Uint8Array(new SharedArrayBuffer(8_000));
  const data = shared.subarray(3, 3 + plain.data.length);
  data.set(plain.data);
  const ends = new Uint32Array(new SharedArrayBuffer(4 * 20));
  ends.set(plain.ends);
  for (const hasher of HASHERS) {
    const out = shared.subarray(5_001, 5_001 + 32 * 20);
    hasher.leaves(data, ends, 20, out);
    t.equal(Buffer.from(out).toString('hex'), expected('leaves', plain), hasher.name);
    t.equal(shared[5_000], 0);
    t.equal(shared[5_001 + 32 * 20], 0);
    hasher.nodes(data.subarray(0, 64), out.subarray(0, 32));
    t.same(
      Uint8Array.from(out.subarray(0, 32)),
      createHash('sha256').update(Uint8Array.of(1)).update(data.subarray(0, 64)).digest(),
    );
  }
});

t.test("a caller's bug is an error at once", async (t) => {
  const out = new Uint8Array(64);
  t.throws(() => simd.leaves(new Uint8Array(9), Uint32Array.of(5, 10), 2, out), RangeError);
  t.throws(() => simd.leaves(new Uint8Array(9), Uint32Array.of(1, 5, 9), 3, out), RangeError);
  t.throws(() => simd.nodes(new Uint8Array(127), out), RangeError);
});

const wrong = (part: Partial<BatchHasher>): BatchHasher => ({ ...nobleHasher, name: 'wrong', ...part });
function missing(): BatchHasher {
  throw new Error('no such instructions');
}

t.test('only sound kernels are chosen', async (t) => {
  t.ok(HASHERS.every(hashesLikeNoble));
  const broken = [
    wrong({ leaves: (...batch) => nobleHasher.digests(...batch) }),
    wrong({ digests: (...batch) => nobleHasher.leaves(...batch) }),
    wrong({ nodes: (_, out) => void out.fill(0) }),
  ];
  for (const hasher of broken) t.notOk(hashesLikeNoble(hasher));
  const makers = broken.map((hasher) => () => hasher);
  t.equal(
    firstSound([missing, ...makers, () => nodeHasher, missing], hashesLikeNoble, nobleHasher),
    nodeHasher,
  );
  t.equal(firstSound([missing, ...makers], hashesLikeNoble, nobleHasher), nobleHasher);
  t.equal(chooseHasher().name, 'wasm-simd', 'this machine has WebAssembly SIMD');
  t.equal(chooseHasher(), chooseHasher(), 'chosen once');
});

t.test('threads choose for themselves', async (t) => {
  const kernels = JSON.stringify(import.meta.resolve('#src/workers/kernels.ts'));
  const sound = JSON.stringify(import.meta.resolve('#src/workers/sound.ts'));
  const worker = new Worker(
    `Promise.all([import(${kernels}), import(${sound})]).then(([{ chooseHasher, chooseVerifier }, { knowsSignature }]) =>
      require('node:worker_threads').parentPort.postMessage(
        [chooseHasher().name, ['ed25519', 'ecdsa-p256', 'ml-dsa-44'].map((a) => knowsSignature(chooseVerifier(), a))]))`,
    { eval: true },
  );
  const answer = await new Promise((resolve, reject) =>
    worker.once('message', resolve).once('error', reject),
  );
  await worker.terminate();
  t.same(answer, ['wasm-simd', [true, true, true]]);
});

t.test('the assembler: integers of every size', async (t) => {
  const numbers = [0, 1, 63, 64, -64, -65, 127, 128, 8_191, 8_192, -8_193, 2 ** 31 - 1, -(2 ** 31)];
  const offsets = numbers.map((_, i) => 100 * i + (i > 8 ? 60_000 : 0));
  const module = w.moduleBytes(1, [
    {
      name: 'store',
      params: 0,
      body: () => numbers.map((n, i) => w.i32.store(w.int(0), offsets[i] ?? 0, w.int(n))),
    },
    { name: 'empty', params: 3, body: () => w.seq() },
  ]);
  const { memory, store, empty } = new WebAssembly.Instance(new WebAssembly.Module(module)).exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof store !== 'function' || typeof empty !== 'function') {
    t.fail('exports');
    return;
  }
  store();
  empty(1, 2, 3);
  const view = new DataView(memory.buffer);
  t.same(
    numbers.map((_, i) => view.getInt32(offsets[i] ?? 0, true)),
    numbers,
  );
  t.equal(memory.buffer.byteLength, 65_536);
});
