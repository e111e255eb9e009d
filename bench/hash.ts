/**
 * How much the kernels of src/workers gain over @noble, in one run on one core: hashing tree nodes and
 * leaves, checking signatures. Contenders take turns in short rounds and each round makes its own ratio, so
 * that a busy machine slows all of them alike; what is printed are medians.
 *
 *     node bench/hash.ts
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { ALGORITHMS, verifyWithNoble, type Algorithm, type VerifySignature } from '#src/sign/algorithm.ts';
import { nobleHasher, type BatchHasher } from '#src/tree/hash.ts';
import { knownSignature } from '#src/workers/known-signatures.ts';
import { nodeHasher } from '#src/workers/node-hasher.ts';
import { simdHasher } from '#src/workers/sha256-simd.ts';
import { nodeVerifier, sodiumVerifier } from '#src/workers/verify-kernel.ts';
import { goal, machine, median, printRows, type Row } from './machine.ts';

const ROUNDS = 31;
/** Milliseconds: one contender's turn, and its warm-up, in which V8 compiles the kernel for good. */
const TURN = 8;
const WARM_UP = 250;

/** @noble/hashes as its manual has it, a call of sha256() for each message: what the others are compared with. */
const plainNoble = {
  name: 'noble sha256()',
  nodes(pairs: Uint8Array, out: Uint8Array): void {
    const message = new Uint8Array(65).fill(1);
    for (let at = 0; at < out.length; at += 32) {
      message.set(pairs.subarray(2 * at, 2 * at + 64), 1);
      out.set(sha256(message), at);
    }
  },
  leaves(data: Uint8Array, ends: Uint32Array, count: number, out: Uint8Array): void {
    for (let i = 0; i < count; i++) {
      const entry = data.subarray(ends[i - 1] ?? 0, ends[i]);
      const message = new Uint8Array(1 + entry.length);
      message.set(entry, 1);
      out.set(sha256(message), 32 * i);
    }
  },
} satisfies Pick<BatchHasher, 'name' | 'nodes' | 'leaves'>;
type Hasher = typeof plainNoble;

/** One way to do a job; `run` does `units` of it. */
interface Contender {
  readonly name: string;
  readonly units: number;
  readonly run: () => void;
}

/** Races contenders against the last of them. `least` is the ratio that the first should reach. */
function race(job: string, contenders: readonly Contender[], least?: number): Row[] {
  const turns = contenders.map((contender) => prepare(contender));
  const speeds = Array.from({ length: ROUNDS }, () => turns.map((turn) => turn()));
  return contenders.map(({ name }, i) => {
    const speed = median(speeds.map((round) => round[i] ?? 0));
    const ratio = median(speeds.map((round) => (round[i] ?? 0) / (round.at(-1) ?? 1)));
    const wanted = i === 0 && least !== undefined ? `, ${goal(ratio, '≥', least, '×')}` : '';
    const against =
      i === contenders.length - 1 ? '' : `${ratio.toFixed(1)} × ${contenders.at(-1)?.name}${wanted}`;
    return { what: `${job}: ${name}`, value: perSecond(speed), against };
  });
}

/** Warms a contender up and returns its turn, which takes about TURN milliseconds: units per second. */
function prepare({ units, run }: Contender): () => number {
  const start = performance.now();
  let runs = 0;
  for (; performance.now() - start < WARM_UP; runs++) run();
  const times = Math.max(1, Math.round((runs * TURN) / WARM_UP));
  return () => {
    const from = performance.now();
    for (let i = 0; i < times; i++) run();
    return (1000 * units * times) / (performance.now() - from);
  };
}

function perSecond(speed: number): string {
  return speed >= 1e6 ? `${(speed / 1e6).toFixed(2)} M/s` : `${(speed / 1e3).toFixed(2)} k/s`;
}

/** Hashing: 65-byte interior nodes and leaves of 300 bytes, give or take 40. */
export function benchHashing(): Row[] {
  const hashers: readonly Hasher[] = [simdHasher(nodeHasher), nodeHasher, nobleHasher, plainNoble];
  const pairs = new Uint8Array(64 * 1024).map((_, i) => i % 251);
  let length = 0;
  const ends = Uint32Array.from({ length: 256 }, (_, i) => (length += 260 + ((37 * i) % 81)));
  const data = new Uint8Array(length).map((_, i) => i % 241);
  const out = new Uint8Array(32 * 1024);
  const each = (units: number, run: (hasher: Hasher) => void): Contender[] =>
    hashers.map((hasher) => ({ name: hasher.name, units, run: () => run(hasher) }));
  const one = pairs.subarray(0, 64);
  const parent = out.subarray(0, 32);
  return [
    ...race(
      'nodes, 1024 at a time',
      each(1024, (hasher) => hasher.nodes(pairs, out)),
      12,
    ),
    ...race(
      'nodes, 4 at a time',
      each(4, (hasher) => hasher.nodes(pairs.subarray(0, 256), out.subarray(0, 128))),
    ),
    ...race(
      'nodes, one at a time',
      each(1, (hasher) => hasher.nodes(one, parent)),
    ),
    ...race(
      '300-byte leaves, 256 at a time',
      each(256, (hasher) => hasher.leaves(data, ends, 256, out)),
    ),
  ];
}

/** Checking one signature after another of one key. */
export function benchVerifying(): Row[] {
  const onNode = nodeVerifier();
  const noble = { name: 'noble', verify: verifyWithNoble };
  const kernels: Record<Algorithm, readonly { name: string; verify: VerifySignature }[]> = {
    ed25519: [
      { name: 'libsodium', verify: sodiumVerifier() },
      { name: 'node:crypto', verify: onNode },
      noble,
    ],
    'ecdsa-p256': [{ name: 'node:crypto', verify: onNode }, noble],
    'ml-dsa-44': [{ name: 'node:crypto', verify: onNode }, noble],
  };
  return ALGORITHMS.flatMap((algorithm) => {
    const { key, message, signature } = knownSignature(algorithm);
    const contenders = kernels[algorithm].map(({ name, verify }) => ({
      name,
      units: 1,
      run: () => {
        if (!verify(key, message, signature))
          throw new Error(`${name} refuses a good ${algorithm} signature`);
      },
    }));
    return race(algorithm, contenders);
  });
}

if (import.meta.main) {
  console.log(machine());
  printRows('Hashing, per core', benchHashing());
  printRows('Checking signatures, per core', benchVerifying());
}
