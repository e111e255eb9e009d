/** Logs for witnesses to cosign, honest and forking, and the requests that a client makes of them. */
import { sha256 } from '@noble/hashes/sha2.js';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { treeSize, type Digest } from '../../src/bytes/brand.ts';
import { encodeUtf8 } from '../../src/bytes/text.ts';
import { formatAddCheckpoint } from '../../src/note/addcheckpoint.ts';
import { cosign, formatCheckpoint, openCheckpoint } from '../../src/note/checkpoint.ts';
import { formatVkey, verifierOf, type NoteSigner } from '../../src/note/key.ts';
import { appendSignatures, formatNote, parseSignatures } from '../../src/note/note.ts';
import { proveSubtree, subtreeRoot } from '../../src/tree/prove.ts';
import { HeadGuard } from '../../src/witness/guard.ts';
import { readKnownLogs, type KnownLogs } from '../../src/witness/logs.ts';
import { statePaths, WitnessState, type StateOptions } from '../../src/witness/state.ts';
import { Witness, type WitnessParts } from '../../src/witness/witness.ts';
import { chooseVerifier } from '../../src/workers/kernels.ts';
import { slowLeaf, SlowTree } from './slow-tree.ts';
import { formatSignSubtree } from './subtree.ts';
import { seedSigner } from './seed-signer.ts';

/** Seconds of the tests' clock. */
export const TIME = 1_800_000_000;
export const NAME = 'witness.example/w1';

const seed = (text: string): Uint8Array => sha256(encodeUtf8(`tallystick witness tests: ${text}`));

const signerOf = (name: string, type: 1 | 4 | 6): NoteSigner => ({
  name,
  type,
  signer: seedSigner(type === 6 ? 'ml-dsa-44' : 'ed25519', seed(`${name} ${type}`)),
});

export const vkeyOf = ({ name, type, signer }: NoteSigner): string =>
  formatVkey(name, type, signer.publicKey);

/** The witness's keys: Ed25519, ML-DSA-44. */
export const SIGNERS: readonly NoteSigner[] = [signerOf(NAME, 4), signerOf(NAME, 6)];
export const OWN = SIGNERS.map(verifierOf);

/** A log whose leaf i is a text of its own; from `fork` on, another one. */
export class TestLog {
  readonly origin: string;
  readonly signers: readonly NoteSigner[];
  readonly tree: SlowTree;

  constructor(origin: string, types: readonly (1 | 6)[] = [1], fork = Infinity, leaves = 64) {
    this.origin = origin;
    this.signers = types.map((type) => signerOf(origin, type));
    const leafAt = (i: number): Digest => slowLeaf(Buffer.from(`${i < fork ? 'leaf' : 'fork'} ${i}`));
    this.tree = SlowTree.of(Array.from({ length: leaves }, (_, i) => leafAt(i)));
  }

  get vkeys(): string[] {
    return this.signers.map(vkeyOf);
  }

  root(size: number): Digest {
    return this.tree.mth(0n, BigInt(size));
  }

  /** The signed note; `by` signs instead of the log's own keys, `extensions` are lines after the root. */
  async note(
    size: number,
    { by = this.signers, extensions = [] as string[], root = this.root(size) } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    const checkpoint = { origin: this.origin, size: treeSize(size), root, extensions };
    const lines = await Promise.all(by.map((signer) => cosign(checkpoint, signer, TIME - 5)));
    return formatNote(formatCheckpoint(checkpoint), lines);
  }

  proof(old: number, size: number): Digest[] {
    return old > size ? [] : this.tree.proof(BigInt(old), BigInt(size));
  }

  /** A body of add-checkpoint. */
  async request(old: number, size: number, note?: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const proof = this.proof(old, size);
    return formatAddCheckpoint({ old: treeSize(old), proof, checkpoint: note ?? (await this.note(size)) });
  }

  /** A body of sign-subtree. `cosigned`: a checkpoint of `size` leaves. */
  subtree(start: number, end: number, size: number, cosigned: Uint8Array): Uint8Array<ArrayBuffer> {
    const read = this.tree.reader(size);
    const proof = proveSubtree(read, start, end, size);
    return formatSignSubtree({
      start,
      end,
      hash: subtreeRoot(read, start, end),
      proof,
      checkpoint: cosigned,
    });
  }
}

/** A tlog-policy that lists these logs. */
export function policyFile(...logs: readonly TestLog[]): Uint8Array<ArrayBuffer> {
  const lines = logs.flatMap(({ vkeys }) => vkeys.map((vkey) => `log ${vkey}\n`));
  return encodeUtf8(`${lines.join('')}quorum none\n`);
}

export function knownLogs(...logs: readonly TestLog[]): KnownLogs {
  return readKnownLogs(policyFile(...logs));
}

/** A directory that goes with the test, with the guard that a first start makes. */
export function witnessDir(t: Test, guarded = true): string {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-witness-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  if (guarded) {
    mkdirSync(join(dir, 'guard'));
    HeadGuard.open(statePaths(dir).guard, NAME).close();
  }
  return dir;
}

export interface Opened {
  readonly witness: Witness;
  readonly state: WitnessState;
  readonly close: () => Promise<void>;
}

/** A witness over a directory, with a clock that stands. */
export function openWitness(
  dir: string,
  logs: KnownLogs,
  parts: Partial<WitnessParts> = {},
  options: Partial<StateOptions> = {},
): Opened {
  const state = WitnessState.open({ dir, name: NAME, ...options });
  const witness = new Witness({
    signers: SIGNERS,
    verify: chooseVerifier(),
    state,
    logs,
    now: () => TIME * 1000,
    defer: (run) => void setImmediate(run),
    onContradiction: async () => {},
    ...parts,
  });
  return {
    witness,
    state,
    close: async () => {
      await witness.close();
      state.close();
    },
  };
}

/** Checks a 200 reply on a note: cosigned by both keys, Ed25519 first; returns their times. */
export function timesOf(t: Test, log: TestLog, note: Uint8Array, reply: string): number[] {
  const lines = parseSignatures(reply);
  t.strictSame(
    lines.map(({ name, id }) => [name, id]),
    OWN.map(({ name, id }) => [name, id]),
    'Ed25519, then ML-DSA-44',
  );
  const { cosignatures } = openCheckpoint(appendSignatures(note, lines), {
    logKeys: log.signers.map(verifierOf),
    witnessKeys: OWN,
    verify: chooseVerifier(),
  });
  t.equal(cosignatures.length, 2);
  return cosignatures.map(({ time }) => time);
}
